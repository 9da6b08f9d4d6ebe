package kernel

import "math"

// The inverse functions of the sine, the cosine and the tangent, with the same operations in
// the code for vectors, are each a sum
//
//	base + w + w z p(z)
//
// with p that of the arc tangent or that of the arc sine, |w| <= 1, and s = √z:
//
//	             base       w           z
//	arctan a     0          a           w²           to 1
//	             π/2        -1/a        w²           above
//	the angle    0          a/b         w²           |a| <= b
//	of (b, a)    π/2        -b/|a|      w²           |b| < |a|
//	a >= 0       π          a/b         w²           |a| <= -b
//	arcsin a     0          a           a²           to 1/2
//	             π/2        -2 s        (1 - a)/2    above
//	arccos x     π/2        -x          x²           |x| to 1/2
//	             0          2 s         (1 - x)/2    above
//	             π          -2 s        (1 + x)/2    below -1/2
//
// and the sign that is missing. What base + w loses joins the small terms, as does what base
// is less than its multiple of π/2; in float32, so does what the root or the quotient of the
// angle lost. The polynomials are minimax, to 2⁻²⁸ in float32 and 2⁻⁵⁵ in float64 of the sum
// (gen/coefficients.sollya).
const (
	halfPi32   = 0x1.921fb6p0    // in float32
	arcRest32  = -0x1.de12cap-26 // halfPi32 (1 + arcRest32) is π/2
	arcRest    = 0x1.678afae35cdd1p-55
	arcFrom    = 0.5
	angleLimit = 0x1p127 // of |a| + |b| in float32
)

// arcSum32 returns base (1 + arcRest32) + w + wz p + low for a low that is small beside w. base is 0
// or more than |w|.
func arcSum32(base, w, wz, p, low float64) float32 {
	s := single(base + w)
	rest := w - (s - base) // of w, exact
	t := single(single(sum32(base*arcRest32, low)) + rest)
	return float32(s + single(sum32(wz*p, t)))
}

// arcSum is arcSum32 in float64.
func arcSum(base, w, wz, p float64) float64 {
	s := base + w
	rest := w - (s - base)
	return s + (float64(wz*p) + (float64(base*arcRest) + rest))
}

// reciprocal32 returns 1/x or more, by an eighth at most, for a positive x up to 2¹²⁶. With x = 2ᵉ (1 + f)
// it is 2⁻ᵉ (1 - f/2).
func reciprocal32(x float64) float64 {
	return float64(math.Float32frombits(0x7f000000 - math.Float32bits(float32(x))))
}

// atanSeries32 returns p(z) of the arc tangent.
func atanSeries32(z float64) float64 {
	p := single(sum32(z*-0x1.b1f26ep-10, 0x1.525694p-7))
	p = single(sum32(z*p, -0x1.edc694p-6))
	p = single(sum32(z*p, 0x1.d2be86p-5))
	p = single(sum32(z*p, -0x1.56042ep-4))
	p = single(sum32(z*p, 0x1.bfe9a6p-4))
	p = single(sum32(z*p, -0x1.241284p-3))
	p = single(sum32(z*p, 0x1.9990bep-3))
	return single(sum32(z*p, -0x1.55553ap-2))
}

func atanSeries(z float64) float64 {
	z2 := float64(z * z)
	p := (-0x1.312a3f0dfb77ep-10 + float64(z*0x1.d3bb11406b765p-13)) + float64(z2*-0x1.53e5c94348b72p-16)
	p = (-0x1.2cf76bf20e848p-7 + float64(z*0x1.f96cc734222ebp-9)) + float64(z2*p)
	p = (-0x1.a726a91b49509p-6 + float64(z*0x1.162c3d97e979ep-6)) + float64(z2*p)
	p = (-0x1.4f4521ca52068p-5 + float64(z*0x1.1715db019349p-5)) + float64(z2*p)
	p = (-0x1.ad32ba4e0c7bbp-5 + float64(z*0x1.7ee3f62d7830bp-5)) + float64(z2*p)
	p = (-0x1.11089d02de0dfp-4 + float64(z*0x1.e1781735b887ep-5)) + float64(z2*p)
	p = (-0x1.745d02310537cp-4 + float64(z*0x1.3b12b2e8e2d48p-4)) + float64(z2*p)
	p = (-0x1.2492491fa2135p-3 + float64(z*0x1.c71c709e19f6ap-4)) + float64(z2*p)
	return (-0x1.555555555544cp-2 + float64(z*0x1.999999998411p-3)) + float64(z2*p)
}

// AtanOf returns the arc tangent of x, computed in T.
func AtanOf[T Float](x T) T { return computed(x, atan32, atan) }

func atan32(x float32) float32 {
	w, base := math.Abs(float64(x)), 0.0
	if w > 1 {
		w, base = single(-1/w), halfPi32
	}
	z := single(w * w)
	return signed32(arcSum32(base, w, single(w*z), atanSeries32(z), 0), x)
}

func atan(x float64) float64 {
	w, base := math.Abs(x), 0.0
	if w > 1 {
		w, base = -1/w, math.Pi/2
	}
	z := float64(w * w)
	return math.Copysign(arcSum(base, w, float64(w*z), atanSeries(z)), x)
}

// Atan2Of returns the angle of the point (b, a), computed in T, with the special cases of
// [math.Atan2], which are those of C.
func Atan2Of[T Float](a, b T) T {
	if size[T]() == 4 {
		return T(angle32(float32(a), float32(b)))
	}
	return T(angle(float64(a), float64(b)))
}

