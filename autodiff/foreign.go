package autodiff

import (
	"errors"
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// foreign is an operation of another package, which programs run by its own Do, and
// which is differentiated by its own SymDiff. Neither is trusted: a panic in one is an
// error that names it.
type foreign struct {
	op   gorgonia.Op
	node *Node
}

// applyForeign is the rule for operations that stockRules does not know.
func applyForeign(s *stockNode) (*Node, error) {
	for _, n := range append([]*Node{s.node}, s.kids...) {
		if !isFloat(n.Dtype()) {
			return nil, fmt.Errorf("%w: type %T computes with %v, and only operations on float32 and float64 can be run", ErrForeign, s.op, n.Dtype())
		}
	}
	if len(s.kids) == 0 {
		return nil, fmt.Errorf("%w: type %T has no inputs", ErrForeign, s.op)
	}
	return s.im.make(s.node.Graph(), foreign{s.op, s.node}, s.kids, s.node.Shape(), s.node.Dtype()), nil
}

func (p foreign) Name() string                               { return stockName(p.op) }
func (p foreign) Shape([]tensor.Shape) (tensor.Shape, error) { return p.node.Shape(), nil }

// Differentiable asks the operation. Those of which it cannot be known say no.
func (p foreign) Differentiable(input int) (yes bool) {
	d, ok := p.op.(gorgonia.SDOp)
	if !ok {
		return false
	}
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	wrt := d.DiffWRT(len(childrenOf(p.node)))
	return input < len(wrt) && wrt[input]
}

// VJP builds the gradient of the operation's own rule, from gorgonia's functions.
func (p foreign) VJP(x []*Node, y, dy *Node) []*Node {
	out := make([]*Node, len(x))
	first := -1
	for i := range x {
		if p.Differentiable(i) && first < 0 {
			first = i
		}
	}
	if first < 0 {
		return out
	}
	fail := func(err error) []*Node {
		out[first] = Invalid(y.Graph(), "SymDiff of "+p.Name(), err)
		return out
	}
	kids := slices.Clone(childrenOf(p.node))
	dx, err := p.symDiff(kids, registered(dy))
	if err != nil {
		return fail(err)
	}
	if len(dx) != len(x) {
		return fail(fmt.Errorf("%w: %d inputs, the rule gave %d gradients", ErrNoRule, len(x), len(dx)))
	}
	for i := range out {
		if !p.Differentiable(i) || dx[i] == nil {
			continue
		}
		out[i] = dx[i]
		if isDraft(dy) {
			out[i] = newDraft(y.Graph(), ref{}, []*Node{dx[i]}, dx[i].Shape(), dx[i].Dtype())
		}
	}
	return out
}

// symDiff calls the operation's own rule, which may panic.
func (p foreign) symDiff(kids []*Node, dy *Node) (dx gorgonia.Nodes, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	return p.op.(gorgonia.SDOp).SymDiff(kids, p.node, dy)
}

// registered returns n as a node of its graph's list, on which gorgonia's functions can
// build: they would add a draft to it, by a hash that all drafts share.
func registered(n *Node) *Node {
	if !isDraft(n) {
		return n
	}
	o := &op{prim: ref{}, in: []*Node{n}, shape: n.Shape(), dtype: n.Dtype(), id: opCount.Add(1)}
	return gorgonia.NewUniqueNode(gorgonia.WithType(nodeType(o.dtype, len(o.shape))), gorgonia.WithOp(o),
		gorgonia.In(n.Graph()), gorgonia.WithShape(o.shape...))
}

// errPanic is a panic of an operation of another package.
var errPanic = errors.New("it panicked")

func panicked(r any) error { return fmt.Errorf("%w: %v", errPanic, r) }

// Bind32 and Bind64 serve where one operation is computed alone; programs use run,
// which can fail.
func (p foreign) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { mustRun(bindForeign(p, dst, in)) }
}
func (p foreign) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { mustRun(bindForeign(p, dst, in)) }
}

func mustRun(run func() error) {
	if err := run(); err != nil {
		panic(err)
	}
}

// bindForeign returns the function that runs the operation in each run of a program.
// It gets copies of its inputs, because some operations write to them, or change their
// shape, and its result is copied, because some return their input.
func bindForeign[T tensor.Float](p foreign, dst *tensor.Array[T], in []*tensor.Array[T]) func() error {
	return func() error {
		values := make([]gorgonia.Value, len(in))
		for i, a := range in {
			values[i] = wrap(&tensor.Array[T]{Shape: a.Shape, Data: append([]T(nil), a.Data...)})
		}
		y, err := p.do(values)
		if err == nil {
			err = copyResult(dst, y)
		}
		if err != nil {
			return fmt.Errorf("%s of %v: %w", p.Name(), arrayShapes(in), err)
		}
		return nil
	}
}

func arrayShapes[T tensor.Float](in []*tensor.Array[T]) []tensor.Shape {
	out := make([]tensor.Shape, len(in))
	for i, a := range in {
		out[i] = a.Shape
	}
	return out
}

func (p foreign) do(values []gorgonia.Value) (y gorgonia.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	return p.op.Do(values...)
}

// copyResult copies what an operation returned to dst.
func copyResult[T tensor.Float](dst *tensor.Array[T], y gorgonia.Value) error {
	if y == nil {
		return ErrNoValue
	}
	if d, ok := y.(*tensor.Dense); ok {
		c, err := tensor.Contiguous(d)
		if err != nil {
			return err
		}
		y = c
	}
	data, err := tensor.Data[T](y)
	if err != nil {
		return err
	}
	if len(data) != len(dst.Data) {
		return fmt.Errorf("%w: the result has shape %v, its node %v", ErrShape, y.Shape(), dst.Shape)
	}
	copy(dst.Data, data)
	return nil
}
