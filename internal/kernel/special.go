package kernel

import "math"

// LogaddexpOf returns ln(eᵃ + eᵇ) without overflow, also for infinities.
func LogaddexpOf(a, b float64) float64 {
	if a == b && math.IsInf(a, 0) {
		return a
	}
	return max(a, b) + log1p(exp64(-math.Abs(a-b)))
}

// XlogyOf returns a ln b; 0 for a = 0, unless b is NaN.
func XlogyOf(a, b float64) float64 {
	if a == 0 && b == b {
		return 0
	}
	return a * log64(b)
}

// Map2 writes dst = f(a, b), computed in float64 and rounded to T.
func Map2[T Float](dst, a, b []T, f func(a, b float64) float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = T(f(float64(a[i]), float64(b[i])))
	}
}

// Logaddexp writes dst = ln(eᵃ + eᵇ), as [LogaddexpOf].
func Logaddexp[T Float](dst, a, b []T) { Map2(dst, a, b, LogaddexpOf) }

// Xlogy writes dst = a ln b, as [XlogyOf].
func Xlogy[T Float](dst, a, b []T) { Map2(dst, a, b, XlogyOf) }

// Lerp writes a + w(b - a); from the nearer end, so that w = 0 gives a and w = 1
// gives b exactly.
func Lerp[T Float](dst, a, b, w []T) {
	a, b, w = a[:len(dst)], b[:len(dst)], w[:len(dst)]
	if vector3(opLerp, size[T](), len(dst), at(dst), at(a), at(b), at(w)) {
		return
	}
	for i := range dst {
		d := b[i] - a[i]
		if w[i] > -0.5 && w[i] < 0.5 {
			dst[i] = a[i] + T(w[i]*d)
		} else {
			dst[i] = b[i] - T(d*(1-w[i]))
		}
	}
}
