package main

import (
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../atan.go, with the same operations in the same order as there.

// The numbers of atan.go.
const (
	halfPi32           = 0x1.921fb6p0
	arcRest32, arcRest = -0x1.de12cap-26, 0x1.678afae35cdd1p-55
	arcFrom            = 0.5
	angleLimit         = 0x1p127
)

var (
	atan32 = []float64{-0x1.55553ap-2, 0x1.9990bep-3, -0x1.241284p-3, 0x1.bfe9a6p-4, -0x1.56042ep-4, 0x1.d2be86p-5,
		-0x1.edc694p-6, 0x1.525694p-7, -0x1.b1f26ep-10}
	asin32 = []float64{0x1.55554cp-3, 0x1.33389ep-4, 0x1.6caab6p-5, 0x1.04af34p-5, 0x1.d7924cp-7, 0x1.33d432p-5}
	atan64 = []float64{-0x1.555555555544cp-2, 0x1.999999998411p-3, -0x1.2492491fa2135p-3, 0x1.c71c709e19f6ap-4,
		-0x1.745d02310537cp-4, 0x1.3b12b2e8e2d48p-4, -0x1.11089d02de0dfp-4, 0x1.e1781735b887ep-5, -0x1.ad32ba4e0c7bbp-5,
		0x1.7ee3f62d7830bp-5, -0x1.4f4521ca52068p-5, 0x1.1715db019349p-5, -0x1.a726a91b49509p-6, 0x1.162c3d97e979ep-6,
		-0x1.2cf76bf20e848p-7, 0x1.f96cc734222ebp-9, -0x1.312a3f0dfb77ep-10, 0x1.d3bb11406b765p-13, -0x1.53e5c94348b72p-16}
	asin64 = []float64{0x1.555555555539p-3, 0x1.333333336e80fp-4, 0x1.6db6db427a4f8p-5, 0x1.f1c72c38fb342p-6,
		0x1.6e89f440197a8p-6, 0x1.1c6be1a68770cp-6, 0x1.c6fdc1aaa597cp-7, 0x1.8ec2fca60060dp-7, 0x1.abcf5cd7f156ep-8,
		0x1.3ff4a9908c2fbp-6, -0x1.09d3283359a11p-6, 0x1.056d6c811e11dp-5}
)

var (
	atanConstants  = slices.Concat(numbers(atan32[8], 0.0, halfPi32, 1.0, -1.0, arcRest32), numbers(atan32[:8]...), []any{word(1<<31 - 1), word(1 << 31)})
	atan2Constants = slices.Concat(atanConstants[:4], []any{2 * halfPi32, word(2 * 127 << 23), arcRest32}, atanConstants[6:], []any{angleLimit})
	asinConstants  = slices.Concat(numbers(asin32[5], 0.0, halfPi32, arcFrom, arcRest32), []any{word(2 * 127 << 23)}, numbers(asin32[:5]...), []any{word(1<<31 - 1), word(1 << 31), 2 * halfPi32})
)

// numbers returns x as a list for constants32.
func numbers(x ...float64) (list []any) {
	for _, v := range x {
		list = append(list, v)
	}
	return list
}

// arcSeries emits p(z).
func (v formula) arcSeries(z VecVirtual, f32, f64 []float64) VecVirtual {
	if !v.double {
		return v.horner(z, f32)
	}
	return v.series(z, v.mul(z, z), f64)
}

// arcSum emits base (1 + arcRest) + w + wz p + low. low may be nil, for 0.
func (v formula) arcSum(base, w, wz, p VecVirtual, low Register) VecVirtual {
	s := v.add(base, w)
	rest := v.sub(w, v.sub(s, base))
	var t VecVirtual
	if factor := v.number(arcRest32, arcRest); low == nil {
		t = v.mul(base, factor)
	} else {
		t = v.mulAdd(base, factor, low)
	}
	return v.add(s, v.mulAdd(wz, p, v.add(t, rest)))
}

func (v formula) halfPi() float64 { return v.number(halfPi32, math.Pi/2) }

func (v formula) atan(x VecVirtual) VecVirtual {
	a := v.abs(x)
	large := v.compare(a, more, 1.0)
	w := v.choose(large, v.div(-1.0, a), a)
	z := v.mul(w, w)
	y := v.arcSum(v.choose(large, v.halfPi(), 0.0), w, v.mul(w, z), v.arcSeries(z, atan32, atan64), nil)
	return v.or(y, v.sign(x))
}

// reciprocal32 emits 1/x or more, by an eighth at most, for float32.
func (v formula) reciprocal32(x VecVirtual) VecVirtual { return v.subWords(word(2*127<<23), x) }

// atan2 does not know numbers that are not finite, and in float32 none above angleLimit.
func (v formula) atan2(in []VecVirtual) (VecVirtual, mask) {
	a, b := in[0], in[1]
	y, x := v.abs(a), v.abs(b)
	steep := v.compare(y, more, x)
	d := v.max(y, x)
	d = v.choose(v.compare(d, equal, 0.0), 1.0, d)
	minus := v.words(1<<31, 1<<63)
	n := v.xor(v.min(y, x), v.sign(v.choose(steep, v.xor(b, minus), b)))
	base := v.choose(steep, v.halfPi(), v.choose(v.signs(b), 2*v.halfPi(), 0.0))
	w := v.div(n, d)
	z := v.mul(w, w)
	var low Register
	if !v.double {
		low = v.mul(v.subMul(n, w, d), v.reciprocal32(d))
	}
	angle := v.arcSum(base, w, v.mul(w, z), v.arcSeries(z, atan32, atan64), low)
	return v.or(angle, v.sign(a)), v.compare(v.add(y, x), notAtMost, v.number(angleLimit, math.MaxFloat64))
}

// asinLarge emits w = 2 √z, what that lost, and z = (1 - a)/2; the second is nil in float64.
func (v formula) asinLarge(a VecVirtual) (w VecVirtual, low Register, z VecVirtual) {
	z = v.subMul(v.in(0.5), a, 0.5)
	s := v.sqrt(z)
	if !v.double {
		low = v.mul(v.subMul(z, s, s), v.reciprocal32(s))
	}
	return v.add(s, s), low, z
}

// asinSum emits the sum of asin and acos: with base, w and low where large is set, else with
// near and v0. low may be nil, for 0.
func (v formula) asinSum(large mask, base, near any, w, v0 VecVirtual, low Register, z VecVirtual) VecVirtual {
	w = v.choose(large, w, v0)
	z = v.choose(large, z, v.mul(v0, v0))
	if low != nil {
		low = v.choose(large, low, 0.0)
	}
	return v.arcSum(v.choose(large, base, near), w, v.mul(w, z), v.arcSeries(z, asin32, asin64), low)
}

func (v formula) asin(x VecVirtual) VecVirtual {
	a, minus := v.abs(x), v.words(1<<31, 1<<63)
	w, low, z := v.asinLarge(a)
	if low != nil {
		low = v.xor(low, minus)
	}
	y := v.asinSum(v.compare(a, more, arcFrom), v.halfPi(), 0.0, v.xor(w, minus), a, low, z)
	return v.or(y, v.sign(x))
}

func (v formula) acos(x VecVirtual) VecVirtual {
	a, sign := v.abs(x), v.sign(x)
	w, low, z := v.asinLarge(a)
	if low != nil {
		low = v.xor(low, sign)
	}
	base := v.choose(v.signs(x), 2*v.halfPi(), 0.0)
	return v.asinSum(v.compare(a, more, arcFrom), base, v.halfPi(), v.xor(w, sign), v.xor(x, v.words(1<<31, 1<<63)), low, z)
}
