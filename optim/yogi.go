package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Yogi is Adam with a denominator that changes by no more than (1-β₂)g² in a step, so
// that it does not forget large gradients fast. At step t, with g the gradient (-g if
// Maximize) plus λp,
//
//	m ← β₁m + (1-β₁)g
//	v ← v - (1-β₂) sign(v - g²) g²
//	p ← p - η · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)
//
// m and v start at InitialAccumulator, as in optax.yogi. The paper has no bias
// corrections; NoBiasCorrection leaves them out. The state buffers have Adam's names:
// m is exp_avg, v is exp_avg_sq. PyTorch has no Yogi.
//
// Reference: M. Zaheer, S. Reddi, D. Sachan, S. Kale, S. Kumar. Adaptive Methods for
// Nonconvex Optimization. NeurIPS 2018, Algorithm 2.
type Yogi struct {
	LR                 float64 `option:"lr"`                        // η >= 0
	Beta1              float64 `option:"betas[0]"`                  // β₁ in [0, 1): decay of the first moment
	Beta2              float64 `option:"betas[1]"`                  // β₂ in [0, 1): inertia of the second moment
	Eps                float64 `option:"eps"`                       // ε >= 0, outside of the root
	WeightDecay        float64 `option:"weight_decay"`              // λ >= 0, an L2 penalty
	InitialAccumulator float64 `option:"initial_accumulator_value"` // first m and v, >= 0
	NoBiasCorrection   bool    `option:"no_bias_correction"`        // leave out 1-βᵗ
	Maximize           bool    `option:"maximize"`                  // go uphill
}

// DefaultYogi returns η = 0.01, as pytorch_optimizer, and the defaults of optax, which has none
// for η: β₁ = 0.9, β₂ = 0.999, ε = 0.001, first moments of 1e-6.
func DefaultYogi() Yogi {
	return Yogi{LR: 1e-2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-3, InitialAccumulator: 1e-6}
}

// State returns exp_avg, exp_avg_sq.
func (r Yogi) State() []string { return []string{"exp_avg", "exp_avg_sq"} }

// Fill returns InitialAccumulator.
func (r Yogi) Fill(string) float64 { return r.InitialAccumulator }

// Check returns an error for every hyperparameter out of its range.
func (r Yogi) Check() error {
	return errors.Join(
		nonNegative("Yogi", "learning rate", r.LR),
		nonNegative("Yogi", "epsilon value", r.Eps),
		fraction("Yogi", "beta parameter at index 0", r.Beta1),
		fraction("Yogi", "beta parameter at index 1", r.Beta2),
		nonNegative("Yogi", "weight_decay value", r.WeightDecay),
		nonNegative("Yogi", "initial_accumulator_value value", r.InitialAccumulator))
}

// Prepare computes 1-β₁ᵗ and 1-β₂ᵗ.
func (r Yogi) Prepare(t int, s *Scalars) {
	s.V[0], s.V[1] = 1, 1
	if !r.NoBiasCorrection {
		s.V[0], s.V[1] = 1-s.Pow(0, r.Beta1, t), 1-s.Pow(1, r.Beta2, t)
	}
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Yogi) Elementwise() {}

// Step32 takes one step in float32.
func (r Yogi) Step32(s *Step[float32]) { yogi(r, s) }

// Step64 takes one step in float64.
func (r Yogi) Step64(s *Step[float64]) { yogi(r, s) }

func yogi[T tensor.Float](r Yogi, s *Step[T]) {
	param, grads, m, v := s.Param, s.Grad, s.State[0], s.State[1]
	corr1, corr2 := T(s.Scalars.V[0]), T(s.Scalars.V[1])
	lr, b1, c1, c2, eps := T(r.LR), T(r.Beta1), T(1-r.Beta1), T(1-r.Beta2), T(r.Eps)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = yogiVectors(param, grads, m, v, grad, corr1, corr2, lr, b1, c1, c2, eps)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		m[i] = T(b1*m[i]) + T(c1*g)
		gg := T(g * g)
		v[i] -= T(c2 * sign(v[i]-gg) * gg)
		param[i] = p - T(lr*(m[i]/corr1/(sqrt(v[i]/corr2)+eps)))
	}
}
