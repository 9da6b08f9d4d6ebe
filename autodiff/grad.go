package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// Grad returns the gradient of loss with respect to each of wrt, as expressions:
// each has the shape of its wrt, can be part of a further loss, and can be
// differentiated again. loss must have one element. wrt may be any nodes of the
// graph, intermediates too; where loss does not depend on one, its gradient is
// zero. Grad may be called any number of times, for any losses of a graph.
//
// It matches torch.autograd.grad with create_graph=True and materialize_grads=True.
// Operations of gorgonia's are differentiated by our rules, those of other packages by
// their own. It returns the first error that a node carries, [ErrNotScalar], [ErrGraph],
// and [ErrForeign] or [ErrDamaged] for an operation that cannot be read.
func Grad(loss *Node, wrt ...*Node) ([]*Node, error) { return newImporter().grad(loss, wrt) }

func (im *importer) grad(loss *Node, wrt []*Node) ([]*Node, error) {
	if err := Err(loss); err != nil {
		return nil, err
	}
	if tensor.Size(loss.Shape()) != 1 {
		return nil, gradError(fmt.Errorf("%w: the loss has shape %v; sum or average it", ErrNotScalar, loss.Shape()))
	}
	return im.vjp(loss, Expand(ConstLike(im.ref(loss), 1), loss.Shape()...), wrt)
}

func gradError(err error) error { return &Error{Op: "autodiff.Grad", Pos: callerPos(), Err: err} }

// VJP returns the vector-Jacobian products dyᵀ·∂y/∂wrt: the gradients of Σ dy·y
// with dy held fixed. dy has the shape of y. It is [Grad] for results that are
// not scalars, and matches torch.autograd.grad with grad_outputs=dy.
func VJP(y, dy *Node, wrt ...*Node) ([]*Node, error) {
	grads, err := newImporter().vjp(y, dy, wrt)
	return grads, named("VJP", err)
}

func (im *importer) vjp(y, dy *Node, wrt []*Node) ([]*Node, error) {
	for _, n := range append([]*Node{y, dy}, wrt...) {
		if err := Err(n); err != nil {
			return nil, err
		}
		if n.Graph() != y.Graph() {
			return nil, gradError(fmt.Errorf("%w: %v and %v", ErrGraph, y, n))
		}
	}
	if !slices.Equal(dy.Shape(), y.Shape()) {
		return nil, gradError(shapeError([]tensor.Shape{y.Shape(), dy.Shape()}, "y and dy differ"))
	}
	if err := checkDtype(dy, y); err != nil {
		return nil, gradError(err)
	}
	all, onPath, err := im.pathsTo(y, wrt)
	if err != nil {
		return nil, err
	}
	grads := newCotangents(all.place, onPath)
	for _, x := range wrt {
		grads.wantWhole(x)
	}
	grads.add(y, dy)
	for i, n := range slices.Backward(all.nodes) {
		if !onPath[i] {
			continue
		}
		if err := im.sweep(n, grads); err != nil {
			return nil, err
		}
	}
	out := make([]*Node, len(wrt))
	for i, x := range wrt {
		out[i] = grads.of(x)
		if out[i] == nil {
			out[i] = zerosLike(im.ref(x))
		}
	}
	return out, nil
}

// sweep adds to grads what the operation of y gives to its inputs. Wanted
// are the nodes on paths from wrt.
func (im *importer) sweep(y *Node, grads cotangents) error {
	o, err := im.op(y)
	if o == nil || err != nil {
		return err
	}
	im.swept = append(im.swept, sweptOp{opCount.Load() + 1, o.site})
	dy := grads.of(y)
	if dy == nil {
		return nil
	}
	in := o.in
	if _, ok := o.prim.(broadcasting); ok {
		in = im.unexpanded(in, grads)
	}
	dx, err := pullback(o.prim, im.refAll(in), im.ref(y), dy)
	if err != nil {
		return err
	}
	for i, x := range in {
		grads.add(behind(x), dx[i]) // so that terms add up in one order, with references and without
	}
	return nil
}

// unexpanded returns in with what an expand repeats in place of the expand, if nobody asked for its
// gradient. A rule of an operation that broadcasts by itself can then go on with what is summed down to the
// narrow argument.
func (im *importer) unexpanded(in []*Node, grads cotangents) []*Node {
	in = slices.Clone(in)
	for i := range in {
		for n := behind(in[i]); grads.passes(n); n = behind(in[i]) {
			o, _ := im.op(n) // pathsTo has seen the errors
			if !o.isExpand() {
				break
			}
			in[i] = o.in[0]
		}
	}
	return in
}

