package autodiff_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Where the Hessian is diagonal, one probe of ±1 is enough, in every run.
func TestHutchinsonOfDiagonalHessian(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		x := Param(g, "x", as(t, tensor.Must(tensor.FromSlice([]float64{1, -2, 3, 0.5, 2, -1}, 2, 3)), dt))
		c := Param(g, "c", as(t, tensor.Scalar(1.5), dt))
		loss := Add(Sum(Pow(x, 4)), Mul(3, Square(c)))
		wrt := []*Node{x, c}
		trace, err := HutchinsonTrace(loss, wrt, Rademacher(1, wrt...))
		require.NoError(t, err)
		diagonal, err := HutchinsonDiagonal(loss, wrt, Rademacher(2, wrt...), Rademacher(3, wrt...), Rademacher(4, wrt...))
		require.NoError(t, err)
		prog := mustCompile(t, loss, Keep(trace), Keep(diagonal...))
		for range 3 {
			require.NoError(t, prog.Run())
			require.Equal(t, []float64{12*(1+4+9+0.25+4+1) + 6}, nodeValue(t, trace))
			require.Equal(t, []float64{12, 48, 108, 3, 48, 12}, nodeValue(t, diagonal[0]))
			require.Equal(t, []float64{6}, nodeValue(t, diagonal[1]))
		}
		require.Equal(t, tensor.Shape{}, Shape(trace))
		require.Equal(t, tensor.Shape{2, 3}, Shape(diagonal[0]))
		require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))
	}
}

// With given probes the estimates are those of the whole Hessian; the unit vectors
// give its diagonal and, as a sum, its trace.
func TestHutchinsonOfProbes(t *testing.T) {
	g, loss, p := smallNet()
	h, err := Hessian(loss, p...)
	require.NoError(t, err)
	n := Dim(h, 0)
	rng := tensor.NewRand(4)
	split := func(v *Node) []*Node {
		var out []*Node
		at := 0
		for _, w := range p {
			next := at + tensor.Size(Shape(w))
			out = append(out, Reshape(Slice(v, 0, at, next), Shape(w)...))
			at = next
		}
		return out
	}
	var probes [][]*Node
	quadratic, sum, weight := ConstLike(loss, 0), ConstLike(loss, 0), ConstLike(loss, 0)
	for range 3 {
		v := Const(g, tensor.Must(tensor.Normal(rng, 0, 1.0, n)))
		probes = append(probes, split(v))
		quadratic = Add(quadratic, MatMul(v, MatMul(h, v)))
		sum, weight = Add(sum, Mul(v, MatMul(h, v))), Add(weight, Square(v))
	}
	trace, err := HutchinsonTrace(loss, p, probes...)
	require.NoError(t, err)
	diagonal, err := HutchinsonDiagonal(loss, p, probes...)
	require.NoError(t, err)
	require.NoError(t, tensor.AllClose(valueOf(t, trace), valueOf(t, Div(quadratic, 3)), 1e-12, 1e-13))
	require.NoError(t, tensor.AllClose(valueOf(t, flatten(diagonal)), valueOf(t, Div(sum, weight)), 1e-11, 1e-12))

	eye := Const(g, tensor.Must(tensor.Eye[float64](n)))
	probes = nil
	for i := range n {
		probes = append(probes, split(Reshape(Slice(eye, 0, i, i+1), n)))
	}
	diagonal, err = HutchinsonDiagonal(loss, p, probes...)
	require.NoError(t, err)
	trace, err = HutchinsonTrace(loss, p, probes...)
	require.NoError(t, err)
	laplacian, err := Laplacian(loss, p...)
	require.NoError(t, err)
	require.NoError(t, tensor.AllClose(valueOf(t, flatten(diagonal)), valueOf(t, Sum(Mul(h, eye), 1)), 1e-11, 1e-13))
	require.NoError(t, tensor.AllClose(valueOf(t, Mul(trace, n)), valueOf(t, laplacian), 1e-11, 1e-13))
}

// Over many runs the mean of the estimates is the trace and the diagonal, and their
// variance is what the comments say.
func TestHutchinsonConverges(t *testing.T) {
	const runs, probes = 4000, 2
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -1, 2))
	loss := Add(Exp(Mul(0.3, Sum(x))), Add(MatMul(x, Mul(x, Sin(x))), Mul(At(x, 0), At(x, 2))))
	wrt := []*Node{x}
	trace, err := HutchinsonTrace(loss, wrt, Rademacher(1, x), Rademacher(2, x))
	require.NoError(t, err)
	diagonal, err := HutchinsonDiagonal(loss, wrt, Rademacher(3, x), Rademacher(4, x))
	require.NoError(t, err)
	h, err := Hessian(loss, x)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{3, 3}, Shape(h))
	prog := mustCompile(t, loss, Keep(trace, h), Keep(diagonal...))
	samples := make([][]float64, 4) // of the trace, and the elements of the diagonal
	for range runs {
		require.NoError(t, prog.Run())
		for i, v := range append(nodeValue(t, trace), nodeValue(t, diagonal[0])...) {
			samples[i] = append(samples[i], v)
		}
	}
	m := nodeValue(t, h)
	off := func(i, j int) float64 { return m[3*i+j] * m[3*i+j] }
	mean := []float64{m[0] + m[4] + m[8], m[0], m[4], m[8]}
	variance := []float64{4 * (off(0, 1) + off(0, 2) + off(1, 2)), off(0, 1) + off(0, 2), off(1, 0) + off(1, 2), off(2, 0) + off(2, 1)}
	for i, s := range samples {
		var sum, squares float64
		for _, v := range s {
			sum += v
			squares += (v - mean[i]) * (v - mean[i])
		}
		deviation := math.Sqrt(variance[i] / probes / runs)
		require.InDelta(t, mean[i], sum/runs, 4*deviation)
		require.InEpsilon(t, variance[i]/probes, squares/runs, 0.1)
	}
}

