package autodiff

import (
	"fmt"
	stdlog "log"
	"reflect"
	"strings"
	"sync"

	"gorgonia.org/gorgonia"
)

// vmOptions is what the options of NewVM ask for.
type vmOptions struct {
	costs []*Node // of Cost
	only  []*Node // of Only
	limit bool    // Only was given

	compile options // of Options

	bind     bool    // BindDualValues was given,
	bound    []*Node // with these nodes; all that have a gradient if none
	eval     bool
	trace    bool
	watch    watch
	nodes    []*Node // the nodes of a precompiled program, nil if there is none
	logger   *stdlog.Logger
	valueFmt string
	watched  []*Node // what to log; all if nil
}

// Cost tells [NewVM] to differentiate these nodes, of one element each: the gradients
// of BindDualValues are those of their sum. It takes the place of gorgonia.Grad, which
// need not be called, and says which costs are meant where that was called on several.
func Cost(costs ...*Node) gorgonia.VMOpt {
	return func(m gorgonia.VM) {
		if vm, ok := m.(*VM); ok {
			vm.options.costs = append(vm.options.costs, costs...)
		}
	}
}

// Only tells [NewVM] to leave values on these nodes, on those that no other node uses
// and on the reads only. All others need not be stored then, which is faster.
func Only(nodes ...*Node) gorgonia.VMOpt {
	return func(m gorgonia.VM) {
		if vm, ok := m.(*VM); ok {
			vm.options.only = append(vm.options.only, nodes...)
			vm.options.limit = true
		}
	}
}

// Options tells [NewVM] what options of [Compile] say: [Eval], [Seed], [Watch], [Keep],
// which adds to [Only], and [WithGrad], whose gradients are overwritten by each run
// unless [Accumulate] is given, too.
func Options(opts ...Option) gorgonia.VMOpt {
	return func(m gorgonia.VM) {
		vm, ok := m.(*VM)
		if !ok {
			return
		}
		for _, opt := range opts {
			if opt != nil {
				opt(&vm.options.compile)
			}
		}
	}
}

// Bits of gorgonia's run flags, and of its log flags.
const (
	flagWatchNaN = 1 << 2
	flagWatchInf = 1 << 3
	flagTrace    = 1 << 6
	flagBind     = 1 << 7
)

// blankMachine is a machine of gorgonia's, for reading options.
var blankMachine = sync.OnceValue(func() reflect.Value {
	g := NewGraph()
	gorgonia.Must(gorgonia.Neg(gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("x"))))
	return reflect.ValueOf(gorgonia.NewTapeMachine(g)).Elem()
})

// read applies the options. Gorgonia's write to private fields of its own machines:
// they are applied to a copy of one, and read from there.
func (o *vmOptions) read(vm *VM, opts []gorgonia.VMOpt) (err error) {
	pos := callerPos() // a recovered panic has lost the caller
	defer func() {
		if r := recover(); r != nil {
			reason, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			err = &Error{Op: "autodiff.NewVM", Pos: pos, Err: fmt.Errorf("%w: an option is not for this machine: %.100s", ErrParam, reason)}
		}
	}()
	blank := blankMachine()
	m := reflect.New(blank.Type()).Elem()
	m.Set(blank)
	machine := m.Addr().Interface().(gorgonia.VM)
	for _, opt := range opts {
		if opt != nil {
			applyTo(vm, opt)
			opt(machine)
		}
	}
	field := func(name string) reflect.Value {
		f := m.FieldByName(name)
		if !f.IsValid() {
			panic("gorgonia's tape machine has no field " + name + ": this version of Downhill reads options of gorgonia v0.9.18")
		}
		return f
	}
	flags := field("runFlags").Uint()
	o.bind, o.trace = flags&flagBind != 0, flags&flagTrace != 0
	if flags&flagWatchNaN != 0 {
		o.watch |= watchNaN
	}
	if flags&flagWatchInf != 0 {
		o.watch |= watchInf
	}
	o.eval = field("evalMode").Bool() || o.compile.eval
	o.bound = append(nodesOf(field("bindNodesDV")), o.compile.params...)
	o.watch |= o.compile.watch
	o.only = append(o.only, o.compile.keep...)
	o.watched = nodesOf(field("watchNodes"))
	o.valueFmt = field("valueFmt").String()
	o.logger = (*stdlog.Logger)(field("logger").UnsafePointer())
	if p := field("p"); !field("locMap").IsNil() && p.Pointer() != blank.FieldByName("p").Pointer() {
		o.nodes = nodesOf(p.Elem().FieldByName("sorted"))
	}
	return nil
}

// check reports nodes that are not of the graph of vm, or the graph that it is a part
// of.
func (o *vmOptions) check(vm *VM) error {
	isOutside := func(n *Node) bool {
		all := vm.g.AllNodes()
		return !vm.has(n) && (len(all) == 0 || all[0].Graph() != n.Graph())
	}
	for _, of := range []struct {
		option string
		nodes  []*Node
	}{{"gorgonia.BindDualValues", o.bound}, {"gorgonia.WithWatchlist", o.watched}, {"autodiff.Only", o.only}, {"autodiff.Cost", o.costs}} {
		for _, n := range of.nodes {
			switch {
			case n == nil:
				return fmt.Errorf("%w: in %s", ErrNil, of.option)
			case isOutside(n):
				return fmt.Errorf("%w: %v of %s is not in the graph of the machine", ErrGraph, n, of.option)
			}
		}
	}
	return nil
}

// applyTo applies an option to vm. Those of gorgonia panic on a machine that is not
// gorgonia's, or do nothing.
func applyTo(vm *VM, opt gorgonia.VMOpt) {
	defer func() { _ = recover() }()
	opt(vm)
}

// nodesOf returns the nodes of a private slice of them.
func nodesOf(f reflect.Value) []*Node {
	var out []*Node
	for i := range f.Len() {
		out = append(out, (*Node)(f.Index(i).UnsafePointer()))
	}
	return out
}
