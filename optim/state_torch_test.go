package optim

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

var update = flag.Bool("update", false, "write testdata/torch/exchange*_go.json")

// exchangeCase is a case of the files that exchange.py describes.
type exchangeCase struct {
	Name      string            `json:"name"`
	Optimizer string            `json:"optimizer"`
	Options   map[string]any    `json:"options"`
	Dtype     string            `json:"dtype"`
	Params    []json.RawMessage `json:"params"`
	State     json.RawMessage   `json:"state"`
	End       []json.RawMessage `json:"end,omitempty"`
	Returned  []float64         `json:"returned,omitempty"` // of L-BFGS
}

// exchanged are the parameters of exchange.py.
type exchanged[T tensor.Float] struct{ params []*pair }

func newExchanged[T tensor.Float](t *testing.T) (r exchanged[T]) {
	for _, shape := range [][]int{{3, 2}, {2}} {
		p := &pair{tensor.Must(tensor.Zeros[T](shape...)), tensor.Must(tensor.Zeros[T](shape...))}
		for i := range data[T](t, p.value) {
			data[T](t, p.value)[i] = T(i+1) * T(1-2*(i%2))
		}
		r.params = append(r.params, p)
	}
	return r
}

// exchangeRun is the run of exchange.py.
type exchangeRun[T tensor.Float] struct {
	exchanged[T]
	opt *Optimizer
}

func newExchangeRun[T tensor.Float](t *testing.T, c exchangeCase, options map[string]any) *exchangeRun[T] {
	rule, err := Make(c.Optimizer, options)
	require.NoError(t, err)
	r := &exchangeRun[T]{exchanged: newExchanged[T](t)}
	r.opt = newOptimizer(t, rule, r.params...)
	return r
}

func (r *exchangeRun[T]) run(t *testing.T, first int) {
	for step := first; step < first+20; step++ {
		for i, p := range r.params {
			x, g := data[T](t, p.value), data[T](t, p.grad)
			for j := range x {
				g[j] = T(j+1) * (x[j] - 0.5)
			}
			if i == 1 && step%3 == 2 {
				clear(g)
			}
		}
		require.NoError(t, r.opt.Step())
	}
}

func (r exchanged[T]) set(t *testing.T, params []json.RawMessage) {
	for i, text := range params {
		b, ok := readTorchTensor(text)
		require.True(t, ok)
		for j, v := range b.Data {
			data[T](t, r.params[i].value)[j] = T(v)
		}
	}
}

func (r exchanged[T]) requireAt(t *testing.T, params []json.RawMessage, bound float64) {
	t.Helper()
	for i, text := range params {
		b, ok := readTorchTensor(text)
		require.True(t, ok)
		for j, v := range data[T](t, r.params[i].value) {
			require.InDelta(t, b.Data[j], float64(v), bound*max(1, math.Abs(b.Data[j])), "parameter %d, element %d", i, j)
		}
	}
}

// lists returns the parameters as nested lists.
func (r exchanged[T]) lists(t *testing.T) (list []json.RawMessage) {
	for _, p := range r.params {
		v, err := tensor.Float64s(p.value)
		require.NoError(t, err)
		text, _ := appendNested(nil, p.value.Shape(), v)
		list = append(list, text)
	}
	return list
}

func exchangeBound[T tensor.Float]() float64 {
	if tensor.DtypeOf[T]() == tensor.Float32 {
		return 1e-5
	}
	return 1e-12
}

// PyTorch runs 20 steps, this package 20 more.
func TestTakesOverFromTorch(t *testing.T) {
	rules := map[string]bool{}
	for _, c := range loadTorch[exchangeCase](t, "exchange") {
		rules[c.Optimizer] = true
		t.Run(c.Name, func(t *testing.T) {
			if c.Dtype == "float32" {
				takeOver[float32](t, c)
			} else {
				takeOver[float64](t, c)
			}
		})
	}
	for name := range torchRules {
		require.True(t, rules[name], "no exchange of %s", name)
	}
}

func takeOver[T tensor.Float](t *testing.T, c exchangeCase) {
	r := newExchangeRun[T](t, c, nil) // LoadTorchState brings the options
	r.set(t, c.Params)
	require.NoError(t, r.opt.LoadTorchState(c.State))
	r.run(t, 20)
	r.requireAt(t, c.End, exchangeBound[T]())

	r = newExchangeRun[T](t, c, c.Options) // our own 40 steps are the same
	r.run(t, 0)
	r.requireAt(t, c.Params, exchangeBound[T]())
	r.run(t, 20)
	r.requireAt(t, c.End, exchangeBound[T]())
}

