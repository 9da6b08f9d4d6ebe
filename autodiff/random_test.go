package autodiff_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// draws returns the values of n in the given number of runs of a new program.
func draws(t *testing.T, n *Node, runs int, opts ...Option) [][]float64 {
	t.Helper()
	prog := mustCompile(t, n, opts...)
	var out [][]float64
	for range runs {
		require.NoError(t, prog.Run())
		out = append(out, nodeValue(t, n))
	}
	return out
}

func meanAndVariance(x []float64) (mean, variance float64) {
	for _, e := range x {
		mean += e / float64(len(x))
	}
	for _, e := range x {
		variance += (e - mean) * (e - mean) / float64(len(x))
	}
	return mean, variance
}

// Moments are within five standard errors.
func TestRandomMoments(t *testing.T) {
	const n = 100_000
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		for _, c := range []struct {
			node           *Node
			mean, variance float64
			kurtosis       float64 // the fourth central moment by the variance squared
		}{
			{RandUniform(g, dt, 1, -1, 3, 100, n/100), 1, 16. / 12, 1.8},
			{RandNormal(g, dt, 2, 5, 2, n), 5, 4, 3},
			{RandBernoulli(g, dt, 3, 0.3, n), 0.3, 0.21, 1/0.21 - 3},
		} {
			x := draws(t, c.node, 2)[1]
			mean, variance := meanAndVariance(x)
			require.InDelta(t, c.mean, mean, 5*math.Sqrt(c.variance/n), c.node)
			require.InDelta(t, c.variance, variance, 5*c.variance*math.Sqrt((c.kurtosis-1)/n), c.node)
		}
		for _, e := range run(t, RandUniform(g, dt, 1, -1, 3, n)) {
			require.True(t, -1 <= e && e < 3)
		}
		for _, e := range run(t, RandBernoulli(g, dt, 3, 0.3, n)) {
			require.True(t, e == 0 || e == 1)
		}
	}
}

