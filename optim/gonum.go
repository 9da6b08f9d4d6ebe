package optim

import (
	"errors"
	"iter"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gorgonia.org/gorgonia"
)

// GonumProblem returns the loss as a problem of gonum's package optimize, and the point
// where the parameters are. f evaluates the loss and its gradients at the parameters, as
// for [Optimizer.StepClosure]; hessian, which may be nil, returns the matrix of second
// derivatives as [Newton]'s does.
//
//	problem, x, err := optim.GonumProblem(prog.Params(), f, nil)
//	result, err := optimize.Minimize(problem, x, nil, &optimize.BFGS{})
//
// Each function of the problem writes its argument to the parameters; after a minimization
// they are at the last point it looked at, which need not be the best, so write
// result.X by problem.Func(result.X). A point is evaluated once for the loss and the
// gradient together. An error of f ends the minimization, which returns it. Errors of
// GonumProblem are those of [NewMinimizer].
func GonumProblem(params []gorgonia.ValueGrad, f func() (float64, error), hessian func() ([]float64, error)) (optimize.Problem, []float64, error) {
	if f == nil {
		return optimize.Problem{}, nil, optionErrorf("GonumProblem: the closure is nil")
	}
	m, err := NewMinimizer(params, Gonum{Method: &optimize.GradientDescent{}})
	if err != nil {
		return optimize.Problem{}, nil, err
	}
	m.problem.f = f
	if err := m.problem.read(); err != nil {
		return optimize.Problem{}, nil, err
	}
	x := append([]float64(nil), m.problem.X...)
	e := &evaluator{problem: m.problem}
	return e.gonum(hessian), x, nil
}

// evaluator makes a Problem one of gonum's.
type evaluator struct {
	problem *Problem
	at      []float64 // the point of loss and problem.G, nil before the first
	loss    float64
	err     error // the first, which ends the minimization
}

func (e *evaluator) gonum(hessian func() ([]float64, error)) optimize.Problem {
	p := optimize.Problem{
		Func: func(x []float64) float64 { e.eval(x); return e.loss },
		Grad: func(grad, x []float64) { e.eval(x); copy(grad, e.problem.G) },
		Status: func() (optimize.Status, error) {
			if e.err != nil {
				return optimize.Failure, e.err
			}
			return optimize.NotTerminated, nil
		},
	}
	if hessian == nil {
		return p
	}
	p.Hess = func(h *mat.SymDense, x []float64) {
		copy(e.problem.X, x)
		e.at = nil
		if err := e.problem.write(); err != nil {
			e.fail(err)
			return
		}
		values, err := hessian()
		if n := len(x); err == nil && len(values) == n*n {
			for i := range n {
				for j := i; j < n; j++ {
					h.SetSym(i, j, (values[i*n+j]+values[j*n+i])/2)
				}
			}
			return
		}
		if err == nil {
			err = paramErrorf("the Hessian has %d elements, want %d", len(values), len(x)*len(x))
		}
		e.fail(err)
	}
	return p
}

func (e *evaluator) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// eval evaluates x, unless it is where the last evaluation was.
func (e *evaluator) eval(x []float64) {
	if e.at != nil && equal(e.at, x) {
		return
	}
	copy(e.problem.X, x)
	loss, err := e.problem.Eval()
	if err != nil {
		e.fail(err)
		return
	}
	e.at, e.loss = append(e.at[:0], x...), loss
}

func equal(a, b []float64) bool {
	for i, x := range a {
		if x != b[i] {
			return false
		}
	}
	return true
}

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
