package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../trig.go, with the same operations in the same order as there.

// The numbers of trig.go.
const (
	halfPi1, halfPi2, halfPi3 = 0x1.921fb5444p0, 0x1.68c234c4cp-39, 0x1.98a2e03707345p-77
	sinLimit                  = 1e5
	largeHyperbolic           = 22.0
)

var (
	sin64 = []float64{0x1.11111111106a8p-7, -0x1.a01a019d81ca1p-13, 0x1.71de36868aeaap-19, -0x1.ae5f1f6575639p-26,
		0x1.5dc2d991db134p-33}
	cos64 = []float64{0x1.555555555554cp-5, -0x1.6c16c16c1521bp-10, 0x1.a01a019cbea13p-16, -0x1.27e4f811ed655p-22,
		0x1.1ee9f0a428415p-29, -0x1.8fb0c4e498cbap-37}
)

// sinReduce emits r, t, and z with n in its low bits.
func (v formula) sinReduce(x VecVirtual) (z, r, t VecVirtual) {
	z = v.add(v.mul(x, 2/math.Pi), round64)
	n := v.sub(z, round64)
	r1 := v.sub(x, v.mul(n, halfPi1))
	w := v.mul(n, halfPi2)
	r2 := v.sub(r1, w)
	c := v.sub(v.mul(n, halfPi3), v.sub(v.sub(r1, r2), w))
	r = v.sub(r2, c)
	return z, r, v.sub(v.sub(r2, r), c)
}

// sinParts emits the sine and the cosine of r + t.
func (v formula) sinParts(r, t VecVirtual) (s, c VecVirtual) {
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

// sinQuarter emits the sine of r + t + n π/2.
func (v formula) sinQuarter(n, r, t VecVirtual) VecVirtual {
	s, c := v.sinParts(r, t)
	y := v.choose(v.signs(v.left(n, 63)), c, s)
	return v.xor(y, v.sign(v.left(n, 62)))
}

// signs is the mask of the lanes with the bit of the sign.
func (v formula) signs(x VecVirtual) mask {
	if !v.avx512 {
		return x
	}
	m := K()
	VPMOVQ2M(x, m)
	return m
}

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
	n := v.left(z, 63)
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
