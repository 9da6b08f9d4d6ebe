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
// sum is wrong in the second digit. A pairwise sum of n terms in leaves of 1024
// with 32 partial sums is off by at most (32 + 5 + log2(n/1024)) eps Σ|x|, one
// with leaves of 128 in order by (128 + log2(n/128)) eps Σ|x|.
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
	require.InDelta(t, exact, float64(got[0]), (32+5+10)*eps*exact)
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

// TestReduceOrder compares sums with their definition, and all reductions with vector
// instructions with the loops in Go: bit by bit, for rows and columns of any number.
func TestReduceOrder(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testReduceOrder[float64])
		t.Run("float32", testReduceOrder[float32])
	})
}

func testReduceOrder[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(67, 68))
	lengths := []int{127, 128, 129, 300, 1000, 1023, 1024, 1025, 3000, 70_000}
	for n := range 101 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		for _, inner := range []int{1, 1, 2, 3, 1 + rng.IntN(9), 10 + rng.IntN(30), 40 + rng.IntN(200)} {
			outer := rng.IntN(4)
			if n*inner > 1<<17 {
				continue
			}
			checkReduce(t, randoms[T](rng, outer*n*inner+n%3)[n%3:], outer, n, inner)
			checkReduce(t, values[T](rng, outer*n*inner+n%3)[n%3:], outer, n, inner)
			zeros := make([]T, outer*n*inner)
			for i := range zeros {
				zeros[i] = T(math.Copysign(0, float64(rng.IntN(8)-7)))
			}
			checkReduce(t, zeros, outer, n, inner)
		}
	}
	// More than assembly does in a call.
	for _, l := range [][3]int{{1<<17 + 3, 1, 1}, {9000, 10, 1}, {70, 1000, 1}, {3, 100, 1000}, {1, 128, 3000}, {500, 20, 21}} {
		checkReduce(t, values[T](rng, l[0]*l[1]*l[2]), l[0], l[1], l[2])
	}
}

func checkReduce[T Float](t *testing.T, x []T, outer, n, inner int) {
	t.Helper()
	for f, reduce := range [folds]func(dst, x []T, outer, n, inner int){foldSum: SumAxis[T], foldMax: MaxAxis[T], foldMin: MinAxis[T]} {
		want := make([]T, outer*inner)
		got, intact := framed[T](len(want))
		plainly(func() { reduce(want, x, outer, n, inner) })
		reduce(got, x, outer, n, inner)
		intact(t)
		requireBits(t, want, got, "fold %d of %v", f, [3]int{outer, n, inner})
		if fold(f) == foldSum && inner == 1 {
			for o := range outer {
				require.Equal(t, bitsOf(orderedSum(x[o*n:(o+1)*n])), bitsOf(want[o]), "%d terms", n)
			}
		}
	}
}

// FuzzReduce compares reductions of rows and columns with the loops in Go, for any shape.
func FuzzReduce(f *testing.F) {
	addKinds(func(kinds []byte) {
		f.Add(uint64(1), uint8(3), uint16(133), uint8(1), kinds)
		f.Add(uint64(2), uint8(2), uint16(70), uint8(37), kinds)
	})
	f.Fuzz(func(t *testing.T, seed uint64, outer uint8, n uint16, inner uint8, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzReduce[float64](t, seed, int(outer)%6, int(n)%2100, int(inner), kinds)
			fuzzReduce[float32](t, seed, int(outer)%6, int(n)%2100, int(inner), kinds)
		})
	})
}

func fuzzReduce[T Float](t *testing.T, seed uint64, outer, n, inner int, kinds []byte) {
	inner %= 2 + 1<<13/(n+1) // rows may be long, columns not
	checkReduce(t, mixed[T](seed, kinds)(outer*n*inner), outer, n, inner)
}

// orderedSum is the definition of the sum of a row.
func orderedSum[T Float](x []T) T {
	if len(x) > 1024 {
		h := len(x) / 2 / 32 * 32
		return orderedSum(x[:h]) + orderedSum(x[h:])
	}
	var s [32]T
	for j, v := range x {
		s[j%32] += v
	}
	for h := 16; h > 0; h /= 2 {
		for i := range h {
			s[i] += s[i+h]
		}
	}
	return s[0]
}
