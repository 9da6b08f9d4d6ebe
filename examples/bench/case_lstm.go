package main

import (
	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// lstm is a recurrent network, written out step by step as a graph: many nodes, and
// products of middle size. The loss is the mean square of the last state.
type lstm struct{ batch, input, hidden, steps int }

func lstmCases() []*benchCase {
	c := lstm{32, 32, 128, 20}
	return []*benchCase{{
		name: "lstm", title: "LSTM 32-128, 20 steps, batch 32, float32, Adam", dtype: tensor.Float32, adam: true,
		flops: c.flops(), ours: c.ours, stock: c.stock,
	}}
}

func (c lstm) flops() float64 {
	return float64(2 * c.batch * 4 * c.hidden * (c.steps*2*c.input + (c.steps-1)*3*c.hidden))
}

// Gates i, f, g, o lie beside each other, as in PyTorch.
//
//	c ← σ(f)c + σ(i)tanh(g), h ← σ(o)tanh(c)
func (c lstm) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	xs := l.input(c.steps, c.batch, c.input)
	w, u := l.weight(c.hidden, c.input, 4*c.hidden), l.weight(c.hidden, c.hidden, 4*c.hidden)
	b := l.weight(c.hidden, 4*c.hidden)
	var h, state *ad.Node
	for t := range c.steps {
		z := ad.Add(ad.MatMul(ad.Squeeze(ad.Slice(xs, 0, t, t+1), 0), w), b)
		if h != nil {
			z = ad.Add(z, ad.MatMul(h, u))
		}
		gates := ad.Chunk(z, 1, 4)
		in := ad.Mul(ad.Sigmoid(gates[0]), ad.Tanh(gates[2]))
		if state != nil {
			in = ad.Add(ad.Mul(ad.Sigmoid(gates[1]), state), in)
		}
		state = in
		h = ad.Mul(ad.Sigmoid(gates[3]), ad.Tanh(state))
	}
	return l.model(ad.Mean(ad.Square(h)))
}

func (c lstm) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	xs := l.input(c.steps, c.batch, c.input)
	w, u := l.weight(c.hidden, c.input, 4*c.hidden), l.weight(c.hidden, c.hidden, 4*c.hidden)
	b := l.weight(c.hidden, 4*c.hidden)
	var h, state *gorgonia.Node
	for t := range c.steps {
		z := must(gorgonia.Mul(must(gorgonia.Slice(xs, gorgonia.S(t))), w))
		z = must(gorgonia.BroadcastAdd(z, b, nil, []byte{0}))
		if h != nil {
			z = must(gorgonia.Add(z, must(gorgonia.Mul(h, u))))
		}
		// As columns, gates i and g would be one node: gorgonia tells slices apart modulo 256.
		z = must(gorgonia.Reshape(z, tensor.Shape{c.batch, 4, c.hidden}))
		gate := func(i int) *gorgonia.Node { return must(gorgonia.Slice(z, nil, gorgonia.S(i))) }
		in := must(gorgonia.HadamardProd(must(gorgonia.Sigmoid(gate(0))), must(gorgonia.Tanh(gate(2)))))
		if state != nil {
			in = must(gorgonia.Add(must(gorgonia.HadamardProd(must(gorgonia.Sigmoid(gate(1))), state)), in))
		}
		state = in
		h = must(gorgonia.HadamardProd(must(gorgonia.Sigmoid(gate(3))), must(gorgonia.Tanh(state))))
	}
	return l.model(must(gorgonia.Mean(must(gorgonia.Square(h)))))
}