// This package runs 20 steps, PyTorch 20 more; exchange.py has stored where it
// comes.
func TestTorchTakesOver(t *testing.T) {
	var ours []exchangeCase
	for _, c := range loadTorch[exchangeCase](t, "exchange") {
		if c.Dtype == "float32" {
			ours = append(ours, handOver[float32](t, c))
		} else {
			ours = append(ours, handOver[float64](t, c))
		}
	}
	stored, ends := handedOver(t, "exchange", ours)
	for _, c := range ours {
		t.Run(c.Name, func(t *testing.T) {
			requireSameState(t, stored[c.Name].State, c.State, 1e-5)
			require.NotEmpty(t, ends[c.Name].End)
			if c.Dtype == "float32" {
				goOn[float32](t, c, ends[c.Name].End)
			} else {
				goOn[float64](t, c, ends[c.Name].End)
			}
		})
	}
}

// handedOver returns what _go.json and _back.json store, by name. With -update it writes the
// first.
func handedOver(t *testing.T, name string, ours []exchangeCase) (stored, ends map[string]exchangeCase) {
	if *update {
		var b bytes.Buffer
		b.WriteString(`{"cases": [` + "\n")
		for i, c := range ours {
			text, err := json.Marshal(c)
			require.NoError(t, err)
			b.Write(text)
			b.WriteString([]string{",\n", "\n]}\n"}[min(1, i/(len(ours)-1))])
		}
		file := filepath.Join("testdata", "torch", name+"_go.json")
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
		t.Skip("wrote ", file)
	}
	stored, ends = map[string]exchangeCase{}, map[string]exchangeCase{}
	for _, c := range loadTorch[exchangeCase](t, name+"_go") {
		stored[c.Name] = c
	}
	for _, c := range loadTorch[exchangeCase](t, name+"_back") {
		ends[c.Name] = c
	}
	return stored, ends
}

func handOver[T tensor.Float](t *testing.T, c exchangeCase) exchangeCase {
	r := newExchangeRun[T](t, c, c.Options)
	r.run(t, 0)
	state, err := r.opt.TorchState()
	require.NoError(t, err)
	c.State, c.Params, c.End = state, r.lists(t), nil
	return c
}

func goOn[T tensor.Float](t *testing.T, c exchangeCase, end []json.RawMessage) {
	r := newExchangeRun[T](t, c, c.Options)
	r.run(t, 0)
	r.run(t, 20)
	r.requireAt(t, end, exchangeBound[T]())
}

// requireSameState compares JSON with a bound for its numbers: processors
// without some instructions round the last bit otherwise.
func requireSameState(t *testing.T, want, got []byte, bound float64) {
	var a, b any
	require.NoError(t, json.Unmarshal(want, &a))
	require.NoError(t, json.Unmarshal(got, &b))
	var compare func(a, b any) bool
	compare = func(a, b any) bool {
		switch a := a.(type) {
		case map[string]any:
			b, ok := b.(map[string]any)
			for k := range a {
				ok = ok && compare(a[k], b[k])
			}
			return ok && len(a) == len(b)
		case []any:
			b, ok := b.([]any)
			for i := range a {
				ok = ok && i < len(b) && compare(a[i], b[i])
			}
			return ok && len(a) == len(b)
		case float64:
			b, ok := b.(float64)
			return ok && math.Abs(a-b) <= bound*max(1, math.Abs(a))
		}
		return a == b
	}
	require.True(t, compare(a, b), "%s\n%s", want, got)
}

// What torch exports and this package imports and exports is the same.
func TestTorchStateGoesThrough(t *testing.T) {
	for _, c := range loadTorch[exchangeCase](t, "exchange") {
		if c.Dtype != "float64" {
			continue
		}
		r := newExchangeRun[float64](t, c, nil)
		require.NoError(t, r.opt.LoadTorchState(c.State))
		text, err := r.opt.TorchState()
		require.NoError(t, err)
		var want, got map[string]any
		require.NoError(t, json.Unmarshal(c.State, &want))
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, want["state"], got["state"], c.Name)
		for key, v := range got["param_groups"].([]any)[0].(map[string]any) {
			require.Equal(t, want["param_groups"].([]any)[0].(map[string]any)[key], v, "%s: %s", c.Name, key)
		}
	}
}

