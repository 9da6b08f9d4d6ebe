package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Lion steps by the sign of its momentum, so that every element moves by η. At each
// step, with g the gradient (-g if Maximize),
//
//	c = β₁m + (1-β₁)g
//	p ← p - η(sign(c) + λp)
//	m ← β₂m + (1-β₂)g
//
// η has to be 3 to 10 times smaller than that of [AdamW], and λ as much larger, says optax after
// the authors. The state buffer has the name of the authors' PyTorch code: m is exp_avg. PyTorch has no
// Lion; optax.lion is the same, with a default λ of 0.001.
//
// Reference: X. Chen and others. Symbolic Discovery of Optimization Algorithms. NeurIPS
// 2023. https://arxiv.org/abs/2302.06675
type Lion struct {
	LR          float64 `option:"lr"`           // η >= 0
	Beta1       float64 `option:"betas[0]"`     // β₁ in [0, 1): weight of the momentum in a step
	Beta2       float64 `option:"betas[1]"`     // β₂ in [0, 1): decay of the momentum
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, decoupled
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultLion returns the defaults of the authors' code: η = 0.0001, β₁ = 0.9,
// β₂ = 0.99, λ = 0.
func DefaultLion() Lion { return Lion{LR: 1e-4, Beta1: 0.9, Beta2: 0.99} }

// State returns exp_avg.
func (r Lion) State() []string { return []string{"exp_avg"} }

// Check returns an error for every hyperparameter out of its range.
func (r Lion) Check() error {
	return errors.Join(
		nonNegative("Lion", "learning rate", r.LR),
		fraction("Lion", "beta parameter at index 0", r.Beta1),
		fraction("Lion", "beta parameter at index 1", r.Beta2),
		nonNegative("Lion", "weight_decay value", r.WeightDecay))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Lion) Elementwise() {}

// Step32 takes one step in float32.
func (r Lion) Step32(s *Step[float32]) { lion(r, s) }

// Step64 takes one step in float64.
func (r Lion) Step64(s *Step[float64]) { lion(r, s) }

func lion[T tensor.Float](r Lion, s *Step[T]) {
	param, grads, m := s.Param, s.Grad, s.State[0]
	lr, b1, c1, b2, c2 := T(r.LR), T(r.Beta1), T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2)
	grad, decay := gradient[T](r.Maximize, 0), gradient[T](false, r.WeightDecay)
	i := 0
	if long(param) {
		i = lionVectors(param, grads, m, grad, decay, lr, b1, c1, b2, c2)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		c := T(b1*m[i]) + T(c1*g)
		param[i] = p - T(lr*decay.at(sign(c), p))
		m[i] = T(b2*m[i]) + T(c2*g)
	}
}

// sign returns 1, -1, or x itself for 0 and NaN.
func sign[T tensor.Float](x T) T {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}
