package optim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// conventionsFile is described by testdata/optax/conventions.py.
type conventionsFile struct {
	Defaults map[string]map[string]map[string]any
	Cases    []struct {
		Library, Optimizer, Landscape string
		Arguments, Options            map[string]any
		LR                            *float64
		Start                         [2]float64
		Path                          [][2]float64
	}
}

func loadConventions(t *testing.T) (file conventionsFile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "optax", "conventions.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &file))
	require.NotEmpty(t, file.Cases)
	return file
}

func presetOf(library, name string) (Rule, error) {
	if library == "keras" {
		return Keras(name)
	}
	return Optax(name)
}

// The presets take the paths of optax and Keras, with defaults and without.
func TestPresetsFollowOptaxAndKeras(t *testing.T) {
	file := loadConventions(t)
	seen := map[string]int{}
	for _, c := range file.Cases {
		name := strings.ToLower(c.Optimizer)
		text, err := json.Marshal([]any{c.Arguments, c.LR})
		require.NoError(t, err)
		t.Run(c.Library+"/"+name+string(text)+c.Landscape, func(t *testing.T) {
			rule, err := presetOf(c.Library, name)
			require.NoError(t, err)
			b := builder{name, clone(rule), map[string]bool{}}
			if c.LR != nil {
				require.NoError(t, b.set("lr", *c.LR))
			}
			for key, value := range c.Options {
				require.NoError(t, b.set(key, value))
			}
			rule, err = b.rule()
			require.NoError(t, err)
			bound := 1e-12
			if name == "rmsprop" && c.Library == "optax" {
				bound = 1e-11 // jax.lax.rsqrt is not right to the last bit
			}
			followPath(t, rule, c.Landscape, c.Start, c.Path, bound)
			if r, ok := rule.(SGD); ok && r.Momentum != 0 && !r.Nesterov { // η inside is the same path
				followPath(t, Momentum{LR: r.LR, Momentum: r.Momentum}, c.Landscape, c.Start, c.Path, bound)
			}
		})
		seen[c.Library+name]++
	}
	for _, library := range []string{"keras", "optax"} {
		for _, name := range Names() {
			_, err := presetOf(library, name)
			require.Equal(t, err == nil, seen[library+name] > 0, "%s of %s", name, library)
		}
	}
}

func followPath(t *testing.T, rule Rule, landscape string, start [2]float64, path [][2]float64, bound float64) {
	t.Helper()
	const stride = 4
	f := surfaces[float64]()[landscape]
	p := vectorPair(start[0], start[1])
	opt := newOptimizer(t, rule, p)
	x, g := data[float64](t, p.value), data[float64](t, p.grad)
	for step := range stride*(len(path)-1) + 1 {
		if step%stride == 0 {
			want := path[step/stride]
			scale := max(1, math.Abs(want[0]), math.Abs(want[1]))
			require.InDelta(t, want[0], x[0], bound*scale, "step %d", step)
			require.InDelta(t, want[1], x[1], bound*scale, "step %d", step)
		}
		_, g[0], g[1] = f(x[0], x[1])
		require.NoError(t, opt.Step())
	}
}

// Every default of a constructor that has a counterpart is that of the preset.
func TestPresetsHaveTheDefaults(t *testing.T) {
	names := map[string]string{"learning_rate": "lr", "b1": "betas[0]", "b2": "betas[1]", "beta_1": "betas[0]",
		"beta_2": "betas[1]", "epsilon": "eps", "decay": "alpha", "eps_in_sqrt": "eps_inside"}
	absent := map[string]float64{ // what the rules do without an option
		"eps_root": 0, "initial_scale": 0, "bias_correction": 0, "nesterov": 0, "use_ema": 0, "ema_momentum": 0.99}
	checked := 0
	for library, optimizers := range loadConventions(t).Defaults {
		for name, arguments := range optimizers {
			rule, err := presetOf(library, strings.ToLower(name))
			require.NoError(t, err)
			options := map[string]float64{}
			for _, f := range fields(reflect.ValueOf(rule)) {
				options[f.tag] = asNumber(f.value.Interface())
			}
			for argument, value := range arguments {
				tag := argument
				if other, ok := names[argument]; ok {
					tag = other
				}
				if argument == "rho" && name == "RMSprop" {
					tag = "alpha"
				}
				want, known := options[tag]
				if !known {
					want, known = absent[argument]
				}
				require.True(t, known, "%s of %s has %s", name, library, argument)
				require.Equal(t, asNumber(value), want, "%s of %s of %s", argument, name, library)
				checked++
			}
		}
	}
	require.Greater(t, checked, 60)
}

func asNumber(v any) float64 {
	switch v {
	case true:
		return 1
	case false:
		return 0
	}
	return v.(float64)
}

func TestPresetErrors(t *testing.T) {
	for _, f := range []func(string) (Rule, error){Keras, Optax} {
		rule, err := f("Adam")
		require.ErrorIs(t, err, ErrOption)
		require.Nil(t, rule)
		require.ErrorContains(t, err, "want one of sgd, rmsprop, adam, adamw, adagrad")
	}
	for _, library := range []string{"keras", "optax"} {
		for _, name := range Names() {
			if rule, err := presetOf(library, name); err == nil {
				require.NoError(t, rule.Check())
				require.Equal(t, name, NameOf(rule))
			}
		}
	}
}

// ε̂ is ε divided by √(1-β₂ᵗ), so that with ε = 0 it does not matter.
func TestEpsHat(t *testing.T) {
	rule := Adam{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 0.5}
	hat := rule
	hat.EpsHat = true
	p, q := scalarPair(1.0), scalarPair(1.0)
	a, b := newOptimizer(t, rule, p), newOptimizer(t, hat, q)
	data[float64](t, p.grad)[0], data[float64](t, q.grad)[0] = 3, 3
	require.NoError(t, a.Step())
	require.NoError(t, b.Step())
	require.InDelta(t, 1-0.1*3/(3+0.5), data[float64](t, p.value)[0], 1e-15)
	require.InDelta(t, 1-0.1*0.3*math.Sqrt(0.01)/0.1/(0.3+0.5), data[float64](t, q.value)[0], 1e-15)
}
