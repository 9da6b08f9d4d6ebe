package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// A step is one call, whatever the optimizer needs of the program.
func ExampleProgram_WithOptimizer() {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(3.0))
	prog, err := autodiff.Compile(autodiff.Square(x), autodiff.WithGrad(x))
	if err != nil {
		fmt.Println(err)
		return
	}
	opt, err := optim.New(prog.Params(), optim.SGD{LR: 0.25})
	if err != nil {
		fmt.Println(err)
		return
	}
	step := prog.WithOptimizer(opt)
	for range 3 {
		loss, err := step()
		fmt.Println(loss, err)
	}
	// Output:
	// 9 <nil>
	// 2.25 <nil>
	// 0.5625 <nil>
}

// TestWithOptimizer takes the steps of the calls that it stands for, also of rules that
// look ahead and of methods that run the program several times, and allocates nothing.
func TestWithOptimizer(t *testing.T) {
	rules := map[string]func(*autodiff.Program) autodiff.Optimizer{
		"Adam": func(p *autodiff.Program) autodiff.Optimizer {
			return must(optim.New(p.Params(), optim.DefaultAdam()))
		},
		"Nesterov": func(p *autodiff.Program) autodiff.Optimizer {
			return must(optim.New(p.Params(), optim.Nesterov{LR: 1e-4, Momentum: 0.9}))
		},
		"LBFGS": func(p *autodiff.Program) autodiff.Optimizer {
			return must(optim.NewMinimizer(p.Params(), optim.DefaultLBFGS()))
		},
	}
	for name, of := range rules {
		t.Run(name, func(t *testing.T) {
			prog, _ := rosenbrock(t)
			other, _ := rosenbrock(t)
			step, opt := prog.WithOptimizer(of(prog)), of(other)
			for range 20 {
				want, err := opt.StepClosure(func() (float64, error) {
					err := other.Run()
					return other.Loss(), err
				})
				require.NoError(t, err)
				got, err := step()
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			require.Equal(t, other.Params()[0].(*autodiff.Node).Value().Data(), prog.Params()[0].(*autodiff.Node).Value().Data())
			if name != "LBFGS" {
				require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = step() }))
			}
		})
	}
}

// TestWithOptimizerErrors: a failed run moves nothing.
func TestWithOptimizerErrors(t *testing.T) {
	g := autodiff.NewGraph()
	x := autodiff.Param(g, "x", tensor.Scalar(1.0))
	y := autodiff.InputOf(g, "y", tensor.Float64)
	prog, err := autodiff.Compile(autodiff.Mul(x, y), autodiff.WithGrad(x))
	require.NoError(t, err)
	opt, err := optim.New(prog.Params(), optim.Nesterov{LR: 1, Momentum: 0.9})
	require.NoError(t, err)
	_, err = prog.WithOptimizer(opt)()
	require.ErrorIs(t, err, autodiff.ErrNoValue)
	require.Equal(t, 1.0, x.Value().Data())

	for _, none := range []autodiff.Optimizer{nil, (*optim.Optimizer)(nil)} {
		loss, err := prog.WithOptimizer(none)()
		require.ErrorContains(t, err, "step_test.go:")
		require.ErrorContains(t, err, "the optimizer is nil")
		require.False(t, math.IsNaN(loss))
	}
}
