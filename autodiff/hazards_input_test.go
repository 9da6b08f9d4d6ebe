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

// requireRefused checks that every way to use the invalid node n is that error, with
// these words.
func requireRefused(t *testing.T, n *Node, kind error, words ...string) {
	t.Helper()
	_, compiled := Compile(n)
	_, differentiated := Grad(n)
	for _, err := range []error{Err(n), compiled, differentiated, NewVM(n.Graph()).RunAll()} {
		require.ErrorIs(t, err, kind)
		for _, w := range words {
			require.ErrorContains(t, err, w)
		}
	}
}

// Bad input that gorgonia reports: ours says the same, or there is nothing of ours to say.
func TestHazardInputErrors(t *testing.T) {
	g := NewGraph()
	x, y := stockLeaf(g, "x", stockOf([]int{2, 3}, 1, 2, 3, 4, 5, 6)), stockLeaf(g, "y", stockOf([]int{2, 2}, 1, 2, 3, 4))
	f := stockLeaf(g, "f", tensor.Of[float32](1, 2, 3))
	for _, c := range []struct {
		name  string
		stock func() (*Node, error)
		ours  func(g *Graph, x, y, f *Node) *Node
		kind  error
		words []string
	}{
		{"shapes of Add", func() (*Node, error) { return gorgonia.Add(x, y) }, func(_ *Graph, x, y, _ *Node) *Node { return Add(x, y) }, ErrShape, []string{"autodiff.Add", "(2, 3)", "(2, 2)"}},
		{"shapes of Mul", func() (*Node, error) { return gorgonia.Mul(x, x) }, func(_ *Graph, x, _, _ *Node) *Node { return MatMul(x, x) }, ErrShape, []string{"autodiff.MatMul", "(2, 3)", "3 and 2"}},
		{"shape of Reshape", func() (*Node, error) { return gorgonia.Reshape(x, stock.Shape{4, 2}) }, func(_ *Graph, x, _, _ *Node) *Node { return Reshape(x, 4, 2) }, ErrShape, []string{"autodiff.Reshape", "(2, 3)"}},
		{"an axis too large", func() (*Node, error) { return gorgonia.Sum(x, 2) }, func(_ *Graph, x, _, _ *Node) *Node { return Sum(x, 2) }, ErrShape, []string{"autodiff.Sum", "2"}},
		{"dtypes", func() (*Node, error) { return gorgonia.Mul(y, f) }, func(_ *Graph, x, _, f *Node) *Node { return Mul(x, f) }, ErrDtype, []string{"autodiff.Mul", "float32", "float64"}},
		{"two graphs", func() (*Node, error) { return gorgonia.Add(x, stockLeaf(NewGraph(), "z", 1.0)) },
			func(_ *Graph, x, _, _ *Node) *Node { return Add(x, stockLeaf(NewGraph(), "z", 1.0)) }, ErrGraph, []string{"autodiff.Add"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n, err := c.stock(); err == nil {
				require.Error(t, NewVM(n.Graph()).RunAll())
			}
			g := NewGraph()
			x, y := stockLeaf(g, "x", stockOf([]int{2, 3}, 1, 2, 3, 4, 5, 6)), stockLeaf(g, "y", stockOf([]int{2, 2}, 1, 2, 3, 4))
			f := stockLeaf(g, "f", tensor.Of[float32](1, 2, 3))
			requireRefused(t, c.ours(g, x, y, f), c.kind, append(c.words, "hazards_input_test.go:")...)
		})
	}
	t.Run("an input without a value", func(t *testing.T) {
		g := NewGraph()
		n := gorgonia.Must(gorgonia.Square(gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("empty"))))
		for _, err := range []error{mustCompile(t, n).Run(), NewVM(g).RunAll()} {
			require.ErrorIs(t, err, ErrNoValue)
			require.ErrorContains(t, err, `"empty"; give it one with autodiff.Let`)
		}
	})
	t.Run("Let of another shape or dtype", func(t *testing.T) {
		n := stockLeaf(NewGraph(), "n", tensor.Of(1.0, 2))
		require.ErrorIs(t, Let(n, tensor.Of(1.0, 2, 3)), ErrShape)
		require.ErrorContains(t, Let(n, tensor.Of(1.0, 2, 3)), `"n" has shape (2), the value (3)`)
		require.ErrorIs(t, Let(n, tensor.Of[float32](1, 2)), ErrDtype)
		require.Error(t, NewVM(n.Graph()).Let(n, tensor.Of(1.0, 2, 3)))
		require.Equal(t, []float64{1, 2}, nodeValue(t, n), "it keeps its value")
	})
}

