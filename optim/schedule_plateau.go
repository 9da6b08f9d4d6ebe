package optim

import (
	"errors"
	"fmt"
	"math"
)

// ReduceLROnPlateau lowers the learning rate when a metric, such as the loss on
// held-out data, has stopped to improve, as
// torch.optim.lr_scheduler.ReduceLROnPlateau. A [PlateauScheduler] applies it. A
// metric m is better than the best one b if, with θ the threshold,
//
//	m < b(1 - θ)   or  m < b - θ      for "min", "rel" or "abs"
//	m > b(1 + θ)   or  m > b + θ      for "max"
//
// After more than Patience metrics in a row that are not (NaN never is),
//
//	η ← max(η factor, MinLR)    unless that is a change of Eps or less
//
// and for Cooldown epochs after that, metrics that are not better do not count.
//
// Difference from PyTorch: factors below 0 and numbers that are not finite are
// refused, as are a patience, a cooldown or an Eps below 0.
type ReduceLROnPlateau struct {
	Mode          string    `option:"mode"` // min, max
	Factor        float64   `option:"factor"`
	Patience      int       `option:"patience"`
	Threshold     float64   `option:"threshold"`
	ThresholdMode string    `option:"threshold_mode"` // rel, abs
	Cooldown      int       `option:"cooldown"`
	MinLR         []float64 `option:"min_lr"` // one for all groups, or one per group; none for 0
	Eps           float64   `option:"eps"`
}

// DefaultReduceLROnPlateau returns PyTorch's defaults: a tenth after more than
// ten metrics without an improvement by 0.0001 of the least.
func DefaultReduceLROnPlateau() ReduceLROnPlateau {
	return ReduceLROnPlateau{Mode: "min", Factor: 0.1, Patience: 10, Threshold: 1e-4, ThresholdMode: "rel", Eps: 1e-8}
}

// Check returns an error for every field out of its range.
func (s ReduceLROnPlateau) Check() error {
	const name = "ReduceLROnPlateau"
	var err error
	if s.Factor >= 1 {
		err = bare(name, "Factor should be < 1.0.")
	} else {
		err = nonNegative(name, "factor", s.Factor)
	}
	for _, v := range s.MinLR {
		err = errors.Join(err, nonNegative(name, "min_lr", v))
	}
	return errors.Join(err,
		oneOf(name, s.Mode, "min", "max", "mode "+s.Mode+" is unknown!"),
		oneOf(name, s.ThresholdMode, "rel", "abs", "threshold mode "+s.ThresholdMode+" is unknown!"),
		number(name, "threshold", s.Threshold),
		nonNegative(name, "patience", float64(s.Patience)),
		nonNegative(name, "cooldown", float64(s.Cooldown)),
		nonNegative(name, "eps", s.Eps))
}

// better reports whether a metric is better than the best so far.
func (s ReduceLROnPlateau) better(m, best float64) bool {
	switch {
	case s.Mode == "min" && s.ThresholdMode == "rel":
		return m < best*(1-s.Threshold)
	case s.Mode == "min":
		return m < best-s.Threshold
	case s.ThresholdMode == "rel":
		return m > best*(s.Threshold+1)
	}
	return m > best+s.Threshold
}

// PlateauScheduler lowers a hyperparameter as [ReduceLROnPlateau] says:
//
//	sched, err := optim.NewPlateauScheduler(opt, optim.DefaultReduceLROnPlateau())
//	for range epochs {
//		...                     // train
//		err = sched.Step(loss)  // on held-out data
//	}
type PlateauScheduler struct {
	opt      *Optimizer
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
func NewPlateauScheduler(opt *Optimizer, s ReduceLROnPlateau) (*PlateauScheduler, error) {
	return NewPlateauSchedulerOf(opt, "lr", s)
}

// NewPlateauSchedulerOf is [NewPlateauScheduler] for the hyperparameter of the
// given PyTorch name.
func NewPlateauSchedulerOf(opt *Optimizer, name string, s ReduceLROnPlateau) (*PlateauScheduler, error) {
	if opt == nil {
		return nil, optionErrorf("a scheduler needs an optimizer")
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	if n := len(s.MinLR); n > 1 && n != len(opt.groups) {
		return nil, bare("ReduceLROnPlateau", fmt.Sprintf("expected %d min_lrs, got %d", len(opt.groups), n))
	}
	for _, g := range opt.groups {
		if _, err := g.Get(name); err != nil {
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
	if n := len(p.plateau.MinLR); n > 1 && n != len(p.opt.groups) {
		return bare("ReduceLROnPlateau", fmt.Sprintf("expected %d min_lrs, got %d", len(p.opt.groups), n))
	}
	for i := len(p.tracks); i < len(p.opt.groups); i++ {
		t := track{group: p.opt.groups[i], name: p.name}
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
	last := make([]float64, len(p.opt.groups))
	for i, g := range p.opt.groups {
		last[i], _ = g.Get(p.name)
	}
	return last
}
