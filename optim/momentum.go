package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Momentum is gradient descent with the heavy ball of Polyak in its textbook
// form. At each step, with g the gradient (-g if Maximize) plus λp,
//
//	v ← μv - ηg
//	p ← p + v
//
// The learning rate is inside of the velocity v: after a change of η the old
// velocity goes on at the old rate. [SGD] with Momentum has it outside, as
// PyTorch; both take the same path while η is constant. This is the rule that
// gorgonia.NewMomentum documents.
//
// PyTorch has no such optimizer.
//
// Reference: B. Polyak. Some methods of speeding up the convergence of
// iteration methods. USSR Computational Mathematics and Mathematical Physics
// 4(5), 1964.
type Momentum struct {
	LR          float64 `option:"lr"`           // η >= 0
	Momentum    float64 `option:"momentum"`     // μ >= 0
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultMomentum returns η = 0.001, μ = 0.9.
func DefaultMomentum() Momentum { return Momentum{LR: 1e-3, Momentum: 0.9} }

// State returns velocity.
func (r Momentum) State() []string { return []string{"velocity"} }

// Check returns an error for every hyperparameter out of its range.
func (r Momentum) Check() error {
	return errors.Join(
		nonNegative("Momentum", "learning rate", r.LR),
		nonNegative("Momentum", "momentum value", r.Momentum),
		nonNegative("Momentum", "weight_decay value", r.WeightDecay))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Momentum) Elementwise() {}

// Step32 takes one step in float32.
func (r Momentum) Step32(s *Step[float32]) { momentum(r, s) }

// Step64 takes one step in float64.
func (r Momentum) Step64(s *Step[float64]) { momentum(r, s) }

func momentum[T tensor.Float](r Momentum, s *Step[T]) {
	param, grads, v := s.Param, s.Grad, s.State[0]
	lr, mu := T(r.LR), T(r.Momentum)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = momentumVectors(param, grads, v, grad, lr, mu)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		v[i] = T(mu*v[i]) - T(lr*g)
		param[i] = p + v[i]
	}
}
