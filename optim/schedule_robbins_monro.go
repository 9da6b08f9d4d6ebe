package optim

import "errors"

// RobbinsMonro lowers the learning rate as a power of the epoch,
//
//	η = η₀/(1 + t/τ)^power
//
// With a power in (1/2, 1] the sum of η over all t is infinite and that of η² is
// not, which is the condition under which stochastic gradients converge; 1 is
// the classic 1/t. τ is the epoch at which η₀ has halved for a power of 1.
// PyTorch has it as a LambdaLR only, Keras as InverseTimeDecay.
//
// Reference: H. Robbins, S. Monro. A Stochastic Approximation Method. Annals of
// Mathematical Statistics 22, 1951, condition (27).
type RobbinsMonro struct {
	Tau   float64 `option:"tau"`   // τ > 0
	Power float64 `option:"power"` // >= 0
}

// DefaultRobbinsMonro returns τ = 1 and a power of 1: η₀/(1 + t).
func DefaultRobbinsMonro() RobbinsMonro { return RobbinsMonro{Tau: 1, Power: 1} }

// Check returns an error for every field out of its range.
func (s RobbinsMonro) Check() error {
	err := nonNegative("RobbinsMonro", "power", s.Power)
	if !(s.Tau > 0) || !finite(s.Tau) {
		err = errors.Join(invalid("RobbinsMonro", "tau", s.Tau), err)
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s RobbinsMonro) Next(epoch int, _, initial float64) float64 {
	return s.At(float64(epoch), initial)
}

// At returns the learning rate at an epoch.
func (s RobbinsMonro) At(epoch, initial float64) float64 {
	return initial / pow(1+epoch/s.Tau, s.Power)
}
