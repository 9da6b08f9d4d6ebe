package landscapes

import (
	ad "github.com/downhill-go/downhill/autodiff"
)

// Functions with a few minima.

// SixHumpCamel has two global minima, four others, two maxima and seven saddles.
//
//	f(x, y) = (4 − 2.1x² + x⁴/3)x² + xy + (4y² − 4)y²
func SixHumpCamel() Landscape {
	return Landscape{
		Name: "six_hump_camel", Title: "Six-hump camel", Formula: "(4 − 2.1x² + x⁴/3)x² + xy + (4y² − 4)y²",
		Note: "Six minima, of which two are global, one the mirror image of the other.",
		Build: func(x, y *ad.Node) *ad.Node {
			x2, y2 := ad.Square(x), ad.Square(y)
			inX := ad.Add(ad.Sub(4, ad.Mul(2.1, x2)), ad.Div(ad.Square(x2), 3))
			inY := ad.Sub(ad.Mul(4, y2), 4)
			return ad.Add(ad.Add(ad.Mul(inX, x2), ad.Mul(x, y)), ad.Mul(inY, y2))
		},
		Domain: Box{X: [2]float64{-2, 2}, Y: [2]float64{-1, 1}}, Start: Point{1, 1}, Starts: []Point{{-1.9, 0.9}},
		Minima: []Critical{
			{At: Point{0.08984201310031807, -0.7126564030207396}, Value: -1.0316284534898774},
			{At: Point{-0.08984201310031807, 0.7126564030207396}, Value: -1.0316284534898774},
			{At: Point{-1.7036067149699807, 0.7960835686726251}, Value: -0.21546382438371725},
			{At: Point{1.7036067149699807, -0.7960835686726251}, Value: -0.21546382438371725},
			{At: Point{-1.6071047529201974, -0.5686514548841314}, Value: 2.1042503103112584},
			{At: Point{1.6071047529201974, 0.5686514548841314}, Value: 2.1042503103112584},
		},
		Maxima: []Critical{
			{At: Point{-1.2302298765166524, -0.1623345844589949}, Value: 2.496295351023577},
			{At: Point{1.2302298765166524, 0.1623345844589949}, Value: 2.496295351023577},
		},
		Saddles: []Critical{
			{At: Point{0, 0}},
			{At: Point{-1.1092053368047865, 0.7682680925095399}, Value: 0.5437186009781853},
			{At: Point{1.1092053368047865, -0.7682680925095399}, Value: 0.5437186009781853},
			{At: Point{1.6380679841897785, 0.22867406904439402}, Value: 2.2293571975307147},
			{At: Point{-1.6380679841897785, -0.22867406904439402}, Value: 2.2293571975307147},
			{At: Point{-1.296070267167109, -0.6050843880386585}, Value: 2.2294708180298595},
			{At: Point{1.296070267167109, 0.6050843880386585}, Value: 2.2294708180298595},
		},
		Complete:  true,
		Reference: "L. C. W. Dixon, G. P. Szegő. Towards Global Optimization 2. North-Holland, 1978; gonum optimize/functions.CamelSix",
	}
}

// StyblinskiTang is a sum of two equal quartics: a lattice of four minima of
// three values.
//
//	f(x, y) = ½(x⁴ − 16x² + 5x + y⁴ − 16y² + 5y)
func StyblinskiTang() Landscape {
	return Landscape{
		Name: "styblinski_tang", Title: "Styblinski–Tang", Formula: "½(x⁴ − 16x² + 5x + y⁴ − 16y² + 5y)",
		Note: "Four minima; a run that starts in the wrong quarter ends 14 or 28 too high.",
		Build: func(x, y *ad.Node) *ad.Node {
			term := func(z *ad.Node) *ad.Node {
				s := ad.Square(z)
				return ad.Add(ad.Sub(ad.Square(s), ad.Mul(16, s)), ad.Mul(5, z))
			}
			return ad.Mul(0.5, ad.Add(term(x), term(y)))
		},
		Domain: around(5), Start: Point{0, 0}, Starts: []Point{{0.7, -1.1}, {4, 4}},
		Minima: []Critical{
			{At: Point{-2.903534027771177, -2.903534027771177}, Value: -78.33233140754282},
			{At: Point{-2.903534027771177, 2.746802770990837}, Value: -64.19561235905536},
			{At: Point{2.746802770990837, -2.903534027771177}, Value: -64.19561235905536},
			{At: Point{2.746802770990837, 2.746802770990837}, Value: -50.05889331056789},
		},
		Maxima: []Critical{
			{At: Point{0.1567312567803401, 0.1567312567803401}, Value: 0.3912247181107161},
		},
		Saddles: []Critical{
			{At: Point{-2.903534027771177, 0.1567312567803401}, Value: -38.97055334471605},
			{At: Point{0.1567312567803401, -2.903534027771177}, Value: -38.97055334471605},
			{At: Point{2.746802770990837, 0.1567312567803401}, Value: -24.833834296228588},
			{At: Point{0.1567312567803401, 2.746802770990837}, Value: -24.833834296228588},
		},
		Complete:  true,
		Reference: "M. A. Styblinski, T.-S. Tang. Experiments in nonconvex optimization. Neural Networks 3(4), 1990",
	}
}

