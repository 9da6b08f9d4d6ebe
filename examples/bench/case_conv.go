package main

import (
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
)

// convNet is a network for square images of one channel: twice a convolution of 3×3,
// a rectifier and a pool of 2×2, then a fully connected layer for ten classes.
type convNet struct{ batch, side int }

func convCases() []*benchCase {
	c := convNet{64, 28}
	return []*benchCase{{
		name: "conv", title: "conv net 1-16-32 on 28×28, batch 64, cross-entropy, float32, Adam", dtype: tensor.Float32, adam: true,
		flops: c.flops(), goal: goal{4.5 * ms, 2.5 * ms}, ours: c.ours, stock: c.stock,
	}}
}

func (c convNet) flops() float64 {
	first, second := c.side*c.side*9*16, c.side*c.side/4*9*16*32
	return float64(2 * c.batch * (2*first + 3*second + 3*c.features()*10))
}

func (c convNet) features() int { return 32 * (c.side / 4) * (c.side / 4) }

func (c convNet) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	h := l.input(c.batch, 1, c.side, c.side)
	same, halve := ad.Conv2dOptions{Padding: [2]int{1, 1}}, ad.Pool2dOptions{Kernel: [2]int{2, 2}}
	h = ad.MaxPool2d(ad.Relu(ad.Conv2d(h, l.weight(9, 16, 1, 3, 3), l.weight(9, 16), same)), halve)
	h = ad.MaxPool2d(ad.Relu(ad.Conv2d(h, l.weight(144, 32, 16, 3, 3), l.weight(144, 32), same)), halve)
	h = ad.Reshape(h, c.batch, -1)
	n := c.features()
	h = ad.Add(ad.MatMul(h, l.weight(n, n, 10)), l.weight(n, 10))
	return l.model(nn.CrossEntropyLoss(h, l.labels(c.batch, 10)))
}

func (c convNet) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	h := l.input(c.batch, 1, c.side, c.side)
	layer := func(h *gorgonia.Node, in, out int) *gorgonia.Node {
		w, b := l.weight(9*in, out, in, 3, 3), l.weight(9*in, out)
		y := must(gorgonia.Conv2d(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		b = must(gorgonia.Reshape(b, tensor.Shape{1, out, 1, 1}))
		y = must(gorgonia.BroadcastAdd(y, b, nil, []byte{0, 2, 3}))
		return must(gorgonia.MaxPool2D(must(gorgonia.Rectify(y)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}
	h = layer(layer(h, 1, 16), 16, 32)
	n := c.features()
	h = must(gorgonia.Reshape(h, tensor.Shape{c.batch, n}))
	h = must(gorgonia.BroadcastAdd(must(gorgonia.Mul(h, l.weight(n, n, 10))), l.weight(n, 10), nil, []byte{0}))
	return l.model(stockCrossEntropy(dt, h, l.hot(c.batch, 10)))
}
