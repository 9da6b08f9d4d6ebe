package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// before says that a comes before b, by the rules of Argsort.
func before[T Float](a, b T, descending bool) int {
	isNaN := func(v T) bool { return v != v }
	c := 0
	switch {
	case isNaN(a) && isNaN(b):
	case isNaN(a) || !isNaN(b) && a > b:
		c = 1
	case isNaN(b) || a < b:
		c = -1
	}
	if descending {
		return -c
	}
	return c
}

func TestArgsort(t *testing.T) {
	t.Run("float64", testArgsort[float64])
	t.Run("float32", testArgsort[float32])
}

func testArgsort[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(22, 23))
	a, b := make([]Keyed, 70000), make([]Keyed, 70000)
	for _, l := range [][3]int{{1, 1, 1}, {0, 2, 3}, {2, 3, 0}, {3, 7, 1}, {2, few, 3}, {2, few + 1, 3}, {1, 300, 2}, {3, 1000, 1}, {1, 70000, 1}} {
		outer, n, inner := l[0], l[1], l[2]
		size := outer * n * inner
		ties := make([]T, size)
		for i := range ties {
			ties[i] = T(rng.IntN(5)) - 2
		}
		for kind, x := range [][]T{values[T](rng, size), randoms[T](rng, size), ties, make([]T, size)} {
			for _, descending := range []bool{false, true} {
				got := randoms[T](rng, size)
				Argsort(got, x, outer, n, inner, descending, a, b)
				for line := range outer * inner {
					at := func(j int) int { return (line/inner*n+j)*inner + line%inner }
					want := make([]int, n)
					for j := range want {
						want[j] = j
					}
					slices.SortStableFunc(want, func(i, j int) int { return before(x[at(i)], x[at(j)], descending) })
					for j, w := range want {
						require.Equal(t, T(w), got[at(j)], "%v, kind %d, line %d, place %d", l, kind, line, j)
					}
				}
			}
		}
	}
	x, dst := randoms[T](rng, 3000), make([]T, 3000)
	requireNoAllocs(t, "Argsort", func() { Argsort(dst, x, 1, 3000, 1, false, a, b) })
	requireNoAllocs(t, "Argsort", func() { Argsort(dst, x, 10, 3, 100, true, a, b) })
}

// Every float has its place: the order of the keys is that of the numbers.
func TestOrder(t *testing.T) {
	ascending := []float64{math.Inf(-1), -math.MaxFloat64, -1, -1e-300, -5e-324, 0, 5e-324, 1e-300, 1, math.MaxFloat64, math.Inf(1), math.NaN()}
	for i := range len(ascending) - 1 {
		require.Less(t, order(ascending[i], false), order(ascending[i+1], false))
		require.Greater(t, order(ascending[i], true), order(ascending[i+1], true))
	}
	require.Equal(t, order(0.0, false), order(math.Copysign(0, -1), false))
	require.Equal(t, order(math.Float64frombits(0xfff8000000000001), true), order(math.NaN(), true))
	require.Less(t, order(float32(1e-45), false), order(float32(3e-45), false))
}

func TestArgMaxArgMin(t *testing.T) {
	t.Run("float64", testArgMaxArgMin[float64])
	t.Run("float32", testArgMaxArgMin[float32])
}

func testArgMaxArgMin[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(24, 25))
	for _, l := range layouts {
		outer, n, inner := l[0], l[1], l[2]
		if n == 0 {
			continue
		}
		ties := make([]T, outer*n*inner)
		for i := range ties {
			ties[i] = T(rng.IntN(3))
		}
		for _, x := range [][]T{randoms[T](rng, len(ties)), ties, values[T](rng, len(ties))} {
			high, low := randoms[T](rng, outer*inner), randoms[T](rng, outer*inner)
			ArgMax(high, x, outer, n, inner)
			ArgMin(low, x, outer, n, inner)
			for line := range outer * inner {
				at := func(j int) T { return x[(line/inner*n+j)*inner+line%inner] }
				top, bottom := 0, 0
				for j := range n {
					if at(top) == at(top) && (at(j) != at(j) || at(j) > at(top)) {
						top = j
					}
					if at(bottom) == at(bottom) && (at(j) != at(j) || at(j) < at(bottom)) {
						bottom = j
					}
				}
				require.Equal(t, [2]T{T(top), T(bottom)}, [2]T{high[line], low[line]}, fmt.Sprint(l, line))
			}
			requireNoAllocs(t, "ArgMax", func() { ArgMax(high, x, outer, n, inner); ArgMin(low, x, outer, n, inner) })
		}
	}
}

func BenchmarkArgsort(b *testing.B) {
	for _, l := range [][2]int{{10000, 10}, {2000, 48}, {1000, 100}, {100, 1000}, {1, 100000}, {1, 1000000}} {
		b.Run(fmt.Sprintf("%dx%d", l[0], l[1]), func(b *testing.B) {
			x := randoms[float64](rand.New(rand.NewPCG(1, 2)), l[0]*l[1])
			dst, p, q := make([]float64, len(x)), make([]Keyed, l[1]), make([]Keyed, l[1])
			for b.Loop() {
				Argsort(dst, x, l[0], l[1], 1, false, p, q)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(x)), "ns/element")
		})
	}
}
