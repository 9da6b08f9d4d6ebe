package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoAllocation runs every function of the package on every path.
func TestNoAllocation(t *testing.T) {
	t.Run("float64", testNoAllocation[float64])
	t.Run("float32", testNoAllocation[float32])
	for _, u := range unaries {
		x, y := make([]float64, 9), make([]float32, 9)
		requireNoAllocs(t, u.name, func() { u.f64(x, x); u.f32(y, y) })
	}
	for _, f := range binaries {
		x, y := make([]float64, 9), make([]float32, 9)
		requireNoAllocs(t, f.name, func() { f.f64(x, x, x); f.f32(y, y, y) })
	}
}

func testNoAllocation[T Float](t *testing.T) {
	const n = 300
	rng := rand.New(rand.NewPCG(16, 17))
	x, y, dst := randoms[T](rng, n*n), randoms[T](rng, n*n), make([]T, n*n)
	requireNoAllocs(t, "Where", func() { Where(dst, x, y, x) })
	requireNoAllocs(t, "Lerp", func() { Lerp(dst, x, y, x) })
	requireNoAllocs(t, "Fill", func() { Fill(dst, 1) })
	for _, l := range [][3]int{{1, n * n, 1}, {n, n, 1}, {1, n, n}} {
		requireNoAllocs(t, "SumAxis", func() { SumAxis(dst, x, l[0], l[1], l[2]) })
		requireNoAllocs(t, "MaxAxis", func() { MaxAxis(dst, x, l[0], l[1], l[2]) })
		requireNoAllocs(t, "MinAxis", func() { MinAxis(dst, x, l[0], l[1], l[2]) })
	}
	deep := make([]int, 12)
	shape := []int{2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1}
	requireNoAllocs(t, "StridedCopy", func() { StridedCopy(dst, deep, 0, x, deep, 0, shape) })
	rows, cols, square := []int{n, 1}, []int{1, n}, []int{n, n}
	requireNoAllocs(t, "StridedCopy", func() { StridedCopy(dst, rows, 0, x, cols, 0, square) })
	for _, s := range [][3]int{{n, n, n}, {n, 2, n}, {n, n, 2}, {1, n, n}} {
		for _, tA := range []bool{false, true} {
			for _, tB := range []bool{false, true} {
				requireNoAllocs(t, "Gemm", func() { Gemm(dst, x, y, s[0], s[1], s[2], tA, tB) })
			}
		}
	}
}

func requireNoAllocs(t *testing.T, name string, f func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(2, f), name)
}
