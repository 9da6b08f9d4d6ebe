package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// runAll runs all of g, and returns the elements of n.
func runAll(t *testing.T, n *Node, opts ...gorgonia.VMOpt) []float64 {
	t.Helper()
	require.NoError(t, NewVM(n.Graph(), opts...).RunAll())
	return nodeValue(t, n)
}

// programValue compiles and runs n alone.
func programValue(t *testing.T, n *Node) []float64 {
	t.Helper()
	require.NoError(t, mustCompile(t, n).Run())
	return nodeValue(t, n)
}

// mustGrad returns the gradients of cost as nodes.
func mustGrad(t *testing.T, cost *Node, wrt ...*Node) []*Node {
	t.Helper()
	grads, err := Grad(cost, wrt...)
	require.NoError(t, err)
	return grads
}

// twoCosts are c1 = Σh and c2 = Σ h·sin x for h = x².
func twoCosts() (x, c1, c2 *Node) {
	g := NewGraph()
	x = stockLeaf(g, "x", tensor.Of(1.0, 2, 3))
	h := gorgonia.Must(gorgonia.Square(x))
	return x, sumOf(h, nil), sumOf(gorgonia.HadamardProd(h, gorgonia.Must(gorgonia.Sin(x))))
}

func TestHazardGradOfSeveral(t *testing.T) {
	t.Run("two costs that share the input", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", 2.0)
		a, b := gorgonia.Must(gorgonia.Cube(x)), gorgonia.Must(gorgonia.Exp(x))
		require.Equal(t, []float64{12}, programValue(t, mustGrad(t, a, x)[0]))
		require.InDelta(t, math.Exp(2), programValue(t, mustGrad(t, b, x)[0])[0], 1e-14)
		require.NoError(t, NewVM(g, gorgonia.BindDualValues(x), Cost(a, b)).RunAll())
		require.InDelta(t, 12+math.Exp(2), gradValue(t, x)[0], 1e-14)
	})
	t.Run("two costs that share an intermediate", func(t *testing.T) {
		want := make([]float64, 3) // of c2; gorgonia gives that of c1
		for i, x := range []float64{1, 2, 3} {
			want[i] = 2*x*math.Sin(x) + x*x*math.Cos(x)
		}
		x, c1, c2 := twoCosts()
		require.Equal(t, []float64{2, 4, 6}, programValue(t, mustGrad(t, c1, x)[0]))
		require.InDeltaSlice(t, want, programValue(t, mustGrad(t, c2, x)[0]), 1e-14)

		x, c1, c2 = twoCosts()
		for _, c := range []*Node{c1, c2} {
			_, err := gorgonia.Grad(c, x)
			require.NoError(t, err)
		}
		err := NewVM(x.Graph(), gorgonia.BindDualValues(x)).RunAll()
		require.ErrorIs(t, err, ErrParam, "one gradient, of which of them?")
		require.ErrorContains(t, err, "x")
		require.ErrorContains(t, err, "autodiff.Cost")
		require.NoError(t, NewVM(x.Graph(), gorgonia.BindDualValues(x), Cost(c2)).RunAll())
		require.InDeltaSlice(t, want, gradValue(t, x), 1e-14)
	})
	t.Run("Grad twice of one cost", func(t *testing.T) {
		x, c, _ := twoCosts()
		require.Equal(t, programValue(t, mustGrad(t, c, x)[0]), programValue(t, mustGrad(t, c, x)[0]))
		for range 2 {
			_, err := gorgonia.Grad(c, x)
			require.NoError(t, err)
		}
		require.NoError(t, NewVM(x.Graph(), gorgonia.BindDualValues(x)).RunAll())
		require.Equal(t, []float64{2, 4, 6}, gradValue(t, x))
	})
	t.Run("Grad by x, then by y", func(t *testing.T) {
		g := NewGraph()
		x, y := stockLeaf(g, "x", 2.0), stockLeaf(g, "y", 5.0)
		c := gorgonia.Must(gorgonia.HadamardProd(x, y))
		require.Equal(t, []float64{5}, programValue(t, mustGrad(t, c, x)[0]))
		require.Equal(t, []float64{2}, programValue(t, mustGrad(t, c, y)[0]))
		_, err := gorgonia.Grad(c, x)
		require.NoError(t, err)
		_, err = gorgonia.Grad(c, y)
		require.Error(t, err, "gorgonia's own")
		require.NoError(t, NewVM(g, gorgonia.BindDualValues(x, y), Cost(c)).RunAll())
		require.Equal(t, []float64{5}, gradValue(t, x))
		require.Equal(t, []float64{2}, gradValue(t, y))
	})
	t.Run("by an intermediate", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", 3.0)
		h := gorgonia.Must(gorgonia.Square(x))
		c := gorgonia.Must(gorgonia.Cube(h))
		require.Equal(t, []float64{243}, programValue(t, mustGrad(t, c, h)[0]))
		require.NoError(t, NewVM(g, gorgonia.BindDualValues(h), Cost(c)).RunAll())
		require.Equal(t, []float64{243}, gradValue(t, h))
	})
	t.Run("by what the cost does not depend on", func(t *testing.T) {
		g := NewGraph()
		x, y := stockLeaf(g, "x", 3.0), stockLeaf(g, "y", tensor.Of(1.0, 2))
		c := gorgonia.Must(gorgonia.Square(x))
		require.Equal(t, []float64{0, 0}, programValue(t, mustGrad(t, c, y)[0]))
		require.NoError(t, NewVM(g, gorgonia.BindDualValues(x, y), Cost(c)).RunAll())
		require.Equal(t, []float64{0, 0}, gradValue(t, y))
	})
	t.Run("a cost of integers", func(t *testing.T) {
		g := NewGraph()
		k := stockLeaf(g, "k", stock.New(stock.WithBacking([]int{1, 2})))
		c := sumOf(k, nil)
		_, err := Grad(c, k)
		require.Error(t, err)
		require.ErrorIs(t, err, ErrDtype)
		require.ErrorContains(t, err, "int")
		require.ErrorIs(t, NewVM(g, gorgonia.BindDualValues(k), Cost(c)).RunAll(), ErrDtype)
	})
	t.Run("BindDualValues of nothing", func(t *testing.T) {
		g := NewGraph()
		x, y := stockLeaf(g, "x", 2.0), stockLeaf(g, "y", 3.0)
		c := gorgonia.Must(gorgonia.Add(x, y)) // a constant is the gradient of both
		_, err := gorgonia.Grad(c, x, y)
		require.NoError(t, err)
		require.Equal(t, []float64{5}, runAll(t, c, gorgonia.BindDualValues()))
		require.Equal(t, []float64{1}, gradValue(t, x))
		require.Equal(t, []float64{1}, gradValue(t, y))
	})
	t.Run("gradients that nobody asked for", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", tensor.Of(-1.0, -2))
		two := gorgonia.NewConstant(2.0)
		c := sumOf(gorgonia.Pow(x, two)) // that by the constant has a log x
		_, err := gorgonia.Grad(c, x)
		require.NoError(t, err)
		require.Equal(t, []float64{5}, runAll(t, c, gorgonia.BindDualValues(x), gorgonia.WithNaNWatch()))
		require.Equal(t, []float64{-2, -4}, gradValue(t, x))
	})
}

