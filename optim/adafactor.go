package optim

import (
	"errors"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Adafactor is the optimizer of Shazeer and Stern, as torch.optim.Adafactor: of the
// second moments of an m×n matrix it keeps m + n numbers, the means of its rows and of its
// columns. At step t, with G the gradient (-G if Maximize),
//
//	ŵ ← t^τ,  ρ ← min(η, 1/√t),  α ← max(ε₂, RMS(P)) ρ
//	P ← (1 - ηλ)P
//	R ← R + ŵ(mean of G² over each row - R)
//	C ← C + ŵ(mean of G² over each column - C)
//	V ← R Cᵀ / max(mean of R, ε₁)
//	U ← G / √max(V, ε₁²)
//	P ← P - α / max(1, RMS(U)/d) · U
//
// A parameter of more than two axes is a list of matrices along the last two, of which
// only RMS is taken over all. A vector and a scalar have V ← V + ŵ(G² - V) instead of R and
// C. The state buffers are PyTorch's: R is row_var, C is col_var, V is variance. α is
// relative to P: a parameter near zero is slow, with ε₂ in place of its size.
//
// Differences from the paper, all PyTorch's: means for sums, ε₁ limits V where the
// paper adds it to G², and η is the bound of ρ (in the paper 0.01) and scales the decay.
//
// Differences from PyTorch: ε₁ = 0 is its None, the machine epsilon of the dtype (of
// each parameter's, where PyTorch takes that of the group's first). For PyTorch's own 0,
// with which a gradient of zeros gives NaN, take 1e-300. Means are summed in float64.
// An infinite hyperparameter is refused.
//
// Reference: N. Shazeer, M. Stern. Adafactor: Adaptive Learning Rates with Sublinear
// Memory Cost. ICML 2018, Algorithms 4 and 5. https://arxiv.org/abs/1804.04235
type Adafactor struct {
	LR          float64 `option:"lr"`              // η >= 0: the largest ρ
	Beta2Decay  float64 `option:"beta2_decay"`     // τ <= 0
	Eps1        float64 `option:"eps[0]" none:"0"` // ε₁ >= 0; 0 is the machine epsilon
	Eps2        float64 `option:"eps[1]"`          // ε₂ >= 0: the least size of a parameter
	D           float64 `option:"d"`               // d >= 1: the largest RMS of an update
	WeightDecay float64 `option:"weight_decay"`    // λ >= 0, decoupled
	Maximize    bool    `option:"maximize"`        // go uphill
}

// DefaultAdafactor returns the defaults of torch.optim.Adafactor: η = 0.01, τ = -0.8,
// ε₁ the machine epsilon, ε₂ = 0.001, d = 1.
func DefaultAdafactor() Adafactor {
	return Adafactor{LR: 1e-2, Beta2Decay: -0.8, Eps2: 1e-3, D: 1}
}

// State returns row_var, col_var and variance, of which a parameter has only its own.
func (r Adafactor) State() []string { return []string{"row_var", "col_var", "variance"} }

// Size returns the number of rows for row_var and of columns for col_var, over all
// matrices, and of elements for the variance of a vector or a scalar.
func (r Adafactor) Size(state string, shape tensor.Shape) int {
	return factoredSize(state, shape)
}

// Work returns the length of a row of a matrix.
func (r Adafactor) Work(shape tensor.Shape) int {
	if len(shape) < 2 {
		return 0
	}
	return shape[len(shape)-1]
}

// Check returns an error for every hyperparameter out of its range.
func (r Adafactor) Check() error {
	var decay error
	if !finite(r.Beta2Decay) || r.Beta2Decay > 0 {
		decay = &OptionError{Rule: "Adafactor", Text: "beta2_decay should be <= 0 but is", Value: r.Beta2Decay}
	}
	return errors.Join(decay,
		atLeast("Adafactor", "Learning rate", r.LR, 0),
		atLeast("Adafactor", "epsilon1", r.Eps1, 0),
		atLeast("Adafactor", "epsilon2", r.Eps2, 0),
		atLeast("Adafactor", "Clipping threshold d", r.D, 1),
		atLeast("Adafactor", "weight_decay", r.WeightDecay, 0))
}

// Prepare computes ŵ and ρ.
func (r Adafactor) Prepare(t int, s *Scalars) {
	s.V[0] = math.Pow(float64(t), r.Beta2Decay)
	s.V[1] = min(r.LR, 1/math.Sqrt(float64(t)))
}

// Step32 takes one step in float32.
func (r Adafactor) Step32(s *Step[float32]) { adafactor(r, s, 0x1p-23) }

// Step64 takes one step in float64.
func (r Adafactor) Step64(s *Step[float64]) { adafactor(r, s, 0x1p-52) }

func adafactor[T tensor.Float](r Adafactor, s *Step[T], machine float64) {
	if r.Eps1 != 0 {
		machine = r.Eps1
	}
	w, eps1, eps1Squared, size := T(s.Scalars.V[0]), T(machine), T(machine*machine), float64(len(s.Param))
	alpha := r.Eps2
	if rms := math.Sqrt(squares(s.Param, 1) / size); rms > alpha { // not if it is NaN
		alpha = rms
	}
	alpha *= s.Scalars.V[1]
	grad := decay(s.Param, true, r.Maximize, r.LR, r.WeightDecay)
	v := factoredOf(s)
	v.update(s.Grad, w)
	var step T
	sum := 0.0
	for _, move := range [2]bool{false, true} { // U first, for its RMS, then P
		for k := 0; k < len(s.Grad); k += v.n {
			for j, second := range v.line(k/v.n, eps1) {
				u := T(1/sqrt(max(second, eps1Squared))) * grad.at(s.Grad[k+j], 0)
				if move {
					s.Param[k+j] += T(step * u)
				} else {
					sum += float64(float64(u) * float64(u))
				}
			}
		}
		bound := 1.0
		if rms := math.Sqrt(sum/size) / r.D; rms > bound {
			bound = rms
		}
		step = T(-alpha / bound)
	}
}
