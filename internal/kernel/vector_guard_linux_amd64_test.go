//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestVectorGuard places the slices at the end of memory, and at its start: reading or
// writing one byte beyond them ends the program.
func TestVectorGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testVectorGuard[float64])
		t.Run("float32", testVectorGuard[float32])
	})
}

// TestReduceGuard does so for reductions.
func TestReduceGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testReduceGuard[float64])
		t.Run("float32", testReduceGuard[float32])
	})
}

// TestByRowGuard does so for operations with one number for each row.
func TestByRowGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testByRowGuard[float64])
		t.Run("float32", testByRowGuard[float32])
	})
}

func testByRowGuard[T Float](t *testing.T) {
	x, dst, s, u := [3][]T{}, guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1)
	rng := rand.New(rand.NewPCG(67, 68))
	for k := range x {
		x[k] = guarded[T](t, 1)
		copy(x[k], values[T](rng, len(x[k])))
	}
	copy(s, values[T](rng, len(s)))
	for _, c := range byRows[T]() {
		for cols := range 140 {
			for rows := range 4 {
				n := rows * cols
				c.run(dst[:n], x[0][:n], x[1][:n], x[2][:cols], s[:rows], u[:rows], cols)
				end := func(x []T, n int) []T { return x[len(x)-n:] }
				c.run(end(dst, n), end(x[0], n), end(x[1], n), end(x[2], cols), end(s, rows), end(u, rows), cols)
			}
		}
	}
}

// TestRowSumGuard does so for those that sum rows too.
func TestRowSumGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testRowSumGuard[float64])
		t.Run("float32", testRowSumGuard[float32])
	})
}

func testRowSumGuard[T Float](t *testing.T) {
	x, dst, sums, s, u := [4][]T{}, guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1)
	for k := range x {
		x[k] = guarded[T](t, 1)
	}
	end := func(x []T, n int) []T { return x[len(x)-n:] }
	for _, c := range rowSumCases[T]() {
		for cols := range 140 {
			for rows := range 4 {
				n := rows * cols
				c.run(dst[:n], sums[:rows], x[0][:n], x[1][:n], x[2][:n], x[3][:n], s[:rows], u[:rows], cols)
				c.run(end(dst, n), end(sums, rows), end(x[0], n), end(x[1], n), end(x[2], n), end(x[3], n), end(s, rows), end(u, rows), cols)
			}
		}
	}
}

// TestProductGuard does so for sums of products.
func TestProductGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testProductGuard[float64])
		t.Run("float32", testProductGuard[float32])
	})
}

func testProductGuard[T Float](t *testing.T) {
	dst, sums, x, y, s := guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1)
	for cols := range 140 {
		for rows := range 4 {
			n := rows * cols
			for _, p := range productRows[T]() {
				to := cols
				if !p.columns {
					to = rows
				}
				p.run(dst[:to], sums[:to], x[:n], y[:n], s[:rows], cols)
				p.run(dst[len(dst)-to:], sums[len(sums)-to:], x[len(x)-n:], y[len(y)-n:], s[len(s)-rows:], cols)
			}
		}
	}
}

func testReduceGuard[T Float](t *testing.T) {
	dst, x := guarded[T](t, 1), guarded[T](t, 1<<15)
	copy(x, randoms[T](rand.New(rand.NewPCG(65, 66)), len(x)))
	for _, reduce := range [folds]func(dst, x []T, outer, n, inner int){SumAxis[T], MaxAxis[T], MinAxis[T]} {
		for n := range 140 {
			for _, inner := range []int{1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 23, 31, 33, 40, 63, 64, 65, 100, 129} {
				for outer := range 3 {
					if outer*n*inner > len(x) {
						continue
					}
					reduce(dst[:outer*inner], x[:outer*n*inner], outer, n, inner)
					reduce(dst[len(dst)-outer*inner:], x[len(x)-outer*n*inner:], outer, n, inner)
				}
			}
		}
	}
}

func testVectorGuard[T Float](t *testing.T) {
	dst, a, b, c := guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1), guarded[T](t, 1)
	rng := rand.New(rand.NewPCG(63, 64))
	copy(a, values[T](rng, len(a)))
	copy(b, values[T](rng, len(b)))
	copy(c, values[T](rng, len(c)))
	for _, f := range vectored[T]() {
		for n := range 200 {
			f(dst[:n], a[:n], b[:n], c[:n])
			f(dst[len(dst)-n:], a[len(a)-n:], b[len(b)-n:], c[len(c)-n:])
		}
	}
}

// TestCopyGuard does so for transpositions and conversions.
func TestCopyGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testCopyGuard[float64])
		t.Run("float32", testCopyGuard[float32])
		x, y := guarded[float32](t, 1), guarded[float64](t, 1)
		for n := range 70 {
			Cast(x[:n], y[:n])
			Cast(x[len(x)-n:], y[len(y)-n:])
			Cast(y[:n], x[:n])
			Cast(y[len(y)-n:], x[len(x)-n:])
		}
	})
}

func testCopyGuard[T Float](t *testing.T) {
	dst, x := guarded[T](t, 1<<15), guarded[T](t, 1<<15)
	for rows := range 60 {
		for cols := range 60 {
			n, shape := rows*cols, []int{rows, cols}
			StridedCopy(dst[:n], []int{cols, 1}, 0, x[:n], []int{1, rows}, 0, shape)
			StridedCopy(dst[len(dst)-n:], []int{cols, 1}, 0, x[len(x)-n:], []int{1, rows}, 0, shape)
		}
	}
}
