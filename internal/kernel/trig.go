package kernel

import "math"

// The sine and the cosine, with the same operations in the code for vectors:
//
//	x = n π/2 + r + t,  |r| <= π/4, t below the last place of r; in float32 t is subtracted
//
// π/2 is a sum of three numbers. In float64 the first two have 37 bits, so that their products
// with n are exact for |n| <= 2¹⁶: r + t is right to 2⁻¹¹⁰. In float32 products are fused with
// sums, and all three have 24 bits; n may be off, so that |r| is up to 1.005 π/4. The polynomials are minimax, to 2⁻⁵⁷ and 2⁻⁶³ in float64,
// 2⁻²⁷ and 2⁻³² in float32 (gen/coefficients.sollya); the corrections for t in float64 are
// those of FreeBSD's k_sin.c and k_cos.c (Sun Microsystems, 1993).
const (
	halfPi1 = 0x1.921fb5444p0
	halfPi2 = 0x1.68c234c4cp-39
	halfPi3 = 0x1.98a2e03707345p-77

	twoByPi32   = 0x1.45f306p-1 // in float32
	halfPi1In32 = 0x1.921fb4p0
	halfPi2In32 = 0x1.4442dp-24
	halfPi3In32 = 0x1.84698ap-48

	// Beyond sinLimit there is package math, in float64.
	sinLimit = 1e5
)

// sinReduce returns r, t, and z with n in its low bits.
func sinReduce(x float64) (z, r, t float64) {
	z = float64(x*(2/math.Pi)) + round64
	n := z - round64
	r1 := x - float64(n*halfPi1) // exact
	w := float64(n * halfPi2)
	r2 := r1 - w
	c := float64(n*halfPi3) - ((r1 - r2) - w)
	r = r2 - c
	return z, r, (r2 - r) - c
}

// sinNear returns sin(r + t) for |r| <= π/4: r + r³ s(r²), and t cos r.
func sinNear(r, t float64) float64 {
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	r3 := float64(r2 * r)
	s := (0x1.11111111106a8p-7 + float64(r2*-0x1.a01a019d81ca1p-13)) +
		float64(r4*((0x1.71de36868aeaap-19+float64(r2*-0x1.ae5f1f6575639p-26))+float64(r4*0x1.5dc2d991db134p-33)))
	return r - ((float64(r2*(float64(0.5*t)-float64(r3*s))) - t) - float64(r3*-0x1.5555555555555p-3))
}

// cosNear returns cos(r + t) for |r| <= π/4: 1 - r²/2 + r⁴ c(r²), and -t sin r.
func cosNear(r, t float64) float64 {
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	c := (0x1.a01a019cbea13p-16 + float64(r2*-0x1.27e4f811ed655p-22)) +
		float64(r4*(0x1.1ee9f0a428415p-29+float64(r2*-0x1.8fb0c4e498cbap-37)))
	c = (0x1.555555555554cp-5 + float64(r2*-0x1.6c16c16c1521bp-10)) + float64(r4*c)
	half := float64(0.5 * r2)
	w := 1 - half
	return w + (((1 - w) - half) + (float64(r4*c) - float64(r*t)))
}

// sinQuarter returns the sine of r + t + n π/2.
func sinQuarter(n uint64, r, t float64) float64 {
	y := sinNear(r, t)
	if n&1 != 0 {
		y = cosNear(r, t)
	}
	return math.Float64frombits(math.Float64bits(y) ^ n<<62&(1<<63))
}

// sinReduce32 returns z with n in its low bits, r, and t with x = n π/2 + r - t.
//
// r1 - w may lose the last bits of w, and w those of the product: t has both, and no sign
// where n is 0.
func sinReduce32(x float32) (z float32, r, t float64) {
	v := float64(x)
	shifted := single(sum32(v*twoByPi32, round32))
	n := shifted - round32
	r1 := v - n*halfPi1In32 // exact, as a product and as a difference
	w := single(n * halfPi2In32)
	r = single(r1 - w)
	c := single(sum32(n*-halfPi3In32, w-n*halfPi2In32)) // the difference is exact
	return float32(shifted), r, single(single(single(r-r1)+w) - c)
}

// square32 returns (r - t)², without t².
func square32(r, t float64) float64 { return single(sum32(r*r, single(r*(-2*t)))) }

// sinNear32 returns sin(r - t) for |r| <= π/4: r - (r³ s(r²) + t). r2 is (r - t)².
func sinNear32(r, t, r2 float64) float32 {
	s := single(sum32(r2*0x1.99257ep-13, -0x1.1106d8p-7))
	s = single(sum32(r2*s, 0x1.555544p-3))
	return float32(r - single(sum32(single(r*r2)*s, t)))
}

// cosNear32 returns the cosine of the root of r2: 1 + r² c(r²).
func cosNear32(r2 float64) float32 {
	c := single(sum32(r2*0x1.99e6cp-16, -0x1.6c0c26p-10))
	c = single(sum32(r2*c, 0x1.55554ap-5))
	c = single(sum32(r2*c, -0.5))
	return float32(sum32(r2*c, 1))
}

