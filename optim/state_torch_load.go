package optim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/downhill-go/downhill/tensor"
)

// LoadTorchState is [Optimizer.LoadStateDict] for the layout of
// [Optimizer.TorchState]. As in torch parameters are known by their order, and
// the group's options are replaced; options that torch does not have stay as
// they are, and those of torch that only say how to compute (foreach, fused) are
// ignored. A missing one that is true or false is false, as in files of older
// versions. Rules for which torch keeps no step count get the count 1.
func (o *Optimizer) LoadTorchState(text []byte) error {
	var in torchDict
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("optim: %w: %w", ErrState, err)
	}
	if len(in.ParamGroups) != len(o.groups) {
		return fmt.Errorf("optim: %w: loaded state dict has a different number of parameter groups", ErrState)
	}
	d := o.StateDict()
	e := &StateError{}
	left := maps.Clone(in.State)
	for i := range d.Groups {
		gs := &d.Groups[i]
		rule, ok := torchRules[gs.Rule]
		if !ok {
			return fmt.Errorf("optim: %w: torch.optim has no %s", ErrState, gs.Rule)
		}
		gs.Scalars = nil
		group := in.ParamGroups[i]
		var ids []json.Number
		if json.Unmarshal(group["params"], &ids) != nil || len(ids) != len(gs.Params) {
			return fmt.Errorf("optim: %w: loaded state dict contains a parameter group that doesn't match the size of optimizer's group", ErrState)
		}
		where := fmt.Sprintf("param_groups[%d]", i)
		readTorchOptions(where, rule, group, o.groups[i].Rule(), gs, e)
		loaded := withSettings(o.groups[i].Rule(), gs.Settings, where, e)
		known := &Group{rule: loaded, state: loaded.State()}
		for j := range gs.Params {
			id := ids[j].String()
			readTorchParam("state["+id+"]", rule, known.stateOf(gs.Params[j].Shape), left[id], &gs.Params[j], e)
			delete(left, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		e.unexpected("state[%s]", id)
	}
	if err := e.orNil(); err != nil {
		return err
	}
	return o.LoadStateDict(d)
}

// readTorchOptions puts torch's options into gs.
func readTorchOptions(where string, rule torchRule, group map[string]json.RawMessage, like Setting, gs *GroupState, e *StateError) {
	left := maps.Clone(group)
	noneFromTorch(left, like)
	for _, key := range torchIgnored {
		delete(left, key)
	}
	for name, want := range rule.fixed {
		if got, ok := left[name]; ok && !bytes.Equal(got, torchOption(want)) {
			e.mismatched("%s: %s: %s, want %v", where, name, got, want)
		}
		delete(left, name)
	}
	if v, ok := parseNumber(string(group["initial_lr"])); ok {
		if gs.Initial == nil {
			gs.Initial = Settings{}
		}
		gs.Initial["lr"] = number2any(v)
	}
	for _, o := range Options(like) {
		text, ok := left[o.Name]
		delete(left, o.Name)
		if slices.Contains(rule.own, o.Name) {
			continue
		}
		if !ok {
			if _, isBool := o.Value.(bool); isBool {
				gs.Settings[o.Name] = false
			} else {
				e.missing("%s: %s", where, o.Name)
			}
			continue
		}
		if tuple, ok := o.Value.([]float64); ok {
			var n Numbers
			if json.Unmarshal(text, &n) != nil || len(n) != len(tuple) {
				e.mismatched("%s: %s: %.40s, want %d numbers", where, o.Name, text, len(tuple))
				continue
			}
			for i, v := range n {
				gs.Settings[o.Name+"["+strconv.Itoa(i)+"]"] = number2any(v)
			}
			continue
		}
		var v any
		if json.Unmarshal(text, &v) != nil {
			e.mismatched("%s: %s: %.40s", where, o.Name, text)
		}
		gs.Settings[o.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		e.unexpected("%s: %s", where, name)
	}
}

func noneFromTorch(group map[string]json.RawMessage, rule Setting) {
	for _, f := range fields(reflect.ValueOf(rule)) {
		if f.none {
			zero, _ := json.Marshal(reflect.Zero(f.value.Type()).Interface())
			replaceOption(group, f, "null", string(zero))
		}
	}
}

// readTorchParam puts torch's state of a parameter, nil before the first step,
// into ps.
func readTorchParam(where string, rule torchRule, names []string, state map[string]json.RawMessage, ps *ParamState, e *StateError) {
	ps.Steps, ps.Buffers, ps.Fresh = 0, nil, nil
	if len(state) == 0 {
		return
	}
	left := maps.Clone(state)
	ps.Steps = 1
	if !rule.noStep {
		n, ok := readTorchTensor(state["step"])
		if !ok || len(n.Data) != 1 || n.Data[0] < 0 || n.Data[0] > maxSteps || n.Data[0] != float64(int(n.Data[0])) {
			e.mismatched("%s: step: %.40s", where, state["step"])
			return
		}
		ps.Steps = int(n.Data[0])
		delete(left, "step")
	}
	if ps.Steps == 0 {
		return // torch made the buffers before the first step, as Adagrad does
	}
	for _, name := range names {
		text, ok := left[name]
		delete(left, name)
		if !ok {
			e.missing("%s: %s", where, name)
			continue
		}
		if bytes.Equal(text, []byte("null")) {
			ps.Fresh = append(ps.Fresh, name)
			continue
		}
		b, ok := readTorchTensor(text)
		if want := torchShape(name, len(b.Data), ps.Shape); !ok || !slices.Equal(b.Shape, want) {
			e.mismatched("%s: %s: shape %v, want %v", where, name, b.Shape, want)
			continue
		}
		if len(b.Data) != tensor.Size(ps.Shape) {
			b.Shape = []int{len(b.Data)}
		} else {
			b.Shape = ps.Shape
		}
		if ps.Dtype == tensor.Float32.String() {
			for i, v := range b.Data {
				b.Data[i] = float64(float32(v))
			}
		}
		if ps.Buffers == nil {
			ps.Buffers = map[string]Buffer{}
		}
		ps.Buffers[name] = b
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if !bytes.Equal(left[name], []byte("null")) {
			e.unexpected("%s: %s", where, name)
		}
	}
}

// readTorchTensor reads nested lists of numbers.
func readTorchTensor(text json.RawMessage) (b Buffer, ok bool) {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return b, false
	}
	for at := v; ; {
		list, ok := at.([]any)
		if !ok {
			break
		}
		b.Shape = append(b.Shape, len(list))
		if len(list) == 0 {
			return b, false
		}
		at = list[0]
	}
	return b, flatten(v, b.Shape, &b.Data)
}

func flatten(v any, shape []int, into *Numbers) bool {
	if len(shape) == 0 {
		x, ok := any2number(v)
		*into = append(*into, x)
		return ok
	}
	list, ok := v.([]any)
	if !ok || len(list) != shape[0] {
		return false
	}
	for _, e := range list {
		if !flatten(e, shape[1:], into) {
			return false
		}
	}
	return true
}
