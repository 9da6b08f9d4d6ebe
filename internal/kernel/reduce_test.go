package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var layouts = [][3]int{ // outer, n, inner
	{1, 1, 1}, {3, 0, 2}, {0, 3, 2}, {2, 3, 0}, {2, 0, 1}, {1, 5, 1}, {5, 1, 1}, {1, 1, 5}, {4, 3, 2}, {1, 200, 32}, {200, 32, 1},
	{7, 9, 11}, {3, 129, 1}, {3, 129, 2}, {2, 300, 65}, {1, 1000, 3}, {2, 17, 130}, {1, 4097, 1}, {1, 257, 64},
}

func TestReduce(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testReduce[float64](t, 1e-14) })
	t.Run("float32", func(t *testing.T) { testReduce[float32](t, 1e-5) })
}

func testReduce[T Float](t *testing.T, tol float64) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, l := range layouts {
		outer, n, inner := l[0], l[1], l[2]
		x := randoms[T](rng, outer*n*inner)
		sums, highs, lows := randoms[T](rng, outer*inner), randoms[T](rng, outer*inner), randoms[T](rng, outer*inner)
		SumAxis(sums, x, outer, n, inner)
		MaxAxis(highs, x, outer, n, inner)
		MinAxis(lows, x, outer, n, inner)
		for o := range outer {
			for i := range inner {
				var sum, size float64
				high, low := math.Inf(-1), math.Inf(1)
				for j := range n {
					v := float64(x[(o*n+j)*inner+i])
					sum, size = sum+v, size+math.Abs(v)
					high, low = max(high, v), min(low, v)
				}
				at := fmt.Sprint(l, " at ", o, i)
				require.InDelta(t, sum, float64(sums[o*inner+i]), tol*size, at)
				require.Equal(t, T(high), highs[o*inner+i], at)
				require.Equal(t, T(low), lows[o*inner+i], at)
			}
		}
	}
}

// TestReduceNaN puts one NaN at every place of an axis in turn.
func TestReduceNaN(t *testing.T) {
	for _, inner := range []int{1, 3} {
		for n := range 20 {
			for at := range n {
				x := make([]float64, n*inner)
				x[0] = inf
				x[at*inner] = nan
				got := make([]float64, inner)
				for name, f := range map[string]func(dst, x []float64, outer, n, inner int){
					"max": MaxAxis[float64], "min": MinAxis[float64], "sum": SumAxis[float64],
				} {
					f(got, x, 1, n, inner)
					require.True(t, math.IsNaN(got[0]), "%s of %v", name, x)
					for _, v := range got[1:] {
						require.Zero(t, v, "%s of %v", name, x)
					}
				}
			}
		}
	}
}

func TestReduceInf(t *testing.T) {
	x := []float64{1, inf, 2, -inf, 3, 4}
	got := make([]float64, 3)
	SumAxis(got, x, 3, 2, 1)
	requireSame(t, []float64{inf, -inf, 7}, got)
	MaxAxis(got, x, 3, 2, 1)
	requireSame(t, []float64{inf, 2, 4}, got)
	MinAxis(got, x, 3, 2, 1)
	requireSame(t, []float64{1, -inf, 3}, got)
}

// TestSumError adds a million times the float32 next to 0.1: added in order, the
// sum is wrong in the second digit. A pairwise sum of n terms in leaves of 128
// with 8 partial sums is off by at most (16 + 3 + log2(n/128)) eps Σ|x|, one
// with leaves in order by (128 + log2(n/128)) eps Σ|x|.
func TestSumError(t *testing.T) {
	const n, eps = 1_000_000, 1.0 / (1 << 24)
	x := make([]float32, 2*n)
	Fill(x, 0.1)
	var naive float32
	for _, v := range x[:n] {
		naive += v
	}
	exact := n * float64(x[0])
	require.Greater(t, math.Abs(float64(naive)-exact), 1e4*eps*exact)
	var got [2]float32
	SumAxis(got[:1], x[:n], 1, n, 1)
	require.InDelta(t, exact, float64(got[0]), (16+3+13)*eps*exact)
	SumAxis(got[:], x, 1, n, 2)
	require.InDelta(t, exact, float64(got[0]), (128+13)*eps*exact)
	require.Equal(t, got[0], got[1])

	rng := rand.New(rand.NewPCG(13, 14)) // roundings that are random mostly cancel
	exact = 0
	for i := range x[:n] {
		x[i] = rng.Float32()
		exact += float64(x[i])
	}
	SumAxis(got[:1], x[:n], 1, n, 1)
	require.InDelta(t, exact, float64(got[0]), 4*eps*exact)
}
