package autodiff_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Chains of thousands of operations compile and run, without deep recursion.
func TestDeepGraph(t *testing.T) {
	const depth = 5000
	_, x := scalarParams(0.5)
	g := NewGraph()
	v := Param(g, "v", tensor.Of(0.5, 0.25))
	start := time.Now()
	s, y := x[0], v
	for range depth {
		s = Sin(s)
		y = Sin(y)
	}
	scalar := mustCompile(t, s, WithGrad(x[0]))
	vector := mustCompile(t, Sum(y), WithGrad(v))
	require.NoError(t, scalar.Run())
	require.NoError(t, vector.Run())
	require.Less(t, time.Since(start), 20*time.Second)
	want, slope := 0.5, 1.0
	for range depth {
		slope *= math.Cos(want)
		want = math.Sin(want)
	}
	require.InEpsilon(t, want, scalar.Loss(), 1e-12)
	require.InDelta(t, slope, gradValue(t, x[0])[0], 1e-12*slope)
	require.InDelta(t, slope, gradValue(t, v)[0], 1e-12*slope)
}

// A run starts no goroutine, and leaves none behind.
func TestNoGoroutines(t *testing.T) {
	_, loss, p := smallNet()
	before := runtime.NumGoroutine()
	prog := mustCompile(t, loss, WithGrad(p...))
	seen := before
	for range 100 {
		require.NoError(t, prog.Run())
		seen = max(seen, runtime.NumGoroutine())
	}
	require.Equal(t, before, seen)
}

// A run allocates nothing, for scalars and for a network, in both dtypes.
func TestNoAllocations(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		for name, prog := range map[string]*Program{"Rosenbrock": rosenbrockProgram(t, dt), "network": networkProgram(t, dt)} {
			t.Run(fmt.Sprint(name, " ", dt), func(t *testing.T) {
				require.NoError(t, prog.Run())
				require.Zero(t, testing.AllocsPerRun(100, func() { _ = prog.Run() }))
			})
		}
	}
}

func as(t testing.TB, v *tensor.Dense, dt tensor.Dtype) *tensor.Dense {
	t.Helper()
	out, err := tensor.Convert(v, dt)
	require.NoError(t, err)
	return out
}

func rosenbrockProgram(t testing.TB, dt tensor.Dtype) *Program {
	g := NewGraph()
	x, y := Param(g, "x", as(t, tensor.Scalar(-1.2), dt)), Param(g, "y", as(t, tensor.Scalar(1.0), dt))
	loss := Add(Square(Sub(1, x)), Mul(100, Square(Sub(y, Square(x)))))
	return mustCompile(t, loss, WithGrad(x, y))
}

// networkProgram is a classifier of points with two hidden layers.
func networkProgram(t testing.TB, dt tensor.Dtype) *Program {
	g := NewGraph()
	rng := tensor.NewRand(1)
	normal := func(shape ...int) *tensor.Dense {
		return as(t, tensor.Must(tensor.Normal(rng, 0, 0.5, shape...)), dt)
	}
	h := Input(g, "x", normal(200, 2))
	labels := as(t, tensor.Must(tensor.FromSlice(slices.Repeat([]float64{0, 1}, 100), 200)), dt)
	sizes := []int{2, 32, 32, 2}
	var params []*Node
	for i := range 3 {
		w := Param(g, fmt.Sprintf("%d.weight", i), normal(sizes[i+1], sizes[i]))
		b := Param(g, fmt.Sprintf("%d.bias", i), normal(sizes[i+1]))
		params = append(params, w, b)
		if i > 0 {
			h = Relu(h)
		}
		h = Add(MatMul(h, Transpose(w)), b)
	}
	loss := Neg(Mean(Sum(Mul(OneHot(Input(g, "labels", labels), 2), LogSoftmax(h, 1)), 1)))
	return mustCompile(t, loss, WithGrad(params...))
}
