package optim

import (
	"fmt"
	"math"
)

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
// left, and all share the initial value, that before the first of them.
type Scheduler struct {
	opt       Scheduled
	schedules []Schedule // one for all groups, or one per group
	name      string
	at        float64   // epoch
	tracks    []track   // one per group
	last      []float64 // values of tracks
	momentum  []track   // of a Cycler
}

// NewScheduler returns a scheduler of the learning rate of an [*Optimizer] or a [*Minimizer], which
// counts as one group. It takes one schedule for all groups, or one per group, where torch takes lists of lr_lambda,
// max_lr, swa_lr and so on. It records the present learning rate of each group
// as its initial one, unless an earlier scheduler did, and goes to epoch 0,
// which may change the learning rate. Errors wrap [ErrOption].
//
// If a schedule is a [Cycler], so is the momentum. A group whose rule has none
// is an error.
func NewScheduler(opt Scheduled, s ...Schedule) (*Scheduler, error) {
	return NewSchedulerOf(opt, "lr", s...)
}

// NewSchedulerOf is [NewScheduler] for the hyperparameter of the given PyTorch
// name, such as "momentum", "weight_decay" or "betas[0]". A group whose rule
// does not have it is an error that lists the ones it has. It moves no
// momentum besides, unless that is the name.
func NewSchedulerOf(opt Scheduled, name string, s ...Schedule) (*Scheduler, error) {
	if missingScheduled(opt) || len(s) == 0 {
		return nil, optionErrorf("a scheduler needs an optimizer and a schedule")
	}
	if len(s) != 1 && len(s) != opt.count() {
		return nil, optionErrorf("Expected %d schedules, but got %d", opt.count(), len(s))
	}
	for _, s := range s {
		if s == nil || nilPointer(s) {
			return nil, optionErrorf("a scheduler needs an optimizer and a schedule")
		}
		if err := s.Check(); err != nil {
			return nil, err
		}
	}
	sched := &Scheduler{opt: opt, schedules: append([]Schedule(nil), s...), name: name}
	for i := range opt.count() {
		if _, err := opt.tunable(i).Get(name); err != nil {
			return nil, err
		}
		if _, _, err := sched.cycle(i); err != nil {
			return nil, err
		}
	}
	if err := sched.grow(); err != nil {
		return nil, err
	}
	return sched, sched.advance(false)
}

// Step goes to the next epoch and changes the hyperparameter of every group.
// It is called after the step of the optimizer. A value that is not finite, or that the
// rule refuses, is an error that wraps [ErrOption]; then that group and those
// after it keep their value. It does not allocate.
func (s *Scheduler) Step() error {
	s.at++
	if s.at != math.Trunc(s.at) {
		return s.advance(true)
	}
	return s.advance(false)
}

// StepTo goes to any epoch >= 0, as torch's step(epoch). Schedules that are a
// [ClosedForm] use it and forget what other schedulers did to the value, and
// only they take an epoch with a fraction, such as CosineAnnealingWarmRestarts
// within an epoch: StepTo(epoch + batch/batches). A Step after that adds 1.
// [SequentialLR] and [ChainedScheduler] cannot jump, as in torch.
func (s *Scheduler) StepTo(epoch float64) error {
	if !(0 <= epoch && epoch <= maxCount) {
		return optionErrorf("Expected non-negative epoch, but got %s", pyFloat(epoch))
	}
	for _, schedule := range s.schedules {
		switch schedule.(type) {
		case SequentialLR, ChainedScheduler:
			return optionErrorf("%s cannot go to an epoch", typeNameOf(schedule))
		}
		if _, ok := schedule.(ClosedForm); !ok && epoch != math.Trunc(epoch) {
			return optionErrorf("%s has no epoch %s", typeNameOf(schedule), pyFloat(epoch))
		}
	}
	s.at = epoch
	return s.advance(true)
}

// Epoch returns the present epoch: the number of steps, if [Scheduler.StepTo]
// was not used. A fraction is left out.
func (s *Scheduler) Epoch() int { return int(s.at) }

// Last returns the values that the last step set, one per group, like torch's
// get_last_lr.
func (s *Scheduler) Last() []float64 { return append([]float64(nil), s.last...) }

// advance moves all groups to the epoch s.at.
func (s *Scheduler) advance(jump bool) error {
	if len(s.tracks) < s.opt.count() {
		if err := s.grow(); err != nil { // groups that were added later
			return err
		}
	}
	for i := range s.tracks {
		v, err := s.tracks[i].move(s.at, jump)
		if err != nil {
			return fmt.Errorf("optim: scheduler of %s at epoch %v, group %d: %w", s.name, s.at, i, err)
		}
		s.last[i] = v
	}
	for i := range s.momentum {
		t := &s.momentum[i]
		if _, err := t.move(s.at, jump); err != nil {
			return fmt.Errorf("optim: scheduler of %s at epoch %v: %w", t.name, s.at, err)
		}
	}
	return nil
}

// grow makes the tracks of the groups that have none.
func (s *Scheduler) grow() error {
	for i := len(s.tracks); i < s.opt.count(); i++ {
		if len(s.schedules) > 1 && i >= len(s.schedules) {
			return optionErrorf("Expected %d schedules, but got %d", s.opt.count(), len(s.schedules))
		}
		of := s.opt.tunable(i)
		t, err := newTrack(of, s.name, s.of(i))
		if err != nil {
			return err
		}
		m, name, err := s.cycle(i)
		if err != nil {
			return err
		}
		if m != nil {
			t, err := newTrack(of, name, m)
			if err != nil {
				return err
			}
			s.momentum = append(s.momentum, t)
		}
		s.tracks, s.last = append(s.tracks, t), append(s.last, 0)
	}
	return nil
}

// of returns the schedule of a group.
func (s *Scheduler) of(group int) Schedule { return s.schedules[min(group, len(s.schedules)-1)] }

// cycle returns the schedule of the momentum of a group and what to apply it
// to; nil if there is none.
func (s *Scheduler) cycle(group int) (m Schedule, name string, err error) {
	c, ok := s.of(group).(Cycler)
	if !ok || s.name != "lr" {
		return nil, "", nil
	}
	if m = c.Momentum(); m == nil {
		return nil, "", nil
	}
	for _, name := range []string{"betas[0]", "momentum"} {
		if _, err := s.opt.tunable(group).Get(name); err == nil {
			return m, name, nil
		}
	}
	return nil, "", bare(typeNameOf(c), "optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
}
