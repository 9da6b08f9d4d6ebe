package autodiff_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// stockRun differentiates and runs a loss with gorgonia's own Grad and machine.
func stockRun(t *testing.T, g *Graph, loss *Node, params ...*Node) ([]float64, [][]float64) {
	t.Helper()
	_, err := gorgonia.Grad(loss, params...)
	require.NoError(t, err)
	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...))
	defer func() { require.NoError(t, vm.Close()) }()
	require.NoError(t, vm.RunAll())
	var grads [][]float64
	for _, p := range params {
		grads = append(grads, gradValue(t, p))
	}
	return nodeValue(t, loss), grads
}

// gorgonia's Grad and its tape machine take our graphs and find the same numbers.
func TestStockMachine(t *testing.T) {
	type builder func() (*Graph, *Node, []*Node)
	of := func(f func(x ...*Node) *Node, in ...*tensor.Dense) builder {
		return func() (*Graph, *Node, []*Node) {
			g := NewGraph()
			var x []*Node
			for i, v := range in {
				x = append(x, Param(g, fmt.Sprint("x", i), v.Clone().(*tensor.Dense)))
			}
			return g, f(x...), x
		}
	}
	v := tensor.Of(0.5, -1.5, 2)
	m := tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3))
	for name, build := range map[string]builder{
		"network": smallNet,
		"Rosenbrock": func() (*Graph, *Node, []*Node) {
			g, x := scalarParams(-1.2, 1)
			return g, Add(Square(Sub(1, x[0])), Mul(100, Square(Sub(x[1], Square(x[0]))))), x
		},
		"elementwise": of(func(x ...*Node) *Node { return Sum(Mul(Sigmoid(x[0]), Exp(Neg(Abs(x[0]))))) }, v),
		"choices":     of(func(x ...*Node) *Node { return Sum(Where(Gt(x[0], 0), Square(x[0]), Maximum(x[0], -1))) }, v),
		"broadcast":   of(func(x ...*Node) *Node { return Mean(Square(Sub(x[0], x[1]))) }, m, v),
		"matrices":    of(func(x ...*Node) *Node { return Max(MatMul(MatMul(x[0], Transpose(x[0])), Slice(x[1], 0, 0, 2))) }, m, v),
		"pieces":      of(func(x ...*Node) *Node { return LogSumExp(Concat(0, Flatten(x[0]), x[1], Reshape(At(x[1], 1), 1))) }, m, v),
		"float32":     of(func(x ...*Node) *Node { return Norm(Softmax(x[0], 0)) }, as(t, v, tensor.Float32)),
	} {
		t.Run(name, func(t *testing.T) {
			_, loss, params := build()
			prog := mustCompile(t, loss, WithGrad(params...))
			require.NoError(t, prog.Run())
			g, stockLoss, stockParams := build()
			value, grads := stockRun(t, g, stockLoss, stockParams...)
			require.InDelta(t, prog.Loss(), value[0], 1e-12*math.Abs(value[0]))
			for i, p := range params {
				require.InDeltaSlice(t, gradValue(t, p), grads[i], 1e-12)
			}
		})
	}
}

// A stock machine that meets an invalid node returns the error of the node.
func TestStockMachineReturnsTheError(t *testing.T) {
	g := NewGraph()
	v := Param(g, "v", tensor.Of(1.0, 2, 3))
	bad := Reshape(v, 7)
	require.ErrorIs(t, Err(bad), ErrShape)
	vm := gorgonia.NewTapeMachine(g)
	err := vm.RunAll()
	require.ErrorContains(t, err, Err(bad).Error(), "gorgonia keeps the text only")
	require.NoError(t, vm.Close())
}

// gorgonia's solvers take our parameters, and find the minimum of a bowl.
func TestStockSolvers(t *testing.T) {
	for name, solver := range map[string]func() gorgonia.Solver{
		"Adam":     func() gorgonia.Solver { return gorgonia.NewAdamSolver(gorgonia.WithLearnRate(0.1)) },
		"SGD":      func() gorgonia.Solver { return gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.1)) },
		"momentum": func() gorgonia.Solver { return gorgonia.NewMomentum(gorgonia.WithLearnRate(0.01)) },
		"RMSProp":  func() gorgonia.Solver { return gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(0.05)) },
	} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprint(name, " ", dt), func(t *testing.T) {
				g := NewGraph()
				x := Param(g, "x", as(t, tensor.Of(3.0, -2), dt))
				c := Param(g, "c", as(t, tensor.Scalar(1.5), dt))
				prog := mustCompile(t, Add(Sum(Square(Sub(x, 1))), Square(c)), WithGrad(x, c))
				s := solver()
				require.NoError(t, prog.Run())
				first := prog.Loss()
				for range 400 {
					require.NoError(t, prog.Run())
					require.NoError(t, s.Step(prog.Params()))
				}
				require.NoError(t, prog.Run())
				require.Less(t, prog.Loss(), 1e-2*first)
				require.InDelta(t, 1, nodeValue(t, x)[0], 0.15)
				require.InDelta(t, 0, nodeValue(t, c)[0], 0.15)
			})
		}
	}
}

// The steps of stock SGD are θ − lr·∇ to the last bit, so the gradients they read
// are ours.
func TestStockSolverSteps(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	prog := mustCompile(t, Sum(Square(x)), WithGrad(x))
	s := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.25))
	for _, want := range [][]float64{{0.5, 1}, {0.25, 0.5}, {0.125, 0.25}} {
		require.NoError(t, prog.Run())
		require.NoError(t, s.Step(prog.Params()))
		require.Equal(t, want, nodeValue(t, x))
	}
}

// Graphs of different goroutines have nothing in common.
func TestGraphsConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	losses := make([]float64, 64)
	errs := make([]error, 64)
	for i := range losses {
		wg.Go(func() {
			_, loss, p := smallNet()
			prog, err := Compile(loss, WithGrad(p...))
			for range 20 {
				if err == nil {
					err = prog.Run()
				}
			}
			if err == nil {
				losses[i] = prog.Loss()
			}
			if _, e := Hessian(loss, p[1]); err == nil {
				err = e
			}
			if bad := Add(p[0], p[3]); err == nil && Err(bad) == nil {
				err = fmt.Errorf("a mistake was not found")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i := range losses {
		require.NoError(t, errs[i])
		require.Equal(t, losses[0], losses[i])
	}
}

// Programs of one graph may run in turns in any goroutine.
func TestHandOverConcurrent(t *testing.T) {
	_, loss, p := smallNet()
	prog := mustCompile(t, loss, WithGrad(p...))
	turn := make(chan struct{}, 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				turn <- struct{}{}
				if err := prog.Run(); err != nil {
					t.Error(err)
				}
				<-turn
			}
		})
	}
	wg.Wait()
}

// Many goroutines that run one program at once are told so, and nothing breaks.
func TestBusyConcurrent(t *testing.T) {
	_, loss, p := smallNet()
	prog := mustCompile(t, loss, WithGrad(p...))
	require.NoError(t, prog.Run())
	want := prog.Loss()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if err := prog.Run(); err != nil && !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, prog.Run())
	require.Equal(t, want, prog.Loss())
}
