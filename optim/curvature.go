package optim

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// curvature is a matrix H of second derivatives, for [Newton].
type curvature struct{ *mat.SymDense }

// newCurvature returns the matrix of n×n with the given elements, made symmetric.
func newCurvature(x []float64, n int) (h curvature, err error) {
	if err := wantElements("Newton", "Hessian", x, n*n); err != nil {
		return h, err
	}
	h = curvature{mat.NewSymDense(n, nil)}
	for i := range n {
		for j := i; j < n; j++ {
			v := (x[i*n+j] + x[j*n+i]) / 2
			if !finite(v) {
				return h, fmt.Errorf("optim: Newton: %w: element (%d, %d) of the Hessian is %v", ErrParam, i, j, v)
			}
			h.SetSym(i, j, v)
		}
	}
	return h, nil
}

// solve sets d to −(H + λI)⁻¹g.
func (h curvature) solve(d, g []float64, lambda float64) error {
	n := len(g)
	a := mat.DenseCopyOf(h)
	for i := range n {
		a.Set(i, i, a.At(i, i)+lambda)
	}
	v := mat.NewVecDense(n, d)
	err := v.SolveVec(a, mat.NewVecDense(n, g))
	if c := mat.Condition(0); errors.As(err, &c) && math.IsInf(float64(c), 0) { // others are inexact only
		return fmt.Errorf("optim: Newton: the Hessian is singular; give a damping: %w", err)
	}
	v.ScaleVec(-1, v)
	return nil
}

// solveAbsolute sets d to −(|H| + λI)⁻¹g. Directions without curvature are left out.
func (h curvature) solveAbsolute(d, g []float64, lambda float64) error {
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
	clear(d)
	for k, v := range values {
		scale := math.Abs(v) + lambda
		if scale <= least {
			continue
		}
		along := 0.0
		for i := range g {
			along += q.At(i, k) * g[i]
		}
		for i := range d {
			d[i] -= along / scale * q.At(i, k)
		}
	}
	return nil
}
