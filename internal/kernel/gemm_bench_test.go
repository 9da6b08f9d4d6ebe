package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkProducts is the fastest and the median of many calls of Gemm, on one processor with -cpu 1
// and two with -cpu 2, for the products of networks and squares:
//
//	go test ./internal/kernel -run '^$' -bench Products -benchtime 100x -cpu 1,2
func BenchmarkProducts(b *testing.B) {
	for _, s := range []struct {
		m, k, n        int
		transA, transB bool
	}{
		{64, 64, 64, false, false},
		{128, 128, 128, false, false},
		{256, 256, 256, false, false},
		{512, 512, 512, false, false},
		{512, 512, 512, false, true},
		{512, 512, 512, true, false},
		{1024, 1024, 1024, false, false},
		{128, 784, 512, false, false}, // a network of 784-512-256-10
		{784, 128, 512, true, false},
		{128, 512, 784, false, true},
		{128, 512, 256, false, false},
		{512, 128, 256, true, false},
		{128, 256, 512, false, true},
		{128, 256, 10, false, false},
		{256, 128, 10, true, false},
		{128, 10, 256, false, true},
		{64, 64, 128, false, false}, // of 64-128-10
		{64, 64, 128, true, false},
		{64, 128, 10, false, false},
		{128, 64, 10, true, false},
		{64, 10, 128, false, true},
		{32, 16, 16, false, true}, // small, with b transposed
		{64, 128, 10, false, true},
		{200, 32, 32, false, true},
		{128, 64, 128, false, true}, // attention
		{128, 128, 64, false, false},
	} {
		name := fmt.Sprintf("%dx%dx%d/%s%s", s.m, s.k, s.n, letter(s.transA), letter(s.transB))
		b.Run(name+"/float32", func(b *testing.B) { benchProduct[float32](b, s.m, s.k, s.n, s.transA, s.transB) })
		b.Run(name+"/float64", func(b *testing.B) { benchProduct[float64](b, s.m, s.k, s.n, s.transA, s.transB) })
	}
}

func benchProduct[T Float](b *testing.B, m, k, n int, transA, transB bool) {
	b.Run("warm", func(b *testing.B) { benchProductOf[T](b, 1, m, k, n, transA, transB) })
	b.Run("cold", func(b *testing.B) {
		const caches = 10 << 20 // larger than those of the processors, smaller than that of all
		benchProductOf[T](b, 1+caches/((m*k+k*n+m*n)*size[T]()), m, k, n, transA, transB)
	})
}

// benchProductOf computes products of several operands by turns.
func benchProductOf[T Float](b *testing.B, operands, m, k, n int, transA, transB bool) {
	rng := rand.New(rand.NewPCG(1, 2))
	var sets [][3][]T
	for range operands {
		x, y, z := Aligned[T](m*k), Aligned[T](k*n), Aligned[T](m*n)
		for i := range x {
			x[i] = T(rng.Float32())
		}
		for i := range y {
			y[i] = T(rng.Float32())
		}
		sets = append(sets, [3][]T{x, y, z})
	}
	calls, next := 1+1<<19/(m*n*k), 0 // so many take longer than a look at the clock
	times := []float64{}
	for b.Loop() {
		start := time.Now()
		for range calls {
			s := sets[next%operands]
			next++
			Gemm(s[2], s[0], s[1], m, n, k, transA, transB)
		}
		times = append(times, float64(time.Since(start).Nanoseconds())/float64(calls))
	}
	slices.Sort(times)
	b.ReportMetric(times[0]/1e3, "best-µs")
	b.ReportMetric(2*float64(m*n*k)/times[0], "best-GFLOP/s")
	b.ReportMetric(2*float64(m*n*k)/times[len(times)/2], "median-GFLOP/s")
	b.ReportMetric(0, "ns/op")
}
