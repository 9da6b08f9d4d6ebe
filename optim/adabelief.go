package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// AdaBelief is Adam with the variance of the gradient around its mean in place of the
// mean square: steps are long where the gradient is as predicted. At step t, with g the
// gradient (-g if Maximize) plus λp,
//
//	m ← β₁m + (1-β₁)g
//	s ← β₂s + (1-β₂)(g-m)² + ε₀
//	p ← p - η · m/(1-β₁ᵗ) / (√(s/(1-β₂ᵗ)) + ε)
//
// With DecoupledWeightDecay g has no λp, and p ← (1 - ηλ)p comes first. The state
// buffers have the names of the authors' PyTorch code: m is exp_avg, s is exp_avg_var.
//
// The paper's ε is 1e-8 by optax's account; its authors' code and optax.adabelief,
// which this is, have 1e-16. The code of the authors by default also has
// decoupled decay and the rectification of [RAdam]; there is none here. PyTorch has no
// AdaBelief.
//
// Reference: J. Zhuang and others. AdaBelief Optimizer: Adapting Stepsizes by the Belief
// in Observed Gradients. NeurIPS 2020, Algorithm 2. https://arxiv.org/abs/2010.07468
type AdaBelief struct {
	LR                   float64 `option:"lr"`                     // η >= 0
	Beta1                float64 `option:"betas[0]"`               // β₁ in [0, 1): decay of the mean
	Beta2                float64 `option:"betas[1]"`               // β₂ in [0, 1): decay of the variance
	Eps                  float64 `option:"eps"`                    // ε >= 0, outside of the root
	EpsRoot              float64 `option:"eps_root"`               // ε₀ >= 0, added to the variance at each step
	WeightDecay          float64 `option:"weight_decay"`           // λ >= 0, an L2 penalty
	DecoupledWeightDecay bool    `option:"decoupled_weight_decay"` // λ outside of the moments
	Maximize             bool    `option:"maximize"`               // go uphill
}

// DefaultAdaBelief returns the defaults of the authors' code and of optax: η = 0.001,
// β₁ = 0.9, β₂ = 0.999, ε = ε₀ = 1e-16.
func DefaultAdaBelief() AdaBelief {
	return AdaBelief{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-16, EpsRoot: 1e-16}
}

// State returns exp_avg, exp_avg_var.
func (r AdaBelief) State() []string { return []string{"exp_avg", "exp_avg_var"} }

// Check returns an error for every hyperparameter out of its range.
func (r AdaBelief) Check() error {
	return errors.Join(
		nonNegative("AdaBelief", "learning rate", r.LR),
		nonNegative("AdaBelief", "epsilon value", r.Eps),
		nonNegative("AdaBelief", "eps_root value", r.EpsRoot),
		fraction("AdaBelief", "beta parameter at index 0", r.Beta1),
		fraction("AdaBelief", "beta parameter at index 1", r.Beta2),
		nonNegative("AdaBelief", "weight_decay value", r.WeightDecay))
}

// Prepare computes 1-β₁ᵗ and 1-β₂ᵗ.
func (r AdaBelief) Prepare(t int, s *Scalars) {
	s.V[0], s.V[1] = 1-s.Pow(0, r.Beta1, t), 1-s.Pow(1, r.Beta2, t)
}

// Elementwise says that large parameters may be stepped on in parts.
func (r AdaBelief) Elementwise() {}

// Step32 takes one step in float32.
func (r AdaBelief) Step32(s *Step[float32]) { adabelief(r, s) }

// Step64 takes one step in float64.
func (r AdaBelief) Step64(s *Step[float64]) { adabelief(r, s) }

func adabelief[T tensor.Float](r AdaBelief, s *Step[T]) {
	param, grads, m, v := s.Param, s.Grad, s.State[0], s.State[1]
	corr1, corr2 := T(s.Scalars.V[0]), T(s.Scalars.V[1])
	lr, b1, c1, b2, c2 := T(r.LR), T(r.Beta1), T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2)
	eps, eps0 := T(r.Eps), T(r.EpsRoot)
	grad := decoupled[T](r.DecoupledWeightDecay, r.Maximize, r.LR, r.WeightDecay)
	i := 0
	if long(param) {
		i = adabeliefVectors(param, grads, m, v, grad, corr1, corr2, lr, b1, c1, b2, c2, eps, eps0)
	}
	for ; i < len(param); i++ {
		p := grad.shrink(param[i])
		g := grad.at(grads[i], p)
		m[i] = T(b1*m[i]) + T(c1*g)
		d := g - m[i]
		v[i] = T(b2*v[i]) + T(c2*T(d*d)) + eps0
		param[i] = p - T(lr*(m[i]/corr1/(sqrt(v[i]/corr2)+eps)))
	}
}
