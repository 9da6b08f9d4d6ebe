package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../log.go, with the same operations in the same order as there.

// The numbers of log.go.
const (
	rootHalf32, rootHalf64   = 0x3f3504f3, 0x3fe6a09e667f3bcd
	fraction32, fraction64   = 1<<23 - 1, 1<<52 - 1
	exponent32               = 0xff800000 // the sign too
	infinity32, infinity64   = 0x7f800000, 0x7ff0000000000000
	leastNormal, toNormal    = 0x1p-1022, 0x1p54
	leastNormal32, toNormal3 = 0x1p-126, 0x1p23
	softplusThreshold        = 20.0
	log2eLow32               = 0x1.4ae0cp-26
	log1pWhole               = 0x1p24
)

var (
	log32 = []float64{0x1.555554p-2, -0x1.ffffe6p-3, 0x1.999d2ap-3, -0x1.556288p-3, 0x1.23de3ap-3,
		-0x1.fbbf2p-4, 0x1.dc76b2p-4, -0x1.ddb3c8p-4, 0x1.2cb26ep-4}
	softplus32 = []float64{0x1.555554p-2, -0x1.000022p-2, 0x1.999bd4p-3, -0x1.553b0ap-3, 0x1.2408a6p-3,
		-0x1.0239bcp-3, 0x1.e0d39ap-4, -0x1.947c6ap-4, 0x1.77baeap-5}
	log64 = []float64{0x1.5555555555558p-1, 0x1.99999999952cdp-2, 0x1.2492492df8f5ap-2, 0x1.c71c62d9e584ap-3,
		0x1.7462b815f794dp-3, 0x1.39fdefcad7bb8p-3, 0x1.2b5d9765628c7p-3}
)

var (
	logConstants      = []any{log32[1], log32[3], log32[5], log32[7], log32[8], log32[0], log32[2], log32[4], log32[6], ln2High32, ln2Low32, 0.5}
	log1pConstants    = slices.Concat([]any{1.0}, logConstants)
	log2Constants     = slices.Concat([]any{0.0}, logConstants[:9], []any{0.5, log2e, log2eLow32, word(rootHalf32), 1.0})
	log10Constants    = slices.Concat([]any{0.0}, logConstants[:9], []any{0.5, log10eHigh32, log10eLow32, log10of2High, log10of2Low, word(rootHalf32), 1.0})
	softplusConstants = []any{softplus32[1], softplus32[3], softplus32[5], softplus32[7], log2e, 0.0, exp32[1], exp32[3], exp32[4], softplus32[8],
		softplus32[0], softplus32[2], softplus32[4], softplus32[6], 0.5, 1.0, round32, ln2High32, ln2Low32, exp32[0], exp32[2], expLow32}
)

// words returns the bits for float32 or those for float64.
func (v formula) words(f32, f64 uint64) word {
	if v.double {
		return word(f64)
	}
	return word(f32)
}

// exponentOf splits a positive, normal x into e and f.
func (v formula) exponentOf(x VecVirtual) (e, f VecVirtual) {
	e, m := v.splitAt(x, v.words(rootHalf32, rootHalf64))
	return e, v.sub(m, 1.0)
}

// splitAt splits a positive, normal x = 2ᵉ m with an m from the number on that has the bits
// root.
func (v formula) splitAt(x VecVirtual, root word) (e, m VecVirtual) {
	bits := v.subWords(x, root)
	if v.double {
		// No instruction converts words of 64 bits everywhere: the exponent, made
		// positive, is set into the number 2⁵².
		const positive, two52 = 1 << 63, 0x4330000000000000
		n := v.right(v.addWords(bits, word(positive)), mantissa)
		e = v.sub(v.or(n, word(two52)), 0x1p52+2048)
	} else {
		e = v.fromInt32(v.right32(bits, mantissa32))
	}
	return e, v.addWords(v.and(bits, v.words(fraction32, fraction64)), root)
}

// normal emits x as a normal number and what that adds to its exponent.
func (v formula) normal(x VecVirtual) (y, e VecVirtual) {
	small := v.compare(x, less, v.number(leastNormal32, leastNormal))
	y = v.choose(small, v.mul(x, v.number(toNormal3, toNormal)), x)
	return y, v.choose(small, v.number(-23, -54), 0.0)
}

// special emits y, and where x is not positive and finite the logarithm that it has.
func (v formula) special(y, x VecVirtual) VecVirtual {
	infinity := v.words(infinity32, infinity64)
	y = v.choose(v.compare(x, less, infinity), y, x)
	y = v.choose(v.compare(x, equal, 0.0), v.words(infinity32|1<<31, infinity64|1<<63), y)
	return v.choose(v.compare(x, less, 0.0), v.words(infinity32|1<<22, infinity64|1<<51), y)
}

// logParts32 splits a positive, finite x into e and f.
func (v formula) logParts32(x VecVirtual) (e, f VecVirtual) {
	positive, e0 := v.normal(x)
	e, f = v.exponentOf(positive)
	return v.add(e, e0), f
}

// logRest emits low + ln(1 + f) - f, for float32. low may be nil, for 0.
func (v formula) logRest(f VecVirtual, low Register, series []float64) VecVirtual {
	f2 := v.mul(f, f)
	f3, p := v.mul(f, f2), v.series(f, f2, series)
	if low == nil {
		return v.subMul(v.mul(f3, p), f2, 0.5)
	}
	return v.subMul(v.mulAdd(f3, p, low), f2, 0.5)
}

