package optim

import "reflect"

// track moves one hyperparameter of one group along a schedule.
type track struct {
	group    *Group
	name     string
	schedule Schedule
	initial  float64
	field    *float64 // in the group's rule
	lr       *float64 // the learning rate there, or field
	rule     Rule     // that field is in
}

// newTrack returns the track at the start of the schedule, before epoch 0.
func newTrack(g *Group, name string, s Schedule) (track, error) {
	t := track{group: g, name: name, schedule: s}
	if err := t.bind(); err != nil {
		return t, err
	}
	known, ok := g.initial[name]
	v, initial := begin(s, *t.field, known, ok)
	if g.initial == nil {
		g.initial = map[string]float64{}
	}
	g.initial[name], t.initial = initial, initial
	return t, t.set(v)
}

// bind finds the field. After [Group.SetRule] it is in another rule.
func (t *track) bind() error {
	if t.field != nil && t.rule == t.group.rule {
		return nil
	}
	f, err := numberField(t.group.own(), t.name)
	if err != nil {
		return err
	}
	t.field, t.rule = f.Addr().Interface().(*float64), t.group.rule
	t.lr = t.field
	if f, err := numberField(t.group.own(), "lr"); err == nil {
		t.lr = f.Addr().Interface().(*float64)
	}
	return nil
}

// move goes to an epoch and returns the value there.
func (t *track) move(epoch float64, far bool) (float64, error) {
	if err := t.bind(); err != nil {
		return 0, err
	}
	if err := late(t.schedule, int(epoch)); err != nil {
		return 0, err
	}
	var v float64
	if far {
		v = jump(t.schedule, epoch, *t.field, t.initial)
	} else {
		v = t.schedule.Next(int(epoch), *t.field, t.initial)
	}
	return v, t.set(v)
}

// set is [Group.Set] without allocation. A learning rate may be below zero: the
// recursion of the cosine crosses zero by round-off, and PyTorch's schedulers
// check nothing.
func (t *track) set(v float64) error {
	before := *t.field
	*t.field = v
	if err := t.check(); err != nil {
		*t.field = before
		return err
	}
	t.group.prepared = 0
	if (before == 0) != (v == 0) && t.field != t.lr {
		t.group.state = t.group.rule.State() // SGD keeps a buffer if there is momentum
		t.group.version++
	}
	return nil
}

// check is the rule's Check, but any finite learning rate will do.
func (t *track) check() error {
	lr := *t.lr
	if finite(lr) {
		if t.field == t.lr {
			return nil
		}
		*t.lr = 1
		defer func() { *t.lr = lr }()
	}
	return t.group.rule.Check()
}

// own makes the group's rule a copy that nothing else has, and returns it
// settable. [Group.Rule] goes on returning copies of the type it had.
func (g *Group) own() reflect.Value {
	if !g.owned {
		g.pointer = reflect.TypeOf(g.rule).Kind() == reflect.Pointer
		c := clone(g.rule)
		if !g.pointer {
			c = c.Addr() // *T has the methods of T
		}
		g.rule, g.owned = c.Interface().(Rule), true
		g.preparer, _ = g.rule.(Preparer)
		g.lookAhead, _ = g.rule.(LookAhead)
	}
	return reflect.ValueOf(g.rule).Elem()
}

// typeNameOf returns the name of a schedule's type.
func typeNameOf(s Schedule) string {
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
