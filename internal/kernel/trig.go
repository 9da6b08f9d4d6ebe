package kernel

import "math"

// AsinOf returns the arc sine of x; NaN outside of [-1, 1]. Unlike [math.Asin] it
// loses no digits near ±1.
func AsinOf(x float64) float64 { return math.Atan2(x, math.Sqrt((1-x)*(1+x))) }

// AcosOf returns the arc cosine of x; NaN outside of [-1, 1]. Unlike [math.Acos] it
// keeps all digits near 1, where the result is small.
func AcosOf(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }

// Above largeHyperbolic, e⁻ˣ is nothing beside eˣ; above halvedHyperbolic, eˣ is
// near overflow, but half of it is not.
const largeHyperbolic, halvedHyperbolic = 22, 709

// SinhOf returns (eˣ - e⁻ˣ)/2, accurate near 0 and without early overflow.
func SinhOf(x float64) float64 {
	a := math.Abs(x)
	if a >= largeHyperbolic {
		return math.Copysign(halfExp(a), x)
	}
	t := Expm1Of(a)
	return math.Copysign(0.5*(t+t/(t+1)), x)
}

// CoshOf returns (eˣ + e⁻ˣ)/2 without early overflow.
func CoshOf(x float64) float64 {
	a := math.Abs(x)
	if a >= largeHyperbolic {
		return halfExp(a)
	}
	t := ExpOf(a)
	return 0.5*t + 0.5/t
}

// halfExp returns eˣ/2, which is finite for some x where eˣ is not.
func halfExp(x float64) float64 {
	if x < halvedHyperbolic {
		return 0.5 * ExpOf(x)
	}
	root := ExpOf(0.5 * x)
	return 0.5 * root * root
}

// Asin writes dst = arcsin x, as [AsinOf].
func Asin[T Float](dst, x []T) { Map1(dst, x, AsinOf) }

// Acos writes dst = arccos x, as [AcosOf].
func Acos[T Float](dst, x []T) { Map1(dst, x, AcosOf) }

// Atan writes dst = arctan x.
func Atan[T Float](dst, x []T) { Map1(dst, x, math.Atan) }

// Sinh writes dst = sinh x, as [SinhOf].
func Sinh[T Float](dst, x []T) { Map1(dst, x, SinhOf) }

// Cosh writes dst = cosh x, as [CoshOf].
func Cosh[T Float](dst, x []T) { Map1(dst, x, CoshOf) }

// Asinh writes dst = arsinh x.
func Asinh[T Float](dst, x []T) { Map1(dst, x, math.Asinh) }

// Acosh writes dst = arcosh x; NaN below 1.
func Acosh[T Float](dst, x []T) { Map1(dst, x, math.Acosh) }

// Atanh writes dst = artanh x; ±Inf at ±1 and NaN beyond.
func Atanh[T Float](dst, x []T) { Map1(dst, x, math.Atanh) }

// Atan2 writes the angle of the point (b, a), with the special cases of
// [math.Atan2], which are those of C.
func Atan2[T Float](dst, a, b []T) { Map2(dst, a, b, math.Atan2) }

// Hypot writes dst = √(a² + b²) without overflow; Inf if either is infinite.
func Hypot[T Float](dst, a, b []T) { Map2(dst, a, b, math.Hypot) }
