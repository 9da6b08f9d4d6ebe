package optim

import (
	"errors"
	"math"
)

// MultiStepLR multiplies the learning rate by γ at each milestone, as
// torch.optim.lr_scheduler.MultiStepLR. At epoch t, with n the number of times
// that t is a milestone,
//
//	η ← ηγⁿ
//
// or, alone, η = η₀γᵏ where k milestones are <= t.
//
// PyTorch does not check its arguments. Here a milestone is >= 0, in any order,
// γ >= 0 and finite.
type MultiStepLR struct {
	Milestones []int   `option:"milestones"` // epochs
	Gamma      float64 `option:"gamma"`      // γ >= 0
}

// DefaultMultiStepLR returns γ = 0.1, as PyTorch, and no milestones.
func DefaultMultiStepLR() MultiStepLR { return MultiStepLR{Gamma: 0.1} }

// Check returns an error for every field out of its range.
func (s MultiStepLR) Check() error {
	err := nonNegative("MultiStepLR", "gamma", s.Gamma)
	for _, m := range s.Milestones {
		err = errors.Join(err, nonNegative("MultiStepLR", "milestone", float64(m)))
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s MultiStepLR) Next(epoch int, lr, _ float64) float64 {
	n := 0
	for _, m := range s.Milestones {
		if m == epoch {
			n++
		}
	}
	return lr * pow(s.Gamma, float64(n))
}

// At returns the closed form.
func (s MultiStepLR) At(epoch, initial float64) float64 {
	k := 0
	for _, m := range s.Milestones {
		if float64(m) <= math.Floor(epoch) {
			k++
		}
	}
	return initial * pow(s.Gamma, float64(k))
}
