package optim

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// lbfgsRun is the run of exchange_lbfgs.py.
type lbfgsRun[T tensor.Float] struct {
	exchanged[T]
	opt *Minimizer
}

func newLBFGSRun[T tensor.Float](t *testing.T, rule LBFGS) *lbfgsRun[T] {
	r := &lbfgsRun[T]{exchanged: newExchanged[T](t)}
	for _, p := range r.params {
		for i := range data[T](t, p.value) {
			data[T](t, p.value)[i] /= 8
		}
	}
	var err error
	r.opt, err = NewMinimizer(list(r.params...), rule)
	require.NoError(t, err)
	return r
}

func ruleOf(t *testing.T, c exchangeCase) LBFGS {
	return torchLBFGS(c.Options).rule(t)
}

// run takes three steps and returns their losses.
func (r *lbfgsRun[T]) run(t *testing.T) (returned []float64) {
	closure := func() (float64, error) {
		var z, g []T
		for _, p := range r.params {
			for _, x := range data[T](t, p.value) {
				z = append(z, x-0.5)
			}
		}
		var loss, coupled T
		g = make([]T, len(z))
		for i, v := range z {
			a := T(i + 1)
			loss += a * (v*v/2 + v*v*v*v/4)
			g[i] += a * (v + v*v*v)
			if i > 0 {
				coupled += v * z[i-1]
				g[i] += z[i-1]
				g[i-1] += v
			}
		}
		sign := T(1)
		if r.opt.Method().(LBFGS).Maximize {
			sign = -1
		}
		for _, p := range r.params {
			for i := range data[T](t, p.grad) {
				data[T](t, p.grad)[i], g = sign*g[0], g[1:]
			}
		}
		return float64(sign * (loss + coupled)), nil
	}
	for range 3 {
		loss, err := r.opt.StepClosure(closure)
		require.NoError(t, err)
		returned = append(returned, loss)
	}
	return returned
}

// PyTorch takes three steps, this package three more; and this package all six.
func TestTakesOverLBFGSFromTorch(t *testing.T) {
	for _, c := range loadTorch[exchangeCase](t, "exchange_lbfgs") {
		t.Run(c.Name, func(t *testing.T) {
			if c.Dtype == "float32" {
				takeOverLBFGS[float32](t, c)
			} else {
				takeOverLBFGS[float64](t, c)
			}
		})
	}
}

func takeOverLBFGS[T tensor.Float](t *testing.T, c exchangeCase) {
	bound := exchangeBound[T]()
	r := newLBFGSRun[T](t, LBFGS{LR: 0.123, MaxIter: 1, HistorySize: 1}) // LoadTorchState brings the options
	r.set(t, c.Params)
	require.NoError(t, r.opt.LoadTorchState(c.State))
	require.InDeltaSlice(t, c.Returned, r.run(t), 100*bound)
	r.requireAt(t, c.End, bound)

	r = newLBFGSRun[T](t, ruleOf(t, c))
	r.run(t)
	r.requireAt(t, c.Params, bound)
	r.run(t)
	r.requireAt(t, c.End, bound)
}

// This package takes three steps, PyTorch three more; exchange_lbfgs.py has stored where it
// comes.
func TestTorchTakesOverLBFGS(t *testing.T) {
	var ours []exchangeCase
	for _, c := range loadTorch[exchangeCase](t, "exchange_lbfgs") {
		if c.Dtype == "float32" {
			ours = append(ours, handOverLBFGS[float32](t, c))
		} else {
			ours = append(ours, handOverLBFGS[float64](t, c))
		}
	}
	stored, ends := handedOver(t, "exchange_lbfgs", ours)
	for _, c := range ours {
		t.Run(c.Name, func(t *testing.T) {
			requireSameState(t, stored[c.Name].State, c.State, 1e-5)
			require.Len(t, ends[c.Name].Returned, 3)
			if c.Dtype == "float32" {
				goOnLBFGS[float32](t, c, ends[c.Name])
			} else {
				goOnLBFGS[float64](t, c, ends[c.Name])
			}
		})
	}
}

func handOverLBFGS[T tensor.Float](t *testing.T, c exchangeCase) exchangeCase {
	r := newLBFGSRun[T](t, ruleOf(t, c))
	r.run(t)
	state, err := r.opt.TorchState()
	require.NoError(t, err)
	c.State, c.Params, c.End, c.Returned = state, r.lists(t), nil, nil
	return c
}

func goOnLBFGS[T tensor.Float](t *testing.T, c, end exchangeCase) {
	r := newLBFGSRun[T](t, ruleOf(t, c))
	r.run(t)
	require.InDeltaSlice(t, end.Returned, r.run(t), 100*exchangeBound[T]())
	r.requireAt(t, end.End, exchangeBound[T]())
}

