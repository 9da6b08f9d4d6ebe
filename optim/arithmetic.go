package optim

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Products that are added to something are written T(a*b), if need be through a
// variable: the conversion forbids the compiler to fuse them, so results are the
// same on every platform.

// effective is the gradient that a rule works with.
type effective[T tensor.Float] struct{ sign, decay T }

// gradient returns the gradient with maximize's sign and an L2 penalty.
func gradient[T tensor.Float](maximize bool, decay float64) effective[T] {
	if maximize {
		return effective[T]{-1, T(decay)}
	}
	return effective[T]{1, T(decay)}
}

// at returns ±g + λp.
func (e effective[T]) at(g, p T) T {
	g = T(g * e.sign)
	if e.decay != 0 { // 0 times an infinite p would be NaN
		g += T(e.decay * p)
	}
	return g
}

// decay returns the gradient of the rules with decoupled_weight_decay: then the
// parameter shrinks by 1 - ηλ here, before the step, and the gradient has no penalty.
func decay[T tensor.Float](param []T, decoupled, maximize bool, lr, decay float64) effective[T] {
	if !decoupled {
		return gradient[T](maximize, decay)
	}
	if decay != 0 {
		keep := T(1 - float64(lr*decay))
		for i := range param {
			param[i] *= keep
		}
	}
	return gradient[T](maximize, 0)
}

func sqrt[T tensor.Float](x T) T { return T(math.Sqrt(float64(x))) }

// lerp returns a + w(b - a), in the two forms of torch.lerp: w = 1 gives b
// exactly.
func lerp[T tensor.Float](a, b, w T) T {
	if w < 0.5 {
		return a + T(w*(b-a))
	}
	return b - T((b-a)*(1-w))
}
