package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Adamax divides by the largest recent gradient where [Adam] divides by a mean
// of them, as torch.optim.Adamax. At step t, with g the gradient (-g if
// Maximize) plus λp,
//
//	m ← m + (1-β₁)(g - m)
//	u ← max(β₂u, |g| + ε)
//	p ← p - η/(1-β₁ᵗ) · m/u
//
// ε is inside of the maximum and not added to u; the paper has none. With ε = 0
// a parameter becomes NaN, 0/0, if its first gradient is zero, as in PyTorch.
//
// Difference from PyTorch: an infinite hyperparameter is refused.
//
// Reference: D. Kingma, J. Ba. Adam: A Method for Stochastic Optimization.
// ICLR 2015, Algorithm 2. https://arxiv.org/abs/1412.6980
type Adamax struct {
	LR          float64 `option:"lr"`           // η >= 0
	Beta1       float64 `option:"betas[0]"`     // β₁ in [0, 1): decay of the first moment
	Beta2       float64 `option:"betas[1]"`     // β₂ in [0, 1): decay of the maximum
	Eps         float64 `option:"eps"`          // ε >= 0, added to |g|
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, an L2 penalty
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultAdamax returns the defaults of torch.optim.Adamax: η = 0.002,
// β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
func DefaultAdamax() Adamax { return Adamax{LR: 2e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// State returns exp_avg, exp_inf.
func (r Adamax) State() []string { return []string{"exp_avg", "exp_inf"} }

// Check returns an error for every hyperparameter out of its range.
func (r Adamax) Check() error {
	return errors.Join(
		nonNegative("Adamax", "learning rate", r.LR),
		nonNegative("Adamax", "epsilon value", r.Eps),
		fraction("Adamax", "beta parameter at index 0", r.Beta1),
		fraction("Adamax", "beta parameter at index 1", r.Beta2),
		nonNegative("Adamax", "weight_decay value", r.WeightDecay))
}

// Prepare computes η/(1-β₁ᵗ).
func (r Adamax) Prepare(t int, s *Scalars) { s.V[0] = r.LR / (1 - s.Pow(0, r.Beta1, t)) }

// Elementwise says that large parameters may be stepped on in parts.
func (r Adamax) Elementwise() {}

// Step32 takes one step in float32.
func (r Adamax) Step32(s *Step[float32]) { adamax(r, s) }

// Step64 takes one step in float64.
func (r Adamax) Step64(s *Step[float64]) { adamax(r, s) }

func adamax[T tensor.Float](r Adamax, s *Step[T]) {
	param, grads, m, u := s.Param, s.Grad, s.State[0], s.State[1]
	lr, c1, b2, eps := T(-s.Scalars.V[0]), T(1-r.Beta1), T(r.Beta2), T(r.Eps)
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = adamaxVectors(param, grads, m, u, grad, lr, c1, b2, eps)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		m[i] = lerp(m[i], g, c1)
		u[i] = max(T(b2*u[i]), abs(g)+eps) // NaN if one of them is
		param[i] = p + lr*m[i]/u[i]
	}
}
