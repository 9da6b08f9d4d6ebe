package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"
)

func mustCompile(t testing.TB, loss *Node, opts ...Option) *Program {
	t.Helper()
	prog, err := Compile(loss, opts...)
	require.NoError(t, err)
	return prog
}

func gradValue(t testing.TB, n *Node) []float64 {
	t.Helper()
	d, err := n.Grad()
	require.NoError(t, err)
	out, err := tensor.Float64s(d)
	require.NoError(t, err)
	return out
}

func nodeValue(t testing.TB, n *Node) []float64 {
	t.Helper()
	out, err := tensor.Float64s(n.Value())
	require.NoError(t, err)
	return out
}

// A program reads what its leaves hold when it runs: what Let gave them, and what
// was written to their memory.
func TestRunReadsLeaves(t *testing.T) {
	g := NewGraph()
	data := []float64{1, 2, 3}
	x := Param(g, "x", tensor.Must(tensor.FromSlice(data, 3)))
	c := Param(g, "c", tensor.Scalar(2.0))
	prog := mustCompile(t, Mul(c, Sum(Square(x))), WithGrad(x, c))
	check := func(loss, dc float64, dx ...float64) {
		t.Helper()
		require.NoError(t, prog.Run())
		require.Equal(t, loss, prog.Loss())
		require.Equal(t, dx, gradValue(t, x))
		require.Equal(t, []float64{dc}, gradValue(t, c))
	}
	check(28, 14, 4, 8, 12)
	data[0] = 3
	check(44, 22, 12, 8, 12)
	require.NoError(t, Let(x, tensor.Of(1.0, 1, 1)))
	check(6, 3, 4, 4, 4)
	x.Value().Data().([]float64)[2] = 2
	check(12, 6, 4, 4, 8)
	require.NoError(t, Let(c, tensor.Scalar(1.0)))
	check(6, 6, 2, 2, 4)
	require.NoError(t, Let(c, gorgonia.NewF64(3)))
	check(18, 6, 6, 6, 12)
	require.NoError(t, gorgonia.Let(c, 5.0))
	check(30, 6, 10, 10, 20)
	data[0] = 100 // no longer the value of x
	check(30, 6, 10, 10, 20)
}

// Values may be transposed, column-major or slices of larger tensors; they are
// read as what they are in every run.
func TestLayouts(t *testing.T) {
	big := tensor.Must(tensor.Arange(0.0, 12, 1))
	require.NoError(t, big.Reshape(3, 4))
	columns, err := big.Slice(nil, gt.S(1, 3))
	require.NoError(t, err)
	strided, err := big.Slice(nil, gt.S(0, 4, 2))
	require.NoError(t, err)
	rows, err := big.Slice(gt.S(1, 3))
	require.NoError(t, err)
	transposed := tensor.Must(tensor.Arange(0.0, 6, 1))
	require.NoError(t, transposed.Reshape(2, 3))
	require.NoError(t, transposed.T())
	colMajor := gt.New(gt.WithShape(3, 2), gt.AsFortran([]float64{0, 2, 4, 1, 3, 5}))
	for _, c := range []struct {
		name  string
		value *tensor.Dense
		want  []float64
	}{
		{"columns", columns.(*tensor.Dense), []float64{1, 2, 5, 6, 9, 10}},
		{"every other column", strided.(*tensor.Dense), []float64{0, 2, 4, 6, 8, 10}},
		{"rows", rows.(*tensor.Dense), []float64{4, 5, 6, 7, 8, 9, 10, 11}},
		{"transposed", transposed, []float64{0, 3, 1, 4, 2, 5}},
		{"column-major", colMajor, []float64{0, 2, 4, 1, 3, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGraph()
			x := Param(g, "x", c.value)
			y := Add(x, 0.5)
			prog := mustCompile(t, Sum(Square(x)), WithGrad(x), Keep(y))
			for range 3 {
				require.NoError(t, prog.Run())
				for i, want := range c.want {
					require.Equal(t, want+0.5, nodeValue(t, y)[i])
					require.Equal(t, 2*want, gradValue(t, x)[i])
				}
			}
			require.Equal(t, c.want, run(t, Const(g, c.value)), "as a constant")
			// what is written to it is seen
			first := c.want[0]
			require.NoError(t, c.value.SetAt(first+1, make([]int, c.value.Dims())...))
			require.NoError(t, prog.Run())
			require.Equal(t, 2*(first+1), gradValue(t, x)[0])
			require.NoError(t, c.value.SetAt(first, make([]int, c.value.Dims())...))
		})
	}
}

