package optim

import (
	"errors"
	"math"
)

// CosineAnnealingLR lowers the learning rate from its initial value η₀ to
// EtaMin along half a cosine in TMax epochs, as
// torch.optim.lr_scheduler.CosineAnnealingLR. Set by it alone, η is
//
//	η = η_min + (η₀ - η_min)(1 + cos(πt/T_max))/2
//
// and is computed, as in PyTorch, from the present value,
//
//	η ← (1 + cos(πt/T_max))/(1 + cos(π(t-1)/T_max)) (η - η_min) + η_min
//
// except at t = T_max + 1, 3T_max + 1, ..., where that would divide by zero:
//
//	η ← η + (η₀ - η_min)(1 - cos(π/T_max))/2
//
// After TMax epochs the learning rate rises again; it has the period 2TMax.
//
// PyTorch does not check its arguments. Here TMax >= 1, EtaMin >= 0 and finite.
//
// Reference: I. Loshchilov, F. Hutter. SGDR: Stochastic Gradient Descent with
// Warm Restarts. ICLR 2017. https://arxiv.org/abs/1608.03983
type CosineAnnealingLR struct {
	TMax   int     `option:"T_max"`   // T_max >= 1, half a period
	EtaMin float64 `option:"eta_min"` // η_min >= 0
}

// Check returns an error for every field out of its range.
func (s CosineAnnealingLR) Check() error {
	return errors.Join(positive("CosineAnnealingLR", "T_max", s.TMax), nonNegative("CosineAnnealingLR", "eta_min", s.EtaMin))
}

// Next returns the learning rate at an epoch.
func (s CosineAnnealingLR) Next(epoch int, lr, initial float64) float64 {
	switch t := float64(epoch); {
	case epoch == 0:
		return lr
	case (epoch-1-s.TMax)%(2*s.TMax) == 0:
		return lr + (initial-s.EtaMin)*(1-s.cos(1))/2
	default:
		return float64((1+s.cos(t))/(1+s.cos(t-1))*(lr-s.EtaMin)) + s.EtaMin
	}
}

// At returns the closed form.
func (s CosineAnnealingLR) At(epoch, initial float64) float64 {
	return s.EtaMin + (initial-s.EtaMin)*(1+s.cos(epoch))/2
}

// cos returns cos(πt/T_max).
func (s CosineAnnealingLR) cos(t float64) float64 {
	return cos(float64(math.Pi*t) / float64(s.TMax))
}
