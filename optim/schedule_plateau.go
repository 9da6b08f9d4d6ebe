package optim

import "errors"

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