// gorgonia lets a bound tensor change its shape in place.
func TestReshapedInPlace(t *testing.T) {
	g := NewGraph()
	v := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4}, 2, 2))
	x := Param(g, "x", v)
	y := Mul(x, 1.5)
	prog := mustCompile(t, Sum(y), Keep(y))
	require.NoError(t, prog.Run())
	require.NoError(t, v.Reshape(4))
	require.ErrorIs(t, prog.Run(), ErrShape)
	require.NoError(t, v.Reshape(4, 1))
	require.ErrorIs(t, prog.Run(), ErrShape)
	require.NoError(t, v.Reshape(2, 2))
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{1.5, 3, 4.5, 6}, nodeValue(t, y))
	require.NoError(t, v.T())
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{1.5, 4.5, 3, 6}, nodeValue(t, y))
	v.UT()
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{1.5, 3, 4.5, 6}, nodeValue(t, y))
}

// Kept nodes have their values after a run whatever they are: results, leaves,
// constants, reshapes, and any of them twice.
func TestKeep(t *testing.T) {
	g := NewGraph()
	data := []float64{1, 2, 3, 4}
	x := Param(g, "x", tensor.Must(tensor.FromSlice(data, 4)))
	flat := Reshape(x, 2, 2)
	y := Exp(x)
	folded := Reshape(y, 2, 2)
	same := Exp(x)
	c := Const(g, tensor.Of(7.0, 8))
	e := Expand(c, 2, 2)
	stop := StopGradient(x)
	loss := Sum(y)
	prog := mustCompile(t, loss, Keep(x, flat, y, folded, y, same), Keep(c, e, stop, loss), WithGrad(x))
	var before []tensor.Value
	for i := range 3 {
		data[0] = float64(i)
		require.NoError(t, prog.Run())
		require.Equal(t, data, nodeValue(t, x))
		require.Equal(t, data, nodeValue(t, flat))
		require.Equal(t, tensor.Shape{2, 2}, flat.Value().Shape())
		require.Equal(t, data, nodeValue(t, stop))
		require.Equal(t, nodeValue(t, y), nodeValue(t, same))
		require.Equal(t, nodeValue(t, y), nodeValue(t, folded))
		require.Equal(t, []float64{7, 8}, nodeValue(t, c))
		require.Equal(t, []float64{7, 8, 7, 8}, nodeValue(t, e))
		require.Equal(t, nodeValue(t, y), gradValue(t, x))
		require.Equal(t, prog.Loss(), nodeValue(t, loss)[0])
		after := []tensor.Value{x.Value(), flat.Value(), y.Value(), folded.Value(), same.Value(), c.Value(), loss.Value()}
		if i > 0 {
			for k := range after {
				require.Same(t, before[k], after[k], "value %d stays in one place", k)
			}
		}
		before = after
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))

	// Kept results are the user's: what is written there does not reach the others.
	for _, n := range []*Node{flat, y, folded, c, e, stop} {
		values := n.Value().Data().([]float64)
		for i := range values {
			values[i] = -1
		}
	}
	require.Equal(t, data, nodeValue(t, x))
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{7, 8}, nodeValue(t, c))
	require.Equal(t, []float64{7, 8, 7, 8}, nodeValue(t, e))
	require.Equal(t, data, nodeValue(t, stop))
}

