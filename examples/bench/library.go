package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"gorgonia.org/gorgonia"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
)

// Names of the peers that run in this program.
const (
	downhill = "downhill" // our functions, Compile, and our optimizers
	newVM    = "newvm"    // gorgonia's functions on our machine, and our optimizers
	stock    = "gorgonia" // gorgonia's functions, tape machine and solver
	gonum    = "gonum"
)

// errAbsent says that a peer has nothing for a case.
var errAbsent = errors.New("not in this library")

// library is a peer that is a part of this program.
type library string

func (l library) name() string      { return string(l) }
func (l library) about() string     { return versions()[string(l)] }
func (l library) close() error      { return nil }
func (l library) threads() []string { return []string{""} }

// The modes of newVM: all nodes of the graph get values, or only the loss and the gradients, which are added
// to those that are there, as on gorgonia's machine, or take their place. In the last the machine is told what to
// differentiate by what, and gorgonia.Grad is not called.
const (
	allValues = "all values"
	onlyLoss  = "Only(loss)"
	withCost  = "Cost(loss), Only(loss), WithGrad"
)

func (l library) modes() []string {
	if l == newVM {
		return []string{allValues, onlyLoss, withCost}
	}
	return []string{""}
}

// open makes a case ready.
func (l library) open(c *benchCase, s setting) (runner, error) {
	if c.process != "" {
		return l.process(c, s.mode)
	}
	w, err := l.workload(c, rate, s.mode)
	if err != nil {
		return nil, err
	}
	return inProcess{w}, nil
}

// process runs this program again, as [child].
func (l library) process(c *benchCase, mode string) (runner, error) {
	self, err := os.Executable()
	if l == gonum {
		err = errAbsent
	}
	return &processRunner{func() *exec.Cmd {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childVariable+"="+string(l)+" "+mode)
		return cmd
	}, c.process}, err
}

func (l library) workload(c *benchCase, lr float64, mode string) (w *workload, err error) {
	defer func() { // stock functions panic on much
		if r := recover(); r != nil {
			w, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	switch {
	case c.special != nil:
		return c.special(string(l), mode)
	case l == downhill:
		return ourWorkload(c, lr)
	case l == gonum && c.gonum != nil:
		return c.gonum(c.dtype)
	case c.stock == nil || l == gonum:
		return nil, errAbsent
	case l == newVM:
		return newVMWorkload(c, lr, mode)
	default:
		return stockWorkload(c, lr)
	}
}

// ourWorkload is what a user of this library would write.
func ourWorkload(c *benchCase, lr float64) (*workload, error) {
	m := c.ours(ad.NewGraph(), c.dtype)
	prog, err := ad.Compile(m.loss, ad.WithGrad(m.params...))
	if err != nil {
		return nil, err
	}
	w := &workload{step: prog.Run, check: func() (reading, error) {
		if err := prog.Run(); err != nil {
			return reading{}, err
		}
		return readingOf(m.loss.Value(), prog.Params())
	}}
	if !c.adam {
		return w, nil
	}
	rule := optim.DefaultAdam()
	rule.LR = lr
	opt, err := optim.New(prog.Params(), rule)
	if err != nil {
		return nil, err
	}
	w.step = func() error {
		if err := prog.Run(); err != nil {
			return err
		}
		return opt.Step()
	}
	return w, nil
}

// stockGraph makes the graph of a case with gorgonia's functions, with its gradients if they are wanted.
func stockGraph(c *benchCase, grads bool) (g *ad.Graph, m model, err error) {
	g = gorgonia.NewGraph()
	m = c.stock(g, c.dtype)
	if grads && len(m.params) > 0 {
		_, err = gorgonia.Grad(m.loss, m.params...)
	}
	return g, m, err
}

// newMachine makes the graph of a case with gorgonia's functions, and our machine for it.
func newMachine(c *benchCase, mode string) (*ad.VM, model, error) {
	g, m, err := stockGraph(c, mode != withCost)
	opts := []gorgonia.VMOpt{gorgonia.BindDualValues(m.params...)}
	if mode == withCost && len(m.params) > 0 {
		opts = []gorgonia.VMOpt{ad.Cost(m.loss), ad.Options(ad.WithGrad(m.params...))}
	}
	if mode != allValues {
		opts = append(opts, ad.Only(m.loss))
	}
	return ad.NewVM(g, opts...), m, err
}

// newVMWorkload is a program for gorgonia that was moved to our machine and optimizers.
func newVMWorkload(c *benchCase, lr float64, mode string) (*workload, error) {
	vm, m, err := newMachine(c, mode)
	if err != nil {
		return nil, err
	}
	params := gorgonia.NodesToValueGrads(m.params)
	var opt *optim.Optimizer
	if c.adam {
		rule := optim.DefaultAdam()
		rule.LR = lr
		if opt, err = optim.New(params, rule); err != nil {
			return nil, err
		}
	}
	return &workload{
		step: func() error {
			if err := vm.RunAll(); err != nil || opt == nil {
				return err
			}
			if err := opt.Step(); err != nil || mode == withCost {
				return err
			}
			return opt.ZeroGrad()
		},
		check: checkMachine(vm, m, params),
	}, nil
}

// stockWorkload is the same program on gorgonia alone.
func stockWorkload(c *benchCase, lr float64) (*workload, error) {
	g, m, err := stockGraph(c, true)
	if err != nil {
		return nil, err
	}
	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(m.params...))
	params := gorgonia.NodesToValueGrads(m.params)
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(lr))
	return &workload{
		step: guarded(func() error {
			err := vm.RunAll()
			if err == nil && c.adam {
				err = solver.Step(params)
			}
			vm.Reset()
			return err
		}),
		check: checkMachine(vm, m, params),
	}, nil
}

// checkMachine returns the check of a graph that vm runs.
func checkMachine(vm gorgonia.VM, m model, params []gorgonia.ValueGrad) func() (reading, error) {
	var r reading
	return func() (reading, error) {
		err := guarded(func() (err error) {
			if err = vm.RunAll(); err == nil {
				r, err = readingOf(m.loss.Value(), params)
			}
			vm.Reset()
			return err
		})()
		return r, err
	}
}

// guarded turns a panic of f into an error.
func guarded(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		return f()
	}
}

// inProcess times a workload of this program.
type inProcess struct{ w *workload }

func (p inProcess) check() (reading, error) {
	if p.w.check == nil {
		return reading{}, errAbsent
	}
	return p.w.check()
}

// time returns the seconds of n steps. What others left to collect is collected before.
func (p inProcess) time(n int) (float64, error) {
	runtime.GC()
	begin := time.Now()
	for range n {
		if err := p.w.step(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin).Seconds(), nil
}

func (p inProcess) close() {}
