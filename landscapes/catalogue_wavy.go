package landscapes

import (
	"math"

	ad "github.com/downhill-go/downhill/autodiff"
)

// Functions with many minima. They are sums of waves and slopes.

// Bumpy is a wide bowl with bumps: a lattice of local minima around one global
// minimum. The coefficients are our choice.
//
//	f(x, y) = (x² + y²)/10 + sin 2x·cos 2y
func Bumpy() Landscape {
	return Landscape{
		Name: "bumpy", Title: "Bumpy bowl", Formula: "(x² + y²)/10 + sin 2x · cos 2y",
		Note: "Local minima on the way to the global one: momentum and noise carry an optimizer over the bumps.",
		Build: func(x, y *ad.Node) *ad.Node {
			wave := ad.Mul(ad.Sin(ad.Mul(2, x)), ad.Cos(ad.Mul(2, y)))
			return ad.Add(ad.Mul(0.1, ad.Add(ad.Square(x), ad.Square(y))), wave)
		},
		Domain: around(4), Start: Point{3, 2.5}, Starts: []Point{{-3.2, -2.8}},
		Minima: []Critical{
			{At: Point{-0.747964956635879, 0}, Value: -0.9412536611746631},
			{At: Point{0.7475565934847511, 1.4955215501206303}, Value: -0.7063160250880154},
			{At: Point{0.7475565934847511, -1.4955215501206303}, Value: -0.7063160250880154},
			{At: Point{2.2430781436053815, 0}, Value: -0.4713783890013675},
			{At: Point{-2.241767706751245, 1.4938027501153661}, Value: -0.23670610302273254},
			{At: Point{-2.241767706751245, -1.4938027501153661}, Value: -0.23670610302273254},
		},
		Saddles: []Critical{
			{At: Point{0.03940984071261711, -0.7873747973484961}, Value: 0.06183994873157514},
			{At: Point{0.03940984071261711, 0.7873747973484961}, Value: 0.06183994873157514},
		},
		Reference: "Downhill",
	}
}

// Rastrigin is a bowl under a lattice of deep waves, one minimum per unit square.
//
//	f(x, y) = 20 + x² + y² − 10 cos 2πx − 10 cos 2πy
func Rastrigin() Landscape {
	return Landscape{
		Name: "rastrigin", Title: "Rastrigin", Formula: "20 + x² + y² − 10 cos 2πx − 10 cos 2πy",
		Note: "About a hundred local minima in the domain. Descent finds the nearest, hardly ever the global one.",
		Build: func(x, y *ad.Node) *ad.Node {
			wave := func(z *ad.Node) *ad.Node { return ad.Mul(10, ad.Cos(ad.Mul(2*math.Pi, z))) }
			bowl := ad.Add(ad.Add(20, ad.Square(x)), ad.Square(y))
			return ad.Sub(ad.Sub(bowl, wave(x)), wave(y))
		},
		Domain: around(5.12), Start: Point{-2, 3.5}, Starts: []Point{{0.4, -0.4}},
		Minima: []Critical{
			{At: Point{0, 0}},
			{At: Point{0.9949586376523348, 0}, Value: 0.9949590570932916},
			{At: Point{-0.9949586376523348, 0}, Value: 0.9949590570932916},
			{At: Point{0, 0.9949586376523348}, Value: 0.9949590570932916},
			{At: Point{0, -0.9949586376523348}, Value: 0.9949590570932916},
		},
		Reference: "L. A. Rastrigin. Systems of extremal control. Nauka, 1974; gonum optimize/functions.Rastrigin",
	}
}

// Ackley is a funnel in a wavy plain. The global minimum is a cusp: f has no
// derivative there, and the gradient is zero by convention, so that a run that
// arrives stays.
//
//	f(x, y) = −20 exp(−0.2 √(½(x² + y²))) − exp(½(cos 2πx + cos 2πy)) + 20 + e
//
// It is computed as −20 expm1(−0.2 r) + (e − exp c), which is exact at the
// minimum.
func Ackley() Landscape {
	return Landscape{
		Name: "ackley", Title: "Ackley", Formula: "−20 exp(−0.2 √(½(x² + y²))) − exp(½(cos 2πx + cos 2πy)) + 20 + e",
		Note: "Nearly flat far away, with shallow waves; at the global minimum the slope jumps.",
		Build: func(x, y *ad.Node) *ad.Node {
			r := root(ad.Mul(0.5, ad.Add(ad.Square(x), ad.Square(y))))
			c := ad.Mul(0.5, ad.Add(ad.Cos(ad.Mul(2*math.Pi, x)), ad.Cos(ad.Mul(2*math.Pi, y))))
			return ad.Add(ad.Mul(-20, ad.Expm1(ad.Mul(-0.2, r))), ad.Sub(math.E, ad.Exp(c)))
		},
		Domain: around(5), Start: Point{2, 1.5}, Starts: []Point{{-3.5, 4}},
		Minima: []Critical{
			{At: Point{0, 0}, Degenerate: true},
			{At: Point{0.9521665459501717, 0}, Value: 2.579927557029872},
			{At: Point{-0.9521665459501717, 0}, Value: 2.579927557029872},
			{At: Point{0, 0.9521665459501717}, Value: 2.579927557029872},
			{At: Point{0, -0.9521665459501717}, Value: 2.579927557029872},
		},
		Saddles: []Critical{
			{At: Point{0.6257806168564638, 0}, Value: 3.25246924511318},
			{At: Point{-0.6257806168564638, 0}, Value: 3.25246924511318},
			{At: Point{0, 0.6257806168564638}, Value: 3.25246924511318},
			{At: Point{0, -0.6257806168564638}, Value: 3.25246924511318},
		},
		Reference: "D. H. Ackley. A Connectionist Machine for Genetic Hillclimbing. Kluwer, 1987; gonum optimize/functions.Ackley",
	}
}

