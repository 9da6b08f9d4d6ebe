package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// AdamWScheduleFree is [AdamW] whose average needs no schedule of the learning rate, and
// whose first moment is the way from the fast sequence z to the average x. With g =
// ±∇L(y), at step t
//
//	y = β₁x + (1-β₁)z
//	v ← β₂v + (1-β₂)g²
//	γ = η·min(1, t/W)
//	z ← z - γ(g/(√(v/(1-β₂ᵗ)) + ε) + λy)
//	w ← tʳ(max γ)ᵏ,  c = w/Σw
//	x ← (1-c)x + cz
//
// [Optimizer.Ahead] moves the parameters to y, and after [Optimizer.Step] they are x, as
// in [SGDScheduleFree]. The state buffers are z, weight_sum, lr_max and v as exp_avg_sq.
// The paper has the bias correction in γ, and so in w; the authors' package and optax,
// which this is, have it as in Adam. PyTorch has no such optimizer.
//
// Reference: A. Defazio and others. The Road Less Scheduled. NeurIPS 2024, Algorithm 1.
// https://arxiv.org/abs/2405.15682. AdamWScheduleFree of the authors' package
// schedulefree.
type AdamWScheduleFree struct {
	LR            float64 `option:"lr"`              // η >= 0
	Beta1         float64 `option:"betas[0]"`        // β₁ in [0, 1): share of x in y
	Beta2         float64 `option:"betas[1]"`        // β₂ in [0, 1): decay of the second moment
	Eps           float64 `option:"eps"`             // ε >= 0, outside of the root
	WeightDecay   float64 `option:"weight_decay"`    // λ >= 0, decoupled, at y
	WarmupSteps   float64 `option:"warmup_steps"`    // W >= 0 steps to η
	R             float64 `option:"r"`               // r: weight of late steps
	WeightLRPower float64 `option:"weight_lr_power"` // k: weight of long steps
	Maximize      bool    `option:"maximize"`        // go uphill
}

// DefaultAdamWScheduleFree returns the defaults of the authors' package: η = 0.0025,
// β₁ = 0.9, β₂ = 0.999, ε = 1e-8, no decay, no warm-up, r = 0, k = 2.
func DefaultAdamWScheduleFree() AdamWScheduleFree {
	return AdamWScheduleFree{LR: 2.5e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightLRPower: 2}
}

// State returns z, weight_sum, lr_max, exp_avg_sq.
func (r AdamWScheduleFree) State() []string {
	return []string{"z", "weight_sum", "lr_max", "exp_avg_sq"}
}

// Size returns 1 for weight_sum and lr_max.
func (r AdamWScheduleFree) Size(state string, shape tensor.Shape) int { return freeSize(state, shape) }

// Check returns an error for every hyperparameter out of its range.
func (r AdamWScheduleFree) Check() error {
	return errors.Join(
		nonNegative("AdamWScheduleFree", "epsilon value", r.Eps),
		fraction("AdamWScheduleFree", "beta parameter at index 0", r.Beta1),
		fraction("AdamWScheduleFree", "beta parameter at index 1", r.Beta2),
		r.free().check("AdamWScheduleFree"))
}

func (r AdamWScheduleFree) free() scheduleFree {
	return scheduleFree{r.LR, r.Beta1, r.WeightDecay, r.WarmupSteps, r.R, r.WeightLRPower}
}

// Prepare computes 1-β₂ᵗ.
func (r AdamWScheduleFree) Prepare(t int, s *Scalars) { s.V[0] = 1 - s.Pow(0, r.Beta2, t) }

// Ahead32 moves s.Param to y.
func (r AdamWScheduleFree) Ahead32(s *Step[float32]) { freeAhead(r.Beta1, s) }

// Ahead64 moves s.Param to y.
func (r AdamWScheduleFree) Ahead64(s *Step[float64]) { freeAhead(r.Beta1, s) }

// Elementwise says that large parameters may be stepped on in parts.
func (r AdamWScheduleFree) Elementwise() {}

// Step32 takes one step in float32.
func (r AdamWScheduleFree) Step32(s *Step[float32]) { adamwScheduleFree(r, s) }

// Step64 takes one step in float64.
func (r AdamWScheduleFree) Step64(s *Step[float64]) { adamwScheduleFree(r, s) }

func adamwScheduleFree[T tensor.Float](r AdamWScheduleFree, s *Step[T]) {
	lr, c := freeWeight(r.free(), s)
	param, grads, at, z, v := s.Param, s.Grad, s.At, s.State[0], s.State[3]
	corr, b2, c2, eps := T(s.Scalars.V[0]), T(r.Beta2), T(1-r.Beta2), T(r.Eps)
	grad, decay := gradient[T](r.Maximize, 0), gradient[T](false, r.WeightDecay)
	i := 0
	if long(param) {
		i = adamwScheduleFreeVectors(param, grads, at, z, v, grad, decay, lr, c, corr, b2, c2, eps)
	}
	for ; i < len(param); i++ {
		y := at[i]
		g := grad.at(grads[i], y)
		v[i] = T(b2*v[i]) + T(c2*T(g*g))
		z[i] -= T(lr * decay.at(g/(sqrt(v[i]/corr)+eps), y))
		param[i] = T((1-c)*param[i]) + T(c*z[i])
	}
}
