package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Sum returns the sum of x over the given axes, which the result does not have
// any more; without axes, over all of them. Negative axes count from the last.
// Sums are pairwise, so that their error grows with the logarithm of the length.
// That of all elements is the sum of the sums of the rows, if these are long.
//
//	x̄ = ȳ, repeated along the axes
//
// It matches torch.sum. It records [ErrShape] for a bad axis.
func Sum(x *Node, axes ...int) *Node { return reduce(x, newSum, axes, false) }

// SumKeep is [Sum] with the axes kept, of size 1: torch's keepdim.
func SumKeep(x *Node, axes ...int) *Node {
	return as("SumKeep", reduce(x, newSum, axes, true), x)
}

// Max returns the largest element of x over the given axes, NaN if there is a
// NaN. Elements that tie share the gradient equally.
//
//	x̄ = ȳ·[x = y] / number of x = y
//
// It matches torch.amax; see [Sum] for axes and errors.
func Max(x *Node, axes ...int) *Node { return reduce(x, newMax, axes, false) }

// MaxKeep is [Max] with the axes kept, of size 1.
func MaxKeep(x *Node, axes ...int) *Node {
	return as("MaxKeep", reduce(x, newMax, axes, true), x)
}

// Min returns the smallest element of x over the given axes, as [Max] does the
// largest. It matches torch.amin.
func Min(x *Node, axes ...int) *Node { return reduce(x, newMin, axes, false) }

// MinKeep is [Min] with the axes kept, of size 1.
func MinKeep(x *Node, axes ...int) *Node {
	return as("MinKeep", reduce(x, newMin, axes, true), x)
}

// Mean returns the arithmetic mean of x over the given axes: [Sum] divided by
// the number of elements. It matches torch.mean.
func Mean(x *Node, axes ...int) *Node { return as("Mean", mean(x, axes, false), x) }

// MeanKeep is [Mean] with the axes kept, of size 1.
func MeanKeep(x *Node, axes ...int) *Node {
	return as("MeanKeep", mean(x, axes, true), x)
}

func mean(x *Node, axes []int, keep bool) *Node {
	s := reduce(x, newSum, axes, keep)
	if nodeErr(s) != nil {
		return s
	}
	return Div(s, tensor.Size(x.Shape())/tensor.Size(s.Shape()))
}

func newSum(r reduction) Primitive { return sum{r} }
func newMax(r reduction) Primitive { return extremum{reduction: r} }
func newMin(r reduction) Primitive { return extremum{reduction: r, Smallest: true} }

// reduce applies a reduction to x with its axes normalised.
func reduce(x *Node, reducer func(reduction) Primitive, axes []int, keep bool) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(reducer(reduction{}).Name(), x)
	}
	axes, err := tensor.Axes(axes, Rank(x))
	if err != nil {
		return Invalid(x.Graph(), "autodiff."+reducer(reduction{}).Name(), err, x.Shape())
	}
	return apply(reducer(reduction{Axes: axes, Keep: keep}), x)
}

// reduction is embedded in primitives that reduce the sorted Axes of their input.
type reduction struct {
	Axes []int
	Keep bool
}

func (r reduction) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Reduce(in[0], r.Axes, r.Keep), nil
}

// Flops is one for each element of x.
func (reduction) Flops(in []tensor.Shape, _ tensor.Shape) float64 {
	return float64(tensor.Size(in[0]))
}

// keepAxes returns y with the reduced axes of x back in place, of size 1.
func (r reduction) keepAxes(x, y *Node) *Node {
	return Reshape(y, tensor.Reduce(x.Shape(), r.Axes, true)...)
}

type sum struct{ reduction }

func (sum) Name() string { return "Sum" }
func (s sum) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSum(s.Axes, dst, in[0])
}
func (s sum) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSum(s.Axes, dst, in[0])
}
func (s sum) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Expand(s.keepAxes(x[0], dy), x[0].Shape()...)}
}

// shortRow is the number of elements from which on rows are summed one by one where all elements are.
const shortRow = 64

