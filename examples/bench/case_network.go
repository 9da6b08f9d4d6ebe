package main

import (
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
)

// mlp is a network of fully connected layers: on labels with the softmax cross-entropy
// and rectifiers, or on numbers with the mean squared error and tanh.
type mlp struct {
	batch   int
	layers  []int
	classes bool
}

var (
	tinyMLP  = mlp{32, []int{2, 16, 16, 1}, false}
	smallMLP = mlp{64, []int{64, 128, 10}, true}
	bigMLP   = mlp{128, []int{784, 512, 256, 10}, true}
)

// networkCases are training steps of networks.
func networkCases() []*benchCase {
	return []*benchCase{
		tinyMLP.benchCase("mlp-tiny", "MLP 2-16-16-1, batch 32, tanh, MSE, float32, Adam", same(3*us)),
		smallMLP.benchCase("mlp-small", "MLP 64-128-10, batch 64, cross-entropy, float32, Adam", same(35*us)),
		bigMLP.benchCase("mlp-big", "MLP 784-512-256-10, batch 128, cross-entropy, float32, Adam", goal{3.1 * ms, 1.75 * ms}),
	}
}

func (m mlp) benchCase(name, title string, g goal) *benchCase {
	return &benchCase{name: name, title: title, dtype: tensor.Float32, adam: true, flops: m.flops(), goal: g, ours: m.ours, stock: m.stock}
}

// flops counts the products: forward, gradients of weights, and of the inputs of all
// layers but the first.
func (m mlp) flops() float64 {
	sum := 0
	for i, n := range m.layers[1:] {
		products := 3
		if i == 0 {
			products = 2
		}
		sum += products * 2 * m.batch * m.layers[i] * n
	}
	return float64(sum)
}

func (m mlp) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	h := l.input(m.batch, m.layers[0])
	last := len(m.layers) - 1
	for i, n := range m.layers[1:] {
		h = ad.Add(ad.MatMul(h, l.weight(m.layers[i], m.layers[i], n)), l.weight(m.layers[i], n))
		switch {
		case i+1 == last:
		case m.classes:
			h = ad.Relu(h)
		default:
			h = ad.Tanh(h)
		}
	}
	if m.classes {
		return l.model(nn.CrossEntropyLoss(h, l.labels(m.batch, m.layers[last])))
	}
	return l.model(nn.MSELoss(h, l.input(m.batch, m.layers[last])))
}

func (m mlp) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	h := l.input(m.batch, m.layers[0])
	last := len(m.layers) - 1
	for i, n := range m.layers[1:] {
		product := must(gorgonia.Mul(h, l.weight(m.layers[i], m.layers[i], n)))
		h = must(gorgonia.BroadcastAdd(product, l.weight(m.layers[i], n), nil, []byte{0}))
		switch {
		case i+1 == last:
		case m.classes:
			h = must(gorgonia.Rectify(h))
		default:
			h = must(gorgonia.Tanh(h))
		}
	}
	if m.classes {
		return l.model(stockCrossEntropy(dt, h, l.hot(m.batch, m.layers[last])))
	}
	d := must(gorgonia.Sub(h, l.input(m.batch, m.layers[last])))
	return l.model(must(gorgonia.Mean(must(gorgonia.Square(d)))))
}

// stockCrossEntropy is the mean cross-entropy of the softmax, as programs for gorgonia
// write it: the labels are rows with a one.
func stockCrossEntropy(dt tensor.Dtype, logits, hot *gorgonia.Node) *gorgonia.Node {
	logP := must(gorgonia.Log(must(gorgonia.SoftMax(logits))))
	sum := must(gorgonia.Sum(must(gorgonia.HadamardProd(hot, logP))))
	return must(gorgonia.Mul(sum, constant(dt, -1/float64(logits.Shape()[0]))))
}
