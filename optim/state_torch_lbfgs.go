package optim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// TorchState returns the state of [LBFGS] in the layout of torch's state_dict, as
// [Optimizer.TorchState] does for rules. Torch keeps what the method remembers under the first
// parameter: its old_dirs are the changes y of the gradient, its old_stps the moves s, each as
// one vector of all elements. In Python, turn d, prev_flat_grad and the lists of old_dirs and
// old_stps into tensors; testdata/torch/exchange_lbfgs.py does so. For other methods, which torch
// does not have, it is an error that wraps [ErrState]. Frozen parameters are left out.
func (o *Minimizer) TorchState() ([]byte, error) {
	work, err := o.torchWork()
	if err != nil {
		return nil, err
	}
	group := map[string]json.RawMessage{}
	for _, o := range Options(work.LBFGS) {
		group[o.Name] = torchOption(o.Value)
	}
	group["max_eval"] = torchOption(float64(work.maxEval()))
	group["line_search_fn"] = json.RawMessage("null")
	if work.StrongWolfe {
		group["line_search_fn"] = torchOption("strong_wolfe")
	}
	delete(group, "strong_wolfe")
	if lr, ok := o.initial["lr"]; ok {
		group["initial_lr"] = appendNumber(nil, lr)
	}
	ids := make([]int, len(o.problem.params))
	for i := range ids {
		ids[i] = i
	}
	group["params"], _ = json.Marshal(ids)
	out := torchDict{State: map[string]map[string]json.RawMessage{}, ParamGroups: []map[string]json.RawMessage{group}}
	if work.evals > 0 {
		out.State["0"] = work.toTorch()
	}
	return json.Marshal(out)
}

// torchWork returns L-BFGS at work.
func (o *Minimizer) torchWork() (*lbfgs, error) {
	work, ok := o.work.(*lbfgs)
	if !ok {
		return nil, fmt.Errorf("optim: %w: torch.optim has no %s", ErrState, NameOf(o.work.Method()))
	}
	return work, nil
}

// mostAl is the longest history for which al, one place for each pair, is written. Torch makes
// it anew where it is missing.
const mostAl = 1 << 20

func (o *lbfgs) toTorch() map[string]json.RawMessage {
	state := map[string]any{"func_evals": o.evals, "n_iter": o.iter}
	if o.iter > 0 {
		y, s, rho := make([]Numbers, len(o.pairs)), make([]Numbers, len(o.pairs)), make(Numbers, len(o.pairs))
		alpha := make([]any, max(len(o.pairs), int(min(o.HistorySize, mostAl)))) // null beyond the pairs
		for i := range o.pairs {
			yi, si, scale := o.pair(i)
			y[i], s[i], rho[i], alpha[i] = yi, si, scale[0], Number(scale[1])
		}
		maps.Copy(state, map[string]any{"d": Numbers(o.d), "t": Number(o.t), "old_dirs": y, "old_stps": s, "ro": rho,
			"H_diag": Number(o.h), "prev_flat_grad": Numbers(o.last), "prev_loss": Number(o.loss)})
		if o.iter > 1 && o.HistorySize <= mostAl {
			state["al"] = alpha
		}
	}
	out := map[string]json.RawMessage{}
	for name, v := range state {
		out[name], _ = json.Marshal(v)
	}
	return out
}

