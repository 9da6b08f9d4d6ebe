package autodiff

import (
	"errors"
	"reflect"
)

// Optimizer is what moves parameters down a loss: *optim.Optimizer and what wraps one,
// *optim.Minimizer, or a type of your own.
type Optimizer interface {
	// StepClosure takes a step and returns the loss. It calls f, once or more, for the
	// loss and its gradients where the parameters are then.
	StepClosure(f func() (loss float64, err error)) (float64, error)
}

// WithOptimizer returns a whole step as one function: the program runs, as often and
// where opt wants the gradient, and opt moves the parameters. It returns the loss
// before the step, and the first error of either.
//
//	step := prog.WithOptimizer(opt)
//	for range 500 {
//		loss, err := step()
//		...
//	}
//
// It allocates no more than the program and opt do. With a nil opt every step is an
// error. It is like optimizer.step(closure) of torch.
func (p *Program) WithOptimizer(opt Optimizer) func() (float64, error) {
	if v := reflect.ValueOf(opt); opt == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		err := &Error{Op: "autodiff.Program.WithOptimizer", Pos: callerPos(), Err: errors.New("the optimizer is nil")}
		return func() (float64, error) { return 0, err }
	}
	run := func() (float64, error) {
		if err := p.Run(); err != nil {
			return 0, err
		}
		return p.Loss(), nil
	}
	return func() (float64, error) { return opt.StepClosure(run) }
}
