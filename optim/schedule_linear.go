package optim

import "errors"

// LinearLR moves a factor on the learning rate along a line in TotalIters
// epochs, as torch.optim.lr_scheduler.LinearLR. With s the factor at the start,
// e at the end and n = TotalIters, η is, alone,
//
//	η = η₀(s + (e - s) min(t, n)/n)
//
// and is computed, as in PyTorch, from the present value,
//
//	η ← ηs                                       if t = 0
//	η ← η(1 + (e - s)/(ns + (t - 1)(e - s)))     if 0 < t <= n
//
// Difference from PyTorch: TotalIters < 1, by which the closed form divides, and
// NaN are refused.
type LinearLR struct {
	StartFactor float64 `option:"start_factor"` // s in (0, 1]
	EndFactor   float64 `option:"end_factor"`   // e in [0, 1]
	TotalIters  int     `option:"total_iters"`  // n >= 1
}

// DefaultLinearLR returns PyTorch's defaults, from 1/3 to 1 in 5 epochs.
func DefaultLinearLR() LinearLR { return LinearLR{StartFactor: 1. / 3, EndFactor: 1, TotalIters: 5} }

// Check returns an error for every field out of its range.
func (s LinearLR) Check() error {
	err := positive("LinearLR", "total_iters", s.TotalIters)
	if !(0 < s.StartFactor && s.StartFactor <= 1) {
		err = errors.Join(err, bare("LinearLR", "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."))
	}
	if !(0 <= s.EndFactor && s.EndFactor <= 1) {
		err = errors.Join(err, bare("LinearLR", "Ending multiplicative factor expected to be between 0 and 1."))
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s LinearLR) Next(epoch int, lr, _ float64) float64 {
	switch {
	case epoch == 0:
		return lr * s.StartFactor
	case epoch > s.TotalIters:
		return lr
	}
	rise := s.EndFactor - s.StartFactor
	return lr * (1 + rise/(float64(float64(s.TotalIters)*s.StartFactor)+float64(float64(epoch-1)*rise)))
}

// At returns the closed form.
func (s LinearLR) At(epoch, initial float64) float64 {
	n := float64(s.TotalIters)
	return initial * (s.StartFactor + (s.EndFactor-s.StartFactor)*min(n, epoch)/n)
}
