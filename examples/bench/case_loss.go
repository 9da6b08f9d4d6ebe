package main

import (
	"fmt"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
)

// lossCases are the softmax cross-entropy of n examples of some classes, and its
// gradient.
func lossCases() []*benchCase {
	var all []*benchCase
	for _, s := range []struct {
		n, classes int
		goal       goal
	}{{128, 10, same(6 * us)}, {128, 1000, same(45 * us)}, {4096, 1000, goal{more: 1.1 * ms}}} {
		size := fmt.Sprintf("%dx%d", s.n, s.classes)
		c := crossEntropy{s.n, s.classes}
		all = append(all, &benchCase{
			name: "softmax-" + size, title: "softmax, cross-entropy " + size + ", forward and backward, float32",
			dtype: tensor.Float32, goal: s.goal, bytes: inMemory(2 * s.n * s.classes), ours: c.ours, stock: c.stock,
		})
	}
	return all
}

type crossEntropy struct{ n, classes int }

func (c crossEntropy) ours(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x := l.param(4, c.n, c.classes)
	return l.model(nn.CrossEntropyLoss(x, l.labels(c.n, c.classes)))
}

func (c crossEntropy) stock(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	x := l.param(4, c.n, c.classes)
	return l.model(stockCrossEntropy(dt, x, l.hot(c.n, c.classes)))
}
