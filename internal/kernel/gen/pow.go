package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../pow.go, with the same operations in the same order as there.

// The numbers of pow.go, and powWhole, up to which a vector can tell odd numbers.
const (
	powRoot32                     = 0x3f5744fd
	powMiddle32                   = 0x1.306fep0
	log2CenterHigh, log2CenterLow = 0x1.ffd8p-2, -0x1.995fp-20
	twoLog2eHigh32, twoLog2eLow32 = 0x1.715476p1, 2 * log2eLow32
	ln2In32                       = 0x1.62e43p-1
	powLow32, powHigh32           = -170.0, 140.0
	powWhole32                    = 0x1p22
	powRoot                       = 0x3feae89f995ad3ad
	powMiddle, powCenter          = 0x1.306fe0a31b715p0, 0x1.6ap0
	lnCenterHigh, lnCenterLow     = 0x1.62c82f2cp-2, -0x1.8e1ab42428375p-36
	twoThirds                     = 2.0 / 3
	twoThirdsHigh                 = 0x1.5555554p-1
	twoThirdsLow                  = 0x1.5555555555555p-29
	powLow, powHigh               = -752.0, 712.0
	powWhole64                    = 0x1p50
	log10e                        = 1 / math.Ln10
	log10eHigh, log10eLow         = 0x1.bcb7b1p-2, 0x1.49b9438ca9aaep-28
	log10eHigh32, log10eLow32     = 0x1.bcb7b2p-2, -0x1.5b235ep-27
	log10of2High, log10of2Low     = 0x1.344p-2, 0x1.3509f8p-18
)

var (
	log2Series32 = []float64{0x1.ec709ep-1, 0x1.2775p-1, 0x1.aa3f9p-2}
	powSeries32  = []float64{0x1.ebfbdcp-3, 0x1.c6af7ap-5, 0x1.3b2dd4p-7, 0x1.5f094ep-10, 0x1.417896p-13}
)

var powConstants = []any{powSeries32[1], powSeries32[3], powSeries32[4], log2Series32[0], log2Series32[1], log2Series32[2], twoLog2eHigh32, twoLog2eLow32,
	0.0, 1.0, round32, ln2In32}

var pow64 = []float64{0x1.3333333333333p-1, 0x1.b6db6db6dc2acp-2, 0x1.5555555117a8bp-2,
	0x1.1745daa2af4f8p-2, 0x1.d88b6465c9a8p-3, 0x1.a1e3afba5ce2p-3}

// upper emits x without its last 27 bits.
func (v formula) upper(x VecVirtual) VecVirtual { return v.and(x, word(1<<64-1<<27)) }

// logParts emits h + l = ln x.
func (v formula) logParts(x VecVirtual) (h, l VecVirtual) {
	x, e := v.normal(x)
	exponent, m := v.splitAt(x, powRoot)
	e = v.add(exponent, e)
	low := v.compare(m, less, powMiddle)
	c := v.choose(low, 1.0, powCenter)
	k := v.add(v.mul(e, ln2High64), v.choose(low, 0.0, lnCenterHigh))
	kLow := v.add(v.mul(e, ln2Low64), v.choose(low, 0.0, lnCenterLow))

	f, u := v.sub(m, c), v.add(m, c)
	u1 := v.upper(u)
	u2 := v.sub(m, v.sub(u1, c))
	reciprocal := v.div(1.0, u)
	s1 := v.upper(v.mul(f, reciprocal))
	s2 := v.mul(v.sub(v.sub(f, v.mul(s1, u1)), v.mul(s1, u2)), reciprocal)
	s := v.add(s1, s2)

	square, rest := v.mul(s1, s1), v.mul(s2, v.add(s1, s))
	z := v.add(square, rest)
	z2 := v.mul(z, z)
	r := v.add(v.mul(z2, v.series(z, z2, pow64)), rest)
	g1 := v.upper(v.add(v.add(square, 3.0), r))
	g2 := v.sub(r, v.sub(v.sub(g1, 3.0), square))

	p := v.mul(s1, g1)
	w := v.add(v.mul(s2, g1), v.mul(s, g2))
	h = v.upper(v.add(p, w))
	l = v.sub(w, v.sub(h, p))

	p, w = v.mul(h, twoThirdsHigh), v.add(v.mul(h, twoThirdsLow), v.mul(l, twoThirds))
	w = v.add(w, kLow)
	y := v.add(k, p)
	w = v.add(v.sub(p, v.sub(y, k)), w)
	h = v.upper(v.add(y, w))
	return h, v.sub(w, v.sub(h, y))
}