// sinQuarter32 returns the sine of r - t + n π/2.
func sinQuarter32(n uint32, r, t float64) float32 {
	var y float32
	if r2 := square32(r, t); n&1 != 0 {
		y = cosNear32(r2)
	} else {
		y = sinNear32(r, t, r2)
	}
	return math.Float32frombits(math.Float32bits(y) ^ n<<30&(1<<31))
}

// SinOf returns sin x, computed in T.
func SinOf[T Float](x T) T {
	return computed(x, sin32, sin)
}

func sin32(x float32) float32 {
	if !(max(x, -x) <= sinLimit) {
		return float32(sin(float64(x)))
	}
	z, r, t := sinReduce32(x)
	return sinQuarter32(math.Float32bits(z), r, t)
}

func sin(x float64) float64 {
	if !(math.Abs(x) <= sinLimit) {
		return math.Sin(x)
	}
	z, r, t := sinReduce(x)
	return sinQuarter(math.Float64bits(z), r, t)
}

// CosOf returns cos x, computed in T.
func CosOf[T Float](x T) T {
	return computed(x, cos32, cos)
}

func cos32(x float32) float32 {
	if !(max(x, -x) <= sinLimit) {
		return float32(cos(float64(x)))
	}
	z, r, t := sinReduce32(x)
	return sinQuarter32(math.Float32bits(z)+1, r, t)
}

func cos(x float64) float64 {
	if !(math.Abs(x) <= sinLimit) {
		return math.Cos(x)
	}
	z, r, t := sinReduce(x)
	return sinQuarter(math.Float64bits(z)+1, r, t)
}

// TanOf returns tan x, computed in T: the quotient of sine and cosine; a quarter on, that of
// the cosine and -sine.
func TanOf[T Float](x T) T {
	return computed(x, tan32, tan)
}

func tan32(x float32) float32 {
	if !(max(x, -x) <= sinLimit) {
		return float32(tan(float64(x)))
	}
	z, r, t := sinReduce32(x)
	r2 := square32(r, t)
	s, c := sinNear32(r, t, r2), cosNear32(r2)
	if math.Float32bits(z)&1 != 0 {
		return -(c / s)
	}
	return s / c
}

func tan(x float64) float64 {
	if !(math.Abs(x) <= sinLimit) {
		return math.Tan(x)
	}
	z, r, t := sinReduce(x)
	s, c := sinNear(r, t), cosNear(r, t)
	if math.Float64bits(z)&1 != 0 {
		return -(c / s)
	}
	return s / c
}

// Sin writes dst = sin x, as [SinOf].
func Sin[T Float](dst, x []T) { apply1(fnSin, dst, x, SinOf[T]) }

// Cos writes dst = cos x, as [CosOf].
func Cos[T Float](dst, x []T) { apply1(fnCos, dst, x, CosOf[T]) }

// Tan writes dst = tan x, as [TanOf].
func Tan[T Float](dst, x []T) { apply1(fnTan, dst, x, TanOf[T]) }

// From largeHyperbolic on, which vectors do not know, e⁻ˣ is nothing beside eˣ; above halvedHyperbolic, eˣ is
// near overflow, but half of it is not.
const largeHyperbolic, halvedHyperbolic = 22, 709

// SinhOf returns (eˣ - e⁻ˣ)/2, accurate near 0 and without early overflow.
func SinhOf[T Float](x T) T { return T(sinh(float64(x))) }

func sinh(x float64) float64 {
	a := math.Abs(x)
	if a >= largeHyperbolic {
		return math.Copysign(halfExp(a), x)
	}
	t := expm1(a)
	return math.Copysign(float64(0.5*(t+t/(t+1))), x)
}

// CoshOf returns (eˣ + e⁻ˣ)/2 without early overflow.
func CoshOf[T Float](x T) T { return T(cosh(float64(x))) }

func cosh(x float64) float64 {
	a := math.Abs(x)
	if a >= largeHyperbolic {
		return halfExp(a)
	}
	t := exp64(a)
	return float64(0.5*t) + 0.5/t
}

// halfExp returns eˣ/2, which is finite for some x where eˣ is not.
func halfExp(x float64) float64 {
	if x < halvedHyperbolic {
		return 0.5 * ExpOf(x)
	}
	root := ExpOf(0.5 * x)
	return 0.5 * root * root
}

// Sinh writes dst = sinh x, as [SinhOf].
func Sinh[T Float](dst, x []T) { apply1(fnSinh, dst, x, SinhOf[T]) }

// Cosh writes dst = cosh x, as [CoshOf].
func Cosh[T Float](dst, x []T) { apply1(fnCosh, dst, x, CoshOf[T]) }

// Hypot writes dst = √(a² + b²) without overflow; Inf if either is infinite.
func Hypot[T Float](dst, a, b []T) { Map2(dst, a, b, math.Hypot) }
