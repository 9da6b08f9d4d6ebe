package landscapes

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

func rule(t testing.TB, spec string) optim.Rule {
	t.Helper()
	r, err := optim.Parse(spec)
	require.NoError(t, err)
	return r
}

func entrants(t testing.TB, specs ...string) []Entrant {
	list := make([]Entrant, len(specs))
	for i, s := range specs {
		list[i].Rule = rule(t, s)
	}
	return list
}

func sgd(lr float64) optim.SGD {
	r := optim.DefaultSGD()
	r.LR = lr
	return r
}

// run traces one optimizer and wants it to end well.
func run(t *testing.T, l Landscape, spec string, start Point, steps int, dt tensor.Dtype) *Run {
	t.Helper()
	r, err := Trace(l, rule(t, spec), Config{Start: start, Steps: steps, Dtype: dt})
	require.NoError(t, err)
	require.Equal(t, "ok", r.Status)
	require.Nil(t, r.Diverged)
	require.Len(t, r.Loss, steps+1)
	require.Len(t, r.Path, steps+1)
	require.Len(t, r.GradNorm, steps+1)
	require.Equal(t, start, r.Path[0])
	return r
}

// printed is how the tables print a number: three digits.
func printed(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

func TestRavineTable(t *testing.T) {
	for _, c := range []struct {
		spec, printed string
		loss          float64
	}{
		{"sgd:lr=0.018", "0.518", 0.517859672191581},
		{"momentum:lr=0.012,momentum=0.85", "2e-07", 1.99912110839e-07},
		{"nesterov:lr=0.008,momentum=0.85", "2.71e-07", 2.70809801004e-07},
		{"rmsprop:lr=0.15,alpha=0.99", "6.49e-11", 6.48585125719e-11},
		{"adam:lr=0.5", "9.05e-07", 9.04612169015e-07},
		{"rmsprop:lr=0.15,alpha=0.99,eps_inside=true", "6.49e-11", 6.48584981972e-11},
		{"sgd:lr=0.008,momentum=0.85,nesterov=true", "2.27e-07", 2.26831274042e-07},
		{"sgd:lr=0.012,momentum=0.85", "2e-07", 1.99912110839e-07},
	} {
		r := run(t, Ravine(), c.spec, Point{-9, -1}, 120, tensor.Float64)
		_, loss, ok := r.Final()
		require.True(t, ok)
		require.Equal(t, c.printed, printed(loss), c.spec)
		require.InEpsilon(t, c.loss, loss, 1e-11, c.spec)
	}
}

// The losses of this table are those before the last step, as a training loop
// prints them.
func TestTorchTable(t *testing.T) {
	for _, c := range []struct {
		spec, printed string
		loss          float64 // in float64
		x             string
	}{
		{"sgd:lr=0.018", "0.537", 0.537018338434, "-1.018"},
		{"sgd:lr=0.012,momentum=0.85", "4.64e-07", 4.63886569e-07, "0.001"},
		{"adam:lr=0.5", "5.66e-05", 5.66294518e-05, "-0.001"},
	} {
		single := run(t, Ravine(), c.spec, Point{-9, -1}, 120, tensor.Float32)
		require.Equal(t, c.printed, printed(single.Loss[119]), c.spec)
		at, _, _ := single.Final()
		require.Equal(t, c.x, strconv.FormatFloat(at[0], 'f', 3, 64), c.spec)
		require.Equal(t, "-0.000", strconv.FormatFloat(at[1], 'f', 3, 64), c.spec)
		require.Equal(t, float64(float32(at[0])), at[0], "everything is float32")
		double := run(t, Ravine(), c.spec, Point{-9, -1}, 120, tensor.Float64)
		require.InEpsilon(t, c.loss, double.Loss[119], 1e-9, c.spec)
	}
}

func TestSaddleTable(t *testing.T) {
	var order []float64
	for _, c := range []struct {
		spec, printed string
		y             float64
	}{
		{"sgd:lr=0.08", "0.148", 0.147853442943},
		{"momentum:lr=0.04,momentum=0.9", "1.752", 1.75227598624},
		{"adam:lr=0.05", "1.958", 1.95832048621},
		{"rmsprop:lr=0.03,alpha=0.99", "4.711", 4.71099460273},
	} {
		r := run(t, Saddle(), c.spec, Point{-1.8, 0.01}, 35, tensor.Float64)
		y := math.Abs(r.Path[35][1])
		require.Equal(t, c.printed, strconv.FormatFloat(y, 'f', 3, 64), c.spec)
		require.InEpsilon(t, c.y, y, 1e-11, c.spec)
		order = append(order, y)
	}
	require.IsIncreasing(t, order)
}

func TestStabilityBound(t *testing.T) {
	for spec, want := range map[string]string{"sgd:lr=0.0199": "0.0180", "sgd:lr=0.02": "1.0000", "sgd:lr=0.0201": "53.5"} {
		r := run(t, Ravine(), spec, Point{-9, -1}, 400, tensor.Float64)
		y := math.Abs(r.Path[400][1])
		digits := len(want) - 2
		if want == "53.5" {
			digits = 1
		}
		require.Equal(t, want, strconv.FormatFloat(y, 'f', digits, 64), spec)
	}
}

func TestRosenbrockRegression(t *testing.T) {
	for _, c := range []struct {
		land Landscape
		spec string
		loss float64
		tol  float64
	}{
		{Rosenbrock20(), "sgd:lr=0.001", 0.44554, 1e-5},
		{Rosenbrock20(), "momentum:lr=0.001,momentum=0.9", 3.87151e-05, 1e-5},
		{Rosenbrock20(), "adam:lr=0.05", 1.42868e-12, 1e-5},
		{Rosenbrock20(), "rmsprop:lr=0.01", 1.79116e-3, 1e-5},
		{Rosenbrock(), "sgd:lr=0.001", 0.453529, 1e-5},
		{Rosenbrock(), "momentum:lr=0.001,momentum=0.9", 2.50503e-05, 1e-5},
		{Rosenbrock(), "adam:lr=0.05", 2.28840e-3, 1e-5},
		// This run swings across the valley. The last bit of the gradient decides
		// where in a swing it ends: 0.0365 to 0.0518 for equivalent formulas.
		{Rosenbrock(), "rmsprop:lr=0.01", 0.0396325, 0.35},
	} {
		r := run(t, c.land, c.spec, Point{-1.2, 1}, 1000, tensor.Float64)
		require.InEpsilon(t, c.loss, r.Loss[1000], c.tol, "%s %s", c.land.Name, c.spec)
	}
}

func TestRecords(t *testing.T) {
	r := run(t, Bowl(), "sgd:lr=0.1", Point{-3.5, 2.5}, 7, tensor.Float64)
	f := fieldOf(t, Bowl())
	for i, p := range r.Path {
		require.Equal(t, f.Value(p), r.Loss[i])
		g := f.Gradient(p)
		require.Equal(t, math.Hypot(g[0], g[1]), r.GradNorm[i])
	}
	require.Len(t, run(t, Bowl(), "adam", Point{1, 1}, 0, tensor.Float32).Loss, 1, "no steps: the start only")
	// Adam's first step is as long as its learning rate.
	adam := run(t, Bowl(), "adam:lr=0.25", Point{-3.5, 2.5}, 1, tensor.Float64)
	require.InDelta(t, -3.25, adam.Path[1][0], 1e-8)
	require.InDelta(t, 2.25, adam.Path[1][1], 1e-8)
}

// A race is its runs, and equal entrants do the same.
func TestRaceOfEqualRules(t *testing.T) {
	cfg := DefaultConfig(Himmelblau())
	res, err := Race(Himmelblau(), entrants(t, "adam:lr=0.1", "sgd:lr=0.01", "adam:lr=0.1"), cfg)
	require.NoError(t, err)
	require.Equal(t, res.Runs[0].Path, res.Runs[2].Path)
	require.NotEqual(t, res.Runs[0].Path, res.Runs[1].Path)
	alone, err := Trace(Himmelblau(), rule(t, "sgd:lr=0.01"), cfg)
	require.NoError(t, err)
	require.Equal(t, alone.Loss, res.Runs[1].Loss)
	require.Equal(t, []string{"Adam", "SGD", "Adam #2"}, labels(res))
}

func labels(res *Result) []string {
	var list []string
	for _, r := range res.Runs {
		list = append(list, r.Label)
	}
	return list
}

func TestLabels(t *testing.T) {
	e := entrants(t, "adam:lr=0.1", "adam:lr=0.5,amsgrad=true", "rmsprop", "adamw", "sgd")
	e[4].Label = "plain"
	res, err := Race(Bowl(), e, Config{Steps: 1, Dtype: tensor.Float64})
	require.NoError(t, err)
	require.Equal(t, []string{"Adam lr=0.1", "Adam lr=0.5 amsgrad=true", "RMSprop", "AdamW", "plain"}, labels(res))
}

func TestJSON(t *testing.T) {
	res, err := Race(Rosenbrock(), entrants(t, "sgd:lr=0.001", "adam:lr=1e200"), Config{Start: Point{-1.2, 1}, Steps: 2, Dtype: tensor.Float64})
	require.NoError(t, err)
	text, err := json.Marshal(res)
	require.NoError(t, err)
	var back struct {
		Landscape, Dtype string
		Start            []float64
		Steps            int
		Results          []struct {
			Optimizer string
			Options   map[string]any
			Loss      []float64
			Path      [][2]float64
			GradNorm  []float64 `json:"grad_norm"`
			Status    string
		}
	}
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, "rosenbrock", back.Landscape)
	require.Equal(t, "float64", back.Dtype)
	require.Equal(t, []float64{-1.2, 1}, back.Start)
	require.Equal(t, 2, back.Steps)
	require.Equal(t, "sgd", back.Results[0].Optimizer)
	require.Equal(t, 0.001, back.Results[0].Options["lr"])
	require.Equal(t, res.Runs[0].Loss, back.Results[0].Loss, "nothing is lost")
	require.Equal(t, [2]float64(res.Runs[0].Path[2]), back.Results[0].Path[2])
	require.Equal(t, res.Runs[0].GradNorm, back.Results[0].GradNorm)
	require.Equal(t, "ok", back.Results[0].Status)
	require.Regexp(t, `^diverged at step 1: `, back.Results[1].Status)
	require.Len(t, back.Results[1].Loss, 1)
	var keys map[string]any
	require.NoError(t, json.Unmarshal(text, &keys))
	require.Len(t, keys, 5, "without noise there is no seed either")
	require.Len(t, keys["results"].([]any)[0], 6)
}

