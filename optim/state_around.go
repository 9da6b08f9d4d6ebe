package optim

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// AroundState is what an [Average], a [Lookahead] or an [Accumulator] knows. It
// shares no memory with it, and encoding/json writes and reads it without loss.
// Without it a run that is resumed would average from the start again.
type AroundState struct {
	Kind   string        `json:"kind"`  // "average", "lookahead" or "accumulator"
	Count  int           `json:"count"` // updates, steps, micro-batches
	Beside []BesideState `json:"beside"`
}

// BesideState is the average, the slow weights or the sum of the gradients of
// one parameter.
type BesideState struct {
	Name  string  `json:"name"`  // the node's name, or the index
	Dtype string  `json:"dtype"` // empty if there are none
	Shape []int   `json:"shape"`
	Data  Numbers `json:"data"`
}

// StateDict returns the average, also between Apply and Restore.
func (a *Average) StateDict() *AroundState {
	d := &AroundState{Kind: "average", Count: a.n}
	for i, vg := range a.params {
		e, made := a.twins[i].elements, a.twins[i].made
		if v, err := valueOf(vg, i); a.applied && err == nil {
			e = v
		}
		d.add(vg, i, e, made)
	}
	return d
}

// LoadStateDict replaces the average. What does not fit is a [*StateError], and
// changes nothing. It is an error between Apply and Restore.
func (a *Average) LoadStateDict(d *AroundState) error {
	if a.applied {
		return optionErrorf("Average: LoadStateDict between Apply and Restore")
	}
	list, err := d.load("average", a.params)
	if err != nil {
		return err
	}
	for i, t := range list {
		if !t.made && d.Count > 0 {
			e := &StateError{}
			e.missing("%q", newParam(a.params[i], i).name)
			return e
		}
	}
	a.n, a.twins = d.Count, list
	return nil
}

// StateDict returns the number of steps and the slow weights; that of the
// optimizer inside is separate.
func (l *Lookahead) StateDict() *AroundState {
	d := &AroundState{Kind: "lookahead", Count: l.steps}
	params := l.Params()
	for i, t := range twins(l.slow, len(params)) {
		d.add(params[i], i, t.elements, t.made)
	}
	return d
}

// LoadStateDict goes on from a state. What does not fit is a [*StateError], and
// changes nothing.
func (l *Lookahead) LoadStateDict(d *AroundState) error {
	list, err := d.load("lookahead", l.Params())
	if err != nil {
		return err
	}
	l.steps, l.slow = d.Count, list
	return nil
}

// StateDict returns the number of micro-batches since the last step and the sums
// of their gradients; that of the optimizer inside is separate.
func (a *Accumulator) StateDict() *AroundState {
	d := &AroundState{Kind: "accumulator", Count: a.count}
	for i, vg := range a.Params() {
		if i < len(a.sums) && a.seen[i] {
			d.add(vg, i, a.sums[i].elements, true)
		} else {
			d.add(vg, i, elements{}, false)
		}
	}
	return d
}

// LoadStateDict goes on from a state. What does not fit, also a count that is not
// below k, is a [*StateError], and changes nothing.
func (a *Accumulator) LoadStateDict(d *AroundState) error {
	list, err := d.load("accumulator", a.Params())
	if err != nil {
		return err
	}
	if d.Count >= a.k {
		e := &StateError{}
		e.mismatched("count %d of %d micro-batches", d.Count, a.k)
		return e
	}
	a.count, a.sums, a.seen = d.Count, list, nil
	for _, t := range list {
		a.seen = append(a.seen, t.made)
	}
	return nil
}

// add appends a copy of the elements of the parameter with the given index.
func (d *AroundState) add(vg gorgonia.ValueGrad, index int, e elements, made bool) {
	b := BesideState{Name: newParam(vg, index).name, Shape: []int{}, Data: Numbers{}}
	if made {
		b.Dtype, b.Shape = tensor.Float64.String(), append(b.Shape, e.shape...)
		b.Data = append(b.Data, e.f64...)
		if len(e.f32) > 0 {
			b.Dtype = tensor.Float32.String()
		}
		for _, v := range e.f32 {
			b.Data = append(b.Data, float64(v))
		}
	}
	d.Beside = append(d.Beside, b)
}

// load returns the memory for params.
func (d *AroundState) load(kind string, params []gorgonia.ValueGrad) ([]*twin, error) {
	e := &StateError{}
	switch {
	case d == nil:
		e.missing("state of the %s", kind)
		return nil, e
	case d.Kind != kind:
		e.mismatched("kind %q, want %q", d.Kind, kind)
	case d.Count < 0 || d.Count > maxSteps:
		e.mismatched("count %d", d.Count)
	case len(d.Beside) != len(params):
		e.mismatched("%d parameters, want %d", len(d.Beside), len(params))
	}
	if err := e.orNil(); err != nil {
		return nil, err
	}
	list := twins(nil, len(params))
	for i, vg := range params {
		b, name := d.Beside[i], newParam(vg, i).name
		n, ok := sizeOf(b.Shape)
		var kind string
		var shape []int
		if v := vg.Value(); !missing(v) {
			kind, shape = v.Dtype().String(), v.Shape()
		}
		switch {
		case b.Name != name:
			e.mismatched("parameter %d: %q, want %q", i, b.Name, name)
		case b.Dtype == "":
		case !ok || n != len(b.Data):
			e.mismatched("%q: shape %v with %d numbers", name, b.Shape, len(b.Data))
		case kind != b.Dtype || !slices.Equal(shape, b.Shape):
			e.mismatched("%q: %s of shape %v, want %s of shape %v", name, b.Dtype, b.Shape, kind, shape)
		case kind == tensor.Float32.String():
			list[i].set(b)
			for _, v := range b.Data {
				list[i].f32 = append(list[i].f32, float32(v))
			}
		default:
			list[i].set(b)
			list[i].f64 = append(list[i].f64, b.Data...)
		}
	}
	return list, e.orNil()
}

func (t *twin) set(b BesideState) { t.made, t.shape = true, slices.Clone(b.Shape) }