func TestBadTorchState(t *testing.T) {
	const group = `"lr": 0.1, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0, "params": [0]`
	const good = `{"state": {"0": {"step": 2, "exp_avg": [1, "-Infinity"], "exp_avg_sq": ["NaN", 4]}}, "param_groups": [{` + group + `}]}`
	opt := newOptimizer(t, DefaultAdam(), vectorPair(1.0, 2))
	require.NoError(t, opt.LoadTorchState([]byte(good)))
	require.Equal(t, 0.99, opt.Groups()[0].Rule().(Adam).Beta2)
	before, err := json.Marshal(opt.StateDict())
	require.NoError(t, err)
	for _, c := range []struct{ old, new, want string }{
		{good, "", "unexpected end of JSON input"},
		{good, `{}`, "different number of parameter groups"},
		{`[0]`, `[0, 1]`, "doesn't match the size of optimizer's group"},
		{`[0]`, `"x"`, "doesn't match the size of optimizer's group"},
		{`"0"`, `"1"`, "unexpected: state[1]"},
		{`"lr": 0.1, `, "", "missing: param_groups[0]: lr"},
		{`"lr": 0.1`, `"lr": -0.1, "x": 1`, "unexpected: param_groups[0]: x"},
		{`"lr": 0.1`, `"lr": null`, "mismatched: param_groups[0]: lr: <nil>, want a float64"},
		{`"eps": 1e-8`, `"eps": -1`, "Invalid epsilon value: -1.0"},
		{`[0.9, 0.99]`, `[0.9]`, "param_groups[0]: betas: [0.9], want 2 numbers"},
		{`[0.9, 0.99]`, `[0.9, null]`, "betas: [0.9, null], want 2 numbers"},
		{`"step": 2`, `"step": 2.5`, "mismatched: state[0]: step: 2.5"},
		{`"step": 2`, `"step": -2`, "mismatched: state[0]: step: -2"},
		{`"step": 2, `, ``, "mismatched: state[0]: step"},
		{`"exp_avg": [1, "-Infinity"], `, ``, "missing: state[0]: exp_avg"},
		{`"exp_avg": [1, "-Infinity"]`, `"exp_avg": [[1, 2]]`, "exp_avg: shape [1 2], want [2]"},
		{`"exp_avg": [1, "-Infinity"]`, `"exp_avg": [1, 2, 3]`, "exp_avg: 3 numbers, want 2"},
		{`"exp_avg": [1, "-Infinity"]`, `"exp_avg": [1, [2]]`, "mismatched: state[0]: exp_avg"},
		{`"exp_avg": [1, "-Infinity"]`, `"exp_avg": []`, "mismatched: state[0]: exp_avg"},
		{`"step": 2`, `"step": 2, "max_exp_avg_sq": [1, 2]`, "unexpected: state[0]: max_exp_avg_sq"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		require.True(t, text != good)
		err := opt.LoadTorchState([]byte(text))
		require.ErrorContains(t, err, c.want)
		after, err := json.Marshal(opt.StateDict())
		require.NoError(t, err)
		require.JSONEq(t, string(before), string(after))
	}

	for _, rule := range []Rule{DefaultMomentum(), Adam{NoBiasCorrection: true}, RMSprop{EpsInside: true}} {
		opt := newOptimizer(t, rule, vectorPair(1.0, 2))
		_, err := opt.TorchState()
		require.ErrorIs(t, err, ErrState)
	}
	opt = newOptimizer(t, DefaultMomentum(), vectorPair(1.0, 2))
	require.EqualError(t, opt.LoadTorchState([]byte(good)), "optim: state does not fit: torch.optim has no momentum")
	opt = newOptimizer(t, DefaultAdamW(), vectorPair(1.0, 2))
	coupled := strings.Replace(good, `"lr": 0.1`, `"lr": 0.1, "decoupled_weight_decay": false`, 1)
	require.ErrorContains(t, opt.LoadTorchState([]byte(coupled)), "decoupled_weight_decay: false, want true")
}

// torch's Adagrad has buffers before the first step, and needs them.
func TestTorchStateOfAdagradBeforeTheFirstStep(t *testing.T) {
	late := vectorPair(1.0, 2)
	late.grad = nil
	opt := newOptimizer(t, Adagrad{LR: 1, InitialAccumulator: 0.5}, scalarPair(1.0), late)
	require.NoError(t, opt.Step())
	text, err := opt.TorchState()
	require.NoError(t, err)
	require.Contains(t, string(text), `"state":{"0":{"step":1,"sum":0.5},"1":{"step":0,"sum":[0.5,0.5]}}`)
	state := opt.StateDict()
	require.NoError(t, opt.LoadTorchState(text))
	opt.Groups()[0].scalars = Scalars{}
	state.Groups[0].Scalars = opt.Groups()[0].scalars.numbers()
	require.Equal(t, state, opt.StateDict())
}
