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

// requireDamaged checks that every way to use n is an error that says these words.
func requireDamaged(t *testing.T, n *Node, words ...string) {
	t.Helper()
	_, compiled := Compile(n)
	scalar := n
	if !n.IsScalar() {
		scalar = sumOf(n, nil)
	}
	_, differentiated := Grad(scalar, n)
	for _, err := range []error{compiled, differentiated, NewVM(n.Graph()).RunAll()} {
		require.ErrorIs(t, err, ErrDamaged)
		for _, w := range words {
			require.ErrorContains(t, err, w)
		}
	}
}

// Leaves that gorgonia takes for one.
func TestHazardMergedLeaves(t *testing.T) {
	t.Run("two inputs without names", func(t *testing.T) {
		for _, c := range []struct {
			make func(g *Graph, x float64) *Node
			fn   string
		}{
			{func(g *Graph, x float64) *Node { return gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithValue(x)) }, "gorgonia.NewScalar"},
			{func(g *Graph, x float64) *Node {
				return gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(2), gorgonia.WithValue(tensor.Of(x, x)))
			}, "gorgonia.NewVector"},
			{func(g *Graph, x float64) *Node { return gorgonia.NodeFromAny(g, stockOf([]int{1, 2}, x, x)) }, "gorgonia.NewMatrix"},
			{func(g *Graph, x float64) *Node { return gorgonia.NodeFromAny(g, stockOf([]int{1, 2, 1}, x, x)) }, "gorgonia.NewTensor"},
		} {
			g := NewGraph()
			a, b := c.make(g, 2), c.make(g, 5)
			require.Same(t, a, b, "the second value is lost")
			sum := gorgonia.Must(gorgonia.Add(a, b))
			requireDamaged(t, sum, c.fn, "2 leaves without names", "gorgonia.WithName", "autodiff.Param")
			requireDamaged(t, Add(a, b), c.fn)

			g = NewGraph()
			a = c.make(g, 2)
			sum = gorgonia.Must(gorgonia.Add(a, a))
			require.Equal(t, 4.0, programValue(t, sum)[0], "one leaf without a name is all right")
		}
		g := NewGraph()
		x := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithValue(2.0))
		y := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(1), gorgonia.WithValue(tensor.Of(3.0)))
		gorgonia.WithName("x")(x)
		z := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithValue(5.0))
		require.Equal(t, []float64{21}, programValue(t, Mul(Add(x, z), y)), "and so are those that are not merged")
	})
	t.Run("two inputs of one name", func(t *testing.T) {
		// Gorgonia gives the leaf that there is, which may be what is meant: the graph
		// does not tell. Ours have an error each.
		for _, second := range []func(g *Graph) *Node{
			func(g *Graph) *Node { return Param(g, "w", tensor.Scalar(5.0)) },
			func(g *Graph) *Node { return Input(g, "w", tensor.Scalar(5.0)) },
			func(g *Graph) *Node { return InputOf(g, "w", tensor.Float64) },
		} {
			g := NewGraph()
			first := stockLeaf(g, "w", 2.0)
			_, err := Compile(Add(first, second(g)))
			require.ErrorIs(t, err, ErrName)
			require.ErrorContains(t, err, `"w"`)
		}
	})
	t.Run("random nodes", func(t *testing.T) {
		g := NewGraph()
		u := gorgonia.UniformRandomNode(g, tensor.Float64, 0, 1, 3)
		n := gorgonia.GaussianRandomNode(g, tensor.Float64, 0, 1, 3)
		require.Same(t, u, n, "a uniform distribution in place of the normal one")
		requireDamaged(t, gorgonia.Must(gorgonia.Neg(n)), "2 random nodes", "autodiff.RandUniform")

		g = NewGraph()
		u, n = RandUniform(g, tensor.Float64, 1, 0, 1, 1000), RandNormal(g, tensor.Float64, 1, 0, 1, 1000)
		require.GreaterOrEqual(t, programValue(t, Min(u))[0], 0.0)
		require.Less(t, programValue(t, Min(n))[0], -1.0)
	})
}

