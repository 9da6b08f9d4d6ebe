package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCast compares Cast with the conversion of each element, of any length and place in memory.
func TestCast(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(71, 72))
		for n := range 80 {
			checkCast[float64, float32](t, rng, n)
			checkCast[float32, float64](t, rng, n)
		}
		checkCast[float64, float32](t, rng, 2*1<<16+37)
		checkCast[float32, float64](t, rng, 2*1<<16+37)
	})
}

func checkCast[To, From Float](t *testing.T, rng *rand.Rand, n int) {
	shift := rng.IntN(4)
	x, dst := values[From](rng, n+shift)[shift:], make([]To, n+2)
	for i := range x { // ties, and what only float64 has
		if edges := []float64{math.MaxFloat64, 1 + 1.0/(1<<24), math.MaxFloat32 * (1 + 1.0/(1<<25)), 1e-45, 7e-46, 1e-40}; rng.IntN(6) == 0 {
			x[i] = From(edges[rng.IntN(len(edges))])
		}
	}
	dst[0], dst[n+1] = 3, 4
	Cast(dst[1:n+1], x)
	require.Equal(t, []To{3, 4}, []To{dst[0], dst[n+1]}, "beside what it writes")
	for i, v := range x {
		require.Equal(t, bitsOf(To(v)), bitsOf(dst[i+1]), "%v, element %d of %d", v, i, n)
	}
}

func TestCastDoesNotAllocate(t *testing.T) {
	x, y := make([]float32, 100), make([]float64, 100)
	requireNoAllocs(t, "Cast", func() { Cast(y, x); Cast(x, y) })
}

// BenchmarkCast is the fastest of many, beside the loop in Go:
//
//	go test ./internal/kernel -run '^$' -bench Cast -benchtime 2000x
func BenchmarkCast(b *testing.B) {
	for _, n := range []int{512, 1 << 16} {
		b.Run(fmt.Sprint("widen/", n), func(b *testing.B) { benchCast[float64, float32](b, n) })
		b.Run(fmt.Sprint("narrow/", n), func(b *testing.B) { benchCast[float32, float64](b, n) })
	}
}

func benchCast[To, From Float](b *testing.B, n int) {
	x, dst := make([]From, n), make([]To, n)
	run := func() { Cast(dst, x) }
	best := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		for k, f := range []func(){run, func() { plainly(run) }} {
			start := time.Now()
			for range 10 {
				f()
			}
			best[k] = min(best[k], time.Since(start))
		}
	}
	b.ReportMetric(float64(best[0])/10/float64(n), "ns/element")
	b.ReportMetric(float64(best[1])/float64(best[0]), "Go/asm")
	b.ReportMetric(0, "ns/op")
}
