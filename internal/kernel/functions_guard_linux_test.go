package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestFunctionGuard places the arguments at the end of memory, and at its start: reading
// or writing one byte beyond them ends the program.
func TestFunctionGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", func(t *testing.T) {
			testFunctionGuard(t, func(u unary) func(dst, x []float64) { return u.f64 }, func(f binary) func(dst, a, b []float64) { return f.f64 })
		})
		t.Run("float32", func(t *testing.T) {
			testFunctionGuard(t, func(u unary) func(dst, x []float32) { return u.f32 }, func(f binary) func(dst, a, b []float32) { return f.f32 })
		})
	})
}

func testFunctionGuard[T Float](t *testing.T, one func(unary) func(dst, x []T), two func(binary) func(dst, a, b []T)) {
	const room = 1 << 12
	dst, a, b := guarded[T](t, room), guarded[T](t, room), guarded[T](t, room)
	rng := rand.New(rand.NewPCG(41, 42))
	copy(a, values[T](rng, len(a)))
	copy(b, values[T](rng, len(b)))
	for n := range 70 {
		last := len(dst) - n
		for _, u := range unaries {
			one(u)(dst[last:], a[last:])
			one(u)(dst[:n], a)
		}
		for _, f := range binaries {
			two(f)(dst[last:], a[last:], b[last:])
			two(f)(dst[:n], a, b)
		}
	}
}