// The first run has the numbers of package tensor, the next ones go on, and
// every program starts again.
func TestRandomStream(t *testing.T) {
	g, rng := NewGraph(), tensor.NewRand(7)
	n := RandNormal(g, tensor.Float32, 7, 1, 2, 3, 4)
	got := draws(t, n, 3)
	for _, have := range got {
		want, err := tensor.Float64s(tensor.Must(tensor.Normal[float32](rng, 1, 2, 3, 4)))
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	require.Equal(t, got, draws(t, n, 3))
	require.Equal(t, got, draws(t, RandNormal(NewGraph(), tensor.Float32, 7, 1, 2, 3, 4), 3))

	rng = tensor.NewRand(8)
	for _, have := range draws(t, RandUniform(g, tensor.Float64, 8, -1, 2, 5), 2) {
		want, err := tensor.Float64s(tensor.Must(tensor.Uniform(rng, -1.0, 2, 5)))
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	rng = tensor.NewRand(9)
	for _, have := range draws(t, RandBernoulli(g, tensor.Float64, 9, 0.5, 6), 2) {
		for _, e := range have {
			require.Equal(t, rng.Float64() < 0.5, e == 1)
		}
	}
	// Scalars live in registers.
	one := draws(t, Add(RandUniform(g, tensor.Float64, 10, 0, 1), 0), 3)
	require.NotEqual(t, one[0], one[1])
	require.NotEqual(t, one[1], one[2])
}

// Small random nodes are not computed when compiling, and neither those with other
// attributes nor those of other shapes are taken for one.
func TestRandomNodesAreNotMerged(t *testing.T) {
	g := NewGraph()
	f64 := tensor.Float64
	different := []*Node{
		RandUniform(g, f64, 1, 0, 1, 2), RandUniform(g, f64, 2, 0, 1, 2), RandUniform(g, f64, 1, 0, 2, 2), RandUniform(g, f64, 1, -1, 1, 2),
		RandNormal(g, f64, 1, 0, 1, 2), RandNormal(g, f64, 3, 0, 1, 2), RandNormal(g, f64, 1, 0, 2, 2), RandNormal(g, f64, 1, 1, 1, 2),
		Slice(RandUniform(g, f64, 1, 0, 1, 4), 0, 2, 4), RandBernoulli(g, f64, 1, 0.5, 2),
	}
	got := draws(t, Stack(0, different...), 2)
	require.NotEqual(t, got[0], got[1])
	rows := slices.Collect(slices.Chunk(got[0], 2))
	for i := range rows {
		for j := range i {
			require.NotEqual(t, rows[i], rows[j], "%d and %d", i, j)
		}
	}
	same := Stack(0, RandUniform(g, f64, 1, 0, 1, 2), RandUniform(g, f64, 1, 0, 1, 2))
	for _, x := range draws(t, same, 3) {
		require.Equal(t, x[:2], x[2:], "one seed, one stream")
	}
}

// In one run a node has one value, in the loss, in gradients of first and second
// order, and where it is kept.
func TestRandomNodeIsDrawnOncePerRun(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		x := Param(g, "x", as(t, tensor.Of(0.5, -1, 2), dt))
		r := RandNormal(g, dt, 4, 0, 1, 3)
		loss := Sum(Mul(r, Mul(Square(x), x)))
		first := gradOf(t, loss, x)[0]
		second := gradOf(t, Sum(first), x)[0]
		prog := mustCompile(t, loss, WithGrad(x), Keep(r, second))
		var last []float64
		for range 4 {
			require.NoError(t, prog.Run())
			have, sum := nodeValue(t, r), 0.0
			require.NotEqual(t, last, have)
			last = slices.Clone(have)
			for i, v := range nodeValue(t, x) {
				require.InDelta(t, 3*have[i]*v*v, gradValue(t, x)[i], 1e-5)
				require.InDelta(t, 6*have[i]*v, nodeValue(t, second)[i], 1e-5)
				sum += have[i] * v * v * v
			}
			require.InDelta(t, sum, prog.Loss(), 1e-5)
		}
		require.Zero(t, testing.AllocsPerRun(20, func() { _ = prog.Run() }))
	}
}

// A checkpoint, which computes random nodes again, draws the same numbers.
func TestRandomInCheckpoint(t *testing.T) {
	var want [][]float64
	for _, keep := range []bool{true, false} {
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, 30)))
		f := func(x ...*Node) *Node {
			return Exp(Add(Dropout(Sin(x[0]), 0.5, 1), RandNormal(g, tensor.Float64, 2, 0, 1, 30)))
		}
		y := Checkpoint(f, x)
		if keep {
			y = f(x)
		}
		prog := mustCompile(t, Sum(Square(y)), WithGrad(x))
		var got [][]float64
		for range 3 {
			require.NoError(t, prog.Run())
			got = append(got, slices.Clone(gradValue(t, x)))
		}
		if keep {
			want = got
		}
		require.Equal(t, want, got)
	}
	require.NotEqual(t, want[0], want[1])
}

// The mean and spread of a normal distribution learn through its numbers.
func TestGradientThroughRandom(t *testing.T) {
	g := NewGraph()
	mean, std := Param(g, "mean", tensor.Scalar(1.5)), Param(g, "std", tensor.Scalar(0.5))
	z := RandNormal(g, tensor.Float64, 5, 0, 1, 20)
	prog := mustCompile(t, Sum(Square(Add(mean, Mul(std, z)))), WithGrad(mean, std), Keep(z))
	require.NoError(t, prog.Run())
	var wantMean, wantStd float64
	for _, e := range nodeValue(t, z) {
		wantMean += 2 * (1.5 + 0.5*e)
		wantStd += 2 * (1.5 + 0.5*e) * e
	}
	require.InDelta(t, wantMean, gradValue(t, mean)[0], 1e-12)
	require.InDelta(t, wantStd, gradValue(t, std)[0], 1e-12)
	grads, err := Grad(Sum(Square(z)), z)
	require.NoError(t, err)
	require.Equal(t, make([]float64, 20), run(t, Sub(grads[0], Mul(z, 2))))
}

// Stock machines can run random nodes.
func TestRandomOnStockMachine(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	y := Dropout(Add(x, RandUniform(g, tensor.Float64, 1, 0, 1, 2)), 0.5, 2)
	want := run(t, y)
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	require.NoError(t, vm.RunAll())
	require.Equal(t, want, nodeValue(t, y))
}

