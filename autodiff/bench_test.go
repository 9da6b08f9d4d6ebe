package autodiff_test

import (
	"fmt"
	"testing"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// Run with
//
//	go test -run '^$' -bench Rosenbrock ./autodiff

// BenchmarkRosenbrock is one value, gradient and Adam step of Rosenbrock's
// function in float64: ours in two calls, and the same with gorgonia alone.
func BenchmarkRosenbrock(b *testing.B) {
	b.Run("downhill", func(b *testing.B) {
		prog, opt := rosenbrock(b)
		b.ReportAllocs()
		for b.Loop() {
			_ = prog.Run()
			_ = opt.Step()
		}
	})
	b.Run("gorgonia", func(b *testing.B) {
		machine, solver, params := stockRosenbrock(b)
		b.ReportAllocs()
		for b.Loop() {
			_ = machine.RunAll()
			_ = solver.Step(params)
			machine.Reset()
		}
	})
}

// BenchmarkCompile makes the program of a network of 500 layers with all of its
// gradients, and the same in gorgonia's functions with a machine of each kind.
//
//	go test -run '^$' -bench Compile ./autodiff
func BenchmarkCompile(b *testing.B) {
	const layers = 500
	b.Run("Compile", func(b *testing.B) {
		g := autodiff.NewGraph()
		h := autodiff.Input(g, "x", tensor.Must(tensor.Full(0.5, 4, 8)))
		var params []*autodiff.Node
		for i := range layers {
			w := autodiff.Param(g, fmt.Sprint("w", i), tensor.Must(tensor.Full(0.1, 8, 8)))
			h, params = autodiff.Tanh(autodiff.MatMul(h, w)), append(params, w)
		}
		loss := autodiff.Mean(h)
		before := len(g.AllNodes())
		for b.Loop() {
			_, err := autodiff.Compile(loss, autodiff.WithGrad(params...))
			require.NoError(b, err)
		}
		b.ReportMetric(float64(len(g.AllNodes())-before)/float64(b.N), "nodes-added/op")
	})
	for _, m := range []struct {
		name string
		of   func(g *autodiff.Graph, opts ...gorgonia.VMOpt) gorgonia.VM
	}{
		{"NewVM", func(g *autodiff.Graph, opts ...gorgonia.VMOpt) gorgonia.VM { return autodiff.NewVM(g, opts...) }},
		{"NewTapeMachine", func(g *autodiff.Graph, opts ...gorgonia.VMOpt) gorgonia.VM {
			return gorgonia.NewTapeMachine(g, opts...)
		}},
	} {
		b.Run(m.name, func(b *testing.B) {
			g := gorgonia.NewGraph()
			h := autodiff.Input(g, "x", tensor.Must(tensor.Full(0.5, 4, 8)))
			var params gorgonia.Nodes
			for i := range layers {
				w := autodiff.Param(g, fmt.Sprint("w", i), tensor.Must(tensor.Full(0.1, 8, 8)))
				h, params = gorgonia.Must(gorgonia.Tanh(gorgonia.Must(gorgonia.Mul(h, w)))), append(params, w)
			}
			_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Mean(h)), params...)
			require.NoError(b, err)
			for b.Loop() {
				m.of(g, gorgonia.BindDualValues(params...))
			}
		})
	}
}

// A whole step, program and optimizer, allocates nothing.
func TestStepDoesNotAllocate(t *testing.T) {
	prog, opt := rosenbrock(t)
	require.NoError(t, prog.Run())
	require.NoError(t, opt.Step())
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_ = prog.Run()
		_ = opt.Step()
	}))
}

func rosenbrock(t testing.TB) (*autodiff.Program, *optim.Optimizer) {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(-1.2))
	y := autodiff.Param(g, "y", tensor.Scalar(1.0))
	loss := autodiff.Add(autodiff.Square(autodiff.Sub(1, x)),
		autodiff.Mul(100, autodiff.Square(autodiff.Sub(y, autodiff.Square(x)))))
	prog, err := autodiff.Compile(loss, autodiff.WithGrad(x, y))
	require.NoError(t, err)
	opt, err := optim.New(prog.Params(), optim.DefaultAdam())
	require.NoError(t, err)
	return prog, opt
}

func stockRosenbrock(t testing.TB) (gorgonia.VM, gorgonia.Solver, []gorgonia.ValueGrad) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithValue(-1.2))
	y := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("y"), gorgonia.WithValue(1.0))
	one, hundred := gorgonia.NewConstant(1.0), gorgonia.NewConstant(100.0)
	must := gorgonia.Must
	a := must(gorgonia.Square(must(gorgonia.Sub(one, x))))
	c := must(gorgonia.Square(must(gorgonia.Sub(y, must(gorgonia.Square(x))))))
	loss := must(gorgonia.Add(a, must(gorgonia.Mul(hundred, c))))
	_, err := gorgonia.Grad(loss, x, y)
	require.NoError(t, err)
	return gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(x, y)), gorgonia.NewAdamSolver(),
		gorgonia.NodesToValueGrads(gorgonia.Nodes{x, y})
}
