package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Node is gorgonia's node: one value in an expression graph. The name is an
// alias, so nodes made here and by gorgonia mix freely.
type Node = gorgonia.Node

// Graph is gorgonia's expression graph.
type Graph = gorgonia.ExprGraph

// NewGraph returns an empty graph.
func NewGraph() *Graph { return gorgonia.NewGraph() }

// Param returns a leaf of g that an optimizer moves, with its first value.
// The node holds v itself, so writing to v's elements changes the parameter;
// a rank-0 tensor is copied into a gorgonia scalar, which n.Value() returns.
//
// The name must be new in g. Param returns an invalid node that carries
// [ErrName], [ErrDtype], [ErrShape] or [ErrNoValue] on bad input. The result is
// like a torch.nn.Parameter: it has requires_grad wherever [WithGrad] names it.
func Param(g *Graph, name string, v tensor.Value) *Node { return leaf(g, "autodiff.Param", name, v) }

// Input returns a leaf of g for data, with its first value; [Let] gives it
// another. It differs from [Param] in intent only. Errors are those of Param.
func Input(g *Graph, name string, v tensor.Value) *Node { return leaf(g, "autodiff.Input", name, v) }

// InputOf returns a leaf of g that has no value yet: [Let] must give it one
// before a program that needs it runs. Errors are those of [Param].
func InputOf(g *Graph, name string, dt tensor.Dtype, shape ...int) *Node {
	v, err := tensor.ZerosOf(dt, shape...)
	if err != nil {
		return Invalid(g, "autodiff.InputOf", err)
	}
	if err := checkName(g, name); err != nil {
		return Invalid(g, "autodiff.InputOf", err)
	}
	return newLeaf(g, name, v.Dtype(), v.Shape(), false)
}

func leaf(g *Graph, fn, name string, v tensor.Value) *Node {
	if err := checkName(g, name); err != nil {
		return Invalid(g, fn, err)
	}
	bound, err := bindable(v)
	if err != nil {
		return Invalid(g, fn, fmt.Errorf("%q: %w", name, err))
	}
	n := newLeaf(g, name, bound.Dtype(), bound.Shape(), fn == "autodiff.Param")
	if err := gorgonia.UnsafeLet(n, bound); err != nil {
		return Invalid(g, fn, fmt.Errorf("%q: %w", name, err))
	}
	return n
}

func newLeaf(g *Graph, name string, dt tensor.Dtype, shape tensor.Shape, isParam bool) *Node {
	n := gorgonia.NewUniqueNode(gorgonia.WithType(nodeType(dt, len(shape))), gorgonia.In(g),
		gorgonia.WithShape(shape...), gorgonia.WithName(name))
	noteLeaf(n, isParam)
	return n
}

// checkName refuses names that gorgonia would merge with an existing node.
func checkName(g *Graph, name string) error {
	switch {
	case g == nil:
		return fmt.Errorf("%w: the graph is nil", ErrGraph)
	case name == "":
		return fmt.Errorf("%w: a leaf needs a name", ErrName)
	case len(g.ByName(name)) > 0:
		return fmt.Errorf("%w: the graph already has a node named %q", ErrName, name)
	}
	return nil
}

// bindable returns v as a value that gorgonia's nodes, machines and solvers
// accept: scalars as *F64 or *F32, everything else as *Dense.
func bindable(v tensor.Value) (gorgonia.Value, error) {
	switch v := v.(type) {
	case *gorgonia.F64:
		if v != nil {
			return v, nil
		}
	case *gorgonia.F32:
		if v != nil {
			return v, nil
		}
	case *tensor.Dense:
		if v == nil || v.Dtype().Type == nil { // or the zero Dense
			break
		}
		if tensor.Size(v.Shape()) < 1 {
			return nil, fmt.Errorf("%w: a tensor of shape %v has no elements", ErrShape, v.Shape())
		}
		if dt := v.Dtype(); dt != tensor.Float64 && dt != tensor.Float32 {
			return nil, fmt.Errorf("%w: %v is neither float32 nor float64", ErrDtype, dt)
		}
		if v.Dims() > 0 {
			return v, nil
		}
		x, err := tensor.Item(v)
		if err != nil {
			return nil, err
		}
		return scalarValue(v.Dtype(), x), nil
	case nil:
	default:
		return nil, fmt.Errorf("%w: %T holds no float tensor", ErrDtype, v)
	}
	return nil, fmt.Errorf("%w: the tensor is nil", ErrNoValue)
}

func scalarValue(dt tensor.Dtype, x float64) gorgonia.Value {
	if dt == tensor.Float32 {
		return gorgonia.NewF32(float32(x))
	}
	return gorgonia.NewF64(x)
}

// Let gives a leaf a new value, which programs use from their next run on. The
// node holds v itself (see [Param]), so two leaves given one tensor share it. Let
// returns an error, and changes nothing, when n is not a leaf or v has another
// shape or dtype.
func Let(n *Node, v tensor.Value) error {
	fail := func(err error) error { return &Error{Op: "autodiff.Let", Pos: callerPos(), Err: err} }
	if err := Err(n); err != nil {
		return err
	}
	if !n.IsVar() {
		return fail(fmt.Errorf("%v is not a leaf", n))
	}
	bound, err := bindable(v)
	if err != nil {
		return fail(fmt.Errorf("%q: %w", n.Name(), err))
	}
	if !slices.Equal(bound.Shape(), n.Shape()) {
		return fail(fmt.Errorf("%w: %q has shape %v, the value %v", ErrShape, n.Name(), n.Shape(), bound.Shape()))
	}
	if bound.Dtype() != n.Dtype() {
		return fail(fmt.Errorf("%w: %q is %v, the value %v", ErrDtype, n.Name(), n.Dtype(), bound.Dtype()))
	}
	return gorgonia.UnsafeLet(n, bound)
}

// Shape returns the shape of n: nil for an invalid or nil node.
func Shape(n *Node) tensor.Shape {
	if nodeErr(n) != nil {
		return nil
	}
	return n.Shape()
}

// Rank returns the number of dimensions of n: 0 for an invalid node.
func Rank(n *Node) int { return len(shapeOf(n)) }

// Dim returns the size of dimension i of n, the last for i = -1. It returns 0
// for an invalid node and for a dimension that n does not have.
func Dim(n *Node, i int) int {
	s := shapeOf(n)
	if i, err := tensor.Axis(i, len(s)); err == nil {
		return s[i]
	}
	return 0
}

// shapeOf is Shape without the copy, for looking at only.
func shapeOf(n *Node) tensor.Shape {
	if n != nil {
		if o, ok := n.Op().(*op); ok {
			return o.shape
		}
	}
	if nodeErr(n) != nil {
		return nil
	}
	return *shapeIn(n)
}
