package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../exp.go, with the same operations in the same order as there.

// The numbers of exp.go.
const (
	log2e                   = 1.44269504088896340735992468100189214
	ln2                     = 0.693147180559945309417232121458176568
	ln2High32, ln2Low32     = 0x1.62e4p-1, 0x1.7f7d1cp-20
	ln2High64, ln2Low64     = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33
	round32                 = 0x1.8p23
	round64                 = 0x1.8p52
	expLow32, expHigh32     = -105.0, 89.0
	expLow64, expHigh64     = -746.0, 710.0
	tanhLimit32             = 10.0
	tanhLimit64             = 20.0
	tanhFrom32              = 0.625
	exp2Low32, exp2High32   = -151.0, 129.0
	exp2Low64, exp2High64   = -1080.0, 1025.0
	expm1Low32, expm1High32 = -30.0, 88.0
	expm1Low64, expm1High64 = -60.0, 700.0
	mantissa32, mantissa    = 23, 52
)

var (
	exp32   = []float64{0.5, 0x1.55549p-3, 0x1.5554cp-5, 0x1.123ac8p-7, 0x1.6d7a5p-10}
	exp2_32 = []float64{0x1.62e43p-1, 0x1.ebfbep-3, 0x1.c6af9cp-5, 0x1.3b2a48p-7, 0x1.5ef5dp-10, 0x1.442512p-13}
	tanh32  = []float64{-0x1.555532p-2, 0x1.1107p-3, -0x1.b837c4p-5, 0x1.520a88p-6, -0x1.75699p-8}
	exp64   = []float64{0.5, 0x1.555555555555bp-3, 0x1.555555555555ap-5, 0x1.111111110ed94p-7,
		0x1.6c16c16c141fcp-10, 0x1.a01a01b32524ep-13, 0x1.a01a01b1cb118p-16, 0x1.71ddf0cccc4c5p-19,
		0x1.27e4c3290da4bp-22, 0x1.af6af95456c58p-26, 0x1.1f99258e229efp-29}
)

var expConstants = []any{log2e, exp32[1], exp32[3], exp32[4], expLow32, expHigh32, round32, ln2High32, ln2Low32, exp32[0], exp32[2], 1.0}

var exp2Constants = []any{exp2_32[1], exp2_32[3], exp2_32[5], exp2Low32, exp2High32, round32, exp2_32[0], exp2_32[2], exp2_32[4], 1.0}

// number returns the one for float32 or that for float64.
func (v formula) number(f32, f64 float64) float64 {
	if v.double {
		return f64
	}
	return f32
}

// coefficients returns those for float32 or those for float64.
func (v formula) coefficients(f32, f64 []float64) []float64 {
	if v.double {
		return f64
	}
	return f32
}

// expParts emits z, n and y with eˣ = 2ⁿ y. n is in the low bits of z too.
func (v formula) expParts(x VecVirtual) (z, n, y VecVirtual) {
	if v.double {
		z, n, r, w := v.expReduce(x)
		return z, n, v.oneMore(r, w)
	}
	z, n, t := v.expLess(x)
	return z, n, v.add(t, 1.0)
}

// expLess emits z, n and t with eˣ = 2ⁿ (1 + t), in float32. n is in the low bits of z too.
func (v formula) expLess(x VecVirtual) (z, n, t VecVirtual) {
	z, n, first := v.expWhole(x)
	return z, n, v.expNear(v.subMul(first, n, ln2Low32))
}

// expWhole emits z, n and x - n (the first part of ln 2), in float32. n is in the low bits of z too.
func (v formula) expWhole(x VecVirtual) (z, n, r VecVirtual) {
	z = v.mulAdd(x, log2e, round32)
	n = v.sub(z, round32)
	return z, n, v.subMul(x, n, ln2High32)
}

// expNear emits eʳ - 1, in float32.
func (v formula) expNear(r VecVirtual) VecVirtual {
	r2 := v.mul(r, r)
	return v.mulAdd(r2, v.series(r, r2, exp32), r)
}

// expReduce emits z, n, r and w with x = n ln 2 + r + (what w has of it) and eˣ = 2ⁿ (1 + (r + w)),
// in float64. n is in the low bits of z too.
func (v formula) expReduce(x VecVirtual) (z, n, r, w VecVirtual) { return v.expReduceSum(x, nil) }

// expReduceSum is expReduce of x + low. low may be nil, for 0.
func (v formula) expReduceSum(x VecVirtual, low Register) (z, n, r, w VecVirtual) {
	z = v.add(v.mul(x, log2e), round64)
	n = v.sub(z, round64)
	r = v.sub(x, v.mul(n, ln2High64))
	c := v.mul(n, ln2Low64)
	if low != nil {
		c = v.sub(c, low)
	}
	return z, n, r, v.sub(v.expRest(v.sub(r, c)), c)
}

