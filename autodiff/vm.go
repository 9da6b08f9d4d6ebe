package autodiff

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
)

// A VM runs all of a graph, as the machine of gorgonia.NewTapeMachine does. Make it
// with [NewVM]. It is for one goroutine at a time; machines of different graphs run
// in parallel.
type VM struct {
	g       *Graph
	options vmOptions
	nodes   []*Node              // of g when the machine was made
	modes   map[gorgonia.Op]mode // of the operations that SetTraining switches
	prog    *Program             // nil where there is nothing to compute
	after   []func() error       // called in each run where prog is nil, else by it
	err     error                // why the graph cannot be run
}

var _ gorgonia.VM = (*VM)(nil)

// NewVM returns a machine for g, to stand where gorgonia.NewTapeMachine(g, opts...)
// stood: the program around it stays as it is, and gets right numbers, faster.
//
//	vm := autodiff.NewVM(g, gorgonia.BindDualValues(w, b))
//	defer vm.Close()
//	for range steps {
//		if err := vm.RunAll(); err != nil { ... }
//		solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w, b}))
//		vm.Reset()
//	}
//
// A run computes every node of g from the values that the leaves have then, and
// leaves the values on the nodes; reads and sets are done at its end. Nodes may be
// made by gorgonia's functions, by this package's, or by both.
//
// # Gradients
//
// Where gorgonia.Grad was called on g, its cost is differentiated again, by this
// package's rules, and what gorgonia left in the graph is not run. The gradients are
// where gorgonia has them: on the nodes of gorgonia.BindDualValues, to which each run
// adds, until a solver or an optimizer's ZeroGrad sets them back; and as the values
// of the nodes that Grad returned. A node that is no leaf has a gradient where
// BindDualValues names it or names none, or with TraceExec. gorgonia.Backpropagate
// is read in the same way. Where Grad was called on several costs that one
// parameter depends on, the graph does not tell which are meant, and RunAll returns an
// error; [Cost] tells it.
//
// # Options
//
// Of gorgonia's options these count: BindDualValues, EvalMode, TraceExec (the values
// are fresh copies), WithNaNWatch, WithInfWatch, WithLogger, WithWatchlist,
// WithValueFmt, and WithPrecompiled. Engines are ignored. [Cost], [Only] and [Options] are
// ours.
//
// # Differences from a tape machine
//
// RunAll without Reset runs again; there, it does nothing. An error in the graph comes
// out of RunAll, not as a panic from NewVM. Nodes that are added to g later are not run.
// The package documentation lists the functions of gorgonia that compute something else
// there.
func NewVM(g *Graph, opts ...gorgonia.VMOpt) *VM {
	vm := &VM{g: g}
	if g == nil {
		vm.err = vm.fail(fmt.Errorf("%w: the graph is nil", ErrGraph))
		return vm
	}
	if vm.err = vm.options.read(vm, opts); vm.err == nil {
		vm.err = vm.compile()
	}
	return vm
}

// RunAll computes the graph. It returns the first mistake in the graph as an
// [*Error], and the errors of [Program.Run].
func (vm *VM) RunAll() error {
	if vm.switched() {
		vm.prog, vm.after = nil, nil
		vm.err = vm.compile()
	}
	if vm.err != nil {
		return vm.err
	}
	if vm.prog != nil {
		return vm.prog.Run()
	}
	for _, f := range vm.after {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// switched reports that SetTraining was called on an operation since the program was
// compiled.
func (vm *VM) switched() bool {
	for _, m := range vm.modes {
		if m.flag.Bool() != m.trains {
			return true
		}
	}
	return false
}

// Reset does nothing: every RunAll starts at the beginning.
func (vm *VM) Reset() {}

// Close does nothing: the machine holds memory only.
func (vm *VM) Close() error { return nil }

// Let gives a leaf of the graph a value, as gorgonia.Let does.
func (vm *VM) Let(n *Node, be any) error {
	if n == nil || !vm.has(n) {
		return vm.fail(fmt.Errorf("%w: %v is not in the graph of the machine", ErrGraph, n))
	}
	return gorgonia.Let(n, be)
}

// Set gives the leaf a the value that b has.
func (vm *VM) Set(a, b *Node) error {
	switch {
	case a == nil || b == nil || !vm.has(a) || !vm.has(b):
		return vm.fail(fmt.Errorf("%w: %v or %v is not in the graph of the machine", ErrGraph, a, b))
	case b.Value() == nil:
		return vm.fail(fmt.Errorf("%w: %v", ErrNoValue, b))
	}
	return setValue(a, b.Value())
}

// has reports that n is in the graph, which may be a part of the graph that n was
// made in.
func (vm *VM) has(n *Node) bool { return vm.g.Has(n.ID()) && vm.g.Node(n.ID()) == n }

// Program returns what the machine runs, for [Program.Explain]; nil when it has
// nothing to compute or cannot.
func (vm *VM) Program() *Program { return vm.prog }

func (vm *VM) fail(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Op: "autodiff.NewVM", Pos: callerPos(), Err: err}
}

// setValue gives n a copy of v, in the memory that n has where it fits.
func setValue(n *Node, v gorgonia.Value) error {
	if have := n.Value(); have != nil && have != v {
		if _, err := gorgonia.Copy(have, v); err == nil {
			return nil
		}
	}
	c, err := gorgonia.CloneValue(v)
	if err != nil {
		return err
	}
	return gorgonia.UnsafeLet(n, c)
}
