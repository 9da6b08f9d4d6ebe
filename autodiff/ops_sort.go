package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Sort returns the elements of x in ascending or descending order along axis, and
// the places they had, both in the shape of x.
//
//	values = Gather(x, axis, indices)
//	x̄[indices[i]] = ȳ[i], with ȳ the gradient of the values
//
// Equal elements stay in the order they have, −0 equals 0, and NaN is above +Inf.
// The indices are whole numbers in the dtype of the graph, as [Gather] takes them;
// they have no gradient.
//
// It matches torch.sort with stable=True. It records [ErrShape] for a bad axis, and
// in float32 for one of more than 2²⁴ elements, whose places are not all numbers.
func Sort(x *Node, axis int, descending bool) (values, indices *Node) {
	a, bad := sortAxis("Sort", x, axis)
	if bad != nil {
		return bad, bad
	}
	indices = as("Sort", apply(argsort{Axis: a, Descending: descending}, x), x)
	return apply(gather{Axis: a}, x, indices), indices
}

// Topk returns the k largest elements of x along axis, the largest first, and their
// places; or the k smallest, the smallest first.
//
//	values = the first k of Sort(x, axis, largest)
//	x̄[indices[i]] = ȳ[i], 0 elsewhere
//
// NaN is larger than +Inf. It matches torch.topk with sorted=True, which leaves open
// which of equal elements it takes: here it is the first of them, as in [Sort]. It
// records [ErrShape] as Sort does, and for k below 1 or above the length of the axis.
func Topk(x *Node, k, axis int, largest bool) (values, indices *Node) {
	a, bad := sortAxis("Topk", x, axis)
	if bad != nil {
		return bad, bad
	}
	if n := Dim(x, a); k < 1 || k > n {
		bad = Invalid(x.Graph(), "autodiff.Topk", shapeError([]tensor.Shape{x.Shape()}, "%d of the %d elements of axis %d", k, n, axis), x.Shape())
		return bad, bad
	}
	indices = as("Topk", Slice(apply(argsort{Axis: a, Descending: largest}, x), a, 0, k), x)
	return apply(gather{Axis: a}, x, indices), indices
}

// Argmax returns the place of the largest element of x along axis, which the result
// does not have any more: a whole number in the dtype of the graph. Of equal
// elements it is the first, and the first NaN if there is one. It has no gradient.
//
// It matches torch.argmax with dim. It records [ErrShape] for a bad axis, and in
// float32 for one of more than 2²⁴ elements.
func Argmax(x *Node, axis int) *Node {
	a, bad := sortAxis("Argmax", x, axis)
	if bad != nil {
		return bad
	}
	return apply(argExtremum{Axis: a}, x)
}

// Argmin returns the place of the smallest element of x along axis, as [Argmax] does
// of the largest. It matches torch.argmin with dim.
func Argmin(x *Node, axis int) *Node {
	a, bad := sortAxis("Argmin", x, axis)
	if bad != nil {
		return bad
	}
	return apply(argExtremum{Axis: a, Smallest: true}, x)
}

// sortAxis is indexAxis for functions whose results are places: each must be a
// number of the dtype.
func sortAxis(fn string, x *Node, axis int) (int, *Node) {
	a, bad := indexAxis(fn, x, axis)
	if bad != nil {
		return 0, bad
	}
	const most = 1 << 24 // float32 counts so far
	if x.Dtype() == tensor.Float32 && Dim(x, a) > most {
		err := shapeError([]tensor.Shape{x.Shape()}, "axis %d has more than %d elements, which float32 cannot number", axis, most)
		return 0, Invalid(x.Graph(), "autodiff."+fn, err, x.Shape())
	}
	return a, nil
}

// argsort is the places of the elements of an axis in the order of their size.
type argsort struct {
	Axis       int
	Descending bool
}

func (argsort) Name() string                                  { return "Argsort" }
func (argsort) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (argsort) Differentiable(int) bool                       { return false }
func (argsort) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{nil} }

func (p argsort) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindArgsort(p, dst, in[0])
}
func (p argsort) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindArgsort(p, dst, in[0])
}

func bindArgsort[T tensor.Float](p argsort, dst, x *tensor.Array[T]) func() {
	outer, n, inner := around(x.Shape, p.Axis)
	a, b := make([]kernel.Keyed, n), make([]kernel.Keyed, n)
	return func() { kernel.Argsort(dst.Data, x.Data, outer, n, inner, p.Descending, a, b) }
}

// argExtremum is the place of the largest or smallest element of an axis.
type argExtremum struct {
	Axis     int
	Smallest bool
}

func (p argExtremum) Name() string {
	if p.Smallest {
		return "Argmin"
	}
	return "Argmax"
}
func (p argExtremum) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Reduce(in[0], []int{p.Axis}, false), nil
}
func (argExtremum) Differentiable(int) bool            { return false }
func (argExtremum) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }

func (p argExtremum) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindArgExtremum(p, dst, in[0])
}
func (p argExtremum) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindArgExtremum(p, dst, in[0])
}

func bindArgExtremum[T tensor.Float](p argExtremum, dst, x *tensor.Array[T]) func() {
	outer, n, inner := around(x.Shape, p.Axis)
	if p.Smallest {
		return func() { kernel.ArgMin(dst.Data, x.Data, outer, n, inner) }
	}
	return func() { kernel.ArgMax(dst.Data, x.Data, outer, n, inner) }
}