// LoadTorchState is [Minimizer.LoadStateDict] for the layout of [Minimizer.TorchState]. As in torch
// parameters are known by their order, and the options are replaced.
func (o *Minimizer) LoadTorchState(text []byte) error {
	work, err := o.torchWork()
	if err != nil {
		return err
	}
	d, err := o.StateDict()
	if err != nil {
		return err
	}
	var in torchDict
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("optim: %w: %w", ErrState, err)
	}
	if len(in.ParamGroups) != 1 {
		return fmt.Errorf("optim: %w: LBFGS doesn't support per-parameter options (parameter groups)", ErrState)
	}
	group := maps.Clone(in.ParamGroups[0])
	var ids []json.Number
	if json.Unmarshal(group["params"], &ids) != nil || len(ids) != len(d.Params) {
		return fmt.Errorf("optim: %w: loaded state dict contains a parameter group that doesn't match the size of optimizer's group", ErrState)
	}
	e := &StateError{}
	const where = "param_groups[0]"
	switch line := string(group["line_search_fn"]); line {
	case "", "null":
		group["strong_wolfe"] = torchOption(false)
	case `"strong_wolfe"`:
		group["strong_wolfe"] = torchOption(true)
	default:
		e.mismatched("%s: line_search_fn: %.40s, only 'strong_wolfe' is supported", where, line)
	}
	delete(group, "line_search_fn")
	gs := &GroupState{Settings: d.Settings, Initial: d.Initial}
	readTorchOptions(where, torchRule{}, group, work.LBFGS, gs, e)
	d.Initial = gs.Initial
	first := "" // under which torch keeps all
	fresh, _ := work.Start(o.problem)
	if loaded := fresh.(*lbfgs); len(ids) > 0 {
		first = ids[0].String()
		loaded.fromTorch("state["+first+"]", in.State[first], e)
		for name, v := range loaded.Memory() {
			d.Memory[name] = saved(v)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.State)) {
		if id != first {
			e.unexpected("state[%s]", id)
		}
	}
	if err := e.orNil(); err != nil {
		return err
	}
	return o.LoadStateDict(d)
}

// torchReader takes numbers from a state of torch, and lists in e what does not fit.
type torchReader struct {
	where string
	left  map[string]json.RawMessage
	e     *StateError
}

// read returns the numbers of the given shape; -1 is any length.
func (r *torchReader) read(name string, shape ...int) Numbers {
	text, ok := r.left[name]
	delete(r.left, name)
	if !ok {
		r.e.missing("%s: %s", r.where, name)
		return nil
	}
	var list []any
	if len(shape) > 0 && shape[0] < 0 && json.Unmarshal(text, &list) == nil {
		if shape[0] = len(list); len(list) == 0 {
			return nil // has no shape
		}
	}
	b, ok := readTorchTensor(text)
	if !ok || !slices.Equal(b.Shape, shape) {
		r.e.mismatched("%s: %s: shape %v, want %v", r.where, name, b.Shape, shape)
		return nil
	}
	return b.Data
}

// one is read of a number.
func (r *torchReader) one(name string) float64 {
	if n := r.read(name); len(n) == 1 {
		return n[0]
	}
	return 0
}

// fromTorch takes what torch remembers, nothing if it has made no step.
func (o *lbfgs) fromTorch(where string, state map[string]json.RawMessage, e *StateError) {
	if len(state) == 0 {
		return
	}
	r := &torchReader{where, maps.Clone(state), e}
	for name, to := range map[string]*int{"func_evals": &o.evals, "n_iter": &o.iter} {
		if complaint := restored(to, Numbers{r.one(name)}); complaint != "" {
			e.mismatched("%s: %s: %s", where, name, complaint)
		}
	}
	if n := len(o.d); o.iter > 0 {
		copy(o.d, r.read("d", n))
		copy(o.last, r.read("prev_flat_grad", n))
		o.t, o.h, o.loss = r.one("t"), r.one("H_diag"), r.one("prev_loss")
		y, s, rho := r.read("old_dirs", -1, n), r.read("old_stps", -1, n), r.read("ro", -1)
		var alpha []*Number // None where there was no pair
		if text, ok := r.left["al"]; ok && json.Unmarshal(text, &alpha) != nil {
			e.mismatched("%s: al: %.40s", where, text)
		}
		delete(r.left, "al")
		if len(y) != len(s) || len(y) != n*len(rho) {
			e.mismatched("%s: old_dirs, old_stps, ro: of %d, %d and %d pairs", where, len(y)/n, len(s)/n, len(rho))
			return
		}
		for i := range rho {
			pair := slices.Concat(y[i*n:(i+1)*n], s[i*n:(i+1)*n], Numbers{rho[i], 0})
			if i < len(alpha) && alpha[i] != nil {
				pair[2*n+1] = float64(*alpha[i])
			}
			o.pairs = append(o.pairs, pair)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.left)) {
		e.unexpected("%s: %s", where, name)
	}
}
