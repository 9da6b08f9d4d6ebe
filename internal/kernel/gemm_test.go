package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// gemmNaive is the definition of Gemm: three loops.
func gemmNaive[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	for i := range m {
		for j := range n {
			var s T
			for p := range k {
				x, y := i*k+p, p*n+j
				if transA {
					x = p*m + i
				}
				if transB {
					y = j*k + p
				}
				s += T(a[x] * b[y])
			}
			dst[i*n+j] = s
		}
	}
}

// TestGemm compares with the three loops, bit for bit, all small shapes and
// many of the others.
func TestGemm(t *testing.T) {
	t.Run("float64", testGemm[float64])
	t.Run("float32", testGemm[float32])
}

func testGemm[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 19))
	for m := range 6 {
		for n := range 6 {
			for k := range 6 {
				checkGemm(t, randoms[T], m, n, k)
			}
		}
	}
	sizes := []int{1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 33, 64, 127, 129, 257, 300}
	for tested := 0; tested < 300; {
		m, n, k := sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
		if m*n*k <= 1<<20 {
			checkGemm(t, randoms[T], m, n, k)
			tested++
		}
	}
	// An Inf or NaN reaches its row or column and nothing else.
	for _, n := range []int{1, 2, 7, 20} {
		checkGemm(t, values[T], n, 9, 11)
		checkGemm(t, values[T], 9, n, 11)
		checkGemm(t, values[T], 9, 11, n)
	}
}

func checkGemm[T Float](t *testing.T, random func(*rand.Rand, int) []T, m, n, k int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(m*n+k), 20))
	a, b := random(rng, m*k), random(rng, k*n)
	for trans := range 4 {
		got, want := random(rng, m*n), make([]T, m*n)
		Gemm(got, a, b, m, n, k, trans&1 != 0, trans&2 != 0)
		gemmNaive(want, a, b, m, n, k, trans&1 != 0, trans&2 != 0)
		for i := range want {
			if bitsOf(want[i]) != bitsOf(got[i]) {
				t.Fatalf("m, n, k = %d, %d, %d, transposes %02b: element %d is %v, want %v", m, n, k, trans, i, got[i], want[i])
			}
		}
	}
}

// TestGemmGonum compares with gonum, whose sums have another order: both are
// off by at most k eps Σ|a||b|.
func TestGemmGonum(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testGemmGonum(t, gonum64, math.Ldexp(1, -53)) })
	t.Run("float32", func(t *testing.T) { testGemmGonum(t, gonum32, math.Ldexp(1, -24)) })
}

func testGemmGonum[T Float](t *testing.T, other gemmFunc[T], eps float64) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, s := range [][3]int{{1, 1, 1}, {200, 32, 2}, {200, 2, 32}, {32, 2, 200}, {17, 33, 65}, {64, 64, 300}, {1, 100, 100}} {
		m, n, k := s[0], s[1], s[2]
		a, b := randoms[T](rng, m*k), randoms[T](rng, k*n)
		got, want, size := make([]T, m*n), make([]T, m*n), make([]T, m*n)
		absA, absB := make([]T, m*k), make([]T, k*n)
		Abs(absA, a)
		Abs(absB, b)
		for trans := range 4 {
			tA, tB := trans&1 != 0, trans&2 != 0
			Gemm(got, a, b, m, n, k, tA, tB)
			other(want, a, b, m, n, k, tA, tB)
			gemmNaive(size, absA, absB, m, n, k, tA, tB)
			for i := range want {
				require.InDelta(t, float64(want[i]), float64(got[i]), 2*float64(k)*eps*float64(size[i]), "m, n, k = %v, transposes %02b", s, trans)
			}
		}
	}
}
