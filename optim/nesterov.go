package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Nesterov is Nesterov's accelerated gradient in its textbook form: the
// gradient g is taken at the look-ahead point p + μv. At each step
//
//	g = ±∇L(p + μv) + λ(p + μv)
//	v ← μv - ηg
//	p ← p + v
//
// [Optimizer.Ahead] moves the parameters to p + μv, where the program computes
// the gradient; [Optimizer.Step] moves them back and steps. Without Ahead the
// gradient is taken as given, at p, and the rule is [Momentum].
//
// PyTorch's nesterov=True is another rule, [SGD] with Nesterov: for constant η
// and μ its parameter is the look-ahead point of this one.
//
// Reference: Y. Nesterov. A method for solving the convex programming problem
// with convergence rate O(1/k²). Dokl. Akad. Nauk SSSR 269, 1983; in this form
// I. Sutskever et al. On the importance of initialization and momentum in deep
// learning. ICML 2013, equations 3 and 4.
type Nesterov struct {
	LR          float64 `option:"lr"`           // η >= 0
	Momentum    float64 `option:"momentum"`     // μ >= 0
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultNesterov returns η = 0.001, μ = 0.9.
func DefaultNesterov() Nesterov { return Nesterov{LR: 1e-3, Momentum: 0.9} }

// State returns velocity.
func (r Nesterov) State() []string { return []string{"velocity"} }

// Check returns an error for every hyperparameter out of its range.
func (r Nesterov) Check() error {
	return errors.Join(
		nonNegative("Nesterov", "learning rate", r.LR),
		nonNegative("Nesterov", "momentum value", r.Momentum),
		nonNegative("Nesterov", "weight_decay value", r.WeightDecay))
}

// Ahead32 moves s.Param to the look-ahead point.
func (r Nesterov) Ahead32(s *Step[float32]) { nesterovAhead(r, s) }

// Ahead64 moves s.Param to the look-ahead point.
func (r Nesterov) Ahead64(s *Step[float64]) { nesterovAhead(r, s) }

// Elementwise says that large parameters may be stepped on in parts.
func (r Nesterov) Elementwise() {}

// Step32 takes one step in float32.
func (r Nesterov) Step32(s *Step[float32]) { nesterov(r, s) }

// Step64 takes one step in float64.
func (r Nesterov) Step64(s *Step[float64]) { nesterov(r, s) }

func nesterovAhead[T tensor.Float](r Nesterov, s *Step[T]) {
	param, v, mu := s.Param, s.State[0], T(r.Momentum)
	i := 0
	if long(param) {
		i = nesterovAheadVectors(param, v, mu)
	}
	for ; i < len(param); i++ {
		param[i] += T(mu * v[i])
	}
}

func nesterov[T tensor.Float](r Nesterov, s *Step[T]) {
	param, grads, at, v := s.Param, s.Grad, s.At, s.State[0]
	lr, mu := T(r.LR), T(r.Momentum)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = nesterovVectors(param, grads, at, v, grad, lr, mu)
	}
	for ; i < len(param); i++ {
		g := grad.at(grads[i], at[i])
		v[i] = T(mu*v[i]) - T(lr*g)
		param[i] += v[i]
	}
}
