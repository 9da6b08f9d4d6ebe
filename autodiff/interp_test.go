package autodiff

import (
	"fmt"
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// interpreter computes nodes one at a time and keeps all of them. It is slow and
// plain: no operation is simplified, fused or shared, elements are found by their
// index, and sums are loops. Compiled programs must agree with it.
type interpreter[T tensor.Float] struct {
	importer *importer
	values   map[*Node]*tensor.Array[T]
	err      error // the first kernel that differs from its plain form
}

func newInterpreter[T tensor.Float]() *interpreter[T] {
	return &interpreter[T]{importer: newImporter(), values: make(map[*Node]*tensor.Array[T])}
}

// value returns the elements of n for the values that leaves have now.
func (in *interpreter[T]) value(n *Node) []T { return in.array(n).Data }

func (in *interpreter[T]) array(n *Node) *tensor.Array[T] {
	order, err := in.importer.topological(n)
	if err != nil {
		panic(err)
	}
	for _, n := range order {
		if in.values[n] != nil {
			continue
		}
		a := &tensor.Array[T]{Shape: n.Shape()}
		in.values[n] = a
		o, _ := in.importer.op(n)
		if o == nil {
			a.Data = leafElements[T](n)
			continue
		}
		args := make([]*tensor.Array[T], len(o.in))
		for i, x := range o.in {
			args[i] = in.values[x]
		}
		a.Data = in.apply(o.prim, a.Shape, args)
	}
	return in.values[n]
}

// leafElements returns a copy of the elements of a leaf.
func leafElements[T tensor.Float](n *Node) []T {
	x, err := tensor.Float64s(n.Value())
	if err != nil {
		panic(err)
	}
	return convert[T](x)
}

// apply computes one primitive. A pointwise one is called with one element at a
// time. Of the others the kernel is used, so that results can be compared bit by
// bit, after it has been compared with its plain form.
func (in *interpreter[T]) apply(p Primitive, shape tensor.Shape, x []*tensor.Array[T]) []T {
	out := make([]T, tensor.Size(shape))
	if p, ok := p.(Pointwise); ok {
		f := mapOf[T](p)
		for i := range out {
			args := make([][]T, len(x))
			for k, a := range x {
				j := flatIndex(broadcastIndex(indexOf(i, shape), a.Shape), a.Shape)
				args[k] = []T{a.Data[j]}
			}
			f(out[i:i+1], args)
		}
		return out
	}
	bind(p, &tensor.Array[T]{Shape: shape, Data: out}, x)()
	want, size := plain(p, shape, x)
	tol := 1e-15 // for each term
	if tensor.DtypeOf[T]() == tensor.Float32 {
		tol = 1e-6
	}
	for i, w := range want {
		got := float64(out[i])
		same := got == w || math.IsNaN(got) && math.IsNaN(w) || math.Abs(got-w) <= tol*size[i]
		if overflows := size[i] > math.MaxFloat32; !same && !overflows && in.err == nil {
			in.err = fmt.Errorf("%s%+v of %v: element %d is %v, want %v", p.Name(), p, shape, i, got, w)
		}
	}
	return out
}

// plain computes a kernel by its definition, and for each element how much
// rounding can matter: the sizes of all terms, times their number.
func plain[T tensor.Float](p Primitive, shape tensor.Shape, x []*tensor.Array[T]) (out, size []float64) {
	out, size = make([]float64, tensor.Size(shape)), make([]float64, tensor.Size(shape))
	for i := range out {
		all := terms(p, indexOf(i, shape), x)
		for _, term := range all {
			if e, ok := p.(extremum); ok {
				out[i] = better(e, out[i], term, size[i] == 0)
				size[i] = 1
				continue
			}
			out[i] += term
			size[i] += math.Abs(term) * float64(len(all))
		}
	}
	return out, size
}

// better returns the larger or smaller of two numbers, or a NaN.
func better(e extremum, have, term float64, first bool) float64 {
	switch {
	case first || math.IsNaN(term):
		return term
	case math.IsNaN(have):
		return have
	case e.Smallest:
		return math.Min(have, term)
	}
	return math.Max(have, term)
}

// terms returns the numbers that make the element of p(x...) at an index.
func terms[T tensor.Float](p Primitive, index []int, x []*tensor.Array[T]) []float64 {
	at := func(k int, index []int) float64 { return float64(x[k].Data[flatIndex(index, x[k].Shape)]) }
	switch p := p.(type) {
	case constant:
		if len(*p.data) == 1 {
			return []float64{float64(T((*p.data)[0]))}
		}
		return nil // its elements are checked where it is used
	case sum:
		return reduced(p.reduction, index, x[0].Shape, func(i []int) float64 { return at(0, i) })
	case extremum:
		return reduced(p.reduction, index, x[0].Shape, func(i []int) float64 { return at(0, i) })
	case matMul:
		return products(p, index, x, at)
	case transpose:
		from := make([]int, len(index))
		for i, a := range p.Perm {
			from[a] = index[i]
		}
		return []float64{at(0, from)}
	case expand:
		return []float64{at(0, broadcastIndex(index, x[0].Shape))}
	case ref:
		return []float64{at(0, index)}
	case reshape:
		return []float64{float64(x[0].Data[flatIndex(index, p.To)])}
	case slice:
		from := slices.Clone(index)
		from[p.Axis] = p.Start + index[p.Axis]*p.Step
		return []float64{at(0, from)}
	case spread:
		from := slices.Clone(index)
		place := index[p.Axis] - p.Start
		if place < 0 || place%p.Step != 0 || place/p.Step >= p.Len {
			return nil
		}
		from[p.Axis] = place / p.Step
		return []float64{at(0, from)}
	case concat:
		from := slices.Clone(index)
		for k := range x {
			if from[p.Axis] < x[k].Shape[p.Axis] {
				return []float64{at(k, from)}
			}
			from[p.Axis] -= x[k].Shape[p.Axis]
		}
	}
	panic(fmt.Sprintf("the interpreter does not know %T", p))
}

// reduced returns the elements of an array of the given shape that a reduction
// brings to index.
func reduced(r reduction, index []int, shape tensor.Shape, at func([]int) float64) []float64 {
	from := make([]int, len(shape)) // the first of them
	var over tensor.Shape           // the dimensions that go
	for a, k := 0, 0; a < len(shape); a++ {
		switch {
		case slices.Contains(r.Axes, a):
			over = append(over, shape[a])
			if r.Keep {
				k++
			}
		default:
			from[a] = index[k]
			k++
		}
	}
	out := make([]float64, tensor.Size(over))
	for i := range out {
		for k, e := range indexOf(i, over) {
			from[r.Axes[k]] = e
		}
		out[i] = at(from)
	}
	return out
}

// products returns the terms a[i, l]·b[l, j] of a matrix product.
func products[T tensor.Float](p matMul, index []int, x []*tensor.Array[T], at func(int, []int) float64) []float64 {
	rank := len(index)
	_, n, _, _ := p.dims(x[0].Shape, x[1].Shape)
	var out []float64
	for l := range n {
		left, right := slices.Clone(index), slices.Clone(index)
		left[rank-1], right[rank-2] = l, l
		if p.TransA {
			left[rank-2], left[rank-1] = left[rank-1], left[rank-2]
		}
		if p.TransB {
			right[rank-2], right[rank-1] = right[rank-1], right[rank-2]
		}
		out = append(out, at(0, broadcastIndex(left, x[0].Shape))*at(1, broadcastIndex(right, x[1].Shape)))
	}
	return out
}

// indexOf returns the index of element i of a row-major array.
func indexOf(i int, shape tensor.Shape) []int {
	index := make([]int, len(shape))
	for a := len(shape) - 1; a >= 0; a-- {
		index[a] = i % shape[a]
		i /= shape[a]
	}
	return index
}

// flatIndex is the inverse of indexOf.
func flatIndex(index []int, shape tensor.Shape) int {
	i := 0
	for a, e := range index {
		i = i*shape[a] + e
	}
	return i
}

// broadcastIndex returns the index into an array of the given shape that an index
// into a broadcast form of it reads.
func broadcastIndex(index []int, shape tensor.Shape) []int {
	out := slices.Clone(index[len(index)-len(shape):])
	for a, d := range shape {
		if d == 1 {
			out[a] = 0
		}
	}
	return out
}
