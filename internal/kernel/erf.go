package kernel

import "math"

// The error function is, with the same operations in the code for vectors,
//
//	erf a = a + a p(a²)      below 1
//	      = 1 - e^-q(a)      from 1 on, q(a) = -ln(1 - erf a)
//
// The second is after N. Juffa. p is minimax to 2⁻²⁹ in float32 and 2⁻⁵⁷ in float64
// (gen/coefficients.sollya), q to 2⁻²⁶ and, in erf, 2⁻⁵⁴ (gen/erf.py). What is left to 1 has digits of its own:
//
//	erfc a = 1 - erf a                       below 1/2
//	       = e^-a² g(t)/(a + 2)              from there on in float32, t = (a - 2)/(a + 2)
//	       = e^-a² f(t)/(1 + 2 a)            in float64, t = (a - 4)/(a + 4)
//	erfc -a = 2 - erfc a
//
// with a g minimax to 2⁻²⁵ and an f to 2⁻⁵⁴. a² is a sum: in float32 its rounding and what that loses, in
// float64 the square of its first 26 bits, which is exact, and the rest.
const (
	erfFrom, erfcFrom        = 1, 0.5
	erfLimit32, erfLimit64   = 4, 6         // above, erf rounds to 1
	erfcLimit32, erfcLimit64 = 10.125, 27.5 // above, erfc is 0
)

// ErfOf returns the error function of x, computed in T.
func ErfOf[T Float](x T) T {
	return computed(x, erf32, erf)
}

func erf32(x float32) float32 {
	a := min(math.Abs(float64(x)), erfLimit32)
	var y float32
	if a < erfFrom {
		y = float32(erfSmall32(a))
	} else {
		z, e := expParts32(float32(-erfLarge32(a)))
		y = 1 - float32(whole32(z)*e)
	}
	return signed32(y, x)
}

// erfSmall32 returns a + a p(a²).
func erfSmall32(a float64) float64 {
	a2 := single(a * a)
	a4 := single(a2 * a2)
	p := single(sum32(a2*-0x1.a5197ap-11, 0x1.542fecp-8))
	p = single(sum32(a4*0x1.4c5cb4p-14, p))
	p = single(sum32(a4*p, single(sum32(a2*-0x1.b7fec4p-6, 0x1.ce2d52p-4))))
	p = single(sum32(a4*p, single(sum32(a2*-0x1.81274p-2, 0x1.06eba8p-3))))
	return single(sum32(a*p, a))
}

// erfLarge32 returns q(a).
func erfLarge32(a float64) float64 {
	a2 := single(a * a)
	q := single(sum32(a*0x1.7c05a8p-15, -0x1.357426p-11))
	q = single(sum32(a2*-0x1.ad813p-20, q))
	q = single(sum32(a2*q, single(sum32(a*0x1.35d7dcp-8, -0x1.af5b2ep-6))))
	q = single(sum32(a2*q, single(sum32(a*0x1.c2314ap-4, 0x1.439734p-1))))
	return single(sum32(a2*q, single(sum32(a*0x1.214f8ap0, -0x1.313174p-12))))
}

func erf(x float64) float64 {
	a := math.Abs(x)
	if a < erfFrom {
		return math.Copysign(erfSmall(a), x)
	}
	if a > erfLimit64 {
		a = erfLimit64
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

// ErfcOf returns 1 - erf x, accurate where that is small, computed in T.
func ErfcOf[T Float](x T) T {
	return computed(x, erfc32, erfc)
}

func erfc32(x float32) float32 {
	a := math.Abs(float64(x))
	if a < erfcFrom {
		return 1 - float32(math.Copysign(erfSmall32(a), float64(x)))
	}
	y := erfcLarge32(min(a, erfcLimit32))
	if x < 0 {
		return 2 - y
	}
	return y
}

func erfcLarge32(a float64) float32 {
	d := single(a + 2)
	w := single(1 / d)
	low := single(w * single(sum32(-w*(a-(d-2)), single(sum32(-w*d, 1))))) // w + low is 1/(a + 2)
	t := single(sum32(low*-4, single(sum32(w*-4, 1))))
	t2 := single(t * t)
	g := single(sum32(t*-0x1.a6525ap-11, 0x1.893682p-9))
	g = single(sum32(t2*-0x1.ec7cf4p-12, g))
	g = single(sum32(t2*g, single(sum32(t*0x1.a830aep-8, -0x1.602678p-6))))
	g = single(sum32(t2*g, single(sum32(t*-0x1.2a885cp-5, 0x1.1e2dap-2))))
	g = single(sum32(t2*g, single(sum32(t*-0x1.5fd386p-1, 0x1.058672p0))))
	a2 := single(a * a)
	z, n, first := expWhole32(float32(-a2))
	r := single(single(sum32(n*-ln2Low32, first)) + single(sum32(-a*a, a2)))
	f := single(sum32(w*g, single(low*g)))
	return scale32(float32(sum32(f*expNear32(r), f)), z)
}

func erfc(x float64) float64 {
	a := math.Abs(x)
	if a < erfcFrom {
		return 1 - math.Copysign(erfSmall(a), x)
	}
	y := erfcLarge(min(a, erfcLimit64))
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
