package autodiff_test

import (
	"bytes"
	"log"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// stockNet is a small network in gorgonia's functions: tanh(xW + b), its mean square.
type stockNet struct {
	g             *Graph
	x, w, b, h, y *Node
	cost          *Node
	read          gorgonia.Value
}

func newStockNet() *stockNet {
	n := &stockNet{g: gorgonia.NewGraph()}
	x := tensor.Must(tensor.Linspace(-1.0, 1, 12))
	if err := x.Reshape(4, 3); err != nil {
		panic(err)
	}
	n.x = gorgonia.NewMatrix(n.g, gorgonia.Float64, gorgonia.WithShape(4, 3), gorgonia.WithName("x"), gorgonia.WithValue(x))
	n.w = gorgonia.NewMatrix(n.g, gorgonia.Float64, gorgonia.WithShape(3, 2), gorgonia.WithName("w"), gorgonia.WithValue(tensor.Must(tensor.FromSlice([]float64{.1, .2, -.3, .4, .5, -.6}, 3, 2))))
	n.b = gorgonia.NewVector(n.g, gorgonia.Float64, gorgonia.WithShape(2), gorgonia.WithName("b"), gorgonia.WithValue(tensor.Of(0.1, -0.2)))
	n.h = gorgonia.Must(gorgonia.BroadcastAdd(gorgonia.Must(gorgonia.Mul(n.x, n.w)), n.b, nil, []byte{0}))
	n.y = gorgonia.Must(gorgonia.Tanh(n.h))
	n.cost = gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(n.y))))
	gorgonia.Read(n.cost, &n.read)
	return n
}

// want returns the cost and the gradients of the net, by our functions.
func (n *stockNet) want(t *testing.T) (cost float64, dw, db []float64) {
	g := NewGraph()
	copyOf := func(name string, x *Node) *Node {
		return Param(g, name, must(gorgonia.CloneValue(x.Value())).(*tensor.Dense))
	}
	x, w, b := copyOf("x", n.x), copyOf("w", n.w), copyOf("b", n.b)
	loss := Mean(Square(Tanh(Add(MatMul(x, w), b))))
	prog := mustCompile(t, loss, WithGrad(w, b))
	require.NoError(t, prog.Run())
	return prog.Loss(), gradValue(t, w), gradValue(t, b)
}

// A machine leaves values where a tape machine does: on the nodes, on what Grad
// returned, in what is read, and as gradients, which add up until they are cleared.
func TestVM(t *testing.T) {
	n := newStockNet()
	grads, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	nodes := len(n.g.AllNodes())
	vm := NewVM(n.g, gorgonia.BindDualValues(n.w, n.b))
	defer func() { require.NoError(t, vm.Close()) }()
	require.Len(t, n.g.AllNodes(), nodes, "the graph is left as it was")
	cost, dw, db := n.want(t)
	for run := 1.0; run <= 3; run++ {
		require.NoError(t, vm.RunAll())
		vm.Reset()
		require.InDelta(t, cost, nodeValue(t, n.cost)[0], 1e-15)
		require.InDelta(t, cost, must(tensor.Item(n.read)), 1e-15)
		require.InDelta(t, math.Tanh(nodeValue(t, n.h)[5]), nodeValue(t, n.y)[5], 1e-15)
		require.InDeltaSlice(t, scaledBy(run, dw), gradValue(t, n.w), 1e-14)
		require.InDeltaSlice(t, scaledBy(run, db), gradValue(t, n.b), 1e-14)
		require.InDeltaSlice(t, dw, nodeValue(t, grads[0]), 1e-14, "of this run")
		require.InDeltaSlice(t, db, nodeValue(t, grads[1]), 1e-14)
	}
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1))
	require.NoError(t, solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{n.w, n.b})))
	cost, dw, _ = n.want(t)
	require.NoError(t, vm.RunAll())
	require.InDelta(t, cost, must(tensor.Item(n.read)), 1e-15)
	require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14, "the solver has set it to zero")
}

func scaledBy(f float64, x []float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = f * x[i]
	}
	return y
}

// Without BindDualValues, n.Grad() gives the value of the node that Grad made.
func TestVMUnboundGradients(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	vm := NewVM(n.g)
	_, dw, db := n.want(t)
	for range 2 {
		require.NoError(t, vm.RunAll())
		require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14)
		require.InDeltaSlice(t, db, gradValue(t, n.b), 1e-14)
	}
}