// Elements are 1 and −1, as often, and others in each run, node and probe.
func TestRademacher(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		a, b := InputOf(g, "a", dt, 30, 20), InputOf(g, "b", dt, 600)
		c := InputOf(g, "c", dt)
		v, w := Rademacher(1, a, b, c), Rademacher(2, a)
		require.Equal(t, []tensor.Shape{{30, 20}, {600}, {}}, []tensor.Shape{Shape(v[0]), Shape(v[1]), Shape(v[2])})
		prog := mustCompile(t, v[0], Keep(v...), Keep(w...))
		sign := func(n *Node) []float64 {
			out := slices.Clone(nodeValue(t, n))
			for _, e := range out {
				require.Equal(t, 1.0, math.Abs(e))
			}
			return out
		}
		require.NoError(t, prog.Run())
		draws := [][]float64{slices.Repeat([]float64{1}, 600), sign(v[0]), sign(v[1]), sign(w[0])}
		sign(v[2])
		require.NoError(t, prog.Run())
		draws = append(draws, sign(v[0]))
		for i, x := range draws {
			for j, y := range draws[:i] {
				dot := 0.0 // of variance 600; with the ones it is the sum
				for k := range x {
					dot += x[k] * y[k]
				}
				require.Less(t, math.Abs(dot), 4*math.Sqrt(600), "draws %d and %d", i, j)
			}
		}
	}
	require.Empty(t, Rademacher(1))
}

func TestHutchinsonErrors(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(1.0, 2)), Param(g, "w", tensor.Scalar(1.0))
	loss := Sum(Square(x))
	other, single := Param(NewGraph(), "x", tensor.Of(1.0, 2)), Const(g, tensor.Of[float32](1, 2))
	bad := Reshape(x, 5)
	wrt, v := []*Node{x}, []*Node{x}
	for i, c := range []struct {
		loss   *Node
		wrt    []*Node
		probes [][]*Node
		want   error
	}{
		{loss, wrt, nil, ErrNil},
		{loss, nil, [][]*Node{{}}, ErrNil},
		{loss, wrt, [][]*Node{v, {}}, ErrShape},
		{loss, wrt, [][]*Node{v, {w}}, ErrShape},
		{loss, wrt, [][]*Node{{nil}}, ErrNil},
		{loss, wrt, [][]*Node{{other}}, ErrGraph},
		{loss, wrt, [][]*Node{{single}}, ErrDtype},
		{Square(x), wrt, [][]*Node{v}, ErrNotScalar},
		{loss, []*Node{nil}, [][]*Node{v}, ErrNil},
		{nil, wrt, [][]*Node{v}, ErrNil},
		{loss, []*Node{other}, [][]*Node{v}, ErrGraph},
	} {
		for name, call := range map[string]func() error{
			"HutchinsonTrace":    func() error { _, err := HutchinsonTrace(c.loss, c.wrt, c.probes...); return err },
			"HutchinsonDiagonal": func() error { _, err := HutchinsonDiagonal(c.loss, c.wrt, c.probes...); return err },
		} {
			requireError(t, call(), c.want, name, i)
		}
	}
	for i, c := range []struct {
		like []*Node
		op   string
		want error
	}{
		{[]*Node{x, nil}, "Rademacher", ErrNil},
		{[]*Node{x, other}, "Rademacher", ErrGraph},
		{[]*Node{x, single}, "Rademacher", ErrDtype},
		{[]*Node{x, bad}, "Reshape", ErrShape},
	} {
		v := Rademacher(1, c.like...)
		require.Len(t, v, 2)
		requireError(t, Err(v[0]), c.want, c.op, i)
		requireError(t, Err(v[1]), c.want, c.op, i)
	}
}

// requireError checks the kind of err and the function and file that it names.
func requireError(t *testing.T, err, want error, op string, i int) {
	t.Helper()
	require.ErrorIs(t, err, want, "%s, case %d", op, i)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "autodiff."+op, e.Op, "case %d: %v", i, err)
	require.True(t, strings.Contains(e.Pos, "_test.go:"), err)
}
