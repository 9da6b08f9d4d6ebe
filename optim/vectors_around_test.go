package optim

import (
	"math"
	"math/rand/v2"
	"testing"

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
	vectorsAround(t, aroundLoops[float32]())
	vectorsAround(t, aroundLoops[float64]())
}

func vectorsAround[T tensor.Float](t *testing.T, loops map[string]func(a, b []T, w float64)) {
	defer func(bytes, below int) { vectorBytes, narrowBelow = bytes, below }(vectorBytes, narrowBelow)
	narrowBelow = 0
	rng := rand.New(rand.NewPCG(81, 82))
	for name, f := range loops {
		for n := range 90 {
			for _, w := range []float64{0, 0.1, 0.5, 0.9, 1, 3, -2, math.Inf(1), math.NaN()} {
				alloc := func(n int) []T { return make([]T, n+3)[rng.IntN(4):][:n] }
				first := makeStep(DefaultSGD(), 2, n, rng.Uint64(), alloc)
				var want *Step[T]
				for _, vectorBytes = range vectorSizes() {
					s := &Step[T]{Param: append(alloc(0), first.Param...), State: [][]T{append(alloc(0), first.Grad...)}}
					f(s.Param, s.State[0], w)
					if vectorBytes == 0 {
						want = s
					}
					sameBits(t, s, want, name, vectorBytes, w)
				}
			}
		}
	}
}
