package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

// Asin returns the arc sine of x, NaN outside of [−1, 1], elementwise.
//
//	x̄ = ȳ/√(1 − x²), infinite at ±1
//
// It matches torch.asin.
func Asin(x *Node) *Node { return apply(asin{}, x) }

type asin struct{ pointwise }

func (asin) Name() string                       { return "Asin" }
func (asin) Map32(dst []float32, x [][]float32) { kernel.Asin(dst, x[0]) }
func (asin) Map64(dst []float64, x [][]float64) { kernel.Asin(dst, x[0]) }
func (asin) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Div(dy, Sqrt(Sub(1, Square(x[0]))))}
}

// Acos returns the arc cosine of x, NaN outside of [−1, 1], elementwise.
//
//	x̄ = −ȳ/√(1 − x²), infinite at ±1
//
// It matches torch.acos.
func Acos(x *Node) *Node { return apply(acos{}, x) }

type acos struct{ pointwise }

func (acos) Name() string                       { return "Acos" }
func (acos) Map32(dst []float32, x [][]float32) { kernel.Acos(dst, x[0]) }
func (acos) Map64(dst []float64, x [][]float64) { kernel.Acos(dst, x[0]) }
func (acos) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Neg(Div(dy, Sqrt(Sub(1, Square(x[0])))))}
}

// Atan returns the arc tangent of x, elementwise.
//
//	x̄ = ȳ/(x² + 1)
//
// It matches torch.atan.
func Atan(x *Node) *Node { return apply(atan{}, x) }

type atan struct{ pointwise }

func (atan) Name() string                       { return "Atan" }
func (atan) Map32(dst []float32, x [][]float32) { kernel.Atan(dst, x[0]) }
func (atan) Map64(dst []float64, x [][]float64) { kernel.Atan(dst, x[0]) }
func (atan) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Add(Square(x[0]), 1))} }

// Atan2 returns the angle of the point (b, a), in [−π, π], elementwise with
// broadcasting: arctan(a/b) in the right quadrant.
//
//	ā = ȳ·b/(a² + b²), b̄ = −ȳ·a/(a² + b²), NaN where both are 0
//
// It matches torch.atan2.
func Atan2[A, B Operand](a A, b B) *Node { return applyBinary(atan2{}, a, b) }

type atan2 struct{ pointwise }

func (atan2) Name() string                       { return "Atan2" }
func (atan2) Map32(dst []float32, x [][]float32) { kernel.Atan2(dst, x[0], x[1]) }
func (atan2) Map64(dst []float64, x [][]float64) { kernel.Atan2(dst, x[0], x[1]) }
func (atan2) VJP(x []*Node, y, dy *Node) []*Node {
	r := Reciprocal(Add(Square(x[0]), Square(x[1])))
	return []*Node{Mul(dy, Mul(x[1], r)), Neg(Mul(dy, Mul(x[0], r)))}
}

// Hypot returns √(a² + b²) without overflow, elementwise with broadcasting.
//
//	ā = ȳ·a/y, b̄ = ȳ·b/y, NaN where both are 0
//
// It matches torch.hypot.
func Hypot[A, B Operand](a A, b B) *Node { return applyBinary(hypot{}, a, b) }

type hypot struct{ pointwise }

func (hypot) Name() string                       { return "Hypot" }
func (hypot) Map32(dst []float32, x [][]float32) { kernel.Hypot(dst, x[0], x[1]) }
func (hypot) Map64(dst []float64, x [][]float64) { kernel.Hypot(dst, x[0], x[1]) }
func (hypot) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Mul(dy, Div(x[0], y)), Mul(dy, Div(x[1], y))}
}

// Sinh returns (eˣ − e⁻ˣ)/2, elementwise.
//
//	x̄ = ȳ·cosh x
//
// It matches torch.sinh.
func Sinh(x *Node) *Node { return apply(sinh{}, x) }

type sinh struct{ pointwise }

func (sinh) Name() string                       { return "Sinh" }
func (sinh) Map32(dst []float32, x [][]float32) { kernel.Sinh(dst, x[0]) }
func (sinh) Map64(dst []float64, x [][]float64) { kernel.Sinh(dst, x[0]) }
func (sinh) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Cosh(x[0]))} }

// Cosh returns (eˣ + e⁻ˣ)/2, elementwise.
//
//	x̄ = ȳ·sinh x
//
// It matches torch.cosh.
func Cosh(x *Node) *Node { return apply(cosh{}, x) }

type cosh struct{ pointwise }

func (cosh) Name() string                       { return "Cosh" }
func (cosh) Map32(dst []float32, x [][]float32) { kernel.Cosh(dst, x[0]) }
func (cosh) Map64(dst []float64, x [][]float64) { kernel.Cosh(dst, x[0]) }
func (cosh) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Sinh(x[0]))} }

// Asinh returns the inverse of sinh at x, elementwise.
//
//	x̄ = ȳ/√(x² + 1)
//
// It matches torch.asinh.
func Asinh(x *Node) *Node { return apply(asinh{}, x) }

type asinh struct{ pointwise }

func (asinh) Name() string                       { return "Asinh" }
func (asinh) Map32(dst []float32, x [][]float32) { kernel.Asinh(dst, x[0]) }
func (asinh) Map64(dst []float64, x [][]float64) { kernel.Asinh(dst, x[0]) }
func (asinh) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Div(dy, Sqrt(Add(Square(x[0]), 1)))}
}

// Acosh returns the inverse of cosh at x, not below 0; NaN for x < 1, elementwise.
//
//	x̄ = ȳ/√(x² − 1), infinite at 1
//
// It matches torch.acosh.
func Acosh(x *Node) *Node { return apply(acosh{}, x) }

type acosh struct{ pointwise }

func (acosh) Name() string                       { return "Acosh" }
func (acosh) Map32(dst []float32, x [][]float32) { kernel.Acosh(dst, x[0]) }
func (acosh) Map64(dst []float64, x [][]float64) { kernel.Acosh(dst, x[0]) }
func (acosh) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Div(dy, Sqrt(Sub(Square(x[0]), 1)))}
}

// Atanh returns the inverse of tanh at x: infinite at ±1 and NaN beyond,
// elementwise.
//
//	x̄ = ȳ/(1 − x²)
//
// It matches torch.atanh.
func Atanh(x *Node) *Node { return apply(atanh{}, x) }

type atanh struct{ pointwise }

func (atanh) Name() string                       { return "Atanh" }
func (atanh) Map32(dst []float32, x [][]float32) { kernel.Atanh(dst, x[0]) }
func (atanh) Map64(dst []float64, x [][]float64) { kernel.Atanh(dst, x[0]) }
func (atanh) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Sub(1, Square(x[0])))} }
