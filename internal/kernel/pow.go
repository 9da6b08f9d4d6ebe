package kernel

import (
	"math"
	"unsafe"
)

// Powers, with the same operations in the code for vectors:
//
//	|a|ᵇ = exp(b ln |a|)
//
// An error of ln |a| is multiplied by b ln |a|, which is up to 745. In float64 the
// logarithm is therefore a sum h + l of two numbers, right to 2⁻⁶⁷:
//
//	|a| = 2ᵉ m, 2^-¼ <= m < 2^¾, c = 1 or 1.4140625, the one nearer to m
//	s = (m - c)/(m + c), |s| < 0.087
//	ln |a| = e ln 2 + ln c + 2/3 s (3 + s² + s⁴ r(s²))
//
// which is the series that FreeBSD's e_pow.c (Sun Microsystems, 2004) sums in two parts
// too, with constants of our own (gen/coefficients.sollya): r is minimax, to 2⁻⁵⁴. Numbers
// with 26 bits or fewer have exact products.
//
// In float32 it is 2 to the power b log₂ |a|, and fused products make the parts, with the same c and s:
//
//	log₂ |a| = e + log₂ c + s (k + s² p(s²)), k = 2 / ln 2
//
// with a p minimax to 2⁻³⁷. h + l is right to 2⁻³³, the power to less than half a unit before it is
// rounded: one that is a number is that number.
const (
	powRoot   = 0x3feae89f995ad3ad  // bits of 2^-¼
	powMiddle = 0x1.306fe0a31b715p0 // 2^¼
	powCenter = 0x1.6ap0

	lnCenterHigh, lnCenterLow = 0x1.62c82f2cp-2, -0x1.8e1ab42428375p-36
	twoThirds                 = 2.0 / 3
	twoThirdsHigh             = 0x1.5555554p-1
	twoThirdsLow              = 0x1.5555555555555p-29

	powRoot32                     = 0x3f5744fd  // bits of 2^-¼
	powMiddle32                   = 0x1.306fep0 // 2^¼
	log2CenterHigh, log2CenterLow = 0x1.ffd8p-2, -0x1.995fp-20
	twoLog2eHigh32, twoLog2eLow32 = 2 * log2e32, 2 * log2eLow32
	powThird32                    = 0x1.ec709ep-1 // p(0)
	ln2In32                       = 0x1.62e43p-1  // right to 2⁻²⁹

	// Beyond these eᵗ, in float32 2ᵗ, is 0 or +Inf, whatever is added to t.
	powLow, powHigh     = -752, 712
	powLow32, powHigh32 = -170, 140

	// From powLargest on in |b| there is nothing but 0, 1 and +Inf.
	powLargest = 0x1p64
)

// upper returns x without its last 27 bits, which leaves 26.
func upper(x float64) float64 {
	return math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1))
}

// logParts returns h + l = ln x for a positive, finite x. h has 26 bits.
func logParts(x float64) (h, l float64) {
	var e0 float64
	if x < 0x1p-1022 {
		x, e0 = x*0x1p54, -54
	}
	e, m := splitAt64(x, powRoot)
	e += e0
	c, cHigh, cLow := 1.0, 0.0, 0.0
	if !(m < powMiddle) {
		c, cHigh, cLow = powCenter, lnCenterHigh, lnCenterLow
	}

	// s = s1 + s2 = f/u, u = u1 + u2
	f, u := m-c, m+c
	u1 := upper(u)
	u2 := m - (u1 - c)
	v := 1 / u
	s1 := upper(float64(f * v))
	s2 := float64(((f - float64(s1*u1)) - float64(s1*u2)) * v)
	s := s1 + s2

	// g1 + g2 = 3 + s² + z² r(z), z = s²
	square, rest := float64(s1*s1), float64(s2*(s1+s))
	z := square + rest
	z2 := float64(z * z)
	r := (0x1.5555555117a8bp-2 + float64(z*0x1.1745daa2af4f8p-2)) +
		float64(z2*(0x1.d88b6465c9a8p-3+float64(z*0x1.a1e3afba5ce2p-3)))
	r = float64(z2*((0x1.3333333333333p-1+float64(z*0x1.b6db6db6dc2acp-2))+float64(z2*r))) + rest
	g1 := upper((3 + square) + r)
	g2 := r - ((g1 - 3) - square)

	// h + l = s g
	p := float64(s1 * g1)
	w := float64(s2*g1) + float64(s*g2)
	h = upper(p + w)
	l = w - (h - p)

	// (k + p) + w = e ln 2 + ln c + 2/3 (h + l)
	p, w = float64(h*twoThirdsHigh), float64(h*twoThirdsLow)+float64(l*twoThirds)
	k := float64(e*ln2High64) + cHigh // exact
	w += float64(e*ln2Low64) + cLow
	y := k + p
	w = (p - (y - k)) + w
	h = upper(y + w)
	return h, w - (h - y)
}

// raise64 returns xᵇ for a positive, finite x and a finite b.
func raise64(x, b float64) float64 {
	h, l := logParts(x)
	b1 := upper(b)
	p := float64(b1 * h)
	q := float64((b-b1)*h) + float64(b*l)
	t := p + q
	low := q - (t - p)
	z, r, w := expReduceSum(min(max(t, powLow), powHigh), min(max(low, -1), 1))
	return scale64(oneMore(r, w), z)
}

