package optim

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// maxSteps is the largest step count that a state may have, so that it can go
// on.
const maxSteps = math.MaxInt / 2

// LoadStateDict replaces step counts, buffers and hyperparameters by those of a
// state, which it does not keep. The optimizer must have as many groups, of the
// same rules and with parameters of the same names, shapes and dtypes, in any
// order within a group. If it looked ahead, it is moved back first. Parameters
// are not changed: load them too, as with nn.Load.
//
// When something does not fit, the error is a [*StateError] that lists all of
// it, and nothing has changed. Hyperparameters out of range are errors of the
// rule's Check.
func (o *Optimizer) LoadStateDict(d *StateDict) error {
	if d == nil {
		return fmt.Errorf("optim: %w: it is nil", ErrState)
	}
	if len(d.Groups) != len(o.groups) {
		return fmt.Errorf("optim: %w: loaded state dict has a different number of parameter groups: %d, want %d",
			ErrState, len(d.Groups), len(o.groups))
	}
	e := &StateError{}
	loads := make([]groupLoad, len(o.groups))
	for i, g := range o.groups {
		if err := g.plan(i, &d.Groups[i], &loads[i], e); err != nil {
			return err
		}
	}
	if err := e.orNil(); err != nil {
		return err
	}
	o.Restore()
	for i, g := range o.groups {
		g.load(&loads[i])
	}
	return nil
}

// groupLoad is what a state changes in a group.
type groupLoad struct {
	rule    Rule
	initial map[string]float64
	scalars Scalars
	params  []*ParamState // in the order of the group
}

func (g *Group) load(l *groupLoad) {
	g.use(l.rule)
	g.initial, g.scalars = l.initial, l.scalars
	for i, p := range g.params {
		ps := l.params[i]
		p.steps = ps.Steps
		if p.slot == nil && ps.Dtype != "" {
			p.slot = newSlot(ps.Dtype, ps.Shape)
		}
		if p.slot != nil {
			p.slot.load(ps)
		}
	}
}

// newSlot returns the slot of a parameter that has no value yet.
func newSlot(dtype string, shape []int) slot {
	if dtype == tensor.Float32.String() {
		return &slotOf[float32]{shape: slices.Clone(shape)}
	}
	return &slotOf[float64]{shape: slices.Clone(shape)}
}

func (s *slotOf[T]) load(ps *ParamState) {
	s.buffers, s.version, s.Fresh = nil, 0, false
	for name, b := range ps.Buffers {
		data := make([]T, len(b.Data))
		for i, v := range b.Data {
			data[i] = T(v)
		}
		if s.buffers == nil {
			s.buffers = map[string][]T{}
		}
		s.buffers[name] = data
	}
}

// plan fills l and lists in e what does not fit.
func (g *Group) plan(index int, gs *GroupState, l *groupLoad, e *StateError) error {
	where := fmt.Sprintf("group %d", index)
	if name := NameOf(g.rule); name != gs.Rule {
		e.mismatched("%s: rule %q, want %q", where, gs.Rule, name)
		return nil
	}
	before := len(e.Missing) + len(e.Unexpected) + len(e.Mismatched)
	l.rule = withSettings(g.Rule(), gs.Settings, where, e)
	if before == len(e.Missing)+len(e.Unexpected)+len(e.Mismatched) {
		if err := checkLoaded(l.rule); err != nil {
			return err
		}
	}
	l.initial = gs.Initial.initial(where, g.rule, e)
	if !l.scalars.set(gs.Scalars) {
		e.mismatched("%s: scalars: %v", where, []float64(gs.Scalars))
	}
	saved := map[string]*ParamState{}
	for i := range gs.Params {
		ps := &gs.Params[i]
		if saved[ps.Name] != nil {
			e.mismatched("%q: it is there twice", ps.Name)
		}
		saved[ps.Name] = ps
	}
	known := &Group{rule: l.rule, state: l.rule.State()}
	for _, p := range g.params {
		ps := saved[p.key]
		delete(saved, p.key)
		if ps == nil {
			e.missing("%q", p.key)
			continue
		}
		if err := p.plan(known, ps, e); err != nil {
			return err
		}
		l.params = append(l.params, ps)
	}
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		e.unexpected("%q", name)
	}
	return nil
}

// checkLoaded is Check, but a learning rate may be a little below zero, as
// schedulers leave it.
func checkLoaded(rule Setting) error {
	if f, err := numberField(reflect.ValueOf(rule), "lr"); err == nil && f.Float() < 0 {
		if rule, err = with(rule, "lr", math.Abs(f.Float())); err != nil {
			return err
		}
	}
	return rule.Check()
}

