package kernel

import (
	"fmt"
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

func testGemm[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 33, 127, 129, 300}
	for range 1500 {
		m, n, k := sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
		if m*n*k > 1<<20 {
			continue
		}
		a, b := randoms[T](rng, m*k), randoms[T](rng, k*n)
		got, want := randoms[T](rng, m*n), make([]T, m*n)
		tA, tB := rng.IntN(2) == 0, rng.IntN(2) == 0
		Gemm(got, a, b, m, n, k, tA, tB)
		gemmNaive(want, a, b, m, n, k, tA, tB)
		require.Equal(t, want, got, fmt.Sprint(m, n, k, tA, tB))
	}
}

func TestGemm(t *testing.T) {
	t.Run("float32", testGemm[float32])
	t.Run("float64", testGemm[float64])
}
