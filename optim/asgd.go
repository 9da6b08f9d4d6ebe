package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// ASGD is gradient descent with a falling learning rate that also averages the
// points of its path, as torch.optim.ASGD. At step t, with g the gradient (-g
// if Maximize) plus the weight decay times p,
//
//	p ← (1 - λη)p
//	p ← p - ηg
//	a ← p                   if μ = 1
//	a ← a + (p - a)μ        otherwise
//	η ← η₀/(1 + λη₀t)^α,  μ ← 1/max(1, t - t₀)
//
// The first step has η = η₀ and μ = 1. The average a, the state buffer ax, is
// not used for anything: p remains the last point of the path, as in PyTorch, and
// who wants the average takes it from [Optimizer.StateDict].
// Until step t₀ + 2 a is a copy of p, so with the default t₀ nothing is averaged
// in the first million steps. eta and mu are buffers of one element.
//
// Note that λ, PyTorch's lambd, pulls p to zero even by default.
//
// Differences from PyTorch: NaN and infinite hyperparameters are refused, and
// eta and mu have the dtype of the parameter, in PyTorch the default dtype.
//
// Reference: B. Polyak, A. Juditsky. Acceleration of stochastic approximation
// by averaging. SIAM J. Control Optim. 30(4), 1992. Schedule: W. Xu. Towards
// Optimal One Pass Large Scale Learning with Averaged Stochastic Gradient
// Descent. 2011. https://arxiv.org/abs/1107.2490
type ASGD struct {
	LR          float64 `option:"lr"`           // η₀ >= 0
	Lambda      float64 `option:"lambd"`        // λ >= 0: decay of p, and of η
	Alpha       float64 `option:"alpha"`        // α >= 0: power of the fall of η
	T0          float64 `option:"t0"`           // t₀: the step after which averaging starts
	WeightDecay float64 `option:"weight_decay"` // >= 0, an L2 penalty
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultASGD returns the defaults of torch.optim.ASGD: η₀ = 0.01, λ = 0.0001,
// α = 0.75, t₀ = 1e6.
func DefaultASGD() ASGD { return ASGD{LR: 1e-2, Lambda: 1e-4, Alpha: 0.75, T0: 1e6} }

// State returns eta, mu, ax.
func (r ASGD) State() []string { return []string{"eta", "mu", "ax"} }

// Size returns 1 for eta and mu.
func (r ASGD) Size(state string, shape tensor.Shape) int {
	if state == "ax" {
		return tensor.Size(shape)
	}
	return 1
}

// Fill returns η₀ for eta and 1 for mu.
func (r ASGD) Fill(state string) float64 {
	switch state {
	case "eta":
		return r.LR
	case "mu":
		return 1
	}
	return 0
}

// Check returns an error for every hyperparameter out of its range.
func (r ASGD) Check() error {
	return errors.Join(
		nonNegative("ASGD", "learning rate", r.LR),
		nonNegative("ASGD", "lambd value", r.Lambda),
		nonNegative("ASGD", "alpha value", r.Alpha),
		number("ASGD", "t0 value", r.T0),
		nonNegative("ASGD", "weight_decay value", r.WeightDecay))
}

// Prepare computes η and μ of the next step.
func (r ASGD) Prepare(t int, s *Scalars) {
	s.V[0] = r.LR / math.Pow(1+float64(r.Lambda*r.LR*float64(t)), r.Alpha)
	s.V[1] = 1 / max(1, float64(t)-r.T0)
}

// Elementwise says that large parameters may be stepped on in parts.
func (r ASGD) Elementwise() {}

// Step32 takes one step in float32.
func (r ASGD) Step32(s *Step[float32]) { asgd(r, s) }

// Step64 takes one step in float64.
func (r ASGD) Step64(s *Step[float64]) { asgd(r, s) }

func asgd[T tensor.Float](r ASGD, s *Step[T]) {
	param, grads, eta, mu, a := s.Param, s.Grad, s.State[0], s.State[1], s.State[2]
	keep, lr, w := T(1-float64(r.Lambda*float64(eta[0]))), -eta[0], mu[0]
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = asgdVectors(param, grads, a, grad, keep, lr, w)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		p = T(p*keep) + T(lr*g)
		if w == 1 {
			a[i] = p
		} else {
			a[i] += T((p - a[i]) * w)
		}
		param[i] = p
	}
	eta[0], mu[0] = T(s.Scalars.V[0]), T(s.Scalars.V[1])
}
