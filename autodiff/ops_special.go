package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/internal/kernel"
)

// Exp2 returns 2ˣ, elementwise.
//
//	x̄ = ȳ·y·ln 2
//
// It matches torch.exp2.
func Exp2(x *Node) *Node { return apply(exp2{}, x) }

type exp2 struct{ pointwise }

func (exp2) Name() string                       { return "Exp2" }
func (exp2) Map32(dst []float32, x [][]float32) { kernel.Exp2(dst, x[0]) }
func (exp2) Map64(dst []float64, x [][]float64) { kernel.Exp2(dst, x[0]) }
func (exp2) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(Mul(dy, y), math.Ln2)} }

// Log2 returns the logarithm of x to base 2; NaN for x < 0 and −Inf for 0,
// elementwise.
//
//	x̄ = ȳ/(x·ln 2)
//
// It matches torch.log2.
func Log2(x *Node) *Node { return apply(log2{}, x) }

type log2 struct{ pointwise }

func (log2) Name() string                       { return "Log2" }
func (log2) Map32(dst []float32, x [][]float32) { kernel.Log2(dst, x[0]) }
func (log2) Map64(dst []float64, x [][]float64) { kernel.Log2(dst, x[0]) }
func (log2) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Mul(x[0], math.Ln2))} }

// Log10 returns the logarithm of x to base 10; NaN for x < 0 and −Inf for 0,
// elementwise.
//
//	x̄ = ȳ/(x·ln 10)
//
// It matches torch.log10.
func Log10(x *Node) *Node { return apply(log10{}, x) }

type log10 struct{ pointwise }

func (log10) Name() string                       { return "Log10" }
func (log10) Map32(dst []float32, x [][]float32) { kernel.Log10(dst, x[0]) }
func (log10) Map64(dst []float64, x [][]float64) { kernel.Log10(dst, x[0]) }
func (log10) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Mul(x[0], math.Ln10))} }

// Erf returns the error function 2/√π ∫₀ˣ exp(−t²) dt, elementwise.
//
//	x̄ = ȳ·2/√π·exp(−x²)
//
// It matches torch.erf.
func Erf(x *Node) *Node { return apply(erf{}, x) }

type erf struct{ pointwise }

func (erf) Name() string                       { return "Erf" }
func (erf) Map32(dst []float32, x [][]float32) { kernel.Erf(dst, x[0]) }
func (erf) Map64(dst []float64, x [][]float64) { kernel.Erf(dst, x[0]) }
func (erf) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, erfSlope(x[0]))} }

// Erfc returns 1 − erf x, exact also where that is tiny, elementwise.
//
//	x̄ = −ȳ·2/√π·exp(−x²)
//
// It matches torch.erfc.
func Erfc(x *Node) *Node { return apply(erfc{}, x) }

type erfc struct{ pointwise }

func (erfc) Name() string                       { return "Erfc" }
func (erfc) Map32(dst []float32, x [][]float32) { kernel.Erfc(dst, x[0]) }
func (erfc) Map64(dst []float64, x [][]float64) { kernel.Erfc(dst, x[0]) }
func (erfc) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Neg(Mul(dy, erfSlope(x[0])))} }

func erfSlope(x *Node) *Node { return Mul(Exp(Neg(Square(x))), 2/math.SqrtPi) }

// LogSigmoid returns ln sigmoid x = −ln(1 + e⁻ˣ), exact for x of any size,
// elementwise.
//
//	x̄ = ȳ·sigmoid(−x)
//
// It matches torch.nn.functional.logsigmoid.
func LogSigmoid(x *Node) *Node { return apply(logSigmoid{}, x) }

type logSigmoid struct{ pointwise }

func (logSigmoid) Name() string                       { return "LogSigmoid" }
func (logSigmoid) Map32(dst []float32, x [][]float32) { kernel.LogSigmoid(dst, x[0]) }
func (logSigmoid) Map64(dst []float64, x [][]float64) { kernel.LogSigmoid(dst, x[0]) }
func (logSigmoid) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Sigmoid(Neg(x[0])))} }

// Logaddexp returns ln(eᵃ + eᵇ) without overflow, elementwise with broadcasting.
//
//	ā = ȳ·sigmoid(a − b), b̄ = ȳ·sigmoid(b − a)
//
// It matches torch.logaddexp; the same over an axis is [LogSumExp].
func Logaddexp[A, B Operand](a A, b B) *Node { return applyBinary(logaddexp{}, a, b) }

type logaddexp struct{ pointwise }

func (logaddexp) Name() string                       { return "Logaddexp" }
func (logaddexp) Map32(dst []float32, x [][]float32) { kernel.Logaddexp(dst, x[0], x[1]) }
func (logaddexp) Map64(dst []float64, x [][]float64) { kernel.Logaddexp(dst, x[0], x[1]) }
func (logaddexp) VJP(x []*Node, y, dy *Node) []*Node {
	d := Sub(x[0], x[1])
	return []*Node{Mul(dy, Sigmoid(d)), Mul(dy, Sigmoid(Neg(d)))}
}

// Xlogy returns a·ln b, and 0 for a = 0 unless b is NaN, elementwise with
// broadcasting.
//
//	ā = ȳ·ln b (0 where a = 0 and b ≤ 0), b̄ = ȳ·a/b
//
// It matches torch.xlogy.
func Xlogy[A, B Operand](a A, b B) *Node { return applyBinary(xlogy{}, a, b) }

type xlogy struct{ pointwise }

func (xlogy) Name() string                       { return "Xlogy" }
func (xlogy) Map32(dst []float32, x [][]float32) { kernel.Xlogy(dst, x[0], x[1]) }
func (xlogy) Map64(dst []float64, x [][]float64) { kernel.Xlogy(dst, x[0], x[1]) }
func (xlogy) VJP(x []*Node, y, dy *Node) []*Node {
	a, b := x[0], x[1]
	return []*Node{Where(Mul(Eq(a, 0), Le(b, 0)), 0, Xlogy(dy, b)), Div(Mul(dy, a), b)}
}

// Lerp returns a + w·(b − a), elementwise with broadcasting: a for w = 0 and b for
// w = 1, exactly. The weight is a node or a number.
//
//	ā = ȳ·(1 − w), b̄ = ȳ·w, w̄ = ȳ·(b − a)
//
// It matches torch.lerp.
func Lerp[W Operand](a, b *Node, w W) *Node {
	weight, ok := any(w).(*Node)
	if !ok {
		weight = likeIfValid(a, w)
	}
	return apply(lerp{}, a, b, weight)
}

type lerp struct{ pointwise }

func (lerp) Name() string                       { return "Lerp" }
func (lerp) Map32(dst []float32, x [][]float32) { kernel.Lerp(dst, x[0], x[1], x[2]) }
func (lerp) Map64(dst []float64, x [][]float64) { kernel.Lerp(dst, x[0], x[1], x[2]) }
func (lerp) VJP(x []*Node, y, dy *Node) []*Node {
	a, b, w := x[0], x[1], x[2]
	return []*Node{Mul(dy, Sub(1, w)), Mul(dy, w), Mul(dy, Sub(b, a))}
}
