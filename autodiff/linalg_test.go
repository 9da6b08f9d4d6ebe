package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// linalgFunctions are all functions of one matrix, the ones with two results twice.
var linalgFunctions = map[string]func(x *Node) *Node{
	"Solve":           func(x *Node) *Node { return Solve(x, Expand(ConstLike(x, 1), Dim(x, -1))) },
	"Solve for x":     func(x *Node) *Node { return Solve(regular(x), x) },
	"SolveTriangular": func(x *Node) *Node { return SolveTriangular(x, eye(x), false, false) },
	"CholeskySolve":   func(x *Node) *Node { return CholeskySolve(eye(x), x) },
	"Inverse":         Inverse,
	"Det":             Det,
	"sign":            func(x *Node) *Node { sign, _ := Slogdet(x); return sign },
	"logabsdet":       func(x *Node) *Node { _, l := Slogdet(x); return l },
	"Logdet":          Logdet,
	"Cholesky":        Cholesky,
	"Eigvalsh":        Eigvalsh,
	"values":          func(x *Node) *Node { w, _ := Eigh(x); return w },
	"vectors":         func(x *Node) *Node { _, v := Eigh(x); return v },
	"MatrixPower":     func(x *Node) *Node { return MatrixPower(x, -3) },
}

// symmetricParam returns a parameter with n×n elements: positive definite with a
// condition of about 10.
func symmetricParam(g *Graph, n int, dt tensor.Dtype) *Node {
	v := tensor.Must(tensor.Normal(tensor.NewRand(3), 0, 1/math.Sqrt(float64(n)), n, n))
	data := v.Data().([]float64)
	for i := range n {
		for j := range i {
			data[j*n+i] = data[i*n+j] / 2
			data[i*n+j] = data[j*n+i]
		}
		data[i*n+i] += 3
	}
	return Param(g, "x", tensor.Must(tensor.Convert(v, dt)))
}

// A run allocates nothing, which also means that it starts no goroutine, for
// matrices that gonum would multiply in several, too.
func TestLinalgAllocatesNothing(t *testing.T) {
	for name, f := range linalgFunctions {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for _, n := range []int{1, 5, 330} {
				if n > 5 && dt == tensor.Float32 {
					continue // is computed in float64, too
				}
				t.Run(fmt.Sprint(name, " ", dt, " ", n), func(t *testing.T) {
					x := symmetricParam(NewGraph(), n, dt)
					prog := mustCompile(t, Sum(Square(f(x))), WithGrad(x))
					require.NoError(t, prog.Run())
					require.Zero(t, testing.AllocsPerRun(1, func() { _ = prog.Run() }))
				})
			}
		}
	}
}

