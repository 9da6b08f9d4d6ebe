package optim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// ErrState: a state does not fit what it is loaded into.
var ErrState = errors.New("state does not fit")

// StateDict is everything that an optimizer knows but the parameters
// themselves: rules with all hyperparameters, step counts and buffers. It shares
// no memory with the optimizer. encoding/json writes and reads it without loss,
// NaN and infinities included, so that a saved run goes on with the same bits:
//
//	text, err := json.Marshal(opt.StateDict())
//	...
//	var state optim.StateDict
//	err = json.Unmarshal(text, &state)
//	err = opt.LoadStateDict(&state) // of a new optimizer of the same parameters
//
// Parameters are known by their names. One that has none, or whose name another
// one has, gets its index or a suffix: "0", "w#2". PyTorch's state_dict knows
// them by their order; see [Optimizer.TorchState] for that layout.
type StateDict struct {
	Groups []GroupState `json:"groups"`
}

// GroupState is the part of a [StateDict] of one [Group].
type GroupState struct {
	Rule     string       `json:"rule"`              // as [NameOf]
	Settings Settings     `json:"settings"`          // all hyperparameters
	Initial  Settings     `json:"initial,omitempty"` // before their first schedule
	Scalars  Numbers      `json:"scalars,omitempty"` // the rule's [Scalars]
	Params   []ParamState `json:"params"`
}

// ParamState is the part of a [StateDict] of one parameter.
type ParamState struct {
	Name    string            `json:"name"`
	Dtype   string            `json:"dtype"` // "float32" or "float64"; empty if there was no value yet
	Shape   []int             `json:"shape"`
	Steps   int               `json:"steps"`
	Buffers map[string]Buffer `json:"buffers,omitempty"` // under PyTorch's names; none before the first step
	Fresh   []string          `json:"fresh,omitempty"`   // buffers that the next step makes
}

// Buffer is a state buffer.
type Buffer struct {
	Shape []int   `json:"shape"` // of the parameter, or [n]
	Data  Numbers `json:"data"`
}

// Settings are hyperparameters by their `option` tags, as "betas[0]": bool, string,
// float64, or "NaN", "Infinity", "-Infinity".
type Settings map[string]any

// Numbers are floats which JSON holds without loss: shortest decimals, and
// "NaN", "Infinity", "-Infinity". float32 is widened.
type Numbers []float64

// StateDict returns the state of the optimizer.
func (o *Optimizer) StateDict() *StateDict {
	d := &StateDict{Groups: make([]GroupState, len(o.groups))}
	for i, g := range o.groups {
		gs := GroupState{Rule: NameOf(g.rule), Settings: settings(g.rule), Initial: initialState(g.initial), Scalars: g.scalars.numbers()}
		gs.Params = make([]ParamState, len(g.params))
		for j, p := range g.params {
			ps := ParamState{Name: p.key, Shape: []int{}, Steps: p.steps}
			if p.slot != nil {
				p.slot.save(&ps, g)
			}
			gs.Params[j] = ps
		}
		d.Groups[i] = gs
	}
	return d
}

func (s *slotOf[T]) save(ps *ParamState, g *Group) {
	ps.Dtype, ps.Shape = tensor.DtypeOf[T]().String(), append(ps.Shape, s.shape...)
	if ps.Steps == 0 {
		return // a look-ahead may have made buffers: the first step makes them again
	}
	for _, name := range slices.Sorted(maps.Keys(s.buffers)) {
		b := Buffer{Shape: ps.Shape, Data: make(Numbers, len(s.buffers[name]))}
		for i, v := range s.buffers[name] {
			b.Data[i] = float64(v)
		}
		if len(b.Data) != tensor.Size(s.shape) {
			b.Shape = []int{len(b.Data)}
		}
		if ps.Buffers == nil {
			ps.Buffers = map[string]Buffer{}
		}
		ps.Buffers[name] = b
	}
	for _, name := range g.stateOf(s.shape) {
		if b, ok := ps.Buffers[name]; !ok || len(b.Data) != g.size(name, s.shape) {
			delete(ps.Buffers, name)
			ps.Fresh = append(ps.Fresh, name)
		}
	}
}

func settings(rule Setting) Settings {
	s := Settings{}
	for _, f := range fields(reflect.ValueOf(rule)) {
		s[f.tag] = f.value.Interface()
		if v, ok := s[f.tag].(float64); ok {
			s[f.tag] = number2any(v)
		}
	}
	return s
}