// initial returns the initial values of hyperparameters of a rule.
func (s Settings) initial(where string, rule Setting, e *StateError) (initial map[string]float64) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		v, ok := any2number(s[name])
		if _, err := numberField(reflect.ValueOf(rule), name); err != nil || !ok {
			e.mismatched("%s: initial %s: %v", where, name, s[name])
			continue
		}
		if initial == nil {
			initial = map[string]float64{}
		}
		initial[name] = v
	}
	return initial
}

// withSettings returns a copy of like with the settings.
func withSettings[R Setting](like R, s Settings, where string, e *StateError) R {
	c := clone(like)
	left := maps.Clone(s)
	for _, f := range fields(c) {
		v, ok := s[f.tag]
		delete(left, f.tag)
		if !ok {
			e.missing("%s: %s", where, f.tag)
		} else if !setField(f.value, v) {
			e.mismatched("%s: %s: %v, want a %v", where, f.tag, v, f.value.Kind())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		e.unexpected("%s: %s", where, name)
	}
	return c.Interface().(R)
}

// setField sets a hyperparameter to what JSON made of it.
func setField(f reflect.Value, v any) bool {
	switch f.Kind() {
	case reflect.Bool:
		b, ok := v.(bool)
		f.SetBool(b)
		return ok
	case reflect.Float64:
		x, ok := any2number(v)
		f.SetFloat(x)
		return ok
	}
	r := reflect.ValueOf(v)
	if !r.IsValid() || r.Type() != f.Type() {
		return false
	}
	f.Set(r)
	return true
}

// plan lists in e what does not fit the parameter.
func (p *param) plan(g *Group, ps *ParamState, e *StateError) error {
	if p.slot == nil && !missing(p.of.Value()) {
		if err := p.bindValue(); err != nil {
			return err
		}
	}
	n, ok := sizeOf(ps.Shape)
	switch {
	case ps.Steps < 0 || ps.Steps > maxSteps:
		e.mismatched("%q: %d steps", ps.Name, ps.Steps)
		return nil
	case !ok:
		e.mismatched("%q: shape %v", ps.Name, ps.Shape)
		return nil
	case ps.Dtype == "":
		if ps.Steps > 0 || len(ps.Buffers) > 0 {
			e.mismatched("%q: a state without a dtype", ps.Name)
		}
		return nil
	case ps.Dtype != tensor.Float32.String() && ps.Dtype != tensor.Float64.String():
		e.mismatched("%q: dtype %q, want float32 or float64", ps.Name, ps.Dtype)
		return nil
	}
	if p.slot != nil {
		var now ParamState
		p.slot.save(&now, g)
		if now.Dtype != ps.Dtype {
			e.mismatched("%q: dtype %s, want %s", ps.Name, ps.Dtype, now.Dtype)
		}
		if !slices.Equal(now.Shape, ps.Shape) {
			e.mismatched("%q: shape %v, want %v", ps.Name, ps.Shape, now.Shape)
			return nil
		}
	}
	if ps.Steps == 0 {
		for _, name := range slices.Sorted(maps.Keys(ps.Buffers)) {
			e.unexpected("%q: %s before the first step", ps.Name, name)
		}
		return nil
	}
	want := map[string]int{}
	for _, name := range g.stateOf(ps.Shape) {
		want[name] = g.size(name, ps.Shape)
		if _, ok := ps.Buffers[name]; !ok && !slices.Contains(ps.Fresh, name) {
			e.missing("%q: %s", ps.Name, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ps.Buffers)) {
		b := ps.Buffers[name]
		size, ok := sizeOf(b.Shape)
		switch {
		case !ok || size != len(b.Data):
			e.mismatched("%q: %s: shape %v with %d numbers", ps.Name, name, b.Shape, len(b.Data))
		case want[name] != 0 && size != want[name]:
			e.mismatched("%q: %s: %d numbers, want %d", ps.Name, name, size, want[name])
		case size == n && !slices.Equal(b.Shape, ps.Shape) && len(b.Shape) != 1:
			e.mismatched("%q: %s: shape %v, want %v", ps.Name, name, b.Shape, ps.Shape)
		}
		if ps.Dtype == tensor.Float32.String() {
			for _, v := range b.Data {
				if float64(float32(v)) != v && v == v {
					e.mismatched("%q: %s: %v is not a float32", ps.Name, name, v)
					break
				}
			}
		}
	}
	return nil
}

// sizeOf is tensor.Size for a shape that may be bad.
func sizeOf(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 1 || n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}
