package optim

import (
	"math"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Group is a list of parameters with a rule of its own, like an entry of
// torch's param_groups.
type Group struct {
	opt     *Optimizer
	params  []*param
	initial map[string]float64 // hyperparameters when their first schedule was made

	rule        Rule
	preparer    Preparer  // rule, or nil
	lookAhead   LookAhead // rule, or nil
	elementwise bool      // rule is an Elementwise
	state       []string
	version     int  // counts the changes of rule
	owned       bool // rule is a pointer that a scheduler writes to; see own
	pointer     bool // and was one before

	scalars  Scalars
	prepared int // the step count that scalars are for
}

// Rule returns a copy of the group's rule.
func (g *Group) Rule() Rule {
	switch {
	case !g.owned:
		return g.rule
	case g.pointer:
		return clone(g.rule).Interface().(Rule)
	}
	return reflect.ValueOf(g.rule).Elem().Interface().(Rule)
}

// SetRule changes the hyperparameters of the group; state is kept. It returns
// an error that wraps [ErrOption], and changes nothing, if rule is of another
// type than the present one or its Check fails.
func (g *Group) SetRule(rule Rule) error {
	if have := g.Rule(); reflect.TypeOf(rule) != reflect.TypeOf(have) {
		return optionErrorf("a group of %T cannot become one of %T", have, rule)
	}
	if err := rule.Check(); err != nil {
		return err
	}
	g.use(rule)
	return nil
}

func (g *Group) use(rule Rule) {
	g.rule, g.owned = rule, false
	g.preparer, _ = rule.(Preparer)
	g.lookAhead, _ = rule.(LookAhead)
	_, g.elementwise = rule.(Elementwise)
	g.state = rule.State()
	g.prepared = 0
	g.version++
}

// Get returns the hyperparameter of the given PyTorch name, as "lr",
// "momentum" or "betas[0]". An unknown one is an error that wraps [ErrOption]
// and lists the known ones.
func (g *Group) Get(name string) (float64, error) {
	f, err := numberField(reflect.ValueOf(g.rule), name)
	if err != nil {
		return math.NaN(), err
	}
	return f.Float(), nil
}

// Set changes the hyperparameter of the given PyTorch name from the next step
// on. A value out of range is an error of the rule's Check, and changes
// nothing.
func (g *Group) Set(name string, v float64) error {
	rule, err := with(g.Rule(), name, v)
	if err != nil {
		return err
	}
	return g.SetRule(rule)
}

// LR returns the learning rate, NaN if the rule has none.
func (g *Group) LR() float64 {
	lr, _ := g.Get("lr")
	return lr
}

// SetLR changes the learning rate from the next step on; see [Group.Set].
func (g *Group) SetLR(lr float64) error { return g.Set("lr", lr) }

// Params returns the parameters of the group.
func (g *Group) Params() []gorgonia.ValueGrad { return listOf(g.params) }

// Names returns the names of the parameters: the node's name for a
// *gorgonia.Node, otherwise the index among all parameters of the optimizer.
func (g *Group) Names() []string {
	out := make([]string, len(g.params))
	for i, p := range g.params {
		out[i] = p.name
	}
	return out
}

// prepare computes the scalars of step t unless they are there.
func (g *Group) prepare(t int) {
	if g.preparer != nil && g.prepared != t {
		g.preparer.Prepare(t, &g.scalars)
		g.prepared = t
	}
}

// fill returns the first value of a state buffer.
func (g *Group) fill(state string) float64 {
	if f, ok := g.rule.(Filler); ok {
		return f.Fill(state)
	}
	return 0
}

// size returns the number of elements of a state buffer.
func (g *Group) size(state string, shape tensor.Shape) int {
	if s, ok := g.rule.(Sizer); ok {
		return s.Size(state, shape)
	}
	return tensor.Size(shape)
}

// stateOf returns the names of the buffers that a parameter of the given shape has.
func (g *Group) stateOf(shape tensor.Shape) (names []string) {
	for _, name := range g.state {
		if g.size(name, shape) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// contains reports whether vg is a parameter of the group.
func (g *Group) contains(vg gorgonia.ValueGrad) bool {
	return slices.ContainsFunc(g.params, func(p *param) bool { return same(p.of, vg) })
}
