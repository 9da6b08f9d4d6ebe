package optim

import (
	"errors"
	"math"
	"reflect"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// Minimizer applies a [Method] to parameters, as an [Optimizer] applies a [Rule]. It is for
// one goroutine at a time.
type Minimizer struct {
	params  []*param // all; problem has those that are not frozen
	problem *Problem
	work    Iteration
	start   []float64          // where the step began
	pointer bool               // the method was given as a pointer
	initial map[string]float64 // hyperparameters when their first schedule was made
	before  hooks[*Minimizer]
	after   hooks[*Minimizer]
}

// NewMinimizer returns an optimizer that applies method to all of params, which must
// have values. There are no groups: as torch says, LBFGS doesn't support per-parameter
// options. Errors are those of [New], of method's Check, and of its Start.
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
	g := &Group{}
	admitted := &Optimizer{groups: []*Group{g}}
	for i, vg := range params {
		p, err := admitted.admit(vg, i)
		if err != nil {
			return nil, err
		}
		p.key = admitted.key(p.name)
		g.params = append(g.params, p)
	}
	o := &Minimizer{params: g.params, pointer: reflect.TypeOf(method).Kind() == reflect.Pointer}
	if err := o.begin(method); err != nil {
		return nil, err
	}
	return o, nil
}

// begin starts the method on the parameters that are not frozen.
func (o *Minimizer) begin(method Method) error {
	p, n := &Problem{}, 0
	for _, q := range o.params {
		if q.frozen {
			continue
		}
		if err := q.bindValue(); err != nil {
			return err
		}
		p.params = append(p.params, q)
		n += tensor.Size(q.of.Value().Shape())
	}
	vectors := make([]float64, 3*n)
	p.X, p.G = vectors[:n:n], vectors[n:2*n:2*n]
	work, err := method.Start(p)
	if err != nil {
		return err
	}
	o.Close()
	o.problem, o.work, o.start = p, work, vectors[2*n:]
	return nil
}

// Method returns a copy of the hyperparameters.
func (o *Minimizer) Method() Method {
	c := clone(o.work.Method())
	if !o.pointer {
		c = c.Elem()
	}
	return c.Interface().(Method)
}

// Get returns the hyperparameter of the given name, as [Group.Get].
func (o *Minimizer) Get(name string) (float64, error) {
	f, err := numberField(reflect.ValueOf(o.work.Method()), name)
	if err != nil {
		return math.NaN(), err
	}
	return f.Float(), nil
}

// Set changes the hyperparameter of the given name from the next step on, as [Group.Set]:
// what the method remembers is kept.
func (o *Minimizer) Set(name string, v float64) error {
	method, err := with(o.Method(), name, v)
	if err == nil {
		err = method.Check()
	}
	if err == nil {
		o.use(method)
	}
	return err
}

func (o *Minimizer) use(method Method) {
	reflect.ValueOf(o.work.Method()).Elem().Set(reflect.Indirect(reflect.ValueOf(method)))
}

// Params returns all parameters, in order.
func (o *Minimizer) Params() []gorgonia.ValueGrad { return listOf(o.params) }

// Trainable returns the parameters that are not frozen, in order. Vectors and matrices that a
// method asks for, as [Newton] its Hessian, are of their elements.
func (o *Minimizer) Trainable() []gorgonia.ValueGrad { return listOf(o.problem.params) }

func listOf(params []*param) []gorgonia.ValueGrad {
	out := make([]gorgonia.ValueGrad, len(params))
	for i, p := range params {
		out[i] = p.of
	}
	return out
}

// BeforeStep makes [Minimizer.StepClosure] call f first, as [Optimizer.BeforeStep]: before the
// loss is evaluated. Gradients are the closure's to clip, since a method asks for several.
func (o *Minimizer) BeforeStep(f func(*Minimizer) error) *Hook { return o.before.add(f) }

// AfterStep makes [Minimizer.StepClosure] call f when it has stepped, as
// [Optimizer.AfterStep].
func (o *Minimizer) AfterStep(f func(*Minimizer) error) *Hook { return o.after.add(f) }

// StepClosure takes one step, and returns the loss at the point where it started. f
// evaluates the loss and its gradients at the parameters, and is called several times.
// An error of f is returned, and the parameters are where they were. When a hook prevents the
// step, f is not called, and the loss is NaN.
func (o *Minimizer) StepClosure(f func() (float64, error)) (float64, error) {
	if f == nil {
		return 0, optionErrorf("StepClosure: the closure is nil")
	}
	if err := o.before.run(o); err != nil {
		if errors.Is(err, ErrSkip) {
			err = nil
		}
		return math.NaN(), err
	}
	loss, err := o.step(f)
	if err == nil {
		err = o.after.run(o)
	}
	return loss, err
}

func (o *Minimizer) step(f func() (float64, error)) (float64, error) {
	p := o.problem
	p.f = f
	if len(p.X) == 0 {
		return f() // all are frozen
	}
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
