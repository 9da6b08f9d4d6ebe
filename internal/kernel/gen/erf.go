package main

import (
	. "github.com/mmcloughlin/avo/reg"
)

// The functions of ../erf.go, with the same operations in the same order as there.

// The numbers of erf.go.
const (
	erfFrom, erfLimit   = 1.0, 6.0
	erfcFrom, erfcLimit = 0.5, 27.5
)

var (
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

// erfNear emits erf a for an a below 1, with its square.
func (v formula) erfNear(a, a2 VecVirtual) VecVirtual {
	return v.add(a, v.mul(a, v.series(a2, v.mul(a2, a2), erfSmall)))
}

func (v formula) erf(x VecVirtual) VecVirtual {
	a := v.min(erfLimit, v.abs(x))
	a2 := v.mul(a, a)
	small := v.erfNear(a, a2)
	z, _, r, w := v.expReduce(v.sub(0.0, v.series(a, a2, erfLarge)))
	large := v.sub(1.0, v.mul(v.power(z), v.oneMore(r, w)))
	return v.or(v.choose(v.compare(a, less, erfFrom), small, large), v.sign(x))
}

func (v formula) erfc(x VecVirtual) VecVirtual {
	a := v.min(erfcLimit, v.abs(x))
	small := v.sub(1.0, v.or(v.erfNear(a, v.mul(a, a)), v.sign(x)))
	t := v.div(v.sub(a, 4.0), v.add(a, 4.0))
	p := v.series(t, v.mul(t, t), erfcLarge)
	a1 := v.upper(v.sub(a, 0.0)) // a difference is no signaling NaN, which would be Inf without its last bits
	rest := v.mul(v.sub(a, a1), v.add(a, a1))
	z, n, r, w := v.expReduceSum(v.sub(0.0, v.mul(a1, a1)), v.sub(0.0, rest))
	y := v.scale(v.div(v.mul(v.oneMore(r, w), p), v.add(v.add(a, a), 1.0)), z, n)
	y = v.choose(v.compare(x, less, 0.0), v.sub(2.0, y), y)
	return v.choose(v.compare(a, less, erfcFrom), small, y)
}
