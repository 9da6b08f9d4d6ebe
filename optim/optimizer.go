package optim

import (
	"errors"
	"reflect"
	"strconv"

	"gorgonia.org/gorgonia"
)

// Optimizer applies rules to parameters, like an instance of
// torch.optim.Optimizer. It is for one goroutine at a time.
type Optimizer struct {
	groups    []*Group
	params    []gorgonia.ValueGrad // of all groups, in order
	trainable []gorgonia.ValueGrad // those that are not frozen
	keys      map[string]bool      // names of parameters in a StateDict
	before    hooks[*Optimizer]
	after     hooks[*Optimizer]
}

// New returns an optimizer with one group. A parameter is anything with a
// value and a gradient, such as a *gorgonia.Node or what Params of an autodiff
// program returns; values and gradients are float32 or float64, scalars or
// contiguous tensors, and may change place between steps.
//
// It returns the errors of rule's Check, and errors that wrap [ErrParam] for
// an empty list, a nil entry, a node that is not a leaf, a parameter that is
// listed twice, and a value that cannot be optimized.
func New(params []gorgonia.ValueGrad, rule Rule) (*Optimizer, error) {
	o := &Optimizer{}
	if err := o.AddGroup(params, rule); err != nil {
		return nil, err
	}
	return o, nil
}

// AddGroup adds a group of parameters with a rule of its own, which may be of
// another type, before the first step or later. Errors are those of [New]; on
// error nothing is added.
func (o *Optimizer) AddGroup(params []gorgonia.ValueGrad, rule Rule) error {
	if missingRule(rule) {
		return optionErrorf("no rule")
	}
	if err := rule.Check(); err != nil {
		return err
	}
	if len(params) == 0 {
		return paramErrorf("optimizer got an empty parameter list")
	}
	g := &Group{opt: o}
	for i, vg := range params {
		p, err := o.admit(vg, len(o.params)+i)
		if err != nil {
			return err
		}
		if g.contains(vg) {
			return paramErrorf("%s: optimizer contains a parameter group with duplicate parameters", p.label)
		}
		if p.checker, _ = rule.(ShapeChecker); !missing(vg.Value()) {
			if err := p.checkShape(vg.Value().Shape()); err != nil {
				return err
			}
		}
		g.params = append(g.params, p)
	}
	g.use(rule)
	o.groups = append(o.groups, g)
	for _, p := range g.params {
		p.key = o.key(p.name)
	}
	o.params = append(o.params, params...)
	o.trainable = append(o.trainable, params...)
	return nil
}

// key returns the name, or name#2, name#3 and so on if a parameter has it.
func (o *Optimizer) key(name string) string {
	if o.keys == nil {
		o.keys = map[string]bool{}
	}
	key := name
	for n := 2; o.keys[key]; n++ {
		key = name + "#" + strconv.Itoa(n)
	}
	o.keys[key] = true
	return key
}

