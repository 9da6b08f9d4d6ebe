package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
	{64, 784, 512, false, false},
	{64, 784, 512, false, true},
	{784, 64, 512, true, false},
	{256, 256, 256, false, false},
	{256, 256, 256, false, true},
	{256, 256, 256, true, false},
	{256, 256, 256, true, true},
	{1, 256, 256, false, false},
	{1, 256, 256, false, true},
	{256, 256, 1, false, false},
}

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
	}{{"kernel", Gemm[T]}, {"gonum", other}} {
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
