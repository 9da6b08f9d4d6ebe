package landscapes

import (
	"errors"
	"fmt"
	"math"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// use makes the optimizer of a rule, with its schedules, or that of a method.
func (r *runner[T]) use(l Landscape, rule optim.Setting, loss *autodiff.Node, leaves []*autodiff.Node, cfg Config) (err error) {
	switch rule := rule.(type) {
	case optim.Rule:
		if r.opt, err = optim.New(r.prog.Params(), rule); err != nil {
			return err
		}
		_, r.lookAhead = rule.(optim.LookAhead)
		for _, s := range cfg.Schedules {
			sched, err := optim.NewSchedulerOf(r.opt, s.Of, s.By)
			if err != nil {
				return err
			}
			r.schedule = append(r.schedule, sched)
		}
		return nil
	case optim.Method:
		if len(cfg.Schedules) > 0 {
			return fmt.Errorf("landscapes: %w: %s takes no schedules", ErrOption, typeName(rule))
		}
		if rule, err = withDerivatives(l, rule, loss, leaves); err != nil {
			return err
		}
		r.method, err = optim.NewMinimizer(r.prog.Params(), rule)
		return err
	}
	return fmt.Errorf("landscapes: %w: %T is neither a rule nor a method", ErrOption, rule)
}

// withDerivatives gives a method the second derivatives that it needs.
func withDerivatives(l Landscape, method optim.Method, loss *autodiff.Node, leaves []*autodiff.Node) (optim.Method, error) {
	switch method.(type) {
	case optim.Newton, optim.NewtonCG, optim.Sophia, optim.Gonum:
	default:
		return method, nil
	}
	node, err := autodiff.Hessian(loss, leaves...)
	if err != nil {
		return nil, invalid(l, err)
	}
	prog, err := autodiff.Compile(node)
	if err != nil {
		return nil, invalid(l, err)
	}
	hessian := func() ([]float64, error) {
		if err := prog.Run(); err != nil {
			return nil, err
		}
		return tensor.Float64s(node.Value())
	}
	switch m := method.(type) {
	case optim.Newton:
		m.Hessian = hessian
		return m, nil
	case optim.Gonum:
		m.Hessian = hessian
		return m, nil
	case optim.NewtonCG:
		m.Product = func(v []float64) ([]float64, error) {
			h, err := hessian()
			if err != nil {
				return nil, err
			}
			return []float64{h[0]*v[0] + h[1]*v[1], h[2]*v[0] + h[3]*v[1]}, nil
		}
		return m, nil
	case optim.Sophia:
		m.Hessian = func() ([]float64, error) {
			h, err := hessian()
			if err != nil {
				return nil, err
			}
			return []float64{h[0], h[3]}, nil
		}
		return m, nil
	}
	return method, nil
}

// stepMethod takes one step of a method. One of gonum's ends with an error where its line search finds nothing lower, at
// the latest in a minimum: from there on the run stays where it is.
func (r *runner[T]) stepMethod(run *Run) (cause string, err error) {
	if !r.stopped {
		_, err = r.method.StepClosure(r.evaluate)
	}
	_, gonum := r.method.Method().(optim.Gonum)
	switch {
	case errors.Is(r.failed, errNotFinite):
		return "loss is " + numeral(r.prog.Loss()), nil
	case err != nil && gonum && r.failed == nil:
		r.stopped = true
		run.Status = fmt.Sprintf("stopped at step %d: %v", len(run.Loss), err)
	case err != nil:
		return "", err
	}
	if err := r.prog.Run(); err != nil {
		return "", err
	}
	return r.record(run), nil
}

var errNotFinite = errors.New("the loss is not finite")

// evaluate is what methods call for the loss and its gradient. Gonum's would search for ever where the loss is NaN
// or falls without end.
func (r *runner[T]) evaluate() (float64, error) {
	if r.failed = r.prog.Run(); r.failed != nil {
		return 0, r.failed
	}
	loss := r.prog.Loss()
	if _, gonum := r.method.Method().(optim.Gonum); gonum && (math.IsNaN(loss) || math.IsInf(loss, -1)) {
		r.failed = errNotFinite
		return 0, r.failed
	}
	r.addNoise()
	return loss, nil
}
