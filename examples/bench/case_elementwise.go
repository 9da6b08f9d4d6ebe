package main

import (
	"fmt"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// elementwiseCases are what is computed of each element, with its gradient: an activation whose result is
// weighted by a given number each, and a loss.
func elementwiseCases() []*benchCase {
	act, mse := activation{128, 1024}, squares{1024, 1024}
	size := fmt.Sprintf("%dx%d", act.n, act.width)
	of := &benchCase{name: "gelu-" + size, title: "gelu " + size + ", forward and backward, float32", dtype: tensor.Float32, ours: act.ours}
	size = fmt.Sprintf("%dx%d", mse.n, mse.width)
	return []*benchCase{of, {
		name: "mse-" + size, title: "mean of squares " + size + ", forward and backward, float32",
		dtype: tensor.Float32, ours: mse.ours, stock: mse.stock,
	}}
}

type activation struct{ n, width int }

func (c activation) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x := l.param(4, c.n, c.width)
	return l.model(ad.Sum(ad.Mul(ad.Gelu(x), l.input(c.n, c.width))))
}

type squares struct{ n, width int }

func (c squares) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x := l.param(4, c.n, c.width)
	return l.model(ad.Mean(ad.Square(ad.Sub(x, l.input(c.n, c.width)))))
}

func (c squares) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x := l.param(4, c.n, c.width)
	return l.model(must(gorgonia.Mean(must(gorgonia.Square(must(gorgonia.Sub(x, l.input(c.n, c.width))))))))
}