// Constants that gorgonia takes for one, as it compares their texts.
func TestHazardMergedConstants(t *testing.T) {
	t.Run("tensors that differ in the middle", func(t *testing.T) {
		// The graph has one tensor and one name, and no trace of the other.
		value := func(x float64) *tensor.Dense {
			v := make([]float64, 2000)
			v[1000] = x
			return tensor.Of(v...)
		}
		g := NewGraph()
		five, zero := Const(g, value(5)), Const(g, value(0))
		require.Equal(t, []float64{5}, programValue(t, At(five, 1000)))
		require.Equal(t, []float64{0}, programValue(t, At(zero, 1000)))
		require.Equal(t, []float64{5, 0}, programValue(t, Stack(0, Sum(five), Sum(zero))))
	})
	t.Run("two of one name", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", 2.0)
		require.Equal(t, []float64{4, 8}, programValue(t, Stack(0, Mul(x, 2), Mul(x, 4))))
		c, d := Const(g, tensor.Scalar(2.0)), Const(g, tensor.Scalar(4.0))
		require.Equal(t, []float64{4, 8}, programValue(t, Stack(0, Mul(x, c), Mul(x, d))))
	})
	t.Run("numbers of two dtypes", func(t *testing.T) {
		build := func() (a, b *Node) {
			g := NewGraph()
			x, y := stockLeaf(g, "x", 2.0), stockLeaf(g, "y", float32(2))
			a = gorgonia.Must(gorgonia.Add(x, gorgonia.NewConstant(0.5)))
			return a, gorgonia.Must(gorgonia.Add(y, gorgonia.NewConstant(float32(0.5))))
		}
		a, b := build()
		require.Equal(t, []float64{2.5}, programValue(t, a))
		_, err := Compile(b)
		require.ErrorIs(t, err, ErrDamaged)
		require.ErrorContains(t, err, "inputs of float32 and float64")
		require.ErrorContains(t, err, "give them names")
		require.ErrorIs(t, NewVM(b.Graph()).RunAll(), ErrDamaged)

		g := NewGraph()
		x := stockLeaf(g, "x", 2.0)
		a = gorgonia.Must(gorgonia.Add(x, gorgonia.NewConstant(0.5)))
		half := gorgonia.NewConstant(float32(0.5), gorgonia.In(g))
		b = gorgonia.Must(gorgonia.Neg(half)) // of float32, by the constant of float64
		require.Equal(t, []float64{2.5}, programValue(t, a))
		requireDamaged(t, b, "it computes float64, and gorgonia gave the node float32", "give them names")
		require.Equal(t, []float64{2.5}, programValue(t, Add(Param(g, "f", tensor.Scalar[float32](2)), 0.5)))
	})
}

// hashTwins returns two leaves of which gorgonia takes the tanh for one, by their hashes.
func hashTwins(g *Graph) (x, y *Node) {
	return stockLeaf(g, "x6434", tensor.Of(0.5, 0)), stockLeaf(g, "x112776", tensor.Of(2.0, 0))
}

