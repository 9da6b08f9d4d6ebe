package kernel

import "math"

// Floor writes the largest whole number not above x.
func Floor[T Float](dst, x []T) { round(opFloor, dst, x, math.Floor) }

// Ceil writes the smallest whole number not below x.
func Ceil[T Float](dst, x []T) { round(opCeil, dst, x, math.Ceil) }

// Round writes the whole number nearest to x, of two equally near the even one.
func Round[T Float](dst, x []T) { round(opRound, dst, x, math.RoundToEven) }

// Trunc writes x without its fraction.
func Trunc[T Float](dst, x []T) { round(opTrunc, dst, x, math.Trunc) }

func round[T Float](op operation, dst, x []T, def func(float64) float64) {
	x = x[:len(dst)]
	if !vector1(op, size[T](), len(dst), at(dst), at(x)) {
		Map1(dst, x, def)
	}
}

// Fmod writes the remainder of a/b with the sign of a, as C's fmod.
func Fmod[T Float](dst, a, b []T) { Map2(dst, a, b, math.Mod) }

// Remainder writes the remainder of a/b with the sign of b, as [RemainderOf].
func Remainder[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		m := T(math.Mod(float64(a[i]), float64(b[i]))) // exact
		if m != 0 && (m < 0) != (b[i] < 0) {
			m += b[i]
		}
		dst[i] = m
	}
}

// RemainderOf returns a - ⌊a/b⌋b with one rounding: 0 or of the sign of b. It is
// NaN for b = 0.
func RemainderOf(a, b float64) float64 {
	m := math.Mod(a, b)
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

// FloorDivide writes the whole number ⌊a/b⌋, as [FloorDivideOf].
func FloorDivide[T Float](dst, a, b []T) { Map2(dst, a, b, FloorDivideOf) }

// FloorDivideOf returns ⌊a/b⌋ for the exact quotient, which may be less than the
// floor of the rounded one: ⌊1/0.1⌋ is 9. It is a/b for b = 0.
func FloorDivideOf(a, b float64) float64 {
	if b == 0 {
		return a / b
	}
	m := math.Mod(a, b)
	q := (a - m) / b // whole, but for its rounding
	if m != 0 && (m < 0) != (b < 0) {
		q--
	}
	if q == 0 {
		return math.Copysign(0, a/b)
	}
	floor := math.Floor(q)
	if q-floor > 0.5 {
		floor++
	}
	return floor
}
