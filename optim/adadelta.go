package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Adadelta measures its steps by the size of its earlier steps, as
// torch.optim.Adadelta. At each step, with g the gradient (-g if Maximize)
// plus λp,
//
//	v ← ρv + (1-ρ)g²
//	d = √(u + ε)/√(v + ε) · g
//	u ← ρu + (1-ρ)d²
//	p ← p - ηd
//
// The first steps are about √ε long, so ε sets the pace of the start. The paper
// has no η, which is η = 1.
//
// The state buffers are PyTorch's: v is square_avg, u is acc_delta.
//
// Difference from PyTorch: an infinite hyperparameter is refused.
//
// Reference: M. Zeiler. ADADELTA: An Adaptive Learning Rate Method. 2012,
// Algorithm 1. https://arxiv.org/abs/1212.5701
type Adadelta struct {
	LR          float64 `option:"lr"`           // η >= 0
	Rho         float64 `option:"rho"`          // ρ in [0, 1]: decay of the averages
	Eps         float64 `option:"eps"`          // ε >= 0, inside of both roots
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultAdadelta returns the defaults of torch.optim.Adadelta: η = 1, ρ = 0.9,
// ε = 1e-6.
func DefaultAdadelta() Adadelta { return Adadelta{LR: 1, Rho: 0.9, Eps: 1e-6} }

// State returns square_avg, acc_delta.
func (r Adadelta) State() []string { return []string{"square_avg", "acc_delta"} }

// Check returns an error for every hyperparameter out of its range.
func (r Adadelta) Check() error {
	var rho error
	if !(0 <= r.Rho && r.Rho <= 1) {
		rho = invalid("Adadelta", "rho value", r.Rho)
	}
	return errors.Join(
		nonNegative("Adadelta", "learning rate", r.LR),
		rho,
		nonNegative("Adadelta", "epsilon value", r.Eps),
		nonNegative("Adadelta", "weight_decay value", r.WeightDecay))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Adadelta) Elementwise() {}

// Step32 takes one step in float32.
func (r Adadelta) Step32(s *Step[float32]) { adadelta(r, s) }

// Step64 takes one step in float64.
func (r Adadelta) Step64(s *Step[float64]) { adadelta(r, s) }

func adadelta[T tensor.Float](r Adadelta, s *Step[T]) {
	param, grads, v, u := s.Param, s.Grad, s.State[0], s.State[1]
	lr, rho, rest, eps := T(-r.LR), T(r.Rho), T(1-r.Rho), T(r.Eps)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = adadeltaVectors(param, grads, v, u, grad, lr, rho, rest, eps)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		v[i] = T(rho*v[i]) + T(rest*g*g)
		d := sqrt(u[i]+eps) / sqrt(v[i]+eps) * g
		u[i] = T(rho*u[i]) + T(rest*d*d)
		param[i] = p + T(lr*d)
	}
}