// A loss that is a leaf, a constant or a reshape is as good as any, and the leaf
// keeps its memory.
func TestLossWithoutWork(t *testing.T) {
	g := NewGraph()
	v := gorgonia.NewF64(3)
	x := Param(g, "x", v)
	prog := mustCompile(t, x, WithGrad(x))
	require.NoError(t, prog.Run())
	require.Equal(t, 3.0, prog.Loss())
	require.Equal(t, []float64{1}, gradValue(t, x))
	require.NoError(t, Let(x, tensor.Scalar(4.0)))
	require.NoError(t, prog.Run())
	require.Equal(t, 4.0, prog.Loss())

	data := []float64{5}
	w := Param(g, "w", tensor.Must(tensor.FromSlice(data, 1)))
	for _, loss := range []*Node{w, Reshape(w), Squeeze(w), Sum(w)} {
		data[0] = 5
		prog = mustCompile(t, loss, WithGrad(w))
		require.NoError(t, prog.Run())
		data[0] = 6
		require.NoError(t, prog.Run())
		require.Equal(t, 6.0, prog.Loss())
		require.Equal(t, []float64{1}, gradValue(t, w))
	}

	prog = mustCompile(t, ConstLike(x, 2.5), WithGrad(x))
	require.NoError(t, prog.Run())
	require.Equal(t, 2.5, prog.Loss())
	require.Equal(t, []float64{0}, gradValue(t, x))
}

// Gradients belong to whoever uses them: zeroing them in place between runs must
// not reach a leaf or a constant, which they may be equal to.
func TestGradientMemoryIsItsOwn(t *testing.T) {
	g := NewGraph()
	x, y := Param(g, "x", tensor.Of(2.0, 3)), Param(g, "y", tensor.Of(5.0, 7))
	s, r := Param(g, "s", tensor.Scalar(2.0)), Param(g, "r", tensor.Scalar(3.0))
	for name, c := range map[string]struct {
		loss   *Node
		params []*Node
		want   [][]float64
	}{
		"product":         {Sum(Mul(x, y)), []*Node{x, y}, [][]float64{{5, 7}, {2, 3}}},
		"factor":          {Mul(3, Sum(x)), []*Node{x, y}, [][]float64{{3, 3}, {0, 0}}},
		"sum":             {Sum(Add(x, y)), []*Node{x, y}, [][]float64{{1, 1}, {1, 1}}},
		"scalar product":  {Mul(s, r), []*Node{s, r}, [][]float64{{3}, {2}}},
		"scalar factor":   {Mul(s, 3), []*Node{s}, [][]float64{{3}}},
		"scalar sum":      {Add(s, r), []*Node{s, r}, [][]float64{{1}, {1}}},
		"loss and grad":   {Mul(s, 2), []*Node{s, r}, [][]float64{{2}, {0}}},
		"squared sum":     {Sum(Square(Add(x, y))), []*Node{x, y}, [][]float64{{14, 20}, {14, 20}}},
		"scalar square":   {Square(Add(s, r)), []*Node{s, r}, [][]float64{{10}, {10}}},
		"equal gradients": {Mul(Sum(Mul(x, x)), 0.5), []*Node{x}, [][]float64{{2, 3}}},
	} {
		prog := mustCompile(t, c.loss, WithGrad(c.params...))
		for range 3 {
			require.NoError(t, prog.Run())
			for i, p := range c.params {
				require.Equal(t, c.want[i], gradValue(t, p), "%s, parameter %d", name, i)
				d, err := p.Grad()
				require.NoError(t, err)
				zero(d) // must not reach the gradient of the next one either
			}
		}
		require.Equal(t, []float64{2, 3}, nodeValue(t, x))
		require.Equal(t, []float64{2}, nodeValue(t, s))
	}
}

// zero sets a value to zero in place.
func zero(v gorgonia.Value) {
	switch v := v.(type) {
	case *gorgonia.F64:
		*v = 0
	case *tensor.Dense:
		v.Zero()
	}
}

