package main

import (
	"fmt"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// adamStep is a step of Adam alone, on one parameter that has its gradient.
type adamStep int

func adamCases() []*benchCase {
	n := adamStep(10 << 20)
	return []*benchCase{{
		name: "adam-10M", title: "Adam alone on 10 Mi parameters, float32", dtype: tensor.Float32,
		goal: goal{6.5 * ms, 5.5 * ms}, bytes: inMemory(7 * int(n)), ours: n.model, special: n.workload,
	}}
}

// model has the loss Σ pᵢcᵢ, so that c is the gradient.
func (n adamStep) model(g *ad.Graph, dt tensor.Dtype) model {
	l := leaves{g: g, dt: dt}
	return l.model(ad.Sum(ad.Mul(l.param(1, int(n)), l.input(int(n)))))
}

func (n adamStep) workload(peer, _ string) (*workload, error) {
	if peer == gonum || peer == newVM { // gonum has no Adam, and this is no graph
		return nil, errAbsent
	}
	m := n.model(ad.NewGraph(), tensor.Float32)
	prog, err := ad.Compile(m.loss, ad.WithGrad(m.params...))
	if err != nil {
		return nil, err
	}
	if err := prog.Run(); err != nil {
		return nil, err
	}
	w := &workload{check: func() (reading, error) { return readingOf(m.loss.Value(), prog.Params()) }}
	switch peer {
	case downhill:
		rule := optim.DefaultAdam()
		rule.LR = rate
		opt, err := optim.New(prog.Params(), rule)
		w.step = opt.Step
		return w, err
	case stock:
		solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(rate))
		w.step = guarded(func() error { return solver.Step(prog.Params()) })
		return w, nil
	}
	return nil, fmt.Errorf("no peer %q", peer)
}
