package optim

// ExponentialLR multiplies the learning rate by γ every epoch, as
// torch.optim.lr_scheduler.ExponentialLR:
//
//	η ← γη
//
// or, alone, η = η₀γᵗ.
//
// PyTorch does not check its argument. Here γ >= 0 and finite.
type ExponentialLR struct {
	Gamma float64 `option:"gamma"` // γ >= 0
}

// Check returns an error for every field out of its range.
func (s ExponentialLR) Check() error { return nonNegative("ExponentialLR", "gamma", s.Gamma) }

// Next returns the learning rate at an epoch.
func (s ExponentialLR) Next(epoch int, lr, _ float64) float64 {
	if epoch == 0 {
		return lr
	}
	return lr * s.Gamma
}

// At returns the closed form.
func (s ExponentialLR) At(epoch, initial float64) float64 {
	return initial * pow(s.Gamma, epoch)
}
