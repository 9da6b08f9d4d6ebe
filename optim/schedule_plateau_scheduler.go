package optim

import (
	"fmt"
	"math"
)

// PlateauScheduler lowers a hyperparameter as [ReduceLROnPlateau] says:
//
//	sched, err := optim.NewPlateauScheduler(opt, optim.DefaultReduceLROnPlateau())
//	for range epochs {
//		...                     // train
//		err = sched.Step(loss)  // on held-out data
//	}
type PlateauScheduler struct {
	opt      Scheduled
	plateau  ReduceLROnPlateau
	name     string
	tracks   []track
	epoch    int
	best     float64
	bad      int // metrics in a row that were not better
	cooldown int // epochs left
}

// NewPlateauScheduler returns a scheduler of the learning rate. Errors wrap
// [ErrOption].
func NewPlateauScheduler(opt Scheduled, s ReduceLROnPlateau) (*PlateauScheduler, error) {
	return NewPlateauSchedulerOf(opt, "lr", s)
}

// NewPlateauSchedulerOf is [NewPlateauScheduler] for the hyperparameter of the
// given PyTorch name.
func NewPlateauSchedulerOf(opt Scheduled, name string, s ReduceLROnPlateau) (*PlateauScheduler, error) {
	if missingScheduled(opt) {
		return nil, optionErrorf("a scheduler needs an optimizer")
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	if n := len(s.MinLR); n > 1 && n != opt.count() {
		return nil, bare("ReduceLROnPlateau", fmt.Sprintf("expected %d min_lrs, got %d", opt.count(), n))
	}
	for i := range opt.count() {
		if _, err := opt.tunable(i).Get(name); err != nil {
			return nil, err
		}
	}
	s.MinLR = append([]float64(nil), s.MinLR...)
	p := &PlateauScheduler{opt: opt, plateau: s, name: name, best: math.Inf(1)}
	if s.Mode == "max" {
		p.best = math.Inf(-1)
	}
	return p, p.grow()
}

// Step takes the metric of an epoch and lowers the hyperparameter if it is time.
// A value that the rule refuses is an error that wraps [ErrOption].
func (p *PlateauScheduler) Step(metric float64) error {
	p.epoch++
	if p.plateau.better(metric, p.best) {
		p.best, p.bad = metric, 0
	} else {
		p.bad++
	}
	if p.cooldown > 0 {
		p.cooldown--
		p.bad = 0
	}
	if p.bad <= p.plateau.Patience {
		return nil
	}
	p.cooldown, p.bad = p.plateau.Cooldown, 0
	return p.reduce()
}

func (p *PlateauScheduler) reduce() error {
	if err := p.grow(); err != nil {
		return err
	}
	for i := range p.tracks {
		t := &p.tracks[i]
		if err := t.bind(); err != nil {
			return err
		}
		least := 0.0
		if n := len(p.plateau.MinLR); n > 0 {
			least = p.plateau.MinLR[min(i, n-1)]
		}
		before := *t.field
		after := max(before*p.plateau.Factor, least)
		if before-after > p.plateau.Eps {
			if err := t.set(after); err != nil {
				return fmt.Errorf("optim: scheduler of %s at epoch %d, group %d: %w", p.name, p.epoch, i, err)
			}
		}
	}
	return nil
}

// grow makes the tracks of the groups that have none.
func (p *PlateauScheduler) grow() error {
	if n := len(p.plateau.MinLR); n > 1 && n != p.opt.count() {
		return bare("ReduceLROnPlateau", fmt.Sprintf("expected %d min_lrs, got %d", p.opt.count(), n))
	}
	for i := len(p.tracks); i < p.opt.count(); i++ {
		t := track{of: p.opt.tunable(i), name: p.name}
		if err := t.bind(); err != nil {
			return err
		}
		p.tracks = append(p.tracks, t)
	}
	return nil
}

// Epoch returns the number of steps so far.
func (p *PlateauScheduler) Epoch() int { return p.epoch }

// Best returns the best metric so far, an infinity before the first.
func (p *PlateauScheduler) Best() float64 { return p.best }

// Last returns the present values, one per group, like torch's get_last_lr.
func (p *PlateauScheduler) Last() []float64 {
	last := make([]float64, p.opt.count())
	for i := range last {
		last[i], _ = p.opt.tunable(i).Get(p.name)
	}
	return last
}
