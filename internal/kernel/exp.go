package kernel

import "math"

// The functions of this file are defined in float32 and in float64, by operations that are
// rounded one by one: in float32 with products fused with sums (fused.go), in float64 without.
// The code for vectors does the same operations in the same order, so that results have the
// same bits everywhere.
//
//	eˣ = 2ⁿ eʳ    n = round(x / ln 2), r = x - n ln 2, |r| <= ln 2 / 2
//	eʳ = 1 + r + r² q(r)
//
// ln 2 is a sum. The first part has so few bits that its product with n is exact, and
// so is its difference with x; in float64, what the second part does to r is added to r² q.
// The coefficients of q are minimax, with the first two of the series fixed at 1, to 2⁻²⁸
// in float32 and 2⁻⁶³ in float64 (gen/coefficients.sollya).
const (
	log2e   = 1.44269504088896340735992468100189214
	log2e32 = 0x1.715476p0 // in float32
	ln2     = 0.693147180559945309417232121458176568

	ln2High32, ln2Low32 = 0x1.62e4p-1, 0x1.7f7d1cp-20
	ln2High64, ln2Low64 = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33

	// Adding round to a smaller number rounds that to an integer, which then stands
	// in the lowest bits of the sum.
	round32, round64 = 0x1.8p23, 0x1.8p52

	// Beyond these eˣ is 0 or +Inf.
	expLow32, expHigh32 = -105, 89
	expLow64, expHigh64 = -746, 710

	// Beyond these 2ˣ is.
	exp2Low32, exp2High32 = -151, 129
	exp2Low64, exp2High64 = -1080, 1025

	// Above the first of these eˣ - 1 is eˣ, below the second it is -1.
	expm1High32, expm1Low32 = 88, -30
	expm1High64, expm1Low64 = 700, -60

	// Above these tanh rounds to 1; from tanhFrom32 on it is computed as 1 - 2/(e²ˣ + 1).
	tanhLimit32, tanhLimit64 = 10, 20
	tanhFrom32               = 0.625
)

// expParts32 returns z and y with eˣ = 2ⁿ y. n is in the low bits of z.
func expParts32(x float32) (z, y float32) {
	z, t := expLess32(x)
	return z, 1 + t
}

// expLess32 returns z and t with eˣ = 2ⁿ (1 + t). n is in the low bits of z.
func expLess32(x float32) (z, t float32) {
	z, n, first := expWhole32(x)
	return z, float32(expNear32(single(sum32(n*-ln2Low32, first))))
}

// expWhole32 returns z, n, which is in the low bits of z, and x - n (the first part of ln 2).
func expWhole32(x float32) (z float32, n, r float64) {
	v := float64(x)
	shifted := single(sum32(v*log2e32, round32))
	n = shifted - round32
	return float32(shifted), n, v - n*ln2High32
}

// expNear32 returns eʳ - 1.
func expNear32(r float64) float64 {
	r2 := single(r * r)
	return single(sum32(r2*expSeries32(r, r2), r))
}

// expSeries32 returns q(r). r2 is r².
func expSeries32(r, r2 float64) float64 {
	q := single(sum32(r*0x1.123ac8p-7, 0x1.5554cp-5))
	q = single(sum32(r2*0x1.6d7a5p-10, q))
	return single(sum32(r2*q, single(sum32(r*0x1.55549p-3, 0.5))))
}

// expReduce64 returns z, r and w with eˣ = 2ⁿ (1 + (r + w)). n is in the low bits of z.
func expReduce64(x float64) (z, r, w float64) { return expReduceSum(x, 0) }

// expReduceSum is expReduce64 of x + low, for a low that is small beside 1.
func expReduceSum(x, low float64) (z, r, w float64) {
	z = float64(x*log2e) + round64
	n := z - round64
	r = x - float64(n*ln2High64) // exact
	c := float64(n*ln2Low64) - low
	t := r - c
	return z, r, float64(float64(t*t)*expSeries64(t)) - c
}

