package optim

import "math"

// pow returns x^y right to the last bit or nearly so, as the C library's and so
// Python's is: math.Pow is off by several units in the last place.
func pow(x, y float64) float64 {
	switch v := math.Pow(x, y); {
	case !finite(v) || math.Abs(v) < 1e-280 || x == 1 || y == 0:
		return v
	case y == math.Trunc(y) && y > 0 && y < 1<<31:
		if p, _ := powDD(x, int(y)); finite(p) && p != 0 {
			return p
		}
		return v
	case x <= 0 || y == math.Trunc(y):
		return v
	}
	l := math.Log(x)
	e, el := expDD(l, 0)
	c := ((x - e) - el) / e // log(x) = l + log(1 + c)
	hi, _ := expDD(mulDD(l, c, y, 0))
	return hi
}

// expDD returns e^(a + al), in the range of normal numbers, as a float64 and
// its remainder.
func expDD(a, al float64) (hi, lo float64) {
	// log(2) to 159 bits.
	const l1, l2, l3 = 0.6931471805599453, 2.3190468138462996e-17, 5.707708438416212e-34
	k := math.Round(a / l1)
	r, rl := twoSum(a, -float64(k*l1))
	r, rl = addDD(r, rl, al, -math.FMA(k, l1, -float64(k*l1)))
	r, rl = addDD(r, rl, -float64(k*l2), -math.FMA(k, l2, -float64(k*l2)))
	r, rl = addDD(r, rl, -float64(k*l3), 0)
	hi, t, tl := 1.0, 1.0, 0.0
	for n := 1.0; math.Abs(t) > 1e-34; n++ {
		t, tl = mulDD(t, tl, r, rl)
		q := t / n
		t, tl = q, (math.FMA(-q, n, t)+tl)/n
		hi, lo = addDD(hi, lo, t, tl)
	}
	return math.Ldexp(hi, int(k)), math.Ldexp(lo, int(k))
}
