package landscapes

import (
	ad "github.com/downhill-go/downhill/autodiff"
)

// square box from -r to r.
func around(r float64) Box { return Box{X: [2]float64{-r, r}, Y: [2]float64{-r, r}} }

// Bowl is a convex quadratic whose two curvatures, 1 and 3, are near each other:
// plain gradient descent does well on it. The coefficients are our choice.
//
//	f(x, y) = ½(x² + 3y²)
func Bowl() Landscape {
	return Landscape{
		Name: "bowl", Title: "Bowl", Formula: "½(x² + 3y²)",
		Note:   "Convex and well conditioned: every optimizer arrives, plain gradient descent without detours.",
		Build:  func(x, y *ad.Node) *ad.Node { return ad.Mul(0.5, ad.Add(ad.Square(x), ad.Mul(3, ad.Square(y)))) },
		Domain: around(4), Start: Point{-3.5, 2.5}, Starts: []Point{{3, 3}},
		Minima: []Critical{{At: Point{0, 0}}}, Complete: true, Convex: true,
		Reference: "Downhill; any positive definite quadratic form will do",
	}
}

// Ravine is the quadratic with curvatures 1 and 100. Gradient descent is stable
// for learning rates below 2/100, and at those it creeps along the valley.
//
//	f(x, y) = ½(x² + 100y²)
func Ravine() Landscape {
	return Landscape{
		Name: "ravine", Title: "Ravine", Formula: "½(x² + 100y²)",
		Note:   "Condition number 100: the learning rate that the steep walls allow (below 0.02) is slow along the floor.",
		Build:  func(x, y *ad.Node) *ad.Node { return ad.Mul(0.5, ad.Add(ad.Square(x), ad.Mul(100, ad.Square(y)))) },
		Domain: Box{X: [2]float64{-10, 10}, Y: [2]float64{-2, 2}}, Start: Point{-9, -1}, Starts: []Point{{8, 1.5}},
		Minima: []Critical{{At: Point{0, 0}}}, Complete: true, Convex: true,
		Reference: "B. T. Polyak. Some methods of speeding up the convergence of iteration methods. USSR Comp. Math. and Math. Phys. 4(5), 1964",
	}
}

// Saddle is the simplest saddle point, with curvatures 1 and -1: how fast does an
// optimizer leave the ridge y = 0?
//
//	f(x, y) = ½(x² − y²)
func Saddle() Landscape {
	return Landscape{
		Name: "saddle", Title: "Saddle", Formula: "½(x² − y²)",
		Note:   "There is no minimum: the aim is to get away along y. A start with y = 0 never does without noise.",
		Build:  func(x, y *ad.Node) *ad.Node { return ad.Mul(0.5, ad.Sub(ad.Square(x), ad.Square(y))) },
		Domain: around(2), Start: Point{-1.8, 0.01}, Starts: []Point{{-1.8, 0}},
		Saddles: []Critical{{At: Point{0, 0}}}, Complete: true, Unbounded: true,
		Reference: "Y. Dauphin et al. Identifying and attacking the saddle point problem in high-dimensional non-convex optimization. NeurIPS 2014",
	}
}

// MonkeySaddle is a saddle with three ways down. At its centre the Hessian is
// zero, so second derivatives tell nothing.
//
//	f(x, y) = x³ − 3xy²
func MonkeySaddle() Landscape {
	return Landscape{
		Name: "monkey_saddle", Title: "Monkey saddle", Formula: "x³ − 3xy²",
		Note: "A degenerate critical point: gradient and Hessian vanish, and there are three ways down.",
		Build: func(x, y *ad.Node) *ad.Node {
			return ad.Sub(ad.Mul(ad.Square(x), x), ad.Mul(3, ad.Mul(x, ad.Square(y))))
		},
		Domain: around(2), Start: Point{1, 0.01}, Starts: []Point{{1, 0}},
		Saddles: []Critical{{At: Point{0, 0}, Degenerate: true}}, Complete: true, Unbounded: true,
		Reference: "D. Hilbert, S. Cohn-Vossen. Anschauliche Geometrie. Springer, 1932",
	}
}

// Rosenbrock is the banana valley: easy to find, slow to follow.
//
//	f(x, y) = (1 − x)² + 100(y − x²)²
func Rosenbrock() Landscape {
	l := banana(100)
	l.Name, l.Title, l.Formula = "rosenbrock", "Rosenbrock", "(1 − x)² + 100(y − x²)²"
	l.Start, l.Starts = Point{-1.2, 1}, []Point{{-2, 2}}
	return l
}

// Rosenbrock20 is [Rosenbrock] with less steep walls.
//
//	f(x, y) = (1 − x)² + 20(y − x²)²
func Rosenbrock20() Landscape {
	l := banana(20)
	l.Name, l.Title, l.Formula = "rosenbrock20", "Rosenbrock, steepness 20", "(1 − x)² + 20(y − x²)²"
	l.Start, l.Starts = Point{-2, 2}, []Point{{-1.2, 1}}
	return l
}

