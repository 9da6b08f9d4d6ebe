package optim

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// Accumulator makes one step of k micro-batches: it adds up the gradients g of
// k Steps, and in the last one gives the optimizer their mean,
//
//	a ← a + g           every Step
//	g ← a/k, a ← 0      every k-th, then the optimizer steps
//
// In PyTorch one divides the loss by k and calls step every k-th time. The mean
// is that of optax.MultiSteps; micro-batches of a mean loss should be of equal
// size. A parameter without a gradient in some of them counts zero there, one
// without any in all k is skipped; one that has none in the last alone is an
// error, since there is nowhere to put the mean.
//
// Programs must overwrite gradients, as autodiff's do; with stock gorgonia
// machines, which add to them, call ZeroGrad after each Step. With a rule that
// looks ahead all k gradients are taken at the same look-ahead point.
type Accumulator struct {
	Stepper // the optimizer inside

	k, count int
	sums     []*twin
	seen     []bool // parameters with a gradient since the last step
}

// NewAccumulator wraps an optimizer. k is at least 1. Errors wrap [ErrOption].
func NewAccumulator(inside Stepper, k int) (*Accumulator, error) {
	if missingStepper(inside) {
		return nil, optionErrorf("Accumulator: the optimizer is nil")
	}
	if err := atLeastOne("Accumulator", "every_k_schedule", k); err != nil {
		return nil, err
	}
	return &Accumulator{Stepper: inside, k: k}, nil
}

// Count returns the number of micro-batches since the last step of the
// optimizer: after Step, 0 says that it stepped.
func (a *Accumulator) Count() int { return a.count }

// Reset forgets the gradients since the last step of the optimizer.
func (a *Accumulator) Reset() {
	a.count = 0
	clear(a.seen)
}

// Step adds the gradients, or steps. On an error about a gradient nothing has
// changed; on one of the optimizer the k gradients are gone. Steps after the
// first do not allocate.
func (a *Accumulator) Step() error {
	params := a.Params()
	a.sums = twins(a.sums, len(params))
	for len(a.seen) < len(params) {
		a.seen = append(a.seen, false)
	}
	last := a.count == a.k-1
	for pass := range 2 { // the first finds errors
		for i, vg := range params {
			g, err := gradOf(vg, i)
			if err != nil {
				return err
			}
			switch sum := a.sums[i]; {
			case g.empty():
				if last && a.seen[i] {
					return newParam(vg, i).errorf(fmt.Errorf("gradient: %w: it has none in the last micro-batch, but had one before", tensor.ErrShape))
				}
			case pass == 0:
				if err := sum.fit(g, vg, i); err != nil {
					return err
				}
			default:
				if a.seen[i] {
					between(sum.elements, g, 1, plusTimes[float32], plusTimes[float64])
				} else {
					between(sum.elements, g, 0, copyFrom[float32], copyFrom[float64])
				}
				a.seen[i] = true
				if last {
					between(g, sum.elements, float64(a.k), quotientOf[float32], quotientOf[float64])
				}
			}
		}
	}
	a.count++
	if !last {
		return nil
	}
	a.Reset()
	return a.Stepper.Step()
}

// StepClosure looks ahead, calls f and then [Accumulator.Step]. On an error of f
// the gradients so far are kept.
func (a *Accumulator) StepClosure(f func() (float64, error)) (float64, error) {
	if f == nil {
		return 0, optionErrorf("StepClosure: the closure is nil")
	}
	if err := a.Ahead(); err != nil {
		return 0, err
	}
	loss, err := f()
	if err != nil {
		a.Restore()
		return loss, err
	}
	return loss, a.Step()
}

// quotientOf is a ← b/w.
func quotientOf[T tensor.Float](a, b []T, w float64) {
	c, i := T(w), 0
	if long(a) {
		i = quotientOfVectors(a, b, c)
	}
	for ; i < len(a); i++ {
		a[i] = b[i] / c
	}
}
