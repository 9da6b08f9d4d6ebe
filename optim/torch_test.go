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

func TestSchedulesFollowTorch(t *testing.T) {
	type torchSchedule struct {
		Name       string
		Base       []float64
		Schedulers []map[string]any
		LR         [][]float64
	}
	for _, c := range loadTorch[torchSchedule](t, "schedulers") {
		t.Run(c.Name, func(t *testing.T) {
			opt := newOptimizer(t, SGD{LR: c.Base[0]}, scalarPair(0.0))
			require.NoError(t, opt.AddGroup(list(scalarPair(0.0)), SGD{LR: c.Base[1]}))
			var chain []*Scheduler
			for _, options := range c.Schedulers {
				s, err := NewScheduler(opt, torchToSchedule(t, options))
				require.NoError(t, err)
				chain = append(chain, s)
			}
			for epoch, want := range c.LR {
				for i, g := range opt.Groups() {
					require.InDelta(t, want[i], g.LR(), 1e-14*c.Base[i], "epoch %d", epoch)
				}
				if epoch > 0 {
					require.Equal(t, epoch, chain[0].Epoch())
					require.Equal(t, []float64{opt.Groups()[0].LR(), opt.Groups()[1].LR()}, chain[len(chain)-1].Last())
				}
				for _, s := range chain {
					require.NoError(t, s.Step())
				}
			}
		})
	}
}

func torchToSchedule(t *testing.T, options map[string]any) Schedule {
	number := func(key string, otherwise float64) float64 {
		if v, ok := options[key]; ok {
			return v.(float64)
		}
		return otherwise
	}
	switch options["name"] {
	case "StepLR":
		return StepLR{StepSize: int(number("step_size", 0)), Gamma: number("gamma", DefaultStepLR().Gamma)}
	case "ExponentialLR":
		return ExponentialLR{Gamma: number("gamma", 0)}
	case "CosineAnnealingLR":
		return CosineAnnealingLR{TMax: int(number("T_max", 0)), EtaMin: number("eta_min", 0)}
	}
	t.Fatalf("no schedule %v", options["name"])
	return nil
}
