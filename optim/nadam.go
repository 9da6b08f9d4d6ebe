package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// NAdam is Adam with Nesterov momentum, as torch.optim.NAdam. At step t, with g
// the gradient (-g if Maximize) plus λp,
//
//	μₜ = β₁(1 - ½·0.96^(tψ)),  Π ← Πμₜ
//	m ← m + (1-β₁)(g - m)
//	v ← β₂v + (1-β₂)g²
//	d = √(v/(1-β₂ᵗ)) + ε
//	p ← p - η(1-μₜ)/(1-Π) · g/d
//	p ← p - ημₜ₊₁/(1-Πμₜ₊₁) · m/d
//
// With DecoupledWeightDecay g has no λp, and p ← (1 - ηλ)p comes first. The
// momentum μ grows from β₁/2 to β₁; its product Π starts at 1 and is a buffer
// of one element, mu_product, since it remembers the β₁ and ψ of old steps.
//
// Differences from PyTorch: an infinite hyperparameter is refused, and Π has the
// dtype of the parameter, in PyTorch the default dtype. Before 2.0 PyTorch
// multiplied Π with μₜ once too often in the last line.
//
// Reference: T. Dozat. Incorporating Nesterov Momentum into Adam. ICLR 2016
// Workshop. https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
type NAdam struct {
	LR                   float64 `option:"lr"`                     // η >= 0
	Beta1                float64 `option:"betas[0]"`               // β₁ in [0, 1): decay of the first moment
	Beta2                float64 `option:"betas[1]"`               // β₂ in [0, 1): decay of the second moment
	Eps                  float64 `option:"eps"`                    // ε >= 0, outside of the root
	WeightDecay          float64 `option:"weight_decay"`           // λ >= 0, an L2 penalty
	MomentumDecay        float64 `option:"momentum_decay"`         // ψ >= 0: how fast μ grows
	DecoupledWeightDecay bool    `option:"decoupled_weight_decay"` // λ outside of the moments
	Maximize             bool    `option:"maximize"`               // go uphill
}

// DefaultNAdam returns the defaults of torch.optim.NAdam: η = 0.002, β₁ = 0.9,
// β₂ = 0.999, ε = 1e-8, ψ = 0.004.
func DefaultNAdam() NAdam {
	return NAdam{LR: 2e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, MomentumDecay: 4e-3}
}

// State returns mu_product, exp_avg, exp_avg_sq.
func (r NAdam) State() []string { return []string{"mu_product", "exp_avg", "exp_avg_sq"} }

// Size returns 1 for mu_product.
func (r NAdam) Size(state string, shape tensor.Shape) int {
	if state == "mu_product" {
		return 1
	}
	return tensor.Size(shape)
}

// Fill returns 1 for mu_product.
func (r NAdam) Fill(state string) float64 {
	if state == "mu_product" {
		return 1
	}
	return 0
}

// Check returns an error for every hyperparameter out of its range.
func (r NAdam) Check() error {
	return errors.Join(
		nonNegative("NAdam", "learning rate", r.LR),
		nonNegative("NAdam", "epsilon value", r.Eps),
		fraction("NAdam", "beta parameter at index 0", r.Beta1),
		fraction("NAdam", "beta parameter at index 1", r.Beta2),
		nonNegative("NAdam", "weight_decay value", r.WeightDecay),
		nonNegative("NAdam", "momentum_decay value", r.MomentumDecay))
}

// Prepare computes 1-β₂ᵗ, μₜ and μₜ₊₁.
func (r NAdam) Prepare(t int, s *Scalars) {
	s.V[0] = 1 - s.Pow(0, r.Beta2, t)
	s.V[1], s.V[2] = r.momentum(t), r.momentum(t+1)
}

func (r NAdam) momentum(t int) float64 {
	return r.Beta1 * (1 - float64(0.5*math.Pow(0.96, float64(t)*r.MomentumDecay)))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r NAdam) Elementwise() {}

// Step32 takes one step in float32.
func (r NAdam) Step32(s *Step[float32]) { nadam(r, s) }

// Step64 takes one step in float64.
func (r NAdam) Step64(s *Step[float64]) { nadam(r, s) }

func nadam[T tensor.Float](r NAdam, s *Step[T]) {
	param, grads, product, m, v := s.Param, s.Grad, s.State[0], s.State[1], s.State[2]
	mu, next := s.Scalars.V[1], s.Scalars.V[2]
	product[0] *= T(mu)
	pi := float64(product[0])
	lr := T(-r.LR * (1 - mu) / (1 - pi))
	lrNext := T(-r.LR * next / (1 - float64(pi*next)))
	correction, c1, b2, c2, eps := T(s.Scalars.V[0]), T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2), T(r.Eps)
	grad := decoupled[T](r.DecoupledWeightDecay, r.Maximize, r.LR, r.WeightDecay)
	i := 0
	if long(param) {
		i = nadamVectors(param, grads, m, v, grad, lr, lrNext, correction, c1, b2, c2, eps)
	}
	for ; i < len(param); i++ {
		p := grad.shrink(param[i])
		g := grad.at(grads[i], p)
		m[i] = lerp(m[i], g, c1)
		v[i] = T(b2*v[i]) + T(c2*g*g)
		d := sqrt(v[i]/correction) + eps
		p += lr * g / d
		param[i] = p + lrNext*m[i]/d
	}
}
