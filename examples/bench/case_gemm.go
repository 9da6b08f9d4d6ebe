package main

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// square is the product of two square matrices.
type square int

func gemmCases() []*benchCase {
	const n = square(512)
	c := []*benchCase{
		{name: "sgemm-512", title: "matrix product 512×512×512, float32", dtype: tensor.Float32, share: goal{0.93, 0.90}},
		{name: "dgemm-512", title: "matrix product 512×512×512, float64", dtype: tensor.Float64, share: goal{0.88, 0.88}},
	}
	for _, c := range c {
		c.flops, c.ours, c.stock = n.flops(), n.ours, n.stock
		c.gonum = n.gonum
	}
	return c
}

func (n square) flops() float64 { return 2 * float64(n*n*n) }

func (n square) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	return l.model(ad.MatMul(l.input(int(n), int(n)), l.input(int(n), int(n))))
}

func (n square) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	return l.model(must(gorgonia.Mul(l.input(int(n), int(n)), l.input(int(n), int(n)))))
}

// gonum is the product by gonum's BLAS, which is Go too.
func (n square) gonum(dt tensor.Dtype) (*workload, error) {
	size := int(n)
	a, b, c := array(dt, 0, 2, size, size), array(dt, 1, 2, size, size), array(dt, 2, 0, size, size)
	var step func() error
	if dt == tensor.Float32 {
		x, y, z := general32(a), general32(b), general32(c)
		step = func() error { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, x, y, 0, z); return nil }
	} else {
		x, y, z := general64(a), general64(b), general64(c)
		step = func() error { blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, x, y, 0, z); return nil }
	}
	return &workload{step: step, check: func() (reading, error) {
		if err := step(); err != nil {
			return reading{}, err
		}
		return readingOf(c, nil)
	}}, nil
}

func general32(t *tensor.Dense) blas32.General {
	s := t.Shape()
	return blas32.General{Rows: s[0], Cols: s[1], Stride: s[1], Data: t.Data().([]float32)}
}

func general64(t *tensor.Dense) blas64.General {
	s := t.Shape()
	return blas64.General{Rows: s[0], Cols: s[1], Stride: s[1], Data: t.Data().([]float64)}
}
