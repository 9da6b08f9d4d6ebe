package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// Gradients of scalars are often the constant 1 itself: runs add to a gradient of their
// own, and leave the constant.
func TestVMConstantGradients(t *testing.T) {
	g := NewGraph()
	x, y := Param(g, "x", tensor.Scalar(3.0)), Param(g, "y", tensor.Scalar(5.0))
	z := gorgonia.Must(gorgonia.Add(x, y))
	_, err := gorgonia.Grad(z, x, y)
	require.NoError(t, err)
	vm := NewVM(g, gorgonia.BindDualValues())
	for run := 1.0; run <= 2; run++ {
		require.NoError(t, vm.RunAll())
		for _, n := range []*Node{x, y, z} {
			require.Equal(t, []float64{run}, gradValue(t, n))
		}
		require.Equal(t, []float64{1}, nodeValue(t, x.Deriv()), "gorgonia's 1")
	}

	g = NewGraph()
	x = Param(g, "x", tensor.Scalar(3.0))
	_, err = gorgonia.Grad(x, x)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x)).RunAll())
	require.Equal(t, []float64{1}, gradValue(t, x), "the cost is a leaf")
}

// A machine that binds gradients starts them at zero, though one that does not has left
// values on the nodes that Grad returned.
func TestVMBoundAfterUnbound(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	_, dw, _ := n.want(t)
	require.NoError(t, NewVM(n.g).RunAll())
	require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14)
	require.NoError(t, NewVM(n.g, gorgonia.BindDualValues(n.w)).RunAll())
	require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14)
	require.NoError(t, NewVM(n.g, gorgonia.BindDualValues(n.w)).RunAll())
	require.InDeltaSlice(t, scaledBy(2, dw), gradValue(t, n.w), 1e-14, "two machines add up to one sum")
}

// gorgonia.Backpropagate starts from a gradient that is given: a leaf, a constant or a
// computed node, of a result of any shape.
func TestVMBackpropagate(t *testing.T) {
	v := func() *tensor.Dense { return tensor.Of(2.0, 3) }
	for name, seed := range map[string]func(g *Graph) *Node{
		"leaf":     func(g *Graph) *Node { return Param(g, "seed", v()) },
		"constant": func(*Graph) *Node { return gorgonia.NewConstant(v(), gorgonia.WithName("seed")) },
		"computed": func(g *Graph) *Node { return gorgonia.Must(gorgonia.Neg(Param(g, "minus", tensor.Of(-2.0, -3)))) },
		"sum": func(g *Graph) *Node {
			return gorgonia.Must(gorgonia.Add(Param(g, "one", tensor.Of(1.0, 1)), Param(g, "rest", tensor.Of(1.0, 2))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			x, z := Param(g, "x", tensor.Of(1.0, 4)), Param(g, "z", tensor.Of(1.0, 2))
			y := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Square(x)), z))
			s := seed(g)
			if s.Graph() == nil {
				s = g.AddNode(s)
			}
			grads, err := gorgonia.Backpropagate(gorgonia.Nodes{y}, gorgonia.Nodes{s}, gorgonia.Nodes{x, z})
			require.NoError(t, err)
			for _, opts := range [][]gorgonia.VMOpt{nil, {gorgonia.TraceExec()}, {gorgonia.BindDualValues(x, z)}, {gorgonia.BindDualValues()}} {
				require.NoError(t, NewVM(g, opts...).RunAll())
			}
			require.Equal(t, []float64{4, 24}, nodeValue(t, grads[0]))
			require.Equal(t, []float64{8, 48}, gradValue(t, x), "of two machines")
			require.Equal(t, []float64{4, 6}, gradValue(t, z))
			require.Equal(t, []float64{2, 3}, nodeValue(t, s))
		})
	}
}

// BindDualValues without nodes, and TraceExec, are of all nodes that have gradients.
func TestVMAllGradients(t *testing.T) {
	for _, opt := range []gorgonia.VMOpt{gorgonia.BindDualValues(), gorgonia.TraceExec()} {
		n := newStockNet()
		_, err := gorgonia.Grad(n.cost, n.w, n.b)
		require.NoError(t, err)
		require.NoError(t, NewVM(n.g, opt).RunAll())
		dy, y := gradValue(t, n.y), nodeValue(t, n.y)
		for i := range y {
			require.InDelta(t, 2*y[i]/8, dy[i], 1e-15)
		}
		require.Equal(t, []float64{1}, gradValue(t, n.cost))
	}
}

