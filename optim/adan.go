package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Adan is Adam with a Nesterov momentum made of differences of gradients. At step t,
// with g the gradient (-g if Maximize), h that of the step before (g at the first), and
// w = β₂, or 1-β₂ if SmallDiff,
//
//	m ← β₁m + (1-β₁)g
//	d ← β₂d + (1-β₂)(g - h)
//	n ← β₃n + (1-β₃)(g + w(g - h))²
//	u = (m/(1-β₁ᵗ) + w·d/(1-β₂ᵗ)) / (√(n/(1-β₃ᵗ) + ε₀) + ε)
//	p ← (p - ηu) / (1 + ηλ)      or p ← (1 - ηλ)p - ηu if NoProx
//
// The paper's β are 1 minus these, which are those of the authors' PyTorch code: paper
// and code have w = 0.92 by default. optax.adan is this with SmallDiff, w = 0.08, with
// NoProx, and with ε₀ = 1e-8, which the paper does not have. The state buffers have the names
// of the authors' code: m is exp_avg, d is exp_avg_diff, n is exp_avg_sq; h is pre_grad,
// where that has -h. PyTorch has no Adan.
//
// Reference: X. Xie, P. Zhou, H. Li, Z. Lin, S. Yan. Adan: Adaptive Nesterov Momentum
// Algorithm for Faster Optimizing Deep Models. IEEE TPAMI 2024, Algorithm 1.
// https://arxiv.org/abs/2208.06677
type Adan struct {
	LR          float64 `option:"lr"`           // η >= 0
	Beta1       float64 `option:"betas[0]"`     // β₁ in [0, 1): decay of the mean
	Beta2       float64 `option:"betas[1]"`     // β₂ in [0, 1): decay of the differences
	Beta3       float64 `option:"betas[2]"`     // β₃ in [0, 1): decay of the second moment
	Eps         float64 `option:"eps"`          // ε >= 0, outside of the root
	EpsRoot     float64 `option:"eps_root"`     // ε₀ >= 0, inside of the root
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, decoupled
	NoProx      bool    `option:"no_prox"`      // decay as AdamW does
	SmallDiff   bool    `option:"small_diff"`   // w = 1-β₂
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultAdan returns the defaults of the authors' code: η = 0.001, β₁ = 0.98,
// β₂ = 0.92, β₃ = 0.99, ε = 1e-8, no decay.
func DefaultAdan() Adan { return Adan{LR: 1e-3, Beta1: 0.98, Beta2: 0.92, Beta3: 0.99, Eps: 1e-8} }

// State returns exp_avg, exp_avg_diff, exp_avg_sq, pre_grad.
func (r Adan) State() []string { return []string{"exp_avg", "exp_avg_diff", "exp_avg_sq", "pre_grad"} }

// Check returns an error for every hyperparameter out of its range.
func (r Adan) Check() error {
	return errors.Join(
		nonNegative("Adan", "learning rate", r.LR),
		nonNegative("Adan", "epsilon value", r.Eps),
		nonNegative("Adan", "eps_root value", r.EpsRoot),
		fraction("Adan", "beta parameter at index 0", r.Beta1),
		fraction("Adan", "beta parameter at index 1", r.Beta2),
		fraction("Adan", "beta parameter at index 2", r.Beta3),
		nonNegative("Adan", "weight_decay value", r.WeightDecay))
}

// Prepare computes 1-β₁ᵗ, 1-β₂ᵗ and 1-β₃ᵗ.
func (r Adan) Prepare(t int, s *Scalars) {
	s.V[0], s.V[1], s.V[2] = 1-s.Pow(0, r.Beta1, t), 1-s.Pow(1, r.Beta2, t), 1-s.Pow(2, r.Beta3, t)
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Adan) Elementwise() {}

// Step32 takes one step in float32.
func (r Adan) Step32(s *Step[float32]) { adan(r, s) }

// Step64 takes one step in float64.
func (r Adan) Step64(s *Step[float64]) { adan(r, s) }

func adan[T tensor.Float](r Adan, s *Step[T]) {
	param, grads, m, d, n, h := s.Param, s.Grad, s.State[0], s.State[1], s.State[2], s.State[3]
	corr1, corr2, corr3 := T(s.Scalars.V[0]), T(s.Scalars.V[1]), T(s.Scalars.V[2])
	b1, b2, b3 := T(r.Beta1), T(r.Beta2), T(r.Beta3)
	c1, c2, c3 := T(1-r.Beta1), T(1-r.Beta2), T(1-r.Beta3)
	lr, eps, eps0, w := T(r.LR), T(r.Eps), T(r.EpsRoot), b2
	if r.SmallDiff {
		w = c2
	}
	before, after := 0.0, r.WeightDecay
	if r.NoProx {
		before, after = after, before
	}
	grad, grown, fresh := decoupled[T](true, r.Maximize, r.LR, before), T(1+float64(r.LR*after)), s.Fresh
	i := 0
	if long(param) {
		i = adanVectors(param, grads, m, d, n, h, grad, corr1, corr2, corr3, b1, b2, b3, c1, c2, c3, lr, eps, eps0, w, grown, fresh)
	}
	for ; i < len(param); i++ {
		p := grad.shrink(param[i])
		g := grad.at(grads[i], p)
		diff := g - h[i]
		if fresh {
			diff = 0
		}
		h[i] = g
		m[i] = T(b1*m[i]) + T(c1*g)
		d[i] = T(b2*d[i]) + T(c2*diff)
		ahead := g + T(w*diff)
		n[i] = T(b3*n[i]) + T(c3*T(ahead*ahead))
		u := (m[i]/corr1 + T(w*(d[i]/corr2))) / (sqrt(n[i]/corr3+eps0) + eps)
		param[i] = (p - T(lr*u)) / grown
	}
}