// pullback calls the gradient rule of p and brings each result to the shape of
// its input. It is where broadcasting is undone, for all primitives.
func pullback(p Primitive, x []*Node, y, dy *Node) ([]*Node, error) {
	dx := p.VJP(x, y, dy)
	if len(dx) != len(x) {
		return nil, gradError(fmt.Errorf("%w: %s has %d inputs, its rule gave %d gradients", ErrNoRule, madeAt(p, y), len(x), len(dx)))
	}
	for i, d := range dx {
		if d == nil {
			continue
		}
		if err := Err(d); err != nil {
			return nil, fmt.Errorf("gradient rule of %s, input %d: %w", madeAt(p, y), i, err)
		}
		err := checkDtype(d, x[i])
		if d.Graph() != x[i].Graph() {
			err = fmt.Errorf("%w: %v and %v", ErrGraph, x[i], d)
		}
		if err == nil {
			dx[i], err = unbroadcast(d, shapeOf(x[i]))
		}
		if _, ok := p.(Pointwise); ok && err == nil {
			err = checkNotLarger(d, y)
		}
		if err != nil {
			return nil, gradError(fmt.Errorf("%w: %s, input %d: %w", ErrNoRule, madeAt(p, y), i, err))
		}
	}
	return dx, nil
}

// checkNotLarger reports a gradient d that broadcasts beyond y. Pointwise rules have
// no reason to, and summing it down would hide the mistake.
func checkNotLarger(d, y *Node) error {
	have, want := shapeOf(d), shapeOf(y)
	if slices.Equal(have, want) {
		return nil
	}
	if out, err := tensor.Broadcast(have, want); err != nil || !slices.Equal(out, want) {
		return shapeError([]tensor.Shape{have, want}, "the gradient is larger than the result")
	}
	return nil
}

// unbroadcast sums d down to shape, the transpose of broadcasting shape to d's.
func unbroadcast(d *Node, shape tensor.Shape) (*Node, error) {
	have := shapeOf(d)
	if slices.Equal(have, shape) {
		return d, nil
	}
	if out, err := tensor.Broadcast(shape, have); err != nil || !slices.Equal(out, have) {
		return nil, shapeError([]tensor.Shape{have, shape}, "the gradient is not a broadcast of the input")
	}
	var axes []int
	lead := len(have) - len(shape)
	for i := range have {
		if i < lead || (shape[i-lead] == 1 && have[i] != 1) {
			axes = append(axes, i)
		}
	}
	return Reshape(Sum(d, axes...), shape...), nil
}

// summedTo is dy summed down to the shape of x, if x was broadcast: a rule that goes on
// with the sum has less to do. What is wrong with the shapes is said in pullback.
func summedTo(dy, x *Node) *Node {
	if d, err := unbroadcast(dy, shapeOf(x)); err == nil {
		return d
	}
	return dy
}

// ordered are nodes, each after its inputs, with the place of each.
type ordered struct {
	nodes []*Node
	place map[*Node]int
}

// pathsTo returns the nodes that y depends on, and which of them are on paths from wrt to y.
// No gradient is kept for any other node.
func (im *importer) pathsTo(y *Node, wrt []*Node) (ordered, []bool, error) {
	all, err := im.topological(y)
	if err != nil {
		return all, nil, err
	}
	onPath := make([]bool, len(all.nodes))
	for _, x := range wrt {
		if at, ok := all.place[x]; ok {
			onPath[at] = true
		}
	}
	for at, n := range all.nodes {
		if o, _ := im.op(n); o != nil { // topological has seen the errors
			for i, x := range o.in {
				onPath[at] = onPath[at] || onPath[all.place[x]] && isDifferentiable(o.prim, i)
			}
		}
	}
	return all, onPath, nil
}

// topological returns the nodes that roots depend on.
func (im *importer) topological(roots ...*Node) (ordered, error) {
	type visit struct {
		node *Node
		in   []*Node // the inputs to look at
	}
	if im.reached == 0 && len(roots) > 0 {
		im.reached = len(roots[0].Graph().AllNodes()) // most graphs are what their loss needs
	}
	all := ordered{make([]*Node, 0, im.reached), make(map[*Node]int, im.reached)}
	var stack []visit
	push := func(n *Node) error {
		in, err := im.inputs(n)
		all.place[n] = -1 // as long as its inputs are looked at
		stack = append(stack, visit{n, in})
		return err
	}
	for _, root := range roots {
		if _, seen := all.place[root]; seen {
			continue
		}
		if err := push(root); err != nil {
			return all, err
		}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.in) == 0 {
				all.place[top.node] = len(all.nodes)
				all.nodes = append(all.nodes, top.node)
				stack = stack[:len(stack)-1]
				continue
			}
			x := top.in[0]
			top.in = top.in[1:]
			switch at, seen := all.place[x]; {
			case !seen:
				if err := push(x); err != nil {
					return all, err
				}
			case at < 0:
				return all, gradError(fmt.Errorf("%w: %v is computed from itself", ErrDamaged, x))
			}
		}
	}
	im.reached = max(im.reached, len(all.nodes))
	return all, nil
}