// rowAxis returns from which axis on the elements of an array of that shape are a row, if its sum over axes is
// that of all elements: the last axes with at least shortRow of them. It is 0 if there are no such rows. Such a
// sum is that of the sums of the rows, which a row program has along with what it sums, and which processors divide.
func rowAxis(axes []int, shape tensor.Shape) int {
	if len(axes) < len(shape) {
		return 0
	}
	first, length := len(shape), 1
	for first > 0 && length < shortRow {
		first--
		length *= shape[first]
	}
	if length > maxRow || tensor.Size(shape[:first]) < 2 {
		return 0
	}
	return first
}

// bindSum is bindReduce of a sum.
func bindSum[T tensor.Float](axes []int, dst, x *tensor.Array[T]) func() {
	first := rowAxis(axes, x.Shape)
	if first == 0 {
		return bindReduce(axes, dst, x, kernel.SumAxis[T])
	}
	rows := &tensor.Array[T]{Shape: x.Shape[:first], Data: make([]T, tensor.Size(x.Shape[:first]))}
	ofRows := bindReduce(axes[first:], rows, x, kernel.SumAxis[T])
	ofSums := bindReduce(axes[:first], dst, rows, kernel.SumAxis[T])
	return func() {
		ofRows()
		ofSums()
	}
}

// extremum is the largest or smallest element over axes.
type extremum struct {
	reduction
	Smallest bool
}

func (e extremum) Name() string {
	if e.Smallest {
		return "Min"
	}
	return "Max"
}
func (e extremum) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	if e.Smallest {
		return bindReduce(e.Axes, dst, in[0], kernel.MinAxis[float32])
	}
	return bindReduce(e.Axes, dst, in[0], kernel.MaxAxis[float32])
}
func (e extremum) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	if e.Smallest {
		return bindReduce(e.Axes, dst, in[0], kernel.MinAxis[float64])
	}
	return bindReduce(e.Axes, dst, in[0], kernel.MaxAxis[float64])
}
func (e extremum) VJP(x []*Node, y, dy *Node) []*Node {
	best := Eq(x[0], e.keepAxes(x[0], y))
	share := Div(best, SumKeep(best, e.Axes...))
	return []*Node{Mul(e.keepAxes(x[0], dy), share)}
}

// axisReducer reduces the middle dimension of x, of shape (outer, n, inner).
type axisReducer[T tensor.Float] func(dst, x []T, outer, n, inner int)

// bindReduce reduces each run of adjacent axes in one pass, the last run first.
// dst has its reduced axes as 1 or not at all; either way the elements are the same.
func bindReduce[T tensor.Float](axes []int, dst, x *tensor.Array[T], reduce axisReducer[T]) func() {
	var passes []func()
	shape := x.Shape.Clone()
	for end := len(axes); end > 0; {
		start := end - 1
		for start > 0 && axes[start-1] == axes[start]-1 {
			start--
		}
		first, last := axes[start], axes[end-1]
		outer, n, inner := tensor.Size(shape[:first]), tensor.Size(shape[first:last+1]), tensor.Size(shape[last+1:])
		for a := first; a <= last; a++ {
			shape[a] = 1
		}
		to := dst
		if start > 0 {
			to = &tensor.Array[T]{Data: make([]T, outer*inner)}
		}
		passes = append(passes, reducePass(to, x, outer, n, inner, reduce))
		x, end = to, start
	}
	if len(passes) == 0 { // a scalar has no axes
		return func() { copy(dst.Data, x.Data) }
	}
	return func() {
		for _, pass := range passes {
			pass()
		}
	}
}

// reduceAtOnce is the number of elements that are worth a call by kernel.Parallel.
const reduceAtOnce = 1 << 15

// reducePass reduces the middle dimension of x to dst, several of the outer at a time.
func reducePass[T tensor.Float](dst, x *tensor.Array[T], outer, n, inner int, reduce axisReducer[T]) func() {
	if n == 1 {
		return func() { copy(dst.Data, x.Data) } // the sum of one element is that element, −0 too
	}
	return inParts(outer, max(reduceAtOnce/max(n*inner, 1), 1), func(from, to int) {
		reduce(dst.Data[from*inner:to*inner], x.Data[from*n*inner:to*n*inner], to-from, n, inner)
	})
}
