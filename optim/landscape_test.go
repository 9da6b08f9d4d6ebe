package optim

import "github.com/downhill-go/downhill/tensor"

// surface is a loss and its gradient, written out in the order of operations
// in which testdata/torch/optim.py and torch's autograd compute them.
type surface[T tensor.Float] func(x, y T) (loss, dx, dy T)

func surfaces[T tensor.Float]() map[string]surface[T] {
	return map[string]surface[T]{
		"ravine":          ravine[T],
		"saddle":          saddle[T],
		"rosenbrock":      rosenbrock[T],
		"himmelblau":      himmelblau[T],
		"beale":           beale[T],
		"booth":           booth[T],
		"styblinski_tang": styblinskiTang[T],
	}
}

func ravine[T tensor.Float](x, y T) (loss, dx, dy T) {
	return 0.5 * (T(x*x) + T(100*T(y*y))), x, 100 * y
}

func saddle[T tensor.Float](x, y T) (loss, dx, dy T) {
	return 0.5 * (T(x*x) - T(y*y)), x, -y
}

func rosenbrock[T tensor.Float](x, y T) (loss, dx, dy T) {
	a, b := 1-x, y-T(x*x)
	db := 200 * b
	return T(a*a) + T(100*T(b*b)), T(-2*a) - T(2*T(db*x)), db
}

func himmelblau[T tensor.Float](x, y T) (loss, dx, dy T) {
	a, b := T(x*x)+y-11, x+T(y*y)-7
	da, db := 2*a, 2*b
	return T(a*a) + T(b*b), T(2*T(da*x)) + db, da + T(2*T(db*y))
}

func beale[T tensor.Float](x, y T) (loss, dx, dy T) {
	yy := T(y * y)
	yyy := T(yy * y)
	a, b, c := 1.5-x+T(x*y), 2.25-x+T(x*yy), 2.625-x+T(x*yyy)
	da, db, dc := 2*a, 2*b, 2*c
	dx = T(da*y) - da + (T(db*yy) - db) + (T(dc*yyy) - dc)
	dy = T(da*x) + T(2*T(db*x)*y) + T(3*T(dc*x)*yy)
	return T(a*a) + T(b*b) + T(c*c), dx, dy
}

func booth[T tensor.Float](x, y T) (loss, dx, dy T) {
	a, b := x+T(2*y)-7, T(2*x)+y-5
	da, db := 2*a, 2*b
	return T(a*a) + T(b*b), da + T(2*db), T(2*da) + db
}

func styblinskiTang[T tensor.Float](x, y T) (loss, dx, dy T) {
	term := func(z T) (v, d T) {
		s := T(z * z)
		return T(s*s) - T(16*s) + T(5*z), T(0.5 * (T(4*T(s*z)) - T(32*z) + 5))
	}
	fx, dx := term(x)
	fy, dy := term(y)
	return 0.5 * (fx + fy), dx, dy
}
