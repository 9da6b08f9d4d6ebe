package optim

import (
	"fmt"
)

// A Schedule is a sequence of values for a hyperparameter, most often the
// learning rate. It is a plain struct and has no state; a [Scheduler] applies
// it to an optimizer, and [Plan] shows it.
type Schedule interface {
	// Check returns an error for every field out of its range.
	Check() error
	// Next returns the value at epoch >= 1, given the present value and the
	// initial one. Like torch's get_lr it is recursive where torch's is, so
	// that several schedules can act on the same value.
	Next(epoch int, present, initial float64) float64
}

// Scheduler moves a hyperparameter along a [Schedule], like an instance of
// torch.optim.lr_scheduler.LRScheduler:
//
//	sched, err := optim.NewScheduler(opt, optim.StepLR{StepSize: 30, Gamma: 0.1})
//	for epoch := range 100 {
//		...            // run and opt.Step, once or more
//		err = sched.Step()
//	}
//
// Schedulers on the same hyperparameter chain: each acts on what the others
// left, and all share the initial value.
type Scheduler struct {
	opt      *Optimizer
	schedule Schedule
	name     string
	epoch    int
	last     []float64
}

// NewScheduler returns a scheduler of the learning rate. It records the present
// learning rate of each group as its initial one, unless an earlier scheduler
// did, and is at epoch 0. Errors wrap [ErrOption].
func NewScheduler(opt *Optimizer, s Schedule) (*Scheduler, error) {
	return NewSchedulerOf(opt, "lr", s)
}

// NewSchedulerOf is [NewScheduler] for the hyperparameter of the given PyTorch
// name, such as "momentum", "weight_decay" or "betas[0]". A group whose rule
// does not have it is an error that lists the ones it has.
func NewSchedulerOf(opt *Optimizer, name string, s Schedule) (*Scheduler, error) {
	if opt == nil || s == nil || nilPointer(s) {
		return nil, optionErrorf("a scheduler needs an optimizer and a schedule")
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	for _, g := range opt.groups {
		if _, err := g.Get(name); err != nil {
			return nil, err
		}
	}
	sched := &Scheduler{opt: opt, schedule: s, name: name}
	sched.last = make([]float64, len(opt.groups))
	return sched, sched.advance(0)
}

// Step goes to the next epoch and changes the hyperparameter of every group.
// It is called after [Optimizer.Step]. A value that is not finite, or that the
// rule refuses, is an error that wraps [ErrOption]; then that group and those
// after it keep their value.
func (s *Scheduler) Step() error {
	s.epoch++
	return s.advance(s.epoch)
}

// Epoch returns the number of steps so far.
func (s *Scheduler) Epoch() int { return s.epoch }

// Last returns the values that the last step set, one per group, like torch's
// get_last_lr.
func (s *Scheduler) Last() []float64 { return append([]float64(nil), s.last...) }

func (s *Scheduler) advance(epoch int) error {
	for i, g := range s.opt.groups {
		present, err := g.Get(s.name)
		if err != nil {
			return err
		}
		initial := g.initialOf(s.name, present)
		next := at(s.schedule, epoch, present, initial)
		if err := g.schedule(s.name, next); err != nil {
			return fmt.Errorf("optim: scheduler of %s at epoch %d, group %d: %w", s.name, epoch, i, err)
		}
		if i == len(s.last) {
			s.last = append(s.last, 0) // a group that was added later
		}
		s.last[i] = next
	}
	return nil
}

// zeroer is a schedule whose value at epoch 0 is not the present one.
type zeroer interface {
	Zeroth(initial float64) float64
}

// at returns the value of s at an epoch, 0 included.
func at(s Schedule, epoch int, present, initial float64) float64 {
	if epoch > 0 {
		return s.Next(epoch, present, initial)
	}
	if z, ok := s.(zeroer); ok {
		return z.Zeroth(initial)
	}
	return present
}

// initialOf returns the value that a hyperparameter had when it was first
// scheduled.
func (g *Group) initialOf(name string, present float64) float64 {
	if v, ok := g.initial[name]; ok {
		return v
	}
	if g.initial == nil {
		g.initial = map[string]float64{}
	}
	g.initial[name] = present
	return present
}

// schedule is Set for schedulers. A learning rate may be a little below zero:
// the recursion of the cosine crosses zero by round-off.
func (g *Group) schedule(name string, v float64) error {
	rule, err := with(g.rule, name, v)
	if err != nil {
		return err
	}
	if name == "lr" && finite(v) {
		g.use(rule)
		return nil
	}
	return g.SetRule(rule)
}

// Plan returns the values that a schedule gives to a hyperparameter at epochs
// 0 to epochs, starting from initial.
func Plan(s Schedule, initial float64, epochs int) ([]float64, error) {
	if s == nil || nilPointer(s) || epochs < 0 {
		return nil, optionErrorf("a plan needs a schedule and a number of epochs >= 0")
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	values := make([]float64, epochs+1)
	v := initial
	for epoch := range values {
		v = at(s, epoch, v, initial)
		values[epoch] = v
	}
	return values, nil
}

// Func is a schedule in closed form: it returns the value at an epoch >= 0
// from the initial one. Schedulers before it in a chain have no effect.
type Func func(epoch int, initial float64) float64

// Check returns an error if there is no function.
func (f Func) Check() error {
	if f == nil {
		return &OptionError{Rule: "Func", Text: "no function", bare: true}
	}
	return nil
}

// Next returns f(epoch, initial).
func (f Func) Next(epoch int, _, initial float64) float64 { return f(epoch, initial) }

// Zeroth returns f(0, initial).
func (f Func) Zeroth(initial float64) float64 { return f(0, initial) }

// Lambda multiplies the initial value by a function of the epoch, as
// torch.optim.lr_scheduler.LambdaLR:
//
//	η ← η₀ f(t)
type Lambda func(epoch int) float64

// Check returns an error if there is no function.
func (f Lambda) Check() error {
	if f == nil {
		return &OptionError{Rule: "Lambda", Text: "no function", bare: true}
	}
	return nil
}

// Next returns initial * f(epoch).
func (f Lambda) Next(epoch int, _, initial float64) float64 { return initial * f(epoch) }

// Zeroth returns initial * f(0).
func (f Lambda) Zeroth(initial float64) float64 { return initial * f(0) }

// positive returns nil if the integer n is at least 1.
func positive(schedule, what string, n int) error {
	if n < 1 {
		return invalid(schedule, what, float64(n))
	}
	return nil
}
