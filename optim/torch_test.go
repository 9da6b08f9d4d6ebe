package optim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// torchCase is a case of testdata/torch/{sgd,rmsprop,adam,adamw,adagrad}.json;
// the docstring of optim.py beside them describes the format.
type torchCase struct {
	Name, Optimizer, Landscape, Dtype string

	Options       map[string]any
	Start         [2]float64
	Steps, Stride int
	Loss          []float64
	Path          [][2]float64
}

func loadTorch[C any](t *testing.T, name string) []C {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "torch", name+".json"))
	require.NoError(t, err)
	var file struct{ Cases []C }
	require.NoError(t, json.Unmarshal(text, &file))
	require.NotEmpty(t, file.Cases)
	return file.Cases
}

func TestFollowsTorch(t *testing.T) {
	for _, name := range []string{"sgd", "rmsprop", "adam", "adamw", "adagrad",
		"nadam", "radam", "adamax", "adadelta", "rprop", "asgd", "sparseadam"} {
		full := map[string]int{} // option sets compared over all 200 steps, per landscape
		for _, c := range loadTorch[torchCase](t, name) {
			t.Run(c.Name, func(t *testing.T) {
				if c.Dtype == "float32" {
					follow[float32](t, c, 1e-5)
				} else {
					follow[float64](t, c, 1e-12)
				}
			})
			if c.Steps == 200 && c.Dtype == "float64" {
				full[c.Landscape]++
			}
		}
		require.GreaterOrEqual(t, len(full), 5, name)
		for landscape, n := range full {
			require.GreaterOrEqual(t, n, 4, "%s on %s", name, landscape)
		}
	}
}

// follow replays a case and compares every stored point and loss.
func follow[T tensor.Float](t *testing.T, c torchCase, bound float64) {
	rule, err := Make(c.Optimizer, c.Options)
	require.NoError(t, err)
	f := surfaces[T]()[c.Landscape]
	x, y := scalarPair(T(c.Start[0])), scalarPair(T(c.Start[1]))
	opt := newOptimizer(t, rule, x, y)
	px, py, gx, gy := data[T](t, x.value), data[T](t, y.value), data[T](t, x.grad), data[T](t, y.grad)
	top := 1.0
	for _, l := range c.Loss {
		top = max(top, math.Abs(l))
	}
	worst := 0.0
	for step := range c.Steps + 1 {
		loss, dx, dy := f(px[0], py[0])
		if i := step / c.Stride; step%c.Stride == 0 {
			want := c.Path[i]
			scale := max(1, math.Abs(want[0]), math.Abs(want[1]))
			off := max(math.Abs(float64(px[0])-want[0]), math.Abs(float64(py[0])-want[1])) / scale
			off = max(off, math.Abs(float64(loss)-c.Loss[i])/top)
			require.LessOrEqual(t, off, bound, "step %d: at (%v, %v), loss %v; torch at %v, loss %v",
				step, px[0], py[0], loss, want, c.Loss[i])
			worst = max(worst, off)
		}
		gx[0], gy[0] = dx, dy
		require.NoError(t, opt.Step())
	}
	t.Logf("largest deviation %.1e", worst)
}
