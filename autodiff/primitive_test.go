package autodiff_test

import (
	"fmt"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// scale is K·x. Its text does not tell K.
type scale struct{ K float64 }

func (scale) String() string                                { return "scale" }
func (scale) Name() string                                  { return "scale" }
func (scale) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (p scale) Map32(dst []float32, x [][]float32)          { scaleTo(dst, x[0], float32(p.K)) }
func (p scale) Map64(dst []float64, x [][]float64)          { scaleTo(dst, x[0], p.K) }
func (p scale) VJP(x []*Node, y, dy *Node) []*Node          { return []*Node{Apply(p, dy)} }

func scaleTo[T tensor.Float](dst, x []T, k T) {
	for i, e := range x {
		dst[i] = k * e
	}
}

// mapper applies any function; two of one source line differ in what they capture.
type mapper struct{ f, slope func(float64) float64 }

func (mapper) Name() string                                  { return "mapper" }
func (mapper) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (p mapper) Map32(dst []float32, x [][]float32) {
	for i, e := range x[0] {
		dst[i] = float32(p.f(float64(e)))
	}
}
func (p mapper) Map64(dst []float64, x [][]float64) {
	for i, e := range x[0] {
		dst[i] = p.f(e)
	}
}
func (p mapper) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Mul(dy, Apply(mapper{f: p.slope}, x[0]))}
}

func times(k float64) mapper {
	return mapper{func(x float64) float64 { return k * x }, func(float64) float64 { return k }}
}

// cumulative is the running sum of a vector, or the sum from the end on.
type cumulative struct{ FromEnd bool }

func (cumulative) Name() string { return "cumulative" }
func (cumulative) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if len(in) != 1 || len(in[0]) != 1 {
		return nil, fmt.Errorf("%w: %v, want one vector", tensor.ErrShape, in)
	}
	return in[0], nil
}
func (p cumulative) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Apply(cumulative{!p.FromEnd}, dy)}
}
func (p cumulative) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return cumulate(p.FromEnd, dst, in[0])
}
func (p cumulative) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return cumulate(p.FromEnd, dst, in[0])
}

func cumulate[T tensor.Float](fromEnd bool, dst, x *tensor.Array[T]) func() {
	n := x.Shape[0]
	return func() {
		var sum T
		for i := range n {
			if fromEnd {
				i = n - 1 - i
			}
			sum += x.Data[i]
			dst.Data[i] = sum
		}
	}
}

// Primitives made outside are operations like all others: they are fused, run on
// scalars, vectors and whole arrays, and have gradients of any order.
func TestOwnPrimitives(t *testing.T) {
	triple := func(x ...*Node) *Node { return Mul(x[0], Apply(scale{3}, Exp(x[0]))) }
	gradtest.Check(t, triple, tensor.Of(0.5, 1))
	gradtest.Check(t, triple, tensor.Scalar(float32(0.5)))
	sums := func(x ...*Node) *Node { return Square(Apply(cumulative{}, Square(x[0]))) }
	gradtest.Check(t, sums, tensor.Of(0.5, 1, -2))
	gradtest.Check(t, sums, tensor.Of[float32](0.5, 1, -2))

	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2, 3))
	require.Equal(t, []float64{1, 3, 6}, run(t, Apply(cumulative{}, x)))
}

// Operations of one type that print alike are still different ones when their
// fields differ.
func TestPrimitivesAreNotConfused(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	s := Param(g, "s", tensor.Scalar(1.0))
	require.Equal(t, []float64{2, 2, 3, 6}, run(t, Concat(0, Apply(scale{2}, Expand(s, 2)), Apply(scale{3}, x))))
	require.Equal(t, []float64{5, 10}, run(t, Add(Apply(scale{2}, x), Apply(scale{3}, x))))
	require.Equal(t, []float64{5}, run(t, Add(Apply(scale{2}, s), Apply(scale{3}, s))))
	require.Equal(t, []float64{5, 10}, run(t, Add(Apply(times(2), x), Apply(times(3), x))))
	loss := Sum(Add(Apply(times(2), x), Apply(times(3), x)))
	require.Equal(t, []float64{5, 5}, run(t, gradOf(t, loss, x)[0]))
	prog := mustCompile(t, Add(Apply(scale{2}, x), Apply(scale{2}, x)))
	require.Contains(t, prog.Explain(), "2 operations", "equal ones are computed once")
}

// notComputed has no kernel.
type notComputed struct{}

func (notComputed) Name() string                                  { return "notComputed" }
func (notComputed) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (notComputed) VJP(x []*Node, y, dy *Node) []*Node            { return nil }

// resized is a Pointwise or a Kernel that claims any shape.
type resized struct {
	scale
	to tensor.Shape
}

func (p resized) Shape([]tensor.Shape) (tensor.Shape, error) { return p.to, nil }

type resizedKernel struct {
	cumulative
	to tensor.Shape
}

func (p resizedKernel) Shape([]tensor.Shape) (tensor.Shape, error) { return p.to, nil }

