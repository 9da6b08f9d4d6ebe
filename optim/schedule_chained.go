package optim

// ChainedScheduler applies several schedules one after the other at each epoch,
// as torch.optim.lr_scheduler.ChainedScheduler. Several [Scheduler] in the same
// order do the same.
//
// Difference from PyTorch: it can be a part of [SequentialLR], also after the
// first, which PyTorch's cannot.
type ChainedScheduler struct {
	Schedulers []Schedule
}

// Check returns an error if there is no schedule, and their errors.
func (s ChainedScheduler) Check() error {
	if len(s.Schedulers) < 1 {
		return bare("ChainedScheduler", "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
	}
	return checkParts("ChainedScheduler", s.Schedulers)
}

// Next returns the learning rate at an epoch.
func (s ChainedScheduler) Next(epoch int, lr, initial float64) float64 {
	for _, part := range s.Schedulers {
		if st, ok := part.(starter); ok && epoch == 0 {
			lr, _ = st.start(lr)
		}
		lr = part.Next(epoch, lr, initial)
	}
	return lr
}

func (s ChainedScheduler) restart(lr, initial float64) float64 {
	for i, part := range s.Schedulers {
		if i == 0 {
			lr = restart(part, lr, initial)
		} else {
			lr = part.Next(0, lr, initial)
		}
	}
	return lr
}

func (s ChainedScheduler) start(present float64) (float64, bool) {
	return startParts(s.Schedulers, present)
}

func (s ChainedScheduler) late(epoch int) error {
	for _, part := range s.Schedulers {
		if err := late(part, epoch); err != nil {
			return err
		}
	}
	return nil
}

// Momentum returns the schedules of the momentum in the chain, nil if there is
// none.
func (s ChainedScheduler) Momentum() Schedule {
	if parts := momentumParts(s.Schedulers); parts != nil {
		return ChainedScheduler{parts}
	}
	return nil
}

// checkParts returns the errors of the parts of a schedule.
func checkParts(schedule string, parts []Schedule) error {
	for _, part := range parts {
		if part == nil || nilPointer(part) {
			return bare(schedule, "a scheduler is nil")
		}
		if err := part.Check(); err != nil {
			return err
		}
	}
	return nil
}

// startParts is start of a schedule made of parts: the first part sets the
// value, any part may fix the initial one.
func startParts(parts []Schedule, present float64) (v float64, fixed bool) {
	v = present
	for i, part := range parts {
		if part, ok := part.(starter); ok {
			if p, f := part.start(present); f || i == 0 {
				v, fixed = p, fixed || f
			}
		}
	}
	return v, fixed
}

// momentumParts returns the schedules of the momentum of parts, those without
// one being still, and nil if no part has one.
func momentumParts(parts []Schedule) []Schedule {
	out := make([]Schedule, len(parts))
	found := false
	for i, part := range parts {
		out[i] = hold{}
		if c, ok := part.(Cycler); ok {
			if m := c.Momentum(); m != nil {
				out[i], found = m, true
			}
		}
	}
	if !found {
		return nil
	}
	return out
}
