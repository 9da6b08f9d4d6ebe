package optim

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Products that are added to something are written T(a*b), if need be through a
// variable: the conversion forbids the compiler to fuse them, so results are the
// same on every platform.

// effective is the gradient that a rule works with, and the parameter that it starts from.
type effective[T tensor.Float] struct{ sign, decay, keep T }

// gradient returns the gradient with maximize's sign and an L2 penalty.
func gradient[T tensor.Float](maximize bool, decay float64) effective[T] {
	if maximize {
		return effective[T]{-1, T(decay), 1}
	}
	return effective[T]{1, T(decay), 1}
}

// decoupled returns the gradient of the rules with decoupled_weight_decay: then the
// parameter shrinks by 1 - ηλ before the step, and the gradient has no penalty.
func decoupled[T tensor.Float](apart, maximize bool, lr, decay float64) effective[T] {
	if !apart {
		return gradient[T](maximize, decay)
	}
	e := gradient[T](maximize, 0)
	e.keep = T(1 - float64(lr*decay))
	return e
}

// shrink returns p after decoupled decay; p if there is none.
func (e effective[T]) shrink(p T) T { return T(p * e.keep) }

// at returns ±g + λp.
func (e effective[T]) at(g, p T) T {
	g = T(g * e.sign)
	if e.decay != 0 { // 0 times an infinite p would be NaN
		g += T(e.decay * p)
	}
	return g
}

// decay shrinks a parameter as [decoupled] says, for rules that are no loop over elements, and
// returns the gradient that is left.
func decay[T tensor.Float](param []T, apart, maximize bool, lr, decay float64) effective[T] {
	e := decoupled[T](apart, maximize, lr, decay)
	if e.keep != 1 {
		for i, p := range param {
			param[i] = e.shrink(p)
		}
	}
	return e
}

func sqrt[T tensor.Float](x T) T { return T(math.Sqrt(float64(x))) }

func abs[T tensor.Float](x T) T { return T(math.Abs(float64(x))) }

// lerp returns a + w(b - a), in the two forms of torch.lerp: w = 1 gives b
// exactly.
func lerp[T tensor.Float](a, b, w T) T {
	if w < 0.5 {
		return a + T(w*(b-a))
	}
	return b - T((b-a)*(1-w))
}
