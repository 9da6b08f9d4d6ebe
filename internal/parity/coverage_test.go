package parity

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What PyTorch's own optimizers and schedulers are compared on, read from the files alone.
const (
	leastSets       = 6 // option sets on each landscape
	leastLandscapes = 6
	leastSteps      = 200 // or the file says why a path is cut
	leastSettings   = 3   // of each scheduler
)

// torchOptimizers are those of torch.optim.
var torchOptimizers = []string{"sgd", "adam", "adamw", "nadam", "radam", "adamax", "adagrad", "adadelta", "rmsprop",
	"rprop", "asgd", "sparseadam", "adafactor", "muon", "lbfgs"}

func TestTorchOptimizersAreCovered(t *testing.T) {
	full := map[string]int{}
	for _, name := range torchOptimizers {
		var file pathFile
		load(t, "optim/testdata/torch/"+name+".json", &file)
		require.NotEmpty(t, file.Torch, name)
		for _, dtype := range []string{"float64", "float32"} {
			sets := map[string]map[string]bool{} // different options on each landscape, without the learning rate's scale
			for _, c := range file.Cases {
				if c.Dtype != dtype {
					continue
				}
				require.Equal(t, name, c.Optimizer, c.Name)
				require.Len(t, c.Path, c.Steps/c.Stride+1, c.Name)
				require.Len(t, c.Loss, len(c.Path), c.Name)
				require.True(t, c.Steps == leastSteps && c.Cut == "" || c.Steps < leastSteps && c.Cut != "",
					"%s has %d steps and says %q", c.Name, c.Steps, c.Cut)
				if sets[c.Landscape] == nil {
					sets[c.Landscape] = map[string]bool{}
				}
				sets[c.Landscape][fmt.Sprint(c.Options)] = true
				if c.Cut == "" {
					full[name+" "+dtype]++
				}
			}
			require.GreaterOrEqual(t, len(sets), leastLandscapes, "%s in %s", name, dtype)
			for landscape, s := range sets {
				require.GreaterOrEqual(t, len(s), leastSets, "%s on %s in %s", name, landscape, dtype)
			}
		}
		if name != "lbfgs" { // its paths end in a minimum before
			require.GreaterOrEqual(t, full[name+" float64"], 20, "%s: paths of %d steps", name, leastSteps)
			require.GreaterOrEqual(t, full[name+" float32"], 15, "%s: paths of %d steps", name, leastSteps)
		}
	}
}

// L-BFGS is there with and without its line search.
func TestBothKindsOfLBFGSAreCovered(t *testing.T) {
	var file pathFile
	load(t, "optim/testdata/torch/lbfgs.json", &file)
	kinds, steps := map[bool]map[string]bool{true: {}, false: {}}, map[bool]int{}
	for _, c := range file.Cases {
		wolfe := c.Options["line_search_fn"] == "strong_wolfe"
		kinds[wolfe][fmt.Sprint(c.Options)] = true
		steps[wolfe] += c.Steps
	}
	for wolfe, options := range kinds {
		require.GreaterOrEqual(t, len(options), 4, wolfe)
		require.GreaterOrEqual(t, steps[wolfe], 150, wolfe)
	}
}

// On losses of matrices, too, are those that see a parameter as one.
func TestMatrixOptimizersAreCovered(t *testing.T) {
	var file struct {
		Problems map[string][]matrixTerm
		Cases    []matrixCase
	}
	load(t, "optim/testdata/torch/matrix.json", &file)
	losses, sets := map[string]int{}, map[string]map[string]bool{"adafactor": {}, "muon": {}}
	for _, c := range file.Cases {
		require.True(t, c.Steps == leastSteps && c.Cut == "" || c.Steps < leastSteps && c.Cut != "", c.Name)
		if !c.BFloat16 {
			sets[c.Optimizer][fmt.Sprint(c.Options)] = true
			losses[c.Optimizer] += len(file.Problems[c.Problem])
		}
	}
	for name, s := range sets {
		require.GreaterOrEqual(t, len(s), leastSets, name)
		require.GreaterOrEqual(t, losses[name], 2*leastSets*4, name)
	}
}

// Every scheduler has cases of its own, alone and stepped one by one.
func TestTorchSchedulersAreCovered(t *testing.T) {
	settings := map[string]map[string]bool{}
	for _, name := range []string{"schedulers", "schedulers_composed"} {
		var file struct{ Cases []scheduleCase }
		load(t, "optim/testdata/torch/"+name+".json", &file)
		for _, c := range file.Cases {
			if len(c.Schedulers) != 1 || c.Steps != nil {
				continue
			}
			require.Len(t, c.LR, leastSteps+1, c.Name)
			kind := c.Schedulers[0]["name"].(string)
			if settings[kind] == nil {
				settings[kind] = map[string]bool{}
			}
			settings[kind][fmt.Sprint(c.Schedulers)] = true
		}
	}
	for _, kind := range []string{"LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR",
		"PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR", "ReduceLROnPlateau",
		"SequentialLR", "ChainedScheduler", "SWALR"} {
		require.GreaterOrEqual(t, len(settings[kind]), leastSettings, kind)
	}
}

// PyTorch's baseline has 19 settings, three of them of L-BFGS. Two steps of one are apart.
func TestBaselineIsWhole(t *testing.T) {
	rep, err := Replay(repository, func(name string) bool { return len(name) > 9 && name[:9] == "baseline/" })
	require.NoError(t, err)
	require.Len(t, rep.Cases, 20)
	of := map[string]int{}
	for _, c := range rep.Cases {
		require.LessOrEqual(t, c.Deviation, c.Bound, c.Name)
		if c.Name == "baseline/RMSprop(.1,wd=1e-2)/apart" {
			require.Equal(t, []any{201, 1e-11}, []any{c.Steps, c.Bound})
			continue
		}
		require.Equal(t, []any{1001, 1e-12}, []any{c.Steps, c.Bound}, c.Name)
		of[c.Of[0]]++
	}
	require.Equal(t, map[string]int{"adam": 3, "adamw": 2, "adagrad": 3, "rmsprop": 4, "sgd": 4, "lbfgs": 3}, of)
}

// No snapshot is left out, and only those are apart where PyTorch's runs are.
func TestBaselineSplit(t *testing.T) {
	var b baseline
	var noise baselineNoise
	load(t, "nn/testdata/torch/baseline.json", &b)
	load(t, "nn/testdata/torch/baseline_roundoff.json", &noise)
	require.Len(t, noise.Rows, len(b.Rows))
	for i, row := range b.Rows {
		require.Equal(t, row.Name, noise.Rows[i].Name)
		alike, apart := noise.split(row)
		require.Len(t, alike.Snapshots, len(row.Snapshots)-len(apart.Snapshots)+len(noise.Rows[i].Path), row.Name)
		for step := range row.Snapshots {
			require.Contains(t, noise.Rows[i].Disturbed, step, row.Name)
		}
		if row.Name != "RMSprop(.1,wd=1e-2)" {
			require.Empty(t, apart.Snapshots, row.Name)
			continue
		}
		require.ElementsMatch(t, []string{"101", "201"}, slices.Collect(maps.Keys(apart.Snapshots)))
		require.Contains(t, alike.Snapshots, "70")
	}
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := fs.ReadFile(repository, name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}