// Nodes of booleans have such values, in whatever way they are asked for.
func TestVMBooleans(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 3))
	test := gorgonia.Must(gorgonia.Gt(x, gorgonia.NewConstant(2.0), false))
	one := gorgonia.Must(gorgonia.Lt(Param(g, "a", tensor.Scalar(1.0)), Param(g, "b", tensor.Scalar(2.0)), false))
	var read, readOne gorgonia.Value
	gorgonia.Read(test, &read)
	gorgonia.Read(one, &readOne)
	for _, opts := range [][]gorgonia.VMOpt{nil, {gorgonia.TraceExec()}, {gorgonia.WithNaNWatch()}} {
		vm := NewVM(g, opts...)
		require.NoError(t, gorgonia.Let(x, stock.New(stock.WithBacking([]float64{1, 3}))))
		require.NoError(t, vm.RunAll())
		require.Equal(t, []bool{false, true}, test.Value().Data())
		require.Equal(t, []bool{false, true}, read.Data())
		require.Equal(t, true, one.Value().Data())
		require.Equal(t, true, readOne.Data())
		require.NoError(t, gorgonia.Let(x, stock.New(stock.WithBacking([]float64{4, 0}))))
		require.NoError(t, vm.RunAll())
		require.Equal(t, []bool{true, false}, read.Data())
	}
}

// Leaves of integers can be read and set; arithmetic on them is an error.
func TestVMIntegers(t *testing.T) {
	g := NewGraph()
	ints := func(name string, x ...int) *Node {
		return gorgonia.NewVector(g, gorgonia.Int, gorgonia.WithShape(len(x)), gorgonia.WithName(name), gorgonia.WithValue(stock.New(stock.WithBacking(x))))
	}
	i, j := ints("i", 1, 2), ints("j", 3, 4)
	var read gorgonia.Value
	gorgonia.Read(i, &read)
	gorgonia.Set(i, j)
	require.NoError(t, NewVM(g).RunAll())
	require.Equal(t, []int{1, 2}, read.Data())
	require.Equal(t, []int{3, 4}, i.Value().Data())
	gorgonia.Read(gorgonia.NewVector(g, gorgonia.Int, gorgonia.WithShape(2), gorgonia.WithName("empty")), &read)
	require.ErrorIs(t, NewVM(g).RunAll(), ErrNoValue)
	gorgonia.Must(gorgonia.Add(i, j))
	require.ErrorIs(t, NewVM(g).RunAll(), ErrDtype)
}

// Reads of leaves, constants, gradients and of one node twice are copies.
func TestVMReads(t *testing.T) {
	g := NewGraph()
	x, two := Param(g, "x", tensor.Of(1.0, 2)), gorgonia.NewConstant(2.0, gorgonia.WithName("two"))
	y := gorgonia.Must(gorgonia.HadamardProd(x, two))
	var ofX, ofTwo, ofY, ofYToo, ofGrad gorgonia.Value
	gorgonia.Read(x, &ofX)
	gorgonia.Read(g.ByName("two")[0], &ofTwo)
	gorgonia.Read(y, &ofY)
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	require.NoError(t, err)
	gorgonia.Read(y, &ofYToo)
	gorgonia.Read(grads[0], &ofGrad)
	require.NoError(t, NewVM(g).RunAll())
	for v, want := range map[gorgonia.Value]any{ofX: []float64{1, 2}, ofTwo: 2.0, ofY: []float64{2, 4}, ofYToo: []float64{2, 4}, ofGrad: []float64{2, 2}} {
		require.Equal(t, want, v.Data())
	}
	require.NotSame(t, ofX, x.Value())
	require.NotSame(t, ofY, ofYToo)
}

// What is written to a result that is a view of a leaf does not come to the leaf.
func TestVMViews(t *testing.T) {
	g := NewGraph()
	w := Param(g, "w", tensor.Of(1.0, 2, 3, 4))
	square := gorgonia.Must(gorgonia.Reshape(w, tensor.Shape{2, 2}))
	part := gorgonia.Must(gorgonia.Slice(w, gorgonia.S(1, 3)))
	vm := NewVM(g)
	for range 2 {
		require.NoError(t, vm.RunAll())
		require.Equal(t, []float64{1, 2, 3, 4}, nodeValue(t, w))
		require.Equal(t, []float64{1, 2, 3, 4}, nodeValue(t, square))
		require.Equal(t, []float64{2, 3}, nodeValue(t, part))
		for _, n := range []*Node{square, part} {
			n.Value().Data().([]float64)[0] = 100
		}
	}
}

