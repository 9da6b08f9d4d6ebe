package main

import (
	"fmt"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// normCases are layer norms of n rows with their gradients. The loss is the sum of all
// that comes out, each times a given number, so that the gradient there is given.
func normCases() []*benchCase {
	var all []*benchCase
	for _, s := range []struct {
		n, width int
		goal     goal
	}{{128, 256, same(13 * us)}, {4096, 1024, goal{more: 2.6 * ms}}} {
		size := fmt.Sprintf("%dx%d", s.n, s.width)
		c := layerNorm{s.n, s.width}
		all = append(all, &benchCase{
			name: "layernorm-" + size, title: "layer norm " + size + ", forward and backward, float32",
			dtype: tensor.Float32, goal: s.goal, bytes: inMemory(3 * s.n * s.width), ours: c.ours, stock: c.stock,
		})
	}
	return all
}

type layerNorm struct{ n, width int }

func (c layerNorm) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x, scale, bias := l.param(4, c.n, c.width), l.param(1, c.width), l.param(1, c.width)
	return l.model(ad.Sum(ad.Mul(ad.LayerNorm(x, scale, bias, 1e-5), l.input(c.n, c.width))))
}

func (c layerNorm) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x, scale, bias := l.param(4, c.n, c.width), l.param(1, c.width), l.param(1, c.width)
	column := func(n *gorgonia.Node) *gorgonia.Node { return must(gorgonia.Reshape(n, tensor.Shape{c.n, 1})) }
	d := must(gorgonia.BroadcastSub(x, column(must(gorgonia.Mean(x, 1))), nil, []byte{1}))
	variance := must(gorgonia.Mean(must(gorgonia.Square(d)), 1))
	deviation := must(gorgonia.Sqrt(must(gorgonia.Add(variance, constant(dt, 1e-5)))))
	y := must(gorgonia.BroadcastHadamardDiv(d, column(deviation), nil, []byte{1}))
	y = must(gorgonia.BroadcastHadamardProd(y, scale, nil, []byte{0}))
	y = must(gorgonia.BroadcastAdd(y, bias, nil, []byte{0}))
	return l.model(must(gorgonia.Sum(must(gorgonia.HadamardProd(y, l.input(c.n, c.width))))))
}
