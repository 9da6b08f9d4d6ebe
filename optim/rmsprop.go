package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// RMSprop divides the gradient by a running average of its size, as
// torch.optim.RMSprop. At each step, with g the gradient (-g if Maximize) plus λp,
//
//	v ← αv + (1-α)g²
//	a ← a + (1-α)(g - a)            if Centered
//	d = √(v - a²) + ε               if Centered
//	d = √v + ε                      otherwise; √(v + ε) if EpsInside
//	b ← μb + g/d,  p ← p - ηb       if μ > 0
//	p ← p - ηg/d                    otherwise
//
// EpsInside is the form of TensorFlow, optax and gorgonia.NewRMSPropSolver;
// PyTorch has no such option. Where g is nearly constant, v - a² is a
// difference of nearly equal numbers and can be negative by round-off: then a
// parameter becomes NaN, as in PyTorch, unless EpsInside with a large ε.
//
// Difference from PyTorch: a NaN or infinite hyperparameter is refused. As in
// PyTorch α has no upper limit, although α > 1 makes no sense.
//
// Reference: T. Tieleman, G. Hinton. Lecture 6.5: rmsprop. COURSERA: Neural
// Networks for Machine Learning, 2012. Centered: A. Graves. Generating
// Sequences With Recurrent Neural Networks. 2013, equation 40.
// https://arxiv.org/abs/1308.0850
type RMSprop struct {
	LR          float64 `option:"lr"`           // η >= 0
	Alpha       float64 `option:"alpha"`        // α >= 0: decay of the average
	Eps         float64 `option:"eps"`          // ε >= 0
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Momentum    float64 `option:"momentum"`     // μ >= 0
	Centered    bool    `option:"centered"`     // divide by the deviation, not by the size
	EpsInside   bool    `option:"eps_inside"`   // ε under the root
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultRMSprop returns the defaults of torch.optim.RMSprop: η = 0.01,
// α = 0.99, ε = 1e-8.
func DefaultRMSprop() RMSprop { return RMSprop{LR: 1e-2, Alpha: 0.99, Eps: 1e-8} }

// State returns square_avg, then momentum_buffer if there is momentum, then
// grad_avg if Centered.
func (r RMSprop) State() []string {
	names := []string{"square_avg"}
	if r.Momentum > 0 {
		names = append(names, "momentum_buffer")
	}
	if r.Centered {
		names = append(names, "grad_avg")
	}
	return names
}

// Check returns an error for every hyperparameter out of its range.
func (r RMSprop) Check() error {
	return errors.Join(
		nonNegative("RMSprop", "learning rate", r.LR),
		nonNegative("RMSprop", "epsilon value", r.Eps),
		nonNegative("RMSprop", "momentum value", r.Momentum),
		nonNegative("RMSprop", "weight_decay value", r.WeightDecay),
		nonNegative("RMSprop", "alpha value", r.Alpha))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r RMSprop) Elementwise() {}

// Step32 takes one step in float32.
func (r RMSprop) Step32(s *Step[float32]) { rmsprop(r, s) }

// Step64 takes one step in float64.
func (r RMSprop) Step64(s *Step[float64]) { rmsprop(r, s) }

func rmsprop[T tensor.Float](r RMSprop, s *Step[T]) {
	param, grads, v, b, a := s.Param, s.Grad, s.State[0], []T(nil), []T(nil)
	momentum, centered, inside := r.Momentum > 0, r.Centered, r.EpsInside
	if momentum {
		b = s.State[1]
	}
	if centered {
		a = s.State[len(s.State)-1]
	}
	lr, alpha, beta, eps, mu := T(-r.LR), T(r.Alpha), T(1-r.Alpha), T(r.Eps), T(r.Momentum)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = rmspropVectors(param, grads, v, b, a, grad, lr, alpha, beta, eps, mu, momentum, centered, inside)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		v[i] = T(alpha*v[i]) + T(beta*g*g)
		d := v[i]
		if centered {
			a[i] = lerp(a[i], g, beta)
			d -= T(a[i] * a[i])
		}
		if inside {
			d = sqrt(d + eps)
		} else {
			d = sqrt(d) + eps
		}
		if momentum {
			b[i] = T(mu*b[i]) + g/d
			param[i] = p + T(lr*b[i])
		} else {
			param[i] = p + lr*g/d
		}
	}
}