func TestHazardGradOfGrad(t *testing.T) {
	for name, cube := range map[string]func(x *Node) *Node{
		"x³ at 2":    func(x *Node) *Node { return gorgonia.Must(gorgonia.Cube(x)) },
		"x·x·x at 2": func(x *Node) *Node { return gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Mul(x, x)), x)) },
	} {
		t.Run(name, func(t *testing.T) {
			x := stockLeaf(NewGraph(), "x", 2.0)
			first := mustGrad(t, cube(x), x)[0]
			second := mustGrad(t, first, x)[0]
			require.Equal(t, []float64{12}, programValue(t, first))
			require.Equal(t, []float64{12}, programValue(t, second))
			require.Equal(t, []float64{6}, programValue(t, mustGrad(t, second, x)[0]))
		})
		t.Run(name+" by gorgonia.Grad", func(t *testing.T) {
			x := stockLeaf(NewGraph(), "x", 2.0)
			first, err := gorgonia.Grad(cube(x), x)
			require.NoError(t, err)
			_, err = gorgonia.Grad(first[0], x)
			require.NoError(t, err, "it gives 6")
			err = NewVM(x.Graph(), gorgonia.BindDualValues(x)).RunAll()
			require.ErrorIs(t, err, ErrParam)
			require.ErrorContains(t, err, "autodiff.Cost")
		})
	}
	t.Run("a row of the Hessian of x'Ax", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", tensor.Of(1.0, 2))
		a := stockLeaf(g, "a", stockOf([]int{2, 2}, 2, 1, 1, 3))
		c := gorgonia.Must(gorgonia.Mul(x, gorgonia.Must(gorgonia.Mul(a, x))))
		row := gorgonia.Must(gorgonia.Slice(mustGrad(t, c, x)[0], gorgonia.S(0)))
		require.Equal(t, []float64{4, 2}, programValue(t, mustGrad(t, row, x)[0]))
	})
	t.Run("a Hessian-vector product of a network of tanh", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", stockOf([]int{1, 2}, 1, -2))
		w := stockLeaf(g, "w", stockOf([]int{2, 1}, 0.3, 0.2))
		v := stockLeaf(g, "v", stockOf([]int{2, 1}, 1, 0.5))
		c := sumOf(gorgonia.Tanh(gorgonia.Must(gorgonia.Mul(x, w))))
		dot := sumOf(gorgonia.HadamardProd(mustGrad(t, c, w)[0], v))
		y := math.Tanh(1*0.3 - 2*0.2)
		xv := 1*1 - 2*0.5
		curve := -2 * y * (1 - y*y) * xv
		require.InDeltaSlice(t, []float64{curve, -2 * curve}, programValue(t, mustGrad(t, dot, w)[0]), 1e-15)
		require.NoError(t, gorgonia.Let(v, stockOf([]int{2, 1}, 2, 1.5)))
		curve = -2 * y * (1 - y*y) * (2 - 3)
		require.InDeltaSlice(t, []float64{curve, -2 * curve}, programValue(t, mustGrad(t, dot, w)[0]), 1e-15)
	})
}
