package optim

import (
	"errors"
	"iter"

	"gonum.org/v1/gonum/optimize"
)

// Gonum makes a method of gonum's package optimize, such as BFGS, CG, NelderMead or
// CmaEsChol, a [Method]: a step is one of its major iterations. Once it has converged
// nothing moves any more. A method that needs second derivatives gets those of Hessian.
//
// The method runs beside the caller and waits between steps; [Minimizer.Close] ends it. Its
// memory is its own: [Minimizer.StateDict] is an error. To go on later, save the parameters, and
// start it again there.
type Gonum struct {
	Method  optimize.Method `option:"method"` // as text, its type in lower case
	Hessian func() ([]float64, error)
}

// Check returns an error if there is no method.
func (r Gonum) Check() error {
	if r.Method == nil {
		return optionErrorf("Gonum: no method")
	}
	return nil
}

// Start returns the method before its first iteration.
func (r Gonum) Start(*Problem) (Iteration, error) { return &gonumIteration{Gonum: r}, nil }

type gonumIteration struct {
	Gonum
	eval evaluator
	next func() ([]float64, bool) // goes on to the next major iteration
	stop func()
	done bool
	err  error // with which the method ended
}

// Method returns the method, of which nothing can be changed.
func (o *gonumIteration) Method() Method { return &o.Gonum }

var errStopped = errors.New("optim: the minimizer was closed")

// Step goes on to the end of the next major iteration.
func (o *gonumIteration) Step(p *Problem) (float64, error) {
	if o.next == nil {
		o.eval.problem = p
		o.next, o.stop = iter.Pull(o.run)
	}
	start := append([]float64(nil), p.X...)
	o.eval.eval(start)
	loss := o.eval.loss
	if o.eval.err != nil || o.done {
		return loss, o.take()
	}
	x, ok := o.next()
	if !ok {
		o.done = true
		copy(p.X, start)
		return loss, o.take()
	}
	copy(p.X, x)
	return loss, nil
}

// take returns the error that ended the method, once.
func (o *gonumIteration) take() error {
	err := o.err
	if o.eval.err != nil {
		err = o.eval.err
	}
	o.err, o.eval.err = nil, nil
	return err
}

// run minimizes, and hands over the point of each major iteration.
func (o *gonumIteration) run(yield func([]float64) bool) {
	record := recorder(func(x []float64) error {
		if !yield(x) {
			return errStopped
		}
		return nil
	})
	settings := &optimize.Settings{Recorder: record, Converger: optimize.NeverTerminate{}}
	_, err := optimize.Minimize(o.eval.gonum(o.Hessian), append([]float64(nil), o.eval.problem.X...), settings, o.Gonum.Method)
	if !errors.Is(err, errStopped) {
		o.err = err
	}
}

func (o *gonumIteration) close() {
	if o.stop != nil {
		o.stop()
	}
}

// recorder is called at the end of each major iteration.
type recorder func(x []float64) error

func (recorder) Init() error { return nil }

func (r recorder) Record(l *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op != optimize.MajorIteration {
		return nil
	}
	return r(l.X)
}