// initialState returns hyperparameters for JSON, nil for none.
func initialState(initial map[string]float64) (s Settings) {
	for name, v := range initial {
		if s == nil {
			s = Settings{}
		}
		s[name] = number2any(v)
	}
	return s
}

// StateError lists what does not fit. It wraps [ErrState].
type StateError struct {
	Missing    []string // names that the state lacks
	Unexpected []string // names in the state that are not known
	Mismatched []string // names with a value of another kind, with both
}

// Unwrap returns [ErrState].
func (e *StateError) Unwrap() error { return ErrState }

// Error lists all three.
func (e *StateError) Error() string {
	text := "optim: " + ErrState.Error()
	for _, part := range []struct {
		what string
		list []string
	}{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"mismatched", e.Mismatched}} {
		if len(part.list) > 0 {
			text += "; " + part.what + ": " + strings.Join(part.list, ", ")
		}
	}
	return text
}

func (e *StateError) missing(format string, args ...any) {
	e.Missing = append(e.Missing, fmt.Sprintf(format, args...))
}

func (e *StateError) unexpected(format string, args ...any) {
	e.Unexpected = append(e.Unexpected, fmt.Sprintf(format, args...))
}

func (e *StateError) mismatched(format string, args ...any) {
	e.Mismatched = append(e.Mismatched, fmt.Sprintf(format, args...))
}

// orNil returns e, or nil if it lists nothing.
func (e *StateError) orNil() error {
	if len(e.Missing)+len(e.Unexpected)+len(e.Mismatched) == 0 {
		return nil
	}
	return e
}

// MarshalJSON writes an array.
func (n Numbers) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+20*len(n)), '[')
	for i, v := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Numbers) UnmarshalJSON(text []byte) error {
	list := strings.TrimSpace(string(text))
	if list == "null" {
		*n = nil
		return nil
	}
	inner, opened := strings.CutPrefix(list, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return fmt.Errorf("optim: %w: numbers are not a list", ErrState)
	}
	*n = Numbers{}
	if strings.TrimSpace(inner) == "" {
		return nil
	}
	*n = make(Numbers, 0, 1+strings.Count(inner, ","))
	for item := range strings.SplitSeq(inner, ",") {
		v, ok := parseNumber(strings.TrimSpace(item))
		if !ok {
			return fmt.Errorf("optim: %w: %.40q is not a number", ErrState, item)
		}
		*n = append(*n, v)
	}
	return nil
}

// The names of floats that JSON has no number for, as in JavaScript and Python.
const (
	textNaN    = "NaN"
	textInf    = "Infinity"
	textNegInf = "-Infinity"
)

func appendNumber(b []byte, v float64) []byte {
	if finite(v) {
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	return strconv.AppendQuote(b, number2any(v).(string))
}

// number2any returns v, or its name if it is not finite.
func number2any(v float64) any {
	switch {
	case math.IsNaN(v):
		return textNaN
	case math.IsInf(v, 1):
		return textInf
	case math.IsInf(v, -1):
		return textNegInf
	}
	return v
}

// any2number undoes number2any.
func any2number(v any) (x float64, ok bool) {
	switch v {
	case textNaN:
		return math.NaN(), true
	case textInf:
		return math.Inf(1), true
	case textNegInf:
		return math.Inf(-1), true
	}
	x, ok = v.(float64)
	return x, ok
}

// parseNumber reads a number or the quoted name of one.
func parseNumber(text string) (float64, bool) {
	if name, ok := strings.CutPrefix(text, `"`); ok {
		return any2number(strings.TrimSuffix(name, `"`))
	}
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return 0, false // ParseFloat reads "inf" and the like
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// numbers returns the scalars, so that the powers go on with the same bits.
func (s *Scalars) numbers() Numbers {
	n := append(Numbers(nil), s.V[:]...)
	for _, p := range s.powers {
		n = append(n, p.base, float64(p.t), p.hi, p.lo)
	}
	return n
}

// set undoes numbers; without numbers the scalars are as new.
func (s *Scalars) set(n Numbers) (ok bool) {
	*s = Scalars{}
	if n == nil {
		return true
	}
	if len(n) != len(s.V)+4*len(s.powers) {
		return false
	}
	copy(s.V[:], n)
	for i := range s.powers {
		p := n[len(s.V)+4*i:]
		t := int(p[1])
		if float64(t) != p[1] || t < 0 || t > maxSteps {
			return false
		}
		s.powers[i] = power{base: p[0], t: t, hi: p[2], lo: p[3]}
	}
	return true
}
