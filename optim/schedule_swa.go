package optim

import (
	"errors"
	"math"
	"strconv"
)

// SWALR moves the learning rate to SWALR in AnnealEpochs epochs and leaves it
// there, as torch.optim.swa_utils.SWALR; weights are averaged then. With
// a = (1 - cos(πx))/2 for "cos" or a = x for "linear", x = t/AnnealEpochs in
// [0, 1], and a' that of the epoch before,
//
//	η ← a SWALR + (1 - a)(η - a' SWALR)/(1 - a')
//
// PyTorch does not check SWALR. Here it is >= 0 and finite.
//
// Reference: P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov, A. Wilson.
// Averaging Weights Leads to Wider Optima and Better Generalization. UAI 2018.
// https://arxiv.org/abs/1803.05407
type SWALR struct {
	SWALR          float64 `option:"swa_lr"`
	AnnealEpochs   int     `option:"anneal_epochs"`   // >= 0
	AnnealStrategy string  `option:"anneal_strategy"` // cos, linear
}

// DefaultSWALR returns PyTorch's defaults, a cosine of 10 epochs. The learning
// rate has none and must be set.
func DefaultSWALR() SWALR { return SWALR{AnnealEpochs: 10, AnnealStrategy: "cos"} }

// Check returns an error for every field out of its range.
func (s SWALR) Check() error {
	err := errors.Join(nonNegative("SWALR", "swa_lr", s.SWALR), strategy("SWALR", s.AnnealStrategy))
	if s.AnnealEpochs < 0 {
		err = errors.Join(err, bare("SWALR", "anneal_epochs must be equal or greater than 0, got "+strconv.Itoa(s.AnnealEpochs)))
	}
	return err
}

// Next returns the learning rate at an epoch.
func (s SWALR) Next(epoch int, lr, _ float64) float64 {
	if s.AnnealEpochs == 0 {
		epoch = max(1, epoch)
	}
	before := s.part(epoch - 1)
	if before == 1 {
		lr = s.SWALR
	} else {
		lr = (lr - float64(before*s.SWALR)) / (1 - before)
	}
	a := s.part(epoch)
	return float64(s.SWALR*a) + float64(lr*(1-a))
}

// part returns a at an epoch.
func (s SWALR) part(epoch int) float64 {
	x := max(0, min(1, float64(epoch)/float64(max(1, s.AnnealEpochs))))
	if s.AnnealStrategy == "linear" {
		return x
	}
	return (1 - cos(float64(math.Pi*x))) / 2
}