// logSum32 emits e ln 2 + ln(1 + f) + c, for float32. c may be nil, for 0.
func (v formula) logSum32(e, f VecVirtual, c Register) VecVirtual {
	low := v.mul(e, ln2Low32)
	if c != nil {
		low = v.add(low, c)
	}
	return v.mulAdd(e, ln2High32, v.add(f, v.logRest(f, low, log32)))
}

// logTimes emits b ln(1 + f) + low with b = high + rest, for float32. low may be nil, for 0.
func (v formula) logTimes(f VecVirtual, high, rest float64, low Register) VecVirtual {
	w := v.logRest(f, nil, log32)
	var t VecVirtual
	if low == nil {
		t = v.mul(f, rest)
	} else {
		t = v.mulAdd(f, rest, low)
	}
	return v.mulAdd(f, high, v.mulAdd(w, high, t))
}

func (v formula) log(x VecVirtual) VecVirtual {
	if !v.double {
		e, f := v.logParts32(x)
		return v.special(v.logSum32(e, f, nil), x)
	}
	positive, e0 := v.normal(x)
	e, f := v.exponentOf(positive)
	return v.special(v.logSum(v.add(e, e0), f, nil), x)
}

// logSum emits e ln 2 + ln(1 + f) + c for float64. c may be nil, and so may e, for 0.
func (v formula) logSum(e, f, c Register) VecVirtual {
	x := f.(VecVirtual)
	s := v.div(x, v.add(x, 2.0))
	z := v.mul(s, s)
	r := v.mul(z, v.series(z, v.mul(z, z), log64))
	half := v.mul(v.mul(x, x), 0.5)
	t := v.mul(s, v.add(half, r))
	if e == nil {
		return v.sub(0.0, v.sub(v.sub(half, t), x))
	}
	low := v.mul(e, ln2Low64)
	if c != nil {
		low = v.add(low, c)
	}
	return v.sub(v.mul(e, ln2High64), v.sub(v.sub(half, v.add(t, low)), x))
}

// log1pFinite is log1p for x > -1 and NaN, but not +Inf, given 1 + x.
func (v formula) log1pFinite(x, u VecVirtual) VecVirtual {
	return v.or(v.log1pSum(x, u, nil, nil), v.sign(x))
}

// log1pSum emits e0 ln 2 + ln(1 + x + low) for a finite x > -1, given u = 1 + x. low and e0 may
// be nil, for 0.
func (v formula) log1pSum(x, u VecVirtual, low, e0 Register) VecVirtual {
	if v.double {
		c := v.sub(x, v.sub(u, 1.0))
		if low != nil {
			c = v.add(c, low)
		}
		c = v.div(c, u)
		e, f := v.exponentOf(u)
		if e0 != nil {
			e = v.add(e, e0)
		}
		return v.logSum(e, f, c)
	}
	bits := v.subWords(u, word(rootHalf32))
	e := v.fromInt32(v.right32(bits, mantissa32))
	if e0 != nil {
		e = v.add(e, e0)
	}
	power := v.and(bits, word(exponent32))
	s := v.subWords(1.0, power)
	f := v.mulAdd(x, s, v.sub(s, 1.0))
	small := v.compare(x, less, log1pWhole)
	f = v.choose(small, f, v.sub(v.subWords(u, power), 1.0))
	if low != nil {
		low = v.choose(small, v.mul(low.(VecVirtual), v.subMul(s, s, f)), 0.0)
	}
	return v.logSum32(e, f, low)
}

func (v formula) log1p(x VecVirtual) VecVirtual {
	u := v.add(x, 1.0)
	return v.special(v.log1pFinite(x, u), u)
}

func (v formula) log2(x VecVirtual) VecVirtual {
	if !v.double {
		e, f := v.logParts32(x)
		return v.special(v.add(e, v.logTimes(f, log2e, log2eLow32, nil)), x)
	}
	positive, e0 := v.normal(x)
	e, f := v.exponentOf(positive)
	return v.special(v.add(v.add(e, e0), v.mul(v.logSum(nil, f, nil), log2e)), x)
}

// log1pExp emits ln(1 + eˣ) for x <= 0, for float32.
func (v formula) log1pExp(x VecVirtual) VecVirtual {
	z, n, t := v.expLess(v.max(expLow32, x))
	y := v.add(t, 1.0)
	l := v.sub(t, v.sub(y, 1.0))
	u := v.scale(y, z, n)
	half := v.mul(u, 0.5)
	large := v.compare(u, more, 0.5)
	f := v.choose(large, v.sub(half, 0.5), u)
	low := v.mulAdd(v.subMul(u, u, half), l, v.choose(large, ln2Low32, 0.0))
	return v.add(v.add(f, v.logRest(f, low, softplus32)), v.choose(large, ln2High32, 0.0))
}

func (v formula) softplus(x VecVirtual) VecVirtual {
	if !v.double {
		return v.add(v.max(0.0, x), v.log1pExp(v.or(x, word(1<<31))))
	}
	e := v.exp(x)
	return v.choose(v.compare(x, more, softplusThreshold), x, v.log1pFinite(e, v.add(e, 1.0)))
}

func (v formula) logSigmoid(x VecVirtual) VecVirtual {
	if !v.double {
		return v.sub(v.min(0.0, x), v.log1pExp(v.or(x, word(1<<31))))
	}
	e := v.exp(v.or(x, word(1<<63)))
	return v.sub(v.min(0.0, x), v.log1pFinite(e, v.add(e, 1.0)))
}