// expRest emits r² q(r), in float64.
func (v formula) expRest(r VecVirtual) VecVirtual {
	r2 := v.mul(r, r)
	return v.mul(r2, v.series(r, r2, exp64))
}

// power emits 2ⁿ for an n that is no more than an exponent.
func (v formula) power(z VecVirtual) VecVirtual {
	if v.double {
		return v.addWords(v.left(z, mantissa), 1.0)
	}
	return v.addWords(v.left(z, mantissa32), 1.0)
}

// scale emits 2ⁿ y, rounded once where it is subnormal.
func (v formula) scale(y, z, n VecVirtual) VecVirtual {
	switch {
	case v.avx512 && v.double:
		to := v.register()
		VSCALEFPD(n, y, to)
		return to
	case v.avx512:
		to := v.register()
		VSCALEFPS(n, y, to)
		return to
	}
	bits, exponents := mantissa32, word(0xff800000)
	if v.double {
		bits, exponents = mantissa, word(0xfff0000000000000)
	}
	both := v.left(z, bits)
	half := v.and(v.right32(both, 1), exponents)
	rest := v.subWords(both, half)
	return v.mul(v.mul(y, v.addWords(half, 1.0)), v.addWords(rest, 1.0))
}

func (v formula) exp(x VecVirtual) VecVirtual {
	x = v.min(v.number(expHigh32, expHigh64), x)
	x = v.max(v.number(expLow32, expLow64), x)
	z, n, y := v.expParts(x)
	return v.scale(y, z, n)
}

// oneMore emits 1 + r + w, in float64.
func (v formula) oneMore(r, w VecVirtual) VecVirtual {
	h := v.add(r, 1.0)
	return v.add(h, v.add(v.sub(r, v.sub(h, 1.0)), w))
}

func (v formula) sigmoid(x VecVirtual) VecVirtual {
	e := v.exp(v.or(x, word(1<<(8*v.size()-1)))) // of -|x|
	return v.div(v.choose(v.compare(x, less, 0.0), e, 1.0), v.add(e, 1.0))
}

// lessOne emits eˣ - 1 = 2ⁿ (1 + (r + w)) - 1.
func (v formula) lessOne(z, r, w VecVirtual) VecVirtual {
	s := v.power(z)
	u, t := v.sub(s, 1.0), v.mul(s, r)
	h := v.add(u, t)
	return v.add(h, v.add(v.sub(t, v.sub(h, u)), v.mul(s, w)))
}

func (v formula) tanh(x VecVirtual) VecVirtual {
	a := v.min(v.number(tanhLimit32, tanhLimit64), v.abs(x))
	if v.double {
		z, _, r, w := v.expReduce(v.add(a, a))
		m := v.lessOne(z, r, w)
		return v.or(v.div(m, v.add(m, 2.0)), v.sign(x))
	}
	z, _, y := v.expParts(v.add(a, a))
	e := v.mul(v.power(z), y)
	large := v.sub(1.0, v.div(2.0, v.add(e, 1.0)))
	a2 := v.mul(a, a)
	small := v.mulAdd(v.mul(a, a2), v.series(a2, v.mul(a2, a2), tanh32), a)
	return v.or(v.choose(v.compare(a, less, tanhFrom32), small, large), v.sign(x))
}

func (v formula) expm1(x []VecVirtual) (VecVirtual, mask) {
	a := v.max(v.number(expm1Low32, expm1Low64), x[0])
	var z, r, w VecVirtual
	if v.double {
		z, _, r, w = v.expReduce(a)
	} else {
		var n, first VecVirtual
		z, n, first = v.expWhole(a)
		r = v.subMul(first, n, ln2Low32)
		r2 := v.mul(r, r)
		w = v.mulAdd(r2, v.series(r, r2, exp32), v.subMul(v.sub(first, r), n, ln2Low32))
	}
	return v.or(v.lessOne(z, r, w), v.sign(x[0])), v.compare(x[0], notAtMost, v.number(expm1High32, expm1High64))
}

func (v formula) exp2(x VecVirtual) VecVirtual {
	x = v.max(v.number(exp2Low32, exp2Low64), v.min(v.number(exp2High32, exp2High64), x))
	round := v.number(round32, round64)
	z := v.add(x, round)
	n := v.sub(z, round)
	r := v.sub(x, n)
	if v.double {
		r = v.mul(r, ln2)
		return v.scale(v.oneMore(r, v.expRest(r)), z, n)
	}
	return v.scale(v.mulAdd(r, v.series(r, v.mul(r, r), exp2_32), 1.0), z, n)
}
