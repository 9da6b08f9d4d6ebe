package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// SparseAdam is [Adam] on the rows of a table of which a batch touches only a
// few, such as an embedding, as torch.optim.SparseAdam. The rows of a parameter
// lie along its first axis; a scalar is one row. At step t of the parameter,
// with g the gradient (-g if Maximize), for each touched row
//
//	m ← m + (1-β₁)(g - m)
//	v ← v + (1-β₂)(g² - v)
//	p ← p - η√(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v + ε)
//
// Nothing of an untouched row changes: neither p nor m nor v, which with Adam
// go on for a while. t counts the steps of the parameter, not those of the
// row, so that a row which is first touched late is corrected for too little
// bias. In Adam ε is added to √v/√(1-β₂ᵗ), not to √v.
//
// Differences from PyTorch: there the gradient is a sparse tensor, which lists
// its rows. Here it is dense as all others, and a row is touched if an element
// of its gradient is not zero (NaN is not). So a row that PyTorch lists with a
// gradient of zeros is not touched here, where PyTorch moves it by its
// momentum. An infinite hyperparameter is refused.
//
// Reference: D. Kingma, J. Ba. Adam: A Method for Stochastic Optimization.
// ICLR 2015. https://arxiv.org/abs/1412.6980
type SparseAdam struct {
	LR       float64 `option:"lr"`       // η > 0
	Beta1    float64 `option:"betas[0]"` // β₁ in [0, 1): decay of the first moment
	Beta2    float64 `option:"betas[1]"` // β₂ in [0, 1): decay of the second moment
	Eps      float64 `option:"eps"`      // ε > 0, outside of the root
	Maximize bool    `option:"maximize"` // go uphill
}

// DefaultSparseAdam returns the defaults of torch.optim.SparseAdam: η = 0.001,
// β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
func DefaultSparseAdam() SparseAdam {
	return SparseAdam{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
}

// State returns exp_avg, exp_avg_sq.
func (r SparseAdam) State() []string { return []string{"exp_avg", "exp_avg_sq"} }

// Check returns an error for every hyperparameter out of its range. As in
// PyTorch, the learning rate and ε must not be zero.
func (r SparseAdam) Check() error {
	return errors.Join(
		aboveZero("SparseAdam", "learning rate", r.LR),
		aboveZero("SparseAdam", "epsilon value", r.Eps),
		fraction("SparseAdam", "beta parameter at index 0", r.Beta1),
		fraction("SparseAdam", "beta parameter at index 1", r.Beta2))
}

// Prepare computes η√(1-β₂ᵗ)/(1-β₁ᵗ).
func (r SparseAdam) Prepare(t int, s *Scalars) {
	s.V[0] = r.LR * math.Sqrt(1-s.Pow(1, r.Beta2, t)) / (1 - s.Pow(0, r.Beta1, t))
}

// Step32 takes one step in float32.
func (r SparseAdam) Step32(s *Step[float32]) { sparseAdam(r, s) }

// Step64 takes one step in float64.
func (r SparseAdam) Step64(s *Step[float64]) { sparseAdam(r, s) }

func sparseAdam[T tensor.Float](r SparseAdam, s *Step[T]) {
	width := len(s.Param)
	if len(s.Shape) > 0 {
		width /= s.Shape[0]
	}
	for row := 0; row < len(s.Param); row += width {
		if touched(s.Grad[row : row+width]) {
			sparseAdamRow(r, s, row, row+width)
		}
	}
}

// touched reports whether one of the elements is not zero.
func touched[T tensor.Float](row []T) bool {
	for _, g := range row {
		if g != 0 {
			return true
		}
	}
	return false
}

func sparseAdamRow[T tensor.Float](r SparseAdam, s *Step[T], from, to int) {
	m, v := s.State[0], s.State[1]
	lr, c1, c2, eps := T(-s.Scalars.V[0]), T(1-r.Beta1), T(1-r.Beta2), T(r.Eps)
	grad := gradient[T](r.Maximize, 0)
	for i := from; i < to; i++ {
		p := s.Param[i]
		g := grad.at(s.Grad[i], p)
		m[i] += T((g - m[i]) * c1)
		v[i] += T((T(g*g) - v[i]) * c2)
		s.Param[i] = p + T(lr*(m[i]/(sqrt(v[i])+eps)))
	}
}