// McCormick is a wave on a tilted trough. Only in its domain does it have a lowest
// value: along x = y it falls for ever, with a minimum in each period.
//
//	f(x, y) = sin(x + y) + (x − y)² − 1.5x + 2.5y + 1
func McCormick() Landscape {
	return Landscape{
		Name: "mccormick", Title: "McCormick", Formula: "sin(x + y) + (x − y)² − 1.5x + 2.5y + 1",
		Note: "A trough with a staircase of minima: outside of the domain it goes on down for ever.",
		Build: func(x, y *ad.Node) *ad.Node {
			trough := ad.Add(ad.Sin(ad.Add(x, y)), ad.Square(ad.Sub(x, y)))
			return ad.Add(ad.Add(ad.Sub(trough, ad.Mul(1.5, x)), ad.Mul(2.5, y)), 1)
		},
		Domain: Box{X: [2]float64{-1.5, 4}, Y: [2]float64{-3, 4}}, Start: Point{3, 3}, Starts: []Point{{-1, 3}},
		Unbounded: true,
		Minima: []Critical{
			{At: Point{-0.5471975511965977, -1.5471975511965979}, Value: -1.9132229549810367},
			{At: Point{2.5943951023931957, 1.5943951023931957}, Value: 1.2283696986087569},
		},
		Saddles: []Critical{
			{At: Point{1.5471975511965979, 0.5471975511965977}, Value: 1.9132229549810364},
		},
		Complete:  true,
		Reference: "G. P. McCormick. Applied Nonlinear Programming, 2nd ed. Wiley, 1982; Jamil and Yang 2013, function 78",
	}
}

// GoldsteinPrice is a product of two polynomials, with values from 3 to a million
// in its domain.
//
//	f(x, y) = (1 + (x + y + 1)²(19 − 14x + 3x² − 14y + 6xy + 3y²))
//	        · (30 + (2x − 3y)²(18 − 32x + 12x² + 48y − 36xy + 27y²))
func GoldsteinPrice() Landscape {
	return Landscape{
		Name: "goldstein_price", Title: "Goldstein–Price",
		Formula: "(1 + (x + y + 1)²(19 − 14x + 3x² − 14y + 6xy + 3y²)) · (30 + (2x − 3y)²(18 − 32x + 12x² + 48y − 36xy + 27y²))",
		Note:    "Four minima at very different heights, and gradients over six orders of magnitude.",
		Build: func(x, y *ad.Node) *ad.Node {
			x2, xy, y2 := ad.Square(x), ad.Mul(x, y), ad.Square(y)
			p := polynomial(x, y, x2, xy, y2, [6]float64{19, -14, 3, -14, 6, 3})
			q := polynomial(x, y, x2, xy, y2, [6]float64{18, -32, 12, 48, -36, 27})
			a := ad.Add(1, ad.Mul(ad.Square(ad.Add(ad.Add(x, y), 1)), p))
			b := ad.Add(30, ad.Mul(ad.Square(ad.Sub(ad.Mul(2, x), ad.Mul(3, y))), q))
			return ad.Mul(a, b)
		},
		Domain: around(2), Start: Point{1, 1}, Starts: []Point{{-1.5, 0.5}},
		Minima: []Critical{
			{At: Point{0, -1}, Value: 3},
			{At: Point{-0.6, -0.4}, Value: 30},
			{At: Point{1.8, 0.2}, Value: 84},
			{At: Point{1.2, 0.8}, Value: 840},
		},
		Maxima: []Critical{
			{At: Point{0.8, 0.2}, Value: 1155},
		},
		Saddles: []Critical{
			{At: Point{-0.4, -0.6}, Value: 35},
			{At: Point{1.2, -0.2}, Value: 99},
			{At: Point{1.4, 0.6}, Value: 980},
			{At: Point{0.6, 0.4}, Value: 990},
		},
		Complete:  true,
		Reference: "A. A. Goldstein, J. F. Price. On descent from local minima. Math. Comp. 25, 1971",
	}
}

// polynomial is c₀ + c₁x + c₂x² + c₃y + c₄xy + c₅y².
func polynomial(x, y, x2, xy, y2 *ad.Node, c [6]float64) *ad.Node {
	sum := ad.Add(c[0], ad.Mul(c[1], x))
	for i, term := range []*ad.Node{x2, y, xy, y2} {
		sum = ad.Add(sum, ad.Mul(c[i+2], term))
	}
	return sum
}
