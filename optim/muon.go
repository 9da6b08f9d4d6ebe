package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Muon is the optimizer of Jordan and others for the matrices of hidden layers, as
// torch.optim.Muon: momentum whose singular values are all made about 1. At each step,
// with G the gradient of a matrix P of m×n (-G if Maximize),
//
//	M ← M + (1-μ)(G - M)
//	X ← G + μ(M - G)                if Nesterov, else X = M
//	X ← X / max(‖X‖, ε)             the Frobenius norm
//	k times                         with A = XᵀX, on the right, if m > n
//	    A ← XXᵀ
//	    X ← aX + (bA + cA²)X
//	P ← (1 - ηλ)P
//	P ← P - ηr X
//
// r is √max(1, m/n) if AdjustLR is "original" or None (empty), 0.2√max(m, n) if it is
// "match_rms_adamw", √(m/n) if it is "spectral_unclamped". The k Newton-Schulz steps
// lead every singular value s of X by s ← as + bs³ + cs⁵ into about [0.7, 1.2], not to 1.
// The state buffer is PyTorch's: M is momentum_buffer. Vectors, scalars and tensors of more
// axes are refused; [Split] finds the matrices, and [AdamW] is for the others.
//
// Differences from PyTorch: the Newton-Schulz steps are computed in the dtype of the
// parameter, in PyTorch in bfloat16; paths of 200 steps differ by up to 3.5 % of their
// length for that. Maximize is not in PyTorch. A k that is not whole or not in [0, 100)
// (PyTorch refuses 100 and more at the first step), a negative ε and an infinite
// hyperparameter are refused.
//
// Reference: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse, J. Bernstein. Muon:
// An optimizer for hidden layers in neural networks. 2024.
// https://kellerjordan.github.io/posts/muon. J. Liu et al. Muon is Scalable for LLM
// Training. 2025, section 2.2. https://arxiv.org/abs/2502.16982
type Muon struct {
	LR          float64 `option:"lr"`                    // η >= 0
	WeightDecay float64 `option:"weight_decay"`          // λ >= 0, decoupled
	Momentum    float64 `option:"momentum"`              // μ >= 0
	Nesterov    bool    `option:"nesterov"`              // orthogonalize G + μ(M - G)
	A           float64 `option:"ns_coefficients[0]"`    // a
	B           float64 `option:"ns_coefficients[1]"`    // b
	C           float64 `option:"ns_coefficients[2]"`    // c
	Eps         float64 `option:"eps"`                   // ε >= 0
	NSSteps     float64 `option:"ns_steps"`              // k, a whole number in [0, 100)
	AdjustLR    string  `option:"adjust_lr_fn" none:"-"` // original, match_rms_adamw, spectral_unclamped, or empty
	Maximize    bool    `option:"maximize"`              // go uphill
}

// DefaultMuon returns the defaults of torch.optim.Muon: η = 0.001, λ = 0.1, μ = 0.95
// with Nesterov, (a, b, c) = (3.4445, -4.775, 2.0315), ε = 1e-7, k = 5.
func DefaultMuon() Muon {
	return Muon{LR: 1e-3, WeightDecay: 0.1, Momentum: 0.95, Nesterov: true,
		A: 3.4445, B: -4.775, C: 2.0315, Eps: 1e-7, NSSteps: 5}
}

// State returns momentum_buffer.
func (r Muon) State() []string { return []string{"momentum_buffer"} }

// Check returns an error for every hyperparameter out of its range.
func (r Muon) Check() error {
	err := errors.Join(
		atLeast("Muon", "Learning rate", r.LR, 0),
		atLeast("Muon", "momentum", r.Momentum, 0),
		atLeast("Muon", "weight decay", r.WeightDecay, 0),
		atLeast("Muon", "eps", r.Eps, 0),
		number("Muon", "coefficient at index 0", r.A),
		number("Muon", "coefficient at index 1", r.B),
		number("Muon", "coefficient at index 2", r.C),
		count("Muon", "ns_steps value", r.NSSteps, 0))
	if r.NSSteps >= 100 && r.NSSteps <= maxCount {
		err = errors.Join(err, bare("Muon", "Number of steps must be less than 100 for computational efficiency"))
	}
	if r.ratio(1, 1) == 0 {
		err = errors.Join(err, bare("Muon", "Adjust learning rate function "+r.AdjustLR+" is not supported"))
	}
	return err
}

// CheckShape returns an error for everything but matrices.
func (r Muon) CheckShape(shape tensor.Shape) error {
	if len(shape) != 2 {
		return fmt.Errorf("%w: Muon only supports 2D parameters whereas we found a parameter with size: %v",
			tensor.ErrShape, []int(shape))
	}
	return nil
}

// Work returns the size of X and of what Newton-Schulz steps need.
func (r Muon) Work(shape tensor.Shape) int { return newtonSchulzWork(shape[0], shape[1]) }

// ratio returns r, or 0 for an AdjustLR that is not known.
func (r Muon) ratio(m, n float64) float64 {
	switch r.AdjustLR {
	case "", "original":
		return math.Sqrt(max(1, m/n))
	case "match_rms_adamw":
		return 0.2 * math.Sqrt(max(m, n))
	case "spectral_unclamped":
		return math.Sqrt(m / n)
	}
	return 0
}

// Step32 takes one step in float32.
func (r Muon) Step32(s *Step[float32]) { muon(r, s) }

// Step64 takes one step in float64.
func (r Muon) Step64(s *Step[float64]) { muon(r, s) }

func muon[T tensor.Float](r Muon, s *Step[T]) {
	m, n, buf := s.Shape[0], s.Shape[1], s.State[0]
	c1, mu := T(1-r.Momentum), T(r.Momentum)
	grad := gradient[T](r.Maximize, 0)
	x, work := s.Work[:m*n], s.Work[m*n:]
	for k, g := range s.Grad {
		g = grad.at(g, 0)
		buf[k] = lerp(buf[k], g, c1)
		if r.Nesterov {
			x[k] = lerp(g, buf[k], mu)
		} else {
			x[k] = buf[k]
		}
	}
	x = newtonSchulz(x, work, m, n, [3]T{T(r.A), T(r.B), T(r.C)}, T(r.Eps), int(r.NSSteps))
	keep, lr := T(1-float64(r.LR*r.WeightDecay)), T(-r.LR*r.ratio(float64(m), float64(n)))
	for k, p := range s.Param {
		s.Param[k] = T(p*keep) + T(lr*x[k])
	}
}
