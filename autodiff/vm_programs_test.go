package autodiff_test

import (
	"math"
	"runtime"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// Gorgonia's solvers, with all they can do to a gradient, take the same steps on a
// machine as on a program of this package's functions.
func TestVMSolvers(t *testing.T) {
	all := []gorgonia.SolverOpt{gorgonia.WithLearnRate(0.1), gorgonia.WithClip(0.05), gorgonia.WithL2Reg(0.01), gorgonia.WithBatchSize(4)}
	for name, solver := range map[string]func() gorgonia.Solver{
		"Vanilla":  func() gorgonia.Solver { return gorgonia.NewVanillaSolver(all...) },
		"Momentum": func() gorgonia.Solver { return gorgonia.NewMomentum(all...) },
		"RMSProp":  func() gorgonia.Solver { return gorgonia.NewRMSPropSolver(all...) },
		"Adam":     func() gorgonia.Solver { return gorgonia.NewAdamSolver(all...) },
		"AdaGrad":  func() gorgonia.Solver { return gorgonia.NewAdaGradSolver(all...) },
	} {
		t.Run(name, func(t *testing.T) {
			n, g := newStockNet(), NewGraph()
			_, err := gorgonia.Grad(n.cost, n.w, n.b)
			require.NoError(t, err)
			vm := NewVM(n.g, gorgonia.BindDualValues(n.w, n.b))
			copyOf := func(name string, x *Node) *Node {
				return Param(g, name, must(gorgonia.CloneValue(x.Value())).(*tensor.Dense))
			}
			w, b := copyOf("w", n.w), copyOf("b", n.b)
			prog := mustCompile(t, Mean(Square(Tanh(Add(MatMul(copyOf("x", n.x), w), b)))), WithGrad(w, b))
			ofVM, ofProgram := solver(), solver()
			for range 10 {
				require.NoError(t, vm.RunAll())
				require.NoError(t, ofVM.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{n.w, n.b})))
				vm.Reset()
				require.NoError(t, prog.Run())
				require.NoError(t, ofProgram.Step(prog.Params()))
			}
			require.InDeltaSlice(t, nodeValue(t, w), nodeValue(t, n.w), 1e-13)
			require.InDeltaSlice(t, nodeValue(t, b), nodeValue(t, n.b), 1e-13)
			require.NotEqual(t, nodeValue(t, newStockNet().w), nodeValue(t, n.w))
		})
	}
}

// A graph of a generator and a discriminator: two machines, each with the parameters
// and the cost of its player, on values that they share.
func TestVMTwoPlayers(t *testing.T) {
	g := NewGraph()
	made, judge := Param(g, "made", tensor.Scalar(0.5)), Param(g, "judge", tensor.Scalar(-0.3))
	score := gorgonia.Must(gorgonia.Mul(made, judge))
	fool := gorgonia.Must(gorgonia.Softplus(gorgonia.Must(gorgonia.Neg(score))))
	detect := gorgonia.Must(gorgonia.Softplus(score))
	generator := NewVM(g, gorgonia.BindDualValues(made), Cost(fool))
	discriminator := NewVM(g, gorgonia.BindDualValues(judge), Cost(detect))
	sgd := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1))
	a, b := 0.5, -0.3
	for range 20 {
		require.NoError(t, discriminator.RunAll())
		require.NoError(t, sgd.Step([]gorgonia.ValueGrad{judge}))
		b -= 0.1 * a / (1 + math.Exp(-a*b))
		require.NoError(t, generator.RunAll())
		require.NoError(t, sgd.Step([]gorgonia.ValueGrad{made}))
		a += 0.1 * b / (1 + math.Exp(a*b))
		require.InDelta(t, b, nodeValue(t, judge)[0], 1e-14)
		require.InDelta(t, a, nodeValue(t, made)[0], 1e-14)
	}
}

// The second machine on a graph is for inference; the values of the parameters are
// those of training, and gradients stay as they were.
func TestVMTrainAndInfer(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	train, infer := NewVM(n.g, gorgonia.BindDualValues(n.w, n.b)), NewVM(n.g.SubgraphRoots(n.y), gorgonia.EvalMode())
	require.NoError(t, train.RunAll())
	before, dw := append([]float64(nil), nodeValue(t, n.y)...), append([]float64(nil), gradValue(t, n.w)...)
	require.NoError(t, infer.RunAll())
	require.Equal(t, before, nodeValue(t, n.y))
	require.Equal(t, dw, gradValue(t, n.w))
	require.NoError(t, gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(1)).Step([]gorgonia.ValueGrad{n.w, n.b}))
	require.NoError(t, infer.RunAll())
	require.NotEqual(t, before, nodeValue(t, n.y))
}

// A constant vector in the cost gets no gradient, and runs without Reset are alike.
func TestVMConstantVector(t *testing.T) {
	g := NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(3))
	a := gorgonia.NewConstant(tensor.Of(2.0, 2, 2), gorgonia.WithName("a"))
	b := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("b"))
	z := gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Mul(x, a)), b))
	dz, err := gorgonia.Grad(z, x)
	require.NoError(t, err)
	vm := NewVM(g)
	require.NoError(t, vm.Let(x, tensor.Of(1.0, 1, 1)))
	require.NoError(t, vm.Let(b, -0.5))
	for range 4 {
		require.NoError(t, vm.RunAll())
		require.Equal(t, []float64{-1, -1, -1}, nodeValue(t, dz[0]))
		require.Equal(t, []float64{-3}, nodeValue(t, z))
	}
}

// Machines leave nothing behind: neither nodes in the graph nor memory.
func TestVMLeaks(t *testing.T) {
	n := newStockNet()
	_, err := gorgonia.Grad(n.cost, n.w, n.b)
	require.NoError(t, err)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	build := func(times int) {
		for range times {
			require.NoError(t, NewVM(n.g, gorgonia.BindDualValues(n.w, n.b)).RunAll())
		}
	}
	build(10)
	nodes, before := len(n.g.AllNodes()), heap()
	build(500)
	require.Len(t, n.g.AllNodes(), nodes)
	require.Less(t, heap()-before, int64(500*1000), "a machine is larger than 1000 bytes")
}

// BenchmarkNewVM makes machines for a chain of 1000 operations and its gradient.
func BenchmarkNewVM(b *testing.B) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.1, 0.2))
	y := x
	for range 500 {
		y = gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Tanh(y)), x))
	}
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	require.NoError(b, err)
	b.Run("downhill", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, NewVM(g, gorgonia.BindDualValues(x)).Close())
		}
	})
	b.Run("gorgonia", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(x)).Close())
		}
	})
}
