package optim

import "math"

// WarmUp returns the schedule that raises the learning rate along a line from
// η₀/steps to η₀ in the first steps epochs, and then follows another schedule
// from its epoch 0 on, or stays if that is nil:
//
//	η = η₀ min(1, (t + 1)/steps)
//
// It is a [SequentialLR] of a [LinearLR] and then, as in PyTorch's recipes.
// Steps of 1 or less warm nothing up.
//
// Reference: P. Goyal et al. Accurate, Large Minibatch SGD: Training ImageNet in
// 1 Hour. 2017, section 2.2. https://arxiv.org/abs/1706.02677
func WarmUp(steps int, then Schedule) Schedule {
	if then == nil {
		then = constantFactor
	}
	if steps <= 1 {
		return then
	}
	line := LinearLR{StartFactor: 1 / float64(steps), EndFactor: 1, TotalIters: steps - 1}
	return SequentialLR{Schedulers: []Schedule{line, then}, Milestones: []int{steps - 1}}
}

// constantFactor is the schedule that stays at the initial value.
var constantFactor Schedule = Func(func(_ int, initial float64) float64 { return initial })

// UntunedWarmUp returns the number of steps for [WarmUp] that makes up for the
// variance of the first steps of Adam and its kin: 2/(1 - β₂), rounded up; 0
// unless β₂ is in [0, 1).
//
// Reference: J. Ma, D. Yarats. On the Adequacy of Untuned Warmup for Adaptive
// Optimization. AAAI 2021, section 5.2. https://arxiv.org/abs/1910.04209
func UntunedWarmUp(beta2 float64) int {
	if !(0 <= beta2 && beta2 < 1) {
		return 0
	}
	return int(math.Ceil(float64(2/(1-beta2)) - 1e-6)) // 1 - 0.999 is a little below 0.001
}

// InverseSqrtLR raises the learning rate along a line from 0 to η₀ in WarmUp
// epochs and lowers it with the root of the epoch after that,
//
//	η = η₀ min(t/WarmUp, √(WarmUp/t))
//
// PyTorch has it as a LambdaLR only; there and here the step at epoch 0 has the
// learning rate 0.
//
// Reference: A. Vaswani et al. Attention Is All You Need. NeurIPS 2017, equation
// (3), where η₀ = 1/√(d_model WarmUp). https://arxiv.org/abs/1706.03762
type InverseSqrtLR struct {
	WarmUp int `option:"warmup"` // >= 1
}

// Check returns an error if WarmUp is less than 1.
func (s InverseSqrtLR) Check() error { return positive("InverseSqrtLR", "warmup", s.WarmUp) }

// Next returns the learning rate at an epoch.
func (s InverseSqrtLR) Next(epoch int, _, initial float64) float64 {
	return s.At(float64(epoch), initial)
}

// At returns the learning rate at an epoch.
func (s InverseSqrtLR) At(epoch, initial float64) float64 {
	w := float64(s.WarmUp)
	if epoch < w {
		return initial * (epoch / w)
	}
	return initial * math.Sqrt(w/epoch)
}
