package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// LAMB is Adam with steps as long as the parameter, for large batches. At step t, with g
// the gradient (-g if Maximize) and norms over all elements of a parameter,
//
//	m ← β₁m + (1-β₁)g
//	v ← β₂v + (1-β₂)g²
//	u = m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε) + λp
//	p ← p - η · ‖p‖/‖u‖ · u
//
// where ‖p‖/‖u‖ is 1 if one of the norms is 0. A parameter is a layer: a scalar keeps
// its sign, and its steps are η times itself. The paper's φ, a function of ‖p‖, is the
// identity, as in optax. The state buffers have Adam's names: m is exp_avg, v is exp_avg_sq.
// PyTorch has no LAMB; optax.lamb is the same, with a default λ of 0.
//
// Reference: Y. You and others. Large Batch Optimization for Deep Learning: Training BERT
// in 76 minutes. ICLR 2020. https://arxiv.org/abs/1904.00962
type LAMB struct {
	LR          float64 `option:"lr"`           // η >= 0
	Beta1       float64 `option:"betas[0]"`     // β₁ in [0, 1): decay of the first moment
	Beta2       float64 `option:"betas[1]"`     // β₂ in [0, 1): decay of the second moment
	Eps         float64 `option:"eps"`          // ε >= 0, outside of the root
	WeightDecay float64 `option:"weight_decay"` // λ >= 0, outside of the moments
	Maximize    bool    `option:"maximize"`     // go uphill
}

// DefaultLAMB returns the defaults of NVIDIA's FusedLAMB for PyTorch: η = 0.001,
// β₁ = 0.9, β₂ = 0.999, ε = 1e-6, λ = 0.01. Optax has the same β and ε.
func DefaultLAMB() LAMB {
	return LAMB{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-6, WeightDecay: 1e-2}
}

// State returns exp_avg, exp_avg_sq.
func (r LAMB) State() []string { return []string{"exp_avg", "exp_avg_sq"} }

// Work returns the number of elements of u.
func (r LAMB) Work(shape tensor.Shape) int { return tensor.Size(shape) }

// Check returns an error for every hyperparameter out of its range.
func (r LAMB) Check() error {
	return errors.Join(
		nonNegative("LAMB", "learning rate", r.LR),
		nonNegative("LAMB", "epsilon value", r.Eps),
		fraction("LAMB", "beta parameter at index 0", r.Beta1),
		fraction("LAMB", "beta parameter at index 1", r.Beta2),
		nonNegative("LAMB", "weight_decay value", r.WeightDecay))
}

// Prepare computes 1-β₁ᵗ and 1-β₂ᵗ.
func (r LAMB) Prepare(t int, s *Scalars) {
	s.V[0], s.V[1] = 1-s.Pow(0, r.Beta1, t), 1-s.Pow(1, r.Beta2, t)
}

// Step32 takes one step in float32.
func (r LAMB) Step32(s *Step[float32]) { lamb(r, s) }

// Step64 takes one step in float64.
func (r LAMB) Step64(s *Step[float64]) { lamb(r, s) }

func lamb[T tensor.Float](r LAMB, s *Step[T]) {
	m, v, u := s.State[0], s.State[1], s.Work
	corr1, corr2 := T(s.Scalars.V[0]), T(s.Scalars.V[1])
	b1, c1, b2, c2, eps := T(r.Beta1), T(1-r.Beta1), T(r.Beta2), T(1-r.Beta2), T(r.Eps)
	grad, decay := gradient[T](r.Maximize, 0), gradient[T](false, r.WeightDecay)
	for i, p := range s.Param {
		g := grad.at(s.Grad[i], p)
		m[i] = T(b1*m[i]) + T(c1*g)
		v[i] = T(b2*v[i]) + T(c2*T(g*g))
		u[i] = decay.at(m[i]/corr1/(sqrt(v[i]/corr2)+eps), p)
	}
	ratio := 1.0
	if param, step := euclid(s.Param), euclid(u); param != 0 && step != 0 {
		ratio = param / step
	}
	lr := T(r.LR * ratio)
	for i, p := range s.Param {
		s.Param[i] = p - T(lr*u[i])
	}
}

// euclid returns √Σxᵢ² in float64.
func euclid[T tensor.Float](x []T) float64 {
	s := 0.0
	for _, e := range x {
		s += float64(float64(e) * float64(e))
	}
	return math.Sqrt(s)
}
