package optim

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// Explain says of what the next [Optimizer.Step] consists, element for element,
// and changes nothing: it runs each rule on copies, once as it is and three
// more times with something switched off, and takes differences. With u(g, λ)
// the move of a parameter for gradient g and weight decay λ, at its present state,
//
//	Update   = u(g, λ)                          what Step adds to the parameter
//	Decay    = u(g, λ) - u(g, 0)                what weight decay changes
//	Momentum = (u(g, 0) + u(-g, 0))/2           what does not follow the gradient's sign
//	Gradient = -ηg                              the step of plain descent, +ηg if maximize
//	Scaling  = (u(g, 0) - u(-g, 0))/2 - Gradient
//	Rest     = Update - (Gradient + Scaling + Momentum + Decay)
//
// Of [SGD], [Adam] and all whose move is linear in the gradient but for squares and
// absolute values of it, Momentum is exactly what old gradients do, divided by
// the present root: -ημb of SGD, -ηβ₁m/(1-β₁ᵗ)/(√v̂ + ε) of Adam. Where a rule
// compares signs, as [Rprop], or takes the gradient apart otherwise, as a centered
// [RMSprop] and [Muon], it is half of what the two moves have in common. Old squares
// of gradients are in Scaling, which has the whole difference between plain
// descent and what the rule makes of this gradient. η is the option lr, 1 if there is none.
//
// Decay is of the option weight_decay, and of lambd of [ASGD]. A penalty inside of
// the gradient changes the root of Adam too, and all of that is in Decay.
//
// Parts are differences of parameters, so they are known to one unit in the last place
// of the parameter. Rest is round-off. u of Update has the dtype of the parameter, the others are
// computed in float64. The sum of the five parts in the order above, in float64, is
// Update to the last bit unless parts much larger than it cancel.
//
// Parameters that Step would skip are left out. Hooks do not run: to see
// what clipping in a hook does, call Explain in a later hook of
// [Optimizer.BeforeStep]. Gradients of a [LookAhead] rule are taken where they
// were computed. Errors are those of Step. PyTorch has nothing like it.
func Explain(o *Optimizer) ([]Explanation, error) {
	var list []Explanation
	for _, g := range o.groups {
		scalars, prepared := g.scalars, g.prepared
		for _, p := range g.params {
			if p.frozen {
				continue
			}
			if err := p.bind(); err != nil {
				return nil, err
			}
			if !p.active {
				continue
			}
			t := p.steps + 1
			if g.preparer != nil && prepared != t {
				g.preparer.Prepare(t, &scalars)
				prepared = t
			}
			e := Explanation{Param: p.name, Rule: typeName(reflect.ValueOf(g.rule)), Options: Options(g.Rule()), Step: t}
			switch s := p.slot.(type) {
			case *slotOf[float32]:
				explain(&e, s, g, scalars)
			case *slotOf[float64]:
				explain(&e, s, g, scalars)
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// Explanation is the next step of one parameter.
type Explanation struct {
	Param    string     `json:"param"`   // its name, see [Group.Names]
	Rule     string     `json:"rule"`    // the type of the rule
	Options  OptionList `json:"options"` // its hyperparameters
	Step     int        `json:"step"`    // the step count, from 1
	Shape    []int      `json:"shape"`
	Elements []Move     `json:"elements"`
}

// Move is the next step of one element; [Explain] has the formulas.
type Move struct {
	Value    float64 // before the step
	Grad     float64 // as the parameter has it
	Gradient float64 // part of Update: plain descent
	Scaling  float64 // part: what the rule makes of this gradient beyond that
	Momentum float64 // part: old gradients
	Decay    float64 // part: weight decay
	Rest     float64 // part: round-off
	Update   float64 // the sum, value after the step minus Value
	// Rate is the effective learning rate Update/Grad with the sign of
	// descent: η for plain descent, negative if the move is uphill, NaN where the
	// gradient is 0.
	Rate float64
}

// moveNames are the names of the numbers in JSON and, but for value and rate, in tables.
var moveNames = []string{"value", "grad", "gradient", "scaling", "momentum", "decay", "rest", "update", "rate"}

func (m Move) numbers() []float64 {
	return []float64{m.Value, m.Grad, m.Gradient, m.Scaling, m.Momentum, m.Decay, m.Rest, m.Update, m.Rate}
}

// MarshalJSON returns an object with the names of the fields in lower case. A
// number that is not finite is the string "NaN", "Infinity" or "-Infinity", as
// in a [StateDict].
func (m Move) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, v := range m.numbers() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(append(b, moveNames[i]...), '"', ':')
		b = appendNumber(b, v)
	}
	return append(b, '}'), nil
}

// mover runs a rule on copies of what a parameter has, in one dtype.
type mover[T tensor.Float] struct {
	shape       tensor.Shape
	param, grad []T
	at          []T // nil if Param itself
	state       [][]T
	fresh       bool
}

// move returns what rule adds to the parameter, with its gradient times sign.
func (c mover[T]) move(rule Rule, t int, sign T, scalars Scalars) []float64 {
	s := Step[T]{T: t, Fresh: c.fresh, Shape: c.shape.Clone(), Param: slices.Clone(c.param), Scalars: &scalars}
	s.At = s.Param
	if c.at != nil {
		s.At = slices.Clone(c.at)
	}
	for _, g := range c.grad {
		s.Grad = append(s.Grad, sign*g)
	}
	for _, b := range c.state {
		s.State = append(s.State, slices.Clone(b))
	}
	if w, ok := rule.(Worker); ok {
		s.Work = make([]T, w.Work(s.Shape))
	}
	if w, ok := rule.(Worker64); ok {
		s.Work64 = make([]float64, w.Work64(s.Shape))
	}
	switch s := any(&s).(type) {
	case *Step[float32]:
		rule.Step32(s)
	case *Step[float64]:
		rule.Step64(s)
	}
	u := make([]float64, len(s.Param))
	for i, p := range s.Param {
		u[i] = float64(p) - float64(c.param[i])
	}
	return u
}

// explain fills the shape and the elements of e.
func explain[T tensor.Float](e *Explanation, s *slotOf[T], g *Group, scalars Scalars) {
	own := moverOf(s, g)
	e.Shape = append([]int{}, s.shape...)
	c, rule := own.wide(), g.Rule()
	update := own.move(rule, e.Step, 1, scalars)
	decayed := c.move(rule, e.Step, 1, scalars)
	plain, changed := withoutDecay(rule)
	if p, ok := plain.(Preparer); ok && changed {
		p.Prepare(e.Step, &scalars)
	}
	with, against := c.move(plain, e.Step, 1, scalars), c.move(plain, e.Step, -1, scalars)
	lr := signedLR(rule)
	for i, grad := range c.grad {
		m := Move{Value: c.param[i], Grad: grad, Update: update[i]}
		m.Gradient = float64(-lr*grad) + 0 // no -0
		m.Scaling = (with[i]-against[i])/2 - m.Gradient
		m.Momentum = (with[i] + against[i]) / 2
		m.Decay = decayed[i] - with[i]
		m.Rest = m.Update - (m.Gradient + m.Scaling + m.Momentum + m.Decay)
		m.Rate = math.NaN()
		if grad != 0 {
			m.Rate = math.Copysign(1, -lr) * m.Update / grad
		}
		e.Elements = append(e.Elements, m)
	}
}

// moverOf looks at what the step of a slot will find; it makes the buffers that
// are not there yet.
func moverOf[T tensor.Float](s *slotOf[T], g *Group) mover[T] {
	c := mover[T]{shape: s.shape, param: s.Param, grad: s.Grad, fresh: s.Fresh}
	if s.moved {
		c.param, c.at = s.saved, s.Param
	}
	for _, name := range g.state {
		b, n := s.buffers[name], g.size(name, s.shape)
		if len(b) != n {
			b, c.fresh = buffer[T](n, g.fill(name)), true
		}
		c.state = append(c.state, b)
	}
	return c
}

// wide returns the same in float64.
func (c mover[T]) wide() mover[float64] {
	w := mover[float64]{shape: c.shape, param: widen(c.param), grad: widen(c.grad), fresh: c.fresh}
	if c.at != nil {
		w.at = widen(c.at)
	}
	for _, b := range c.state {
		w.state = append(w.state, widen(b))
	}
	return w
}

func widen[T tensor.Float](x []T) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

// withoutDecay returns the rule with its weight decay at 0 and whether that is
// another rule. It is not if the rule has none, needs one, or keeps other state without.
func withoutDecay(rule Rule) (plain Rule, changed bool) {
	c := clone(rule)
	for _, f := range fields(c) {
		decay := strings.HasPrefix(f.tag, "weight_decay") || f.tag == "lambd"
		if decay && f.value.Kind() == reflect.Float64 && f.value.Float() != 0 {
			f.value.SetFloat(0)
			changed = true
		}
	}
	plain = c.Interface().(Rule)
	if !changed || plain.Check() != nil || !slices.Equal(plain.State(), rule.State()) {
		return rule, false
	}
	return plain, true
}

// signedLR returns the learning rate, negative if the rule goes uphill.
func signedLR(rule Rule) float64 {
	lr := 1.0
	for _, f := range fields(reflect.ValueOf(rule)) {
		switch f.tag {
		case "lr":
			lr *= f.value.Float()
		case "maximize":
			if f.value.Bool() {
				lr = -lr
			}
		}
	}
	return lr
}
