package kernel

import "math"

// As in exp.go, the definitions here and the code for vectors do the same operations.
//
//	x = 2ᵉ m, √½ <= m < √2, f = m - 1
//	ln x = e ln 2 + ln(1 + f)

const (
	log2eLow32 = 0x1.4ae0cp-26 // log2e is log2e32 and this
	log1pWhole = 0x1p24        // from here on 1 + x loses nothing that counts
)

// exponentOf splits a positive, normal x into e and f.
//
// Counted from √½ on, the bits of x have e in the place of the exponent, and m is the
// rest added to √½.
func exponentOf32(x float32) (e, f float32) {
	const root = 0x3f3504f3 // bits of √½, rounded
	bits := math.Float32bits(x) - root
	return float32(int32(bits) >> 23), math.Float32frombits(bits&(1<<23-1)+root) - 1
}

func exponentOf64(x float64) (e, f float64) {
	const root = 0x3fe6a09e667f3bcd
	e, m := splitAt64(x, root)
	return e, m - 1
}

// splitAt64 splits a positive, normal x = 2ᵉ m with an m from the number on that has the
// bits root.
func splitAt64(x float64, root uint64) (e, m float64) {
	bits := math.Float64bits(x) - root
	return float64(int64(bits) >> 52), math.Float64frombits(bits&(1<<52-1) + root)
}

// The coefficients of p in ln(1 + f) = f - f²/2 + f³ p(f), from √½ - 1 to √2 - 1 and from
// -1/4 to 1/2, minimax, to 2⁻²⁷ of the logarithm.
var (
	logSeries32 = [9]float64{0x1.555554p-2, -0x1.ffffe6p-3, 0x1.999d2ap-3, -0x1.556288p-3, 0x1.23de3ap-3,
		-0x1.fbbf2p-4, 0x1.dc76b2p-4, -0x1.ddb3c8p-4, 0x1.2cb26ep-4}
	softplusSeries32 = [9]float64{0x1.555554p-2, -0x1.000022p-2, 0x1.999bd4p-3, -0x1.553b0ap-3, 0x1.2408a6p-3,
		-0x1.0239bcp-3, 0x1.e0d39ap-4, -0x1.947c6ap-4, 0x1.77baeap-5}
)

// logRest32 returns low + ln(1 + f) - f for a low that is small beside f or beside what it
// is added to.
func logRest32(f, low float32, c *[9]float64) float32 {
	v := float64(f)
	f2 := single(v * v)
	p := single(sum32(v*c[7], c[6]))
	p = single(sum32(f2*c[8], p))
	p = single(sum32(f2*p, single(sum32(v*c[5], c[4]))))
	p = single(sum32(f2*p, single(sum32(v*c[3], c[2]))))
	p = single(sum32(f2*p, single(sum32(v*c[1], c[0]))))
	y := float32(sum32(single(v*f2)*p, float64(low)))
	return y - float32(0.5*f2)
}

// logSum32 returns e ln 2 + ln(1 + f) + c for a c that is small beside it.
func logSum32(e, f, c float32) float32 {
	return float32(e*ln2High32) + (f + logRest32(f, float32(e*ln2Low32)+c, &logSeries32)) // the first product is exact
}

// logParts32 splits a positive, finite x into e and f.
func logParts32(x float32) (e, f float32) {
	var e0 float32
	if x < 0x1p-126 {
		x, e0 = x*0x1p23, -23
	}
	e, f = exponentOf32(x)
	return e + e0, f
}

func log32(x float32) float32 {
	if !(x <= math.MaxFloat32) || x <= 0 {
		return logSpecial(x)
	}
	e, f := logParts32(x)
	return logSum32(e, f, 0)
}

