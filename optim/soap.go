package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// SOAP is the optimizer of Vyas and others: Adam in the basis in which [Shampoo]'s matrices
// are diagonal. At step t > 1, with G the gradient of a matrix (-G if Maximize), and s = t-1,
//
//	G' ← Qᴸᵀ G Qᴿ
//	M ← M + (1-β₁)(G - M)
//	V ← V + (1-β₂)(G'² - V)
//	N ← (Qᴸᵀ M Qᴿ) / (√V + ε)
//	P ← P - η √(1-β₂ˢ)/(1-β₁ˢ) · Qᴸ N Qᴿᵀ
//	P ← (1 - ηλ)P
//	L ← L + (1-β)(GGᵀ - L)
//	R ← R + (1-β)(GᵀG - R)
//	Qᴸ, Qᴿ ← the orthogonal factors of LQᴸ and RQᴿ      if f divides s
//
// The last line is a step of power iteration, with the columns sorted first, from the
// largest eigenvalue, and V with them. The first step moves nothing: it makes L and R and
// their eigenvectors Qᴸ and Qᴿ. A tensor of more axes has two such matrices for each of
// them; a vector only with Precondition1D, and a scalar never: without them this is Adam.
// An axis of more than MaxPreconditionDim elements has none either. The state buffers are
// M exp_avg, V exp_avg_sq, and GG and Q, the matrices of all axes one after the other.
//
// PyTorch has no SOAP. The names, defaults, order and first step are those of the
// authors' program and of pytorch_optimizer. Differences: β is a number, in theirs None
// is β₂; eigenvectors and orthogonal factors are computed in float64, in theirs in the
// dtype of the parameter and in float32; there is no merge_dims and no
// normalize_gradient. At the second step, and in the null space of L or R, the default ε
// divides round-off by about 1e-8, so that no two programs follow the same path.
//
// Reference: N. Vyas, D. Morwani, R. Zhao, M. Kwun, I. Shapira, D. Brandfonbrener, L. Janson,
// S. Kakade. SOAP: Improving and Stabilizing Shampoo using Adam. ICLR 2025, Algorithms 3 and
// 4. https://arxiv.org/abs/2409.11321
type SOAP struct {
	LR                    float64 `option:"lr"`                     // η >= 0
	Beta1                 float64 `option:"betas[0]"`               // β₁ in [0, 1): decay of the first moment
	Beta2                 float64 `option:"betas[1]"`               // β₂ in [0, 1): decay of the second moment
	ShampooBeta           float64 `option:"shampoo_beta"`           // β in [0, 1): decay of the matrices
	WeightDecay           float64 `option:"weight_decay"`           // λ >= 0, decoupled
	PreconditionFrequency float64 `option:"precondition_frequency"` // f, a whole number >= 1
	MaxPreconditionDim    float64 `option:"max_precondition_dim"`   // a whole number >= 1
	Precondition1D        bool    `option:"precondition_1d"`        // a matrix for vectors
	NoBiasCorrection      bool    `option:"no_bias_correction"`     // leave out 1-βˢ; theirs is correct_bias
	Eps                   float64 `option:"eps"`                    // ε >= 0, outside of the root
	Maximize              bool    `option:"maximize"`               // go uphill
}

// DefaultSOAP returns η = 0.003, all β = 0.95, λ = 0.01, f = 10, at most 10,000
// elements, ε = 1e-8.
func DefaultSOAP() SOAP {
	return SOAP{LR: 3e-3, Beta1: 0.95, Beta2: 0.95, ShampooBeta: 0.95, WeightDecay: 1e-2,
		PreconditionFrequency: 10, MaxPreconditionDim: 10_000, Eps: 1e-8}
}

// State returns exp_avg, exp_avg_sq, GG and Q.
func (r SOAP) State() []string { return []string{"exp_avg", "exp_avg_sq", "GG", "Q"} }

// Check returns an error for every hyperparameter out of its range.
func (r SOAP) Check() error {
	return errors.Join(
		nonNegative("SOAP", "learning rate", r.LR),
		fraction("SOAP", "beta parameter at index 0", r.Beta1),
		fraction("SOAP", "beta parameter at index 1", r.Beta2),
		fraction("SOAP", "shampoo_beta value", r.ShampooBeta),
		nonNegative("SOAP", "weight_decay value", r.WeightDecay),
		count("SOAP", "precondition_frequency value", r.PreconditionFrequency, 1),
		count("SOAP", "max_precondition_dim value", r.MaxPreconditionDim, 1),
		nonNegative("SOAP", "epsilon value", r.Eps))
}

// Prepare computes η√(1-β₂ˢ)/(1-β₁ˢ).
func (r SOAP) Prepare(t int, s *Scalars) {
	s.V[0] = r.LR
	if !r.NoBiasCorrection && t > 1 {
		s.V[0] *= math.Sqrt(1-s.Pow(1, r.Beta2, t-1)) / (1 - s.Pow(0, r.Beta1, t-1))
	}
}

// Step32 takes one step in float32.
func (r SOAP) Step32(s *Step[float32]) { soap(r, s) }

// Step64 takes one step in float64.
func (r SOAP) Step64(s *Step[float64]) { soap(r, s) }

func soap[T tensor.Float](r SOAP, s *Step[T]) {
	a, b := s.Work[:len(s.Param)], s.Work[len(s.Param):2*len(s.Param)]
	first := s.T == 1 || s.Fresh
	if !first {
		m, v := s.State[0], s.State[1]
		c1, c2, eps, lr := T(1-r.Beta1), T(1-r.Beta2), T(r.Eps), T(-s.Scalars.V[0])
		grad := gradient[T](r.Maximize, 0)
		copy(a, s.Grad)
		a, b = rotate(r, s, a, b, true)
		for k, g := range s.Grad {
			m[k] = lerp(m[k], grad.at(g, 0), c1)
			v[k] = lerp(v[k], a[k]*a[k], c2)
		}
		copy(a, m)
		a, b = rotate(r, s, a, b, true)
		for k := range a {
			a[k] /= sqrt(v[k]) + eps
		}
		a, b = rotate(r, s, a, b, false)
		for k := range s.Param {
			s.Param[k] += T(lr * a[k])
		}
		decay(s.Param, true, false, r.LR, r.WeightDecay)
	}
	turn(r, s, b, first)
}
