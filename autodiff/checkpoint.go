package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// Checkpoint returns y = f(x...), whose gradient computes the intermediate results
// of f a second time instead of keeping them from the first: of a deep chain in √n
// parts of √n layers, 2√n results are in memory at once, and not n. It costs the
// time of f once more.
//
//	x̄ = ȳᵀ·∂f(x)/∂x, where f(x) is computed anew as soon as ȳ is there
//
// f is called once. It may use other nodes besides x, such as parameters, and they
// get their gradients too; the nodes that f makes get none from outside of f. Parts
// may hold parts, and derivatives of any order are right, but those of second order
// keep what the first computed anew. Random numbers are drawn once, and kept, as are
// results of gorgonia's own operations.
//
// Values are the same bits with it and without, and so are gradients, except for
// those of a node that is used several times in f and outside of it too: their
// terms are added in another order.
//
// It is like torch.utils.checkpoint.checkpoint with use_reentrant=False, or
// jax.checkpoint. It records [ErrNil] when f or what it returns is nil, and
// [ErrGraph] and [ErrDtype] when an x does not fit.
//
// Griewank and Walther, "Algorithm 799: revolve", ACM Transactions on Mathematical
// Software 26(1), 2000; Chen, Xu, Zhang and Guestrin, "Training deep nets with
// sublinear memory cost", arXiv:1604.06174, 2016.
func Checkpoint(f func(x ...*Node) *Node, x ...*Node) *Node {
	if bad := firstInvalid("Checkpoint", x...); bad != nil {
		return bad
	}
	var g *Graph
	if len(x) > 0 {
		g = x[0].Graph()
	}
	if f == nil {
		return Invalid(g, "autodiff.Checkpoint", fmt.Errorf("%w: the function", ErrNil))
	}
	before := opCount.Load()
	y := f(slices.Clone(x)...)
	if y == nil {
		return Invalid(g, "autodiff.Checkpoint", fmt.Errorf("%w: the function returned it", ErrNil))
	}
	if bad := firstInvalid("Checkpoint", y); bad != nil {
		return bad
	}
	return apply(checkpoint{}, append([]*Node{y}, madeFrom(y, x, before)...)...)
}

// madeFrom returns each x once, and then the nodes that y is made from besides, which
// were there before the op of the number before was made, or are leaves.
func madeFrom(y *Node, x []*Node, before uint32) []*Node {
	var out []*Node
	seen := make(map[*Node]bool)
	for _, n := range x {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	var visit func(n *Node)
	visit = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		o, ok := n.Op().(*op)
		if !ok || int32(o.id-before) <= 0 { // the numbers may start again from 0
			out = append(out, n)
			return
		}
		for _, in := range o.in {
			visit(in)
		}
	}
	visit(y)
	return out
}

// checkpoint is its first input, which is made from the others. The gradients go to
// these, through copies of what is in between; the compiler drops it.
type checkpoint struct{ firstInput }

func (checkpoint) Name() string { return "Checkpoint" }

func (checkpoint) Differentiable(input int) bool { return input > 0 }

func (checkpoint) VJP(x []*Node, y, dy *Node) []*Node {
	copies := make(map[*Node]*Node)
	var made []*Node
	for _, n := range x[1:] {
		late := apply(barrier{}, n, dy)
		copies[behind(n)], made = late, append(made, late)
	}
	again := recompute(x[0], copies)
	made = append(made, again...)
	place := make(map[*Node]int)
	for i, n := range made {
		place[n] = i
	}
	grads := newCotangents(place, slices.Repeat([]bool{true}, len(made)))
	grads.add(copies[behind(x[0])], dy)
	dx := make([]*Node, len(x))
	im := newImporter()
	im.drafts = isDraft(dy)
	for _, n := range slices.Backward(again) {
		if err := im.sweep(n, grads); err != nil {
			dx[1] = Invalid(y.Graph(), "autodiff.Checkpoint", err)
			return dx
		}
	}
	for i, n := range x[1:] {
		dx[i+1] = grads.of(copies[behind(n)])
	}
	return dx
}

// recompute makes a copy of y from the copies that there are of other nodes, and adds
// it and those of the nodes in between to them. It returns the new nodes, each after
// its inputs. What depends on no copy is not copied.
func recompute(y *Node, copies map[*Node]*Node) []*Node {
	var made []*Node
	var visit func(n *Node) *Node
	visit = func(n *Node) *Node {
		n = behind(n)
		if c, ok := copies[n]; ok {
			return c
		}
		copies[n] = n
		o, ok := n.Op().(*op)
		if !ok {
			return n
		}
		in, changed := make([]*Node, len(o.in)), false
		for i, x := range o.in {
			in[i] = visit(x)
			changed = changed || in[i] != behind(x)
		}
		if changed {
			c := newNode(n.Graph(), o.prim, in, o.shape, o.dtype)
			c.Op().(*op).site = site{pc: o.site.pc, grad: true} // of the line in f
			copies[n], made = c, append(made, c)
		}
		return copies[n]
	}
	visit(y)
	return made
}

// barrier is its first input, at a time when the second has been computed. To the
// compiler it is another value, so that what is computed from it is computed anew;
// the schedule, which puts it after the second input, leaves it out.
//
// It does the work of jax.lax.optimization_barrier in jax.checkpoint.
type barrier struct{ firstInput }

func (barrier) Name() string { return "Barrier" }

func (barrier) Differentiable(input int) bool { return input == 0 }

func (barrier) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{dy, nil} }

// firstInput is embedded in primitives whose value is their first input.
type firstInput struct{}

func (firstInput) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }

func (firstInput) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (firstInput) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}

// simplifyBarrier takes what only arranges elements out of a barrier, so that all
// rules for it hold behind the barrier as before it: both computations are the same.
func (b *builder) simplifyBarrier(v *value) *value {
	x := v.args[0]
	switch x.prim.(type) {
	case constant:
		return x
	case reshape, expand, transpose:
		inner := x.args[0]
		return b.emit(x.prim, v.shape, v.dtype, b.emit(v.prim, inner.shape, inner.dtype, inner, v.args[1]))
	}
	return nil
}

// withoutBarriers takes the barriers out of a schedule, and what only they needed.
func withoutBarriers(order, outputs []*value) []*value {
	found := false
	for _, v := range order {
		for i, a := range v.args {
			if _, ok := a.prim.(barrier); ok {
				v.args[i], found = a.args[0], true
			}
		}
	}
	if !found {
		return order
	}
	needed := make(map[*value]bool, len(order))
	for _, v := range outputs {
		needed[v] = true
	}
	for _, v := range slices.Backward(order) {
		for _, a := range v.args {
			needed[a] = needed[a] || needed[v]
		}
	}
	return slices.DeleteFunc(order, func(v *value) bool { return !needed[v] })
}
