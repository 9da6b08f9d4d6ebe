package nn_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// baseline is testdata/torch/baseline.json: the trajectories that PyTorch tests
// its own C++ optimizers with, at full precision.
type baseline struct {
	Names  []string
	Shapes [][]int
	Init   []float64
	Input  [][]float64
	Rows   []baselineRow
}

type baselineRow struct {
	Name, Optimizer string
	Options         map[string]any
	Snapshots       map[string][]float64 // after so many steps
}

// TestTorchBaseline replays 1001 steps of each setting.
func TestTorchBaseline(t *testing.T) {
	b := readBaseline(t)
	require.Len(t, b.Rows, 16)
	for _, row := range b.Rows {
		t.Run(row.Name, func(t *testing.T) {
			got := b.replay(t, row)
			require.Len(t, got, len(row.Snapshots))
			bound := 1e-12
			if row.Name == "RMSprop(.1,wd=1e-2)" { // it enlarges a rounding of the gradient by 10⁴
				bound = 1e-11
			}
			require.LessOrEqual(t, deviation(got, row.Snapshots), bound)
		})
	}
}

func readBaseline(t *testing.T) baseline {
	var b baseline
	readJSON(t, "testdata/torch/baseline.json", &b)
	return b
}

// deviation returns the largest relative difference of a weight in any snapshot.
func deviation(got, want map[string][]float64) float64 {
	worst := 0.0
	for step, weights := range want {
		for i, w := range weights {
			worst = max(worst, math.Abs(got[step][i]-w)/math.Abs(w))
		}
	}
	return worst
}

// TestTorchBaselineLBFGS replays 1001 steps of L-BFGS, which stands still before long:
// the loss falls without end, ever more slowly.
func TestTorchBaselineLBFGS(t *testing.T) {
	b := readBaseline(t)
	var file struct {
		Rows []struct {
			baselineRow
			Evals map[string]int
		}
	}
	readJSON(t, "testdata/torch/baseline_lbfgs.json", &file)
	require.Len(t, file.Rows, 3)
	for _, row := range file.Rows {
		t.Run(row.Name, func(t *testing.T) {
			rule := optim.DefaultLBFGS()
			rule.LR = row.Options["lr"].(float64)
			rule.StrongWolfe = row.Options["line_search_fn"] != nil
			if n, ok := row.Options["max_iter"].(float64); ok {
				rule.MaxIter = n
			}
			model, prog := b.build(t)
			opt, err := optim.NewMinimizer(prog.Params(), rule)
			require.NoError(t, err)
			evals, got := 0, map[string][]float64{}
			for step := 1; step <= 1001; step++ {
				_, err := opt.StepClosure(func() (float64, error) {
					evals++
					err := prog.Run()
					return prog.Loss(), err
				})
				require.NoError(t, err)
				if key := strconv.Itoa(step); row.Snapshots[key] != nil {
					got[key] = flatten(t, model)
					require.Equal(t, row.Evals[key], evals, "evaluations until step %d", step)
				}
			}
			bound := 1e-12
			if row.Name == "RMSprop(.1,wd=1e-2)" { // it enlarges a rounding of the gradient by 10⁴
				bound = 1e-11
			}
			require.LessOrEqual(t, deviation(got, row.Snapshots), bound)
		})
	}
}

// replay trains, and returns the parameters at the steps of the snapshots.
func (b baseline) replay(t *testing.T, row baselineRow) map[string][]float64 {
	model, prog := b.build(t)
	rule, err := optim.Make(row.Optimizer, row.Options)
	require.NoError(t, err)
	opt, err := optim.New(prog.Params(), rule)
	require.NoError(t, err)

	snapshots := map[string][]float64{}
	for step := 1; step <= 1001; step++ {
		require.NoError(t, prog.Run())
		require.NoError(t, opt.Step())
		if key := strconv.Itoa(step); row.Snapshots[key] != nil {
			snapshots[key] = flatten(t, model)
		}
	}
	return snapshots
}

// build makes the model with its first weights, and the program of its loss.
func (b baseline) build(t *testing.T) (nn.Module, *ad.Program) {
	g := ad.NewGraph()
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{
		nn.Linear{In: 2, Out: 3}, nn.Sigmoid{}, nn.Linear{In: 3, Out: 1}, nn.Sigmoid{},
	})
	require.NoError(t, nn.Load(model, b.start(t)))
	x := ad.Input(g, "x", tensor.Must(tensor.FromSlice(slices.Concat(b.Input...), len(b.Input), 2)))
	prog, err := ad.Compile(ad.Sum(model.Forward(x)), ad.WithGrad(nn.Nodes(model)...))
	require.NoError(t, err)
	return model, prog
}

// start splits the flat first parameters into named tensors.
func (b baseline) start(t *testing.T) map[string]*tensor.Dense {
	state := map[string]*tensor.Dense{}
	flat := b.Init
	for i, name := range b.Names {
		n := tensor.Size(b.Shapes[i])
		v, err := tensor.FromSlice(slices.Clone(flat[:n]), b.Shapes[i]...)
		require.NoError(t, err)
		state[name], flat = v, flat[n:]
	}
	require.Empty(t, flat)
	return state
}

// flatten returns a copy of all parameters in their order.
func flatten(t *testing.T, m nn.Module) []float64 {
	var out []float64
	for _, p := range m.Params() {
		x, err := tensor.Float64s(p.Node.Value())
		require.NoError(t, err)
		out = append(out, x...)
	}
	return out
}
