package autodiff

import (
	"fmt"
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// interpreter computes nodes one at a time and keeps all of them. It is slow and
// plain: no operation is simplified, fused or shared, elements are found by their
// index, and sums are loops. Compiled programs must agree with it. It keeps float32
// as float64, which holds them exactly.
type interpreter struct {
	importer *importer
	trusts   bool // kernels are not compared with their plain forms
	run      int  // how many runs a program has done before the one to compare with
	values   map[*Node]*tensor.Array[float64]
	err      error // the first kernel that differs from its plain form
}

func newInterpreter(run int) *interpreter {
	return &interpreter{importer: newImporter(), run: run, values: make(map[*Node]*tensor.Array[float64])}
}

// again returns an interpreter for another run.
func (in *interpreter) again(run int) *interpreter {
	return &interpreter{importer: in.importer, run: run, values: make(map[*Node]*tensor.Array[float64]), trusts: in.trusts}
}

// draftGrad returns gradients as programs make them: they add up the gradient of a
// node that gorgonia's functions use, and ours, in another order than Grad does.
func (in *interpreter) draftGrad(loss *Node, wrt []*Node) ([]*Node, error) {
	in.importer.drafts = true
	return in.importer.grad(loss, wrt)
}

// value returns the elements of n for the values that leaves have now.
func (in *interpreter) value(n *Node) []float64 { return in.array(n).Data }

func (in *interpreter) array(n *Node) *tensor.Array[float64] {
	if a := in.values[n]; a != nil {
		return a
	}
	order, err := in.importer.topological(n)
	if err != nil {
		panic(err)
	}
	for _, n := range order.nodes {
		if in.values[n] != nil {
			continue
		}
		a := &tensor.Array[float64]{Shape: n.Shape()}
		in.values[n] = a
		o, _ := in.importer.op(n)
		if o == nil {
			a.Data = leafElements(n)
			continue
		}
		args := make([]*tensor.Array[float64], len(o.in))
		for i, x := range o.in {
			args[i] = in.values[x]
		}
		if o.dtype == tensor.Float32 {
			a.Data = convert[float64](applyPlain[float32](in, o.prim, a.Shape, args))
		} else {
			a.Data = applyPlain[float64](in, o.prim, a.Shape, args)
		}
	}
	return in.values[n]
}

// leafElements returns a copy of the elements of a leaf.
func leafElements(n *Node) []float64 {
	x, err := floats(n.Value())
	if err != nil {
		panic(err)
	}
	return slices.Clone(x)
}

// applyPlain computes one primitive. A pointwise one is called with one element at a
// time. Of the others the kernel is used, so that results can be compared bit by
// bit, after it has been compared with its plain form.
func applyPlain[T tensor.Float](in *interpreter, p Primitive, shape tensor.Shape, wide []*tensor.Array[float64]) []T {
	out := make([]T, tensor.Size(shape))
	x := make([]*tensor.Array[T], len(wide))
	for i, a := range wide {
		x[i] = &tensor.Array[T]{Shape: a.Shape, Data: convert[T](a.Data)}
	}
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
	kernel := bind(p, &tensor.Array[T]{Shape: shape, Data: out}, x)
	kernel()
	if isRandom(p) { // it goes on from run to run
		for range in.run {
			kernel()
		}
	}
	if in.err == nil && !in.trusts {
		tol := 1e-15 // for each term
		if tensor.DtypeOf[T]() == tensor.Float32 {
			tol = 1e-6
		}
		if err := in.check(p, shape, wide, convert[float64](out), tol); err != nil {
			in.err = fmt.Errorf("%s%+v of %v: %w", p.Name(), p, shape, err)
		}
	}
	return out
}

// check compares what a kernel computed with its definition.
func (in *interpreter) check(p Primitive, shape tensor.Shape, x []*tensor.Array[float64], out []float64, tol float64) error {
	if known, err := checkMatrices(p, shape, x, out, tol); known {
		return err
	}
	var want, size []float64
	if isRandom(p) {
		want, size = drawn(p, shape, in.run, tol > 1e-10)
	} else {
		want, size = plain(p, shape, x, in.run)
	}
	for i, w := range want {
		got := out[i]
		if size[i] < 0 { // not computed
			continue
		}
		same := got == w || math.IsNaN(got) && math.IsNaN(w) || math.Abs(got-w) <= tol*size[i]+1e-36
		if overflows := size[i] > math.MaxFloat32; !same && !overflows {
			return fmt.Errorf("element %d is %v, want %v", i, got, w)
		}
	}
	return nil
}

// plain computes a kernel by its definition, and for each element how much
// rounding can matter: the sizes of all terms, times their number. Of more than a
// hundred elements it computes some, others in each run, and gives the rest the size −1.
func plain(p Primitive, shape tensor.Shape, x []*tensor.Array[float64], run int) (out, size []float64) {
	out, size = make([]float64, tensor.Size(shape)), make([]float64, tensor.Size(shape))
	step := 1 + len(out)/100
	for i := range out {
		if i%step != run%step {
			size[i] = -1
			continue
		}
		if v, s, ok := along(p, indexOf(i, shape), x); ok {
			out[i], size[i] = v, s
			continue
		}
		all := terms(p, indexOf(i, shape), shape, x)
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
func terms(p Primitive, index []int, shape tensor.Shape, x []*tensor.Array[float64]) []float64 {
	at := func(k int, index []int) float64 { return x[k].Data[flatIndex(index, x[k].Shape)] }
	switch p := p.(type) {
	case constant:
		return []float64{(*p.data)[flatIndex(index, shape)]}
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
	case ref, cast, asFloat, customGrad, checkpoint, barrier:
		return []float64{at(0, index)}
	case reshape:
		return []float64{x[0].Data[flatIndex(index, p.To)]}
	case slice:
		from := slices.Clone(index)
		from[p.Axis] = p.Start + index[p.Axis]*p.Step
		return []float64{at(0, from)}
	case spread:
		from := slices.Clone(index)
		place := index[p.Axis] - p.Start
		if place%p.Step != 0 || place/p.Step < 0 || place/p.Step >= p.Len {
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
	if all, ok := indexTerms(p, index, x); ok {
		return all
	}
	if all, ok := poolTerms(p, index, x); ok {
		return all
	}
	if all, ok := convTerms(p, index, x); ok {
		return all
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
func products(p matMul, index []int, x []*tensor.Array[float64], at func(int, []int) float64) []float64 {
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
