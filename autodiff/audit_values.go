package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// compute returns p(in...) as computed in T. Where again is not nil, it gets the
// elements as they come out the second time.
func compute[T tensor.Float](p Primitive, shape tensor.Shape, in []*tensor.Array[float64], again *[]float64) *tensor.Array[float64] {
	args := make([]*tensor.Array[T], len(in))
	for i, x := range in {
		args[i] = &tensor.Array[T]{Shape: x.Shape, Data: convert[T](x.Data)}
	}
	y := &tensor.Array[T]{Shape: shape, Data: make([]T, tensor.Size(shape))}
	run := bind(p, y, args)
	run()
	out := &tensor.Array[float64]{Shape: shape, Data: convert[float64](y.Data)}
	if again == nil {
		return out
	}
	if p, ok := p.(Pointwise); ok {
		mapSingly(p, y, args)
	} else {
		run()
	}
	*again = convert[float64](y.Data)
	return out
}

// mapSingly computes y = p(x...) with a call for each element, and with the result in
// the place of the first argument.
func mapSingly[T tensor.Float](p Pointwise, y *tensor.Array[T], x []*tensor.Array[T]) {
	for k := range x {
		x[k] = evaluate(expand{y.Shape}, y.Shape, x[k:k+1])
	}
	f, args := mapOf[T](p), make([][]T, len(x))
	for i := range y.Data {
		for k := range x {
			args[k] = x[k].Data[i : i+1]
		}
		f(args[0], args)
		y.Data[i] = args[0][0]
	}
}

// compute64 is compute in float64.
func compute64(p Primitive, shape tensor.Shape, in []*tensor.Array[float64]) *tensor.Array[float64] {
	return compute[float64](p, shape, in, nil)
}

// arguments returns the values of the inputs of an operation.
func (v values) arguments(in []*Node) []*tensor.Array[float64] {
	out := make([]*tensor.Array[float64], len(in))
	for i, x := range in {
		out[i] = v[x]
	}
	return out
}

// checkValue computes n in the dtype of the graph, and compares the value with others.
func (a *auditor) checkValue(n *Node, o *op) error {
	in := a.values.arguments(o.in)
	var again []float64
	tol := 1e-12 // of vector and scalar loops
	y := &tensor.Array[float64]{}
	if o.dtype == tensor.Float32 {
		tol = 1e-5
		y = compute[float32](o.prim, o.shape, in, &again)
	} else {
		y = compute[float64](o.prim, o.shape, in, &again)
	}
	a.values[n] = y
	if len(in) == 0 {
		return nil // a constant, or random numbers, which differ in each run
	}
	how := "in a second run: it depends on what its result held before"
	if _, ok := o.prim.(Pointwise); ok {
		how = "by itself and in place: the elements are not independent"
	}
	for i, e := range y.Data {
		if !near(e, again[i], tol*math.Abs(e)) {
			return a.mistake(ErrOutput, n, -1, i, e, again[i], how)
		}
	}
	if o.dtype == tensor.Float32 {
		return a.checkFloat32(n, o, in)
	}
	return nil
}

func near(got, want, allowed float64) bool {
	return got == want || math.IsNaN(got) && math.IsNaN(want) || math.Abs(got-want) <= allowed
}

// checkFloat32 compares a float32 value with the same operation in float64. Besides
// rounding, it allows for how much the value changes when inputs do in the fourth
// digit: that is what is lost where large terms cancel.
func (a *auditor) checkFloat32(n *Node, o *op, in []*tensor.Array[float64]) error {
	got, want := a.values[n].Data, compute64(o.prim, o.shape, in).Data
	var spread []float64
	for i, w := range want {
		g := got[i]
		overflow := math.IsInf(g, 0) && math.Abs(w) > 0.99*math.MaxFloat32 && (g > 0) == (w > 0)
		if overflow || near(g, w, a.Tol32*math.Abs(w)+1e-37) {
			continue
		}
		if spread == nil {
			spread = a.spread(o, in, want)
		}
		if !near(g, w, a.Tol32*math.Abs(w)+spread[i]) && !math.IsNaN(spread[i]) {
			return a.mistake(ErrOutput, n, -1, i, g, w, "in float64")
		}
	}
	return nil
}

// spread returns the largest changes of y when all inputs change by some 1e-4 of
// themselves.
func (a *auditor) spread(o *op, in []*tensor.Array[float64], y []float64) []float64 {
	out := make([]float64, len(y))
	for draw := range uint64(4) {
		for _, sign := range []float64{1, -1} {
			moved := make([]*tensor.Array[float64], len(in))
			for k, x := range in {
				u := a.direction(draw, len(x.Data))
				m := &tensor.Array[float64]{Shape: x.Shape, Data: slices.Clone(x.Data)}
				for i := range m.Data {
					m.Data[i] += sign * a.Tol32 * u[i] * x.Data[i]
				}
				moved[k] = m
			}
			for i, e := range compute64(o.prim, o.shape, moved).Data {
				out[i] = math.Max(out[i], math.Abs(e-y[i]))
			}
		}
	}
	return out
}

// direction returns n numbers of either sign, between ½ and 1½ in size. Every number
// gives another direction.
func (a *auditor) direction(number uint64, n int) []float64 {
	rng := tensor.NewRand(a.Seed*0x9e3779b97f4a7c15 + number)
	u := make([]float64, n)
	for i := range u {
		u[i] = 0.5 + rng.Float64()
		if rng.IntN(2) == 0 {
			u[i] = -u[i]
		}
	}
	return u
}
