package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// SGD is stochastic gradient descent as torch.optim.SGD. At each step, with
// g the gradient (-g if Maximize) plus λp,
//
//	b ← g                      at the first step
//	b ← μb + (1-τ)g            later
//	p ← p - η(g + μb)          if Nesterov
//	p ← p - ηb                 otherwise; p ← p - ηg if μ = 0
//
// The learning rate is outside of the buffer b, so that a change of η acts at
// once on old momentum; [Momentum] has it inside. The Nesterov form replaces
// the gradient at the look-ahead point by g + μb; [Nesterov] takes it there.
//
// Difference from PyTorch: a NaN or infinite hyperparameter is refused.
//
// Reference: I. Sutskever, J. Martens, G. Dahl, G. Hinton. On the importance
// of initialization and momentum in deep learning. ICML 2013.
type SGD struct {
	LR          float64 `option:"lr"`           // η >= 0
	Momentum    float64 `option:"momentum"`     // μ >= 0
	Dampening   float64 `option:"dampening"`    // τ
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Nesterov    bool    `option:"nesterov"`     // needs μ > 0 and τ = 0
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultSGD returns the defaults of torch.optim.SGD: η = 0.001, no momentum.
func DefaultSGD() SGD { return SGD{LR: 1e-3} }

// State returns momentum_buffer if there is momentum.
func (r SGD) State() []string {
	if r.Momentum != 0 {
		return []string{"momentum_buffer"}
	}
	return nil
}

// Check returns an error for every hyperparameter out of its range.
func (r SGD) Check() error {
	err := errors.Join(
		nonNegative("SGD", "learning rate", r.LR),
		nonNegative("SGD", "momentum value", r.Momentum),
		number("SGD", "dampening value", r.Dampening),
		nonNegative("SGD", "weight_decay value", r.WeightDecay))
	if err == nil && r.Nesterov && (r.Momentum <= 0 || r.Dampening != 0) {
		err = &OptionError{Rule: "SGD", Text: "Nesterov momentum requires a momentum and zero dampening", bare: true}
	}
	return err
}

// Elementwise says that large parameters may be stepped on in parts.
func (r SGD) Elementwise() {}

// Step32 takes one step in float32.
func (r SGD) Step32(s *Step[float32]) { sgd(r, s) }

// Step64 takes one step in float64.
func (r SGD) Step64(s *Step[float64]) { sgd(r, s) }

func sgd[T tensor.Float](r SGD, s *Step[T]) {
	param, grads, b := s.Param, s.Grad, []T(nil)
	lr, mu, damp := T(-r.LR), T(r.Momentum), T(1-r.Dampening)
	momentum, fresh, nesterov := r.Momentum != 0, s.Fresh, r.Nesterov
	if momentum {
		b = s.State[0]
	}
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = sgdVectors(param, grads, b, grad, lr, mu, damp, momentum, fresh, nesterov)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		if momentum {
			if fresh {
				b[i] = g
			} else {
				b[i] = T(mu*b[i]) + T(damp*g)
			}
			if nesterov {
				g += T(mu * b[i])
			} else {
				g = b[i]
			}
		}
		param[i] = p + T(lr*g)
	}
}
