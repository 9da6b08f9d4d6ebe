package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../erf.go, with the same operations in the same order as there.

// The numbers of erf.go.
const (
	erfFrom, erfcFrom        = 1.0, 0.5
	erfLimit32, erfLimit64   = 4.0, 6.0
	erfcLimit32, erfcLimit64 = 10.125, 27.5
)

var (
	erfSmall32 = []float64{0x1.06eba8p-3, -0x1.81274p-2, 0x1.ce2d52p-4, -0x1.b7fec4p-6, 0x1.542fecp-8, -0x1.a5197ap-11, 0x1.4c5cb4p-14}
	erfLarge32 = []float64{-0x1.313174p-12, 0x1.214f8ap0, 0x1.439734p-1, 0x1.c2314ap-4, -0x1.af5b2ep-6, 0x1.35d7dcp-8,
		-0x1.357426p-11, 0x1.7c05a8p-15, -0x1.ad813p-20}
	erfcLarge32 = []float64{0x1.058672p0, -0x1.5fd386p-1, 0x1.1e2dap-2, -0x1.2a885cp-5, -0x1.602678p-6, 0x1.a830aep-8,
		0x1.893682p-9, -0x1.a6525ap-11, -0x1.ec7cf4p-12}

	erfSmall = []float64{
		0x1.06eba8214db69p-3, -0x1.812746b0379fdp-2, 0x1.ce2f21a04362dp-4, -0x1.b82ce312abf08p-6,
		0x1.565bcd12991cp-8, -0x1.c02db49b09506p-11, 0x1.f9a335388d2f5p-14, -0x1.f4d333884b5c7p-17,
		0x1.b9ee95850f651p-20, -0x1.5f9828c55cc92p-23, 0x1.fc78cbcce41e3p-27, -0x1.46794feaba6f6p-30,
		0x1.29783040ef603p-34}
	erfLarge = []float64{
		0x1.12c71b836af34p-20, 0x1.20dccb88734a4p0, 0x1.45f91a9f1b84ep-1, 0x1.a46b29e45e636p-4,
		-0x1.35313b65a5b68p-6, -0x1.2e2237d9f6457p-11, 0x1.1220a220ab4efp-9, -0x1.df86591d8baa0p-11,
		0x1.dd6e854f16cb5p-13, -0x1.bfc7766e79114p-16, -0x1.1023c589ff6e9p-18, 0x1.765079b8376a3p-19,
		-0x1.7d737a0006aa7p-21, 0x1.dec5f76f59b14p-24, -0x1.819865672dc36p-27, 0x1.70e20485da968p-31,
		-0x1.40d3ddd7762d3p-36}
	erfcLarge = []float64{
		0x1.3ba5916e9fd7fp0, -0x1.1df1ad154a28fp-3, 0x1.f7f5df66fc7cep-7, 0x1.16ecefcfa5421p-4,
		-0x1.9ddb23c3e36e3p-4, 0x1.7fee004e115bap-4, -0x1.0fb06dfebe833p-4, 0x1.3079edf697f2fp-5,
		-0x1.0962386fd98a2p-6, 0x1.49c67284a483ap-8, -0x1.8d4aacace7d7cp-11, -0x1.a1df291b754b5p-13,
		0x1.3be1923ccd19dp-13, -0x1.99581365b9f15p-16, -0x1.78c40ad94185ep-17, 0x1.7f1301f4a5d32p-18,
		0x1.48e71b67eb04ep-22, -0x1.b95313b9e2aacp-21, 0x1.fe3666dbd5d2cp-25, 0x1.c42edaf1e513p-24,
		-0x1.f6478707b5e9fp-28, -0x1.6392188fb3ad8p-27, -0x1.7ae8ac588fce1p-30}
)

var (
	erfKept       = []any{log2e, exp32[1], exp32[3], exp32[4], erfSmall32[1], erfSmall32[3], erfSmall32[5], erfSmall32[6]}
	erfConstants  = slices.Concat(erfKept, []any{erfLarge32[1], erfLarge32[3], erfLarge32[5], erfLarge32[7], erfLarge32[8], erfLimit32, round32, 1.0})
	erfcConstants = slices.Concat(erfKept, []any{erfcLarge32[1], erfcLarge32[3], erfcLarge32[5], erfcLarge32[7], erfcLarge32[8], round32, 1.0, 2.0, 4.0})
)

// erfNear emits erf a for an a below 1, with its square.
func (v formula) erfNear(a, a2 VecVirtual) VecVirtual {
	p := v.series(a2, v.mul(a2, a2), v.coefficients(erfSmall32, erfSmall))
	return v.mulAdd(a, p, a)
}

func (v formula) erf(x VecVirtual) VecVirtual {
	a := v.min(v.number(erfLimit32, erfLimit64), v.abs(x))
	a2 := v.mul(a, a)
	small := v.erfNear(a, a2)
	z, _, y := v.expParts(v.sub(0.0, v.series(a, a2, v.coefficients(erfLarge32, erfLarge))))
	large := v.sub(1.0, v.mul(v.power(z), y))
	return v.or(v.choose(v.compare(a, less, erfFrom), small, large), v.sign(x))
}

func (v formula) erfc(x VecVirtual) VecVirtual {
	a := v.min(v.number(erfcLimit32, erfcLimit64), v.abs(x))
	small := v.sub(1.0, v.or(v.erfNear(a, v.mul(a, a)), v.sign(x)))
	far := formula.erfcFar32
	if v.double {
		far = formula.erfcFar64
	}
	y := far(v, a)
	y = v.choose(v.compare(x, less, 0.0), v.sub(2.0, y), y)
	return v.choose(v.compare(a, less, erfcFrom), small, y)
}

func (v formula) erfcFar32(a VecVirtual) VecVirtual {
	d := v.add(a, 2.0)
	w := v.div(1.0, d)
	low := v.mul(w, v.subMul(v.subMul(v.in(1.0), w, d), w, v.sub(a, v.sub(d, 2.0))))
	t := v.subMul(v.subMul(v.in(1.0), w, 4.0), low, 4.0)
	g := v.series(t, v.mul(t, t), erfcLarge32)
	a2 := v.mul(a, a)
	z, n, first := v.expWhole(v.sub(0.0, a2))
	r := v.add(v.subMul(first, n, ln2Low32), v.subMul(a2, a, a))
	f := v.mulAdd(w, g, v.mul(low, g))
	return v.scale(v.mulAdd(f, v.expNear(r), f), z, n)
}

func (v formula) erfcFar64(a VecVirtual) VecVirtual {
	t := v.div(v.sub(a, 4.0), v.add(a, 4.0))
	p := v.series(t, v.mul(t, t), erfcLarge)
	a1 := v.upper(v.sub(a, 0.0)) // a difference is no signaling NaN, which would be Inf without its last bits
	rest := v.mul(v.sub(a, a1), v.add(a, a1))
	z, n, r, w := v.expReduceSum(v.sub(0.0, v.mul(a1, a1)), v.sub(0.0, rest))
	return v.scale(v.div(v.mul(v.oneMore(r, w), p), v.add(v.add(a, a), 1.0)), z, n)
}