func TestRandomMistakes(t *testing.T) {
	g, f32, f64 := NewGraph(), tensor.Float32, tensor.Float64
	nan, inf := math.NaN(), math.Inf(1)
	for i, c := range []struct {
		node *Node
		op   string
		want error
	}{
		{RandUniform(nil, f64, 1, 0, 1, 2), "RandUniform", ErrGraph}, {RandNormal(nil, f64, 1, 0, 1), "RandNormal", ErrGraph}, {RandBernoulli(nil, f64, 1, 0), "RandBernoulli", ErrGraph},
		{RandUniform(g, tensor.Dtype{}, 1, 0, 1, 2), "RandUniform", ErrDtype}, {RandNormal(g, gorgonia.Int, 1, 0, 1, 2), "RandNormal", ErrDtype}, {RandBernoulli(g, gorgonia.Bool, 1, 0.5), "RandBernoulli", ErrDtype},
		{RandUniform(g, f64, 1, 0, 1, 2, 0), "RandUniform", ErrShape}, {RandNormal(g, f64, 1, 0, 1, -1), "RandNormal", ErrShape}, {RandBernoulli(g, f64, 1, 0.5, math.MaxInt, 2), "RandBernoulli", ErrShape},
		{RandUniform(g, f64, 1, 1, 0), "RandUniform", tensor.ErrValue}, {RandUniform(g, f64, 1, nan, 0), "RandUniform", tensor.ErrValue}, {RandUniform(g, f64, 1, 0, inf), "RandUniform", tensor.ErrValue},
		{RandUniform(g, f32, 1, 0, 1e39), "RandUniform", tensor.ErrValue}, {RandUniform(g, f64, 1, -math.MaxFloat64, math.MaxFloat64), "RandUniform", tensor.ErrValue},
		{RandNormal(g, f64, 1, 0, -1), "RandNormal", tensor.ErrValue}, {RandNormal(g, f64, 1, 0, nan), "RandNormal", tensor.ErrValue}, {RandNormal(g, f64, 1, inf, 1), "RandNormal", tensor.ErrValue}, {RandNormal(g, f32, 1, 1e39, 1), "RandNormal", tensor.ErrValue},
		{RandBernoulli(g, f64, 1, -0.1), "RandBernoulli", tensor.ErrValue}, {RandBernoulli(g, f64, 1, 1.1), "RandBernoulli", tensor.ErrValue}, {RandBernoulli(g, f64, 1, nan), "RandBernoulli", tensor.ErrValue},
	} {
		requireMistake(t, c.node, "autodiff."+c.op, c.want, fmt.Sprint("case ", i))
	}
	require.Equal(t, []float64{2.5, 2.5}, run(t, RandUniform(g, f32, 1, 2.5, 2.5, 2)))
	require.NoError(t, Err(RandUniform(g, f32, 1, -math.MaxFloat32, math.MaxFloat32)))
}

// requireMistake checks the error of an invalid node: what, and who made it.
func requireMistake(t *testing.T, n *Node, op string, want error, msg string) {
	t.Helper()
	err := Err(n)
	require.ErrorIs(t, err, want, msg)
	var e *Error
	require.ErrorAs(t, err, &e, msg)
	require.Equal(t, op, e.Op, "%s: %v", msg, err)
}

const dropped, kept = 0, 1

// Of the elements, p are 0 and the others are multiplied by exactly 1/(1 − p); other
// elements in each run.
func TestDropout(t *testing.T) {
	const n, p = 40_000, 0.2
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		g := NewGraph()
		x := Param(g, "x", as(t, tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, 100, n/100)), dt))
		y := Dropout(x, p, 3)
		runs := draws(t, y, 2)
		require.NotEqual(t, runs[0], runs[1])
		require.Equal(t, runs, draws(t, y, 2))
		scale := 1 / (1 - p)
		if dt == tensor.Float32 {
			scale = float64(float32(1) / float32(1-p))
		}
		count := [2]int{}
		for i, v := range nodeValue(t, x) {
			want := v * scale
			if dt == tensor.Float32 {
				want = float64(float32(want))
			}
			switch runs[1][i] {
			case want:
				count[kept]++
			case 0:
				count[dropped]++
			default:
				require.Fail(t, "neither kept nor dropped", "%v of %v", runs[1][i], v)
			}
		}
		require.InDelta(t, p*n, count[dropped], 5*math.Sqrt(p*(1-p)*n))
	}
}

