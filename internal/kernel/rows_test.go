package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/stretchr/testify/require"
)

func TestRepeat(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 1, 2}, {5, 10, 1}, {2, 31, 1}, {2, 32, 1}, {4, 100, 1}, {3, 7, 5}, {0, 3, 2}} {
		outer, n, inner := s[0], s[1], s[2]
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, dst := make([]float32, outer*inner), make([]float32, outer*n*inner+1)
			for i := range x {
				x[i] = float32(i + 1)
			}
			dst[outer*n*inner] = -1
			kernel.Repeat(dst, x, outer, n, inner)
			for o := range outer {
				for j := range n {
					for i := range inner {
						require.Equal(t, x[o*inner+i], dst[(o*n+j)*inner+i])
					}
				}
			}
			require.Equal(t, float32(-1), dst[outer*n*inner], "nothing behind the end")
		})
	}
}

// The parts of a sum of columns, added as ColumnParts says, are SumAxis to the bit.
func TestColumnParts(t *testing.T) {
	const inner = 5
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, 127, 128, 129, 200, 257, 300, 1000, 4096, 5001} {
		x := make([]float32, n*inner)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		want := make([]float32, inner)
		kernel.SumAxis(want, x, 1, n, inner)
		starts, joins := kernel.ColumnParts(n)
		parts := make([][]float32, len(starts)-1)
		for i := range parts {
			parts[i] = make([]float32, inner)
			kernel.AddColumns(parts[i], x[starts[i]*inner:], starts[i+1]-starts[i])
		}
		for _, j := range joins {
			kernel.Add(parts[j[0]], parts[j[0]], parts[j[1]])
		}
		require.Equal(t, want, parts[0], "%d rows", n)
	}
}

// The parts of a sum, added as SumParts says, are SumAxis to the bit.
func TestSumParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, n := range []int{0, 1, 31, 1024, 1025, 2000, 2049, 4096, 5001, 128000, 1 << 17} {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		want := make([]float32, 1)
		kernel.SumAxis(want, x, 1, n, 1)
		starts, joins := kernel.SumParts(n)
		sums := make([]float32, len(starts)-1)
		for i := range sums {
			kernel.SumAxis(sums[i:i+1], x[starts[i]:starts[i+1]], 1, starts[i+1]-starts[i], 1)
		}
		for _, j := range joins {
			sums[j[0]] += sums[j[1]]
		}
		require.Equal(t, want[0], sums[0], "%d elements", n)
	}
}

// Sums with scatters are those of the rows that Scatter writes, to the bit.
func TestAddScatter(t *testing.T) {
	t.Run("float32", testAddScatter[float32])
	t.Run("float64", testAddScatter[float64])
}

func testAddScatter[T kernel.Float](t *testing.T) {
	zero, inf := T(0), T(math.Inf(1))
	numbers := []T{1, -2, zero, -1 * zero, T(math.Copysign(0, -1)), inf, -inf, T(math.NaN()), 0.1}
	rng := rand.New(rand.NewPCG(5, 6))
	pick := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = numbers[rng.IntN(len(numbers))]
		}
		return x
	}
	for _, s := range [][2]int{{0, 4}, {1, 1}, {5, 3}, {63, 10}, {64, 2}, {65, 33}, {200, 7}} {
		rows, cols := s[0], s[1]
		for _, negative := range []bool{false, true} {
			x, factor, src, index := pick(rows*cols), pick(rows), pick(rows), make([]T, rows)
			for r := range index {
				index[r] = []T{T(rng.IntN(cols)), T(rng.IntN(cols)), T(cols), -1, T(math.NaN()), 0.5}[rng.IntN(6)]
			}
			wide, product, scattered := make([]T, rows*cols), make([]T, rows*cols), make([]T, rows*cols)
			kernel.Scatter(scattered, index, src, rows, 1, cols, 1)
			if negative {
				kernel.Neg(scattered, scattered)
			}
			kernel.Repeat(wide, factor, rows, cols, 1)
			kernel.Mul(product, x, wide)
			kernel.Add(product, product, scattered)
			sum, want, got := make([]T, rows*cols), make([]T, rows), make([]T, rows)
			kernel.Add(sum, x, scattered)
			kernel.SumAxis(want, scattered, rows, cols, 1)
			kernel.SumScatter(got, index, src, negative, cols)
			requireBits(t, want, got)
			dst := make([]T, rows*cols)
			kernel.AddScatter(dst, x, nil, index, src, negative, cols)
			requireBits(t, sum, dst)
			kernel.AddScatter(x, x, factor, index, src, negative, cols) // over x
			requireBits(t, product, x)
		}
	}
}

func requireBits[T kernel.Float](t *testing.T, want, got []T) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		if g := got[i]; math.Float64bits(float64(w)) != math.Float64bits(float64(g)) && (w == w || g == g) {
			require.Failf(t, "other bits", "element %d: %v, want %v", i, g, w)
		}
	}
}
