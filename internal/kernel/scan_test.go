package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScans(t *testing.T) {
	t.Run("float64", testScans[float64])
	t.Run("float32", testScans[float32])
}

func testScans[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(26, 27))
	for _, l := range layouts {
		outer, n, inner := l[0], l[1], l[2]
		if n == 0 {
			continue
		}
		size := outer * n * inner
		for _, c := range []struct {
			name string
			a, b []T
		}{{"random", randoms[T](rng, size), randoms[T](rng, size)}, {"special", values[T](rng, size), values[T](rng, size)}} {
			for _, s := range scans[T]() {
				got := randoms[T](rng, size)
				s.f(got, c.a, c.b, outer, n, inner)
				want := make([]T, size)
				for line := range outer * inner {
					acc := 0.0
					for i := range n {
						j := i
						if s.reverse {
							j = n - 1 - i
						}
						at := (line/inner*n+j)*inner + line%inner
						acc = s.next(acc, float64(c.a[at]), float64(c.b[at]), i == 0)
						want[at] = T(acc)
					}
				}
				requireSame(t, want, got, c.a)
				requireNoAllocs(t, s.name, func() { s.f(got, c.a, c.b, outer, n, inner) })
			}
		}
	}
}

// A scanFunc is a scan and its definition for one line.
type scanFunc[T Float] struct {
	name    string
	reverse bool
	f       func(dst, a, b []T, outer, n, inner int)
	next    func(acc, a, b float64, isFirst bool) float64
}

func scans[T Float]() []scanFunc[T] {
	sum := func(acc, a, _ float64, _ bool) float64 { return acc + a }
	recur := func(acc, a, b float64, isFirst bool) float64 {
		if isFirst {
			return b
		}
		return float64(a*acc) + b
	}
	return []scanFunc[T]{
		{"CumSum", false, func(dst, a, _ []T, outer, n, inner int) { CumSum(dst, a, outer, n, inner, false) }, sum},
		{"CumSum back", true, func(dst, a, _ []T, outer, n, inner int) { CumSum(dst, a, outer, n, inner, true) }, sum},
		{"Recur", false, func(dst, a, b []T, outer, n, inner int) { Recur(dst, a, b, outer, n, inner, false) }, recur},
		{"Recur back", true, func(dst, a, b []T, outer, n, inner int) { Recur(dst, a, b, outer, n, inner, true) }, recur},
		{"CumProd", false, func(dst, a, _ []T, outer, n, inner int) { CumProd(dst, a, outer, n, inner) }, func(acc, a, _ float64, isFirst bool) float64 {
			if isFirst {
				return a
			}
			return acc * a
		}},
		{"LogCumSumExp", false, func(dst, a, _ []T, outer, n, inner int) { LogCumSumExp(dst, a, outer, n, inner) }, func(acc, a, _ float64, isFirst bool) float64 {
			if isFirst {
				return a + 0 // −0 becomes 0
			}
			return logAddExp(acc, a)
		}},
	}
}

// The running sum of float32 has more digits than its elements.
func TestCumSumOfSmallTerms(t *testing.T) {
	x := []float32{1 << 24, 1, 1, 1, 1}
	CumSum(x, append([]float32(nil), x...), 1, 5, 1, false)
	require.Equal(t, []float32{1 << 24, 1 << 24, 1<<24 + 2, 1<<24 + 4, 1<<24 + 4}, x) // ties to even
}

// Against the definition, with all the digits there are.
func TestLogCumSumExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(28, 29))
	x, got := randoms[float64](rng, 2000), make([]float64, 2000)
	LogCumSumExp(got, x, 1, len(x), 1)
	sum := 0.0
	for i, v := range x {
		sum += math.Exp(v)
		require.InDelta(t, math.Log(sum), got[i], 1e-13*(1+math.Abs(got[i])))
	}
	for _, c := range []struct{ x, want []float64 }{
		{[]float64{-inf, -inf, 1, inf, 2}, []float64{-inf, -inf, 1, inf, inf}},
		{[]float64{-inf, inf, -inf, inf}, []float64{-inf, inf, inf, inf}},
		{[]float64{1, nan, inf}, []float64{1, nan, nan}},
		{[]float64{1000, 0, -1000}, []float64{1000, 1000, 1000}},
		{[]float64{-2000, -2000}, []float64{-2000, -2000 + math.Ln2}},
	} {
		got := make([]float64, len(c.x))
		LogCumSumExp(got, c.x, 1, len(c.x), 1)
		requireSame(t, c.want, got)
	}
}

func BenchmarkScans(b *testing.B) {
	for _, l := range [][3]int{{1000, 100, 1}, {1, 100, 1000}} {
		n := l[0] * l[1] * l[2]
		rng := rand.New(rand.NewPCG(1, 2))
		x, y, dst := randoms[float64](rng, n), randoms[float64](rng, n), make([]float64, n)
		for _, s := range scans[float64]() {
			b.Run(s.name+map[bool]string{true: " last axis", false: " first axis"}[l[2] == 1], func(b *testing.B) {
				for b.Loop() {
					s.f(dst, x, y, l[0], l[1], l[2])
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/element")
			})
		}
	}
}
