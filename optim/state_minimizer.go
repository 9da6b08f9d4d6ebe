package optim

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// MinimizerState is everything that a [Minimizer] knows but the parameters themselves: the
// hyperparameters of its method, and what the method remembers. It shares no memory with the
// minimizer, and encoding/json writes and reads it without loss, as a [StateDict].
//
// Vectors are of the elements of all parameters that are not frozen, one after the other:
// Params says which, and a minimizer that loads the state must have the same, in the same order.
type MinimizerState struct {
	Method   string             `json:"method"`            // as [NameOf]
	Settings Settings           `json:"settings"`          // all hyperparameters
	Initial  Settings           `json:"initial,omitempty"` // before their first schedule
	Params   []PlaceState       `json:"params"`
	Memory   map[string]Numbers `json:"memory"` // of the [Keeper]
}

// PlaceState is a parameter in a [MinimizerState].
type PlaceState struct {
	Name  string `json:"name"`  // the node's name, or the index; made unique as in a StateDict
	Dtype string `json:"dtype"` // "float32" or "float64"
	Shape []int  `json:"shape"`
}

// StateDict returns the state. For a method that cannot be saved, as [Gonum], it is an error that
// wraps [ErrState].
func (o *Minimizer) StateDict() (*MinimizerState, error) {
	method := o.work.Method()
	memory, err := memoryOf(o.work)
	if err != nil {
		return nil, err
	}
	d := &MinimizerState{Method: NameOf(method), Settings: settings(method), Initial: initialState(o.initial),
		Memory: map[string]Numbers{}}
	for _, p := range o.problem.params {
		ps := ParamState{Shape: []int{}}
		p.slot.save(&ps, nil)
		d.Params = append(d.Params, PlaceState{p.key, ps.Dtype, ps.Shape})
	}
	for name, v := range memory {
		d.Memory[name] = saved(v)
	}
	return d, nil
}

// memoryOf returns what a method remembers.
func memoryOf(work Iteration) (Memory, error) {
	k, ok := work.(Keeper)
	if !ok {
		return nil, fmt.Errorf("optim: %w: %s keeps its memory to itself, so it cannot be saved", ErrState, NameOf(work.Method()))
	}
	m := k.Memory()
	for name, v := range m {
		if rows, ok := v.(Rows); saved(v) == nil || ok && rows.Length < 1 {
			return nil, fmt.Errorf("optim: %w: %s remembers %q as a %T, which cannot be saved", ErrState, NameOf(work.Method()), name, v)
		}
	}
	return m, nil
}

// saved returns the numbers of an item of a [Memory], nil if it is none.
func saved(v any) Numbers {
	n := Numbers{}
	switch v := v.(type) {
	case *int:
		return append(n, float64(*v))
	case *float64:
		return append(n, *v)
	case []float64:
		return append(n, v...)
	case Rows:
		for _, row := range *v.List {
			n = append(n, row...)
		}
		return n
	case *Scalars:
		return v.numbers()
	}
	return nil
}

// restored undoes saved, and returns what does not fit, or "".
func restored(v any, n Numbers) (complaint string) {
	switch v := v.(type) {
	case *int:
		if len(n) != 1 || !(0 <= n[0] && n[0] <= maxSteps) || n[0] != math.Trunc(n[0]) {
			return fmt.Sprintf("%.40v, want a count", []float64(n))
		}
		*v = int(n[0])
	case *float64:
		if len(n) != 1 {
			return fmt.Sprintf("%d numbers, want 1", len(n))
		}
		*v = n[0]
	case []float64:
		if len(n) != len(v) {
			return fmt.Sprintf("%d numbers, want %d", len(n), len(v))
		}
		copy(v, n)
	case Rows:
		if len(n)%v.Length != 0 {
			return fmt.Sprintf("%d numbers, want a multiple of %d", len(n), v.Length)
		}
		*v.List = nil
		for row := range slices.Chunk(n, v.Length) {
			*v.List = append(*v.List, slices.Clone(row))
		}
	case *Scalars:
		if !v.set(n) {
			return fmt.Sprintf("%.40v", []float64(n))
		}
	}
	return ""
}

// LoadStateDict replaces the hyperparameters and what the method remembers by those of a state,
// which it does not keep. The minimizer must have the same method, and parameters of the same
// names, dtypes and shapes in the same order, for its sums are in that order. Parameters are not
// changed: load them too, as with nn.Load. Functions of a method, as [Newton]'s Hessian, stay.
//
// When something does not fit, the error is a [*StateError] that lists it, or wraps
// [ErrState], and nothing has changed. Hyperparameters out of range are errors of the method's
// Check.
func (o *Minimizer) LoadStateDict(d *MinimizerState) error {
	now, err := o.StateDict()
	if err != nil {
		return err
	}
	e := &StateError{}
	if d == nil {
		e.missing("state of the minimizer")
		return e
	}
	if d.Method != now.Method {
		e.mismatched("method %q, want %q", d.Method, now.Method)
		return e
	}
	comparePlaces(d.Params, now.Params, e)
	method := withSettings(o.Method(), d.Settings, d.Method, e)
	initial := d.Initial.initial(d.Method, method, e)
	if err := e.orNil(); err != nil {
		return err
	}
	if err := checkLoaded(method); err != nil {
		return err
	}
	if err := o.problem.read(); err != nil {
		return err
	}
	work, err := method.Start(o.problem)
	if err != nil {
		return err
	}
	memory, err := memoryOf(work)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(memory)) {
		if n, ok := d.Memory[name]; !ok {
			e.missing("%s", name)
		} else if complaint := restored(memory[name], n); complaint != "" {
			e.mismatched("%s: %s", name, complaint)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Memory)) {
		if memory[name] == nil {
			e.unexpected("%s", name)
		}
	}
	if err := e.orNil(); err != nil {
		return err
	}
	o.work, o.initial = work, initial
	return nil
}

// comparePlaces lists in e where the parameters differ.
func comparePlaces(got, want []PlaceState, e *StateError) {
	for i, w := range want {
		switch {
		case i >= len(got):
			e.missing("%q", w.Name)
		case got[i].Name != w.Name:
			e.mismatched("parameter %d: %q, want %q", i, got[i].Name, w.Name)
		case got[i].Dtype != w.Dtype || !slices.Equal(got[i].Shape, w.Shape):
			e.mismatched("%q: %s of shape %v, want %s of shape %v", w.Name, got[i].Dtype, got[i].Shape, w.Dtype, w.Shape)
		}
	}
	for _, g := range got[min(len(got), len(want)):] {
		e.unexpected("%q", g.Name)
	}
}
