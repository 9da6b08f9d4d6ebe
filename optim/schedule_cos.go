package optim

import "math"

// cos returns cos(x) right to the last bit or nearly so, as the C library's and
// so PyTorch's is: math.Cos is off by one unit in the last place at times, and
// the recursion of CosineAnnealingLR, which divides by 1 + cos(x), carries that
// on. For |x| up to 1e9 or so; it costs about ten times as much.
func cos(x float64) float64 {
	if !(math.Abs(x) < 1e9) {
		return math.Cos(x)
	}
	// π/2 to 159 bits.
	const p1, p2, p3 = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
	k := math.Round(x / p1)
	hi, lo := twoSum(x, -float64(k*p1))
	hi, lo = addDD(hi, lo, -math.FMA(k, p1, -float64(k*p1)), 0)
	hi, lo = addDD(hi, lo, -float64(k*p2), -math.FMA(k, p2, -float64(k*p2)))
	hi, lo = addDD(hi, lo, -float64(k*p3), 0)
	switch int64(k) & 3 {
	case 0:
		return taylor(1, 0, hi, lo, 1)
	case 1:
		return -taylor(hi, lo, hi, lo, 2)
	case 2:
		return -taylor(1, 0, hi, lo, 1)
	}
	return taylor(hi, lo, hi, lo, 2)
}

// taylor returns t - t r²/(n(n+1)) + t r⁴/(n(n+1)(n+2)(n+3)) - ..., which is
// cos(r) for t = 1, n = 1, and sin(r) for t = r, n = 2.
func taylor(t, tl, r, rl, n float64) float64 {
	r2, r2l := mulDD(r, rl, r, rl)
	hi, lo := t, tl
	for ; math.Abs(t) > 1e-34*math.Abs(hi); n += 2 {
		t, tl = mulDD(t, tl, r2, r2l)
		d := -(n * (n + 1)) // exact
		q := t / d
		t, tl = q, (math.FMA(-q, d, t)+tl)/d
		hi, lo = addDD(hi, lo, t, tl)
	}
	return hi
}

// twoSum returns a + b as a float64 and its remainder.
func twoSum(a, b float64) (hi, lo float64) {
	hi = a + b
	c := hi - a
	return hi, (a - (hi - c)) + (b - c)
}

// addDD returns (a + al) + (b + bl) as a float64 and its remainder.
func addDD(a, al, b, bl float64) (hi, lo float64) {
	s, e := twoSum(a, b)
	f, g := twoSum(al, bl)
	s, e = s+(e+f), (e+f)-((s+(e+f))-s)
	e += g
	hi = s + e
	return hi, e - (hi - s)
}
