package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Gather returns the elements of x that stand at the places index along axis. index
// has the rank of x, and y its shape; for the first axis of three:
//
//	y[i, j, k] = x[index[i, j, k], j, k]
//	x̄[i, j, k] = Σ ȳ[h, j, k] over the h with index[h, j, k] = i
//
// Places are whole numbers from 0 on, in the dtype of the graph; index has no
// gradient. At any other number, also a negative one, y is NaN and x gets no
// gradient from it. On the other axes index may be shorter than x, not longer.
//
// It matches torch.gather, which takes integers and refuses those out of range. It
// records [ErrShape] for a bad axis, other ranks, and an index that is too long.
func Gather(x *Node, axis int, index *Node) *Node {
	if bad := firstInvalid("Gather", x, index); bad != nil {
		return bad
	}
	a, bad := indexAxis("Gather", x, axis)
	if bad != nil {
		return bad
	}
	part, err := cut(x, index, a)
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Gather", err, x.Shape(), index.Shape())
	}
	return as("Gather", apply(gather{Axis: a}, part, index), x, index)
}

// ScatterAdd returns x with each element of src added at the place along axis that
// index has for it; for the first axis of three:
//
//	y[i, j, k] = x[i, j, k] + Σ src[h, j, k] over the h with index[h, j, k] = i
//	x̄ = ȳ, the gradient of src[i, j, k] is ȳ[index[i, j, k], j, k]
//
// x, index and src have one rank. index may be shorter than src, whose other
// elements are not used then, and on the other axes than axis shorter than x. Places
// are as in [Gather]: at a number that is none, nothing is added, and src gets no
// gradient. Terms are summed from the first to the last, and x is added in the end.
//
// It matches torch.scatter_add, which takes integers, refuses those out of range,
// and has no gradient where index is shorter than src. It records [ErrShape] for a
// bad axis and shapes that do not fit.
func ScatterAdd(x *Node, axis int, index, src *Node) *Node {
	if bad := firstInvalid("ScatterAdd", x, index, src); bad != nil {
		return bad
	}
	a, bad := indexAxis("ScatterAdd", x, axis)
	if bad != nil {
		return bad
	}
	part, err := cut(src, index, -1)
	if err == nil {
		err = checkWithin(x, index, a)
	}
	if err != nil {
		return Invalid(x.Graph(), "autodiff.ScatterAdd", err, x.Shape(), index.Shape(), src.Shape())
	}
	sum := apply(scatter{Axis: a, Size: Dim(x, a)}, index, part)
	if nodeErr(sum) == nil {
		for i, n := range sum.Shape() {
			if more := Dim(x, i) - n; more > 0 {
				sum = surround(sum, i, 0, more, 0)
			}
		}
	}
	return as("ScatterAdd", Add(x, sum), x, index, src)
}

// IndexSelect returns the parts of x at the places index, a vector, along axis; for
// the first axis:
//
//	y[i, ...] = x[index[i], ...]
//	x̄[i, ...] = Σ ȳ[h, ...] over the h with index[h] = i
//
// Places are as in [Gather]. It matches torch.index_select, which takes integers and
// refuses those out of range. It records [ErrShape] for a bad axis and an index that
// is not a vector.
func IndexSelect(x *Node, axis int, index *Node) *Node {
	if bad := firstInvalid("IndexSelect", x, index); bad != nil {
		return bad
	}
	a, bad := indexAxis("IndexSelect", x, axis)
	if bad != nil {
		return bad
	}
	return apply(indexSelect{Axis: a}, x, index)
}

// indexAxis returns axis as a number from 0 on, or an invalid node that names fn.
func indexAxis(fn string, x *Node, axis int) (int, *Node) {
	if nodeErr(x) != nil {
		return 0, firstInvalid(fn, x)
	}
	a, err := tensor.Axis(axis, Rank(x))
	if err != nil {
		return 0, Invalid(x.Graph(), "autodiff."+fn, err, x.Shape())
	}
	return a, nil
}

// checkWithin reports an index that has another rank than x, or is longer on
// another axis than the given one.
func checkWithin(x, index *Node, axis int) error {
	in := []tensor.Shape{x.Shape(), index.Shape()}
	if len(in[0]) != len(in[1]) {
		return shapeError(in, "ranks differ")
	}
	for i, n := range in[1] {
		if i != axis && n > in[0][i] {
			return shapeError(in, "the index is longer on axis %d", i)
		}
	}
	return nil
}

// cut returns the first elements of x, as many as index has on each axis but the
// given one.
func cut(x, index *Node, axis int) (*Node, error) {
	if err := checkWithin(x, index, axis); err != nil {
		return nil, err
	}
	for i, n := range index.Shape() {
		if i != axis && n < Dim(x, i) {
			x = Slice(x, i, 0, n)
		}
	}
	return x, nil
}

