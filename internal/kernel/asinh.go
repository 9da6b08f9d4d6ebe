package kernel

import "math"

// The inverse hyperbolic functions are logarithms near 1, with the same operations in the code
// for vectors:
//
//	arsinh a = ln(1 + a + a²/(1 + √(a² + 1)))
//	arcosh x = ln(1 + (x - 1) + √(x² - 1))
//	artanh a = ½ ln(1 + 2 a/(1 - a))
//
// for a = |x|. What the last sum, or in float32 the quotient, loses is added to the logarithm. Of a
// large x the first two are ln x + ln 2.
const asinhWhole64 = 0x1p60 // from here on in float64, from log1pWhole in float32

// AsinhOf returns the inverse of the hyperbolic sine at x, computed in T.
func AsinhOf[T Float](x T) T { return computed(x, asinh32, asinh64) }

func asinh32(x float32) float32 {
	a := max(x, -x)
	switch {
	case !(a <= math.MaxFloat32):
		return x
	case a >= log1pWhole:
		return signed32(log1pSum32(a, 0, 1), x)
	}
	a2 := float64(a) * float64(a)
	root := float32(math.Sqrt(single(sum32(a2, 1))))
	w := float32(a2) / (root + 1)
	t := a + w
	return signed32(log1pSum32(t, w-(t-a), 0), x)
}

func asinh64(x float64) float64 {
	a := math.Abs(x)
	switch {
	case !(a <= math.MaxFloat64):
		return x
	case a >= asinhWhole64:
		return math.Copysign(log1pSum64(a, 0, 1), x)
	}
	a2 := float64(a * a)
	w := a2 / (math.Sqrt(a2+1) + 1)
	t := a + w
	return math.Copysign(log1pSum64(t, w-(t-a), 0), x)
}

// AcoshOf returns the inverse of the hyperbolic cosine at x, computed in T: NaN below 1.
func AcoshOf[T Float](x T) T { return computed(x, acosh32, acosh64) }

func acosh32(x float32) float32 {
	switch {
	case x < 1:
		return float32(math.NaN())
	case !(x <= math.MaxFloat32):
		return x
	case x >= log1pWhole:
		return log1pSum32(x, 0, 1)
	}
	root := float32(math.Sqrt(single(sum32(float64(x)*float64(x), -1))))
	less := x - 1
	t := root + less
	return log1pSum32(t, less-(t-root), 0)
}

func acosh64(x float64) float64 {
	switch {
	case x < 1:
		return math.NaN()
	case !(x <= math.MaxFloat64):
		return x
	case x >= asinhWhole64:
		return log1pSum64(x, 0, 1)
	}
	less := x - 1
	root := math.Sqrt(float64(less * (less + 2)))
	t := root + less
	return log1pSum64(t, less-(t-root), 0)
}

// AtanhOf returns the inverse of the hyperbolic tangent at x, computed in T: ±Inf at ±1, NaN
// beyond.
func AtanhOf[T Float](x T) T { return computed(x, atanh32, atanh64) }

func atanh32(x float32) float32 {
	a := max(x, -x)
	if !(a < 1) {
		return float32(atanhSpecial(float64(x)))
	}
	d := 1 - a
	v := 1 / d
	t := float32((a + a) * v)
	rest := single(sum32(float64(-t)*float64(d), float64(a+a)))
	rest = single(sum32(float64(-t)*float64((1-d)-a), rest)) // 1 - a is d + ((1 - d) - a)
	return signed32(0.5*log1pSum32(t, float32(v*float32(rest)), 0), x)
}

func atanh64(x float64) float64 {
	a := math.Abs(x)
	if !(a < 1) {
		return atanhSpecial(x)
	}
	d := 1 - a
	t := (a + a) / d
	return math.Copysign(0.5*log1pSum64(t, 0, 0), x)
}

// atanhSpecial is the inverse hyperbolic tangent of ±1 and beyond, and of NaN.
func atanhSpecial(x float64) float64 {
	if math.Abs(x) == 1 {
		return math.Copysign(math.Inf(1), x)
	}
	return math.NaN()
}

// Asinh writes dst = arsinh x, as [AsinhOf].
func Asinh[T Float](dst, x []T) { apply1(fnAsinh, dst, x, AsinhOf[T]) }

// Acosh writes dst = arcosh x, as [AcoshOf].
func Acosh[T Float](dst, x []T) { apply1(fnAcosh, dst, x, AcoshOf[T]) }

// Atanh writes dst = artanh x, as [AtanhOf].
func Atanh[T Float](dst, x []T) { apply1(fnAtanh, dst, x, AtanhOf[T]) }