// Operations that gorgonia takes for one, as hashes leave out what tells them apart.
func TestHazardMergedOperations(t *testing.T) {
	t.Run("slices of places that agree mod 256", func(t *testing.T) {
		// The node has the places of the first, and calls of x[0:4] alone make the same.
		x := Param(NewGraph(), "x", tensor.Must(tensor.Arange(0.0, 300, 1)))
		require.Equal(t, []float64{0, 1, 2, 3}, programValue(t, Slice(x, 0, 0, 4)))
		require.Equal(t, []float64{256, 257, 258, 259}, programValue(t, Slice(x, 0, 256, 260)))
		far := gorgonia.Must(gorgonia.Slice(x, gorgonia.S(256, 260)))
		require.Equal(t, []float64{256, 257, 258, 259}, programValue(t, far), "one alone is right")
	})
	t.Run("SoftMax and LogSoftMax", func(t *testing.T) {
		// The node is that of the first, and two calls of SoftMax make the same.
		x := Param(NewGraph(), "x", tensor.Of(0.0, math.Log(3)))
		require.InDeltaSlice(t, []float64{0.25, 0.75}, programValue(t, Softmax(x, 0)), 1e-15)
		require.InDeltaSlice(t, []float64{math.Log(0.25), math.Log(0.75)}, programValue(t, LogSoftmax(x, 0)), 1e-15)
		l := gorgonia.Must(gorgonia.LogSoftMax(x))
		require.InDeltaSlice(t, []float64{math.Log(0.25), math.Log(0.75)}, programValue(t, l), 1e-15, "one alone is right")
	})
	t.Run("Log of a SoftMax that is read", func(t *testing.T) {
		// Log changes the node, which then is one that LogSoftMax makes.
		x := Param(NewGraph(), "x", tensor.Of(0.0, math.Log(3)))
		p := Softmax(x, 0)
		l := Log(p)
		require.InDelta(t, math.Log(0.25), programValue(t, l)[0], 1e-15)
		require.InDelta(t, 0.25, programValue(t, p)[0], 1e-15)
		require.InDelta(t, 0.25, programValue(t, gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sqrt(p)))))[0], 1e-15)
		l = gorgonia.Must(gorgonia.Log(p)) // gorgonia's Log knows gorgonia's SoftMax only
		require.NotSame(t, p, l)
		require.InDelta(t, math.Log(0.25), programValue(t, l)[0], 1e-15)
		require.InDelta(t, 0.25, programValue(t, p)[0], 1e-15)
	})
	t.Run("dropouts", func(t *testing.T) {
		x := Param(NewGraph(), "x", tensor.Must(tensor.Linspace(1.0, 2, 1000)))
		a, b := gorgonia.Must(gorgonia.Dropout(x, 0.5)), gorgonia.Must(gorgonia.Dropout(x, 0.1))
		require.Same(t, a, b)
		requireDamaged(t, b, "2 dropouts of one node", "autodiff.Dropout")
		require.Equal(t, nodeValue(t, x), runAll(t, b, gorgonia.EvalMode()), "which has none")

		x = Param(NewGraph(), "x", tensor.Must(tensor.Linspace(1.0, 2, 1000)))
		twice := gorgonia.Must(gorgonia.Dropout(gorgonia.Must(gorgonia.Dropout(x, 0.5)), 0.1))
		require.Len(t, programValue(t, twice), 1000, "one of another is not merged")
		a, b = Dropout(x, 0.5, 1), Dropout(x, 0.1, 2)
		require.InDelta(t, 500, zeros(programValue(t, a)), 80)
		require.InDelta(t, 100, zeros(programValue(t, b)), 50)
		require.InDelta(t, 550, zeros(programValue(t, Mul(a, b))), 80, "of their own")
	})
	t.Run("Sparsemax along two axes", func(t *testing.T) {
		x := Param(NewGraph(), "x", stockOf([]int{2, 2}, 0, 0.5, 0.5, 0))
		require.InDeltaSlice(t, []float64{0.25, 0.75, 0.75, 0.25}, programValue(t, Sparsemax(x, 0)), 1e-15)
		y := Param(x.Graph(), "y", stockOf([]int{2, 2}, 0, 2, 0.5, 0))
		require.InDeltaSlice(t, []float64{0.25, 1, 0.75, 0}, programValue(t, Sparsemax(y, 0)), 1e-15)
		require.InDeltaSlice(t, []float64{0, 1, 0.75, 0.25}, programValue(t, Sparsemax(y, 1)), 1e-15)
	})
	t.Run("Im2Col of two dilations", func(t *testing.T) {
		x := Param(NewGraph(), "x", stockOf([]int{1, 1, 1, 5}, 1, 2, 3, 4, 5))
		near := Im2col(x, [2]int{1, 2}, Im2colOptions{Stride: [2]int{1, 3}})
		far := Im2col(x, [2]int{1, 2}, Im2colOptions{Stride: [2]int{1, 2}, Dilation: [2]int{1, 2}})
		require.Equal(t, near.Shape(), far.Shape())
		require.Equal(t, []float64{1, 4, 2, 5}, programValue(t, near))
		require.Equal(t, []float64{1, 3, 3, 5}, programValue(t, far))
	})
	t.Run("BatchNorm of two epsilons", func(t *testing.T) {
		x := Param(NewGraph(), "x", stockOf([]int{2, 1}, -1, 1))
		require.InDelta(t, 1/math.Sqrt(2), programValue(t, BatchNorm(x, nil, nil, 1))[1], 1e-15)
		require.InDelta(t, 0.5, programValue(t, BatchNorm(x, nil, nil, 3))[1], 1e-15)
	})
	t.Run("a collision of hashes", func(t *testing.T) {
		x, y := hashTwins(NewGraph())
		a, b := gorgonia.Must(gorgonia.Tanh(x)), gorgonia.Must(gorgonia.Tanh(y))
		require.Same(t, a, b)
		requireDamaged(t, b, "x112776", "x6434", "one hash", "other names")

		x, y = hashTwins(NewGraph())
		a, b = gorgonia.Must(gorgonia.Tanh(x)), gorgonia.Must(gorgonia.Exp(y))
		gorgonia.Must(gorgonia.Tanh(x))
		require.InDelta(t, math.Tanh(0.5)+math.Exp(2), programValue(t, Add(a, b))[0], 1e-15, "what is called twice is all right")
		require.InDelta(t, math.Tanh(0.5), programValue(t, Tanh(x))[0], 1e-15)
		require.InDelta(t, math.Tanh(2), programValue(t, Tanh(y))[0], 1e-15)
	})
}

