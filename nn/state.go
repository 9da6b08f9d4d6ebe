package nn

import (
	"fmt"
	"slices"
	"strings"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// State returns a copy of the parameters by name, as PyTorch's state_dict. It
// returns the first error that a parameter carries.
func State(m Module) (map[string]*tensor.Dense, error) {
	if isNil(m) {
		return nil, fmt.Errorf("nn.State: %w: the module is nil", ErrLayer)
	}
	state := make(map[string]*tensor.Dense)
	for _, p := range m.Params() {
		if err := ad.Err(p.Node); err != nil {
			return nil, err
		}
		v, err := tensor.Convert(p.Node.Value(), p.Node.Dtype())
		if err != nil {
			return nil, fmt.Errorf("nn.State: %q: %w", p.Name, err)
		}
		state[p.Name] = v
	}
	return state, nil
}

// Load copies values into the parameters of the same names, as PyTorch's
// load_state_dict. Programs and optimizers see the new values. Numbers of the
// other dtype are rounded to that of the parameter.
//
// When a name is missing or unexpected or a shape differs, the error is a
// [*StateError], which lists all of them; then, unlike in PyTorch, no parameter
// has changed.
func Load(m Module, state map[string]*tensor.Dense) error {
	if isNil(m) {
		return fmt.Errorf("nn.Load: %w: the module is nil", ErrLayer)
	}
	e := &StateError{}
	known := make(map[string]bool)
	values := make([][]float64, 0, len(state))
	params := m.Params()
	for _, p := range params {
		if err := ad.Err(p.Node); err != nil {
			return err
		}
		known[p.Name] = true
		v := state[p.Name]
		if v == nil {
			e.Missing = append(e.Missing, p.Name)
			continue
		}
		if !slices.Equal(v.Shape(), p.Node.Shape()) {
			e.Mismatched = append(e.Mismatched, fmt.Sprintf("%q is %v in the state, %v in the model", p.Name, v.Shape(), p.Node.Shape()))
			continue
		}
		x, err := tensor.Float64s(v)
		if err != nil {
			return fmt.Errorf("nn.Load: %q: %w", p.Name, err)
		}
		values = append(values, x)
	}
	for name := range state {
		if !known[name] {
			e.Unexpected = append(e.Unexpected, name)
		}
	}
	slices.Sort(e.Unexpected)
	if len(e.Missing)+len(e.Unexpected)+len(e.Mismatched) > 0 {
		return e
	}
	for i, p := range params {
		if err := write(p.Node, values[i]); err != nil {
			return fmt.Errorf("nn.Load: %q: %w", p.Name, err)
		}
	}
	return nil
}

// write sets the elements of a parameter in place.
func write(n *ad.Node, values []float64) error {
	if n.Dtype() == tensor.Float32 {
		return writeAs[float32](n, values)
	}
	return writeAs[float64](n, values)
}

func writeAs[T tensor.Float](n *ad.Node, values []float64) error {
	data, err := tensor.Data[T](n.Value())
	if err != nil {
		return err
	}
	for i, v := range values {
		data[i] = T(v)
	}
	return nil
}

// A StateError lists what does not fit in a state. It wraps [ErrState].
type StateError struct {
	Missing    []string // parameters that the state lacks
	Unexpected []string // names in the state that are no parameter
	Mismatched []string // parameters of another shape, with both shapes
}

// Unwrap returns [ErrState].
func (e *StateError) Unwrap() error { return ErrState }

// Error lists all three.
func (e *StateError) Error() string {
	text := "nn.Load: " + ErrState.Error()
	for _, part := range []struct {
		what string
		list []string
	}{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"size mismatch", e.Mismatched}} {
		if len(part.list) > 0 {
			text += fmt.Sprintf("; %s: %s", part.what, strings.Join(part.list, ", "))
		}
	}
	return text
}