func TestApplyErrors(t *testing.T) {
	g := NewGraph()
	x, m := Param(g, "x", tensor.Of(1.0, 2)), Param(g, "m", tensor.Must(tensor.Ones[float64](2, 2)))
	f := Param(g, "f", tensor.Of[float32](1, 2))
	other := Param(NewGraph(), "x", tensor.Of(1.0, 2))
	for _, c := range []struct {
		node *Node
		want error
		text string
	}{
		{Apply(nil, x), ErrPrimitive, "it is nil"},
		{Apply(notComputed{}, x), ErrPrimitive, "autodiff_test.notComputed is neither a Pointwise nor a Kernel"},
		{Apply(scale{2}), ErrPrimitive, "has no inputs"},
		{Apply(scale{2}, nil), ErrNil, "argument 0"},
		{Apply(scale{2}, x, nil), ErrNil, "argument 1"},
		{Apply(scale{2}, x, other), ErrGraph, ""},
		{Apply(scale{2}, x, f), ErrDtype, "float64 and float32"},
		{Apply(cumulative{}, m), ErrShape, "want one vector"},
		{Apply(cumulative{}, x, x), ErrShape, "want one vector"},
		{Apply(resized{to: tensor.Shape{3}}, x), ErrShape, "which is not their broadcast"},
		{Apply(resized{to: tensor.Shape{2, 1}}, x), ErrShape, "which is not their broadcast"},
		{Apply(resizedKernel{to: tensor.Shape{0}}, x), ErrShape, "at least 1"},
		{Apply(resizedKernel{to: tensor.Shape{-1}}, x), ErrShape, "at least 1"},
		{Apply(resizedKernel{to: tensor.Shape{1 << 30, 1 << 30}}, x), ErrShape, "too large"},
	} {
		require.ErrorIs(t, Err(c.node), c.want)
		require.ErrorContains(t, Err(c.node), c.text)
		require.ErrorContains(t, Err(c.node), "primitive_test.go:")
	}
	require.Equal(t, tensor.Shape{5}, Shape(Apply(resizedKernel{to: tensor.Shape{5}}, x)))
}

// rule has a gradient rule from outside.
type rule struct {
	scale
	f func(x []*Node, y, dy *Node) []*Node
}

func (p rule) VJP(x []*Node, y, dy *Node) []*Node { return p.f(x, y, dy) }

// A rule that cannot be right is an error of Grad, which names the operation.
func TestBadRules(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	for name, c := range map[string]struct {
		f    func(x []*Node, y, dy *Node) []*Node
		want error
		text string
	}{
		"count":       {func(x []*Node, y, dy *Node) []*Node { return []*Node{dy, dy} }, ErrNoRule, "1 inputs, its rule gave 2"},
		"shape":       {func(x []*Node, y, dy *Node) []*Node { return []*Node{Sum(dy)} }, ErrNoRule, "not a broadcast of the input"},
		"larger":      {func(x []*Node, y, dy *Node) []*Node { return []*Node{Stack(0, dy, dy)} }, ErrNoRule, "larger than the result"},
		"other shape": {func(x []*Node, y, dy *Node) []*Node { return []*Node{Concat(0, dy, dy)} }, ErrNoRule, "not a broadcast"},
		"invalid":     {func(x []*Node, y, dy *Node) []*Node { return []*Node{Reshape(dy, 7)} }, ErrShape, "scale"},
		"graph":       {func(x []*Node, y, dy *Node) []*Node { return []*Node{Const(NewGraph(), tensor.Of(1.0, 2))} }, ErrGraph, ""},
		"dtype":       {func(x []*Node, y, dy *Node) []*Node { return []*Node{Const(g, tensor.Of[float32](1, 2))} }, ErrDtype, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Grad(Sum(Apply(rule{f: c.f}, x)), x)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
		})
	}
	none := func(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }
	require.Equal(t, []float64{0, 0}, run(t, gradOf(t, Sum(Apply(rule{f: none}, x)), x)[0]), "nil is no gradient")
}

// hook calls f while it computes.
type hook struct {
	scale
	f func()
}

func (p hook) Map64(dst []float64, x [][]float64) { p.f(); copy(dst, x[0]) }

// A program that is running refuses to run again, and is free afterwards, also
// when an operation panicked.
func TestBusy(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	var prog *Program
	var inner error
	fail := false
	prog = mustCompile(t, Sum(Apply(hook{f: func() {
		inner = prog.Run()
		if fail {
			panic("a bug in an operation")
		}
	}}, x)))
	require.NoError(t, prog.Run())
	require.ErrorIs(t, inner, ErrBusy)
	require.ErrorContains(t, inner, "autodiff.Program.Run")
	require.Equal(t, 3.0, prog.Loss())
	fail = true
	require.PanicsWithValue(t, "a bug in an operation", func() { _ = prog.Run() })
	fail = false
	require.NoError(t, prog.Run())
}