// The gradient has the mask of the value of the same run, and so has the second.
func TestDropoutGradient(t *testing.T) {
	const p = 0.3
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Uniform(tensor.NewRand(1), 1.0, 2, 50)))
	y := Dropout(x, p, 9)
	second := gradOf(t, Sum(gradOf(t, Sum(Square(y)), x)[0]), x)[0]
	prog := mustCompile(t, Sum(y), WithGrad(x), Keep(y, second))
	for range 3 {
		require.NoError(t, prog.Run())
		for i, v := range nodeValue(t, x) {
			m := 0.0
			if nodeValue(t, y)[i] != 0 {
				m = 1 / (1 - p)
			}
			require.Equal(t, m, gradValue(t, x)[i])
			require.Equal(t, v*m, nodeValue(t, y)[i])
			require.InDelta(t, 2*m*m, nodeValue(t, second)[i], 1e-14)
		}
	}
	require.Zero(t, testing.AllocsPerRun(20, func() { _ = prog.Run() }))
}

// Whole channels are kept or dropped.
func TestDropoutChannels(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](50, 40, 3, 2)))
	count := [2]int{}
	for channel := range slices.Chunk(run(t, DropoutChannels(x, 0.75, 2)), 6) {
		require.Equal(t, slices.Repeat(channel[:1], 6), channel)
		count[map[float64]int{0: dropped, 4: kept}[channel[0]]]++
	}
	require.InDelta(t, 500, count[kept], 5*math.Sqrt(2000*0.75*0.25))
}

// The ends of the range, and numbers that are dropped and not finite.
func TestDropoutEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, -2, inf, nan))
	require.Same(t, x, Dropout(x, 0, 1))
	y := Dropout(x, 1, 1)
	prog := mustCompile(t, Sum(y), WithGrad(x), Keep(y))
	require.NoError(t, prog.Run())
	require.Equal(t, "[0 -0 NaN NaN]", fmt.Sprint(nodeValue(t, y)))
	require.Equal(t, []float64{0, 0, 0, 0}, gradValue(t, x))
	for _, p := range []float64{-0.1, 1.1, nan, inf} {
		requireMistake(t, Dropout(x, p, 1), "autodiff.Dropout", tensor.ErrValue, "p")
	}
	requireMistake(t, DropoutChannels(x, 0.5, 1), "autodiff.DropoutChannels", ErrShape, "rank")
	requireMistake(t, DropoutChannels(Unsqueeze(x, 0), -1, 1), "autodiff.DropoutChannels", tensor.ErrValue, "p")
	requireMistake(t, Dropout(nil, 0.5, 1), "autodiff.Dropout", ErrNil, "nil")
	bad := Reshape(x, 3)
	require.Same(t, bad, Dropout(bad, 7, 1))
}

// For inference dropout is the identity, in values and gradients, and costs nothing.
func TestEval(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, 6, 5)))
	row := Param(g, "row", tensor.Of(1.0, 2, 3, 4, 5))
	build := func(drop func(x *Node, p float64, seed uint64) *Node) *Node {
		h := drop(Tanh(drop(x, 0.5, 1)), 1, 2)
		return Sum(Mul(Exp(h), drop(Expand(row, 6, 5), 0.25, 3)))
	}
	loss := build(Dropout)
	plain := build(func(x *Node, _ float64, _ uint64) *Node { return x })
	second := gradOf(t, Sum(Square(gradOf(t, loss, x)[0])), x)[0]
	wantSecond := gradOf(t, Sum(Square(gradOf(t, plain, x)[0])), x)[0]
	want := mustCompile(t, plain, WithGrad(x, row), Keep(wantSecond))
	require.NoError(t, want.Run())
	dx, drow := slices.Clone(gradValue(t, x)), slices.Clone(gradValue(t, row))

	prog := mustCompile(t, loss, WithGrad(x, row), Keep(second), Eval())
	for range 2 {
		require.NoError(t, prog.Run())
		require.Equal(t, want.Loss(), prog.Loss())
		require.Equal(t, dx, gradValue(t, x))
		require.Equal(t, drow, gradValue(t, row))
		require.Equal(t, nodeValue(t, wantSecond), nodeValue(t, second))
	}
	require.NotContains(t, prog.Explain(), "Bernoulli")
	require.Equal(t, want.Explain(), strings.ReplaceAll(prog.Explain(), "value of Dropout", "value of Mul"), "one plan")

	train := mustCompile(t, loss, WithGrad(x, row))
	require.Contains(t, train.Explain(), "Bernoulli")
	require.NoError(t, train.Run())
	require.NotEqual(t, want.Loss(), train.Loss(), "the same graph can still be trained")
	require.Zero(t, draws(t, Dropout(x, 1, 1), 1)[0][0])
	require.Equal(t, nodeValue(t, x), draws(t, Dropout(x, 1, 1), 1, Eval())[0])
}