// admit checks one parameter of a new group.
func (o *Optimizer) admit(vg gorgonia.ValueGrad, index int) (*param, error) {
	if vg == nil || nilPointer(vg) {
		return nil, paramErrorf("%d: it is nil", index)
	}
	p := newParam(vg, index)
	if err := nodeErr(vg); err != nil {
		return nil, p.errorf(err)
	}
	if n, ok := vg.(*gorgonia.Node); ok && !n.IsVar() {
		return nil, paramErrorf("%s: can't optimize a non-leaf node", p.label)
	}
	for _, g := range o.groups {
		if g.contains(vg) {
			return nil, paramErrorf("%s: some parameters appear in more than one parameter group", p.label)
		}
	}
	if !missing(vg.Value()) { // a node may get its first value later
		if err := p.bindValue(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Groups returns the groups, in the order in which they were added.
func (o *Optimizer) Groups() []*Group { return o.groups }

// Params returns the parameters of all groups, in order. The slice is not to
// be written to.
func (o *Optimizer) Params() []gorgonia.ValueGrad { return o.params[:len(o.params):len(o.params)] }

// Trainable returns the parameters that are not frozen, in order. The slice is
// not to be written to, and valid until the next Freeze, Unfreeze or AddGroup.
func (o *Optimizer) Trainable() []gorgonia.ValueGrad { return o.trainable }

// SetLR changes the learning rate of every group; see [Group.Set]. On an error
// the groups before the one that refused it have changed.
func (o *Optimizer) SetLR(lr float64) error {
	for _, g := range o.groups {
		if err := g.SetLR(lr); err != nil {
			return err
		}
	}
	return nil
}

// Step updates every parameter from its gradient. A parameter without one
// (Grad returns an error or nil) is skipped completely, as in PyTorch: no
// weight decay, no step count. Gradients are left as they are.
//
// So is a frozen one. Hooks of [Optimizer.BeforeStep] run first and may change
// gradients or prevent the step, those of [Optimizer.AfterStep] run last.
//
// It returns an error that wraps [ErrParam] and names the parameter when a
// value or a gradient is of another shape or dtype than the parameter, or not
// contiguous. Then nothing has changed. Steps after the first do not allocate.
func (o *Optimizer) Step() error {
	if err := o.before.run(o); err != nil {
		o.Restore()
		if errors.Is(err, ErrSkip) {
			return nil
		}
		return err
	}
	for _, g := range o.groups {
		for _, p := range g.params {
			if p.frozen {
				p.active = false
				continue
			}
			if err := p.bind(); err != nil {
				o.Restore()
				return err
			}
		}
	}
	for _, g := range o.groups {
		for _, p := range g.params {
			if !p.active {
				if p.slot != nil {
					p.slot.restore()
				}
				continue
			}
			p.steps++
			g.prepare(p.steps)
			p.slot.step(g, p.steps)
		}
	}
	return o.after.run(o)
}

// StepClosure evaluates the loss and its gradients by calling f, steps, and
// returns the loss, as step(closure) does in torch. f is called at the
// look-ahead point of the rules that have one. An error of f is returned, and
// nothing has changed.
func (o *Optimizer) StepClosure(f func() (float64, error)) (float64, error) {
	if f == nil {
		return 0, optionErrorf("StepClosure: the closure is nil")
	}
	if err := o.Ahead(); err != nil {
		return 0, err
	}
	loss, err := f()
	if err != nil {
		o.Restore()
		return loss, err
	}
	return loss, o.Step()
}

// Ahead moves every parameter whose rule is a [LookAhead], such as [Nesterov],
// to the point at which the rule wants the gradient, and leaves the others
// alone. The next [Optimizer.Step] moves them back before it steps, so that
// after a Step parameters are never ahead:
//
//	opt.Ahead()
//	prog.Run() // the loss and the gradients ahead
//	opt.Step()
//
// A second Ahead before Step does nothing. Errors are those of Step.
func (o *Optimizer) Ahead() error {
	for _, g := range o.groups {
		if g.lookAhead == nil {
			continue
		}
		for _, p := range g.params {
			if p.frozen || missing(p.of.Value()) {
				continue // without a value, Step complains if there is a gradient
			}
			if err := p.bindValue(); err != nil {
				o.Restore()
				return err
			}
			g.prepare(p.steps + 1)
			p.slot.ahead(g, p.steps+1)
		}
	}
	return nil
}

// Restore undoes [Optimizer.Ahead] without a step.
func (o *Optimizer) Restore() {
	for _, g := range o.groups {
		for _, p := range g.params {
			if p.slot != nil {
				p.slot.restore()
			}
		}
	}
}

// ZeroGrad fills the gradients with zeros. Programs that overwrite gradients
// do not need it; stock gorgonia machines add to them. Unlike in PyTorch,
// where zero_grad removes the gradient by default, the next Step does not skip
// the parameter. Errors are those of Step.
func (o *Optimizer) ZeroGrad() error {
	for _, g := range o.groups {
		for _, p := range g.params {
			if err := p.bind(); err != nil {
				return err
			}
			if p.active {
				p.slot.zeroGrad()
			}
		}
	}
	return nil
}

// same reports whether a and b are the same parameter.
func same(a, b gorgonia.ValueGrad) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && a == b
}

func nilPointer(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface:
		return r.IsNil()
	}
	return false
}

// nodeErr returns the error that a node carries instead of an operation, as
// those of package autodiff do.
func nodeErr(vg gorgonia.ValueGrad) error {
	n, ok := vg.(*gorgonia.Node)
	if !ok {
		return nil
	}
	if op, ok := n.Op().(interface{ Err() error }); ok {
		return op.Err()
	}
	return nil
}

func missingRule(r Rule) bool { return r == nil || nilPointer(r) }
