package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../trig.go, with the same operations in the same order as there.

// The numbers of trig.go.
const (
	halfPi1, halfPi2, halfPi3             = 0x1.921fb5444p0, 0x1.68c234c4cp-39, 0x1.98a2e03707345p-77
	twoByPi32                             = 0x1.45f306p-1
	halfPi1In32, halfPi2In32, halfPi3In32 = 0x1.921fb4p0, 0x1.4442dp-24, 0x1.84698ap-48
	sinLimit                              = 1e5
	largeHyperbolic                       = 22.0
)

var (
	sin64 = []float64{0x1.11111111106a8p-7, -0x1.a01a019d81ca1p-13, 0x1.71de36868aeaap-19, -0x1.ae5f1f6575639p-26,
		0x1.5dc2d991db134p-33}
	cos64 = []float64{0x1.555555555554cp-5, -0x1.6c16c16c1521bp-10, 0x1.a01a019cbea13p-16, -0x1.27e4f811ed655p-22,
		0x1.1ee9f0a428415p-29, -0x1.8fb0c4e498cbap-37}
	sin32 = []float64{0x1.555544p-3, -0x1.1106d8p-7, 0x1.99257ep-13}
	cos32 = []float64{1, -0.5, 0x1.55554ap-5, -0x1.6c0c26p-10, 0x1.99e6cp-16}
)

var sinConstants = []any{twoByPi32, sin32[2], cos32[4], round32, halfPi2In32, -2.0, halfPi1In32, halfPi3In32,
	sin32[0], sin32[1], cos32[0], cos32[1], cos32[2], cos32[3], word(1<<31 - 1), word(1 << 31), sinLimit}

// sinReduce emits z with n in its low bits, and r and t: x is n π/2 + r + t, in float32
// n π/2 + r - t.
func (v formula) sinReduce(x VecVirtual) (z, r, t VecVirtual) {
	if !v.double {
		return v.sinReduce32(x)
	}
	z = v.add(v.mul(x, 2/math.Pi), round64)
	n := v.sub(z, round64)
	r1 := v.sub(x, v.mul(n, halfPi1))
	w := v.mul(n, halfPi2)
	r2 := v.sub(r1, w)
	c := v.sub(v.mul(n, halfPi3), v.sub(v.sub(r1, r2), w))
	r = v.sub(r2, c)
	return z, r, v.sub(v.sub(r2, r), c)
}

func (v formula) sinReduce32(x VecVirtual) (z, r, t VecVirtual) {
	z = v.mulAdd(x, twoByPi32, round32)
	n := v.sub(z, round32)
	r1 := v.subMul(x, n, halfPi1In32)
	w := v.mul(n, halfPi2In32)
	r = v.sub(r1, w)
	c := v.subMul(v.subMul(w, n, halfPi2In32), n, halfPi3In32)
	return z, r, v.sub(v.add(v.sub(r, r1), w), c)
}

// sinParts emits the sine and the cosine of what sinReduce leaves.
func (v formula) sinParts(r, t VecVirtual) (s, c VecVirtual) {
	if !v.double {
		r2 := v.mulAdd(r, r, v.mul(r, v.mul(t, -2.0)))
		s = v.mulAdd(v.mul(r, r2), v.horner(r2, sin32), t)
		return v.sub(r, s), v.horner(r2, cos32)
	}
	r2 := v.mul(r, r)
	r4, r3 := v.mul(r2, r2), v.mul(r2, r)
	s = v.series(r2, r4, sin64)
	s = v.sub(v.mul(r2, v.sub(v.mul(t, 0.5), v.mul(r3, s))), t)
	s = v.sub(r, v.sub(s, v.mul(r3, -0x1.5555555555555p-3)))

	half := v.mul(r2, 0.5)
	w := v.sub(1.0, half)
	c = v.sub(v.mul(r4, v.series(r2, r4, cos64)), v.mul(r, t))
	return s, v.add(w, v.add(v.sub(v.sub(1.0, w), half), c))
}

// horner emits c[0] + c[1] x + c[2] x² + ..., in float32, from the last on.
func (v formula) horner(x VecVirtual, c []float64) VecVirtual {
	y := v.in(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		y = v.mulAdd(x, y, c[i])
	}
	return y
}

// sinQuarter emits the sine of n π/2 and what sinReduce leaves.
func (v formula) sinQuarter(n, r, t VecVirtual) VecVirtual {
	s, c := v.sinParts(r, t)
	y := v.choose(v.signs(v.raised(n, 0)), c, s)
	return v.xor(y, v.sign(v.raised(n, 1)))
}

// signs is the mask of the lanes with the bit of the sign.
func (v formula) signs(x VecVirtual) mask {
	if !v.avx512 {
		return x
	}
	m := K()
	if v.double {
		VPMOVQ2M(x, m)
	} else {
		VPMOVD2M(x, m)
	}
	return m
}

// raised moves a bit of each element, counted from the lowest, to that of the sign.
func (v formula) raised(x VecVirtual, bit int) VecVirtual { return v.left(x, 8*v.size()-1-bit) }

func (v formula) sin(x []VecVirtual) (VecVirtual, mask) {
	z, r, t := v.sinReduce(x[0])
	return v.sinQuarter(z, r, t), v.compare(v.abs(x[0]), notAtMost, sinLimit)
}

func (v formula) cos(x []VecVirtual) (VecVirtual, mask) {
	z, r, t := v.sinReduce(x[0])
	return v.sinQuarter(v.addWords(z, word(1)), r, t), v.compare(v.abs(x[0]), notAtMost, sinLimit)
}

func (v formula) tan(x []VecVirtual) (VecVirtual, mask) {
	z, r, t := v.sinReduce(x[0])
	s, c := v.sinParts(r, t)
	n := v.raised(z, 0)
	odd := v.signs(n)
	y := v.div(v.choose(odd, c, s), v.choose(odd, s, c))
	return v.xor(y, n), v.compare(v.abs(x[0]), notAtMost, sinLimit)
}

func (v formula) sinh(x []VecVirtual) (VecVirtual, mask) {
	a := v.abs(x[0])
	z, _, r, w := v.expReduce(a)
	t := v.lessOne(z, r, w)
	y := v.mul(v.add(t, v.div(t, v.add(t, 1.0))), 0.5)
	return v.or(y, v.sign(x[0])), v.compare(a, notLess, largeHyperbolic)
}

func (v formula) cosh(x []VecVirtual) (VecVirtual, mask) {
	a := v.abs(x[0])
	t := v.exp(a)
	return v.add(v.mul(t, 0.5), v.div(0.5, t)), v.compare(a, notLess, largeHyperbolic)
}
