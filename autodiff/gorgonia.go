package autodiff

import (
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// op makes a primitive, applied to certain nodes, gorgonia's Op and SDOp. It is
// the only type that knows both sides, and lets even stock machines run and
// differentiate our nodes.
type op struct {
	prim  Primitive
	in    []*Node
	shape tensor.Shape
	dtype tensor.Dtype
	id    uint32
	site  site // where it was made
	draft bool // the node is not in its graph
}

var (
	_ gorgonia.Op   = (*op)(nil)
	_ gorgonia.SDOp = (*op)(nil)
)

// opCount numbers the ops of the process.
var opCount atomic.Uint32

// newNode adds the node p(in...) to g, unless it has a draft among its inputs: then
// it is one too.
//
// gorgonia takes two nodes of one 32-bit hash for the same node. Hashes of our
// ops are numbers, never data, so two of ours cannot collide; a collision with a
// stock node is noticed and tried again with the next number.
func newNode(g *Graph, p Primitive, in []*Node, shape tensor.Shape, dt tensor.Dtype) *Node {
	if slices.ContainsFunc(in, isDraft) {
		return newDraft(g, p, in, shape, dt)
	}
	for {
		o := &op{prim: p, in: in, shape: shape, dtype: dt, id: opCount.Add(1), site: here()}
		n := gorgonia.NewUniqueNode(
			gorgonia.WithType(nodeType(dt, len(shape))),
			gorgonia.WithOp(o),
			gorgonia.WithChildren(append(gorgonia.Nodes(nil), in...)),
			gorgonia.In(g),
			gorgonia.WithShape(shape...))
		if n.Op() == gorgonia.Op(o) {
			return n
		}
	}
}

// newDraft returns the node p(in...) of g without adding it to g's list. Drafts are
// what programs are compiled from and users never see: they leave no trace in the
// graph, and making one takes no time that grows with it.
func newDraft(g *Graph, p Primitive, in []*Node, shape tensor.Shape, dt tensor.Dtype) *Node {
	d := &draft{*blank, op{prim: p, in: in, shape: shape, dtype: dt, id: opCount.Add(1), draft: true}}
	n := &d.node
	gorgonia.In(g)(n)
	gorgonia.WithType(nodeType(dt, len(shape)))(n)
	gorgonia.WithOp(&d.op)(n)
	gorgonia.WithChildren(in)(n)
	*shapeIn(n) = shape
	return n
}

// draft is a node with its operation, in one piece of memory.
type draft struct {
	node Node
	op   op
}

// blank is what drafts are copied from: gorgonia's constructors add nodes to their
// graph. A clone has none.
var blank = func() *Node {
	n := gorgonia.NewUniqueNode(gorgonia.In(NewGraph()), gorgonia.WithName("blank")).Clone().(*Node)
	gorgonia.WithName("")(n)
	return n
}()

// shapeIn is where gorgonia keeps the shape of n, of which n.Shape() makes a copy.
func shapeIn(n *Node) *tensor.Shape { return private[tensor.Shape](n, shapeField) }

var shapeField = fieldOf[gorgonia.Node, tensor.Shape]("shape")

func isDraft(n *Node) bool {
	o, ok := n.Op().(*op)
	return ok && o.draft
}

// nodeType returns gorgonia's type of a value: the dtype of a scalar, else a
// tensor type of the given rank.
func nodeType(dt tensor.Dtype, rank int) hm.Type {
	switch {
	case rank < len(types32) && dt == tensor.Float32:
		return types32[rank]
	case rank < len(types64) && dt == tensor.Float64:
		return types64[rank]
	}
	return newType(dt, rank)
}

// types32 and types64 are the types of low ranks. Making one takes memory.
var types32, types64 = typesOf(tensor.Float32), typesOf(tensor.Float64)

func typesOf(dt tensor.Dtype) (types [5]hm.Type) {
	for rank := range types {
		types[rank] = newType(dt, rank)
	}
	return types
}

func newType(dt tensor.Dtype, rank int) hm.Type {
	if rank == 0 {
		return dt
	}
	return gorgonia.TensorType{Dims: rank, Of: dt}
}

func (o *op) Arity() int { return len(o.in) }

// Type returns a fresh type on each call, because gorgonia recycles it.
func (o *op) Type() hm.Type {
	types := make([]hm.Type, 0, len(o.in)+1)
	for _, x := range o.in {
		types = append(types, nodeType(x.Dtype(), len(x.Shape())))
	}
	types = append(types, nodeType(o.dtype, len(o.shape)))
	if len(types) == 1 {
		return types[0]
	}
	return hm.NewFnType(types...)
}

func (o *op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.shape.Clone(), nil }

// Do runs the primitive alone, for stock machines.
func (o *op) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	if err := o.Err(); err != nil {
		return nil, err
	}
	if _, ok := o.prim.(cast); ok {
		for i, v := range values {
			x, err := tensor.Convert(v, o.dtype)
			if err != nil {
				return nil, fmt.Errorf("autodiff.Cast: %w", err)
			}
			values[i] = x
		}
	}
	if o.dtype == tensor.Float32 {
		return do[float32](o, values)
	}
	return do[float64](o, values)
}

func do[T tensor.Float](o *op, values []gorgonia.Value) (gorgonia.Value, error) {
	in := make([]*tensor.Array[T], len(values))
	for i, v := range values {
		if d, ok := v.(*tensor.Dense); ok {
			c, err := tensor.Contiguous(d)
			if err != nil {
				return nil, fmt.Errorf("autodiff.%s: %w", o.prim.Name(), err)
			}
			v = c
		}
		data, err := tensor.Data[T](v)
		if err != nil {
			return nil, fmt.Errorf("autodiff.%s: %w", o.prim.Name(), err)
		}
		in[i] = &tensor.Array[T]{Shape: o.in[i].Shape(), Data: data}
	}
	return wrap(evaluate(o.prim, o.shape, in)), nil
}

// Err returns the error of an invalid node, for packages that know gorgonia's
// nodes but not this one.
func (o *op) Err() error {
	if bad, ok := o.prim.(invalid); ok {
		return bad.err
	}
	return nil
}

func (o *op) ReturnsPtr() bool     { return false }
func (o *op) CallsExtern() bool    { return false }
func (o *op) OverwritesInput() int { return -1 }
func (o *op) String() string       { return o.prim.Name() }

func (o *op) WriteHash(h hash.Hash) {
	// hash.Hash never returns an error.
	_ = binary.Write(h, binary.LittleEndian, [2]uint32{o.Hashcode(), 0xd0841122})
}

// Hashcode spreads the ids over 32 bits; multiplying by an odd number is one to one.
func (o *op) Hashcode() uint32 { return o.id * 2654435761 }

// DiffWRT says with respect to which inputs SymDiff gives a gradient.
func (o *op) DiffWRT(inputs int) []bool {
	out := make([]bool, inputs)
	for i := range out {
		out[i] = isDifferentiable(o.prim, i)
	}
	return out
}

// SymDiff gives the gradients of the inputs to gorgonia.Grad.
func (o *op) SymDiff(in gorgonia.Nodes, output, grad *Node) (gorgonia.Nodes, error) {
	dx, err := pullback(o.prim, in, output, grad)
	if err != nil {
		return nil, err
	}
	for i, d := range dx {
		if d == nil && isDifferentiable(o.prim, i) {
			dx[i] = zerosLike(in[i])
		}
	}
	return dx, nil
}