// root is √s with slope 0 at s = 0, elementwise; [ad.Norm] sums over arrays.
func root(s *ad.Node) *ad.Node {
	isZero := ad.Eq(s, 0)
	return ad.Where(isZero, 0, ad.Sqrt(ad.Where(isZero, 1, s)))
}

// Griewank is a very wide bowl with waves; seen near its centre, as in the
// domain here, the waves are all there is.
//
//	f(x, y) = (x² + y²)/4000 − cos x·cos(y/√2) + 1
func Griewank() Landscape {
	return Landscape{
		Name: "griewank", Title: "Griewank", Formula: "(x² + y²)/4000 − cos x · cos(y/√2) + 1",
		Note: "Regular local minima whose values differ by less than 0.03 over the whole domain.",
		Build: func(x, y *ad.Node) *ad.Node {
			bowl := ad.Div(ad.Add(ad.Square(x), ad.Square(y)), 4000)
			return ad.Add(ad.Sub(bowl, ad.Mul(ad.Cos(x), ad.Cos(ad.Div(y, math.Sqrt2)))), 1)
		},
		Domain: around(10), Start: Point{-6, 6}, Starts: []Point{{2, 3}},
		Minima: []Critical{
			{At: Point{0, 0}},
			{At: Point{3.1400226338955397, 4.438444480920714}, Value: 0.007396040334115228},
			{At: Point{-3.1400226338955397, 4.438444480920714}, Value: 0.007396040334115228},
			{At: Point{3.1400226338955397, -4.438444480920714}, Value: 0.007396040334115228},
			{At: Point{-3.1400226338955397, -4.438444480920714}, Value: 0.007396040334115228},
			{At: Point{6.280045279379904, 0}, Value: 0.009864672061006163},
			{At: Point{-6.280045279379904, 0}, Value: 0.009864672061006163},
		},
		Saddles: []Critical{
			{At: Point{1.5723679104393218, 2.2225533025787545}, Value: 1.001851785452283},
			{At: Point{-1.5723679104393218, 2.2225533025787545}, Value: 1.001851785452283},
			{At: Point{1.5723679104393218, -2.2225533025787545}, Value: 1.001851785452283},
			{At: Point{-1.5723679104393218, -2.2225533025787545}, Value: 1.001851785452283},
		},
		Reference: "A. O. Griewank. Generalized descent for global optimization. J. Optim. Theory Appl. 34(1), 1981; gonum optimize/functions.Griewank",
	}
}

// Levy has waves that grow with the distance from the minimum, of different
// height along x and y.
//
//	f(x, y) = sin²πu + (u − 1)²(1 + 10 sin²(πu + 1)) + (v − 1)²(1 + sin²2πv)
//	u = 1 + (x − 1)/4, v = 1 + (y − 1)/4
func Levy() Landscape {
	return Landscape{
		Name: "levy", Title: "Levy", Formula: "sin²πu + (u − 1)²(1 + 10 sin²(πu + 1)) + (v − 1)²(1 + sin²2πv), u = 1 + (x − 1)/4, v = 1 + (y − 1)/4",
		Note: "Parallel valleys: crossing one after the other takes momentum, or luck.",
		Build: func(x, y *ad.Node) *ad.Node {
			w := func(z *ad.Node) *ad.Node { return ad.Add(1, ad.Div(ad.Sub(z, 1), 4)) }
			u, v := w(x), w(y)
			a := ad.Square(ad.Sin(ad.Mul(math.Pi, u)))
			b := ad.Mul(10, ad.Square(ad.Sin(ad.Add(ad.Mul(math.Pi, u), 1))))
			c := ad.Square(ad.Sin(ad.Mul(2*math.Pi, v)))
			return ad.Add(ad.Add(a, ad.Mul(ad.Square(ad.Sub(u, 1)), ad.Add(1, b))),
				ad.Mul(ad.Square(ad.Sub(v, 1)), ad.Add(1, c)))
		},
		Domain: around(10), Start: Point{-6, 6}, Starts: []Point{{8, -7}},
		Minima: []Critical{
			{At: Point{1, 1}},
			{At: Point{1, -2.8906496084617133}, Value: 0.9737115955768498},
			{At: Point{1, 4.890649608461714}, Value: 0.9737115955768503},
			{At: Point{3.7910821904505103, 1}, Value: 1.1604532106739116},
		},
		Saddles: []Critical{
			{At: Point{1, -2.256662218677807}, Value: 1.2237006012831848},
			{At: Point{1, 4.256662218677808}, Value: 1.2237006012831848},
			{At: Point{2.768860451853793, 1}, Value: 2.076116755809091},
		},
		Reference: "A. V. Levy, A. Montalvo. The tunneling algorithm for the global minimization of functions. SIAM J. Sci. Stat. Comput. 6(1), 1985; gonum optimize/functions.Levy",
	}
}
