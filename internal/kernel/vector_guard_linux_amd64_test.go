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
