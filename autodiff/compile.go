package autodiff

import (
	"fmt"
)

// An Option says what [Compile] is to make besides the loss.
type Option func(*options)

type options struct {
	params     []*Node
	keep       []*Node
	accumulate bool
	watch      watch
	eval       bool
	seed       uint64
	noRows     bool
	labels     bool
}

// WithGrad makes the program compute the gradient of the loss with respect to
// each of params, and put it on the node: n.Grad() returns it after a run.
// Params are the parameters that [Program.Params] gives to an optimizer. They
// must be leaves, each named once, or Compile returns [ErrParam].
//
// A parameter that the loss does not depend on has a gradient of zeros. After
// loss.backward() in PyTorch it has none, and optimizers leave it alone; with a
// gradient of zeros, weight decay and old momentum still move it.
func WithGrad(params ...*Node) Option {
	return func(o *options) { o.params = append(o.params, params...) }
}

// Keep makes the program compute these nodes too, and keep their values:
// n.Value() returns them after a run. Other intermediate nodes have no value.
func Keep(nodes ...*Node) Option {
	return func(o *options) { o.keep = append(o.keep, nodes...) }
}

// Accumulate makes every run add to the gradients instead of overwriting them,
// as loss.backward() does in PyTorch: the sum is on the node, and all programs
// that accumulate add to it. It starts at zero; an optimizer's ZeroGrad sets it
// back.
func Accumulate() Option { return func(o *options) { o.accumulate = true } }

// Compile makes a program that computes loss and what the options ask for. The
// loss may have any shape; gradients need one element.
//
// Compile simplifies the expressions, computes equal ones once, fuses chains of
// elementwise operations, and plans all memory, so that a run allocates nothing.
// It is where the first mistake made in building the graph comes out, as an
// [*Error] with its place. It returns the errors of [Grad] too.
//
// The graph is left as it was: the gradients are not added to it.
func Compile(loss *Node, opts ...Option) (*Program, error) {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	im := newDraftImporter()
	im.eval, im.seed, im.watch, im.noRows = o.eval, o.seed, o.watch, o.noRows
	targets, err := im.collectTargets(loss, o)
	if err != nil {
		return nil, err
	}
	p, err := im.assemble(targets)
	if err != nil {
		return nil, err
	}
	p.params, p.root = o.params, loss
	if o.labels {
		p.label()
	}
	return p, nil
}

// collectTargets checks the nodes and makes the gradients.
func (im *importer) collectTargets(loss *Node, o options) ([]target, error) {
	for _, n := range append(append([]*Node{loss}, o.keep...), o.params...) {
		if err := Err(n); err != nil {
			return nil, err
		}
		if n.Graph() != loss.Graph() {
			return nil, compileError("%w: %v and %v", ErrGraph, loss, n)
		}
	}
	targets := []target{{from: loss, to: loss}}
	if loss.IsVar() {
		targets[0].to = nil // a leaf keeps the value it has
	}
	published := map[*Node]bool{loss: true}
	for _, n := range o.keep {
		if !n.IsVar() && !published[n] {
			targets = append(targets, target{from: n, to: n})
		}
		published[n] = true
	}
	seen := make(map[*Node]bool, len(o.params))
	for _, n := range o.params {
		if !n.IsVar() {
			return nil, compileError("%w: %v is not a leaf", ErrParam, n)
		}
		if seen[n] {
			return nil, compileError("%w: %q is given twice", ErrParam, n.Name())
		}
		seen[n] = true
	}
	if len(o.params) == 0 {
		return targets, nil
	}
	grads, err := im.grad(loss, o.params)
	if err != nil {
		return nil, err
	}
	for i, g := range grads {
		targets = append(targets, target{from: g, to: o.params[i], grad: true, accumulate: o.accumulate})
	}
	return targets, nil
}

func compileError(format string, args ...any) error {
	return &Error{Op: "autodiff.Compile", Pos: callerPos(), Err: fmt.Errorf(format, args...)}
}
