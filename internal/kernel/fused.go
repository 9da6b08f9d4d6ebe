package kernel

import (
	"math"
	"unsafe"
)

// What is computed in float32 has products fused with sums: x y + c is rounded once, as
// the code for vectors does. Here they are float64, where products of two float32 are exact.

// single rounds to float32.
func single(s float64) float64 { return float64(float32(s)) }

// sum32 returns p + c as a number that rounds to the float32 that p + c, exactly, rounds
// to, unless that is subnormal and inexact. p is a product of two float32, and c is one.
//
// It is the sum in float64, unless that is midway between two numbers of float32.
func sum32(p, c float64) (s float64) {
	s = p + c
	if math.Float64bits(s)<<35 == 1<<63 {
		s = offMidway(p, c)
	}
	return
}

// offMidway returns p + c in float64 or, if that is not exact, the number next to it on the
// side of the exact sum.
func offMidway(p, c float64) float64 {
	s := p + c
	t := s - p
	rest := (p - (s - t)) + (c - t) // Knuth's: s + rest is exact
	if rest == 0 {
		return s
	}
	return math.Nextafter(s, math.Copysign(math.Inf(1), rest))
}

// computed returns the function of x that f32 computes in float32, and f64 in float64.
func computed[T Float](x T, f32 func(float32) float32, f64 func(float64) float64) T {
	if unsafe.Sizeof(x) == 4 {
		return T(f32(float32(x)))
	}
	return T(f64(float64(x)))
}

// signed32 returns y, which has no sign or that of x, with the sign of x.
func signed32(y, x float32) float32 {
	return math.Float32frombits(math.Float32bits(y) | math.Float32bits(x)&(1<<31))
}
