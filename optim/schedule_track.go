package optim

import "reflect"

// track moves one hyperparameter along a schedule.
type track struct {
	of       tunable
	name     string
	schedule Schedule
	initial  float64
	field    *float64 // in the setting
	lr       *float64 // the learning rate there, or field
	in       Setting  // that field is in
}

// newTrack returns the track at the start of the schedule, before epoch 0.
func newTrack(of tunable, name string, s Schedule) (track, error) {
	t := track{of: of, name: name, schedule: s}
	if err := t.bind(); err != nil {
		return t, err
	}
	known, ok := of.initials()[name]
	v, initial := begin(s, *t.field, known, ok)
	of.initials()[name], t.initial = initial, initial
	return t, t.set(v)
}

// bind finds the field. After [Group.SetRule] it is in another rule.
func (t *track) bind() error {
	in := t.of.setting()
	if t.field != nil && t.in == in {
		return nil
	}
	f, err := numberField(reflect.ValueOf(in), t.name)
	if err != nil {
		return err
	}
	t.field, t.in = f.Addr().Interface().(*float64), in
	t.lr = t.field
	if f, err := numberField(reflect.ValueOf(in), "lr"); err == nil {
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
	t.of.touched((before == 0) != (v == 0) && t.field != t.lr)
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
	return t.in.Check()
}

// typeNameOf returns the name of a schedule's type.
func typeNameOf(s Schedule) string {
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
