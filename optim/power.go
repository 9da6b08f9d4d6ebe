package optim

import "math"

// power follows base^t for t = 1, 2, 3, ... in double-double arithmetic: hi is
// the power rounded to float64 and lo the remainder, so hi stays right to the
// last bit where a plain running product (and math.Pow, which squares
// repeatedly) would drift by t units in the last place.
type power struct {
	base   float64
	t      int
	hi, lo float64
}

// at returns base^t. One multiplication if the last call was for t-1.
func (p *power) at(base float64, t int) float64 {
	switch {
	case base != p.base || t < p.t || t > p.t+1:
		p.hi, p.lo = powDD(base, t)
	case t == p.t+1:
		p.hi, p.lo = mulDD(p.hi, p.lo, base, 0)
	}
	p.base, p.t = base, t
	return p.hi
}

// mulDD returns (a + al)(b + bl) as a float64 and its remainder, and 0 for a
// product below 1e-290.
func mulDD(a, al, b, bl float64) (hi, lo float64) {
	h := float64(a * b)
	if math.Abs(h) < 1e-290 {
		return 0, 0 // the remainder, then the power would be subnormal, and slow
	}
	l := math.FMA(a, b, -h) + (float64(a*bl) + float64(al*b))
	hi = h + l
	return hi, l - (hi - h)
}

// powDD returns base^t for t >= 0 by repeated squaring.
func powDD(base float64, t int) (hi, lo float64) {
	hi = 1
	b, bl := base, 0.0
	for ; t > 0; t >>= 1 {
		if t&1 == 1 {
			hi, lo = mulDD(hi, lo, b, bl)
		}
		b, bl = mulDD(b, bl, b, bl)
	}
	return hi, lo
}