// What torch exports and this package imports and exports is the same, every key of it.
func TestTorchStateOfLBFGSGoesThrough(t *testing.T) {
	keys := map[string]bool{}
	for _, c := range loadTorch[exchangeCase](t, "exchange_lbfgs") {
		r := newLBFGSRun[float64](t, DefaultLBFGS())
		require.NoError(t, r.opt.LoadTorchState(c.State))
		text, err := r.opt.TorchState()
		require.NoError(t, err)
		require.JSONEq(t, string(c.State), string(text), c.Name)
		var d torchDict
		require.NoError(t, json.Unmarshal(text, &d))
		for key := range d.State["0"] {
			keys[key] = true
		}
	}
	for _, key := range []string{"func_evals", "n_iter", "d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss", "al"} {
		require.True(t, keys[key], key)
	}
	require.Len(t, keys, 11)
}

func TestBadTorchStateOfLBFGS(t *testing.T) {
	const group = `"lr": 0.1, "max_iter": 3, "max_eval": 3, "tolerance_grad": 0, "tolerance_change": 0, "history_size": 5, "line_search_fn": null, "params": [0]`
	const good = `{"state": {"0": {"func_evals": 3, "n_iter": 2, "d": [1, 2], "t": 1, "old_dirs": [[1, "NaN"]], "old_stps": [[3, 4]],
		"ro": [5], "H_diag": 1, "prev_flat_grad": [6, 7], "prev_loss": 8, "al": [9, null]}}, "param_groups": [{` + group + `}]}`
	opt, err := NewMinimizer(list(vectorPair(1.0, 2)), DefaultLBFGS())
	require.NoError(t, err)
	require.NoError(t, opt.LoadTorchState([]byte(good)))
	require.Equal(t, LBFGS{LR: 0.1, MaxIter: 3, MaxEval: 3, HistorySize: 5}, opt.Method())
	state := func() string {
		d, err := opt.StateDict()
		require.NoError(t, err)
		text, err := json.Marshal(d)
		require.NoError(t, err)
		return string(text)
	}
	before := state()
	require.Contains(t, before, `"pairs":[1,"NaN",3,4,5,9]`)
	for _, c := range []struct{ old, new, want string }{
		{good, "", "unexpected end of JSON input"},
		{good, `{}`, "LBFGS doesn't support per-parameter options (parameter groups)"},
		{`[0]`, `[0, 1]`, "doesn't match the size of optimizer's group"},
		{`[0]`, `[1]`, "unexpected: state[0]"},
		{`"lr": 0.1, `, "", "missing: param_groups[0]: lr"},
		{`"lr": 0.1`, `"lr": 0.1, "x": 1`, "unexpected: param_groups[0]: x"},
		{`"max_iter": 3`, `"max_iter": 2.5`, "Invalid max_iter: 2.5"},
		{`"line_search_fn": null`, `"line_search_fn": "armijo"`, "only 'strong_wolfe' is supported"},
		{`"n_iter": 2`, `"n_iter": -2`, "state[0]: n_iter: [-2], want a count"},
		{`"func_evals": 3, `, ``, "missing: state[0]: func_evals"},
		{`"d": [1, 2]`, `"d": [1, 2, 3]`, "state[0]: d: shape [3], want [2]"},
		{`"t": 1`, `"t": [1]`, "state[0]: t: shape [1], want []"},
		{`[[3, 4]]`, `[]`, "old_dirs, old_stps, ro: of 1, 0 and 1 pairs"},
		{`[[3, 4]]`, `[[3], [4]]`, "old_stps: shape [2 1], want [2 2]"},
		{`[[3, 4]]`, `[[3, 4], [5, 6]]`, "of 1, 2 and 1 pairs"},
		{`[[3, 4]]`, `[[3, 4], 5]`, "old_stps: shape [2 2], want [2 2]"},
		{`"ro": [5]`, `"ro": 5`, "ro: shape [], want [-1]"},
		{`"ro": [5]`, `"ro": null`, "of 1, 1 and 0 pairs"},
		{`[9, null]`, `{}`, "state[0]: al: {}"},
		{`"t": 1`, `"t": 1, "x": 1`, "unexpected: state[0]: x"},
		{`"0": {`, `"7": {}, "0": {`, "unexpected: state[7]"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		require.True(t, text != good)
		require.ErrorContains(t, opt.LoadTorchState([]byte(text)), c.want)
		require.Equal(t, before, state())
	}
	for _, short := range []string{`{}`, `{"func_evals": 1, "n_iter": 0}`} { // before the first move
		text := `{"state": {"0": ` + short + `}, "param_groups": [{` + group + `}]}`
		require.NoError(t, opt.LoadTorchState([]byte(text)))
		require.Contains(t, state(), `"pairs":[]`)
	}
	require.NoError(t, opt.Freeze(opt.Params()...))
	require.ErrorContains(t, opt.LoadTorchState([]byte(good)), "doesn't match the size")
	require.ErrorContains(t, opt.LoadTorchState([]byte(strings.Replace(good, "[0]", "[]", 1))), "unexpected: state[0]")

	opt, err = NewMinimizer(list(vectorPair(1.0, 2)), DefaultProdigy())
	require.NoError(t, err)
	_, err = opt.TorchState()
	require.EqualError(t, err, "optim: state does not fit: torch.optim has no prodigy")
	require.ErrorIs(t, opt.LoadTorchState([]byte(good)), ErrState)
}
