package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Operand is what a binary function takes: a node, or a Go number, which becomes
// a constant of the other operand's dtype.
type Operand interface {
	*gorgonia.Node | float64 | float32 | int
}

// Const returns a node of g that always has the value v, which is copied.
// It returns an invalid node that carries [ErrGraph], [ErrDtype] or
// [ErrNoValue] on bad input.
func Const(g *Graph, v tensor.Value) *Node {
	fail := func(err error) *Node { return Invalid(g, "autodiff.Const", err) }
	if g == nil {
		return fail(fmt.Errorf("%w: the graph is nil", ErrGraph))
	}
	bound, err := bindable(v)
	if err != nil {
		return fail(err)
	}
	data, err := tensor.Float64s(bound)
	if err != nil {
		return fail(err)
	}
	return newConst(g, data, bound.Dtype(), bound.Shape())
}

// ConstLike returns the scalar constant v in the graph and dtype of n.
func ConstLike(n *Node, v float64) *Node {
	if nodeErr(n) != nil {
		return firstInvalid("ConstLike", n)
	}
	return constLike(n, []float64{v}, tensor.Shape{})
}

func newConst(g *Graph, data []float64, dt tensor.Dtype, shape tensor.Shape) *Node {
	return newNode(g, constant{&data}, nil, shape, dt)
}

// constLike returns a constant in the graph and dtype of n, a draft if n is one.
func constLike(n *Node, data []float64, shape tensor.Shape) *Node {
	if isDraft(n) {
		return newDraft(n.Graph(), constant{&data}, nil, shape, n.Dtype())
	}
	return newConst(n.Graph(), data, n.Dtype(), shape)
}

// zerosLike returns zeros of the shape and dtype of n.
func zerosLike(n *Node) *Node { return Expand(ConstLike(n, 0), n.Shape()...) }

// constant is a fixed array. It holds a pointer, which identifies the constant in
// keys and prints without its elements; float64 holds every float32 exactly.
type constant struct{ data *[]float64 }

func (constant) Name() string                               { return "Const" }
func (constant) Shape([]tensor.Shape) (tensor.Shape, error) { return nil, nil }
func (constant) VJP([]*Node, *Node, *Node) []*Node          { return nil }

func (c constant) Bind32(dst *tensor.Array[float32], _ []*tensor.Array[float32]) func() {
	return bindConstant(*c.data, dst)
}

func (c constant) Bind64(dst *tensor.Array[float64], _ []*tensor.Array[float64]) func() {
	return bindConstant(*c.data, dst)
}

func bindConstant[T tensor.Float](data []float64, dst *tensor.Array[T]) func() {
	return func() {
		for i, v := range data {
			dst.Data[i] = T(v)
		}
	}
}

// applyBinary returns p(a, b) with numbers turned into constants.
func applyBinary[A, B Operand](p Primitive, a A, b B) *Node {
	x, xIsNode := any(a).(*Node)
	y, yIsNode := any(b).(*Node)
	switch {
	case xIsNode && yIsNode:
	case xIsNode:
		y = likeIfValid(x, b)
	case yIsNode:
		x = likeIfValid(y, a)
	default:
		return Invalid(nil, "autodiff."+p.Name(), fmt.Errorf("%w: %v and %v are both numbers, which belong to no graph", ErrGraph, a, b))
	}
	return apply(p, x, y)
}

// likeIfValid returns the number v as a constant that fits n, and n itself when
// that is nil or invalid: apply reports it then.
func likeIfValid(n *Node, v any) *Node {
	if n == nil || nodeErr(n) != nil {
		return n
	}
	return ConstLike(n, number(v))
}

func number(a any) float64 {
	switch v := a.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	case int:
		return float64(v)
	}
	panic(fmt.Sprintf("autodiff: %T is not a number", a)) // Operand allows nothing else
}
