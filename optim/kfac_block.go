package optim

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// kfacBlock is the block of the Fisher matrix of one layer.
type kfacBlock struct {
	layer        int
	in, out      int
	weight, bias int           // where they start in the vector of elements; bias is -1 without one
	a, g         *mat.SymDense // A and G
	nextA, nextG *mat.SymDense // those of the step that is being made
	invA, invG   *mat.SymDense // inverses of the damped ones
	newA, newG   *mat.SymDense // likewise, being made
	grad, v, tmp *mat.Dense    // (out, dim A)
}

// allocate makes the matrices, for A of da×da.
func (b *kfacBlock) allocate(da int) {
	for _, m := range []**mat.SymDense{&b.a, &b.nextA, &b.invA, &b.newA} {
		*m = mat.NewSymDense(da, nil)
	}
	for _, m := range []**mat.SymDense{&b.g, &b.nextG, &b.invG, &b.newG} {
		*m = mat.NewSymDense(b.out, nil)
	}
	for _, m := range []**mat.Dense{&b.grad, &b.v, &b.tmp} {
		*m = mat.NewDense(b.out, da, nil)
	}
}

// estimate sets nextA and nextG.
func (b *kfacBlock) estimate(r *KFAC, k int) error {
	a, n, err := examplesOf(r.Layers[b.layer].Input, "input", b.in)
	if err != nil {
		return err
	}
	g, m, err := examplesOf(r.Layers[b.layer].OutputGrad, "output gradient", b.out)
	if err != nil {
		return err
	}
	if m != n {
		return fmt.Errorf("%w: the input has %d rows, the output gradient %d", tensor.ErrShape, n, m)
	}
	if b.bias >= 0 {
		a1 := mat.NewDense(n, b.in+1, nil)
		a1.Slice(0, n, 0, b.in).(*mat.Dense).Copy(a)
		for i := range n {
			a1.Set(i, b.in, 1)
		}
		a = a1
	}
	scale := 1 / float64(n)
	if r.BatchAveraged {
		scale = float64(n) // mean((n·g)(n·g)ᵀ)
	}
	eps := min(1-1/float64(k), r.StatDecay)
	b.nextA.ScaleSym(eps, b.a)
	b.nextA.SymRankK(b.nextA, (1-eps)/float64(n), a.T())
	b.nextG.ScaleSym(eps, b.g)
	b.nextG.SymRankK(b.nextG, (1-eps)*scale, g.T())
	if !finite(mat.Trace(b.nextA)) || !finite(mat.Trace(b.nextG)) {
		return errors.New("the factor A or G is not finite")
	}
	return nil
}

// examplesOf returns the value as a matrix of n rows.
func examplesOf(of gorgonia.Valuer, what string, columns int) (*mat.Dense, int, error) {
	v := of.Value()
	if missing(v) {
		return nil, 0, fmt.Errorf("the %s has no value; is it kept?", what)
	}
	shape := v.Shape()
	if len(shape) != 2 || shape[0] < 1 || shape[1] != columns {
		return nil, 0, fmt.Errorf("%w: the %s has shape %v, want (n, %d)", tensor.ErrShape, what, shape, columns)
	}
	x, err := tensor.Float64s(v)
	if err != nil {
		return nil, 0, fmt.Errorf("the %s: %w", what, err)
	}
	for i, e := range x {
		if !finite(e) {
			return nil, 0, fmt.Errorf("element (%d, %d) of the %s is %v", i/columns, i%columns, what, e)
		}
	}
	return mat.NewDense(shape[0], columns, x), shape[0], nil
}

// invert sets newA and newG.
func (b *kfacBlock) invert(damping float64) error {
	da, dg := b.nextA.SymmetricDim(), b.nextG.SymmetricDim()
	pi := math.Sqrt((mat.Trace(b.nextA) / float64(da)) / (mat.Trace(b.nextG) / float64(dg)))
	if !finite(pi) || pi == 0 {
		pi = 1
	}
	gamma := math.Sqrt(damping)
	if err := dampedInverse(b.newA, b.nextA, pi*gamma); err != nil {
		return fmt.Errorf("factor A: %w", err)
	}
	if err := dampedInverse(b.newG, b.nextG, gamma/pi); err != nil {
		return fmt.Errorf("factor G: %w", err)
	}
	return nil
}

// dampedInverse sets to to (m + λI)⁻¹.
func dampedInverse(to, m *mat.SymDense, lambda float64) error {
	to.CopySym(m)
	for i := range m.SymmetricDim() {
		to.SetSym(i, i, to.At(i, i)+lambda)
	}
	var c mat.Cholesky
	if !c.Factorize(to) {
		return errors.New("the matrix has no inverse; give a damping")
	}
	var ill mat.Condition // an inverse that is inexact only
	if err := c.InverseTo(to); err != nil && (!errors.As(err, &ill) || math.IsInf(float64(ill), 0)) {
		return fmt.Errorf("the matrix has no inverse; give a damping: %w", err)
	}
	return nil
}

// exchange copies between the elements of the layer in x and the matrix [W b], from x to m
// or back.
func (b *kfacBlock) exchange(x []float64, m *mat.Dense, back bool) {
	for i := range b.out {
		row := m.RawRowView(i)
		w := x[b.weight+i*b.in:][:b.in]
		if back {
			copy(w, row)
		} else {
			copy(row, w)
		}
		switch {
		case b.bias < 0:
		case back:
			x[b.bias+i] = row[b.in]
		default:
			row[b.in] = x[b.bias+i]
		}
	}
}
