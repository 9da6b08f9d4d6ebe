package kernel

import (
	bytes "encoding/binary"
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
			testCast[float64, float32](t, rng, n)
			testCast[float32, float64](t, rng, n)
		}
		testCast[float64, float32](t, rng, 2*1<<16+37)
		testCast[float32, float64](t, rng, 2*1<<16+37)
	})
}

func testCast[To, From Float](t *testing.T, rng *rand.Rand, n int) {
	shift := rng.IntN(4)
	x := values[From](rng, n+shift)[shift:]
	for i := range x { // ties, and what only float64 has
		if edges := []float64{math.MaxFloat64, 1 + 1.0/(1<<24), math.MaxFloat32 * (1 + 1.0/(1<<25)), 1e-45, 7e-46, 1e-40}; rng.IntN(6) == 0 {
			x[i] = From(edges[rng.IntN(len(edges))])
		}
	}
	checkCast[To](t, x)
}

func checkCast[To, From Float](t *testing.T, x []From) {
	t.Helper()
	dst, intact := framed[To](len(x))
	Cast(dst, x)
	intact(t)
	for i, v := range x {
		require.Equal(t, bitsOf(To(v)), bitsOf(dst[i]), "%v, element %d of %d", v, i, len(x))
	}
}

// FuzzCast compares with the conversion of each element, of any bits.
func FuzzCast(f *testing.F) {
	var data []byte
	for _, v := range append([]float64{1 + 0x1p-24, 1 + 0x3p-24, math.MaxFloat32 * (1 + 0x1p-25), 0x1p-150, 0x1.8p-149}, specials...) {
		data = bytes.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	f.Add(data, uint8(0))
	f.Add(data, uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, from uint8) {
		forEachISA(t, func(t *testing.T) {
			narrow, wide := floatsOf[float32](data), floatsOf[float64](data)
			checkCast[float64](t, narrow[min(int(from), len(narrow)):])
			checkCast[float32](t, wide[min(int(from), len(wide)):])
		})
	})
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