// A result may be the next value of a leaf: x ← f(x), run after run. It is read as
// it was when the run began, although the run writes over it.
func TestResultBecomesInput(t *testing.T) {
	a := tensor.Must(tensor.FromSlice([]float64{0, 1, 1, 1}, 2, 2))
	for name, f := range map[string]func(x, a *Node) *Node{
		"product":     func(x, a *Node) *Node { return MatMul(x, a) },
		"elementwise": func(x, a *Node) *Node { return Add(Slice(x, 0, 0, 2), MatMul(Mul(x, 1), Sub(a, Eq(a, a)))) },
		"reversed": func(x, a *Node) *Node {
			return Add(Concat(0, Slice(x, 0, 1, 2), Slice(x, 0, 0, 1)), Mul(x, Const(x.Graph(), tensor.Of(-1.0, 0))))
		},
	} {
		g := NewGraph()
		x := Input(g, "x", tensor.Of(1.0, 1))
		next := f(x, Const(g, a))
		loss := Sum(Square(next))
		prog := mustCompile(t, loss, Keep(next), WithGrad(x))
		fresh := mustCompile(t, loss, Keep(next), WithGrad(x))
		state := []float64{1, 1}
		for range 8 {
			require.NoError(t, Let(x, tensor.Of(state...)))
			require.NoError(t, fresh.Run())
			state = nodeValue(t, next)
		}
		slope := gradValue(t, x)

		require.NoError(t, Let(x, tensor.Of(1.0, 1)))
		for i := range 8 {
			require.NoError(t, prog.Run())
			if i < 7 {
				require.NoError(t, Let(x, next.Value()))
			}
		}
		require.Equal(t, state, nodeValue(t, next), name)
		require.Equal(t, slope, gradValue(t, x), name)
		require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))

		// The same with the gradient, and a way back to memory of its own.
		d, err := x.Grad()
		require.NoError(t, err)
		before := gradValue(t, x)
		require.NoError(t, Let(x, d))
		require.NoError(t, prog.Run())
		got := gradValue(t, x)
		require.NoError(t, Let(x, tensor.Of(before...)))
		require.NoError(t, prog.Run())
		require.Equal(t, gradValue(t, x), got, name)
	}
}

// A tensor may get other memory while the node holds it, as gob does.
func TestMemoryChangedInPlace(t *testing.T) {
	v := tensor.Of(1.0, 2, 3)
	x := Input(NewGraph(), "x", v)
	prog := mustCompile(t, Sum(x))
	require.NoError(t, prog.Run())
	require.Equal(t, 6.0, prog.Loss())
	data, err := tensor.Of(10.0, 20, 30).GobEncode()
	require.NoError(t, err)
	require.NoError(t, v.GobDecode(data))
	require.NoError(t, prog.Run())
	require.Equal(t, 60.0, prog.Loss())
}

// Params are the nodes themselves, in the order given.
func TestParams(t *testing.T) {
	_, x := scalarParams(1, 2, 3)
	prog := mustCompile(t, Add(x[0], x[1]), WithGrad(x[2], x[0]), WithGrad(x[1]))
	require.Equal(t, []gorgonia.ValueGrad{x[2], x[0], x[1]}, prog.Params())
	require.Zero(t, prog.Loss(), "before the first run")
	require.Empty(t, mustCompile(t, x[0]).Params())
}

// One graph may hold expressions of both dtypes.
func TestBothDtypes(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	y := Param(g, "y", tensor.Of[float32](3, 4))
	s := Exp(Sum(y))
	loss := Sum(Square(x))
	prog := mustCompile(t, loss, WithGrad(x), Keep(s, Square(y)))
	require.NoError(t, prog.Run())
	require.Equal(t, 5.0, prog.Loss())
	require.Equal(t, tensor.Float32, s.Value().Dtype())
	require.InDelta(t, 1096.6332, nodeValue(t, s)[0], 1e-3)
	prog = mustCompile(t, s, WithGrad(y), Keep(loss))
	require.NoError(t, prog.Run())
	require.InDelta(t, 1096.6332, prog.Loss(), 1e-3)
	require.InDelta(t, 1096.6332, gradValue(t, y)[1], 1e-3)
	_, err := Compile(loss, WithGrad(x, y))
	require.NoError(t, err, "y is not used, so its gradient is zero, in its own dtype")
}