// The gradient of one function of a matrix. 512 is the size at which columns of an
// array without gaps would share a cache line.
func BenchmarkLinalg(b *testing.B) {
	for _, name := range []string{"Solve", "Inverse", "Det", "Cholesky", "Eigvalsh"} {
		for _, n := range []int{4, 32, 250, 512} {
			b.Run(fmt.Sprint(name, " ", n), func(b *testing.B) {
				x := symmetricParam(NewGraph(), n, tensor.Float64)
				prog := mustCompile(b, Sum(linalgFunctions[name](x)), WithGrad(x))
				b.ReportAllocs()
				for b.Loop() {
					if err := prog.Run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Blocks of rows and columns fit together: the results solve their equations.
func TestLinalgOfLargeMatrices(t *testing.T) {
	for _, n := range []int{2, 63, 64, 65, 128, 129, 300} {
		g := NewGraph()
		x := symmetricParam(g, n, tensor.Float64)
		turned := Roll(Mul(x, Add(Sin(Expand(ConstLike(x, 1), n, n)), Tril(x, 0))), 0, 1) // needs pivots
		small := func(what string, n *Node) {
			t.Helper()
			require.Less(t, run(t, Max(Abs(n)))[0], 1e-11, what)
		}
		id := eye(x)
		small("Solve", Sub(MatMul(turned, Solve(turned, x)), x))
		small("Solve, transposed", Sub(MatMul(Transpose(turned), Solve(Transpose(turned), x)), x))
		small("Inverse", Sub(MatMul(turned, Inverse(turned)), id))
		small("SolveTriangular", Sub(MatMul(Triu(x, 0), SolveTriangular(x, id, true, false)), id))
		l := Cholesky(x)
		small("Cholesky", Sub(MatMul(l, Transpose(l)), x))
		small("lower triangle", Triu(l, 1))
		small("CholeskySolve", Sub(MatMul(x, CholeskySolve(id, l)), id))
		w, v := Eigh(x)
		small("Eigh", Sub(MatMul(x, v), Mul(v, w)))
		small("orthogonal", Sub(MatMul(Transpose(v), v), id))
		small("ascending", Minimum(Sub(Slice(w, 0, 1, n), Slice(w, 0, 0, n-1)), 0))
		_, logabsdet := Slogdet(x)
		small("Slogdet", Div(Sub(logabsdet, Sum(Log(w))), n))
		small("Logdet", Div(Sub(Logdet(x), Mul(2, Sum(Log(Diag(l, 0))))), n))
		if n < 200 { // else it overflows
			signed, logTurned := Slogdet(turned)
			small("Det", Sub(Div(Det(turned), Mul(signed, Exp(logTurned))), 1))
		}
	}
}

// The gradient of a determinant are the cofactors, also of singular matrices, whose
// rows are taken away here one by one.
func TestDetOfSingularMatrices(t *testing.T) {
	shift := make([]float64, 25)
	for i := range 4 {
		shift[i*5+i+1] = 1
	}
	for name, data := range map[string][]float64{
		"1×1": {0}, "zeros": make([]float64, 9), "ones": {1, 1, 1, 1, 1, 1, 1, 1, 1}, "ones, 2×2": {1, 1, 1, 1},
		"a column of zeros": {0, 1, 0, 2}, "nilpotent": {0, 1, 0, 0}, "transposed": {0, 0, 1, 0}, "shift": shift,
		"rank 2": {1, 2, 4, 2, 4, 8, 1, 0, 1}, "rounded rank 2": {1, 2, 3, 4, 5, 6, 7, 8, 9}, "sparse": {0, 0, 1, 0, 2, 0, 0, 0, 4},
		"graded": {1e10, 0, 0, 0, 1e-10, 0, 0, 0, 0}, "graded, turned": {0, 0, 1e10, 0, 0, 0, 0, 1e-10, 0},
		"regular to one pivoting only": {-3, -4, -1, -1, -1, 1, -8, -10, 0}, "regular": {1, 2, 3, 4}, "tiny": {1e-170, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			n := int(math.Sqrt(float64(len(data))))
			g := NewGraph()
			x := Param(g, "x", tensor.Must(tensor.FromSlice(data, n, n)))
			y := Det(x)
			got := run(t, gradientOfSum(y, x))
			for i := range n {
				for j := range n {
					want := 1.0
					if n > 1 {
						want = run(t, Det(minor(x, i, j)))[0]
					}
					if (i+j)%2 == 1 {
						want = -want
					}
					require.InDelta(t, want, got[i*n+j], 1e-14*math.Max(1, math.Abs(want)), "%d, %d", i, j)
				}
			}
		})
	}
	// A second derivative would need minors of minors.
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 1, 1, 1, 0}, 5)))
	y := Det(Reshape(Slice(x, 0, 0, 4), 2, 2))
	second := run(t, gradientOfSum(Square(gradientOfSum(y, x)), x))
	require.True(t, math.IsNaN(second[0]), "%v", second)
	one := Det(Reshape(Slice(x, 0, 4, 5), 1, 1))
	require.Equal(t, []float64{0, 0, 0, 0, 0}, run(t, gradientOfSum(gradientOfSum(one, x), x)))
}

// minor returns x without a row and a column.
func minor(x *Node, row, col int) *Node {
	n := Dim(x, 0)
	without := func(x *Node, axis, i int) *Node {
		rolled := Roll(x, axis, -i) // the row i first
		return Roll(Slice(rolled, axis, 1, n), axis, i)
	}
	return without(without(x, 0, row), 1, col)
}

// Large and small matrices, and those that fall into parts of different sizes. The
// last of these have wrong eigenvalues in gonum v0.17.
func TestEighOfAnySize(t *testing.T) {
	for _, c := range []struct {
		x, w []float64
	}{
		{[]float64{0, 0, 0, 0}, []float64{0, 0}},
		{[]float64{7}, []float64{7}},
		{[]float64{-5, 0, 0, -7}, []float64{-7, -5}},
		{[]float64{1e308, 1e308, 1e308, 1e308}, []float64{0, math.Inf(1)}},
		{[]float64{3e300, 4e300, 4e300, -3e300}, []float64{-5e300, 5e300}},
		{[]float64{3e-300, 4e-300, 4e-300, -3e-300}, []float64{-5e-300, 5e-300}},
		{[]float64{3e-320, 4e-320, 4e-320, -3e-320}, []float64{-5e-320, 5e-320}},
		{[]float64{3e-30, 4e-30, 0, 4e-30, -3e-30, 0, 0, 0, 1}, []float64{-5e-30, 5e-30, 1}},
		{blocks(3e-130, 4e-130, 3, 4), []float64{-5, 0, 0, 5}},
		{blocks(3, 4, 3e-130, 4e-130), []float64{-5, 0, 0, 5}},
		{blocks(3e-320, 4e-320, 3e300, 4e300), []float64{-5e300, 0, 0, 5e300}},
	} {
		n := len(c.w)
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.FromSlice(c.x, n, n)))
		w, v := Eigh(x)
		got := run(t, w)
		for i, want := range c.w {
			if math.IsInf(want, 0) {
				require.Equal(t, want, got[i])
			} else {
				require.InDelta(t, want, got[i], 1e-15*math.Abs(c.w[n-1])+1e-29*math.Abs(want), "%v: %v", c.x, got)
			}
		}
		require.Less(t, run(t, Max(Abs(Sub(MatMul(Transpose(v), v), eye(x)))))[0], 1e-14)
	}
}