func (v formula) log10(x VecVirtual) VecVirtual {
	if !v.double {
		e, f := v.logParts32(x)
		t := v.logTimes(f, log10eHigh32, log10eLow32, v.mul(e, log10of2Low))
		return v.special(v.mulAdd(e, log10of2High, t), x)
	}
	h, l := v.logParts(x)
	return v.special(v.add(v.mul(h, log10eHigh), v.add(v.mul(h, log10eLow), v.mul(l, log10e))), x)
}

func (v formula) raise64(x, b VecVirtual) VecVirtual {
	h, l := v.logParts(x)
	b1 := v.upper(b)
	p := v.mul(b1, h)
	q := v.add(v.mul(v.sub(b, b1), h), v.mul(b, l))
	t := v.add(p, q)
	low := v.sub(q, v.sub(t, p))
	z, n, r, w := v.expReduceSum(v.min(powHigh, v.max(powLow, t)), v.min(1.0, v.max(-1.0, low)))
	return v.scale(v.oneMore(r, w), z, n)
}

// log2Parts32 emits h + l = log₂ x.
func (v formula) log2Parts32(x VecVirtual) (h, l VecVirtual) {
	x, e := v.normal(x)
	exponent, m := v.splitAt(x, powRoot32)
	low := v.compare(m, less, powMiddle32)
	c := v.choose(low, 1.0, powCenter)
	k := v.add(v.add(exponent, e), v.choose(low, 0.0, log2CenterHigh))
	kLow := v.choose(low, 0.0, log2CenterLow)

	f, u := v.sub(m, c), v.add(m, c)
	uLow := v.sub(m, v.sub(u, c))
	reciprocal := v.div(1.0, u)
	s := v.mul(f, reciprocal)
	sLow := v.mul(v.subMul(v.subMul(f, s, u), s, uLow), reciprocal)

	z := v.mul(s, s)
	zLow := v.mulAdd(v.add(s, s), sLow, v.mulSub(s, s, z))
	p := v.horner(z, log2Series32)
	g := v.mulAdd(z, p, twoLog2eHigh32)
	gLow := v.add(v.mulAdd(z, p, v.sub(twoLog2eHigh32, g)), twoLog2eLow32)
	gLow = v.mulAdd(zLow, log2Series32[0], gLow)

	y := v.mul(s, g)
	yLow := v.mulAdd(s, gLow, v.mulSub(s, g, y))
	yLow = v.add(v.mulAdd(sLow, g, yLow), kLow)
	h = v.add(k, y)
	return h, v.add(v.sub(y, v.sub(h, k)), yLow)
}

// mulSub emits a b - c for float32, rounded once.
func (v formula) mulSub(a, b, c VecVirtual) VecVirtual {
	y := v.own(a)
	VFMSUB213PS(c, b, y)
	return y
}

func (v formula) raise32(x, b VecVirtual) VecVirtual {
	h, l := v.log2Parts32(x)
	t := v.mul(b, h)
	low := v.mulAdd(b, l, v.mulSub(b, h, t))
	t, low = v.min(powHigh32, v.max(powLow32, t)), v.min(1.0, v.max(-1.0, low))

	z := v.add(t, round32)
	n := v.sub(z, round32)
	r := v.sub(t, n)
	w := v.add(r, low)
	w2 := v.mul(w, w)
	w = v.mulAdd(w2, v.series(w, w2, powSeries32), v.mul(low, ln2In32))
	y := v.mulAdd(r, ln2In32, 1.0)
	w = v.add(v.mulAdd(r, ln2In32, v.sub(1.0, y)), w)
	return v.scale(v.add(y, w), z, n)
}

// raise emits xᵇ for a positive, finite x.
func (v formula) raise(x, b VecVirtual) VecVirtual {
	if v.double {
		return v.raise64(x, b)
	}
	return v.raise32(x, b)
}

// pow does not know a and b that are not finite, b beyond powWhole, nor a negative a with a
// fractional b.
func (v formula) pow(x []VecVirtual) (VecVirtual, mask) {
	a, b := x[0], x[1]
	y := v.raise(v.abs(a), b)
	zero := v.choose(v.compare(b, less, 0.0), v.words(infinity32, infinity64), 0.0)
	y = v.choose(v.compare(a, equal, 0.0), zero, y)
	y = v.choose(v.compare(b, equal, 0.0), 1.0, y)

	whole := v.choose(v.signs(a), b, 0.0) // if a has a sign
	round := v.number(round32, round64)
	z := v.add(whole, round)
	y = v.or(y, v.raised(z, 0))
	y = v.choose(v.compare(b, equal, 2.0), v.mul(a, a), y)

	rare := v.compare(v.sub(z, round), notEqual, whole)
	rare = v.either(rare, v.compare(v.abs(b), notAtMost, v.number(powWhole32, powWhole64)))
	return y, v.either(rare, v.compare(v.abs(a), notAtMost, v.number(math.MaxFloat32, math.MaxFloat64)))
}