// BindDualValues without nodes binds all that have gradients; a node that is no leaf
// gets its gradient, too.
func TestVMBindAll(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	require.NoError(t, NewVM(n.g, gorgonia.BindDualValues()).RunAll())
	_, dw, db := n.want(t)
	require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14)
	require.InDeltaSlice(t, db, gradValue(t, n.b), 1e-14)

	n = newStockNet()
	require.NoError(t, NewVM(n.g, gorgonia.BindDualValues(n.h, n.b), Cost(n.cost)).RunAll())
	dh := gradValue(t, n.h)
	require.Len(t, dh, 8)
	require.InDelta(t, db[0], dh[0]+dh[2]+dh[4]+dh[6], 1e-14, "db is the sum of the rows of dh")
}

// Cost takes the place of gorgonia.Grad: several are added up.
func TestVMCost(t *testing.T) {
	n := newStockNet()
	other := gorgonia.Must(gorgonia.Sum(n.b))
	vm := NewVM(n.g, gorgonia.BindDualValues(n.w, n.b), Cost(n.cost, other))
	require.NoError(t, vm.RunAll())
	_, dw, db := n.want(t)
	require.InDeltaSlice(t, dw, gradValue(t, n.w), 1e-14)
	require.InDeltaSlice(t, []float64{db[0] + 1, db[1] + 1}, gradValue(t, n.b), 1e-14)
	require.ErrorIs(t, NewVM(n.g, Cost(n.y)).RunAll(), ErrNotScalar)
	require.ErrorIs(t, NewVM(n.g, Cost(nil)).RunAll(), ErrNil)
	require.ErrorIs(t, NewVM(n.g, Cost(newStockNet().cost)).RunAll(), ErrGraph)
}

// Two calls of gorgonia.Grad: gradients of separate parameters are each those of
// their cost; where it is not clear which is meant there is an error, which Cost settles.
func TestVMTwoGrads(t *testing.T) {
	build := func() (g *Graph, x, y, a, b *Node) {
		g = NewGraph()
		x, y = Param(g, "x", tensor.Scalar(2.0)), Param(g, "y", tensor.Scalar(3.0))
		return g, x, y, gorgonia.Must(gorgonia.Cube(x)), gorgonia.Must(gorgonia.Square(y))
	}
	g, x, y, a, b := build()
	_, err := gorgonia.Grad(a, x)
	require.NoError(t, err)
	_, err = gorgonia.Grad(b, y)
	require.NoError(t, err)
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x, y)).RunAll())
	require.Equal(t, []float64{12}, gradValue(t, x))
	require.Equal(t, []float64{6}, gradValue(t, y))

	g, x, _, a, _ = build()
	sum := gorgonia.Must(gorgonia.Add(a, gorgonia.Must(gorgonia.Square(x))))
	for _, c := range []*Node{a, sum} {
		_, err = gorgonia.Grad(c, x)
		require.NoError(t, err)
	}
	vm := NewVM(g, gorgonia.BindDualValues(x))
	require.ErrorIs(t, vm.RunAll(), ErrParam)
	require.ErrorContains(t, vm.RunAll(), "autodiff.Cost")
	require.NoError(t, NewVM(g, gorgonia.BindDualValues(x), Cost(a, sum)).RunAll())
	require.Equal(t, []float64{12 + 12 + 4}, gradValue(t, x), "as two calls of backward in PyTorch")
}

// The gradients that gorgonia.Grad returned can be used in further expressions, and
// these differentiated again, where gorgonia itself goes wrong: x³ has second
// derivative 6x.
func TestVMGradientOfGradient(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Scalar(2.0))
	cube := gorgonia.Must(gorgonia.Mul(x, gorgonia.Must(gorgonia.Mul(x, x))))
	first, err := gorgonia.Grad(cube, x)
	require.NoError(t, err)
	slope := gorgonia.Must(gorgonia.Square(first[0])) // 9x⁴
	var read gorgonia.Value
	gorgonia.Read(slope, &read)
	require.NoError(t, NewVM(g).RunAll())
	require.Equal(t, 144.0, must(tensor.Item(read)))
	require.Equal(t, []float64{12}, nodeValue(t, first[0]))

	second, err := Grad(slope, x)
	require.NoError(t, err)
	require.NoError(t, mustCompile(t, second[0]).Run(), "Compile takes gorgonia's expression as it is")
}

