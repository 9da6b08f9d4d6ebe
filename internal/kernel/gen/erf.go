package main

import (
	. "github.com/mmcloughlin/avo/reg"
)

// The function of ../erf.go, with the same operations in the same order as there.

// The numbers of erf.go.
const erfFrom, erfLimit = 1.0, 6.0

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
)

func (v formula) erf(x VecVirtual) VecVirtual {
	a := v.min(erfLimit, v.abs(x))
	a2 := v.mul(a, a)
	small := v.add(a, v.mul(a, v.series(a2, v.mul(a2, a2), erfSmall)))
	z, _, r, w := v.expReduce(v.sub(0.0, v.series(a, a2, erfLarge)))
	large := v.sub(1.0, v.mul(v.power(z), v.oneMore(r, w)))
	return v.or(v.choose(v.compare(a, less, erfFrom), small, large), v.sign(x))
}
