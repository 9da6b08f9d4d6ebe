package optim

import "gorgonia.org/gorgonia"

// A Stepper is what a training loop needs of an optimizer: [*Optimizer], and
// what is wrapped around one, [*Lookahead], [*SAM] and [*Accumulator]. Wrappers
// nest, the outermost last; an Accumulator goes around the others.
type Stepper interface {
	// Params returns all parameters, Trainable those that are not frozen.
	Params() []gorgonia.ValueGrad
	Trainable() []gorgonia.ValueGrad
	// Ahead moves the parameters to where the gradient is wanted, Restore moves
	// them back without a step.
	Ahead() error
	Restore()
	// Step updates the parameters from their gradients, StepClosure calls f for
	// the loss and the gradients first.
	Step() error
	StepClosure(f func() (float64, error)) (float64, error)
	// ZeroGrad fills the gradients with zeros.
	ZeroGrad() error
}

var _ = []Stepper{(*Optimizer)(nil), (*Lookahead)(nil), (*SAM)(nil), (*Accumulator)(nil)}

// missingStepper reports whether s is nil.
func missingStepper(s Stepper) bool { return s == nil || nilPointer(s) }

// atLeastOne returns nil for n >= 1.
func atLeastOne(what, name string, n int) error {
	if n < 1 {
		return invalid(what, name, float64(n))
	}
	return nil
}
