package kernel

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
)

var gemmShapes = []struct {
	m, k, n        int
	transA, transB bool
}{
	{200, 32, 32, false, false},
	{200, 2, 32, false, false},
	{200, 32, 2, false, false},
	{200, 32, 32, false, true},
	{200, 32, 2, false, true},
	{200, 2, 32, false, true},
	{32, 200, 32, true, false},
	{32, 200, 2, true, false},
	{2, 200, 32, true, false},
	{200, 64, 10, false, false},
	{128, 784, 512, false, false},
	{128, 512, 784, false, true},
	{784, 128, 512, true, false},
	{256, 256, 256, false, false},
	{256, 256, 256, false, true},
	{256, 256, 256, true, false},
	{256, 256, 256, true, true},
	{1, 256, 256, false, false},
	{1, 256, 256, false, true},
	{256, 256, 1, false, false},
	{512, 512, 512, false, false},
	{1024, 1024, 1024, false, false},
}

// BenchmarkGemm is Gemm, its definition in plain Go, and gonum's function:
//
//	go test ./internal/kernel -run '^$' -bench Gemm
//
// With -cpu 1 it is on one processor.
func BenchmarkGemm(b *testing.B) {
	for _, s := range gemmShapes {
		name := fmt.Sprintf("%dx%dx%d/%s%s", s.m, s.k, s.n, letter(s.transA), letter(s.transB))
		b.Run(name+"/float64", func(b *testing.B) { benchGemm[float64](b, s.m, s.k, s.n, s.transA, s.transB, gonum64) })
		b.Run(name+"/float32", func(b *testing.B) { benchGemm[float32](b, s.m, s.k, s.n, s.transA, s.transB, gonum32) })
	}
}

func letter(trans bool) string {
	if trans {
		return "T"
	}
	return "N"
}

type gemmFunc[T Float] func(dst, a, b []T, m, n, k int, transA, transB bool)

func benchGemm[T Float](b *testing.B, m, k, n int, tA, tB bool, other gemmFunc[T]) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, z := randoms[T](rng, m*k), randoms[T](rng, k*n), make([]T, m*n)
	for _, c := range []struct {
		name string
		f    gemmFunc[T]
	}{{"kernel", Gemm[T]}, {"plain", gemmGo[T]}, {"gonum", other}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f(z, x, y, m, n, k, tA, tB)
			}
			b.ReportMetric(2*float64(m*n*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

func gonum64(dst, a, b []float64, m, n, k int, tA, tB bool) {
	g := func(x []float64, r, c int) blas64.General {
		return blas64.General{Rows: r, Cols: c, Stride: c, Data: x}
	}
	ga, gb, oa, ob := g(a, m, k), g(b, k, n), blas.NoTrans, blas.NoTrans
	if tA {
		ga, oa = g(a, k, m), blas.Trans
	}
	if tB {
		gb, ob = g(b, n, k), blas.Trans
	}
	blas64.Gemm(oa, ob, 1, ga, gb, 0, g(dst, m, n))
}

func gonum32(dst, a, b []float32, m, n, k int, tA, tB bool) {
	g := func(x []float32, r, c int) blas32.General {
		return blas32.General{Rows: r, Cols: c, Stride: c, Data: x}
	}
	ga, gb, oa, ob := g(a, m, k), g(b, k, n), blas.NoTrans, blas.NoTrans
	if tA {
		ga, oa = g(a, k, m), blas.Trans
	}
	if tB {
		gb, ob = g(b, n, k), blas.Trans
	}
	blas32.Gemm(oa, ob, 1, ga, gb, 0, g(dst, m, n))
}

const benchLen = 6400 // 200 rows of 32: the hidden layer of a small classifier

func BenchmarkUnary(b *testing.B) {
	for _, f := range unaries {
		b.Run(f.name+"/float64", func(b *testing.B) { benchUnary(b, f.f64) })
		b.Run(f.name+"/float32", func(b *testing.B) { benchUnary(b, f.f32) })
	}
}

func benchUnary[T Float](b *testing.B, f func(dst, x []T)) {
	x, dst := randoms[T](rand.New(rand.NewPCG(1, 2)), benchLen), make([]T, benchLen)
	for b.Loop() {
		f(dst, x)
	}
	reportPerElement(b)
}

func BenchmarkBinary(b *testing.B) {
	for _, f := range binaries {
		b.Run(f.name+"/float64", func(b *testing.B) { benchBinary(b, f.f64) })
		b.Run(f.name+"/float32", func(b *testing.B) { benchBinary(b, f.f32) })
	}
}

func benchBinary[T Float](b *testing.B, f func(dst, x, y []T)) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, dst := randoms[T](rng, benchLen), randoms[T](rng, benchLen), make([]T, benchLen)
	for b.Loop() {
		f(dst, x, y)
	}
	reportPerElement(b)
}

func BenchmarkWhere(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, c, dst := randoms[float64](rng, benchLen), randoms[float64](rng, benchLen), make([]float64, benchLen), make([]float64, benchLen)
	Lt(c, x, y)
	for b.Loop() {
		Where(dst, c, x, y)
	}
	reportPerElement(b)
}

func BenchmarkReduce(b *testing.B) {
	x, dst := randoms[float64](rand.New(rand.NewPCG(1, 2)), benchLen), make([]float64, 200)
	for _, f := range []struct {
		name string
		f    func(dst, x []float64, outer, n, inner int)
	}{{"Sum", SumAxis[float64]}, {"Max", MaxAxis[float64]}} {
		for _, s := range [][3]int{{1, benchLen, 1}, {200, 32, 1}, {1, 200, 32}} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", f.name, s[0], s[1], s[2]), func(b *testing.B) {
				for b.Loop() {
					f.f(dst, x, s[0], s[1], s[2])
				}
				reportPerElement(b)
			})
		}
	}
}