func zeros(x []float64) int {
	n := 0
	for _, e := range x {
		if e == 0 {
			n++
		}
	}
	return n
}

// Nodes that gorgonia took out of a graph.
func TestHazardRemoved(t *testing.T) {
	t.Run("1 - p in BinaryXent of p and p", func(t *testing.T) {
		p := stockLeaf(NewGraph(), "p", tensor.Of(0.25, 0.5))
		require.Panics(t, func() { _, _ = gorgonia.BinaryXent(p, p) }, "gorgonia's own: it uses what it removed")
		p = stockLeaf(NewGraph(), "p", tensor.Of(0.25, 0.5))
		h := Neg(Add(Mul(p, Log(p)), Mul(Sub(1, p), Log(Sub(1, p)))))
		require.InDeltaSlice(t, []float64{-0.25*math.Log(0.25) - 0.75*math.Log(0.75), math.Ln2}, programValue(t, h), 1e-15)
	})
	t.Run("one that is used", func(t *testing.T) {
		a := gorgonia.Must(gorgonia.Tanh(stockLeaf(NewGraph(), "x", 0.5)))
		y := gorgonia.Must(gorgonia.Square(a))
		a.Graph().RemoveNode(a)
		gorgonia.ReturnNode(a)
		_, err := Compile(y)
		require.ErrorIs(t, err, ErrDamaged)
		require.ErrorContains(t, err, "out of the graph")
	})
}

// Expressions that are built twice are one node of gorgonia's, and right.
func TestHazardSameTwice(t *testing.T) {
	g := NewGraph()
	x := stockLeaf(g, "x", stockOf([]int{2, 2}, 1, 2, 3, 4))
	forward := func() *Node {
		h := gorgonia.Must(gorgonia.Mul(x, x))
		h = gorgonia.Must(gorgonia.HadamardProd(h, h))
		return sumOf(gorgonia.SoftMax(gorgonia.Must(gorgonia.Slice(h, gorgonia.S(0, 2))), 1))
	}
	require.Same(t, forward(), forward())
	c := forward()
	require.InDelta(t, 2, programValue(t, c)[0], 1e-15)
	_, err := gorgonia.Grad(c, x)
	require.NoError(t, err)
	require.InDelta(t, 2, runAll(t, c, gorgonia.BindDualValues(x))[0], 1e-15)
	index := stockLeaf(g, "i", stock.New(stock.WithBacking([]int{1, 0})))
	for range 2 {
		require.Equal(t, []float64{3, 4, 1, 2}, programValue(t, gorgonia.Must(gorgonia.ByIndices(x, index, 0))))
	}
}
