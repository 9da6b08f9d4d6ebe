package optim

import (
	"math"
	"math/cmplx"
	"reflect"
)

// Recurrence is what gradient descent, with or without momentum, does on
//
//	L(x) = ½ Σ λᵢ(xᵢ - cᵢ)²
//
// in closed form. A rotation makes this of any quadratic, λᵢ are the eigenvalues of
// its Hessian, and each coordinate goes its own way: with x from now on the distance
// from c and s the rule's buffer, a step multiplies (x, s) by a matrix,
//
//	| 1-ηλ       -ημ  |  | λ    μ       |   of SGD (b = s)
//	| 1-ηλ(1+μ)  -ημ² |  | λ    μ       |   of SGD with Nesterov
//	| 1-ηλ        μ   |  | -ηλ  μ       |   of Momentum (v = s)
//	| 1-ηλ    μ(1-ηλ) |  | -ηλ  μ(1-ηλ) |   of Nesterov
//
// The first two of them have the trace T and the determinant D of the heavy
// ball, as the third, or of Nesterov's method, as the fourth:
//
//	T = 1 + μ - ηλ      D = μ           the heavy ball; gradient descent if μ = 0
//	T = (1+μ)(1-ηλ)     D = μ(1-ηλ)     Nesterov
//	z = (T ± √(T² - 4D))/2              the eigenvalues
//
// and |x| shrinks like the largest |z|ᵗ, its rate.
//
// References: B. Polyak. Some methods of speeding up the convergence of iteration
// methods. 1964. L. Lessard, B. Recht, A. Packard. Analysis and Design of
// Optimization Algorithms via Integral Quadratic Constraints. SIAM J. Optim. 26(1),
// 2016, proposition 1. https://arxiv.org/abs/1408.3595. G. Goh.
// Why Momentum Really Works. Distill, 2017. https://distill.pub/2017/momentum
type Recurrence struct {
	LR       float64 // η
	Momentum float64 // μ
	form     form
}

type form int

const (
	heavyBall     form = iota // SGD
	nesterovSGD               // SGD with Nesterov
	heavyVelocity             // Momentum
	lookingAhead              // Nesterov
)

// OnQuadratic returns the recurrence of an [SGD], [Momentum] or [Nesterov]. Other
// rules, dampening, weight decay, maximize and what Check refuses are errors that
// wrap [ErrOption].
func OnQuadratic(rule Rule) (Recurrence, error) {
	if missingRule(rule) {
		return Recurrence{}, optionErrorf("no rule")
	}
	if err := rule.Check(); err != nil {
		return Recurrence{}, err
	}
	var q Recurrence
	var rest Rule // without what the recurrence has
	switch r := reflect.Indirect(reflect.ValueOf(rule)).Interface().(type) {
	case SGD:
		q = Recurrence{LR: r.LR, Momentum: r.Momentum}
		if r.Nesterov {
			q.form = nesterovSGD
		}
		r.LR, r.Momentum, r.Nesterov = 0, 0, false
		if rest = r; rest == (SGD{}) {
			return q, nil
		}
	case Momentum:
		q = Recurrence{r.LR, r.Momentum, heavyVelocity}
		r.LR, r.Momentum = 0, 0
		if rest = r; rest == (Momentum{}) {
			return q, nil
		}
	case Nesterov:
		q = Recurrence{r.LR, r.Momentum, lookingAhead}
		r.LR, r.Momentum = 0, 0
		if rest = r; rest == (Nesterov{}) {
			return q, nil
		}
	default:
		return q, optionErrorf("%s is not linear on a quadratic: want SGD, Momentum or Nesterov", typeName(reflect.ValueOf(rule)))
	}
	return Recurrence{}, optionErrorf("%s: no closed form with %v", typeName(reflect.ValueOf(rule)), Options(rest))
}

// Matrix returns the matrix that multiplies (x, s) at a step, in rows.
func (q Recurrence) Matrix(lambda float64) [2][2]float64 {
	lr, mu := q.LR, q.Momentum
	h := float64(lr * lambda)
	switch q.form {
	case nesterovSGD:
		return [2][2]float64{{1 - float64(h*(1+mu)), -lr * mu * mu}, {lambda, mu}}
	case heavyVelocity:
		return [2][2]float64{{1 - h, mu}, {-h, mu}}
	case lookingAhead:
		return [2][2]float64{{1 - h, mu * (1 - h)}, {-h, mu * (1 - h)}}
	}
	return [2][2]float64{{1 - h, -lr * mu}, {lambda, mu}}
}

// At returns x after t steps from x₀ with an empty buffer, by the power of the
// matrix in about 2 log₂ t products. A path that diverges ends as Inf or NaN.
func (q Recurrence) At(lambda, x0 float64, t int) float64 {
	a, b := 1.0, 0.0 // first row of the power
	for m := q.Matrix(lambda); t > 0; t >>= 1 {
		if t&1 == 1 {
			a, b = float64(a*m[0][0])+float64(b*m[1][0]), float64(a*m[0][1])+float64(b*m[1][1])
		}
		m = product(m, m)
	}
	return a * x0
}

func product(a, b [2][2]float64) (c [2][2]float64) {
	for i := range c {
		for j := range c {
			c[i][j] = float64(a[i][0]*b[0][j]) + float64(a[i][1]*b[1][j])
		}
	}
	return c
}

// nesterov reports whether trace and determinant are Nesterov's.
func (q Recurrence) nesterov() bool { return q.form == nesterovSGD || q.form == lookingAhead }

// Eigenvalues returns both z, the one with the larger |z| first.
func (q Recurrence) Eigenvalues(lambda float64) (first, second complex128) {
	h := float64(q.LR * lambda)
	t, d := 1+q.Momentum-h, q.Momentum
	if q.nesterov() {
		t, d = (1+q.Momentum)*(1-h), q.Momentum*(1-h)
	}
	disc := float64(t*t) - float64(4*d)
	if disc < 0 {
		im := math.Sqrt(-disc) / 2
		return complex(t/2, im), complex(t/2, -im)
	}
	z := (t + math.Copysign(math.Sqrt(disc), t)) / 2
	if z == 0 {
		return 0, 0
	}
	return complex(z, 0), complex(d/z, 0) // T - z would cancel
}

// Rate returns the largest |z|: |x| shrinks by it at each step in the long run, and
// at a double z a little slower, as t|z|ᵗ. At 1 or more it does not converge.
func (q Recurrence) Rate(lambda float64) float64 {
	z, _ := q.Eigenvalues(lambda)
	return cmplx.Abs(z)
}

// Worst returns the largest Rate for eigenvalues in [least, most]; it is at one of
// the ends.
func (q Recurrence) Worst(least, most float64) float64 {
	return max(q.Rate(least), q.Rate(most))
}

// MaxLR returns the bound of stability: with this momentum the rule converges for
// all λ in (0, most] if 0 < η < MaxLR, and for no larger η,
//
//	(2+2μ)/most             the heavy ball; 2/most for gradient descent
//	(2+2μ)/(1+2μ)/most      Nesterov
//
// and it is 0 for μ >= 1.
func (q Recurrence) MaxLR(most float64) float64 {
	switch {
	case q.Momentum >= 1:
		return 0
	case q.nesterov():
		return (2 + 2*q.Momentum) / (1 + 2*q.Momentum) / most
	}
	return (2 + 2*q.Momentum) / most
}
