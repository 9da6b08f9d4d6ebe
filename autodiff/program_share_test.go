package autodiff_test

import (
	"slices"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Two programs of one graph may share a parameter: the gradient is that of the
// one that ran last.
func TestTwoPrograms(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	c := Param(g, "c", tensor.Scalar(3.0))
	a := mustCompile(t, Mul(c, Sum(x)), WithGrad(x, c))
	b := mustCompile(t, Sum(Square(x)), WithGrad(x, c))
	for range 2 {
		require.NoError(t, a.Run())
		require.Equal(t, []float64{3, 3}, gradValue(t, x))
		require.Equal(t, []float64{3}, gradValue(t, c))
		require.NoError(t, b.Run())
		require.Equal(t, []float64{2, 4}, gradValue(t, x))
		require.Equal(t, []float64{0}, gradValue(t, c))
	}
	require.Equal(t, 9.0, a.Loss())
	require.Equal(t, 5.0, b.Loss())
}

func TestAccumulate(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	c := Param(g, "c", tensor.Scalar(3.0))
	prog := mustCompile(t, Mul(c, Sum(x)), WithGrad(x, c), Accumulate())
	for i := range 3 {
		require.NoError(t, prog.Run())
		require.Equal(t, []float64{3 * float64(i+1), 3 * float64(i+1)}, gradValue(t, x))
		require.Equal(t, []float64{3 * float64(i+1)}, gradValue(t, c))
		require.Equal(t, 9.0, prog.Loss())
	}
	for _, p := range prog.Params() {
		d, err := p.Grad()
		require.NoError(t, err)
		zero(d)
	}
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{3, 3}, gradValue(t, x))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))
}

// A large gradient is added in parts, on all processors.
func TestAccumulateParts(t *testing.T) {
	const n = 3<<16 + 5
	values, want := make([]float64, n), make([]float64, n)
	for i := range values {
		values[i] = float64(i)
	}
	x := Param(NewGraph(), "x", tensor.Must(tensor.FromSlice(values, n)))
	prog := mustCompile(t, Sum(Square(x)), WithGrad(x), Accumulate())
	for range 3 {
		require.NoError(t, prog.Run())
		for i := range want {
			want[i] += 2 * values[i]
		}
		require.True(t, slices.Equal(want, gradValue(t, x)))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))
}

// All programs that accumulate add to the gradient that is on the node, as two
// calls of backward do, and ZeroGrad ends the sum of all of them.
func TestAccumulateOverPrograms(t *testing.T) {
	g := NewGraph()
	w := Param(g, "w", tensor.Of(1.0, 2))
	s := Param(g, "s", tensor.Scalar(1.0))
	a := mustCompile(t, Mul(s, Sum(Square(w))), WithGrad(w, s), Accumulate())
	b := mustCompile(t, Mul(s, Sum(Mul(w, 10))), WithGrad(w, s), Accumulate())
	plain := mustCompile(t, Sum(Mul(w, 100)), WithGrad(w))
	for range 2 {
		require.NoError(t, a.Run())
		require.NoError(t, b.Run())
		require.Equal(t, []float64{12, 14}, gradValue(t, w))
		require.Equal(t, []float64{35}, gradValue(t, s))
		require.NoError(t, a.Run())
		require.Equal(t, []float64{14, 18}, gradValue(t, w))
		for _, n := range []*Node{w, s} {
			d, err := n.Grad()
			require.NoError(t, err)
			zero(d)
		}
	}
	require.NoError(t, plain.Run())
	require.NoError(t, b.Run())
	require.Equal(t, []float64{110, 110}, gradValue(t, w))
	require.NoError(t, plain.Run())
	require.Equal(t, []float64{100, 100}, gradValue(t, w))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = a.Run(); _ = b.Run() }))
}
