package kernel

import "math"

// The error function is, with the same operations in the code for vectors,
//
//	erf a = a + a p(a²)      below 1
//	      = 1 - e^-q(a)      from 1 to 6, q(a) = -ln(1 - erf a)
//
// The second is after N. Juffa. p is minimax to 2⁻⁵⁷ (gen/coefficients.sollya), q to
// 2⁻⁵⁴ in erf (gen/erf.py).
const (
	erfFrom  = 1
	erfLimit = 6 // above, erf rounds to 1
)

// ErfOf returns the error function of x.
func ErfOf[T Float](x T) T { return T(erf(float64(x))) }

func erf(x float64) float64 {
	a := math.Abs(x)
	if a < erfFrom {
		return math.Copysign(erfSmall(a), x)
	}
	if a > erfLimit {
		a = erfLimit
	}
	return math.Copysign(erfLarge(a), x)
}

func erfSmall(a float64) float64 {
	a2 := float64(a * a)
	a4 := float64(a2 * a2)
	p := (0x1.fc78cbcce41e3p-27 + float64(a2*-0x1.46794feaba6f6p-30)) + float64(a4*0x1.29783040ef603p-34)
	p = (0x1.b9ee95850f651p-20 + float64(a2*-0x1.5f9828c55cc92p-23)) + float64(a4*p)
	p = (0x1.f9a335388d2f5p-14 + float64(a2*-0x1.f4d333884b5c7p-17)) + float64(a4*p)
	p = (0x1.565bcd12991cp-8 + float64(a2*-0x1.c02db49b09506p-11)) + float64(a4*p)
	p = (0x1.ce2f21a04362dp-4 + float64(a2*-0x1.b82ce312abf08p-6)) + float64(a4*p)
	p = (0x1.06eba8214db69p-3 + float64(a2*-0x1.812746b0379fdp-2)) + float64(a4*p)
	return a + float64(a*p)
}

func erfLarge(a float64) float64 {
	a2 := float64(a * a)
	q := (-0x1.819865672dc36p-27 + float64(a*0x1.70e20485da968p-31)) + float64(a2*-0x1.40d3ddd7762d3p-36)
	q = (-0x1.7d737a0006aa7p-21 + float64(a*0x1.dec5f76f59b14p-24)) + float64(a2*q)
	q = (-0x1.1023c589ff6e9p-18 + float64(a*0x1.765079b8376a3p-19)) + float64(a2*q)
	q = (0x1.dd6e854f16cb5p-13 + float64(a*-0x1.bfc7766e79114p-16)) + float64(a2*q)
	q = (0x1.1220a220ab4efp-9 + float64(a*-0x1.df86591d8baa0p-11)) + float64(a2*q)
	q = (-0x1.35313b65a5b68p-6 + float64(a*-0x1.2e2237d9f6457p-11)) + float64(a2*q)
	q = (0x1.45f91a9f1b84ep-1 + float64(a*0x1.a46b29e45e636p-4)) + float64(a2*q)
	q = (0x1.12c71b836af34p-20 + float64(a*0x1.20dccb88734a4p0)) + float64(a2*q)
	z, r, w := expReduce64(-q)
	return 1 - float64(whole64(z)*oneMore(r, w))
}

// Erf writes the error function of x, as [ErfOf].
func Erf[T Float](dst, x []T) { apply1(fnErf, dst, x, ErfOf[T]) }
