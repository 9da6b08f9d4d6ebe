package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// LARS is gradient descent with momentum whose steps are in proportion to the parameter,
// for large batches. At each step, with g the gradient (-g if Maximize) and norms over
// all elements of a parameter,
//
//	ρ = κ‖p‖ / (‖g‖ + λ‖p‖ + ε)    or κ‖p‖ / (‖g + λp‖ + ε) if JointNorm
//	b ← μb + ηρ(g + λp)
//	p ← p - b                      or p - (ηρ(g + λp) + μb) if Nesterov
//
// where ρ is 1 if one of the norms is 0: then the step is that of [SGD] with the whole
// of η. The learning rate is inside of the buffer momentum_buffer, as in the paper. A
// parameter is a layer: a scalar without momentum keeps its sign. PyTorch has no LARS;
// optax.lars is the same with JointNorm, and without λ in any case.
//
// Reference: Y. You, I. Gitman, B. Ginsburg. Large Batch Training of Convolutional
// Networks. 2017. https://arxiv.org/abs/1708.03888
type LARS struct {
	LR               float64 `option:"lr"`                // η >= 0
	Momentum         float64 `option:"momentum"`          // μ >= 0
	TrustCoefficient float64 `option:"trust_coefficient"` // κ >= 0
	Eps              float64 `option:"eps"`               // ε >= 0, beside the norms
	WeightDecay      float64 `option:"weight_decay"`      // λ >= 0
	JointNorm        bool    `option:"joint_norm"`        // ‖g + λp‖, not ‖g‖ + λ‖p‖
	Nesterov         bool    `option:"nesterov"`          // look ahead by μb
	Maximize         bool    `option:"maximize"`          // go uphill
}

// DefaultLARS returns κ = 0.001, μ = 0.9 and no decay, as optax, and η = 1:
// steps of a thousandth of the parameter, but for the momentum.
func DefaultLARS() LARS { return LARS{LR: 1, Momentum: 0.9, TrustCoefficient: 1e-3} }

// State returns momentum_buffer.
func (r LARS) State() []string { return []string{"momentum_buffer"} }

// Work returns the number of elements of g + λp.
func (r LARS) Work(shape tensor.Shape) int { return tensor.Size(shape) }

// Check returns an error for every hyperparameter out of its range.
func (r LARS) Check() error {
	return errors.Join(
		nonNegative("LARS", "learning rate", r.LR),
		nonNegative("LARS", "momentum value", r.Momentum),
		nonNegative("LARS", "trust_coefficient value", r.TrustCoefficient),
		nonNegative("LARS", "epsilon value", r.Eps),
		nonNegative("LARS", "weight_decay value", r.WeightDecay))
}

// Step32 takes one step in float32.
func (r LARS) Step32(s *Step[float32]) { lars(r, s) }

// Step64 takes one step in float64.
func (r LARS) Step64(s *Step[float64]) { lars(r, s) }

func lars[T tensor.Float](r LARS, s *Step[T]) {
	b, d := s.State[0], s.Work
	grad := gradient[T](r.Maximize, r.WeightDecay)
	for i, p := range s.Param {
		d[i] = grad.at(s.Grad[i], p)
	}
	param, norm := euclid(s.Param), euclid(d)
	rho := 1.0
	if param != 0 && norm != 0 {
		if !r.JointNorm {
			norm = euclid(s.Grad) + float64(r.WeightDecay*param)
		}
		rho = r.TrustCoefficient * param / (norm + r.Eps)
	}
	lr, mu := T(r.LR*rho), T(r.Momentum)
	for i, p := range s.Param {
		step := T(lr * d[i])
		b[i] = T(mu*b[i]) + step
		if r.Nesterov {
			step += T(mu * b[i])
		} else {
			step = b[i]
		}
		s.Param[i] = p - step
	}
}
