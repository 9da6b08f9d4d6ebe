package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// An Option says what [Compile] is to make besides the loss.
type Option func(*options)

type options struct {
	params     []*Node
	keep       []*Node
	accumulate bool
	eval       bool
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
	targets, err := im.collectTargets(loss, o)
	if err != nil {
		return nil, err
	}
	nodes := make([]*Node, len(targets))
	for i, t := range targets {
		nodes[i] = t.from
	}
	order, err := im.topological(nodes...)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	b.eval = o.eval
	values := b.lower(im, order)
	kept := make(map[*value]bool)
	outputs := make([]*value, len(targets))
	for i, t := range targets {
		v := values[t.from]
		if needsNoWork(v) || kept[v] { // it has no memory of its own to publish
			v = b.add(&value{prim: stopGradient{}, args: []*value{v}, shape: v.shape, dtype: v.dtype})
		}
		outputs[i], kept[v] = v, true
	}
	p := &Program{params: o.params, root: loss, loss: outputs[0]}
	p.build(schedule(outputs), kept)
	for i, t := range targets {
		if t.to == nil {
			continue
		}
		if outputs[i].dtype == tensor.Float32 {
			p.f32.publish(t.to, outputs[i], t.grad, o.accumulate && t.grad)
		} else {
			p.f64.publish(t.to, outputs[i], t.grad, o.accumulate && t.grad)
		}
	}
	return p, nil
}

// target is a result to publish: the value of from, on to unless that is nil.
type target struct {
	from, to *Node
	grad     bool
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
		targets = append(targets, target{from: g, to: o.params[i], grad: true})
	}
	return targets, nil
}

func compileError(format string, args ...any) error {
	return &Error{Op: "autodiff.Compile", Pos: callerPos(), Err: fmt.Errorf(format, args...)}
}

// build turns a schedule into functions over planned memory.
func (p *Program) build(order []*value, kept map[*value]bool) {
	units := fuse(order, kept)
	p.order, p.units = order, units
	p.f32 = newStore[float32](order, units, kept)
	p.f64 = newStore[float64](order, units, kept)
	for i := 0; i < len(units); {
		n := scalarRun(units[i:])
		switch v := units[i].result(); {
		case v.dtype == tensor.Float32:
			p.code = append(p.code, p.f32.compile(units[i:i+n]))
		default:
			p.code = append(p.code, p.f64.compile(units[i:i+n]))
		}
		p.spans = append(p.spans, n)
		i += n
	}
}

// scalarRun returns how many of the first units make one register program; 1 if
// the first is something else.
func scalarRun(units []*unit) int {
	n := 0
	for n < len(units) && isRegisterOp(units[n].result()) && units[n].result().dtype == units[0].result().dtype {
		n++
	}
	return max(n, 1)
}

func isRegisterOp(v *value) bool { return isPointwise(v) && v.size() == 1 }

// compile returns the function that runs units, which are a run of scalar
// operations or one other unit.
func (s *store[T]) compile(units []*unit) func() {
	v := units[0].result()
	if isRegisterOp(v) {
		p := &registers[T]{r: s.r}
		for _, u := range units {
			p.add(u.result(), s.register)
		}
		return p.run
	}
	if isPointwise(v) {
		return s.compileChain(units[0]).run
	}
	in := make([]*tensor.Array[T], len(v.args))
	for i, a := range v.args {
		in[i] = s.arrays[a]
	}
	return bind(v.prim, s.arrays[v], in)
}

// compileChain numbers the inputs and steps of a chain.
func (s *store[T]) compileChain(u *unit) *blocks[T] {
	slot := make(map[*value]int)
	inside := make(map[*value]bool)
	for _, v := range u.values {
		inside[v] = true
	}
	var in []*tensor.Array[T]
	for _, v := range u.values {
		for _, a := range v.args {
			if _, ok := slot[a]; !ok && !inside[a] {
				slot[a] = len(in)
				in = append(in, s.arrays[a])
			}
		}
	}
	steps := make([]step, len(u.values))
	for i, v := range u.values {
		slot[v] = len(in) + i
		steps[i].prim = v.prim.(Pointwise)
		for _, a := range v.args {
			steps[i].src = append(steps[i].src, slot[a])
		}
	}
	return newBlocks(s.arrays[u.result()], in, steps)
}