// In EvalMode dropout does nothing, and batch norm takes its running statistics,
// which training has moved.
func TestStockBatchNorm(t *testing.T) {
	g := NewGraph()
	v := tensor.Must(tensor.FromSlice([]float64{1, 10, 2, 20, 6, 60}, 3, 2))
	x := Param(g, "x", v)
	one := func(name string, v float64) *Node {
		return Param(g, name, tensor.Must(tensor.FromSlice([]float64{v, v, v, v, v, v}, 3, 2)))
	}
	y, _, _, bn, err := gorgonia.BatchNorm(x, one("scale", 2), one("bias", 1), 0.1, 1e-5)
	require.NoError(t, err)
	mean, variance := bn.Stats()
	require.NoError(t, bn.Reset())
	train, eval := NewVM(g), NewVM(g, gorgonia.EvalMode())
	for range 2 {
		require.NoError(t, train.RunAll())
		require.InDelta(t, 1-2*2/math.Sqrt(14.0/3+1e-5), nodeValue(t, y)[0], 1e-12)
	}
	require.InDeltaSlice(t, []float64{3 * 0.19, 30 * 0.19}, must(tensor.Float64s(mean)), 1e-12, "two steps of 0.1 from 0")
	require.InDeltaSlice(t, []float64{7*0.19 + 0.81, 700*0.19 + 0.81}, must(tensor.Float64s(variance)), 1e-10, "and from 1")
	require.NoError(t, eval.RunAll())
	require.InDelta(t, 1+2*(1-3*0.19)/math.Sqrt(7*0.19+0.81+1e-5), nodeValue(t, y)[0], 1e-12)
	require.NoError(t, bn.SetStats(tensor.Of(1.0, 10), tensor.Of(1.0, 1)))
	require.NoError(t, eval.RunAll())
	require.InDelta(t, 1, nodeValue(t, y)[0], 1e-12, "the statistics of now")
	require.NoError(t, eval.RunAll())
	require.InDeltaSlice(t, []float64{1, 10}, must(tensor.Float64s(mean)), 0, "inference leaves them")

	g = NewGraph()
	x = Param(g, "x", tensor.Must(tensor.Linspace(1.0, 2, 1000)))
	d := gorgonia.Must(gorgonia.Dropout(x, 0.25))
	require.NoError(t, NewVM(g, gorgonia.EvalMode()).RunAll())
	require.Equal(t, nodeValue(t, x), nodeValue(t, d))
	vm := NewVM(g, gorgonia.BindDualValues(x), Cost(gorgonia.Must(gorgonia.Sum(d))))
	require.NoError(t, vm.RunAll())
	kept := 0
	for i, e := range gradValue(t, x) {
		if e != 0 {
			require.InDelta(t, 4.0/3, e, 1e-12, "the gradient is 1/(1-p)")
			require.InDelta(t, 4.0/3*nodeValue(t, x)[i], nodeValue(t, d)[i], 1e-12)
			kept++
		}
	}
	require.InDelta(t, 750, kept, 60)
}

// Random nodes have their distribution, new numbers in every run, and the same ones in
// every machine; two of one shape differ, though not when gorgonia merged them.
func TestStockRandom(t *testing.T) {
	g := NewGraph()
	u := gorgonia.UniformRandomNode(g, tensor.Float64, 2, 3, 1000)
	z := gorgonia.GaussianRandomNode(g, tensor.Float64, 1, 2, 2000)
	k := gorgonia.BinomialRandomNode(g, tensor.Float64, 10, 0.3, 3000)
	vm := NewVM(g)
	require.NoError(t, vm.RunAll())
	mean := func(n *Node) float64 {
		sum := 0.0
		for _, x := range nodeValue(t, n) {
			sum += x
		}
		return sum / float64(len(nodeValue(t, n)))
	}
	require.InDelta(t, 2.5, mean(u), 0.05)
	require.InDelta(t, 1, mean(z), 0.2)
	require.InDelta(t, 3, mean(k), 0.2)
	first := append([]float64(nil), nodeValue(t, u)...)
	require.NoError(t, vm.RunAll())
	require.NotEqual(t, first, nodeValue(t, u))
	require.NoError(t, NewVM(g).RunAll())
	require.Equal(t, first, nodeValue(t, u))
}

