package autodiff_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// both returns the two results of a function as a slice.
func both(a, b *Node) []*Node { return []*Node{a, b} }

// Mistakes have the name of the function and the line of its caller.
func TestIndexMistakes(t *testing.T) {
	g := NewGraph()
	v, m := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "m", tensor.Must(tensor.Ones[float64](2, 3)))
	s, f := Param(g, "s", tensor.Scalar(1.0)), Param(g, "f", tensor.Of[float32](1, 2, 3))
	long := Expand(Param(g, "one", tensor.Of[float32](1)), 1<<24+1)
	other := Param(NewGraph(), "v", tensor.Of(1.0, 2, 3))
	const most, least = math.MaxInt, math.MinInt
	var null *Node
	for i, c := range []struct {
		nodes []*Node
		op    string
		want  error
	}{
		{[]*Node{Gather(v, 1, v), Gather(v, -2, v), Gather(s, 0, s), Gather(v, 0, m), Gather(m, 0, v), Gather(m, 1, Expand(s, 3, 3)), Gather(m, least, m)}, "Gather", ErrShape},
		{[]*Node{Gather(v, 0, f)}, "Gather", ErrDtype}, {[]*Node{Gather(v, 0, other), Gather(m, 0, Unsqueeze(other, 0))}, "Gather", ErrGraph},
		{[]*Node{Gather(null, 0, v), Gather(v, 0, null)}, "Gather", ErrNil},
		{[]*Node{TakeAlongAxis(v, 1, v), TakeAlongAxis(v, 0, m), TakeAlongAxis(m, 0, Expand(s, 1, 2)), TakeAlongAxis(s, 0, s)}, "TakeAlongAxis", ErrShape},
		{[]*Node{TakeAlongAxis(v, 0, f)}, "TakeAlongAxis", ErrDtype}, {[]*Node{TakeAlongAxis(null, 0, v), TakeAlongAxis(v, 0, null)}, "TakeAlongAxis", ErrNil},
		{[]*Node{ScatterAdd(v, 1, v, v), ScatterAdd(m, 0, v, v), ScatterAdd(m, 0, m, v), ScatterAdd(v, 0, Expand(s, 4), v), ScatterAdd(m, 0, Expand(s, 2, 4), Expand(s, 2, 4)), ScatterAdd(s, 0, s, s)}, "ScatterAdd", ErrShape},
		{[]*Node{ScatterAdd(v, 0, v, f), ScatterAdd(f, 0, v, v), ScatterAdd(v, 0, f, v)}, "ScatterAdd", ErrDtype}, {[]*Node{ScatterAdd(other, 0, v, v)}, "ScatterAdd", ErrGraph},
		{[]*Node{ScatterAdd(null, 0, v, v), ScatterAdd(v, 0, null, v), ScatterAdd(v, 0, v, null)}, "ScatterAdd", ErrNil},
		{[]*Node{IndexSelect(m, 2, v), IndexSelect(m, 0, m), IndexSelect(m, 0, s), IndexSelect(s, 0, v)}, "IndexSelect", ErrShape},
		{[]*Node{IndexSelect(m, 0, f)}, "IndexSelect", ErrDtype}, {[]*Node{IndexSelect(m, 0, other)}, "IndexSelect", ErrGraph}, {[]*Node{IndexSelect(null, 0, v), IndexSelect(v, 0, null)}, "IndexSelect", ErrNil},
		{[]*Node{Embedding(v, v), Embedding(Unsqueeze(m, 0), v), Embedding(s, v)}, "Embedding", ErrShape}, {[]*Node{Embedding(m, f)}, "Embedding", ErrDtype}, {[]*Node{Embedding(null, v), Embedding(m, null)}, "Embedding", ErrNil},
		{[]*Node{MaskedFill(v, Expand(s, 2), 0)}, "MaskedFill", ErrShape}, {[]*Node{MaskedFill(v, f, 0)}, "MaskedFill", ErrDtype}, {[]*Node{MaskedFill(null, v, 0), MaskedFill(v, null, 0)}, "MaskedFill", ErrNil},
		{[]*Node{Unfold(v, 1, 1, 1), Unfold(v, 0, 0, 1), Unfold(v, 0, 4, 1), Unfold(v, 0, 1, 0), Unfold(v, 0, 1, least), Unfold(v, 0, most, 1), Unfold(s, 0, 1, 1), Unfold(long, 0, 2, 1)}, "Unfold", ErrShape}, {[]*Node{Unfold(null, 0, 1, 1)}, "Unfold", ErrNil},
		{[]*Node{Cumsum(v, 1), Cumsum(s, 0)}, "Cumsum", ErrShape}, {[]*Node{Cumsum(null, 0)}, "Cumsum", ErrNil},
		{[]*Node{Cumprod(v, -2), Cumprod(s, 0)}, "Cumprod", ErrShape}, {[]*Node{Cumprod(null, 0)}, "Cumprod", ErrNil},
		{[]*Node{Logcumsumexp(v, 1), Logcumsumexp(s, -1)}, "Logcumsumexp", ErrShape}, {[]*Node{Logcumsumexp(null, 0)}, "Logcumsumexp", ErrNil},
		{[]*Node{Argmax(v, 1), Argmax(s, 0), Argmax(long, 0)}, "Argmax", ErrShape}, {[]*Node{Argmax(null, 0)}, "Argmax", ErrNil},
		{[]*Node{Argmin(v, 1), Argmin(s, 0), Argmin(long, 0)}, "Argmin", ErrShape}, {[]*Node{Argmin(null, 0)}, "Argmin", ErrNil},
		{append(both(Sort(v, 1, true)), both(Sort(long, 0, false))...), "Sort", ErrShape}, {both(Sort(null, 0, true)), "Sort", ErrNil},
		{append(both(Topk(v, 0, 0, true)), both(Topk(v, 4, 0, true))...), "Topk", ErrShape}, {append(both(Topk(v, 1, 1, true)), both(Topk(v, least, 0, false))...), "Topk", ErrShape},
		{both(Topk(long, 2, 0, true)), "Topk", ErrShape}, {both(Topk(null, 1, 0, true)), "Topk", ErrNil},
		{append(both(Median(v, 1)), both(Median(long, 0))...), "Median", ErrShape}, {both(Median(null, 0)), "Median", ErrNil},
		{[]*Node{Sparsemax(v, 1), Sparsemax(s, 0), Sparsemax(long, 0)}, "Sparsemax", ErrShape}, {[]*Node{Sparsemax(null, 0)}, "Sparsemax", ErrNil},
	} {
		for j, n := range c.nodes {
			err := Err(n)
			require.ErrorIs(t, err, c.want, "case %d, %s %d: %v", i, c.op, j, err)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "autodiff."+c.op, e.Op, "case %d, %d: %v", i, j, err)
			require.True(t, strings.HasPrefix(e.Pos, "index_errors_test.go:"), err)
		}
	}
	bad := Reshape(v, 5)
	for i, n := range append([]*Node{
		Gather(bad, 9, v), Gather(v, 0, bad), TakeAlongAxis(v, 0, bad), ScatterAdd(bad, 0, v, v), ScatterAdd(v, 0, bad, v), ScatterAdd(v, 0, v, bad),
		IndexSelect(bad, 0, v), IndexSelect(v, 0, bad), Embedding(bad, v), Embedding(m, bad), MaskedFill(v, bad, 0), MaskedFill(bad, v, 0), Unfold(bad, 0, 0, 0),
		Cumsum(bad, 0), Cumprod(bad, 0), Logcumsumexp(bad, 0), Argmax(bad, 0), Argmin(bad, 0), Sparsemax(bad, 0),
	}, append(both(Sort(bad, 0, true)), append(both(Topk(bad, 1, 0, true)), both(Median(bad, 0))...)...)...) {
		require.Same(t, bad, n, fmt.Sprint("case ", i))
	}
}