// around returns the sizes of what is before an axis, the axis, and what is behind.
func around(s tensor.Shape, axis int) (outer, n, inner int) {
	return tensor.Size(s[:axis]), s[axis], tensor.Size(s[axis+1:])
}

// outside returns what is taken at an index that is no place: NaN, or 0 where the
// result is a gradient.
func outside[T tensor.Float](zero bool) T {
	if zero {
		return 0
	}
	return T(math.NaN())
}

// gather takes elements of x at places along an axis. At a number that is no place
// it is NaN, or 0 when Zero.
type gather struct {
	Axis int
	Zero bool
}

func (gather) Name() string                  { return "Gather" }
func (gather) Differentiable(input int) bool { return input == 0 }
func (p gather) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(scatter{Axis: p.Axis, Size: Dim(x[0], p.Axis)}, x[1], dy), nil}
}

func (p gather) Shape(in []tensor.Shape) (tensor.Shape, error) {
	want := in[1].Clone()
	want[p.Axis] = in[0][p.Axis]
	if !slices.Equal(want, in[0]) {
		return nil, shapeError(in, "differ outside of axis %d", p.Axis)
	}
	return in[1], nil
}

func (p gather) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindGather(p, dst, in[0], in[1])
}
func (p gather) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindGather(p, dst, in[0], in[1])
}

func bindGather[T tensor.Float](p gather, dst, x, index *tensor.Array[T]) func() {
	outer, m, inner := around(dst.Shape, p.Axis)
	n := x.Shape[p.Axis]
	return func() { kernel.Gather(dst.Data, x.Data, index.Data, outer, m, n, inner, outside[T](p.Zero)) }
}

// scatter is the transpose of a gather: it adds elements at places along an axis, in
// zeros of length Size. Its inputs are the index and what is added.
type scatter struct{ Axis, Size int }

func (scatter) Name() string                  { return "Scatter" }
func (scatter) Differentiable(input int) bool { return input == 1 }
func (p scatter) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{nil, apply(gather{Axis: p.Axis, Zero: true}, dy, x[0])}
}

func (p scatter) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !slices.Equal(in[0], in[1]) {
		return nil, shapeError(in, "differ")
	}
	out := in[0].Clone()
	out[p.Axis] = p.Size
	return out, nil
}

func (p scatter) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindScatter(p, dst, in[0], in[1])
}
func (p scatter) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindScatter(p, dst, in[0], in[1])
}

func bindScatter[T tensor.Float](p scatter, dst, index, src *tensor.Array[T]) func() {
	outer, m, inner := around(src.Shape, p.Axis)
	return func() { kernel.Scatter(dst.Data, index.Data, src.Data, outer, m, p.Size, inner) }
}

// indexSelect takes whole parts of x at places along an axis; see gather.
type indexSelect struct {
	Axis int
	Zero bool
}

func (indexSelect) Name() string                  { return "IndexSelect" }
func (indexSelect) Differentiable(input int) bool { return input == 0 }
func (p indexSelect) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(indexAdd{Axis: p.Axis, Size: Dim(x[0], p.Axis)}, x[1], dy), nil}
}

func (p indexSelect) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if len(in[1]) != 1 {
		return nil, shapeError(in, "want a vector as the index")
	}
	out := in[0].Clone()
	out[p.Axis] = in[1][0]
	return out, nil
}

func (p indexSelect) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindIndexSelect(p, dst, in[0], in[1])
}
func (p indexSelect) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindIndexSelect(p, dst, in[0], in[1])
}

func bindIndexSelect[T tensor.Float](p indexSelect, dst, x, index *tensor.Array[T]) func() {
	outer, m, inner := around(dst.Shape, p.Axis)
	n := x.Shape[p.Axis]
	return func() { kernel.Take(dst.Data, x.Data, index.Data, outer, m, n, inner, outside[T](p.Zero)) }
}

// indexAdd is the transpose of an indexSelect, as scatter is of a gather.
type indexAdd struct{ Axis, Size int }

func (indexAdd) Name() string                  { return "IndexAdd" }
func (indexAdd) Differentiable(input int) bool { return input == 1 }
func (p indexAdd) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{nil, apply(indexSelect{Axis: p.Axis, Zero: true}, dy, x[0])}
}

func (p indexAdd) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out := in[1].Clone()
	out[p.Axis] = p.Size
	return out, nil
}

func (p indexAdd) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindIndexAdd(p, dst, in[0], in[1])
}
func (p indexAdd) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindIndexAdd(p, dst, in[0], in[1])
}

func bindIndexAdd[T tensor.Float](p indexAdd, dst, index, src *tensor.Array[T]) func() {
	outer, m, inner := around(src.Shape, p.Axis)
	return func() { kernel.AddRows(dst.Data, index.Data, src.Data, outer, m, p.Size, inner) }
}
