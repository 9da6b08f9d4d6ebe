package optim

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// A Method is an optimizer that moves all parameters at once, as one vector, and
// evaluates the loss as often as it needs: quasi-Newton methods, conjugate gradients. As a
// [Rule] it is a plain struct of hyperparameters and holds no state. [NewMinimizer]
// runs it.
type Method interface {
	// Check returns an error for every hyperparameter out of its range.
	Check() error
	// Start returns the method at work on n elements, with nothing remembered yet.
	Start(n int) Iteration
}

// An Iteration is a [Method] with what it remembers of the steps so far.
type Iteration interface {
	// Step takes one step from p.X, and leaves the last point there. It returns the
	// loss at the point it started from, and the first error of p.Eval.
	Step(p *Problem) (loss float64, err error)
}

// Problem is what a [Method] sees of the parameters and the loss, in float64.
type Problem struct {
	X []float64 // the elements of all parameters, one after the other
	G []float64 // the gradient at the point of the last Eval

	params []*param
	f      func() (float64, error)
}

// Eval returns the loss at X, and sets G. X is rounded to what the parameters can hold.
func (p *Problem) Eval() (float64, error) {
	if err := p.write(); err != nil {
		return 0, err
	}
	loss, err := p.f()
	if err != nil {
		return loss, err
	}
	return loss, p.readGrad()
}

// write copies X to the parameters.
func (p *Problem) write() error {
	at := 0
	for _, q := range p.params {
		if err := q.bindValue(); err != nil {
			return err
		}
		at += exchangeWith(q.slot, p.X[at:], toParam)
	}
	return nil
}

// read copies the parameters to X.
func (p *Problem) read() error {
	at := 0
	for _, q := range p.params {
		if err := q.bindValue(); err != nil {
			return err
		}
		at += exchangeWith(q.slot, p.X[at:], fromParam)
	}
	return nil
}

// readGrad copies the gradients to G; one that is absent is 0, as in torch.
func (p *Problem) readGrad() error {
	at := 0
	for _, q := range p.params {
		if err := q.bind(); err != nil {
			return err
		}
		what := fromGrad
		if !q.active {
			what = zero
		}
		at += exchangeWith(q.slot, p.G[at:], what)
	}
	return nil
}

// exchange is what a slot copies between itself and a vector.
type exchange int

const (
	toParam exchange = iota
	fromParam
	fromGrad
	zero
)

func exchangeWith(s slot, x []float64, what exchange) int {
	return s.(interface{ exchange([]float64, exchange) int }).exchange(x, what)
}

// exchange copies between the slot and the first elements of x, and returns their number.
func (s *slotOf[T]) exchange(x []float64, what exchange) int {
	n := len(s.Param)
	for i := range n {
		switch what {
		case toParam:
			s.Param[i] = T(x[i])
			x[i] = float64(s.Param[i])
		case fromParam:
			x[i] = float64(s.Param[i])
		case fromGrad:
			x[i] = float64(s.Grad[i])
		case zero:
			x[i] = 0
		}
	}
	return n
}

// Minimizer applies a [Method] to parameters. It is for one goroutine at a time.
type Minimizer struct {
	method  Method
	problem Problem
	work    Iteration
	start   []float64
}

// NewMinimizer returns an optimizer that applies method to all of params, which must
// have values. There are no groups: as torch says, LBFGS doesn't support per-parameter
// options. Errors are those of [New] and of method's Check.
func NewMinimizer(params []gorgonia.ValueGrad, method Method) (*Minimizer, error) {
	if method == nil || nilPointer(method) {
		return nil, optionErrorf("no method")
	}
	if err := method.Check(); err != nil {
		return nil, err
	}
	if len(params) == 0 {
		return nil, paramErrorf("optimizer got an empty parameter list")
	}
	o := &Minimizer{method: method}
	admitted := &Optimizer{groups: []*Group{{}}}
	for i, vg := range params {
		p, err := admitted.admit(vg, i)
		if err != nil {
			return nil, err
		}
		admitted.groups[0].params = append(admitted.groups[0].params, p)
	}
	o.problem.params = admitted.groups[0].params
	n := 0
	for _, p := range o.problem.params {
		if missing(p.of.Value()) {
			return nil, p.errorf(fmt.Errorf("%w: it has no value", tensor.ErrShape))
		}
		n += tensor.Size(p.of.Value().Shape())
	}
	vectors := make([]float64, 3*n)
	o.problem.X, o.problem.G, o.start = vectors[:n:n], vectors[n:2*n:2*n], vectors[2*n:]
	o.work = method.Start(n)
	return o, nil
}

// Method returns the hyperparameters.
func (o *Minimizer) Method() Method { return o.method }

// StepClosure takes one step, and returns the loss at the point where it started. f
// evaluates the loss and its gradients at the parameters, and is called several times.
// An error of f is returned, and the parameters are where they were.
func (o *Minimizer) StepClosure(f func() (float64, error)) (float64, error) {
	if f == nil {
		return 0, optionErrorf("StepClosure: the closure is nil")
	}
	p := &o.problem
	p.f = f
	if err := p.read(); err != nil {
		return 0, err
	}
	copy(o.start, p.X)
	loss, err := o.work.Step(p)
	if err == nil {
		err = p.write()
	}
	if err != nil {
		copy(p.X, o.start)
		_ = p.write() // it could be read, so it can be written
	}
	return loss, err
}

// Close ends a [Method] that runs beside the caller, as [Gonum] does; others need not be
// closed.
func (o *Minimizer) Close() {
	if c, ok := o.work.(interface{ close() }); ok {
		c.close()
	}
}