// A value may change in every way between runs.
func TestVMRebinding(t *testing.T) {
	g := NewGraph()
	x := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("x"))
	v := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(1), gorgonia.WithName("v"))
	a, b := gorgonia.Must(gorgonia.Square(x)), gorgonia.Must(gorgonia.Square(v))
	vm := NewVM(g)
	require.NoError(t, gorgonia.Let(v, tensor.Of(1.0)))
	for i, be := range []any{2.0, gorgonia.NewF64(3), stock.New(stock.FromScalar(4.0))} {
		require.NoError(t, gorgonia.Let(x, be))
		require.NoError(t, vm.RunAll())
		require.Equal(t, []float64{float64((i + 2) * (i + 2))}, nodeValue(t, a))
	}
	require.NoError(t, gorgonia.UnsafeLet(v, tensor.Of(5.0)))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{25}, nodeValue(t, b))
	v.Value().Data().([]float64)[0] = 6
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{36}, nodeValue(t, b))
	require.NoError(t, gorgonia.Let(v, b.Value()))
	require.NoError(t, vm.RunAll(), "the value of a result, as in a recurrence")
	require.Equal(t, []float64{36 * 36}, nodeValue(t, b))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{1296 * 1296}, nodeValue(t, b))
}

// A graph can grow: machines made before go on with what was there.
func TestVMExtendedGraph(t *testing.T) {
	n := newStockNet()
	vm := NewVM(n.g)
	require.NoError(t, vm.RunAll())
	more := gorgonia.Must(gorgonia.Add(n.cost, gorgonia.NewConstant(1.0)))
	require.NoError(t, vm.Close())
	require.NoError(t, vm.RunAll(), "Close is no end")
	require.Nil(t, more.Value())
	require.NoError(t, NewVM(n.g).RunAll())
	require.Equal(t, nodeValue(t, n.cost)[0]+1, nodeValue(t, more)[0])
}

// Mistakes are errors of RunAll: nodes that are nil, of other graphs, or invalid, also
// inside expressions of gorgonia's functions.
func TestVMMistakes(t *testing.T) {
	n, other := newStockNet(), newStockNet()
	for name, c := range map[string]struct {
		opt  gorgonia.VMOpt
		want error
	}{
		"nil bound":         {gorgonia.BindDualValues(nil), ErrNil},
		"bound of another":  {gorgonia.BindDualValues(other.w), ErrGraph},
		"nil kept":          {Only(nil), ErrNil},
		"kept of another":   {Only(other.y), ErrGraph},
		"logged of another": {gorgonia.WithWatchlist(other.y), ErrGraph},
		"cost of another":   {Cost(other.cost), ErrGraph},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotPanics(t, func() {
				require.ErrorIs(t, NewVM(n.g, c.opt, Cost(n.cost)).RunAll(), c.want)
			})
		})
	}
	g := NewGraph()
	bad := MatMul(Param(g, "x", tensor.Of(1.0, 2)), Param(g, "y", tensor.Of(1.0, 2, 3)))
	if y, err := gorgonia.Neg(bad); err == nil {
		_, err = gorgonia.Exp(y)
		require.NoError(t, err)
	}
	err := NewVM(g).RunAll()
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "vm_edge_test.go:")
}

// careless is an operation whose gradient rule does not look at the gradient it is
// given, and so makes one node however often it is called.
type careless struct{ outside }

func (careless) Hashcode() uint32 { return 78 }
func (careless) SymDiff(in gorgonia.Nodes, _, _ *Node) (gorgonia.Nodes, error) {
	d, err := gorgonia.Neg(in[0])
	return gorgonia.Nodes{d}, err
}

// The rule of another package may return a node that gorgonia.Grad has returned.
func TestVMRuleGivesOldNode(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	y := gorgonia.Must(gorgonia.ApplyOp(careless{}, x))
	grads, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x)).RunAll())
	require.Equal(t, []float64{-1, -2}, gradValue(t, x))
	require.Equal(t, []float64{-1, -2}, nodeValue(t, grads[0]))
}

// A batch norm starts from mean 0 and variance 1, in training and in inference, and
// goes on from where it is.
func TestVMBatchNormStarts(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 3}, 2, 1)))
	y, _, _, bn, err := gorgonia.BatchNorm(x, Param(g, "s", tensor.Must(tensor.FromSlice([]float64{1, 1}, 2, 1))), Param(g, "b", tensor.Must(tensor.FromSlice([]float64{0, 0}, 2, 1))), 0.1, 1e-5)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.EvalMode()).RunAll())
	require.InDeltaSlice(t, []float64{1, 3}, nodeValue(t, y), 1e-4)
	for _, want := range []struct{ mean, variance float64 }{{0.2, 0.9 + 0.2}, {0.38, 0.9*1.1 + 0.2}} {
		require.NoError(t, NewVM(g).RunAll())
		mean, variance := bn.Stats()
		require.InDelta(t, want.mean, must(tensor.Item(mean)), 1e-12)
		require.InDelta(t, want.variance, must(tensor.Item(variance)), 1e-12)
	}
}