func TestRaceErrors(t *testing.T) {
	good := DefaultConfig(Bowl())
	for name, spoil := range map[string]func(*Config){
		"start NaN":      func(c *Config) { c.Start[1] = math.NaN() },
		"start Inf":      func(c *Config) { c.Start[0] = math.Inf(-1) },
		"negative steps": func(c *Config) { c.Steps = -1 },
		"too many steps": func(c *Config) { c.Steps = math.MaxInt },
		"no dtype":       func(c *Config) { c.Dtype = tensor.Dtype{} },
		"negative noise": func(c *Config) { c.Noise = -1 },
		"NaN noise":      func(c *Config) { c.Noise = math.NaN() },
		"infinite noise": func(c *Config) { c.Noise = math.Inf(1) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			spoil(&cfg)
			res, err := Race(Bowl(), entrants(t, "sgd"), cfg)
			require.ErrorIs(t, err, ErrOption)
			require.Nil(t, res)
		})
	}
	_, err := Race(Bowl(), nil, good)
	require.ErrorIs(t, err, ErrOption)
	for name, bad := range map[string]optim.Rule{"nil": nil, "nil pointer": (*optim.SGD)(nil)} {
		_, err := Race(Bowl(), []Entrant{{Rule: sgd(1)}, {Rule: bad}}, good)
		require.ErrorIs(t, err, ErrOption, name)
		require.ErrorContains(t, err, "entrant 2", name)
	}
	_, err = Race(Bowl(), []Entrant{{Rule: sgd(-1)}}, good)
	require.ErrorIs(t, err, optim.ErrOption)
	require.ErrorContains(t, err, "learning rate")
	_, err = Race(Landscape{Name: "mine"}, entrants(t, "sgd"), good)
	require.ErrorIs(t, err, ErrInvalid)
}

