package optim

import (
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
