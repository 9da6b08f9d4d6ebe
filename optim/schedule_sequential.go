package optim

import "fmt"

// SequentialLR applies one schedule after the other, as
// torch.optim.lr_scheduler.SequentialLR: the first until the first milestone,
// where the second begins at its epoch 0, and so on. A schedule that is a
// [ClosedForm] begins with that, so from the initial learning rate and not from
// where the one before has ended. Made, it sets the learning rate to the initial
// one before the first schedule acts.
//
// Difference from PyTorch: milestones must increase and be >= 0, and a part may
// be a SequentialLR or [ChainedScheduler].
type SequentialLR struct {
	Schedulers []Schedule
	Milestones []int // epochs, one less than there are schedulers
}

// Check returns an error if the number of milestones or their order is wrong,
// and the errors of the schedules.
func (s SequentialLR) Check() error {
	const name = "SequentialLR"
	if len(s.Schedulers) < 1 {
		return bare(name, "SequentialLR expects at least one scheduler, but got no scheduler.")
	}
	if len(s.Milestones) != len(s.Schedulers)-1 {
		return bare(name, fmt.Sprintf("Sequential Schedulers expects number of schedulers provided to be one more "+
			"than the number of milestone points, but got number of schedulers %d and the "+
			"number of milestones to be equal to %d", len(s.Schedulers), len(s.Milestones)))
	}
	for i, m := range s.Milestones {
		if m < 0 || i > 0 && m <= s.Milestones[i-1] {
			return bare(name, fmt.Sprintf("milestones must increase from 0 on, but got %v", s.Milestones))
		}
	}
	return checkParts(name, s.Schedulers)
}

// Next returns the learning rate at an epoch.
func (s SequentialLR) Next(epoch int, lr, initial float64) float64 {
	part, since := s.part(epoch)
	switch {
	case epoch == 0:
		return part.Next(0, initial, initial)
	case epoch == since:
		return restart(part, lr, initial)
	}
	return part.Next(epoch-since, lr, initial)
}

// part returns the schedule at an epoch and the epoch at which it began.
func (s SequentialLR) part(epoch int) (part Schedule, since int) {
	i := 0
	for i < len(s.Milestones) && s.Milestones[i] <= epoch {
		since = s.Milestones[i]
		i++
	}
	return s.Schedulers[i], since
}

func (s SequentialLR) restart(lr, initial float64) float64 {
	part, _ := s.part(0)
	return restart(part, lr, initial)
}

func (s SequentialLR) start(present float64) (float64, bool) {
	return startParts(s.Schedulers, present)
}

func (s SequentialLR) late(epoch int) error {
	part, since := s.part(epoch)
	return late(part, epoch-since)
}

// Momentum returns the schedules of the momentum in the sequence, nil if there
// is none.
func (s SequentialLR) Momentum() Schedule {
	if parts := momentumParts(s.Schedulers); parts != nil {
		return SequentialLR{parts, s.Milestones}
	}
	return nil
}
