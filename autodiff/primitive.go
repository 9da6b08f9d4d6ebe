package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// A Primitive is the whole definition of one operation, as a plain struct. Its
// fields are its attributes: two primitives of one type whose fields are deeply
// equal are the same operation, and the compiler computes them once.
//
// Besides these methods a primitive computes: it is a [Pointwise] or a [Kernel].
// The set of primitives is closed under differentiation: VJP is written with
// this package's functions, so the gradient of a gradient is right too. A method
// that panics is a mistake of the program, and nothing recovers it.
type Primitive interface {
	// Name returns the name of the function that applies it, as "MatMul".
	Name() string
	// Shape returns the shape of the result, or an error that wraps ErrShape. It must
	// leave in as it is.
	Shape(in []tensor.Shape) (tensor.Shape, error)
	// VJP returns, for y = p(x...), the gradient with respect to each x from the
	// gradient dy with respect to y; nil for an x that has none. A result may
	// have the broadcast shape of y: the sweep sums it down to the shape of x.
	VJP(x []*Node, y, dy *Node) []*Node
}

// Pointwise is a primitive that computes each element of y from the elements of
// x at the same place, after broadcasting. The compiler fuses chains of them.
type Pointwise interface {
	Primitive
	// Map32 and Map64 compute dst[i] = f(x[0][i], x[1][i], ...). All slices have
	// one length, and dst may be one of x. They are called for pieces of the
	// arrays, for pieces of large ones by several goroutines at once.
	Map32(dst []float32, x [][]float32)
	Map64(dst []float64, x [][]float64)
}

// Kernel is a primitive that computes whole arrays.
type Kernel interface {
	Primitive
	// Bind32 and Bind64 return a function that computes dst from in. They are
	// called once per compiled program; the function is called in every run and
	// must not allocate. It reads dst.Data and in[i].Data anew each time: they
	// can be nil until the first run, and programs may be given other memory between
	// runs. Shapes never change, so sizes are taken from them.
	// dst overlaps no input, and all are contiguous.
	Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func()
	Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func()
}

// differentiable is implemented by primitives that have no gradient with
// respect to some of their inputs. The answer must agree with VJP.
type differentiable interface{ Differentiable(input int) bool }

func isDifferentiable(p Primitive, input int) bool {
	d, ok := p.(differentiable)
	return !ok || d.Differentiable(input)
}

// Apply returns the node p(in...), for a primitive of your own: with its methods
// it is a full operation, which programs fuse, stock gorgonia machines run, and
// every gradient goes through. Package gradtest checks its gradient rule.
//
// All inputs must be of one graph and one dtype, which the result has too. Apply
// records [ErrPrimitive] when p is nil, is neither a [Pointwise] nor a [Kernel], or
// has no inputs; [ErrShape] when p refuses the shapes, returns one with a dimension
// below 1, or is a Pointwise whose shape is not the broadcast of its inputs'; and
// [ErrNil], [ErrGraph] and [ErrDtype] as every function. It is like a
// torch.autograd.Function whose backward can be differentiated.
func Apply(p Primitive, in ...*Node) *Node {
	if err := checkPrimitive(p, in); err != nil {
		return Invalid(nil, "autodiff.Apply", err)
	}
	return apply(p, in...)
}

func checkPrimitive(p Primitive, in []*Node) error {
	if p == nil {
		return fmt.Errorf("%w: it is nil", ErrPrimitive)
	}
	_, isPointwise := p.(Pointwise)
	_, isKernel := p.(Kernel)
	switch {
	case !isPointwise && !isKernel:
		return fmt.Errorf("%w: %T is neither a Pointwise nor a Kernel, so it computes nothing", ErrPrimitive, p)
	case len(in) == 0:
		return fmt.Errorf("%w: %T has no inputs, so it belongs to no graph", ErrPrimitive, p)
	}
	return nil
}

// checkResult reports a shape that no result of p can have.
func checkResult(p Primitive, in []tensor.Shape, shape tensor.Shape) error {
	if _, ok := p.(Pointwise); ok {
		if want, err := tensor.Broadcast(in...); err != nil || !slices.Equal(want, shape) {
			return shapeError(in, "the result has shape %v, which is not their broadcast", shape)
		}
		return nil
	}
	if _, err := tensor.Broadcast(shape); err != nil {
		return fmt.Errorf("the result: %w", err)
	}
	return nil
}

// apply returns the node p(in...). It is the only way an operation is made.
func apply(p Primitive, in ...*Node) *Node {
	for _, x := range in {
		if x == nil || nodeErr(x) != nil {
			return firstInvalid(p.Name(), in...)
		}
	}
	g := in[0].Graph()
	fail := func(err error) *Node { return Invalid(g, "autodiff."+p.Name(), err, shapesOf(in)...) }
	for _, x := range in {
		if x.Graph() != g {
			return fail(fmt.Errorf("%w: %v and %v", ErrGraph, in[0], x))
		}
		if err := checkDtype(x, in[0]); err != nil {
			return fail(err)
		}
	}
	shape, err := resultShape(p, in)
	if err != nil {
		return fail(err)
	}
	return newNode(g, p, in, shape, in[0].Dtype())
}

// resultShape returns the shape of p(in...): that of in, for most operations.
func resultShape(p Primitive, in []*Node) (tensor.Shape, error) {
	first := shapeOf(in[0])
	if _, ok := p.(broadcasting); ok && !slices.ContainsFunc(in, func(x *Node) bool { return !slices.Equal(shapeOf(x), first) }) {
		return tensor.Broadcast(first)
	}
	shapes := shapesOf(in)
	shape, err := p.Shape(shapes)
	if err == nil {
		err = checkResult(p, shapes, shape)
	}
	return shape, err
}

// shapesOf returns the shapes of in, for looking at only.
func shapesOf(in []*Node) []tensor.Shape {
	shapes := make([]tensor.Shape, len(in))
	for i, x := range in {
		shapes[i] = shapeOf(x)
	}
	return shapes
}

// firstInvalid returns the first of in that is invalid, nil if none is. For one that
// is nil or in no graph it makes an invalid node that names fn.
func firstInvalid(fn string, in ...*Node) *Node {
	for i, x := range in {
		if x == nil {
			return Invalid(nil, "autodiff."+fn, fmt.Errorf("%w: argument %d", ErrNil, i))
		}
		if x.Graph() == nil {
			return Invalid(nil, "autodiff."+fn, withoutGraph(x))
		}
		if nodeErr(x) != nil {
			return x
		}
	}
	return nil
}

// checkDtype reports an x that is not a float, or not the same one as first.
func checkDtype(x, first *Node) error {
	if x.Type() == nil {
		return fmt.Errorf("%w: %v is a statement, it has no value", ErrDtype, x)
	}
	switch dt := x.Dtype(); {
	case dt != tensor.Float32 && dt != tensor.Float64:
		return fmt.Errorf("%w: %v is %v, neither float32 nor float64", ErrDtype, x, dt)
	case dt != first.Dtype():
		return fmt.Errorf("%w: %v and %v", ErrDtype, first.Dtype(), dt)
	}
	return nil
}