func angle32(a, b float32) float32 {
	y, x := math.Abs(float64(a)), math.Abs(float64(b))
	if !(single(y+x) <= angleLimit) {
		return float32(angle(float64(a), float64(b)))
	}
	n, d, base := angleParts(y, x, float64(b), halfPi32)
	w := single(n / d)
	low := single(single(n-w*d) * reciprocal32(d)) // the difference is exact
	z := single(w * w)
	return signed32(arcSum32(base, w, single(w*z), atanSeries32(z), low), a)
}

func angle(a, b float64) float64 {
	y, x := math.Abs(a), math.Abs(b)
	if !(y <= math.MaxFloat64 && x <= math.MaxFloat64) {
		return math.Atan2(a, b)
	}
	n, d, base := angleParts(y, x, b, math.Pi/2)
	w := n / d
	z := float64(w * w)
	return math.Copysign(arcSum(base, w, float64(w*z), atanSeries(z)), a)
}

// angleParts returns base and n/d = w of the point (b, y) with |b| = x; 0/1 where both are 0.
func angleParts(y, x, b, halfPi float64) (n, d, base float64) {
	n, d = y, x
	if y > x {
		n, d, base = -x, y, halfPi
	}
	if math.Signbit(b) {
		n = -n
		if base == 0 {
			base = 2 * halfPi
		}
	}
	if d == 0 {
		d = 1
	}
	return n, d, base
}

// asinSeries32 returns p(z) of the arc sine.
func asinSeries32(z float64) float64 {
	p := single(sum32(z*0x1.33d432p-5, 0x1.d7924cp-7))
	p = single(sum32(z*p, 0x1.04af34p-5))
	p = single(sum32(z*p, 0x1.6caab6p-5))
	p = single(sum32(z*p, 0x1.33389ep-4))
	return single(sum32(z*p, 0x1.55554cp-3))
}

func asinSeries(z float64) float64 {
	z2 := float64(z * z)
	p := (0x1.abcf5cd7f156ep-8 + float64(z*0x1.3ff4a9908c2fbp-6)) + float64(z2*(-0x1.09d3283359a11p-6+float64(z*0x1.056d6c811e11dp-5)))
	p = (0x1.c6fdc1aaa597cp-7 + float64(z*0x1.8ec2fca60060dp-7)) + float64(z2*p)
	p = (0x1.6e89f440197a8p-6 + float64(z*0x1.1c6be1a68770cp-6)) + float64(z2*p)
	p = (0x1.6db6db427a4f8p-5 + float64(z*0x1.f1c72c38fb342p-6)) + float64(z2*p)
	return (0x1.555555555539p-3 + float64(z*0x1.333333336e80fp-4)) + float64(z2*p)
}

// asinLarge32 returns w = 2 √z, what that lost, and z = (1 - a)/2, for an a from 1/2 to 1; NaN above.
func asinLarge32(a float64) (w, low, z float64) {
	z = 0.5 - 0.5*a // exact
	s := single(math.Sqrt(z))
	return 2 * s, single(single(z-s*s) * reciprocal32(s)), z
}

// AsinOf returns the arc sine of x, computed in T; NaN outside of [-1, 1].
func AsinOf[T Float](x T) T { return computed(x, asin32, asin) }

func asin32(x float32) float32 {
	w, low, base := math.Abs(float64(x)), 0.0, 0.0
	z := single(w * w)
	if w > arcFrom {
		w, low, z = asinLarge32(w)
		w, low, base = -w, -low, halfPi32
	}
	return signed32(arcSum32(base, w, single(w*z), asinSeries32(z), low), x)
}

func asin(x float64) float64 {
	w, base := math.Abs(x), 0.0
	z := float64(w * w)
	if w > arcFrom {
		z = 0.5 - float64(0.5*w) // exact
		w, base = -2*math.Sqrt(z), math.Pi/2
	}
	return math.Copysign(arcSum(base, w, float64(w*z), asinSeries(z)), x)
}

// AcosOf returns the arc cosine of x, computed in T; NaN outside of [-1, 1].
func AcosOf[T Float](x T) T { return computed(x, acos32, acos) }

func acos32(x float32) float32 {
	w, low, base := -float64(x), 0.0, halfPi32
	z := single(w * w)
	if a := math.Abs(w); a > arcFrom {
		w, low, z = asinLarge32(a)
		base = 0
		if x < 0 {
			w, low, base = -w, -low, 2*halfPi32
		}
	}
	return arcSum32(base, w, single(w*z), asinSeries32(z), low)
}

func acos(x float64) float64 {
	w, base := -x, math.Pi/2
	z := float64(w * w)
	if a := math.Abs(x); a > arcFrom {
		z = 0.5 - float64(0.5*a) // exact
		w, base = 2*math.Sqrt(z), 0
		if x < 0 {
			w, base = -w, math.Pi
		}
	}
	return arcSum(base, w, float64(w*z), asinSeries(z))
}

// Atan writes dst = arctan x, as [AtanOf].
func Atan[T Float](dst, x []T) { apply1(fnAtan, dst, x, AtanOf[T]) }

// Atan2 writes the angle of the point (b, a), as [Atan2Of].
func Atan2[T Float](dst, a, b []T) { apply2(fnAtan2, dst, a, b, Atan2Of[T]) }

// Asin writes dst = arcsin x, as [AsinOf].
func Asin[T Float](dst, x []T) { apply1(fnAsin, dst, x, AsinOf[T]) }

// Acos writes dst = arccos x, as [AcosOf].
func Acos[T Float](dst, x []T) { apply1(fnAcos, dst, x, AcosOf[T]) }