// Bad input on which gorgonia panics: ours are errors.
func TestHazardInputPanics(t *testing.T) {
	matrix := func(g *Graph) *Node { return stockLeaf(g, "x", stockOf([]int{2, 3}, 1, 2, 3, 4, 5, 6)) }
	t.Run("nil nodes", func(t *testing.T) {
		requireRefused(t, Tanh(nil), ErrNil)
		requireRefused(t, Add(matrix(NewGraph()), (*Node)(nil)), ErrNil, "autodiff.Add")
		_, err := Grad(nil)
		require.ErrorIs(t, err, ErrNil)
		_, err = Grad(Sum(matrix(NewGraph())), nil)
		require.ErrorIs(t, err, ErrNil)
		_, err = Compile(nil)
		require.ErrorIs(t, err, ErrNil)
		require.ErrorIs(t, Let(nil, tensor.Scalar(1.0)), ErrNil)
		require.ErrorIs(t, NewVM(nil).RunAll(), ErrGraph)
		x := matrix(NewGraph())
		require.ErrorIs(t, NewVM(x.Graph(), gorgonia.BindDualValues(x, nil), Cost(sumOf(x, nil))).RunAll(), ErrNil)
	})
	t.Run("Tanh of integers", func(t *testing.T) {
		k := stockLeaf(NewGraph(), "k", stock.New(stock.WithBacking([]int{1, 2})))
		require.Panics(t, func() { _, _ = gorgonia.Tanh(k) }, "gorgonia's own, where no error can be")
		requireRefused(t, Tanh(k), ErrDtype, "autodiff.Tanh", "int")
	})
	t.Run("Sum along the axis -1", func(t *testing.T) {
		require.Equal(t, []float64{6, 15}, programValue(t, Sum(matrix(NewGraph()), -1)), "the last")
		requireRefused(t, Sum(matrix(NewGraph()), -3), ErrShape, "autodiff.Sum", "-3")
	})
	t.Run("a graph without operations", func(t *testing.T) {
		require.NoError(t, NewVM(NewGraph()).RunAll())
		g := NewGraph()
		c := g.Constant(gorgonia.NewF64(2))
		require.NoError(t, NewVM(g).RunAll())
		require.Equal(t, []float64{2}, programValue(t, c))
		x := matrix(g)
		require.NoError(t, NewVM(g).RunAll())
		require.Equal(t, []float64{1, 2, 3, 4, 5, 6}, nodeValue(t, x))
	})
	t.Run("a value of another dtype", func(t *testing.T) {
		g := NewGraph()
		n := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("n"), gorgonia.WithShape(2))
		require.ErrorIs(t, Let(n, tensor.Of[float32](1, 2)), ErrDtype)
		require.ErrorContains(t, Let(n, tensor.Of[float32](1, 2)), `"n" is float64, the value float32`)
	})
	t.Run("(1)·(1, 1)", func(t *testing.T) {
		g := NewGraph()
		a, b := stockLeaf(g, "a", stockOf([]int{1}, 3)), stockLeaf(g, "b", stockOf([]int{1, 1}, 5))
		require.Equal(t, []float64{15}, programValue(t, Mul(a, b)))
		require.Equal(t, []float64{15}, programValue(t, MatMul(a, b)))
	})
	t.Run("a slice with a step along axis 1", func(t *testing.T) {
		x := matrix(NewGraph())
		y := Slice(x, 1, 0, 3, 2)
		require.Equal(t, []float64{1, 3, 4, 6}, programValue(t, y))
		require.Equal(t, []float64{1, 0, 1, 1, 0, 1}, programValue(t, mustGrad(t, Sum(y), x)[0]))
	})
	t.Run("an operation that panics", func(t *testing.T) {
		g := NewGraph()
		n := gorgonia.Must(gorgonia.ApplyOp(panicsOp{}, stockLeaf(g, "x", 1.0)))
		err := NewVM(g).RunAll()
		require.Error(t, err, "gorgonia's machine ends the process")
		require.ErrorContains(t, err, "panicsOp")
		require.ErrorContains(t, err, "out of cheese")
		require.ErrorContains(t, mustCompile(t, n).Run(), "panicsOp")
	})
}

// panicsOp is an operation of another package that panics when it runs.
type panicsOp struct{ gorgonia.Iop }

func (panicsOp) String() string                               { return "panics" }
func (panicsOp) Do(...gorgonia.Value) (gorgonia.Value, error) { panic("out of cheese") }

