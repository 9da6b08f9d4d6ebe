package kernel

import "testing"

// TestStreamGuard streams and fetches at the end of memory, and at its start: reading or writing one byte
// beyond it ends the program.
func TestStreamGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testStreamGuard[float64])
		t.Run("float32", testStreamGuard[float32])
	})
}

func testStreamGuard[T Float](t *testing.T) {
	dst, src := guarded[T](t, 1<<12), guarded[T](t, 1<<12)
	for n := range 70 {
		last := len(dst) - n
		Fetch(src[last:])
		Stream(dst[last:], src[last:])
		Stream(dst[:n], src)
		Fetch(src[:n])
	}
	Fence()
}
