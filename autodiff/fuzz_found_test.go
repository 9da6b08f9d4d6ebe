package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// What TestMixedGraphs found.

// Gradients are not added to the constant 1 that gorgonia.Grad starts from in all graphs.
func TestGradientThatIsGorgoniasConstant(t *testing.T) {
	g, x := scalarParams(2, 3)
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Add(x[0], x[1])), x...)
	require.NoError(t, err)
	vm := NewVM(g, gorgonia.BindDualValues(x...))
	for run := range 2 {
		require.NoError(t, vm.RunAll())
		require.Equal(t, []float64{float64(run + 1)}, gradValue(t, x[0]))
		require.Equal(t, []float64{float64(run + 1)}, gradValue(t, x[1]))
		require.Equal(t, []float64{1}, nodeValue(t, x[0].Deriv()))
	}
}

// A node that gorgonia.Grad found in the graph, and used, is the user's.
func TestNodeThatGradUses(t *testing.T) {
	for _, held := range []func(*Node) (*Node, error){gorgonia.Sin, func(x *Node) (*Node, error) { return gorgonia.Neg(gorgonia.Must(gorgonia.Sin(x))) }} {
		g := NewGraph()
		x := Param(g, "x", tensor.Of(1.0, 2))
		sin := gorgonia.Must(held(x))
		cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Cos(x))))
		_, err := gorgonia.Grad(cost, x)
		require.NoError(t, err)
		require.NoError(t, NewVM(g, gorgonia.BindDualValues(x)).RunAll())
		require.NotNil(t, sin.Value())
		require.InDeltaSlice(t, run(t, Neg(Sin(x))), gradValue(t, x), 1e-15)
	}
}

// The gradient that gorgonia.Grad makes can have another shape than the leaf.
func TestGradientOfAnotherShape(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(3.0))
	cube := gorgonia.Must(gorgonia.Reshape(x, stock.Shape{1, 1, 1}))
	y := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Add(cube, cube)), x))
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x)).RunAll())
	require.Equal(t, []float64{3}, gradValue(t, x))
}

// To gorgonia (4) and (4, 1) are one shape, in MinBetween and MaxBetween too.
func TestExtremesOfVectors(t *testing.T) {
	for _, f := range []struct {
		of   func(a, b *Node) (*Node, error)
		want []float64
	}{{gorgonia.MinBetween, []float64{1, 0, -3}}, {gorgonia.MaxBetween, []float64{2, 5, 3}}} {
		g := NewGraph()
		a := Param(g, "a", tensor.Of(1.0, 5, -3))
		b := Param(g, "b", tensor.Must(tensor.FromSlice([]float64{2, 0, 3}, 3, 1)))
		y := gorgonia.Must(f.of(a, b))
		require.NoError(t, mustCompile(t, y).Run())
		require.Equal(t, f.want, nodeValue(t, y))
	}
}

// The test x >= 0 is inside of a rectifier if gorgonia.Rectify made it.
func TestRectifierByHand(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(-1.0, 2))
	test := gorgonia.Must(gorgonia.Gte(x, gorgonia.NewConstant(0.0), true))
	y := gorgonia.Must(gorgonia.HadamardProd(x, test))
	require.NoError(t, NewVM(g).RunAll())
	require.Equal(t, []float64{0, 1}, nodeValue(t, test))
	require.Equal(t, []float64{0, 2}, nodeValue(t, y))
}

// The test of a rectifier that the user has made too, which gorgonia makes one node.
func TestTestOfARectifier(t *testing.T) {
	for _, userFirst := range []bool{true, false} {
		g := NewGraph()
		x := Param(g, "x", tensor.Of(1.0, -2))
		zero := gorgonia.NewConstant(0.0)
		var test *Node
		if userFirst {
			test = gorgonia.Must(gorgonia.Gte(x, zero, true))
		}
		y := gorgonia.Must(gorgonia.Rectify(x))
		if !userFirst {
			test = gorgonia.Must(gorgonia.Gte(x, zero, true))
		}
		require.NoError(t, NewVM(g).RunAll())
		require.Equal(t, []float64{1, 0}, nodeValue(t, test))
		require.Equal(t, []float64{1, 0}, nodeValue(t, y))
	}
}

// After gorgonia.Grad, which forgets that two calls made the test, it has a value where it is asked for.
func TestTestOfARectifierAfterGrad(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, -2))
	test := gorgonia.Must(gorgonia.Gte(x, gorgonia.NewConstant(0.0), true))
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Rectify(x))))
	_, err := gorgonia.Grad(loss, x)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x), Only(loss, test)).RunAll())
	require.Equal(t, []float64{1, 0}, nodeValue(t, test))
	require.Equal(t, []float64{1, 0}, gradValue(t, x))
}
