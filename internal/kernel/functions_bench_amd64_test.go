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
		b.Run(row.name+"/float32", func(b *testing.B) { benchFunction(b, row.f32, row.ref, row.to) })
		b.Run(row.name+"/float64", func(b *testing.B) { benchFunction(b, row.f64, row.ref, row.to) })
	}
	const exponent = 2.5
	power := func(x float64) float64 { return math.Pow(x, exponent) }
	b.Run("Pow/float32", func(b *testing.B) { benchFunction(b, given(Pow[float32], exponent), power, inf) })
	b.Run("Pow/float64", func(b *testing.B) { benchFunction(b, given(Pow[float64], exponent), power, inf) })
	angle := func(x float64) float64 { return math.Atan2(x, 0.5) }
	b.Run("Atan2/float32", func(b *testing.B) { benchFunction(b, given(Atan2[float32], 0.5), angle, inf) })
	b.Run("Atan2/float64", func(b *testing.B) { benchFunction(b, given(Atan2[float64], 0.5), angle, inf) })
}

// given returns f with a second argument that is b everywhere.
func given[T Float](f func(dst, a, b []T), b T) func(dst, x []T) {
	second := make([]T, 512)
	Fill(second, b)
	return func(dst, x []T) { f(dst, x, second) }
}

func benchFunction[T Float](b *testing.B, f func(dst, x []T), ref func(x float64) float64, most float64) {
	const n = 512
	x, dst := randoms[T](rand.New(rand.NewPCG(67, 68)), n), make([]T, n)
	for i := range x { // all have a logarithm
		x[i] = min(max(x[i], -x[i]), T(most))
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