// BenchmarkStridedCopy is the fastest of many, beside copying as many elements and the loops in Go:
//
//	go test ./internal/kernel -run '^$' -bench StridedCopy -benchtime 200x
func BenchmarkStridedCopy(b *testing.B) {
	for _, c := range []struct {
		name string
		from []int // the shape of the source
		perm []int // axis perm[i] of the source is axis i of the destination
	}{
		{"copy", []int{200, 32}, []int{0, 1}},
		{"transpose", []int{32, 200}, []int{1, 0}},
		{"transpose", []int{784, 128}, []int{1, 0}},
		{"transpose", []int{1024, 1024}, []int{1, 0}},
		{"transpose", []int{3000, 3001}, []int{1, 0}},
		{"NCHW-NHWC", []int{32, 64, 28, 28}, []int{0, 2, 3, 1}},
		{"NHWC-NCHW", []int{32, 28, 28, 64}, []int{0, 3, 1, 2}},
		{"NHWC-NCHW", []int{32, 28, 28, 3}, []int{0, 3, 1, 2}},
		{"heads", []int{8, 128, 8, 64}, []int{0, 2, 1, 3}},
		{"heads-transpose", []int{8, 128, 8, 64}, []int{0, 2, 3, 1}},
		{"reverse", []int{64, 65, 66}, []int{2, 1, 0}},
	} {
		name := fmt.Sprint(c.name, "/", c.from)
		b.Run(name+"/float32", func(b *testing.B) { benchStridedCopy[float32](b, c.from, c.perm) })
		b.Run(name+"/float64", func(b *testing.B) { benchStridedCopy[float64](b, c.from, c.perm) })
	}
}

func benchStridedCopy[T Float](b *testing.B, from, perm []int) {
	n := 1
	own := make([]int, len(from))
	for a := len(from) - 1; a >= 0; a-- {
		own[a], n = n, n*from[a]
	}
	shape, strides, to := make([]int, len(perm)), make([]int, len(perm)), make([]int, len(perm))
	for i, a := range perm {
		shape[i], strides[i] = from[a], own[a]
	}
	for i, size := len(shape)-1, 1; i >= 0; i-- {
		to[i], size = size, size*shape[i]
	}
	x, dst := randoms[T](rand.New(rand.NewPCG(1, 2)), n), make([]T, n)
	run := func() { StridedCopy(dst, to, 0, x, strides, 0, shape) }
	best := [3]time.Duration{time.Hour, time.Hour, time.Hour}
	for b.Loop() {
		for k, f := range []func(){run, func() { plainly(run) }, func() { copy(dst, x) }} {
			start := time.Now()
			f()
			best[k] = min(best[k], time.Since(start))
		}
	}
	b.ReportMetric(float64(best[0])/float64(n), "ns/element")
	b.ReportMetric(float64(best[1])/float64(best[0]), "Go/asm")
	b.ReportMetric(float64(best[0])/float64(best[2]), "asm/copy")
	b.ReportMetric(0, "ns/op")
}

func reportPerElement(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchLen, "ns/element")
}

// BenchmarkForkJoin starts two calls that do next to nothing and waits for them, as
// Parallel does and as two goroutines of their own; and two calls of 10 µs each.
//
//	go test ./internal/kernel -run '^$' -bench ForkJoin
func BenchmarkForkJoin(b *testing.B) {
	goroutines := func(n int, f func(int)) {
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() { f(i) })
		}
		group.Wait()
	}
	var sums [2][64]float64 // each has cache lines of its own
	for _, turns := range []int{1, 1 << 13} {
		f := func(i int) {
			for j := range turns {
				sums[i][0] += float64(j)
			}
		}
		for name, parallel := range map[string]func(int, func(int)){
			"one by one": func(n int, f func(int)) {
				for i := range n {
					f(i)
				}
			},
			"goroutines": goroutines, "Parallel": Parallel,
		} {
			b.Run(fmt.Sprintf("%s/turns=%d", name, turns), func(b *testing.B) {
				for b.Loop() {
					parallel(2, f)
				}
			})
		}
	}
}
