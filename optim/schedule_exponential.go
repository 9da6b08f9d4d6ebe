package optim

// ExponentialLR multiplies the learning rate by γ every epoch, as
// torch.optim.lr_scheduler.ExponentialLR:
//
//	η ← γη
//
// PyTorch does not check its argument. Here γ >= 0 and finite.
type ExponentialLR struct {
	Gamma float64 // γ >= 0
}

// Check returns an error for every field out of its range.
func (s ExponentialLR) Check() error { return nonNegative("ExponentialLR", "gamma", s.Gamma) }

// Next returns the learning rate at an epoch.
func (s ExponentialLR) Next(_ int, lr, _ float64) float64 { return lr * s.Gamma }
