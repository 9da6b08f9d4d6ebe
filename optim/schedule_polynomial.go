package optim

import "errors"

// PolynomialLR lowers the learning rate to zero along a power of a line, as
// torch.optim.lr_scheduler.PolynomialLR. With n = TotalIters, η is, alone,
//
//	η = η₀(1 - min(t, n)/n)^power
//
// and is computed, as in PyTorch, from the present value,
//
//	η ← η((1 - t/n)/(1 - (t - 1)/n))^power    if 0 < t <= n
//
// PyTorch does not check its arguments. Here TotalIters >= 1, power >= 0 and
// finite.
type PolynomialLR struct {
	TotalIters int     `option:"total_iters"` // n >= 1
	Power      float64 `option:"power"`       // >= 0
}

// DefaultPolynomialLR returns PyTorch's defaults, a line of 5 epochs.
func DefaultPolynomialLR() PolynomialLR { return PolynomialLR{TotalIters: 5, Power: 1} }

// Check returns an error for every field out of its range.
func (s PolynomialLR) Check() error {
	return errors.Join(positive("PolynomialLR", "total_iters", s.TotalIters), nonNegative("PolynomialLR", "power", s.Power))
}

// Next returns the learning rate at an epoch.
func (s PolynomialLR) Next(epoch int, lr, _ float64) float64 {
	if epoch == 0 || epoch > s.TotalIters {
		return lr
	}
	t, n := float64(epoch), float64(s.TotalIters)
	return lr * pow((1-t/n)/(1-(t-1)/n), s.Power)
}

// At returns the closed form.
func (s PolynomialLR) At(epoch, initial float64) float64 {
	n := float64(s.TotalIters)
	return initial * pow(1-min(n, epoch)/n, s.Power)
}
