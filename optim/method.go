package optim

import "github.com/downhill-go/downhill/tensor"

// A Method is an optimizer that moves all parameters at once, as one vector, and
// evaluates the loss as often as it needs: quasi-Newton methods, conjugate gradients. As a
// [Rule] it is a plain struct of hyperparameters and holds no state. [NewMinimizer]
// runs it.
type Method interface {
	// Check returns an error for every hyperparameter out of its range.
	Check() error
	// Start returns the method at work on the elements of p.X, with nothing remembered yet,
	// or why it cannot work on them. Their values, and the gradient, are not there yet.
	Start(p *Problem) (Iteration, error)
}

// An Iteration is a [Method] with what it remembers of the steps so far.
type Iteration interface {
	// Step takes one step from p.X, and leaves the last point there. It returns the
	// loss at the point it started from, and the first error of p.Eval.
	Step(p *Problem) (loss float64, err error)
	// Method returns a pointer to the hyperparameters. What a schedule writes there holds from
	// the next step on.
	Method() Method
}

// A Keeper is an [Iteration] whose memory can be saved, by [Minimizer.StateDict].
type Keeper interface {
	Iteration
	// Memory returns everything that the next step depends on, but the hyperparameters.
	Memory() Memory
}

// Memory is what a [Keeper] remembers, by name: a *int that is not negative, a *float64, a
// []float64 that keeps its length, [Rows], or a *[Scalars]. They are read to save it and
// written to load it.
type Memory map[string]any

// Rows is a list of vectors of the same length.
type Rows struct {
	List   *[][]float64
	Length int
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

// round returns v as a number of the dtype of the parameters together: float32 if all of
// them are float32.
func (p *Problem) round(v float64) float64 {
	for _, q := range p.params {
		if q.of.Value().Dtype() != tensor.Float32 {
			return v
		}
	}
	return float64(float32(v))
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
