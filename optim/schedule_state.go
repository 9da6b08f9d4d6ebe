package optim

// SchedulerState is what a [Scheduler] knows, with torch's names; encoding/json
// writes and reads it without loss. The fields of the schedule are not in it,
// unlike in torch: a run goes on with the ones that the new scheduler has. Make
// optimizer and scheduler as before, then load both, the optimizer last or
// first:
//
//	err = sched.LoadStateDict(state)
//	err = opt.LoadStateDict(optState) // has the present learning rate
type SchedulerState struct {
	Schedules []string `json:"schedules"` // their types: one, or one per group
	Of        string   `json:"of"`        // hyperparameter
	LastEpoch Number   `json:"last_epoch"`
	BaseLRs   Numbers  `json:"base_lrs"` // initial values, one per group
	LastLR    Numbers  `json:"_last_lr"`
}

// Number is one of [Numbers].
type Number float64

// MarshalJSON writes a number, or "NaN", "Infinity", "-Infinity".
func (n Number) MarshalJSON() ([]byte, error) { return appendNumber(nil, float64(n)), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(text []byte) error {
	v, ok := parseNumber(string(text))
	if !ok {
		e := &StateError{}
		e.mismatched("number %s", text)
		return e
	}
	*n = Number(v)
	return nil
}

// StateDict returns the state of the scheduler.
func (s *Scheduler) StateDict() *SchedulerState {
	d := &SchedulerState{Schedules: s.types(), Of: s.name, LastEpoch: Number(s.at), LastLR: s.Last(), BaseLRs: Numbers{}}
	for _, t := range s.tracks {
		d.BaseLRs = append(d.BaseLRs, t.initial)
	}
	return d
}

// LoadStateDict makes the scheduler go on where the one of the state was. It
// leaves the hyperparameter as it is, as in torch: that is part of the state of
// the optimizer. A state of another schedule, hyperparameter or number of groups
// is a [StateError], and changes nothing.
func (s *Scheduler) LoadStateDict(d *SchedulerState) error {
	e := &StateError{}
	if d == nil {
		e.missing("state of the scheduler")
		return e
	}
	if len(s.tracks) < s.opt.count() {
		if err := s.grow(); err != nil {
			return err
		}
	}
	types := s.types()
	if len(types) != len(d.Schedules) {
		e.mismatched("schedules: %v, want %v", d.Schedules, types)
	} else {
		for i, name := range types {
			if d.Schedules[i] != name {
				e.mismatched("schedule %d: %s, want %s", i, d.Schedules[i], name)
			}
		}
	}
	if d.Of != s.name {
		e.mismatched("of: %q, want %q", d.Of, s.name)
	}
	if !(0 <= d.LastEpoch && d.LastEpoch <= maxCount) {
		e.mismatched("last_epoch: %v", float64(d.LastEpoch))
	}
	if n := len(s.tracks); len(d.BaseLRs) != n || len(d.LastLR) != n {
		e.mismatched("base_lrs, _last_lr: of %d and %d groups, want %d", len(d.BaseLRs), len(d.LastLR), n)
	}
	if err := e.orNil(); err != nil {
		return err
	}
	s.at = float64(d.LastEpoch)
	copy(s.last, d.LastLR)
	for i := range s.tracks {
		t := &s.tracks[i]
		t.initial = d.BaseLRs[i]
		t.of.initials()[s.name] = t.initial
	}
	return nil
}

func (s *Scheduler) types() []string {
	names := make([]string, len(s.schedules))
	for i, schedule := range s.schedules {
		names[i] = typeNameOf(schedule)
	}
	return names
}

// PlateauState is what a [PlateauScheduler] knows, with torch's names; see
// [SchedulerState].
type PlateauState struct {
	Of              string `json:"of"` // hyperparameter
	LastEpoch       int    `json:"last_epoch"`
	Best            Number `json:"best"`
	NumBadEpochs    int    `json:"num_bad_epochs"`
	CooldownCounter int    `json:"cooldown_counter"`
}

// StateDict returns the state of the scheduler.
func (p *PlateauScheduler) StateDict() *PlateauState {
	return &PlateauState{Of: p.name, LastEpoch: p.epoch, Best: Number(p.best), NumBadEpochs: p.bad, CooldownCounter: p.cooldown}
}

// LoadStateDict makes the scheduler go on where the one of the state was. A
// state of another hyperparameter, or with counts below 0, is a [StateError],
// and changes nothing.
func (p *PlateauScheduler) LoadStateDict(d *PlateauState) error {
	e := &StateError{}
	if d == nil {
		e.missing("state of the scheduler")
		return e
	}
	if d.Of != p.name {
		e.mismatched("of: %q, want %q", d.Of, p.name)
	}
	if d.LastEpoch < 0 || d.NumBadEpochs < 0 || d.CooldownCounter < 0 {
		e.mismatched("last_epoch, num_bad_epochs, cooldown_counter: %d, %d, %d", d.LastEpoch, d.NumBadEpochs, d.CooldownCounter)
	}
	if err := e.orNil(); err != nil {
		return err
	}
	p.epoch, p.best, p.bad, p.cooldown = d.LastEpoch, float64(d.Best), d.NumBadEpochs, d.CooldownCounter
	return nil
}