// expSeries64 returns q(r).
func expSeries64(r float64) float64 {
	r2 := float64(r * r)
	q := (0x1.27e4c3290da4bp-22 + float64(r*0x1.af6af95456c58p-26)) + float64(r2*0x1.1f99258e229efp-29)
	q = (0x1.a01a01b1cb118p-16 + float64(r*0x1.71ddf0cccc4c5p-19)) + float64(r2*q)
	q = (0x1.6c16c16c141fcp-10 + float64(r*0x1.a01a01b32524ep-13)) + float64(r2*q)
	q = (0x1.555555555555ap-5 + float64(r*0x1.111111110ed94p-7)) + float64(r2*q)
	return (0.5 + float64(r*0x1.555555555555bp-3)) + float64(r2*q)
}

// scale32 returns 2ⁿ y for the n in the low bits of z: in two steps, of which the
// first is exact, so that a subnormal result is rounded once.
func scale32(y, z float32) float32 {
	n := int32(math.Float32bits(z)) << 23 >> 23
	half := n >> 1
	return float32(y*power32(half)) * power32(n-half)
}

func scale64(y, z float64) float64 {
	n := int64(math.Float64bits(z)) << 52 >> 52
	half := n >> 1
	return float64(y*power64(half)) * power64(n-half)
}