// logSum64 returns e ln 2 + ln(1 + f) + c for a c that is small beside it:
//
//	s = f/(2 + f), z = s²
//	ln(1 + f) = ln((1 + s)/(1 - s)) = 2 s + s R = f - (f²/2 - s (f²/2 + R))    R = z r(z)
//
// as in FreeBSD's e_log.c (Sun Microsystems, 1993), with an r of our own, minimax to
// 2⁻⁵⁶ in R.
func logSum64(e, f, c float64) float64 {
	s := f / (2 + f)
	z := float64(s * s)
	z2 := float64(z * z)
	r := (0x1.7462b815f794dp-3 + float64(z*0x1.39fdefcad7bb8p-3)) + float64(z2*0x1.2b5d9765628c7p-3)
	r = (0x1.2492492df8f5ap-2 + float64(z*0x1.c71c62d9e584ap-3)) + float64(z2*r)
	r = (0x1.5555555555558p-1 + float64(z*0x1.99999999952cdp-2)) + float64(z2*r)
	half := float64(0.5 * float64(f*f))
	return float64(e*ln2High64) - ((half - (float64(s*(half+float64(z*r))) + (float64(e*ln2Low64) + c))) - f)
}

func log64(x float64) float64 {
	if !(x <= math.MaxFloat64) || x <= 0 {
		return logSpecial(x)
	}
	var e0 float64
	if x < 0x1p-1022 {
		x, e0 = x*0x1p54, -54
	}
	e, f := exponentOf64(x)
	return logSum64(e+e0, f, 0)
}

// logSpecial is the logarithm of what has none, of 0, +Inf and NaN.
func logSpecial[T Float](x T) T {
	switch {
	case x == 0:
		return T(math.Inf(-1))
	case x < 0:
		return T(math.NaN())
	}
	return x
}

// LogOf returns ln x, computed in T: -Inf at 0, NaN below.
func LogOf[T Float](x T) T {
	return computed(x, log32, log64)
}

// Log1pOf returns ln(1 + x), computed in T and accurate near 0.
func Log1pOf[T Float](x T) T {
	return computed(x, log1p32, log1p)
}

func log1p32(x float32) float32 {
	if !(x <= math.MaxFloat32) || x <= -1 {
		return logSpecial(1 + x)
	}
	return signed32(log1pSum32(x, 0, 0), x)
}

// log1pSum32 returns e0 ln 2 + ln(1 + x + low) for a finite x > -1 and a low that is small
// beside it.
//
// It takes e from 1 + x, rounded, but f = x 2⁻ᵉ + (2⁻ᵉ - 1) from x, with one rounding: near 0 it
// is x. low adds low 2⁻ᵉ/(1 + f), which is near low 2⁻ᵉ (1 - f).
func log1pSum32(x, low, e0 float32) float32 {
	e, f := exponentOf32(1 + x)
	if x < log1pWhole {
		s := float64(power32(-int32(e)))
		f = float32(sum32(float64(x)*s, s-1))
		if low != 0 {
			low = float32(low * float32(sum32(-s*float64(f), s)))
		}
	} else {
		low = 0
	}
	return logSum32(e+e0, f, low)
}

func log1p(x float64) float64 {
	if !(x <= math.MaxFloat64) || x <= -1 {
		return logSpecial(1 + x)
	}
	return math.Copysign(log1pSum64(x, 0, 0), x)
}

// log1pSum64 is log1pSum32 in float64.
func log1pSum64(x, low, e0 float64) float64 {
	u := 1 + x
	c := ((x - (u - 1)) + low) / u // 1 + x + low = u (1 + c), exactly but for the sum and the division
	e, f := exponentOf64(u)
	return logSum64(e+e0, f, c)
}

// Log2Of returns the logarithm of x to base 2, computed in T and exact for powers of 2.
func Log2Of[T Float](x T) T {
	return computed(x, log2of32, log2)
}

func log2of32(x float32) float32 {
	if !(x <= math.MaxFloat32) || x <= 0 {
		return logSpecial(x)
	}
	e, f := logParts32(x)
	return e + logTimes32(f, log2e32, log2eLow32, 0)
}

