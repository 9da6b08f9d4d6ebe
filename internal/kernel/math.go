package kernel

import "math"

// SignOf returns -1, 0 or 1. The sign of ±0 and of NaN is 0, as torch.sign.
func SignOf(x float64) float64 { return float64(bit(x > 0) - bit(x < 0)) }

// ReluOf returns max(x, 0); NaN stays NaN.
func ReluOf(x float64) float64 { return max(x, 0) }

// MaxOf returns the larger of a and b, and NaN if either is NaN.
func MaxOf(a, b float64) float64 { return max(a, b) }

// MinOf returns the smaller of a and b, and NaN if either is NaN.
func MinOf(a, b float64) float64 { return min(a, b) }

// Map1 writes dst = f(x), computed in float64 and rounded to T.
func Map1[T Float](dst, x []T, f func(float64) float64) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = T(f(float64(x[i])))
	}
}

// Neg writes dst = -x.
func Neg[T Float](dst, x []T) {
	x = x[:len(dst)]
	if vector1(opNeg, size[T](), len(dst), at(dst), at(x)) {
		return
	}
	for i := range dst {
		dst[i] = -x[i]
	}
}

// Abs writes dst = |x|.
func Abs[T Float](dst, x []T) {
	x = x[:len(dst)]
	if vector1(opAbs, size[T](), len(dst), at(dst), at(x)) {
		return
	}
	for i := range dst {
		dst[i] = T(math.Abs(float64(x[i])))
	}
}

// Sign writes dst = -1, 0 or 1, as [SignOf].
func Sign[T Float](dst, x []T) {
	x = x[:len(dst)]
	if vector1(opSign, size[T](), len(dst), at(dst), at(x)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(x[i] > 0) - bit(x[i] < 0))
	}
}

// Relu writes dst = max(x, 0), as [ReluOf].
func Relu[T Float](dst, x []T) {
	x = x[:len(dst)]
	if vector1(opRelu, size[T](), len(dst), at(dst), at(x)) {
		return
	}
	for i := range dst {
		dst[i] = max(x[i], 0)
	}
}

// Sqrt writes dst = √x; a negative x gives NaN.
func Sqrt[T Float](dst, x []T) {
	x = x[:len(dst)]
	if vector1(opSqrt, size[T](), len(dst), at(dst), at(x)) {
		return
	}
	for i := range dst {
		dst[i] = T(math.Sqrt(float64(x[i])))
	}
}
