package kernel

import "math"

// The error function is, with the same operations in the code for vectors,
//
//	erf a = a + a p(a²)      below 1
//	      = 1 - e^-q(a)      from 1 to 6, q(a) = -ln(1 - erf a)
//
// The second is after N. Juffa. p is minimax to 2⁻⁵⁷ (gen/coefficients.sollya), q to
// 2⁻⁵⁴ in erf (gen/erf.py). What is left to 1 has digits of its own:
//
//	erfc a = 1 - erf a                       below 1/2
//	       = e^-a² f(t)/(1 + 2 a)            from there on, t = (a - 4)/(a + 4)
//	erfc -a = 2 - erfc a
//
// with an f between 1.1 and 1.3, minimax to 2⁻⁵⁴. a² is a sum: the square of its first 26
// bits, which is exact, and the rest.
const (
	erfFrom   = 1
	erfLimit  = 6 // above, erf rounds to 1
	erfcFrom  = 0.5
	erfcLimit = 27.5 // above, erfc is 0
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

// ErfcOf returns 1 - erf x, accurate where that is small.
func ErfcOf[T Float](x T) T { return T(erfc(float64(x))) }

func erfc(x float64) float64 {
	a := math.Abs(x)
	if a < erfcFrom {
		return 1 - math.Copysign(erfSmall(a), x)
	}
	y := erfcLarge(min(a, erfcLimit))
	if x < 0 {
		return 2 - y
	}
	return y
}

func erfcLarge(a float64) float64 {
	t := (a - 4) / (a + 4)
	t2 := float64(t * t)
	p := (-0x1.f6478707b5e9fp-28 + float64(t*-0x1.6392188fb3ad8p-27)) + float64(t2*-0x1.7ae8ac588fce1p-30)
	p = (0x1.fe3666dbd5d2cp-25 + float64(t*0x1.c42edaf1e513p-24)) + float64(t2*p)
	p = (0x1.48e71b67eb04ep-22 + float64(t*-0x1.b95313b9e2aacp-21)) + float64(t2*p)
	p = (-0x1.78c40ad94185ep-17 + float64(t*0x1.7f1301f4a5d32p-18)) + float64(t2*p)
	p = (0x1.3be1923ccd19dp-13 + float64(t*-0x1.99581365b9f15p-16)) + float64(t2*p)
	p = (-0x1.8d4aacace7d7cp-11 + float64(t*-0x1.a1df291b754b5p-13)) + float64(t2*p)
	p = (-0x1.0962386fd98a2p-6 + float64(t*0x1.49c67284a483ap-8)) + float64(t2*p)
	p = (-0x1.0fb06dfebe833p-4 + float64(t*0x1.3079edf697f2fp-5)) + float64(t2*p)
	p = (-0x1.9ddb23c3e36e3p-4 + float64(t*0x1.7fee004e115bap-4)) + float64(t2*p)
	p = (0x1.f7f5df66fc7cep-7 + float64(t*0x1.16ecefcfa5421p-4)) + float64(t2*p)
	p = (0x1.3ba5916e9fd7fp0 + float64(t*-0x1.1df1ad154a28fp-3)) + float64(t2*p)
	a1 := upper(a)
	z, r, w := expReduceSum(-float64(a1*a1), -float64((a-a1)*(a+a1)))
	return scale64(float64(oneMore(r, w)*p)/(1+(a+a)), z)
}

// Erfc writes 1 - erf x, as [ErfcOf].
func Erfc[T Float](dst, x []T) { apply1(fnErfc, dst, x, ErfcOf[T]) }