// logTimes32 returns b ln(1 + f) + low for a b = high + rest.
func logTimes32(f float32, high, rest, low float64) float32 {
	v, w := float64(f), float64(logRest32(f, 0, &logSeries32))
	t := single(sum32(v*rest, low))
	t = single(sum32(w*high, t))
	return float32(sum32(v*high, t))
}

func log2(x float64) float64 {
	if !(x <= math.MaxFloat64) || x <= 0 {
		return logSpecial(x)
	}
	var e0 float64
	if x < 0x1p-1022 {
		x, e0 = x*0x1p54, -54
	}
	e, f := exponentOf64(x)
	return (e + e0) + float64(logSum64(0, f, 0)*log2e)
}

// softplusThreshold is torch.nn.Softplus's default: above it log(1 + eˣ) is
// x up to a relative error of e⁻²⁰/20 = 1e-10, and x is returned.
const softplusThreshold = 20

// SoftplusOf returns log(1 + eˣ) for x <= 20 and x above, computed in T, which is
// torch.nn.functional.softplus with beta = 1 and threshold = 20.
func SoftplusOf[T Float](x T) T { return computed(x, softplus32, softplus64) }

// softplus32 is x above the threshold, too: the sum is.
func softplus32(x float32) float32 { return max(x, 0) + log1pExp32(-max(x, -x)) }

func softplus64(x float64) float64 {
	if x > softplusThreshold {
		return x
	}
	return log1p(exp64(x))
}

// LogSigmoidOf returns ln(1/(1 + e⁻ˣ)), computed in T, without overflow and accurate for
// all x.
func LogSigmoidOf[T Float](x T) T { return computed(x, logSigmoid32, logSigmoid64) }

func logSigmoid32(x float32) float32 { return min(x, 0) - log1pExp32(-max(x, -x)) }

func logSigmoid64(x float64) float64 { return min(x, 0) - log1p(exp64(-math.Abs(x))) }

// log1pExp32 returns ln(1 + u), u = eˣ, for x <= 0: with f = u to 1/2, and above with
// 1 + u = 2 (1 + f), f = (u - 1)/2.
//
// u = 2ⁿ (y + l) has an l that the rounding of y lost. The logarithm changes by
// 2ⁿ l/(1 + u), which is (u - u²/2) l, near enough for what is below half a unit of u.
func log1pExp32(x float32) float32 {
	z, t := expLess32(max(x, expLow32))
	y := 1 + t
	l := t - (y - 1)
	u := scale32(y, z)
	half := float32(0.5 * u)
	f, high, low := u, float32(0), float32(0)
	if u > 0.5 {
		f, high, low = half-0.5, ln2High32, ln2Low32
	}
	g := single(sum32(float64(u)*-float64(half), float64(u)))
	low = float32(sum32(g*float64(l), float64(low)))
	return high + (f + logRest32(f, low, &softplusSeries32))
}

// Log writes dst = ln x, as [LogOf].
func Log[T Float](dst, x []T) { apply1(fnLog, dst, x, LogOf[T]) }

// Log1p writes dst = ln(1 + x), as [Log1pOf].
func Log1p[T Float](dst, x []T) { apply1(fnLog1p, dst, x, Log1pOf[T]) }

// Log2 writes the logarithm to base 2, as [Log2Of].
func Log2[T Float](dst, x []T) { apply1(fnLog2, dst, x, Log2Of[T]) }

// Softplus writes dst = log(1 + eˣ), as [SoftplusOf].
func Softplus[T Float](dst, x []T) { apply1(fnSoftplus, dst, x, SoftplusOf[T]) }

// LogSigmoid writes dst = ln(1/(1 + e⁻ˣ)), as [LogSigmoidOf].
func LogSigmoid[T Float](dst, x []T) { apply1(fnLogSigmoid, dst, x, LogSigmoidOf[T]) }
