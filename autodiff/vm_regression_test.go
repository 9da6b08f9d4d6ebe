package autodiff_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// A comparison that gorgonia made of booleans is read as booleans.
func TestVMReadsBooleans(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.25, 0.75))
	n := gorgonia.Must(gorgonia.Gt(x, gorgonia.NewConstant(0.5), false))
	var v gorgonia.Value
	gorgonia.Read(n, &v)
	require.NoError(t, NewVM(g).RunAll())
	require.Equal(t, []bool{false, true}, v.Data())
	require.Equal(t, []bool{false, true}, n.Value().Data())
}

// A part of a graph has the nodes of the whole.
func TestVMOfSubgraph(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	y := gorgonia.Must(gorgonia.Square(x))
	z := gorgonia.Must(gorgonia.Exp(x))
	vm := NewVM(g.SubgraphRoots(y))
	require.NoError(t, vm.Let(x, tensor.Of(3.0, 4)))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{9, 16}, nodeValue(t, y))
	require.Nil(t, z.Value(), "it is not in the part")
	require.ErrorIs(t, vm.Let(z, tensor.Of(3.0, 4)), ErrGraph)
}

// A machine that binds gradients adds to those on the node, not to the value of the
// node that gorgonia.Grad made, where another machine has left it.
func TestVMAccumulatesOnTheNode(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x)))), x)
	require.NoError(t, err)
	require.NoError(t, NewVM(g).RunAll())
	vm := NewVM(g, gorgonia.BindDualValues(x))
	require.NoError(t, vm.RunAll())
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{4, 8}, gradValue(t, x))
	require.Equal(t, []float64{2, 4}, nodeValue(t, x.Deriv()))
}

// A convolution is computed once, as such.
func TestVMComputesConvolutionsOnce(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](2, 3, 5, 5)))
	w := Param(g, "w", tensor.Must(tensor.Ones[float64](4, 3, 3, 3)))
	y := gorgonia.Must(gorgonia.Conv2d(x, w, stock.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
	vm := NewVM(g)
	require.NoError(t, vm.RunAll())
	require.Equal(t, 27.0, nodeValue(t, y)[6])
	plan := vm.Program().Explain()
	require.Contains(t, plan, "Conv2d")
	require.NotContains(t, plan, "MatMul")
	require.NotContains(t, plan, "Im2col")
}

// Machines of graphs that are made alike drop other elements, gradients of one graph
// the same as its values; a seed repeats all of it. No machine adds to its graph.
func TestVMRandomStreams(t *testing.T) {
	run := func(opts ...gorgonia.VMOpt) (y, dx []float64) {
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.Ones[float64](400)))
		d := gorgonia.Must(gorgonia.Dropout(x, 0.5))
		loss := gorgonia.Must(gorgonia.Sum(d))
		nodes := len(g.AllNodes())
		vm := NewVM(g, append(opts, Cost(loss), gorgonia.BindDualValues(x))...)
		require.NoError(t, vm.RunAll())
		require.Len(t, g.AllNodes(), nodes)
		return slices.Clone(nodeValue(t, d)), gradValue(t, x)
	}
	y1, dx := run()
	y2, _ := run()
	require.Equal(t, y1, dx)
	require.NotEqual(t, y1, y2)

	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](400)))
	y := Dropout(x, 0.5, 3)
	mask := func(opts ...Option) []float64 {
		prog := mustCompile(t, Sum(y), append(opts, Keep(y), WithGrad(x))...)
		require.NoError(t, prog.Run())
		require.Equal(t, nodeValue(t, y), gradValue(t, x))
		return slices.Clone(nodeValue(t, y))
	}
	require.Equal(t, mask(), mask())
	require.Equal(t, mask(Seed(7)), mask(Seed(7)))
	require.NotEqual(t, mask(Seed(7)), mask(Seed(8)))
	require.NotEqual(t, mask(), mask(Seed(7)))
	require.NoError(t, NewVM(g, Options(Seed(7))).RunAll())
	require.Equal(t, mask(Seed(7)), nodeValue(t, y))
}

// Options of Compile count for machines.
func TestVMCompileOptions(t *testing.T) {
	n := newStockNet()
	vm := NewVM(n.g, Cost(n.cost), Only(), Options(WithGrad(n.w), Keep(n.h), Watch(), nil))
	_, dw, _ := n.want(t)
	for range 2 {
		require.NoError(t, vm.RunAll())
		require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14, "each run overwrites")
	}
	require.NotNil(t, n.h.Value())
	require.Nil(t, n.y.Value())
	vm = NewVM(n.g, Cost(n.cost), Options(WithGrad(n.b), Accumulate()))
	_, _, db := n.want(t)
	require.NoError(t, vm.RunAll())
	require.NoError(t, vm.RunAll())
	require.InDeltaSlice(t, scaledBy(2, db), gradValue(t, n.b), 1e-14)
	n.x.Value().Data().([]float64)[0] = 1e308
	n.x.Value().Data().([]float64)[1] = -1e308
	gorgonia.WithValue(tensor.Must(tensor.FromSlice([]float64{1e308, 1, 1e308, 1, 1, 1}, 3, 2)))(n.w)
	err := NewVM(n.g, Options(Watch())).RunAll()
	require.ErrorIs(t, err, ErrNotFinite)
	require.True(t, strings.Contains(err.Error(), "A × B"), err)
}

// SetTraining between runs counts for a machine that was made for training, and not for
// one of EvalMode.
func TestVMFollowsSetTraining(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 10, 2, 20, 6, 60}, 3, 2)))
	ones := Param(g, "ones", tensor.Must(tensor.Ones[float64](3, 2)))
	zeros := Param(g, "zeros", tensor.Must(tensor.Zeros[float64](3, 2)))
	y, _, _, bn, err := gorgonia.BatchNorm(x, ones, zeros, 0.1, 0)
	require.NoError(t, err)
	vm, eval := NewVM(g), NewVM(g, gorgonia.EvalMode())
	require.NoError(t, vm.RunAll())
	inTraining := slices.Clone(nodeValue(t, y))
	require.NoError(t, eval.RunAll())
	inference := slices.Clone(nodeValue(t, y))
	require.NotEqual(t, inTraining, inference)
	require.NoError(t, bn.SetTraining(false))
	require.NoError(t, vm.RunAll())
	require.Equal(t, inference, nodeValue(t, y))
	mean, _ := bn.Stats()
	require.InDeltaSlice(t, []float64{0.3, 3}, must(tensor.Float64s(mean)), 1e-15, "one run has moved it")
	require.NoError(t, bn.SetTraining(true), "which starts the statistics again")
	require.NoError(t, vm.RunAll())
	require.Equal(t, inTraining, nodeValue(t, y))
	require.NoError(t, eval.RunAll())
	require.Equal(t, inference, nodeValue(t, y))
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = vm.RunAll() }))
}
