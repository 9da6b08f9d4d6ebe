package optim

import (
	"errors"
	"math"
)

// CyclicLR moves the learning rate up and down between two values, as
// torch.optim.lr_scheduler.CyclicLR. It is stepped after every batch. A cycle
// has u = StepSizeUp epochs up and d = StepSizeDown down; in cycle c, with x
// the height, from 0 to 1 and back to 0,
//
//	η = base + (max - base) x f
//	f = 1             mode triangular
//	f = 1/2^(c-1)     mode triangular2, c = 1, 2, ...
//	f = γᵗ            mode exp_range
//	f = ScaleFn       of c, or of t if ScaleMode is "iterations"
//
// and μ = MaxMomentum - (MaxMomentum - BaseMomentum) x f for the momentum, or
// betas[0] of rules that have that. The learning rate is BaseLR at the start,
// whatever it was.
//
// PyTorch does not check numbers. Here StepSizeUp >= 1, StepSizeDown >= 0,
// learning rates and γ >= 0, all finite.
//
// Reference: L. Smith. Cyclical Learning Rates for Training Neural Networks.
// WACV 2017. https://arxiv.org/abs/1506.01186
type CyclicLR struct {
	BaseLR        float64                 `option:"base_lr"`
	MaxLR         float64                 `option:"max_lr"`
	StepSizeUp    int                     `option:"step_size_up"`
	StepSizeDown  int                     `option:"step_size_down"` // 0 stands for StepSizeUp
	Mode          string                  `option:"mode"`           // triangular, triangular2, exp_range
	Gamma         float64                 `option:"gamma"`
	ScaleFn       func(x float64) float64 // if not nil, instead of Mode and Gamma
	ScaleMode     string                  `option:"scale_mode"` // of ScaleFn: cycle, iterations
	CycleMomentum bool                    `option:"cycle_momentum"`
	BaseMomentum  float64                 `option:"base_momentum"`
	MaxMomentum   float64                 `option:"max_momentum"`
}

// DefaultCyclicLR returns PyTorch's defaults: triangles of 2000 epochs up and
// 2000 down, and momentum from 0.9 to 0.8. The learning rates have none and must
// be set.
func DefaultCyclicLR() CyclicLR {
	return CyclicLR{StepSizeUp: 2000, Mode: "triangular", Gamma: 1, ScaleMode: "cycle",
		CycleMomentum: true, BaseMomentum: 0.8, MaxMomentum: 0.9}
}

// Check returns an error for every field out of its range.
func (s CyclicLR) Check() error {
	err := errors.Join(
		nonNegative("CyclicLR", "base_lr", s.BaseLR), nonNegative("CyclicLR", "max_lr", s.MaxLR),
		positive("CyclicLR", "step_size_up", s.StepSizeUp), nonNegative("CyclicLR", "step_size_down", float64(s.StepSizeDown)),
		nonNegative("CyclicLR", "gamma", s.Gamma))
	switch s.Mode {
	case "triangular", "triangular2", "exp_range":
	default:
		if s.ScaleFn == nil {
			err = errors.Join(err, bare("CyclicLR", "mode is invalid and scale_fn is None"))
		}
	}
	if s.ScaleFn != nil {
		err = errors.Join(err, oneOf("CyclicLR", s.ScaleMode, "cycle", "iterations", "scale mode "+s.ScaleMode+" is unknown!"))
	}
	if s.CycleMomentum {
		err = errors.Join(err, number("CyclicLR", "base_momentum", s.BaseMomentum), number("CyclicLR", "max_momentum", s.MaxMomentum))
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s CyclicLR) Next(epoch int, _, _ float64) float64 { return s.At(float64(epoch), 0) }

// At returns the learning rate at an epoch.
func (s CyclicLR) At(epoch, _ float64) float64 {
	x, f := s.wave(epoch)
	return s.BaseLR + float64((s.MaxLR-s.BaseLR)*x*f)
}

// wave returns x and f.
func (s CyclicLR) wave(t float64) (x, f float64) {
	up := float64(s.StepSizeUp)
	size := up + up
	if s.StepSizeDown != 0 {
		size = up + float64(s.StepSizeDown)
	}
	cycle := math.Floor(1 + t/size)
	x = 1 + t/size - cycle
	if ratio := up / size; x <= ratio {
		x /= ratio
	} else {
		x = (x - 1) / (ratio - 1)
	}
	switch {
	case s.ScaleFn != nil && s.ScaleMode == "cycle":
		return x, s.ScaleFn(cycle)
	case s.ScaleFn != nil:
		return x, s.ScaleFn(t)
	case s.Mode == "triangular2":
		return x, 1 / math.Exp2(cycle-1)
	case s.Mode == "exp_range":
		return x, pow(s.Gamma, t)
	}
	return x, 1
}

func (s CyclicLR) start(float64) (float64, bool) { return s.BaseLR, false }

// Momentum returns the schedule of the momentum, nil without CycleMomentum.
func (s CyclicLR) Momentum() Schedule {
	if !s.CycleMomentum {
		return nil
	}
	return cyclicMomentum{s}
}

// cyclicMomentum is what a CyclicLR does to the momentum.
type cyclicMomentum struct{ CyclicLR }

func (s cyclicMomentum) Next(epoch int, _, _ float64) float64 { return s.At(float64(epoch), 0) }

func (s cyclicMomentum) At(epoch, _ float64) float64 {
	x, f := s.wave(epoch)
	return s.MaxMomentum - float64((s.MaxMomentum-s.BaseMomentum)*x*f)
}

func (s cyclicMomentum) start(float64) (float64, bool) { return s.MaxMomentum, true }
