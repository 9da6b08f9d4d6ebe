package optim

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Freeze makes steps skip all parameters of the group, as parameters without a
// gradient: their values, state and step counts stay as they are. In PyTorch it
// is requires_grad = False. It is not part of a [StateDict].
func (g *Group) Freeze() { g.freeze(true) }

// Unfreeze undoes Freeze. Steps go on with the old state.
func (g *Group) Unfreeze() { g.freeze(false) }

func (g *Group) freeze(frozen bool) {
	for _, p := range g.params {
		p.setFrozen(frozen)
	}
	if g.opt != nil {
		g.opt.listTrainable()
	}
}

// Freeze is [Group.Freeze] for single parameters. One that the optimizer does
// not have is an error that wraps [ErrParam]; then nothing has changed.
func (o *Optimizer) Freeze(params ...gorgonia.ValueGrad) error { return o.freeze(params, true) }

// Unfreeze undoes Freeze.
func (o *Optimizer) Unfreeze(params ...gorgonia.ValueGrad) error { return o.freeze(params, false) }

func (o *Optimizer) freeze(params []gorgonia.ValueGrad, frozen bool) error {
	var all []*param
	for _, g := range o.groups {
		all = append(all, g.params...)
	}
	found, err := find(params, all)
	if err != nil {
		return err
	}
	for _, p := range found {
		p.setFrozen(frozen)
	}
	o.listTrainable()
	return nil
}

// find returns which of all the params are.
func find(params []gorgonia.ValueGrad, all []*param) ([]*param, error) {
	found := make([]*param, len(params))
	for i, vg := range params {
		at := slices.IndexFunc(all, func(p *param) bool { return vg != nil && same(p.of, vg) })
		if at < 0 {
			return nil, paramErrorf("%d of %d: it is not in the optimizer", i, len(params))
		}
		found[i] = all[at]
	}
	return found, nil
}

// Freeze holds parameters fixed, as [Optimizer.Freeze]: they are no part of the vector that the
// method sees. What it remembers is of another vector then, so it starts again, with the
// same hyperparameters. A parameter that the minimizer does not have is an error, as is one that
// [KFAC] cannot be without; then nothing has changed.
func (o *Minimizer) Freeze(params ...gorgonia.ValueGrad) error { return o.freeze(params, true) }

// Unfreeze undoes Freeze. The method starts again, too.
func (o *Minimizer) Unfreeze(params ...gorgonia.ValueGrad) error { return o.freeze(params, false) }

func (o *Minimizer) freeze(params []gorgonia.ValueGrad, frozen bool) error {
	found, err := find(params, o.params)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(p *param) bool { return p.frozen == frozen })
	if len(found) == 0 {
		return nil
	}
	for _, p := range found {
		p.frozen = frozen
	}
	if err := o.begin(o.Method()); err != nil {
		for _, p := range found {
			p.frozen = !frozen
		}
		return err
	}
	return nil
}

// setFrozen moves a parameter that is frozen while it is ahead back.
func (p *param) setFrozen(frozen bool) {
	p.frozen = frozen
	if frozen && p.slot != nil {
		p.slot.restore()
	}
}

func (o *Optimizer) listTrainable() {
	o.trainable = nil
	for _, g := range o.groups {
		for _, p := range g.params {
			if !p.frozen {
				o.trainable = append(o.trainable, p.of)
			}
		}
	}
}

// Split divides parameters by their shapes, in order: the first list has those
// for which in is true. Muon, for example, is for matrices alone:
//
//	matrices, others := optim.Split(params, func(s tensor.Shape) bool { return len(s) == 2 })
//	opt, err := optim.New(matrices, optim.DefaultMuon())
//	if err == nil {
//		err = opt.AddGroup(others, optim.DefaultAdamW())
//	}
//
// A node without a value has the shape of the node. A parameter without either
// goes to the second list, as all do if in is nil.
func Split(params []gorgonia.ValueGrad, in func(shape tensor.Shape) bool) (yes, no []gorgonia.ValueGrad) {
	for _, vg := range params {
		if shape, ok := shapeOf(vg); ok && in != nil && in(shape) {
			yes = append(yes, vg)
		} else {
			no = append(no, vg)
		}
	}
	return yes, no
}

func shapeOf(vg gorgonia.ValueGrad) (shape tensor.Shape, ok bool) {
	if vg == nil || nilPointer(vg) || nodeErr(vg) != nil {
		return nil, false
	}
	if v := vg.Value(); !missing(v) {
		return v.Shape(), true
	}
	if n, ok := vg.(*gorgonia.Node); ok {
		return n.Shape(), true
	}
	return nil, false
}
