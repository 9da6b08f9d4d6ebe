package optim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/downhill-go/downhill/tensor"
)

// torchRule says how the state of a rule differs from that of the class of
// torch.optim with its name.
type torchRule struct {
	noStep bool           // torch keeps no step count
	early  bool           // torch makes the buffers in the constructor
	own    []string       // options that torch does not have
	fixed  map[string]any // options that it has beside ours
}

// torchRules has the rules that torch.optim has.
var torchRules = map[string]torchRule{
	"sgd":        {noStep: true},
	"rmsprop":    {own: []string{"eps_inside"}},
	"adam":       {own: []string{"no_bias_correction", "eps_hat"}},
	"adamw":      {own: []string{"no_bias_correction", "eps_hat"}, fixed: map[string]any{"decoupled_weight_decay": true}},
	"nadam":      {},
	"radam":      {},
	"adamax":     {},
	"adagrad":    {early: true, own: []string{"eps_inside"}},
	"adadelta":   {},
	"rprop":      {},
	"asgd":       {},
	"sparseadam": {},
	"adafactor":  {},
	"muon":       {noStep: true, own: []string{"maximize"}},
}

// torchScalars are buffers that torch keeps as tensors without axes.
var torchScalars = []string{"mu_product", "eta", "mu"}

// torchIgnored are keys of torch's groups that say how to compute, or that
// schedulers leave, and have no meaning here.
var torchIgnored = []string{"params", "param_names", "foreach", "capturable", "differentiable", "fused", "initial_lr"}

type torchDict struct {
	State       map[string]map[string]json.RawMessage `json:"state"`
	ParamGroups []map[string]json.RawMessage          `json:"param_groups"`
}

// TorchState returns the state in the layout of torch's state_dict, as JSON
// with nested lists for tensors:
//
//	{"state": {"0": {"step": 20, "exp_avg": [...]}, ...},
//	 "param_groups": [{"lr": 0.001, "betas": [0.9, 0.999], ..., "params": [0, 1]}]}
//
// Parameters are numbered over all groups, in order. Numbers that are not
// finite are "NaN", "Infinity" and "-Infinity". In Python, turn the keys of state
// into int and its lists into tensors of the dtype of the parameter (step is
// float32), then call load_state_dict; testdata/torch/exchange.py does so.
//
// It returns an error that wraps [ErrState] for a rule or an option that torch
// does not have.
func (o *Optimizer) TorchState() ([]byte, error) {
	out := torchDict{State: map[string]map[string]json.RawMessage{}}
	index := 0
	for i, gs := range o.StateDict().Groups {
		g := o.groups[i]
		rule, ok := torchRules[gs.Rule]
		if !ok {
			return nil, fmt.Errorf("optim: %w: torch.optim has no %s", ErrState, gs.Rule)
		}
		group := map[string]json.RawMessage{}
		plain, _ := Default(gs.Rule) // torch's rules are all known
		standard := settings(plain)
		for _, o := range Options(g.rule) {
			if slices.Contains(rule.own, o.Name) {
				if o.Value != standard[o.Name] {
					return nil, fmt.Errorf("optim: %w: torch's %s has no %s=%s", ErrState, gs.Rule, o.Name, formatOption(o.Value))
				}
				continue
			}
			group[o.Name] = torchOption(o.Value)
		}
		for name, v := range rule.fixed {
			group[name] = torchOption(v)
		}
		noneToTorch(group, g.rule)
		if v, ok := any2number(gs.Initial["lr"]); ok {
			group["initial_lr"] = appendNumber(nil, v)
		}
		numbers := make([]int, len(gs.Params))
		for j, ps := range gs.Params {
			numbers[j] = index
			if ps.Steps > 0 || rule.early {
				out.State[strconv.Itoa(index)] = torchParam(rule, g, ps)
			}
			index++
		}
		group["params"], _ = json.Marshal(numbers)
		out.ParamGroups = append(out.ParamGroups, group)
	}
	return json.Marshal(out)
}

func torchOption(v any) json.RawMessage {
	var text []byte
	switch v := v.(type) {
	case float64:
		text = appendNumber(nil, v)
	case []float64:
		text, _ = Numbers(v).MarshalJSON()
	default:
		text, _ = json.Marshal(v)
	}
	return text
}

func torchParam(rule torchRule, g *Group, ps ParamState) map[string]json.RawMessage {
	state := map[string]json.RawMessage{}
	if !rule.noStep {
		state["step"] = appendNumber(nil, float64(ps.Steps))
	}
	for _, name := range g.state {
		if ps.Steps == 0 && ps.Dtype != "" {
			first := buffer[float64](g.size(name, ps.Shape), g.fill(name))
			state[name], _ = appendNested(nil, torchShape(name, len(first), ps.Shape), first)
		}
		if b, ok := ps.Buffers[name]; ok {
			state[name], _ = appendNested(nil, torchShape(name, len(b.Data), ps.Shape), b.Data)
		}
	}
	return state
}

// torchShape returns the shape that torch gives a buffer of n elements.
func torchShape(name string, n int, shape []int) []int {
	last := len(shape) - 1
	switch {
	case slices.Contains(torchScalars, name):
		return nil
	case name == "row_var" && last > 0:
		s := slices.Clone(shape)
		s[last] = 1
		return s
	case name == "col_var" && last > 0:
		s := slices.Clone(shape)
		s[last-1] = 1
		return s
	case n == tensor.Size(shape):
		return shape
	}
	return []int{n}
}

// appendNested writes data as nested lists and returns what is left of it.
func appendNested(b []byte, shape []int, data []float64) ([]byte, []float64) {
	if len(shape) == 0 {
		return appendNumber(b, data[0]), data[1:]
	}
	b = append(b, '[')
	for i := range shape[0] {
		if i > 0 {
			b = append(b, ',')
		}
		b, data = appendNested(b, shape[1:], data)
	}
	return append(b, ']'), data
}

// noneToTorch writes null for the options that are torch's None, and noneFromTorch
// their zeros for null.
func noneToTorch(group map[string]json.RawMessage, rule Rule) {
	for _, f := range fields(reflect.ValueOf(rule)) {
		if f.none && f.value.IsZero() {
			replaceOption(group, f, "", "null")
		}
	}
}

// replaceOption puts another text for an option, or an item of a tuple, if it is old
// or old is empty.
func replaceOption(group map[string]json.RawMessage, f field, old, by string) {
	if f.index < 0 {
		if old == "" || string(group[f.name]) == old {
			group[f.name] = json.RawMessage(by)
		}
		return
	}
	var items []json.RawMessage
	if json.Unmarshal(group[f.name], &items) != nil || f.index >= len(items) {
		return // that is reported when it is read
	}
	if old == "" || string(items[f.index]) == old {
		items[f.index] = json.RawMessage(by)
		group[f.name], _ = json.Marshal(items)
	}
}
