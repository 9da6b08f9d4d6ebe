package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestConvGuard places what convolutions and pools read and write at the end of memory,
// and at its start: reading or writing one byte beyond ends the program.
func TestConvGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testConvGuard[float64])
		t.Run("float32", testConvGuard[float32])
	})
}

func testConvGuard[T Float](t *testing.T) {
	const room = 1 << 15
	c, a, b, bias := guarded[T](t, room), guarded[T](t, room), guarded[T](t, room), guarded[T](t, room)
	rng := rand.New(rand.NewPCG(57, 58))
	for range 3000 {
		s := &sums{rows: 1 + rng.IntN(15), cols: 1 + rng.IntN(sumCols[T]()), k: 1 + rng.IntN(6), steps: 1 + rng.IntN(4)}
		s.rowA, s.colA, s.nextA = rng.IntN(9), 1+rng.IntN(3), rng.IntN(20)
		s.rowB, s.nextB, s.rowC = s.cols+rng.IntN(3), rng.IntN(50), s.cols+rng.IntN(3)
		sizeA := (s.rows-1)*s.rowA + (s.k-1)*s.colA + (s.steps-1)*s.nextA + 1
		sizeB := (s.k-1)*s.rowB + (s.steps-1)*s.nextB + s.cols
		sizeC := (s.rows-1)*s.rowC + s.cols
		sumOf(c[len(c)-sizeC:], a[len(a)-sizeA:], b[len(b)-sizeB:], s, rng.IntN(2) == 0, bias[len(bias)-s.cols:], true)
		sumOf(c, a, b, s, rng.IntN(2) == 0, nil, false)
	}
	for rows := 1; rows < 20; rows++ {
		for cols := 1; cols < 20; cols++ {
			transpose(c[len(c)-rows*cols:], rows, a[len(a)-rows*cols:], cols, rows, cols)
			transpose(c, rows, a, cols, rows, cols)
		}
	}
	for rows := 1; rows < 4; rows++ {
		for cols := 1; cols < 40; cols++ {
			windows := func(n int) (w []PoolWindow) {
				for i := range n {
					w = append(w, PoolWindow{2 * i, 2*i + 2, 1, 2})
				}
				return w
			}
			n, m := 4*rows*cols, rows*cols
			small, large, x := c[len(c)-m:], b[len(b)-n:], a[len(a)-n:]
			MaxPool(small, x, x, windows(rows), windows(cols), 2*rows, 2*cols)
			MaxUnpool(large, x, small, true, windows(rows), windows(cols), 2*rows, 2*cols)
			MaxPool(c[:m], a, a, windows(rows), windows(cols), 2*rows, 2*cols)
			MaxUnpool(b[:n], a, c[:m], false, windows(rows), windows(cols), 2*rows, 2*cols)
			// the same numbers as channels of pixels
			n, m = 8*rows*cols, 2*rows*cols
			small, large, x = c[len(c)-m:], b[len(b)-n:], a[len(a)-n:]
			MaxPoolPixels(small, x, rows, 2, 4, cols)
			MaxUnpoolPixels(large, x, small, true, rows, 2, 2*rows, 4, cols)
			MaxPoolPixels(c[:m], a[:n], rows, 2, 4, cols)
			MaxUnpoolPixels(b[:n], a[:n], c[:m], false, rows, 2, 2*rows, 4, cols)
		}
	}
}