// A number that is no place takes NaN, adds nothing, and has no gradient; nothing
// panics.
func TestIndexOutside(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		value := func(v *tensor.Dense) tensor.Value { return tensor.Must(tensor.Convert(v, dt)) }
		for _, no := range []float64{-1, 3, 0.5, 2.0001, nan, inf, -inf, 1e30, -1e30, 1 << 31, 1 << 32, 1 << 63, -1 << 63, 1 << 24} {
			g := NewGraph()
			v, m := Param(g, "v", value(tensor.Of(1.0, 2, 3))), Param(g, "m", value(tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 3, 2))))
			at := Param(g, "at", value(tensor.Of(2.0, no, math.Copysign(0, -1), 2)))
			src := Param(g, "src", value(tensor.Of(10.0, 20, 30, 40)))
			for name, c := range map[string]struct {
				y, wrt *Node
				want   []float64
				grad   []float64
			}{
				"Gather":             {Gather(v, 0, at), v, []float64{3, nan, 1, 3}, []float64{1, 0, 2}},
				"IndexSelect":        {IndexSelect(v, 0, at), v, []float64{3, nan, 1, 3}, []float64{1, 0, 2}},
				"IndexSelect rows":   {IndexSelect(m, 0, at), m, []float64{5, 6, nan, nan, 1, 2, 5, 6}, []float64{1, 1, 0, 0, 2, 2}},
				"Embedding":          {Embedding(m, at), m, []float64{5, 6, nan, nan, 1, 2, 5, 6}, []float64{1, 1, 0, 0, 2, 2}},
				"Gather columns":     {TakeAlongAxis(m, 0, Unsqueeze(at, 1)), m, []float64{5, 6, nan, nan, 1, 2, 5, 6}, []float64{1, 1, 0, 0, 2, 2}},
				"ScatterAdd":         {ScatterAdd(v, 0, at, src), src, []float64{31, 2, 53}, []float64{1, 0, 1, 1}},
				"ScatterAdd rows":    {ScatterAdd(m, 0, Unsqueeze(at, 1), Unsqueeze(src, 1)), src, []float64{31, 2, 3, 4, 55, 6}, []float64{1, 0, 1, 1}},
				"gradient of Gather": {gradOf(t, Sum(Gather(Square(v), 0, at)), v)[0], v, []float64{2, 0, 12}, []float64{2, 0, 4}},
			} {
				grads, err := Grad(Sum(c.y), c.wrt, at)
				require.NoError(t, err)
				for _, n := range []struct {
					node *Node
					want []float64
				}{{c.y, c.want}, {grads[0], c.grad}, {grads[1], []float64{0, 0, 0, 0}}} {
					got := tensor.Of(run(t, n.node)...)
					require.NoError(t, tensor.AllCloseNaN(got, tensor.Of(n.want...), 0, 0), "%s at %v in %v: %v", name, no, dt, got)
				}
			}
		}
	}
}

