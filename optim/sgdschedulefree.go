package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// SGDScheduleFree is gradient descent whose average needs no schedule of the learning
// rate. With g = ±∇L(y) + λy the gradient at the point y between the average x and the
// fast sequence z, at step t
//
//	y = βx + (1-β)z
//	γ = η·min(1, t/W)
//	z ← z - γg
//	w ← tʳ(max γ)ᵏ,  c = w/Σw
//	x ← (1-c)x + cz
//
// [Optimizer.Ahead] moves the parameters to y, where the program computes the gradient;
// after [Optimizer.Step] they are x, the point to evaluate and to save. There is no
// switch to forget: the authors' package keeps y in the parameters and has eval() and
// train() for that, and optax schedule_free_eval_params. Without Ahead the gradient is
// taken as given, at x. PyTorch has no such optimizer.
//
// The state buffers are z, and Σw and max γ as weight_sum and lr_max. Optax's warm-up
// has a learning rate of 0 in the first step of z; the authors', which this is, has not.
//
// Reference: A. Defazio and others. The Road Less Scheduled. NeurIPS 2024, the
// equations of section 1. https://arxiv.org/abs/2405.15682. SGDScheduleFree of the
// authors' package schedulefree.
type SGDScheduleFree struct {
	LR            float64 `option:"lr"`              // η >= 0
	Momentum      float64 `option:"momentum"`        // β in (0, 1): share of x in y
	WeightDecay   float64 `option:"weight_decay"`    // λ >= 0, an L2 penalty at y
	WarmupSteps   float64 `option:"warmup_steps"`    // W >= 0 steps to η
	R             float64 `option:"r"`               // r: weight of late steps
	WeightLRPower float64 `option:"weight_lr_power"` // k: weight of long steps
	Maximize      bool    `option:"maximize"`        // go uphill
}

// DefaultSGDScheduleFree returns the defaults of the authors' package: η = 1, β = 0.9,
// no decay, no warm-up, r = 0, k = 2.
func DefaultSGDScheduleFree() SGDScheduleFree {
	return SGDScheduleFree{LR: 1, Momentum: 0.9, WeightLRPower: 2}
}

// State returns z, weight_sum, lr_max.
func (r SGDScheduleFree) State() []string { return []string{"z", "weight_sum", "lr_max"} }

// Size returns 1 for weight_sum and lr_max.
func (r SGDScheduleFree) Size(state string, shape tensor.Shape) int { return freeSize(state, shape) }

// Check returns an error for every hyperparameter out of its range.
func (r SGDScheduleFree) Check() error {
	var momentum error
	if !(0 < r.Momentum && r.Momentum < 1) {
		momentum = &OptionError{Rule: "SGDScheduleFree", Text: "Momentum must be between 0 and 1 exclusive", Value: r.Momentum}
	}
	return errors.Join(momentum, r.free().check("SGDScheduleFree"))
}

func (r SGDScheduleFree) free() scheduleFree {
	return scheduleFree{r.LR, r.Momentum, r.WeightDecay, r.WarmupSteps, r.R, r.WeightLRPower}
}

// Ahead32 moves s.Param to y.
func (r SGDScheduleFree) Ahead32(s *Step[float32]) { freeAhead(r.Momentum, s) }

// Ahead64 moves s.Param to y.
func (r SGDScheduleFree) Ahead64(s *Step[float64]) { freeAhead(r.Momentum, s) }

// Elementwise says that large parameters may be stepped on in parts.
func (r SGDScheduleFree) Elementwise() {}

// Step32 takes one step in float32.
func (r SGDScheduleFree) Step32(s *Step[float32]) { sgdScheduleFree(r, s) }

// Step64 takes one step in float64.
func (r SGDScheduleFree) Step64(s *Step[float64]) { sgdScheduleFree(r, s) }

func sgdScheduleFree[T tensor.Float](r SGDScheduleFree, s *Step[T]) {
	lr, c := freeWeight(r.free(), s)
	param, grads, at, z := s.Param, s.Grad, s.At, s.State[0]
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = sgdScheduleFreeVectors(param, grads, at, z, grad, lr, c)
	}
	for ; i < len(param); i++ {
		g := grad.at(grads[i], at[i])
		z[i] -= T(lr * g)
		param[i] = T((1-c)*param[i]) + T(c*z[i])
	}
}