// Methods run in races too, with exact second derivatives where they need them: Newton's
// is at the minimum of a quadratic after one step.
func TestRaceOfMethods(t *testing.T) {
	l, err := ByName("rosenbrock")
	require.NoError(t, err)
	cfg := DefaultConfig(l)
	cfg.Steps = 60
	var field []Entrant
	for _, spec := range []string{"lbfgs:max_iter=4,strong_wolfe=true", "newton:line_search=true", "newtoncg", "conjugategradient:max_iter=4", "prodigy", "sophia:lr=0.01"} {
		m, err := optim.ParseMethod(spec)
		require.NoError(t, err)
		field = append(field, Entrant{Rule: m})
	}
	field = append(field, Entrant{Rule: rule(t, "sgd:lr=0.001")})
	res, err := Race(l, field, cfg)
	require.NoError(t, err)
	for i, run := range res.Runs {
		require.Equal(t, "ok", run.Status, run.Label)
		require.Len(t, run.Loss, 61)
		require.Less(t, run.Loss[60], run.Loss[0], run.Label)
		if i < 2 {
			require.Less(t, run.Loss[60], 1e-8, run.Label)
		}
	}
	require.Equal(t, "LBFGS", res.Runs[0].Label)

	l, err = ByName("ravine")
	require.NoError(t, err)
	run, err := Trace(l, optim.DefaultNewton(), DefaultConfig(l))
	require.NoError(t, err)
	require.InDelta(t, 0, run.Loss[1], 1e-25)

	cfg.Schedules = []Schedule{{Of: "lr", By: optim.ExponentialLR{Gamma: 0.9}}}
	_, err = Trace(l, optim.DefaultLBFGS(), cfg)
	require.ErrorIs(t, err, ErrOption)
	type neither struct{ optim.Setting }
	_, err = Trace(l, neither{optim.DefaultSGD()}, DefaultConfig(l))
	require.ErrorIs(t, err, ErrOption)
}
