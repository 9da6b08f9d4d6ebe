package main

import (
	"math"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// attention is scaled dot product attention with its gradients, by several heads. The
// loss is the mean square of what comes out.
type attention struct{ heads, length, width int }

func attentionCases() []*benchCase {
	c := attention{8, 128, 64}
	return []*benchCase{{
		name: "attention", title: "attention 8×128×64, forward and backward, float32", dtype: tensor.Float32,
		flops: c.flops(), ours: c.ours, stock: c.stock,
	}}
}

// flops counts two products forward and four backward.
func (c attention) flops() float64 { return float64(6 * 2 * c.heads * c.length * c.length * c.width) }

func (c attention) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	q, k, v := c.param(&l), c.param(&l), c.param(&l)
	return l.model(ad.Mean(ad.Square(ad.ScaledDotProductAttention(q, k, v, nil, false))))
}

func (c attention) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	q, k, v := c.param(&l), c.param(&l), c.param(&l)
	scores := must(gorgonia.BatchedMatMul(q, k, false, true))
	scores = must(gorgonia.Mul(scores, constant(dt, 1/math.Sqrt(float64(c.width)))))
	y := must(gorgonia.BatchedMatMul(must(gorgonia.SoftMax(scores, 2)), v))
	return l.model(must(gorgonia.Mean(must(gorgonia.Square(y)))))
}

func (c attention) param(l *leaves) *ad.Node { return l.param(4, c.heads, c.length, c.width) }
