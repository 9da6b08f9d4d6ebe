package landscapes

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// torchCase is a run of a PyTorch optimizer; the docstring of
// optim/testdata/torch/optim.py describes the format.
type torchCase struct {
	Name, Optimizer, Landscape, Dtype string

	Options       map[string]any
	Start         Point
	Steps, Stride int
	Loss          []float64
	Path          []Point
}

// Every stored run of PyTorch, replayed with our graphs, gradients and
// optimizers.
func TestFollowsTorch(t *testing.T) {
	bounds := map[string]struct {
		dtype tensor.Dtype
		bound float64
	}{
		"float64": {tensor.Float64, 1e-12},
		"float32": {tensor.Float32, 1e-5},
	}
	for _, name := range []string{"sgd", "rmsprop", "adam", "adamw", "adagrad",
		"nadam", "radam", "adamax", "adadelta", "rprop", "asgd", "sparseadam", "adafactor", "muon"} {
		var file struct{ Cases []torchCase }
		readJSON(t, filepath.Join("..", "optim", "testdata", "torch", name+".json"), &file)
		require.NotEmpty(t, file.Cases)
		for _, c := range file.Cases {
			t.Run(c.Name, func(t *testing.T) {
				l, err := ByName(c.Landscape)
				require.NoError(t, err)
				r, err := optim.Make(c.Optimizer, c.Options)
				require.NoError(t, err)
				b, ok := bounds[c.Dtype]
				require.True(t, ok, c.Dtype)
				got, err := Trace(l, r, Config{Start: c.Start, Steps: c.Steps, Dtype: b.dtype})
				require.NoError(t, err)
				require.Equal(t, "ok", got.Status)
				compare(t, c, got, b.bound)
			})
		}
	}
}

func compare(t *testing.T, c torchCase, got *Run, bound float64) {
	t.Helper()
	top := 1.0
	for _, v := range c.Loss {
		top = math.Max(top, math.Abs(v))
	}
	require.NotEmpty(t, c.Path)
	for i, want := range c.Path {
		k := i * c.Stride
		p := got.Path[k]
		scale := math.Max(1, math.Max(math.Abs(want[0]), math.Abs(want[1])))
		require.LessOrEqual(t, math.Max(math.Abs(p[0]-want[0]), math.Abs(p[1]-want[1]))/scale, bound,
			"step %d: at %v, PyTorch at %v", k, p, want)
		require.LessOrEqual(t, math.Abs(got.Loss[k]-c.Loss[i])/top, bound,
			"step %d: loss %v, PyTorch's %v", k, got.Loss[k], c.Loss[i])
	}
}
