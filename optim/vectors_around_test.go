package optim

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// aroundLoops has the loops with vector code that are no rule, by the name of that code.
func aroundLoops[T tensor.Float]() map[string]func(a, b []T, w float64) {
	return map[string]func(a, b []T, w float64){
		"lerpTo": lerpTo[T], "meanTo": meanTo[T], "towards": towards[T], "plusTimes": plusTimes[T], "quotientOf": quotientOf[T],
		"multiplyBy": func(a, _ []T, w float64) { multiplyBy(a, w) },
		"clampTo":    func(a, _ []T, w float64) { clampTo(a, T(math.Abs(w))) },
		"freeAhead":  func(a, b []T, w float64) { freeAhead(w, &Step[T]{Param: a, State: [][]T{b}}) },
	}
}

// TestVectorsAround compares these loops with themselves in Go, bit by bit.
func TestVectorsAround(t *testing.T) {
	for n := range 90 {
		for k, w := range []float64{0, 0.1, 0.5, 0.9, 1, 3, -2, math.Inf(1), math.NaN()} {
			vectorsAround[float32](t, n, w, uint64(k), nil)
			vectorsAround[float64](t, n, w, uint64(k), nil)
		}
	}
}

func vectorsAround[T tensor.Float](t *testing.T, n int, w float64, seed uint64, kinds []byte) {
	defer func(bytes, below int) { vectorBytes, narrowBelow = bytes, below }(vectorBytes, narrowBelow)
	narrowBelow = 0
	for name, f := range aroundLoops[T]() {
		var want *Step[T]
		for _, vectorBytes = range vectorSizes() {
			var memory frames[T]
			s := makeStep(DefaultSGD(), 2, n, seed, memory.alloc)
			s.State = [][]T{s.Grad}
			sprinkle(kinds, s.Param, s.Grad)
			f(s.Param, s.Grad, w)
			if vectorBytes == 0 {
				want = s
			}
			sameBits(t, s, want, name, vectorBytes, w)
			require.True(t, memory.intact(), "%s writes beside %d elements", name, n)
		}
	}
}

// FuzzVectorsAround compares these loops with any weight.
func FuzzVectorsAround(f *testing.F) {
	for k := range extremes[float32]() {
		f.Add(uint64(k), uint8(9*k), 0.25*float64(k), []byte{100, byte(k), 200})
	}
	f.Add(uint64(1), uint8(33), math.Inf(1), []byte{})
	f.Add(uint64(1), uint8(33), math.NaN(), []byte{})
	f.Fuzz(func(t *testing.T, seed uint64, n uint8, w float64, kinds []byte) {
		vectorsAround[float32](t, int(n), w, seed, kinds)
		vectorsAround[float64](t, int(n), w, seed, kinds)
	})
}
