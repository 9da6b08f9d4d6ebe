package landscapes

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

type node = autodiff.Node

func TestDivergence(t *testing.T) {
	custom := func(build func(x, y *node) *node) Landscape { return Landscape{Name: "mine", Build: build} }
	root := custom(func(x, y *node) *node { return autodiff.Add(autodiff.Sqrt(x), autodiff.Square(y)) })
	logarithm := custom(func(x, y *node) *node { return autodiff.Add(autodiff.Log(x), autodiff.Square(y)) })
	vshape := custom(func(x, y *node) *node { return autodiff.Sqrt(autodiff.Square(x)) })
	for _, c := range []struct {
		name   string
		land   Landscape
		spec   string
		start  Point
		dtype  tensor.Dtype
		status string
	}{
		{"loss overflows", Ravine(), "sgd:lr=1e160", Point{-9, -1}, tensor.Float64, "diverged at step 1: loss is +Inf"},
		{"difference of infinities", Saddle(), "sgd:lr=1e200", Point{1, 1}, tensor.Float64, "diverged at step 1: loss is NaN"},
		{"no bound below", custom(func(x, y *node) *node { return autodiff.Neg(autodiff.Square(x)) }),
			"sgd:lr=1e155", Point{1, 1}, tensor.Float64, "diverged at step 1: loss is -Inf"},
		{"parameter overflows in float32", Ravine(), "adam:lr=1e39", Point{-9, -1}, tensor.Float32, "diverged at step 1: x is +Inf"},
		{"the other parameter", Ravine(), "sgd:lr=1e38", Point{0, -1}, tensor.Float32, "diverged at step 1: y is +Inf"},
		{"slow growth", Ravine(), "sgd:lr=0.2", Point{-9, -1}, tensor.Float64, "diverged at step 120: loss is +Inf"},
		{"look-ahead", Ravine(), "nesterov:lr=0.01,momentum=1e308", Point{-9, -1}, tensor.Float64, "diverged at step 2: look-ahead gradient is not finite"},
		{"bad start", root, "sgd", Point{-1, 0}, tensor.Float64, "diverged at step 0: loss is NaN"},
		{"infinite start", logarithm, "sgd", Point{0, 0}, tensor.Float64, "diverged at step 0: loss is -Inf"},
		{"start too large for float32", Bowl(), "sgd", Point{1e300, 0}, tensor.Float32, "diverged at step 0: x is +Inf"},
		{"infinite slope", root, "sgd", Point{0, 1}, tensor.Float64, "diverged at step 0: gradient is not finite"},
		{"slope is NaN", vshape, "sgd", Point{0, 1}, tensor.Float64, "diverged at step 0: gradient is not finite"},
		{"out of the domain of a root", root, "sgd:lr=4", Point{1, 1}, tensor.Float64, "diverged at step 1: loss is NaN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Start: c.start, Steps: 500, Dtype: c.dtype}
			res, err := Race(c.land, entrants(t, c.spec, "sgd:lr=0"), cfg)
			require.NoError(t, err)
			r := res.Runs[0]
			require.Equal(t, c.status, r.Status)
			require.Equal(t, r.Diverged.String(), r.Status)
			require.Len(t, r.Loss, r.Diverged.Step, "the run ends with the last finite state")
			require.Len(t, r.Path, r.Diverged.Step)
			require.Len(t, r.GradNorm, r.Diverged.Step)
			for i := range r.Loss {
				require.True(t, finite(r.Loss[i]) && finite(r.GradNorm[i]) && r.Path[i].finite())
			}
			_, _, ok := r.Final()
			require.Equal(t, r.Diverged.Step > 0, ok)
			if ok {
				require.Equal(t, "ok", res.Runs[1].Status, "others are not disturbed")
			}
			text, err := json.Marshal(res)
			require.NoError(t, err)
			require.NotContains(t, string(text), "null")
		})
	}
}

// Any learning rate ends: well, or as a result that names the step.
func TestEveryRateEnds(t *testing.T) {
	for _, l := range All() {
		for _, name := range optim.Names() {
			for _, lr := range []string{"1e-8", "1e-2", "1", "1e8", "1e300"} {
				for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
					cfg := DefaultConfig(l)
					cfg.Steps, cfg.Dtype = 30, dt
					r, err := Trace(l, rule(t, name+":lr="+lr), cfg)
					require.NoError(t, err)
					require.Equal(t, r.Diverged == nil, r.Status == "ok")
					if r.Diverged == nil {
						require.Len(t, r.Loss, 31)
					}
				}
			}
		}
	}
}

