package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// pointwise supplies the shape rule of elementwise primitives: NumPy broadcasting.
type pointwise struct{}

func (pointwise) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }

// broadcasting is implemented by primitives whose gradient rules take arguments of any shapes that broadcast.
type broadcasting interface{ broadcasts() }

func (pointwise) broadcasts() {}

// Add returns a + b, elementwise with broadcasting. Like every function here
// that takes an [Operand], it accepts Go numbers.
//
//	ā = ȳ, b̄ = ȳ
//
// It matches torch.add.
func Add[A, B Operand](a A, b B) *Node { return applyBinary(add{}, a, b) }

type add struct{ pointwise }

func (add) Name() string                       { return "Add" }
func (add) Map32(dst []float32, x [][]float32) { kernel.Add(dst, x[0], x[1]) }
func (add) Map64(dst []float64, x [][]float64) { kernel.Add(dst, x[0], x[1]) }
func (add) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{dy, dy} }

// Sub returns a − b, elementwise with broadcasting.
//
//	ā = ȳ, b̄ = −ȳ
//
// It matches torch.sub.
func Sub[A, B Operand](a A, b B) *Node { return applyBinary(sub{}, a, b) }

type sub struct{ pointwise }

func (sub) Name() string                       { return "Sub" }
func (sub) Map32(dst []float32, x [][]float32) { kernel.Sub(dst, x[0], x[1]) }
func (sub) Map64(dst []float64, x [][]float64) { kernel.Sub(dst, x[0], x[1]) }
func (sub) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{dy, Neg(summedTo(dy, x[1]))} }

// Mul returns a·b, elementwise with broadcasting.
//
//	ā = ȳ·b, b̄ = ȳ·a
//
// It matches torch.mul; the product of matrices is [MatMul].
func Mul[A, B Operand](a A, b B) *Node { return applyBinary(mul{}, a, b) }

type mul struct{ pointwise }

func (mul) Name() string                       { return "Mul" }
func (mul) Map32(dst []float32, x [][]float32) { kernel.Mul(dst, x[0], x[1]) }
func (mul) Map64(dst []float64, x [][]float64) { kernel.Mul(dst, x[0], x[1]) }
func (mul) VJP(x []*Node, y, dy *Node) []*Node {
	if x[0] == x[1] && isExpand(dy) { // one term of x·x, 2ȳ·x: 2ȳ has as few elements as ȳ repeats
		return []*Node{Mul(Mul(dy, 2), x[0]), nil}
	}
	return []*Node{Mul(dy, x[1]), Mul(dy, x[0])}
}

func isExpand(n *Node) bool {
	o, _ := n.Op().(*op)
	return o.isExpand()
}

// isExpand reports that o repeats elements. A leaf, which has no operation, does not.
func (o *op) isExpand() bool {
	if o == nil {
		return false
	}
	_, ok := o.prim.(expand)
	return ok
}

// Div returns a/b, elementwise with broadcasting.
//
//	ā = ȳ/b, b̄ = −ȳ·y/b
//
// It matches torch.div.
func Div[A, B Operand](a A, b B) *Node { return applyBinary(div{}, a, b) }

type div struct{ pointwise }

func (div) Name() string                       { return "Div" }
func (div) Map32(dst []float32, x [][]float32) { kernel.Div(dst, x[0], x[1]) }
func (div) Map64(dst []float64, x [][]float64) { kernel.Div(dst, x[0], x[1]) }
func (div) VJP(x []*Node, y, dy *Node) []*Node {
	b := x[1]
	if !slices.Equal(shapeOf(b), shapeOf(y)) { // the sum has fewer elements to divide
		return []*Node{Div(dy, b), Neg(Div(summedTo(Mul(dy, y), b), b))}
	}
	return []*Node{Div(dy, b), Neg(Mul(dy, Div(y, b)))}
}

// Pow returns aᵇ, elementwise with broadcasting.
//
//	ā = ȳ·b·aᵇ⁻¹ (0 where b = 0), b̄ = ȳ·y·ln a (0 where a = 0 and b ≥ 0)
//
// As torch.pow, exponents that are the Go numbers 0, 1, 2, 3, ½ and −1 are computed
// without a power. Other powers are right to 1 ulp, with the special cases of math.Pow.
func Pow[A, B Operand](a A, b B) *Node {
	if x, ok := any(a).(*Node); ok {
		if _, ok := any(b).(*Node); !ok {
			switch number(b) {
			case 0: // 1 for every x, NaN too, so that no derivative of any order is NaN
				return as("Pow", Expand(likeIfValid(x, 1), Shape(x)...), x)
			case 1:
				return as("Pow", Mul(x, 1), x)
			case 2:
				return as("Pow", Mul(x, x), x)
			case 3:
				return as("Pow", Mul(Mul(x, x), x), x)
			case 0.5:
				return as("Pow", Sqrt(x), x)
			case -1:
				return as("Pow", Div(1, x), x)
			}
		}
	}
	return applyBinary(pow{}, a, b)
}

type pow struct{ pointwise }

func (pow) Name() string                       { return "Pow" }
func (pow) Map32(dst []float32, x [][]float32) { kernel.Pow(dst, x[0], x[1]) }
func (pow) Map64(dst []float64, x [][]float64) { kernel.Pow(dst, x[0], x[1]) }
func (pow) VJP(x []*Node, y, dy *Node) []*Node {
	a, b := x[0], x[1]
	da := Where(Eq(b, 0), 0, Mul(dy, Mul(b, applyBinary(pow{}, a, Sub(b, 1)))))
	db := Where(Mul(Eq(a, 0), Ge(b, 0)), 0, Mul(dy, Mul(y, Log(a))))
	return []*Node{da, db}
}

// Maximum returns the larger of a and b, elementwise with broadcasting; NaN if
// either is NaN. Where a = b each gets half of the gradient.
//
// It matches torch.maximum; the largest element along an axis is [Max].
func Maximum[A, B Operand](a A, b B) *Node { return applyBinary(maximum{}, a, b) }

type maximum struct{ pointwise }

func (maximum) Name() string                       { return "Maximum" }
func (maximum) Map32(dst []float32, x [][]float32) { kernel.Max(dst, x[0], x[1]) }
func (maximum) Map64(dst []float64, x [][]float64) { kernel.Max(dst, x[0], x[1]) }
func (maximum) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{winner(dy, Lt(x[0], x[1]), x), winner(dy, Lt(x[1], x[0]), x)}
}

// Minimum returns the smaller of a and b, elementwise with broadcasting; NaN if
// either is NaN. Where a = b each gets half of the gradient.
//
// It matches torch.minimum; the smallest element along an axis is [Min].
func Minimum[A, B Operand](a A, b B) *Node { return applyBinary(minimum{}, a, b) }

type minimum struct{ pointwise }

func (minimum) Name() string                       { return "Minimum" }
func (minimum) Map32(dst []float32, x [][]float32) { kernel.Min(dst, x[0], x[1]) }
func (minimum) Map64(dst []float64, x [][]float64) { kernel.Min(dst, x[0], x[1]) }
func (minimum) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{winner(dy, Gt(x[0], x[1]), x), winner(dy, Gt(x[1], x[0]), x)}
}

// winner returns the share of dy of one operand of a maximum or minimum: none
// where it lost, half where both are equal.
func winner(dy, lost *Node, x []*Node) *Node {
	return Where(lost, 0, Where(Eq(x[0], x[1]), Mul(dy, 0.5), dy))
}
