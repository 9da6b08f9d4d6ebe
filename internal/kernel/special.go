package kernel

import "math"

// Log2Of returns the logarithm of x to base 2: exact for powers of 2, and with all
// digits near 1, which [math.Log2] has not.
func Log2Of(x float64) float64 {
	if fraction, exponent := math.Frexp(x); fraction == 0.5 {
		return float64(exponent - 1)
	}
	return math.Log(x) / math.Ln2
}

// Log10Of returns the logarithm of x to base 10: exact for powers of 10, and with
// all digits near 1, which [math.Log10] has not.
func Log10Of(x float64) float64 {
	y := math.Log(x) / math.Ln10
	if n := math.Round(y); math.Abs(n) < 400 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}

// LogSigmoidOf returns ln(1/(1 + e⁻ˣ)) without overflow and accurate for all x.
func LogSigmoidOf(x float64) float64 { return min(x, 0) - math.Log1p(ExpOf(-math.Abs(x))) }

// LogaddexpOf returns ln(eᵃ + eᵇ) without overflow, also for infinities.
func LogaddexpOf(a, b float64) float64 {
	if a == b && math.IsInf(a, 0) {
		return a
	}
	return max(a, b) + math.Log1p(ExpOf(-math.Abs(a-b)))
}

// XlogyOf returns a ln b; 0 for a = 0, unless b is NaN.
func XlogyOf(a, b float64) float64 {
	if a == 0 && b == b {
		return 0
	}
	return a * math.Log(b)
}

// Map2 writes dst = f(a, b), computed in float64 and rounded to T.
func Map2[T Float](dst, a, b []T, f func(a, b float64) float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = T(f(float64(a[i]), float64(b[i])))
	}
}

// Exp2 writes dst = 2ˣ.
func Exp2[T Float](dst, x []T) { Map1(dst, x, math.Exp2) }

// Log2 writes the logarithm to base 2, as [Log2Of].
func Log2[T Float](dst, x []T) { Map1(dst, x, Log2Of) }

// Log10 writes the logarithm to base 10, as [Log10Of].
func Log10[T Float](dst, x []T) { Map1(dst, x, Log10Of) }

// Erf writes the error function of x.
func Erf[T Float](dst, x []T) { Map1(dst, x, math.Erf) }

// Erfc writes 1 - erf x, accurate where that is small.
func Erfc[T Float](dst, x []T) { Map1(dst, x, math.Erfc) }

// LogSigmoid writes dst = ln(1/(1 + e⁻ˣ)), as [LogSigmoidOf].
func LogSigmoid[T Float](dst, x []T) { Map1(dst, x, LogSigmoidOf) }

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