// Elements are moved bit by bit, places have no gradient, and a NaN that is masked
// does not matter.
func TestIndexSpecialValues(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	g := NewGraph()
	x := Param(g, "x", tensor.Of(zero, nan, inf, 0, -inf))
	up, upAt := Sort(x, 0, false)
	down, downAt := Sort(x, 0, true)
	best, _ := Topk(x, 2, 0, true)
	middle, _ := Median(MaskedFill(x, Isnan(x), 1), 0)
	for name, c := range map[string]struct {
		node *Node
		want []float64
	}{
		"Sort up": {up, []float64{-inf, zero, 0, inf, nan}}, "places": {upAt, []float64{4, 0, 3, 2, 1}},
		"Sort down": {down, []float64{nan, inf, zero, 0, -inf}}, "places down": {downAt, []float64{1, 2, 0, 3, 4}},
		"Topk": {best, []float64{nan, inf}}, "Median": {middle, []float64{0}},
		"Argmax": {Argmax(x, 0), []float64{1}}, "Argmin": {Argmin(x, 0), []float64{1}},
		"Gather": {Gather(x, 0, places(x, []int{2}, 0, 2)), []float64{zero, inf}},
		"Unfold": {Unfold(x, 0, 2, 3), []float64{zero, nan, 0, -inf}},
		"Cumsum": {Cumsum(Slice(x, 0, 3, 5), 0), []float64{0, -inf}}, "Cumprod": {Cumprod(Slice(x, 0, 2, 4), 0), []float64{inf, nan}},
		"Sparsemax of NaN": {Sparsemax(x, 0), []float64{nan, nan, nan, nan, nan}}, "Sparsemax of Inf": {Sparsemax(Slice(x, 0, 2, 5), 0), []float64{nan, nan, nan}},
		"MaskedFill": {MaskedFill(x, x, 7), []float64{zero, 7, 7, 0, 7}},
	} {
		got := run(t, c.node)
		require.Len(t, got, len(c.want), name)
		for i, want := range c.want {
			require.True(t, math.IsNaN(want) && math.IsNaN(got[i]) || math.Float64bits(want) == math.Float64bits(got[i]), "%s: %v", name, got)
		}
	}
	require.Equal(t, []float64{1, 0, 1, 1, 1}, run(t, gradOf(t, Sum(MaskedFill(x, Isnan(x), 2)), x)[0]))
	for _, n := range []*Node{upAt, downAt, Argmax(x, 0), Argmin(x, 0)} {
		require.Equal(t, []float64{0, 0, 0, 0, 0}, run(t, gradOf(t, Sum(n), x)[0]))
	}
}

// The gradient of a product so far where elements are infinite or NaN: products of
// the others, where PyTorch divides by the element.
func TestCumprodGradientOfInfinity(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ x, want []float64 }{
		{[]float64{0.5, inf, 3}, []float64{inf, 2, inf}},
		{[]float64{0.5, nan, 3}, []float64{nan, 2, nan}},
		{[]float64{0, 3, inf}, []float64{inf, nan, 0}}, // ∞ times 0
	} {
		x := Param(NewGraph(), "x", tensor.Of(c.x...))
		got := tensor.Of(run(t, gradOf(t, Sum(Cumprod(x, 0)), x)[0])...)
		require.NoError(t, tensor.AllCloseNaN(got, tensor.Of(c.want...), 0, 0), "%v", got)
	}
}

// Programs with every kernel of the kind allocate nothing when they run.
func TestIndexAllocatesNothing(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		v := tensor.Must(tensor.Normal(tensor.NewRand(3), 0, 1.0, 100, 70))
		x := Param(g, "x", tensor.Must(tensor.Convert(v, dt)))
		sorted, order := Sort(x, 0, true)
		median, _ := Median(x, 1)
		rows := IndexSelect(sorted, 0, Slice(Flatten(order), 0, 0, 50))
		loss := Add(Sum(Cumprod(rows, 1)), Add(Sum(Logcumsumexp(x, 0)), Add(Sum(Cumsum(median, 0)), Add(Sum(Sparsemax(x, 0)), Mean(Argmax(x, 0))))))
		loss = Add(loss, Sum(ScatterAdd(x, 1, Unfold(Argmin(x, 1), 0, 5, 3), Slice(x, 1, 0, 5))))
		prog, err := Compile(loss, WithGrad(x))
		require.NoError(t, err)
		require.NoError(t, prog.Run())
		require.Zero(t, testing.AllocsPerRun(3, func() { _ = prog.Run() }))
	}
}
