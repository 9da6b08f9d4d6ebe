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
// compares signs, as [Rprop] and [Lion], or takes the gradient apart otherwise, as a
// centered [RMSprop], [AdaBelief] and [Muon], it is the mean of the two moves. Old squares
// of gradients are in Scaling, which has the whole difference between plain
// descent and what the rule makes of this gradient. η is the option lr, 1 if there is none.
//
// Decay is of the option weight_decay, and of lambd of [ASGD]. A penalty inside of
// the gradient changes the root of Adam too, and all of that is in Decay.
//
// Parts are differences of parameters, so they are known to one unit in the last
// place of the parameter. Rest is round-off: u of Update has the dtype of the
// parameter, the others are computed in float64, so Rest also has what float32 costs.
// The sum of the five parts in the order above, in float64, is Update to the last
// bit unless parts much larger than it cancel.
//
// Parameters that Step would skip are left out. Hooks do not run: to see
// what clipping in a hook does, call Explain in a later hook of
// [Optimizer.BeforeStep]. Gradients of a [LookAhead] rule are taken where they
// were computed. Errors are those of Step; no optimizer is one too. PyTorch has nothing like it.
func Explain(o *Optimizer) ([]Explanation, error) {
	if o == nil {
		return nil, optionErrorf("no optimizer")
	}
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
			e := Explanation{Param: p.name, Step: t, rule: g.Rule()}
			e.Rule, e.Options = typeName(reflect.ValueOf(e.rule)), Options(e.rule)
			switch s := p.slot.(type) {
			case *slotOf[float32]:
				explain(&e, s, scalars)
			case *slotOf[float64]:
				explain(&e, s, scalars)
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

	rule Rule
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

// mover has copies of what a parameter has, in one dtype, to run rules on.
type mover[T tensor.Float] struct {
	slot slotOf[T]
	grad []T
}

// moverOf copies what the next step of a slot will find.
func moverOf[T, S tensor.Float](s *slotOf[S]) mover[T] {
	c := mover[T]{grad: converted[T](s.Grad)}
	c.slot.Param, c.slot.Fresh, c.slot.shape = converted[T](s.Param), s.Fresh, s.shape.Clone()
	if s.moved {
		c.slot.moved, c.slot.saved = true, converted[T](s.saved)
	}
	c.slot.buffers = map[string][]T{}
	for name, b := range s.buffers {
		c.slot.buffers[name] = converted[T](b)
	}
	return c
}

func converted[T, S tensor.Float](x []S) []T {
	c := make([]T, len(x))
	for i, v := range x {
		c[i] = T(v)
	}
	return c
}

// value returns the parameter, not where it looks ahead.
func (c mover[T]) value() []T {
	if c.slot.moved {
		return c.slot.saved
	}
	return c.slot.Param
}

// move returns what the step of a group adds to the parameter, with sign times its gradient.
func (c mover[T]) move(g Group, t int, sign T) []float64 {
	s := moverOf[T](&c.slot).slot
	s.Grad = converted[T](c.grad)
	for i := range s.Grad {
		s.Grad[i] *= sign
	}
	s.step(&g, t)
	u := make([]float64, len(s.Param))
	for i, p := range c.value() {
		u[i] = float64(s.Param[i]) - float64(p)
	}
	return u
}

// explain fills the shape and the elements of e.
func explain[T tensor.Float](e *Explanation, s *slotOf[T], scalars Scalars) {
	e.Shape = append([]int{}, s.shape...)
	var g, plain Group
	g.use(e.rule)
	g.scalars, g.prepared = scalars, e.Step
	plain = g
	if rule, changed := withoutDecay(e.rule); changed {
		plain.use(rule)
		plain.prepare(e.Step)
	}
	c, lr := moverOf[float64](s), signedLR(e.rule)
	update, decayed := moverOf[T](s).move(g, e.Step, 1), c.move(g, e.Step, 1)
	with, against := c.move(plain, e.Step, 1), c.move(plain, e.Step, -1)
	for i, grad := range c.grad {
		m := Move{Value: c.value()[i], Grad: grad, Update: update[i]}
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
