package autodiff_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// softplusByHand is softplus with its gradient by a rule.
func softplusByHand(x *Node) *Node {
	return CustomGrad(Log1p(Exp(x)), []*Node{x}, func(x []*Node, y, dy *Node) []*Node {
		return []*Node{Mul(dy, Sigmoid(x[0]))}
	})
}

// A rule replaces the one that follows from the formula: the gradient of round is
// that of the identity, and of a gradient reversed its opposite.
func TestCustomGrad(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -2, 3))
	through := func(_ []*Node, _, dy *Node) []*Node { return []*Node{dy} }
	step := CustomGrad(Gt(x, 0), []*Node{x}, through)
	require.Equal(t, []float64{1, 0, 1}, run(t, step))
	require.Equal(t, []float64{2, 0, 2}, run(t, gradOf(t, Sum(Square(step)), x)[0]))

	reversed := CustomGrad(x, []*Node{x}, func(_ []*Node, _, dy *Node) []*Node { return []*Node{Neg(dy)} })
	require.Equal(t, []float64{-1, 4, -6}, run(t, gradOf(t, Sum(Square(reversed)), x)[0]))
	// through x itself too
	require.Equal(t, []float64{0, 0, 0}, run(t, gradOf(t, Sum(Add(reversed, x)), x)[0]))

	// nothing goes through y, by a rule that gives no gradient or without x
	for _, y := range []*Node{
		CustomGrad(Square(x), nil, through),
		CustomGrad(Square(x), []*Node{x}, func([]*Node, *Node, *Node) []*Node { return []*Node{nil} }),
	} {
		require.Equal(t, []float64{0, 0, 0}, run(t, gradOf(t, Sum(y), x)[0]))
	}
	// y is given to the rule, and is not the node that was passed
	inner := Exp(x)
	y := CustomGrad(inner, []*Node{x}, func(in []*Node, y, dy *Node) []*Node {
		require.Equal(t, []*Node{x}, in)
		require.NotSame(t, inner, y)
		in[0] = nil // a copy
		return []*Node{Mul(y, dy)}
	})
	for range 3 {
		d := gradOf(t, Sum(y), x)[0]
		require.Equal(t, run(t, Exp(x)), run(t, d))
		y = d
	}
}

// Several nodes, whose shapes are not that of y: a dense layer with its rule, and
// a bias whose gradient is summed.
func TestCustomGradOfSeveral(t *testing.T) {
	layer := func(x ...*Node) *Node {
		y := Add(MatMul(x[0], Transpose(x[1])), x[2])
		return CustomGrad(y, x, func(x []*Node, _, dy *Node) []*Node {
			return []*Node{MatMul(dy, x[1]), MatMul(Transpose(dy), x[0]), dy}
		})
	}
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		in := opRow{in: [][]int{{4, 2}, {3, 2}, {3}}}.inputs(dt)
		gradtest.Check(t, layer, in...)
		gradtest.Check(t, func(x ...*Node) *Node { return Square(layer(x...)) }, in...)
	}
}

// The compiler leaves nothing of it, and x is not computed for y alone.
func TestCustomGradCostsNothing(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -2, 3))
	y := CustomGrad(Square(x), []*Node{Tan(x)}, func(_ []*Node, _, dy *Node) []*Node { return []*Node{dy} })
	with, err := Compile(Sum(y))
	require.NoError(t, err)
	without, err := Compile(Sum(Square(x)))
	require.NoError(t, err)
	require.Equal(t, without.Explain(), with.Explain())
}

// A stock machine computes and differentiates it as well.
func TestCustomGradOnStockMachine(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -2, 3))
	y := Sum(CustomGrad(Square(x), []*Node{x}, func(_ []*Node, _, dy *Node) []*Node { return []*Node{Mul(dy, 5)} }))
	grads, err := gorgonia.Grad(y, x)
	require.NoError(t, err)
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	require.NoError(t, m.RunAll())
	require.Equal(t, 13.25, y.Value().Data())
	require.Equal(t, []float64{5, 5, 5}, grads[0].Value().Data())
}

func TestCustomGradErrors(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(0.5, -2, 3)), Param(g, "w", tensor.Of(1.0, 2))
	other, single := Param(NewGraph(), "x", tensor.Of(1.0)), Param(g, "f", tensor.Of[float32](1))
	through := func(_ []*Node, _, dy *Node) []*Node { return []*Node{dy} }
	bad := Reshape(x, 5)
	for i, c := range []struct {
		node *Node
		want error
	}{
		{CustomGrad(nil, []*Node{x}, through), ErrNil}, {CustomGrad(x, []*Node{x, nil}, through), ErrNil},
		{CustomGrad(x, []*Node{x}, nil), ErrNoRule}, {CustomGrad(x, []*Node{other}, through), ErrGraph},
		{CustomGrad(x, []*Node{single}, through), ErrDtype},
	} {
		require.ErrorIs(t, Err(c.node), c.want, "case %d", i)
		require.True(t, strings.HasPrefix(Err(c.node).Error(), "custom_test.go:"), Err(c.node))
		require.ErrorContains(t, Err(c.node), ": autodiff.CustomGrad: ")
	}
	require.Same(t, bad, CustomGrad(bad, []*Node{x}, through))
	require.Same(t, bad, CustomGrad(x, []*Node{bad}, through))
	for i, rule := range []func(x []*Node, y, dy *Node) []*Node{
		func([]*Node, *Node, *Node) []*Node { return nil },
		func(x []*Node, _, dy *Node) []*Node { return []*Node{dy, x[0]} },
		func(_ []*Node, _, dy *Node) []*Node { return []*Node{w} },
	} {
		_, err := Grad(Sum(CustomGrad(x, []*Node{x}, rule)), x)
		require.ErrorIs(t, err, ErrNoRule, fmt.Sprint("rule ", i))
		require.ErrorContains(t, err, "custom_test.go:")
		require.ErrorContains(t, err, "CustomGrad")
	}
}
