package optim

import (
	"fmt"
	"slices"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// param is a parameter with its step count. Its state is in a slot, which
// exists from the first time the parameter has a value.
type param struct {
	of     gorgonia.ValueGrad
	name   string // the node's name, or the index
	label  string // how errors call it: `"w"` or `3`
	key    string // name, made unique
	frozen bool
	steps  int
	slot   slot
	active bool // has a gradient at this step

	checker ShapeChecker // the rule, or nil

	value, grad place // of what slot looks at, which passed all checks
}

// slot is *slotOf[float32] or *slotOf[float64].
type slot interface {
	bindValue(v gorgonia.Value) error
	bindGrad(v gorgonia.Value) error
	step(g *Group, t int)
	ahead(g *Group, t int)
	restore()
	zeroGrad()
	save(p *ParamState, g *Group)
	load(p *ParamState)
}

func newParam(vg gorgonia.ValueGrad, index int) *param {
	p := &param{of: vg, name: strconv.Itoa(index), label: strconv.Itoa(index)}
	if n, ok := vg.(*gorgonia.Node); ok {
		p.name, p.label = n.Name(), strconv.Quote(n.Name())
	}
	return p
}

func (p *param) errorf(err error) error {
	return fmt.Errorf("optim: %w %s: %w", ErrParam, p.label, err)
}

// bindValue makes the slot look at the present value of the parameter.
func (p *param) bindValue() error {
	v := p.of.Value()
	if p.value.has(v) {
		return nil
	}
	p.value.forget()
	if missing(v) {
		return p.errorf(fmt.Errorf("%w: it has no value", tensor.ErrShape))
	}
	if p.slot == nil {
		switch dtype := v.Dtype(); dtype {
		case tensor.Float32:
			p.slot = &slotOf[float32]{}
		case tensor.Float64:
			p.slot = &slotOf[float64]{}
		default:
			return p.errorf(fmt.Errorf("%w: %v, want float32 or float64", tensor.ErrDtype, dtype.Type))
		}
	}
	if err := p.slot.bindValue(v); err != nil {
		return p.errorf(err)
	}
	if err := p.checkShape(v.Shape()); err != nil {
		return err
	}
	p.value.set(v)
	return nil
}

// checkShape returns why the rule cannot optimize a parameter of this shape.
func (p *param) checkShape(shape tensor.Shape) error {
	if p.checker == nil {
		return nil
	}
	if err := p.checker.CheckShape(shape); err != nil {
		return p.errorf(err)
	}
	return nil
}

// bind makes the slot look at the present value and gradient. A parameter
// whose gradient is absent is not active. What is where it was has been checked.
func (p *param) bind() error {
	grad, err := p.of.Grad()
	if p.active = err == nil && !missing(grad); !p.active {
		return nil // torch skips such a parameter
	}
	if p.grad.has(grad) && p.value.has(p.of.Value()) {
		return nil
	}
	p.active = false
	if err := p.bindValue(); err != nil {
		return err
	}
	p.grad.forget()
	if err := p.slot.bindGrad(grad); err != nil {
		return p.errorf(fmt.Errorf("gradient: %w", err))
	}
	p.grad.set(grad)
	p.active = true
	return nil
}

// missing reports whether v is nil or a nil pointer.
func missing(v gorgonia.Value) bool {
	switch v := v.(type) {
	case nil:
		return true
	case *gorgonia.F64:
		return v == nil
	case *gorgonia.F32:
		return v == nil
	case *tensor.Dense:
		return v == nil
	}
	return false
}

// slotOf is the state of a parameter with elements of type T.
type slotOf[T tensor.Float] struct {
	Step[T]
	shape   tensor.Shape // of the first value
	buffers map[string][]T
	version int // of the group's rule that State was made for
	moved   bool
	saved   []T // the parameter, while Param is at the look-ahead point

	parts    []part[T] // of a large parameter
	stepPart func(int)
	rule     Rule // during stepParts
}

func (s *slotOf[T]) bindValue(v gorgonia.Value) error {
	data, err := tensor.Data[T](v)
	if err != nil {
		return err
	}
	if s.shape == nil {
		s.shape = v.Shape().Clone()
	} else if !slices.Equal(s.shape, v.Shape()) {
		return fmt.Errorf("%w: its shape changed from %v to %v", tensor.ErrShape, s.shape, v.Shape())
	}
	if len(s.Param) != len(data) || &s.Param[0] != &data[0] {
		s.moved = false // it was another value
	}
	s.Param = data
	return nil
}

func (s *slotOf[T]) bindGrad(v gorgonia.Value) error {
	data, err := tensor.Data[T](v)
	if err != nil {
		return err
	}
	if !slices.Equal(s.shape, v.Shape()) {
		return fmt.Errorf("%w: shape %v, want %v", tensor.ErrShape, v.Shape(), s.shape)
	}
	s.Grad = data
	return nil
}

// bindState allocates the buffers that the group's rule asks for.
func (s *slotOf[T]) bindState(g *Group) {
	if s.version == g.version {
		return
	}
	s.version = g.version
	s.Scalars, s.Shape = &g.scalars, s.shape
	if w, ok := g.rule.(Worker); ok {
		s.Work = make([]T, w.Work(s.shape))
	}
	if w, ok := g.rule.(Worker64); ok {
		s.Work64 = make([]float64, w.Work64(s.shape))
	}
	s.State = s.State[:0]
	for _, name := range g.state {
		b, n := s.buffers[name], g.size(name, s.shape)
		if len(b) != n {
			b = buffer[T](n, g.fill(name))
			if s.buffers == nil {
				s.buffers = map[string][]T{}
			}
			s.buffers[name] = b
			s.Fresh = true
		}
		s.State = append(s.State, b)
	}
}

func (s *slotOf[T]) step(g *Group, t int) {
	s.bindState(g)
	s.T, s.At = t, s.Param
	if s.moved {
		for i := range s.saved {
			s.saved[i], s.Param[i] = s.Param[i], s.saved[i]
		}
		s.moved, s.At = false, s.saved
	}
	if g.elementwise && len(s.Param) > partSize {
		s.stepParts(g.rule)
	} else {
		stepBy(g.rule, &s.Step)
	}
	s.Fresh = false
}

func stepBy[T tensor.Float](rule Rule, s *Step[T]) {
	switch s := any(s).(type) {
	case *Step[float32]:
		rule.Step32(s)
	case *Step[float64]:
		rule.Step64(s)
	}
}

func (s *slotOf[T]) ahead(g *Group, t int) {
	if s.moved {
		return
	}
	s.bindState(g)
	s.saved = append(s.saved[:0], s.Param...)
	s.T, s.At, s.moved = t, s.Param, true
	grad := s.Grad
	s.Grad = nil
	aheadBy(g.lookAhead, &s.Step)
	s.Grad = grad
}

func aheadBy[T tensor.Float](rule LookAhead, s *Step[T]) {
	switch s := any(s).(type) {
	case *Step[float32]:
		rule.Ahead32(s)
	case *Step[float64]:
		rule.Ahead64(s)
	}
}

func (s *slotOf[T]) restore() {
	if s.moved {
		copy(s.Param, s.saved)
		s.moved = false
	}
}

func (s *slotOf[T]) zeroGrad() { clear(s.Grad) }

func buffer[T tensor.Float](n int, fill float64) []T {
	b := make([]T, n)
	if fill != 0 {
		for i := range b {
			b[i] = T(fill)
		}
	}
	return b
}
