package optim

import "errors"

// ConstantLR multiplies the learning rate by a factor for the first TotalIters
// epochs, as torch.optim.lr_scheduler.ConstantLR. At epoch t,
//
//	η ← η factor      if t = 0
//	η ← η(1/factor)   if t = TotalIters
//
// Difference from PyTorch: a factor of 0, of which it takes the inverse, and
// TotalIters < 1, which never ends, are refused.
type ConstantLR struct {
	Factor     float64 `option:"factor"`      // in (0, 1]
	TotalIters int     `option:"total_iters"` // >= 1
}

// DefaultConstantLR returns PyTorch's defaults, a factor of 1/3 for 5 epochs.
func DefaultConstantLR() ConstantLR { return ConstantLR{Factor: 1. / 3, TotalIters: 5} }

// Check returns an error for every field out of its range.
func (s ConstantLR) Check() error {
	err := positive("ConstantLR", "total_iters", s.TotalIters)
	if !(0 < s.Factor && s.Factor <= 1) {
		err = errors.Join(err, bare("ConstantLR", "Constant multiplicative factor expected to be between 0 and 1."))
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s ConstantLR) Next(epoch int, lr, _ float64) float64 {
	switch epoch {
	case 0:
		return lr * s.Factor
	case s.TotalIters:
		return lr * (1 / s.Factor)
	}
	return lr
}

// At returns the closed form.
func (s ConstantLR) At(epoch, initial float64) float64 {
	if epoch >= float64(s.TotalIters) {
		return initial * (s.Factor + (1 - s.Factor))
	}
	return initial * s.Factor
}
