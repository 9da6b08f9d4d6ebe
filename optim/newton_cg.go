package optim

import (
	"errors"
	"math"
)

// NewtonCG is Newton's method without a matrix: the direction is found by conjugate
// gradients, which need products of the matrix of second derivatives with vectors only.
//
//	d: (H + λI)d = −g, until |Hd + λd + g| <= |g|·min(½, √|g|)
//	p ← p + t·d, t by a line search for the strong Wolfe conditions from η on
//
// It stops at the direction it has where it meets negative curvature, and takes −g if
// that is the first. With products of the matrix of Gauss and Newton it is Hessian-free
// optimization.
//
// Product returns H·v at the parameters as they are, for v of all elements in the order
// of the parameters: run a program that keeps autodiff.HVP, or autodiff.GNVP, with v in
// its inputs. Run it with [NewMinimizer]. PyTorch has no such optimizer.
//
// Reference: J. Nocedal, S. Wright. Numerical Optimization, 2nd edition, 2006, Algorithm
// 7.1. J. Martens. Deep Learning via Hessian-Free Optimization. ICML 2010.
type NewtonCG struct {
	LR      float64 `option:"lr"`       // η >= 0
	Damping float64 `option:"damping"`  // λ >= 0
	MaxIter float64 `option:"max_iter"` // products a step; 0 is one for each element

	Product func(v []float64) ([]float64, error)
}

// DefaultNewtonCG returns η = 1 and no damping, for a Product that has to be given.
func DefaultNewtonCG() NewtonCG { return NewtonCG{LR: 1} }

// Check returns an error for every hyperparameter out of its range.
func (r NewtonCG) Check() error {
	return errors.Join(given("NewtonCG", "Product", r.Product),
		nonNegative("NewtonCG", "learning rate", r.LR),
		nonNegative("NewtonCG", "damping", r.Damping),
		count("NewtonCG", "max_iter", r.MaxIter, 0))
}

// Start returns the method; it remembers nothing.
func (r NewtonCG) Start(p *Problem) (Iteration, error) {
	n := len(p.X)
	v := make([]float64, 3*n)
	return &newtonCG{NewtonCG: r, d: v[:n:n], r: v[n : 2*n : 2*n], q: v[2*n:]}, nil
}

type newtonCG struct {
	NewtonCG
	d, r, q []float64 // the direction so far, the residual, the direction of the search for it
	search  wolfe
}

// Method returns the hyperparameters.
func (o *newtonCG) Method() Method { return &o.NewtonCG }

// Memory is empty.
func (o *newtonCG) Memory() Memory { return Memory{} }

// Step makes one move.
func (o *newtonCG) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil || maxAbs(p.G) == 0 {
		return loss, err
	}
	if err := o.solve(p.G); err != nil {
		return loss, err
	}
	_, _, err = o.search.find(p, (*Problem).Eval, o.d, o.LR, loss, dot(p.G, o.d), searches)
	return loss, err
}

// solve sets d.
func (o *newtonCG) solve(g []float64) error {
	clear(o.d)
	for i, e := range g {
		o.r[i], o.q[i] = e, -e
	}
	rr := dot(o.r, o.r)
	size := math.Sqrt(rr)
	target := size * min(0.5, math.Sqrt(size))
	most := int(o.MaxIter)
	if most == 0 {
		most = len(g)
	}
	for k := range most {
		hq, err := o.Product(o.q)
		if err == nil {
			err = wantElements("NewtonCG", "product", hq, len(g))
		}
		if err != nil {
			return err
		}
		curvature := dot(o.q, hq) + o.Damping*dot(o.q, o.q)
		if !(curvature > 0) {
			if k == 0 {
				copy(o.d, o.q)
			}
			return nil
		}
		alpha := rr / curvature
		axpy(alpha, o.q, o.d)
		axpy(alpha, hq, o.r)
		axpy(alpha*o.Damping, o.q, o.r)
		next := dot(o.r, o.r)
		if math.Sqrt(next) <= target {
			return nil
		}
		beta := next / rr
		rr = next
		for i := range o.q {
			o.q[i] = float64(beta*o.q[i]) - o.r[i]
		}
	}
	return nil
}
