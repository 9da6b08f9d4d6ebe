package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// quotient emits a / s. Where v has y = 1/s, rounded, that is q - (q s - a) y with q = a y, each product and
// its sum rounded once. It has the bits of the division as long as nothing overflows and nothing is below the
// normal numbers: Markstein, Computation of elementary functions on the IBM RISC System/6000 processor, 1990;
// Brisebarre, Muller and Raina, Accelerating correctly rounded floating-point division when the divisor is
// known in advance, IEEE Transactions on Computers 53(8), 2004. With s > 0 a zero keeps its sign, which it
// would not as (a - q s) y + q.
func (v *vector) quotient(a, s VecVirtual) VecVirtual {
	if v.reciprocal == nil {
		v.pick(VDIVPS, VDIVPD)(s, a, a)
		return a
	}
	q := v.register()
	v.pick(VMULPS, VMULPD)(v.reciprocal, a, q)
	v.pick(VFMSUB231PS, VFMSUB231PD)(s, q, a)
	v.pick(VFNMADD231PS, VFNMADD231PD)(v.reciprocal, a, q)
	return q
}

// undivided emits a loop over count vectors of a row of a at a time, the product of the factors, in whose body quotients
// a / s take no division. It ends with the row, or where that would not be right, and the code after it does the rest: with p
// bits in a mantissa s has to be from 2⁻ᵖ to 2ᵖ, and an element 0, or p + 2 binary orders inside of the normal
// ones. Then q is normal, and all digits of q s - a have a place. RCX has the number of elements that are left.
func (v *vector) undivided(s VecVirtual, factors []Register, at Register, count int, body func()) {
	digits, bias := 24, 127
	if v.size == 8 {
		digits, bias = 53, 1023
	}
	CMPQ(RCX, U32(count*v.lanes()))
	JL(LabelRef("divided"))
	exponent := GP64() // with the sign above it
	if v.size == 4 {
		VMOVD(s.AsX(), exponent.As32())
	} else {
		VMOVQ(s.AsX(), exponent)
	}
	SHRQ(U8(digits-1), exponent)
	SUBQ(U32(bias-digits), exponent)
	CMPQ(exponent, U32(2*digits))
	JAE(LabelRef("divided"))
	v.reciprocal = v.number(1)
	v.pick(VDIVPS, VDIVPD)(s.AsX(), v.reciprocal.AsX(), v.reciprocal.AsX())
	v.pick(VBROADCASTSS, VBROADCASTSD)(v.reciprocal.AsX(), v.reciprocal)
	unlessWithin := v.within(bias - digits - 3)
	Label("undivided")
	unlessWithin(factors, at, count, "divided")
	body()
	SUBQ(U32(count*v.lanes()), RCX)
	CMPQ(RCX, U32(count*v.lanes()))
	JGE(LabelRef("undivided"))
	Label("divided")
	v.reciprocal = nil
}

// within returns what goes to a label if any of count vectors of a, a product, has an element that is neither 0 nor from
// 2⁻ⁿ to 2ⁿ. The bits of |a|, less 1, are those of -1 for a 0. So the least of them without signs and the largest with
// signs are compared with the limits: a 0 is neither. They are words of 32 bits, for which AVX2 has what it takes; of
// float64 the upper ones decide.
func (v *vector) within(n int) func(a []Register, at Register, count int, label string) {
	limit := func(n int) VecVirtual { return v.number(math.Ldexp(1, n)) }
	magnitude, one, low, high := v.bits(1<<31-1, 1<<63-1), v.bits(1, 1), limit(-n), limit(n)
	return func(a []Register, at Register, count int, label string) {
		least, most := v.register(), v.register()
		for i := range count {
			x := v.register()
			if i == 0 {
				x = most
			}
			factor := func(k int) Mem { return Mem{Base: a[k], Index: at, Scale: 1, Disp: i * v.bytes} }
			if len(a) == 1 {
				v.pick(VANDPS, VANDPD)(factor(0), magnitude, x)
			} else {
				v.load(factor(0), x)
				v.pick(VMULPS, VMULPD)(factor(1), x, x)
				v.pick(VANDPS, VANDPD)(magnitude, x, x)
			}
			v.pick(VPSUBD, VPSUBQ)(one, x, x)
			if i == 0 {
				VMOVAPS(x, least)
				continue
			}
			VPMINUD(x, least, least)
			VPMAXSD(x, most, most)
		}
		if v.wide {
			below, above := K(), K()
			v.pick(VPCMPUD, VPCMPUQ)(U8(lessWords), low, least, below)
			v.pick(VPCMPD, VPCMPQ)(U8(moreWords), high, most, above)
			KORTESTW(above, below)
		} else {
			VPMINUD(low, least, least)
			VPCMPEQD(low, least, least)
			VPCMPGTD(high, most, most)
			VPANDN(least, most, most)
			all := GP32()
			v.pick(func(o ...Op) { VMOVMSKPS(o[0], o[1]) }, func(o ...Op) { VMOVMSKPD(o[0], o[1]) })(most, all)
			CMPL(all, U32(1<<v.lanes()-1))
		}
		JNE(LabelRef(label))
	}
}

// Predicates of comparisons of whole numbers.
const lessWords, moreWords = 1, 6
