package optim

import (
	"errors"
	"math"
	"strconv"
)

// CosineAnnealingWarmRestarts lowers the learning rate along half a cosine
// again and again, as torch.optim.lr_scheduler.CosineAnnealingWarmRestarts:
//
//	η = η_min + (η₀ - η_min)(1 + cos(πT_cur/T_i))/2
//
// The first cosine has T_0 epochs, each further one TMult times as many; T_cur
// is the number of epochs since the last restart. It may have a fraction:
// [Scheduler.StepTo].
//
// Difference from PyTorch: its step(epoch) finds the last restart by a rounded
// logarithm, and at some restarts with TMult = 3 or more it is still at the end
// of the cosine before, in disagreement with its step(). EtaMin must be >= 0 and
// finite.
//
// Reference: I. Loshchilov, F. Hutter. SGDR: Stochastic Gradient Descent with
// Warm Restarts. ICLR 2017. https://arxiv.org/abs/1608.03983
type CosineAnnealingWarmRestarts struct {
	T0     int     `option:"T_0"`     // >= 1
	TMult  int     `option:"T_mult"`  // >= 1
	EtaMin float64 `option:"eta_min"` // η_min >= 0
}

// DefaultCosineAnnealingWarmRestarts returns TMult = 1, as PyTorch. T0 has no
// default there and must be set.
func DefaultCosineAnnealingWarmRestarts() CosineAnnealingWarmRestarts {
	return CosineAnnealingWarmRestarts{TMult: 1}
}

// Check returns an error for every field out of its range.
func (s CosineAnnealingWarmRestarts) Check() error {
	const name = "CosineAnnealingWarmRestarts"
	err := positiveInteger(name, "T_0", s.T0)
	if s.TMult < 1 {
		err = errors.Join(err, bare(name, "Expected integer T_mult >= 1, but got "+strconv.Itoa(s.TMult)))
	}
	return errors.Join(err, nonNegative(name, "eta_min", s.EtaMin))
}

// Next returns the learning rate at an epoch.
func (s CosineAnnealingWarmRestarts) Next(epoch int, _, initial float64) float64 {
	return s.At(float64(epoch), initial)
}

// At returns the learning rate at an epoch.
func (s CosineAnnealingWarmRestarts) At(epoch, initial float64) float64 {
	cur, length := epoch, float64(s.T0)
	if s.TMult == 1 {
		cur = math.Mod(epoch, length)
	}
	for s.TMult > 1 && cur >= length {
		cur -= length
		length *= float64(s.TMult)
	}
	return s.EtaMin + (initial-s.EtaMin)*(1+cos(float64(math.Pi*cur)/length))/2
}