// power32 returns 2ⁿ for n from -126 to 127.
func power32(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// power64 returns 2ⁿ for n from -1022 to 1023.
func power64(n int64) float64 { return math.Float64frombits(uint64(n+1023) << 52) }

// whole32 and whole64 return 2ⁿ for the n in the low bits of z, which is no subnormal.
func whole32(z float32) float32 { return power32(int32(math.Float32bits(z)) << 23 >> 23) }
func whole64(z float64) float64 { return power64(int64(math.Float64bits(z)) << 52 >> 52) }

func exp32(x float32) float32 {
	if x > expHigh32 {
		x = expHigh32
	}
	if x < expLow32 {
		x = expLow32
	}
	z, y := expParts32(x)
	return scale32(y, z)
}

func exp64(x float64) float64 {
	if x > expHigh64 {
		x = expHigh64
	}
	if x < expLow64 {
		x = expLow64
	}
	z, r, w := expReduce64(x)
	return scale64(oneMore(r, w), z)
}

// oneMore returns 1 + r + w. The rounding error of 1 + r is computed and added to w.
func oneMore(r, w float64) float64 {
	h := 1 + r
	return h + ((r - (h - 1)) + w)
}

// ExpOf returns eˣ, computed in T.
func ExpOf[T Float](x T) T {
	return computed(x, exp32, exp64)
}

// SigmoidOf returns the logistic function 1 / (1 + e⁻ˣ), computed in T.
//
// It is evaluated as 1/(1+e) for x >= 0 and e/(1+e) for x < 0, with e = e^-|x|,
// so that nothing overflows and small results keep their relative accuracy.
func SigmoidOf[T Float](x T) T {
	e := ExpOf(-max(x, -x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

// TanhOf returns the hyperbolic tangent, computed in T.
func TanhOf[T Float](x T) T {
	return computed(x, tanh32, tanh64)
}

// tanh32 is, for a = |x|, a + a³ p(a²) below 5/8 and 1 - 2/(e²ᵃ + 1) above. p is minimax,
// to 2⁻²⁷.
func tanh32(x float32) float32 {
	a := math.Abs(float64(x))
	var y float32
	if a < tanhFrom32 {
		a2 := single(a * a)
		a4 := single(a2 * a2)
		p := single(sum32(a2*0x1.520a88p-6, -0x1.b837c4p-5))
		p = single(sum32(a4*-0x1.75699p-8, p))
		p = single(sum32(a4*p, single(sum32(a2*0x1.1107p-3, -0x1.555532p-2))))
		y = float32(sum32(single(a*a2)*p, a))
	} else {
		if a > tanhLimit32 {
			a = tanhLimit32
		}
		z, e := expParts32(float32(a + a))
		e = float32(whole32(z) * e)
		y = 1 - 2/(e+1)
	}
	return signed32(y, x)
}

// tanh64 is m/(m + 2) with m = e²ᵃ - 1.
func tanh64(x float64) float64 {
	a := math.Abs(x)
	if a > tanhLimit64 {
		a = tanhLimit64
	}
	z, r, w := expReduce64(a + a)
	m := lessOne(whole64(z), r, w)
	return math.Copysign(m/(m+2), x)
}

// lessOne returns s (1 + r + w) - 1 = (s - 1) + s r + s w for a power of two s.
//
// s - 1 and s r are exact and may cancel. The rounding error of their sum is computed
// and added to s w, which is too small for its own rounding to count.
func lessOne[T Float](s, r, w T) T {
	u, t := s-1, T(s*r)
	h := u + t
	return h + ((t - (h - u)) + T(s*w))
}

// Expm1Of returns eˣ - 1, accurate near 0, computed in T.
func Expm1Of[T Float](x T) T {
	return computed(x, expm1of32, expm1)
}

// expm1of32 has what the rounding of r loses in w.
func expm1of32(x float32) float32 {
	if !(x <= expm1High32) {
		return exp32(x)
	}
	z, n, first := expWhole32(max(x, expm1Low32))
	r := single(sum32(n*-ln2Low32, first))
	r2 := single(r * r)
	low := single(sum32(n*-ln2Low32, first-r)) // of r
	w := float32(sum32(r2*expSeries32(r, r2), low))
	y := lessOne(whole32(z), float32(r), w)
	return signed32(y, x)
}

func expm1(x float64) float64 {
	if !(x <= expm1High64) {
		return exp64(x)
	}
	z, r, w := expReduce64(max(x, expm1Low64))
	return math.Copysign(lessOne(whole64(z), r, w), x)
}

// Exp2Of returns 2ˣ, which is exact for whole x, computed in T.
func Exp2Of[T Float](x T) T {
	return computed(x, exp2of32, exp2)
}

// exp2of32 is 2ⁿ (1 + r p(r)) with r = x - n, p minimax to 2⁻²⁶.
func exp2of32(x float32) float32 {
	if x > exp2High32 {
		x = exp2High32
	}
	if x < exp2Low32 {
		x = exp2Low32
	}
	z := x + round32
	r := float64(x - (z - round32))
	r2 := single(r * r)
	p := single(sum32(r*0x1.442512p-13, 0x1.5ef5dp-10))
	p = single(sum32(r2*p, single(sum32(r*0x1.3b2a48p-7, 0x1.c6af9cp-5))))
	p = single(sum32(r2*p, single(sum32(r*0x1.ebfbep-3, 0x1.62e43p-1))))
	return scale32(float32(sum32(r*p, 1)), z)
}

func exp2(x float64) float64 {
	if x > exp2High64 {
		x = exp2High64
	}
	if x < exp2Low64 {
		x = exp2Low64
	}
	z := x + round64
	r := float64((x - (z - round64)) * ln2)
	return scale64(oneMore(r, float64(float64(r*r)*expSeries64(r))), z)
}

// Exp writes dst = eˣ, as [ExpOf].
func Exp[T Float](dst, x []T) { apply1(fnExp, dst, x, ExpOf[T]) }

// Tanh writes dst = tanh x, as [TanhOf].
func Tanh[T Float](dst, x []T) { apply1(fnTanh, dst, x, TanhOf[T]) }

// Sigmoid writes dst = 1 / (1 + e⁻ˣ), as [SigmoidOf].
func Sigmoid[T Float](dst, x []T) { apply1(fnSigmoid, dst, x, SigmoidOf[T]) }

// Expm1 writes dst = eˣ - 1, as [Expm1Of].
func Expm1[T Float](dst, x []T) { apply1(fnExpm1, dst, x, Expm1Of[T]) }

// Exp2 writes dst = 2ˣ, as [Exp2Of].
func Exp2[T Float](dst, x []T) { apply1(fnExp2, dst, x, Exp2Of[T]) }