// Values can be bound anew between runs: others, views, transposed ones.
func TestVMValues(t *testing.T) {
	g := NewGraph()
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(2, 3), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Mul(x, gorgonia.Must(gorgonia.Transpose(x))))
	vm := NewVM(g)
	require.ErrorIs(t, vm.RunAll(), ErrNoValue)
	v := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3))
	require.NoError(t, vm.Let(x, v))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{14, 32, 32, 77}, nodeValue(t, y))
	turned := tensor.Must(tensor.FromSlice([]float64{1, 4, 2, 5, 3, 6}, 3, 2))
	require.NoError(t, turned.T())
	require.NoError(t, vm.Let(x, turned))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{14, 32, 32, 77}, nodeValue(t, y))
	big := tensor.Must(tensor.FromSlice([]float64{9, 9, 9, 9, 1, 2, 3, 9, 4, 5, 6, 9}, 3, 4))
	view := must(big.Slice(gorgonia.S(1, 3), gorgonia.S(0, 3)))
	require.NoError(t, vm.Let(x, view))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{14, 32, 32, 77}, nodeValue(t, y))
	require.Error(t, vm.Let(newStockNet().x, v))

	vector := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(2), gorgonia.WithName("v"))
	square := gorgonia.Must(gorgonia.Square(vector))
	require.NoError(t, gorgonia.Let(vector, stock.New(stock.WithShape(2, 1), stock.WithBacking([]float64{3, 4}))))
	require.NoError(t, NewVM(g).RunAll(), "to gorgonia (2, 1) is (2)")
	require.Equal(t, []float64{9, 16}, nodeValue(t, square))
}

// Set moves values from node to node, in the graph at the end of a run, and by hand.
func TestVMSet(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	half := gorgonia.Must(gorgonia.HadamardProd(x, gorgonia.NewConstant(0.5)))
	gorgonia.Set(x, half)
	vm := NewVM(g)
	for _, want := range [][]float64{{0.5, 1}, {0.25, 0.5}} {
		require.NoError(t, vm.RunAll())
		require.Equal(t, want, nodeValue(t, x))
	}
	y := Param(g, "y", tensor.Of(7.0, 8))
	require.NoError(t, vm.Set(x, y))
	require.Equal(t, []float64{7, 8}, nodeValue(t, x))
	require.NoError(t, vm.RunAll())
	require.Equal(t, []float64{3.5, 4}, nodeValue(t, half))
	require.Error(t, vm.Set(x, nil))
}

// What options ask for.
func TestVMOptions(t *testing.T) {
	n := newStockNet()
	var out bytes.Buffer
	vm := NewVM(n.g, gorgonia.WithLogger(log.New(&out, "", 0)), gorgonia.WithWatchlist(n.cost), gorgonia.WithValueFmt("%.3f"), nil, gorgonia.WithEngine(stock.StdEng{}))
	require.NoError(t, vm.RunAll())
	require.Contains(t, out.String(), "= 0.")

	vm = NewVM(n.g, gorgonia.TraceExec())
	require.NoError(t, vm.RunAll())
	first := n.y.Value()
	require.NoError(t, vm.RunAll())
	require.NotSame(t, first, n.y.Value(), "a copy for each run")

	n = newStockNet()
	require.NoError(t, NewVM(n.g, Only(n.y)).RunAll())
	require.NotNil(t, n.y.Value())
	require.NotNil(t, n.read)
	require.Nil(t, n.h.Value())

	for _, watch := range []gorgonia.VMOpt{gorgonia.WithNaNWatch(), gorgonia.WithInfWatch()} {
		g := NewGraph()
		x := Param(g, "x", tensor.Of(1.0, 0, -1))
		gorgonia.Must(gorgonia.Exp(gorgonia.Must(gorgonia.Log(x))))
		require.ErrorIs(t, NewVM(g, watch).RunAll(), ErrNotFinite)
		require.ErrorContains(t, NewVM(g, watch).RunAll(), "ln(")
	}
	err := NewVM(n.g, gorgonia.ExecuteFwdOnly()).RunAll()
	require.ErrorIs(t, err, ErrParam, "an option of the other machine")
	require.ErrorContains(t, err, "vm_test.go:")
	require.Less(t, len(err.Error()), 250)
	require.Error(t, NewVM(nil).RunAll())
	require.NoError(t, NewVM(NewGraph()).RunAll(), "nothing to do")
	require.Nil(t, NewVM(NewGraph()).Program())

	sub, loc, err := gorgonia.CompileFunction(n.g, gorgonia.Nodes{n.x, n.w, n.b}, gorgonia.Nodes{n.h})
	require.NoError(t, err)
	n.read = nil
	require.NoError(t, NewVM(n.g, gorgonia.WithPrecompiled(sub, loc)).RunAll())
	require.NotNil(t, n.h.Value())
	require.Nil(t, n.read, "it is not in that program")
	require.NoError(t, NewVM(n.g, gorgonia.WithPrecompiled(sub, nil)).RunAll())
	require.NotNil(t, n.read, "it is not complete, and gorgonia takes the graph")
}

// Runs allocate nothing, reads and gradients included.
func TestVMAllocs(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	vm := NewVM(n.g, gorgonia.BindDualValues(n.w, n.b))
	require.NoError(t, vm.RunAll())
	require.LessOrEqual(t, testing.AllocsPerRun(20, func() { _ = vm.RunAll() }), 4.0)
}
