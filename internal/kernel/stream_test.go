package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestStream copies slices that begin anywhere in a line of the cache; nothing else is written.
func TestStream(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testStream[float64])
		t.Run("float32", testStream[float32])
	})
}

func testStream[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 82))
	for _, n := range append([]int{vectorLong, vectorLong + 3}, lengths...) {
		for start := range 17 {
			src := values[T](rng, n+start%3)[start%3:]
			dst := randoms[T](rng, start+n+2)
			want := slices.Clone(dst)
			copy(want[start:], src)
			Stream(dst[start:start+n], src)
			requireBits(t, want, dst, "%d elements from %d on", n, start)
		}
	}
}

// vectorLong is more elements than one call of assembly copies.
const vectorLong = 1<<16 + 1<<10

// BenchmarkStream copies 16 MiB, and says how many times as long copy takes:
//
//	go test ./internal/kernel -run '^$' -bench Stream
func BenchmarkStream(b *testing.B) {
	dst, src := make([]float32, 1<<22), make([]float32, 1<<12)
	each := func(f func(dst []float32)) {
		for i := 0; i < len(dst); i += len(src) {
			f(dst[i : i+len(src)])
		}
	}
	b.Run("stream", func(b *testing.B) {
		for b.Loop() {
			each(func(d []float32) { Stream(d, src) })
		}
	})
	b.Run("copy", func(b *testing.B) {
		for b.Loop() {
			each(func(d []float32) { copy(d, src) })
		}
	})
}