// blocks returns two blocks (a, b; b, −a) on a diagonal.
func blocks(a, b, c, d float64) []float64 {
	return []float64{a, b, 0, 0, b, -a, 0, 0, 0, 0, c, d, 0, 0, d, -c}
}

// float32 matrices are computed in float64 and rounded once, however ill-conditioned
// they are.
func TestLinalgRoundsOnce(t *testing.T) {
	hilbert := func(dt tensor.Dtype) *Node {
		data := make([]float32, 36)
		for i := range 6 {
			for j := range 6 {
				data[i*6+j] = 1 / float32(i+j+1)
			}
		}
		v := tensor.Must(tensor.FromSlice(data, 6, 6))
		return Param(NewGraph(), "x", tensor.Must(tensor.Convert(v, dt)))
	}
	for name, f := range linalgFunctions {
		if name == "MatrixPower" || name == "Solve for x" || name == "CholeskySolve" {
			continue // rounds in between, too
		}
		wide, narrow := run(t, f(hilbert(tensor.Float64))), run(t, f(hilbert(tensor.Float32)))
		for i, v := range wide {
			require.Equal(t, float64(float32(v)), narrow[i], "%s: element %d", name, i)
		}
	}
}

// What has no result is NaN, in its place in a batch only, and nothing panics on
// infinities, NaN, and numbers at the ends of the range, up to second derivatives.
func TestLinalgOfBadMatrices(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	good := []float64{2, 1, 1, 3}
	for _, bad := range [][]float64{
		{0, 0, 0, 0}, {1, 1, 1, 1}, {nan, nan, nan, nan}, {nan, 0, 0, 1}, {1, nan, 0, 1}, {1, 0, nan, 1}, {0, nan, 0, 1}, {0, 0, nan, 0}, {1, 0, 0, nan},
		{inf, 0, 0, 1}, {inf, inf, inf, inf}, {1, -inf, inf, 1}, {0, inf, 0, -inf}, {0, 0, 0, -inf}, {inf, 1, 1, nan}, {-1, 0, 0, -1},
		{1e308, 1e308, 1e308, -1e308}, {5e-324, 0, 0, 5e-324}, {1e308, 0, 0, 5e-324}, {0, 5e-324, 5e-324, 0},
	} {
		for name, f := range linalgFunctions {
			value := func(data ...float64) (y, dx, second []float64) {
				x := Param(NewGraph(), "x", tensor.Must(tensor.FromSlice(data, len(data)/4, 2, 2)))
				node := f(x)
				grad := gradientOfSum(node, x)
				y, dx = run(t, node), run(t, grad)
				return y, dx, run(t, gradientOfSum(Square(grad), x))
			}
			y, dx, second := value(good...)
			all, allDx, allSecond := value(append(append([]float64{}, bad...), good...)...)
			require.Equal(t, y, all[len(y):], "%s of %v", name, bad)
			require.Equal(t, dx, allDx[len(dx):], "gradient of %s of %v", name, bad)
			require.Equal(t, second, allSecond[len(second):], "second gradient of %s of %v", name, bad)
		}
	}
	x := Param(NewGraph(), "x", tensor.Must(tensor.FromSlice([]float64{1, 2, 2, 4}, 2, 2))) // singular, of rank 1
	for _, name := range []string{"Solve", "Inverse", "Cholesky", "MatrixPower"} {
		y := linalgFunctions[name](x)
		for _, v := range append(run(t, y), run(t, gradientOfSum(y, x))...) {
			require.True(t, math.IsNaN(v), name)
		}
	}
	require.Equal(t, []float64{-inf}, run(t, Logdet(x)))
	require.Equal(t, []float64{0}, run(t, linalgFunctions["sign"](x)))
}

