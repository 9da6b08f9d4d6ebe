package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Adam is the optimizer of Kingma and Ba, as torch.optim.Adam. At step t,
// with g the gradient (-g if Maximize) plus λp,
//
//	m ← m + (1-β₁)(g - m)
//	v ← β₂v + (1-β₂)g²
//	u ← max(u, v)                           if AMSGrad, else u = v
//	p ← p - η/(1-β₁ᵗ) · m / (√u/√(1-β₂ᵗ) + ε)
//
// With DecoupledWeightDecay g has no λp, and p ← (1 - ηλ)p comes first, as in
// [AdamW].
//
// With NoBiasCorrection the factors 1-β₁ᵗ and 1-β₂ᵗ are 1: with the default
// β the first step is then 3.16 times as long. With EpsHat the last line is
//
//	p ← p - η√(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√u + ε)
//
// so that ε, the ε̂ of the paper's section 2, weighs more at the start: this is
// the form of TensorFlow and Keras. PyTorch has neither option.
// The state buffers are PyTorch's: m is exp_avg, v is exp_avg_sq, u is
// max_exp_avg_sq (of v before its bias correction).
//
// Difference from PyTorch: an infinite hyperparameter is refused.
//
// Reference: D. Kingma, J. Ba. Adam: A Method for Stochastic Optimization.
// ICLR 2015, Algorithm 1. https://arxiv.org/abs/1412.6980. AMSGrad: S. Reddi,
// S. Kale, S. Kumar. On the Convergence of Adam and Beyond. ICLR 2018.
type Adam struct {
	LR                   float64 `option:"lr"`                     // η >= 0
	Beta1                float64 `option:"betas[0]"`               // β₁ in [0, 1): decay of the first moment
	Beta2                float64 `option:"betas[1]"`               // β₂ in [0, 1): decay of the second moment
	Eps                  float64 `option:"eps"`                    // ε >= 0, outside of the root
	WeightDecay          float64 `option:"weight_decay"`           // λ >= 0, an L2 penalty
	AMSGrad              bool    `option:"amsgrad"`                // divide by the largest v so far
	NoBiasCorrection     bool    `option:"no_bias_correction"`     // leave out 1-βᵗ
	Maximize             bool    `option:"maximize"`               // go uphill
	DecoupledWeightDecay bool    `option:"decoupled_weight_decay"` // λ outside of the moments
	EpsHat               bool    `option:"eps_hat"`                // ε before the bias correction
}

// DefaultAdam returns the defaults of torch.optim.Adam: η = 0.001, β₁ = 0.9,
// β₂ = 0.999, ε = 1e-8.
func DefaultAdam() Adam { return Adam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8} }

// State returns exp_avg, exp_avg_sq, and max_exp_avg_sq if AMSGrad.
func (r Adam) State() []string {
	if r.AMSGrad {
		return []string{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
	}
	return []string{"exp_avg", "exp_avg_sq"}
}

// Check returns an error for every hyperparameter out of its range.
func (r Adam) Check() error { return r.check("Adam") }

func (r Adam) check(rule string) error {
	return errors.Join(
		nonNegative(rule, "learning rate", r.LR),
		nonNegative(rule, "epsilon value", r.Eps),
		fraction(rule, "beta parameter at index 0", r.Beta1),
		fraction(rule, "beta parameter at index 1", r.Beta2),
		nonNegative(rule, "weight_decay value", r.WeightDecay))
}

// Prepare computes η/(1-β₁ᵗ), √(1-β₂ᵗ), and ε, divided by the root if EpsHat.
func (r Adam) Prepare(t int, s *Scalars) {
	s.V[0], s.V[1], s.V[2] = r.LR, 1, r.Eps
	if !r.NoBiasCorrection {
		s.V[0] = r.LR / (1 - s.Pow(0, r.Beta1, t))
		s.V[1] = math.Sqrt(1 - s.Pow(1, r.Beta2, t))
	}
	if r.EpsHat {
		s.V[2] = r.Eps / s.V[1]
	}
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Adam) Elementwise() {}

// Step32 takes one step in float32.
func (r Adam) Step32(s *Step[float32]) { adam(&r, s) }

// Step64 takes one step in float64.
func (r Adam) Step64(s *Step[float64]) { adam(&r, s) }

func adam[T tensor.Float](r *Adam, s *Step[T]) {
	grad := decoupled[T](r.DecoupledWeightDecay, r.Maximize, r.LR, r.WeightDecay)
	param, grads, m, v := s.Param, s.Grad, s.State[0], s.State[1]
	grads, m, v = grads[:len(param)], m[:len(param)], v[:len(param)]
	lr, root := T(-s.Scalars.V[0]), T(s.Scalars.V[1])
	c1, b2, c2, eps := T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2), T(s.Scalars.V[2])
	u, amsgrad := []T(nil), r.AMSGrad
	if amsgrad {
		u = s.State[2]
	}
	i := 0
	if long(param) {
		i = adamVectors(param, grads, m, v, u, grad, c1, b2, c2, lr, root, eps, amsgrad)
	}
	for ; i < len(param); i++ {
		p := grad.shrink(param[i])
		g := grad.at(grads[i], p)
		m[i] = lerp(m[i], g, c1)
		v[i] = T(b2*v[i]) + T(c2*g*g)
		top := v[i]
		if amsgrad {
			u[i] = max(u[i], top) // NaN if one of them is
			top = u[i]
		}
		param[i] = p + lr*m[i]/(sqrt(top)/root+eps)
	}
}
