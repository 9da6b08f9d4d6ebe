package optim

import (
	"errors"
	"fmt"
	"math"
)

// OneCycleLR raises the learning rate to MaxLR and then lowers it far below
// where it began, as torch.optim.lr_scheduler.OneCycleLR. It is stepped after
// every batch, n = TotalSteps times at most. With p = PctStart,
//
//	η from MaxLR/DivFactor to MaxLR              until step pn - 1
//	η to MaxLR/(DivFactor FinalDivFactor)        until step n - 1
//
// or, with ThreePhase, back to MaxLR/DivFactor until step 2pn - 2, then to the
// end. The momentum, or betas[0] of rules that have that, goes from MaxMomentum
// to BaseMomentum and back. From a to b, where a part x of the phase is over,
//
//	b + (a - b)/2 (1 + cos(πx))    AnnealStrategy "cos"
//	(b - a)x + a                   AnnealStrategy "linear"
//
// PyTorch does not check all numbers. Here MaxLR >= 0, the factors > 0, all
// finite, and a first phase without length (pn = 1), where PyTorch divides by
// zero, is refused.
//
// Reference: L. Smith, N. Topin. Super-Convergence: Very Fast Training of Neural
// Networks Using Large Learning Rates. https://arxiv.org/abs/1708.07120
type OneCycleLR struct {
	MaxLR          float64 `option:"max_lr"`
	TotalSteps     int     `option:"total_steps"` // n; 0 stands for Epochs × StepsPerEpoch
	Epochs         int     `option:"epochs"`
	StepsPerEpoch  int     `option:"steps_per_epoch"`
	PctStart       float64 `option:"pct_start"`       // p in [0, 1]
	AnnealStrategy string  `option:"anneal_strategy"` // cos, linear
	CycleMomentum  bool    `option:"cycle_momentum"`
	BaseMomentum   float64 `option:"base_momentum"`
	MaxMomentum    float64 `option:"max_momentum"`
	DivFactor      float64 `option:"div_factor"`
	FinalDivFactor float64 `option:"final_div_factor"`
	ThreePhase     bool    `option:"three_phase"`
}

// DefaultOneCycleLR returns PyTorch's defaults: a start at MaxLR/25, a rise for
// 0.3 of the steps, an end at MaxLR/250000, and momentum from 0.95 to 0.85. MaxLR
// and TotalSteps have none and must be set.
func DefaultOneCycleLR() OneCycleLR {
	return OneCycleLR{PctStart: 0.3, AnnealStrategy: "cos", CycleMomentum: true,
		BaseMomentum: 0.85, MaxMomentum: 0.95, DivFactor: 25, FinalDivFactor: 1e4}
}

// Check returns an error for every field out of its range.
func (s OneCycleLR) Check() error {
	const name = "OneCycleLR"
	var err error
	switch {
	case s.TotalSteps != 0:
		err = positiveInteger(name, "total_steps", s.TotalSteps)
	case s.Epochs == 0 || s.StepsPerEpoch == 0:
		err = bare(name, "You must define either total_steps OR (epochs AND steps_per_epoch)")
	default:
		err = errors.Join(positiveInteger(name, "epochs", s.Epochs), positiveInteger(name, "steps_per_epoch", s.StepsPerEpoch))
	}
	if !(0 <= s.PctStart && s.PctStart <= 1) {
		err = errors.Join(err, bare(name, "Expected float between 0 and 1 pct_start, but got "+pyFloat(s.PctStart)))
	} else if err == nil && s.PctStart*s.steps() == 1 {
		err = bare(name, "pct_start * total_steps is 1: the first phase has no length")
	}
	for _, f := range []struct {
		what string
		v    float64
	}{{"div_factor", s.DivFactor}, {"final_div_factor", s.FinalDivFactor}} {
		if !(f.v > 0) || !finite(f.v) {
			err = errors.Join(err, invalid(name, f.what, f.v))
		}
	}
	if s.CycleMomentum {
		err = errors.Join(err, number(name, "base_momentum", s.BaseMomentum), number(name, "max_momentum", s.MaxMomentum))
	}
	return errors.Join(err, nonNegative(name, "max_lr", s.MaxLR), strategy(name, s.AnnealStrategy))
}

func strategy(schedule, v string) error {
	return oneOf(schedule, v, "cos", "linear", "anneal_strategy must be one of 'cos' or 'linear', instead got "+v)
}

// Next returns the learning rate at an epoch.
func (s OneCycleLR) Next(epoch int, _, _ float64) float64 { return s.At(float64(epoch), 0) }

// At returns the learning rate at an epoch.
func (s OneCycleLR) At(epoch, _ float64) float64 {
	first := s.MaxLR / s.DivFactor
	return s.between(epoch, first, s.MaxLR, first, first/s.FinalDivFactor)
}

func (s OneCycleLR) steps() float64 {
	if s.TotalSteps != 0 {
		return float64(s.TotalSteps)
	}
	return float64(s.Epochs * s.StepsPerEpoch)
}

// between returns the value at step t on the way from one corner to the next.
func (s OneCycleLR) between(t, first, top, back, last float64) float64 {
	up := float64(s.PctStart*s.steps()) - 1
	down := float64(2*s.PctStart*s.steps()) - 2
	end := s.steps() - 1
	switch {
	case t <= up:
		return s.anneal(first, top, t/up)
	case !s.ThreePhase:
		return s.anneal(top, last, (t-up)/(end-up))
	case t <= down:
		return s.anneal(top, back, (t-up)/(down-up))
	}
	return s.anneal(back, last, (t-down)/(end-down))
}

func (s OneCycleLR) anneal(a, b, x float64) float64 {
	if s.AnnealStrategy == "linear" {
		return float64((b-a)*x) + a
	}
	return b + float64((a-b)/2*(cos(float64(math.Pi*x))+1))
}

func (s OneCycleLR) start(float64) (float64, bool) { return s.MaxLR / s.DivFactor, true }

func (s OneCycleLR) late(epoch int) error {
	if float64(epoch) <= s.steps() {
		return nil
	}
	return bare("OneCycleLR", fmt.Sprintf("Tried to step %d times. The specified number of total steps is %v", epoch, s.steps()))
}

// Momentum returns the schedule of the momentum, nil without CycleMomentum.
func (s OneCycleLR) Momentum() Schedule {
	if !s.CycleMomentum {
		return nil
	}
	return oneCycleMomentum{s}
}

// oneCycleMomentum is what a OneCycleLR does to the momentum.
type oneCycleMomentum struct{ OneCycleLR }

func (s oneCycleMomentum) Next(epoch int, _, _ float64) float64 { return s.At(float64(epoch), 0) }

func (s oneCycleMomentum) At(epoch, _ float64) float64 {
	return s.between(epoch, s.MaxMomentum, s.BaseMomentum, s.MaxMomentum, s.MaxMomentum)
}

func (s oneCycleMomentum) start(float64) (float64, bool) { return s.MaxMomentum, true }
