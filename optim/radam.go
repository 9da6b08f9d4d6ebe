package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// RAdam is Adam without its denominator for as long as that would be too
// uncertain, as torch.optim.RAdam. At step t, with g the gradient (-g if
// Maximize) plus λp,
//
//	m ← m + (1-β₁)(g - m)
//	v ← β₂v + (1-β₂)g²
//	ρ∞ = 2/(1-β₂) - 1,  ρ = ρ∞ - 2tβ₂ᵗ/(1-β₂ᵗ)
//	r = √((ρ-4)(ρ-2)ρ∞ / ((ρ∞-4)(ρ∞-2)ρ))
//	p ← p - m/(1-β₁ᵗ) · η · √(1-β₂ᵗ)/(√v + ε) · r   if ρ > 5
//	p ← p - m/(1-β₁ᵗ) · η                           otherwise
//
// With DecoupledWeightDecay g has no λp, and p ← (1 - ηλ)p comes first. With
// the default β₂ the first five steps are those of momentum, as long as the
// gradient is: η may have to be smaller than that of [Adam] for their sake. With
// β₂ <= 2/3 all steps are. In Adam ε is added to √v/√(1-β₂ᵗ), not to √v.
//
// Differences from PyTorch: an infinite hyperparameter is refused. The paper
// has ρ > 4, and no ε.
//
// Reference: L. Liu et al. On the Variance of the Adaptive Learning Rate and
// Beyond. ICLR 2020, Algorithm 2. https://arxiv.org/abs/1908.03265
type RAdam struct {
	LR                   float64 `option:"lr"`                     // η >= 0
	Beta1                float64 `option:"betas[0]"`               // β₁ in [0, 1): decay of the first moment
	Beta2                float64 `option:"betas[1]"`               // β₂ in [0, 1): decay of the second moment
	Eps                  float64 `option:"eps"`                    // ε >= 0, outside of the root
	WeightDecay          float64 `option:"weight_decay"`           // λ >= 0, an L2 penalty
	DecoupledWeightDecay bool    `option:"decoupled_weight_decay"` // λ outside of the moments
	Maximize             bool    `option:"maximize"`               // go uphill
}

// DefaultRAdam returns the defaults of torch.optim.RAdam: η = 0.001, β₁ = 0.9,
// β₂ = 0.999, ε = 1e-8.
func DefaultRAdam() RAdam { return RAdam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// State returns exp_avg, exp_avg_sq.
func (r RAdam) State() []string { return []string{"exp_avg", "exp_avg_sq"} }

// Check returns an error for every hyperparameter out of its range.
func (r RAdam) Check() error {
	return errors.Join(
		nonNegative("RAdam", "learning rate", r.LR),
		nonNegative("RAdam", "epsilon value", r.Eps),
		fraction("RAdam", "beta parameter at index 0", r.Beta1),
		fraction("RAdam", "beta parameter at index 1", r.Beta2),
		nonNegative("RAdam", "weight_decay value", r.WeightDecay))
}

// Prepare computes 1-β₁ᵗ, √(1-β₂ᵗ), and r, or 0 for r if ρ <= 5.
func (r RAdam) Prepare(t int, s *Scalars) {
	power := s.Pow(1, r.Beta2, t)
	limit := 2/(1-r.Beta2) - 1
	rho := limit - float64(2*float64(t)*power)/(1-power)
	s.V[0], s.V[1], s.V[2] = 1-s.Pow(0, r.Beta1, t), math.Sqrt(1-power), 0
	if rho > 5 {
		s.V[2] = math.Sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
	}
}

// Elementwise says that large parameters may be stepped on in parts.
func (r RAdam) Elementwise() {}

// Step32 takes one step in float32.
func (r RAdam) Step32(s *Step[float32]) { radam(r, s) }

// Step64 takes one step in float64.
func (r RAdam) Step64(s *Step[float64]) { radam(r, s) }

func radam[T tensor.Float](r RAdam, s *Step[T]) {
	param, grads, m, v := s.Param, s.Grad, s.State[0], s.State[1]
	correction, root, rect := T(s.Scalars.V[0]), T(s.Scalars.V[1]), T(s.Scalars.V[2])
	lr, c1, b2, c2, eps := T(r.LR), T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2), T(r.Eps)
	grad := decoupled[T](r.DecoupledWeightDecay, r.Maximize, r.LR, r.WeightDecay)
	i := 0
	if long(param) {
		i = radamVectors(param, grads, m, v, grad, lr, correction, root, rect, c1, b2, c2, eps)
	}
	for ; i < len(param); i++ {
		p := grad.shrink(param[i])
		g := grad.at(grads[i], p)
		m[i] = lerp(m[i], g, c1)
		v[i] = T(b2*v[i]) + T(c2*g*g)
		step := T(m[i] / correction * lr)
		if rect > 0 {
			step = T(step * (root / (sqrt(v[i]) + eps)) * rect)
		}
		param[i] = p - step
	}
}
