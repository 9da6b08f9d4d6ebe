package optim

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Newton is Newton's method. With H the matrix of second derivatives,
//
//	d ← −(H + λI)⁻¹g, or −(|H| + λI)⁻¹g if SaddleFree
//	p ← p + η·d, or t·d of a line search from η on if LineSearch
//
// |H| has the absolute values of H's eigenvalues: d goes downhill in every direction, away
// from saddles, which plain Newton runs into. Where plain d does not go downhill, and a
// line search is asked for, that takes SaddleFree's. With the matrix of Gauss and Newton
// in place of H it is their method: positive semidefinite, without second derivatives of
// the model.
//
// Hessian returns the matrix at the parameters as they are, row by row, of all elements
// in the order of the parameters: run a program that keeps autodiff.Hessian, and return
// the elements of its value. It is called once a step. Run Newton with [NewMinimizer].
// PyTorch has no such optimizer.
//
// Reference: J. Nocedal, S. Wright. Numerical Optimization, 2nd edition, 2006, section
// 3.3. Y. Dauphin and others. Identifying and Attacking the Saddle Point Problem in
// High-Dimensional Non-Convex Optimization. NIPS 2014, Algorithm 1.
type Newton struct {
	LR         float64 `option:"lr"`          // η >= 0
	Damping    float64 `option:"damping"`     // λ >= 0
	SaddleFree bool    `option:"saddle_free"` // absolute values of the eigenvalues
	LineSearch bool    `option:"line_search"` // for the strong Wolfe conditions

	Hessian func() ([]float64, error)
}

// DefaultNewton returns η = 1 and no damping, for a Hessian that has to be given.
func DefaultNewton() Newton { return Newton{LR: 1} }

// Check returns an error for every hyperparameter out of its range.
func (r Newton) Check() error {
	var missing error
	if r.Hessian == nil {
		missing = &OptionError{Rule: "Newton", Text: "no Hessian is given", bare: true}
	}
	return errors.Join(missing,
		nonNegative("Newton", "learning rate", r.LR),
		nonNegative("Newton", "damping", r.Damping))
}

// Start returns the method; it remembers nothing.
func (r Newton) Start(p *Problem) (Iteration, error) {
	return &newton{Newton: r, d: make([]float64, len(p.X))}, nil
}

type newton struct {
	Newton
	d      []float64
	search wolfe
}

// Method returns the hyperparameters.
func (o *newton) Method() Method { return &o.Newton }

// Memory is empty.
func (o *newton) Memory() Memory { return Memory{} }

// searches is the number of evaluations in a line search.
const searches = 25

// Step makes one move.
func (o *newton) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil {
		return loss, err
	}
	if maxAbs(p.G) == 0 {
		return loss, nil
	}
	h, err := o.matrix(len(p.X))
	if err != nil {
		return loss, err
	}
	err = o.solve(h, p.G)
	if slope := dot(p.G, o.d); o.LineSearch && (err != nil || !(slope < 0)) {
		err = o.solveAbsolute(h, p.G)
	}
	if err != nil {
		return loss, err
	}
	if !o.LineSearch {
		axpy(o.LR, o.d, p.X)
		return loss, nil
	}
	_, _, err = o.search.find(p, (*Problem).Eval, o.d, o.LR, loss, dot(p.G, o.d), searches)
	return loss, err
}

// matrix returns the Hessian, made symmetric.
func (o *newton) matrix(n int) (*mat.SymDense, error) {
	x, err := o.Hessian()
	if err != nil {
		return nil, err
	}
	if len(x) != n*n {
		return nil, fmt.Errorf("optim: Newton: %w: the Hessian has %d elements, want %d for %d parameters", ErrParam, len(x), n*n, n)
	}
	h := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			v := (x[i*n+j] + x[j*n+i]) / 2
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("optim: Newton: %w: element (%d, %d) of the Hessian is %v", ErrParam, i, j, v)
			}
			h.SetSym(i, j, v)
		}
	}
	return h, nil
}

// solve sets d to the direction of the method.
func (o *newton) solve(h *mat.SymDense, g []float64) error {
	if o.SaddleFree {
		return o.solveAbsolute(h, g)
	}
	n := len(g)
	a := mat.NewDense(n, n, nil)
	a.Copy(h)
	for i := range n {
		a.Set(i, i, a.At(i, i)+o.Damping)
	}
	d := mat.NewVecDense(n, o.d)
	err := d.SolveVec(a, mat.NewVecDense(n, g))
	if c := mat.Condition(0); errors.As(err, &c) && math.IsInf(float64(c), 0) { // others are inexact only
		return fmt.Errorf("optim: Newton: the Hessian is singular; give a damping: %w", err)
	}
	d.ScaleVec(-1, d)
	return nil
}

// solveAbsolute sets d to −(|H| + λI)⁻¹g. Directions without curvature are left out.
func (o *newton) solveAbsolute(h *mat.SymDense, g []float64) error {
	var eigen mat.EigenSym
	if !eigen.Factorize(h, true) {
		return errors.New("optim: Newton: the eigenvalues of the Hessian were not found")
	}
	var q mat.Dense
	eigen.VectorsTo(&q)
	values := eigen.Values(nil)
	least := 0.0
	for _, v := range values {
		least = max(least, 1e-14*math.Abs(v))
	}
	clear(o.d)
	for k, v := range values {
		scale := math.Abs(v) + o.Damping
		if scale <= least {
			continue
		}
		along := 0.0
		for i := range g {
			along += q.At(i, k) * g[i]
		}
		for i := range o.d {
			o.d[i] -= along / scale * q.At(i, k)
		}
	}
	return nil
}