// Bad input that gorgonia takes.
func TestHazardInputSilence(t *testing.T) {
	t.Run("a value of another shape", func(t *testing.T) {
		g := NewGraph()
		x := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithShape(3), gorgonia.WithValue(tensor.Of(1.0, 2)))
		n := sumOf(gorgonia.Square(x))
		for _, err := range []error{mustCompile(t, n).Run(), NewVM(g).RunAll()} {
			require.ErrorIs(t, err, ErrShape)
			require.ErrorContains(t, err, `leaf "x"`)
			require.ErrorContains(t, err, "the value has shape (2), the node (3)")
		}
	})
	t.Run("SoftMax along an axis that is not there", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", stockOf([]int{2, 2}, 1, 2, 3, 4))
		n := gorgonia.Must(gorgonia.SoftMax(x, 5))
		for _, err := range []error{errOf(Compile(n)), NewVM(n.Graph()).RunAll()} {
			require.ErrorIs(t, err, ErrShape)
			require.ErrorContains(t, err, "softmaxOp")
			require.ErrorContains(t, err, "it has no axis 5")
		}
		requireRefused(t, Softmax(x, 5), ErrShape, "autodiff.Softmax", "5")
	})
	t.Run("a slice past the end", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", tensor.Of(1.0, 2, 3))
		n := gorgonia.Must(gorgonia.Slice(x, gorgonia.S(1, 9)))
		require.Equal(t, []float64{2, 3}, programValue(t, n), "cut, as by Python")
		require.Equal(t, []float64{2, 3}, programValue(t, Slice(x, 0, 1, 9)))
	})
	t.Run("products of shapes that do not fit", func(t *testing.T) {
		vector := func(g *Graph, name string, n int) *Node {
			return stockLeaf(g, name, stockOf([]int{n}, make([]float64, n)...))
		}
		for _, c := range []struct {
			stock func(g *Graph) (*Node, error)
			ours  func(g *Graph) *Node
		}{
			{func(g *Graph) (*Node, error) { return gorgonia.Mul(vector(g, "a", 3), vector(g, "b", 4)) },
				func(g *Graph) *Node { return MatMul(vector(g, "a", 3), vector(g, "b", 4)) }},
			{func(g *Graph) (*Node, error) {
				return gorgonia.Mul(stockLeaf(g, "m", stockOf([]int{2, 3}, 1, 2, 3, 4, 5, 6)), vector(g, "b", 2))
			},
				func(g *Graph) *Node {
					return MatMul(stockLeaf(g, "m", stockOf([]int{2, 3}, 1, 2, 3, 4, 5, 6)), vector(g, "b", 2))
				}},
		} {
			n, err := c.stock(NewGraph())
			if err == nil { // gorgonia's machine fails when it runs
				for _, err := range []error{errOf(Compile(n)), NewVM(n.Graph()).RunAll()} {
					require.ErrorIs(t, err, ErrShape)
					require.ErrorContains(t, err, "inner dimensions")
				}
			}
			requireRefused(t, c.ours(NewGraph()), ErrShape, "autodiff.MatMul", "inner dimensions")
		}
	})
	t.Run("NaN and infinities", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", tensor.Of(1.0, math.NaN(), math.Inf(1)))
		n := gorgonia.Must(gorgonia.Square(x))
		require.True(t, math.IsNaN(programValue(t, n)[1]), "they go on, as in PyTorch")
		for _, err := range []error{
			NewVM(x.Graph(), gorgonia.WithNaNWatch()).RunAll(), NewVM(x.Graph(), gorgonia.WithInfWatch()).RunAll(),
			mustCompile(t, n, Watch()).Run(),
		} {
			require.ErrorIs(t, err, ErrNotFinite)
		}
	})
	t.Run("a broadcast of axis 4", func(t *testing.T) {
		g := NewGraph()
		a := stockLeaf(g, "a", stockOf([]int{1, 1, 1, 1, 2}, 1, 2))
		b := stockLeaf(g, "b", stockOf([]int{1, 1, 1, 1, 1}, 5))
		_, err := gorgonia.BroadcastAdd(a, b, nil, []byte{4})
		require.Error(t, err, "gorgonia's own")
		require.Equal(t, []float64{6, 7}, programValue(t, Add(a, b)))
	})
	t.Run("a vector without a shape", func(t *testing.T) {
		g := NewGraph()
		v := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("v"))
		require.Panics(t, func() { _, _ = gorgonia.Square(v) }, "gorgonia's own")
		n := Square(v)
		require.ErrorIs(t, Let(v, tensor.Of(1.0, 2)), ErrShape)
		require.ErrorContains(t, Let(v, tensor.Of(1.0, 2)), `"v" has shape (), the value (2)`)
		for _, err := range []error{mustCompile(t, n).Run(), NewVM(g).RunAll()} {
			require.ErrorIs(t, err, ErrNoValue)
			require.ErrorContains(t, err, `leaf "v"`)
		}
	})
	t.Run("WithBacking of one number", func(t *testing.T) {
		d := tensor.Must(tensor.FromSlice([]float64{3}, 1))
		require.Equal(t, tensor.Shape{1}, Param(NewGraph(), "x", d).Shape())
		x := Param(NewGraph(), "x", stock.New(stock.WithBacking([]float64{3})))
		require.Equal(t, []float64{9}, programValue(t, Square(x)))
	})
	t.Run("values that are not row-major", func(t *testing.T) {
		columns := stock.New(stock.WithShape(2, 3), stock.AsFortran([]float64{1, 2, 3, 4, 5, 6}))
		turned := stockOf([]int{3, 2}, 1, 4, 2, 5, 3, 6)
		require.NoError(t, turned.T())
		for _, v := range []*tensor.Dense{columns, turned} {
			for _, leaf := range []func(g *Graph) *Node{
				func(g *Graph) *Node { return stockLeaf(g, "x", v) },
				func(g *Graph) *Node { return Param(g, "x", v) },
			} {
				x := leaf(NewGraph())
				n := gorgonia.Must(gorgonia.Mul(x, gorgonia.Must(gorgonia.Transpose(x))))
				require.Equal(t, []float64{14, 32, 32, 77}, runAll(t, n))
				require.Equal(t, []float64{14, 32, 32, 77}, programValue(t, n))
			}
		}
	})
}

func errOf(_ *Program, err error) error { return err }
