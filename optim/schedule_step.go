package optim

import (
	"errors"
	"math"
)

// StepLR multiplies the learning rate by γ every StepSize epochs, as
// torch.optim.lr_scheduler.StepLR. At epoch t,
//
//	η ← γη    if t > 0 is a multiple of StepSize
//
// or, alone, η = η₀ γ^⌊t/StepSize⌋.
//
// PyTorch does not check its arguments. Here StepSize >= 1, γ >= 0 and finite.
type StepLR struct {
	StepSize int     `option:"step_size"` // epochs from one decay to the next, >= 1
	Gamma    float64 `option:"gamma"`     // γ >= 0
}

// DefaultStepLR returns γ = 0.1, as PyTorch. StepSize has no default there and
// must be set.
func DefaultStepLR() StepLR { return StepLR{Gamma: 0.1} }

// Check returns an error for every field out of its range.
func (s StepLR) Check() error {
	return errors.Join(positive("StepLR", "step_size", s.StepSize), nonNegative("StepLR", "gamma", s.Gamma))
}

// Next returns the learning rate at an epoch.
func (s StepLR) Next(epoch int, lr, _ float64) float64 {
	if epoch == 0 || epoch%s.StepSize != 0 {
		return lr
	}
	return lr * s.Gamma
}

// At returns the closed form.
func (s StepLR) At(epoch, initial float64) float64 {
	return initial * pow(s.Gamma, math.Floor(epoch/float64(s.StepSize)))
}