// banana is (1 − x)² + c(y − x²)².
func banana(c float64) Landscape {
	return Landscape{
		Note: "A curved valley: reaching it is easy, following it to the minimum takes many small steps.",
		Build: func(x, y *ad.Node) *ad.Node {
			return ad.Add(ad.Square(ad.Sub(1, x)), ad.Mul(c, ad.Square(ad.Sub(y, ad.Square(x)))))
		},
		Domain: Box{X: [2]float64{-2, 2}, Y: [2]float64{-1, 3}},
		Minima: []Critical{{At: Point{1, 1}}}, Complete: true,
		Reference: "H. H. Rosenbrock. An automatic method for finding the greatest or least value of a function. Computer Journal 3, 1960",
	}
}

// Booth is a convex quadratic whose axes are not those of x and y, which is hard
// for optimizers that scale each coordinate on its own.
//
//	f(x, y) = (x + 2y − 7)² + (2x + y − 5)²
func Booth() Landscape {
	return Landscape{
		Name: "booth", Title: "Booth", Formula: "(x + 2y − 7)² + (2x + y − 5)²",
		Note: "Convex, with its axes at 45° to those of x and y: scaling each coordinate on its own does not help.",
		Build: func(x, y *ad.Node) *ad.Node {
			a := ad.Sub(ad.Add(x, ad.Mul(2, y)), 7)
			b := ad.Sub(ad.Add(ad.Mul(2, x), y), 5)
			return ad.Add(ad.Square(a), ad.Square(b))
		},
		Domain: around(10), Start: Point{-8, 8}, Starts: []Point{{-4, 6}},
		Minima: []Critical{{At: Point{1, 3}}}, Complete: true, Convex: true,
		Reference: "M. Jamil, X.-S. Yang. A literature survey of benchmark functions for global optimisation problems. Int. J. Math. Model. Numer. Optim. 4(2), 2013, function 17",
	}
}

// Beale has a flat valley between steep corners.
//
//	f(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²
func Beale() Landscape {
	return Landscape{
		Name: "beale", Title: "Beale", Formula: "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
		Note: "Nearly flat around the minimum and very steep in the corners: one learning rate does not fit both.",
		Build: func(x, y *ad.Node) *ad.Node {
			term := func(c float64, power *ad.Node) *ad.Node {
				return ad.Square(ad.Add(ad.Sub(c, x), ad.Mul(x, power)))
			}
			y2 := ad.Square(y)
			return ad.Add(ad.Add(term(1.5, y), term(2.25, y2)), term(2.625, ad.Mul(y2, y)))
		},
		Domain: around(4.5), Start: Point{1, 1}, Starts: []Point{{1, 1.5}, {-3, -1}},
		Minima: []Critical{
			{At: Point{3, 0.5}},
		},
		Saddles: []Critical{
			{At: Point{0.10053793732415846, -2.644513585023124}, Value: 9.86451228475556},
			{At: Point{0, 1}, Value: 14.203125},
		},
		Complete:  true,
		Reference: "E. M. L. Beale. On an iterative method for finding a local minimum of a function of more than one variable. Tech. Rep. 25, Princeton, 1958; gonum optimize/functions.Beale",
	}
}

// Himmelblau has four minima of the same value, a maximum between them and four
// saddles: the start decides which is found.
//
//	f(x, y) = (x² + y − 11)² + (x + y² − 7)²
func Himmelblau() Landscape {
	return Landscape{
		Name: "himmelblau", Title: "Himmelblau", Formula: "(x² + y − 11)² + (x + y² − 7)²",
		Note: "Four equal minima: the start and the optimizer's momentum decide which one is found.",
		Build: func(x, y *ad.Node) *ad.Node {
			a := ad.Sub(ad.Add(ad.Square(x), y), 11)
			b := ad.Sub(ad.Add(x, ad.Square(y)), 7)
			return ad.Add(ad.Square(a), ad.Square(b))
		},
		Domain: around(5), Start: Point{0, 0}, Starts: []Point{{4.5, 4}, {-0.5, -1.2}},
		Minima: []Critical{
			{At: Point{3, 2}},
			{At: Point{-2.805118086952745, 3.131312518250573}},
			{At: Point{-3.779310253377747, -3.283185991286169}},
			{At: Point{3.5844283403304917, -1.8481265269644036}},
		},
		Maxima: []Critical{
			{At: Point{-0.2708445906673476, -0.9230385564799813}, Value: 181.6165215225827},
		},
		Saddles: []Critical{
			{At: Point{3.385154183607021, 0.07385187983774931}, Value: 13.311926270405587},
			{At: Point{0.08667750455539634, 2.884254701174776}, Value: 67.71915008752613},
			{At: Point{-3.0730257507643897, -0.08135304428796747}, Value: 104.01516291755811},
			{At: Point{-0.12796134673068005, -1.9537149802445766}, Value: 178.33723920192745},
		},
		Complete:  true,
		Reference: "D. M. Himmelblau. Applied Nonlinear Programming. McGraw-Hill, 1972",
	}
}
