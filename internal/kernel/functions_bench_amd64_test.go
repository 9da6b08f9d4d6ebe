//go:build !purego

package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkFunctions runs each function on 512 numbers, as chains of pointwise operations
// do, and says how many times as long the definition in Go takes, and package math in
// float64:
//
//	go test ./internal/kernel -run '^$' -bench Functions
func BenchmarkFunctions(b *testing.B) {
	for _, row := range ulpRows {
		b.Run(row.name+"/float32", func(b *testing.B) { benchFunction(b, row.f32, row.ref) })
		b.Run(row.name+"/float64", func(b *testing.B) { benchFunction(b, row.f64, row.ref) })
	}
	const exponent = 2.5
	ref := func(x float64) float64 { return math.Pow(x, exponent) }
	b.Run("Pow/float32", func(b *testing.B) { benchFunction(b, powerOf[float32](exponent), ref) })
	b.Run("Pow/float64", func(b *testing.B) { benchFunction(b, powerOf[float64](exponent), ref) })
}

// powerOf returns a function that raises to the power of b.
func powerOf[T Float](b T) func(dst, x []T) {
	exponents := make([]T, 512)
	Fill(exponents, b)
	return func(dst, x []T) { Pow(dst, x, exponents) }
}

func benchFunction[T Float](b *testing.B, f func(dst, x []T), ref func(x float64) float64) {
	const n = 512
	x, dst := randoms[T](rand.New(rand.NewPCG(67, 68)), n), make([]T, n)
	for i := range x { // all have a logarithm
		x[i] = max(x[i], -x[i])
	}
	best, plainBest, mathBest := time.Hour, time.Hour, time.Hour
	for b.Loop() {
		best = min(best, timed(func() { f(dst, x) }))
		plainly(func() { plainBest = min(plainBest, timed(func() { f(dst, x) })) })
		mathBest = min(mathBest, timed(func() { Map1(dst, x, ref) }))
	}
	b.ReportMetric(float64(best)/100/n, "ns/element")
	b.ReportMetric(float64(plainBest)/float64(best), "plain/this")
	b.ReportMetric(float64(mathBest)/float64(best), "math/this")
}
