package main

import (
	"fmt"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// compileCases take the time from nothing to a program: graph, gradients, and what
// runs them.
func compileCases() []*benchCase {
	var all []*benchCase
	for _, s := range []struct {
		name, title string
		net         mlp
		goal        goal
	}{
		{"compile-tiny", "building and compiling the MLP 2-16-16-1", tinyMLP, same(0.3 * ms)},
		{"compile-50", "building and compiling 50 layers", deep(50), same(3 * ms)},
		{"compile-500", "building and compiling 500 layers", deep(500), goal{}},
	} {
		all = append(all, &benchCase{
			name: s.name, title: s.title, dtype: tensor.Float32, goal: s.goal, special: compiling(s.net),
		})
	}
	return all
}

// deep is a network of n narrow layers.
func deep(n int) mlp {
	m := mlp{batch: 4}
	for range n + 1 {
		m.layers = append(m.layers, 8)
	}
	return m
}

func compiling(m mlp) func(peer, mode string) (*workload, error) {
	return func(peer, mode string) (*workload, error) {
		w := &workload{}
		c := &benchCase{dtype: tensor.Float32, stock: m.stock}
		switch peer {
		case downhill:
			w.step = func() error {
				net := m.ours(ad.NewGraph(), tensor.Float32)
				_, err := ad.Compile(net.loss, ad.WithGrad(net.params...))
				return err
			}
		case newVM:
			w.step = guarded(func() error {
				vm, _, err := newMachine(c, mode)
				if err == nil && vm.Program() == nil {
					err = fmt.Errorf("no program")
				}
				return err
			})
		case stock:
			w.step = guarded(func() error {
				g, net, err := stockGraph(c, true)
				if err == nil {
					gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(net.params...))
				}
				return err
			})
		default:
			return nil, errAbsent
		}
		return w, nil
	}
}