func TestNoise(t *testing.T) {
	cfg := DefaultConfig(Bowl())
	cfg.Steps, cfg.Noise, cfg.Seed = 50, 0.5, 7
	// Gradient descent on equal losses: the difference of two runs is that of the
	// starts alone if the noise is the same.
	res, err := Race(Bowl(), entrants(t, "sgd:lr=0.1", "sgd:lr=0.1", "momentum:lr=0.1,momentum=0"), cfg)
	require.NoError(t, err)
	require.Equal(t, res.Runs[0].Path, res.Runs[1].Path, "the same noise for everyone")
	require.InDelta(t, res.Runs[0].Loss[50], res.Runs[2].Loss[50], 1e-13, "whatever the rule")
	require.Equal(t, 0.5, res.Noise)
	require.Equal(t, uint64(7), res.Seed)

	// What the optimizer saw is the gradient and the noise.
	rng := tensor.NewRand(7)
	f, path := fieldOf(t, Bowl()), res.Runs[0].Path
	var sum, squares float64
	for k := range cfg.Steps {
		g := f.Gradient(path[k])
		for axis := range g {
			want := 0.5 * rng.NormFloat64()
			got := (path[k][axis]-path[k+1][axis])/0.1 - g[axis]
			require.InDelta(t, want, got, 1e-12, "step %d", k)
			sum, squares = sum+got, squares+got*got
		}
		require.Equal(t, math.Hypot(g[0], g[1]), res.Runs[0].GradNorm[k], "what is recorded is without noise")
	}
	require.InDelta(t, 0, sum/100, 0.15)
	require.InDelta(t, 0.5, math.Sqrt(squares/100), 0.1)

	again, err := Race(Bowl(), entrants(t, "sgd:lr=0.1"), cfg)
	require.NoError(t, err)
	require.Equal(t, res.Runs[0].Path, again.Runs[0].Path)
	cfg.Seed = 8
	other, err := Race(Bowl(), entrants(t, "sgd:lr=0.1"), cfg)
	require.NoError(t, err)
	require.NotEqual(t, res.Runs[0].Path, other.Runs[0].Path)

	cfg.Noise, cfg.Start = 0.01, Point{-1.8, 0}
	ridge, err := Race(Saddle(), entrants(t, "sgd:lr=0.1", "nesterov:lr=0.1"), cfg)
	require.NoError(t, err)
	for _, r := range ridge.Runs {
		require.NotZero(t, r.Path[1][1], "noise leaves the ridge of the saddle")
	}
	cfg.Dtype = tensor.Float32
	single, err := Trace(Saddle(), rule(t, "sgd:lr=0.1"), cfg)
	require.NoError(t, err)
	for k, p := range single.Path {
		require.Equal(t, float64(float32(p[1])), p[1])
		require.InDelta(t, ridge.Runs[0].Path[k][1], p[1], 1e-4*math.Max(1, math.Abs(p[1])), "both dtypes meet the same noise")
	}
}

func TestStepsDoNotAllocate(t *testing.T) {
	check := func(name string, steps func() float64) {
		require.Zero(t, steps(), name)
	}
	for _, name := range append(optim.Names(), "adam:amsgrad=true") {
		if name == "asgd" || name == "sgdschedulefree" { // their default learning rates are too high here
			name += ":lr=0.001"
		}
		check(name, func() float64 { return allocations[float64](t, name) })
		check(name+" in float32", func() float64 { return allocations[float32](t, name) })
	}
}

func allocations[T tensor.Float](t *testing.T, spec string) float64 {
	cfg := DefaultConfig(Rosenbrock())
	cfg.Noise = 1e-3
	r, err := newRunner[T](Rosenbrock(), rule(t, spec), cfg)
	require.NoError(t, err)
	run := &Run{Loss: make([]float64, 0, 300), Path: make([]Point, 0, 300), GradNorm: make([]float64, 0, 300)}
	step := func() {
		if cause, err := r.step(run); cause != "" || err != nil {
			t.Fatal(cause, err)
		}
	}
	step()
	return testing.AllocsPerRun(200, step)
}

func BenchmarkTrace(b *testing.B) {
	cfg := DefaultConfig(Rosenbrock())
	cfg.Steps = 10_000
	for _, spec := range []string{"sgd:lr=0.001", "nesterov:lr=0.001", "adam"} {
		b.Run(spec, func(b *testing.B) {
			for b.Loop() {
				_, err := Trace(Rosenbrock(), rule(b, spec), cfg)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(cfg.Steps), "ns/step")
		})
	}
}