// Mistakes have the name of the function and the line of its caller.
func TestLinalgMistakes(t *testing.T) {
	g := NewGraph()
	param := func(name string, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Ones[float64](shape...)))
	}
	s, v, wide, x, b := param("s"), param("v", 3), param("wide", 2, 3), param("x", 3, 3), param("b", 5, 3, 2)
	f := Param(g, "f", tensor.Must(tensor.Ones[float32](3, 3)))
	other := Param(NewGraph(), "x", tensor.Must(tensor.Ones[float64](3, 3)))
	var null *Node
	bad := Reshape(v, 5)
	unary := map[string]func(x *Node) *Node{
		"Cholesky": Cholesky, "Inverse": Inverse, "Det": Det, "Logdet": Logdet, "Eigvalsh": Eigvalsh,
		"Slogdet":     func(x *Node) *Node { _, l := Slogdet(x); return l },
		"Eigh":        func(x *Node) *Node { _, v := Eigh(x); return v },
		"MatrixPower": func(x *Node) *Node { return MatrixPower(x, 2) },
	}
	check := func(op string, n *Node, want error) {
		t.Helper()
		var e *Error
		require.ErrorIs(t, Err(n), want, op)
		require.ErrorAs(t, Err(n), &e)
		require.Equal(t, "autodiff."+op, e.Op)
		require.Regexp(t, `^linalg_test\.go:\d+$`, e.Pos)
	}
	for op, f := range unary {
		check(op, f(s), ErrShape)
		check(op, f(v), ErrShape)
		check(op, f(wide), ErrShape)
		check(op, f(null), ErrNil)
		require.Same(t, bad, f(bad), op)
	}
	triangular := func(a, b *Node) *Node { return SolveTriangular(a, b, true, true) }
	for op, f2 := range map[string]func(a, b *Node) *Node{
		"Solve": Solve, "SolveTriangular": triangular, "CholeskySolve": func(a, b *Node) *Node { return CholeskySolve(b, a) },
	} {
		for i, in := range [][2]*Node{{s, v}, {s, s}, {v, v}, {wide, v}, {wide, wide}, {x, s}, {x, wide}, {x, Slice(v, 0, 0, 2)}, {Expand(x, 2, 3, 3), b}} {
			check(op, f2(in[0], in[1]), ErrShape)
			require.NotPanics(t, func() { _ = Err(f2(in[1], in[0])) }, i)
		}
		check(op, f2(x, null), ErrNil)
		check(op, f2(null, x), ErrNil)
		check(op, f2(x, f), ErrDtype)
		check(op, f2(x, other), ErrGraph)
		require.Same(t, bad, f2(bad, x), op)
		require.Same(t, bad, f2(x, bad), op)
	}
	check("Kron", Kron(x, null), ErrNil)
	check("Kron", Kron(x, f), ErrDtype)
	check("Kron", Kron(x, other), ErrGraph)
	require.Same(t, bad, Kron(x, bad))
	huge := Expand(s, 1<<31, 1)
	check("Kron", Kron(Kron(huge, s), Expand(s, 1<<33, 1)), ErrShape)
	require.NoError(t, Err(MatrixPower(x, math.MinInt)))
}