// log2Parts32 returns h + l = log₂ x for a positive, finite x.
func log2Parts32(x float32) (h, l float64) {
	e, m := powSplit32(x)
	c, cHigh, cLow := 1.0, 0.0, 0.0
	if !(m < powMiddle32) {
		c, cHigh, cLow = powCenter, log2CenterHigh, log2CenterLow
	}

	// s + sLow = f/(u + uLow)
	f, u := m-c, single(m+c)
	uLow := m - (u - c)
	v := single(1 / u)
	s := single(f * v)
	rest := single(sum32(-s*uLow, single(f-s*u)))
	sLow := single(rest * v)

	// g + gLow = k + z p(z), z + zLow = s²
	z := single(s * s)
	zLow := single(sum32((s+s)*sLow, s*s-z)) // the difference is exact
	p := single(sum32(z*0x1.aa3f9p-2, 0x1.2775p-1))
	p = single(sum32(z*p, powThird32))
	g := single(sum32(z*p, twoLog2eHigh32))
	gLow := single(single(sum32(z*p, twoLog2eHigh32-g)) + twoLog2eLow32)
	gLow = single(sum32(zLow*powThird32, gLow))

	// y + yLow = s g
	y := single(s * g)
	yLow := single(sum32(s*gLow, s*g-y)) // the difference is exact
	yLow = single(sum32(sLow*g, yLow))

	k := e + cHigh // exact
	h = single(k + y)
	return h, single((y - (h - k)) + single(yLow+cLow))
}

// powSplit32 splits a positive, finite x = 2ᵉ m.
func powSplit32(x float32) (e, m float64) {
	var e0 float64
	if x < 0x1p-126 {
		x, e0 = x*0x1p23, -23
	}
	bits := math.Float32bits(x) - powRoot32
	return float64(int32(bits)>>23) + e0, float64(math.Float32frombits(bits&(1<<23-1) + powRoot32))
}

// raise32 returns xᵇ for a positive, finite x and a finite b.
func raise32(x, b float32) float32 {
	h, l := log2Parts32(x)
	c := float64(b)
	t := single(c * h)
	low := single(sum32(c*l, c*h-t)) // the difference is exact, unless all is so small that the power is 1
	t, low = min(max(t, powLow32), powHigh32), min(max(low, -1), 1)

	// 2^(t + low) = 2ⁿ (1 + v ln 2 + v² q(v)), v = r + low, with a q minimax to 2⁻²⁸
	z := single(t + round32)
	r := t - (z - round32)
	v := single(r + low)
	v2 := single(v * v)
	q := single(sum32(v*0x1.5f094ep-10, 0x1.3b2dd4p-7))
	q = single(sum32(v2*0x1.417896p-13, q))
	q = single(sum32(v2*q, single(sum32(v*0x1.c6af7ap-5, 0x1.ebfbdcp-3))))
	w := single(sum32(v2*q, single(low*ln2In32)))
	y := single(sum32(r*ln2In32, 1))
	w = single(single(sum32(r*ln2In32, 1-y)) + w) // with what the rounding of y lost
	return scale32(float32(y+w), float32(z))
}

// The logarithm of e to base 10 is a sum too, of 26 bits and the rest.
const (
	log10e                = 1 / math.Ln10
	log10eHigh, log10eLow = 0x1.bcb7b1p-2, 0x1.49b9438ca9aaep-28

	log10eHigh32, log10eLow32 = 0x1.bcb7b2p-2, -0x1.5b235ep-27
	log10of2High, log10of2Low = 0x1.344p-2, 0x1.3509f8p-18 // the first has 11 bits
)

// Log10Of returns the logarithm of x to base 10, computed in T and exact for powers of 10.
func Log10Of[T Float](x T) T {
	return computed(x, log10of32, log10)
}

// log10of32 is e log₁₀2 + log₁₀(1 + f), as in log.go.
func log10of32(x float32) float32 {
	if !(x <= math.MaxFloat32) || x <= 0 {
		return logSpecial(x)
	}
	e, f := logParts32(x)
	v := float64(e)
	t := logTimes32(f, log10eHigh32, log10eLow32, single(v*log10of2Low))
	return float32(sum32(v*log10of2High, float64(t)))
}

func log10(x float64) float64 {
	if !(x <= math.MaxFloat64) || x <= 0 {
		return logSpecial(x)
	}
	h, l := logParts(x)
	return float64(h*log10eHigh) + (float64(h*log10eLow) + float64(l*log10e))
}

// Log10 writes the logarithm to base 10, as [Log10Of].
func Log10[T Float](dst, x []T) { apply1(fnLog10, dst, x, Log10Of[T]) }

// PowOf returns aᵇ, computed in T, with the special cases of [math.Pow], which are
// those of C: a⁰ = 1 and 1ᵇ = 1 even for NaN; a < 0 with a fractional b is NaN. a² is the
// product.
func PowOf[T Float](a, b T) T {
	x, y := math.Abs(float64(a)), float64(b)
	switch {
	case y == 2:
		return a * a
	case !(0 < x && x <= math.MaxFloat64 && math.Abs(y) <= math.MaxFloat64) || a < 0 && y != math.Trunc(y):
		return T(math.Pow(float64(a), y))
	}
	odd := a < 0 && math.Mod(y, 2) != 0
	y = min(max(y, -powLargest), powLargest)
	if unsafe.Sizeof(a) == 4 {
		y = float64(raise32(float32(x), float32(y)))
	} else {
		y = raise64(x, y)
	}
	if odd {
		y = -y
	}
	return T(y)
}

// Pow writes dst = aᵇ, as [PowOf].
func Pow[T Float](dst, a, b []T) { apply2(fnPow, dst, a, b, PowOf[T]) }
