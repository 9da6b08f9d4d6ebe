package optim

import "strconv"

// A Schedule is a sequence of values for a hyperparameter, most often the
// learning rate. It is a plain struct and has no state; a [Scheduler] applies
// it to an optimizer, and [Plan] shows it.
type Schedule interface {
	// Check returns an error for every field out of its range.
	Check() error
	// Next returns the value at epoch >= 0, given the present value and the
	// initial one. Like torch's get_lr it is recursive where torch's is, so
	// that several schedules can act on the same value. Epoch 0 is when the
	// scheduler is made; most schedules then return the present value.
	Next(epoch int, present, initial float64) float64
}

// A ClosedForm is a [Schedule] that can go to any epoch at once. At returns
// its value there when it acts alone, like torch's _get_closed_form_lr. It and
// Next differ by round-off. An epoch may have a fraction.
type ClosedForm interface {
	Schedule
	At(epoch, initial float64) float64
}

// A Cycler is a [Schedule] of the learning rate that moves the momentum as
// well, as [CyclicLR] and [OneCycleLR]. Momentum returns the schedule of
// betas[0] where the rule has that, of momentum otherwise; nil for none.
type Cycler interface {
	Schedule
	Momentum() Schedule
}

// starter is a schedule that sets the value before epoch 0. If fixed, that is
// also the initial value, even if another schedule was there before.
type starter interface {
	start(present float64) (v float64, fixed bool)
}

// restarter is a schedule that [SequentialLR] starts in its own way.
type restarter interface {
	restart(present, initial float64) float64
}

// bounded is a schedule that ends: late returns an error for epochs after that.
type bounded interface {
	late(epoch int) error
}

// begin returns the value before epoch 0 and the initial value, given the
// present one and that of earlier schedules, if known.
func begin(s Schedule, present, initial float64, known bool) (first, from float64) {
	fixed := false
	if s, ok := s.(starter); ok {
		present, fixed = s.start(present)
	}
	if known && !fixed {
		return present, initial
	}
	return present, present
}

// restart returns the value when s takes over from another schedule.
func restart(s Schedule, present, initial float64) float64 {
	switch s := s.(type) {
	case restarter:
		return s.restart(present, initial)
	case ClosedForm:
		return s.At(0, initial)
	}
	return s.Next(0, present, initial)
}

// jump returns the value at an epoch that is not the one after the last.
func jump(s Schedule, epoch, present, initial float64) float64 {
	if s, ok := s.(ClosedForm); ok {
		return s.At(epoch, initial)
	}
	if epoch == 0 {
		return restart(s, present, initial)
	}
	return s.Next(int(epoch), present, initial)
}

// late returns why a schedule has no value at an epoch, or nil.
func late(s Schedule, epoch int) error {
	if s, ok := s.(bounded); ok {
		return s.late(epoch)
	}
	return nil
}

// Plan is a dry run: it returns the values that a schedule gives to a
// hyperparameter at epochs 0 to epochs, starting from initial. Schedules that
// act on the same value are planned as one [ChainedScheduler]. A value that is
// not finite is an error.
func Plan(s Schedule, initial float64, epochs int) ([]float64, error) {
	if s == nil || nilPointer(s) || epochs < 0 {
		return nil, optionErrorf("a plan needs a schedule and a number of epochs >= 0")
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	values := make([]float64, epochs+1)
	v, initial := begin(s, initial, 0, false)
	for epoch := range values {
		if err := late(s, epoch); err != nil {
			return nil, err
		}
		if v = s.Next(epoch, v, initial); !finite(v) {
			return nil, optionErrorf("%s has the value %s at epoch %d", typeNameOf(s), pyFloat(v), epoch)
		}
		values[epoch] = v
	}
	return values, nil
}

// Func is a schedule in closed form: it returns the value at an epoch >= 0
// from the initial one. Schedules before it in a chain have no effect.
type Func func(epoch int, initial float64) float64

// Check returns an error if there is no function.
func (f Func) Check() error {
	if f == nil {
		return bare("Func", "no function")
	}
	return nil
}

// Next returns f(epoch, initial).
func (f Func) Next(epoch int, _, initial float64) float64 { return f(epoch, initial) }

// hold is a schedule that leaves the value alone.
type hold struct{}

func (hold) Check() error                           { return nil }
func (hold) Next(_ int, present, _ float64) float64 { return present }

// bare returns an error whose text is a whole sentence.
func bare(schedule, text string) error { return &OptionError{Rule: schedule, Text: text, bare: true} }

// positive returns nil if the integer n is at least 1.
func positive(schedule, what string, n int) error {
	if n < 1 {
		return invalid(schedule, what, float64(n))
	}
	return nil
}

// positiveInteger is positive with torch's text.
func positiveInteger(schedule, what string, n int) error {
	if n < 1 {
		return bare(schedule, "Expected positive integer "+what+", but got "+strconv.Itoa(n))
	}
	return nil
}

// oneOf returns nil if v is a or b.
func oneOf(schedule, v, a, b, text string) error {
	if v != a && v != b {
		return bare(schedule, text)
	}
	return nil
}
