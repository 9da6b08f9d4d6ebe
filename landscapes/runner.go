package landscapes

import (
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// runner takes the steps of one optimizer on one landscape.
type runner[T tensor.Float] struct {
	prog      *autodiff.Program
	opt       *optim.Optimizer
	method    *optim.Minimizer // in place of opt
	failed    error            // why an evaluation ended the method
	stopped   bool             // the method has ended by itself
	at, grad  [2][]T           // the memory of the parameters and of their gradients
	lookAhead bool             // the rule wants the gradient elsewhere
	noise     float64
	rng       *rand.Rand
	schedule  []*optim.Scheduler
}

func newRunner[T tensor.Float](l Landscape, rule optim.Setting, cfg Config) (*runner[T], error) {
	leaves, loss, err := graphOf[T](l, rule, cfg.Start)
	if err != nil {
		return nil, err
	}
	r := &runner[T]{noise: cfg.Noise, rng: tensor.NewRand(cfg.Seed)}
	if r.prog, err = autodiff.Compile(loss, autodiff.WithGrad(leaves...)); err != nil {
		return nil, invalid(l, err)
	}
	if err := r.use(l, rule, loss, leaves, cfg); err != nil {
		return nil, err
	}
	if err := r.prog.Run(); err != nil { // makes the gradients
		return nil, invalid(l, err)
	}
	var at, grad []gorgonia.Value
	for _, n := range leaves {
		g, err := n.Grad()
		if err != nil {
			return nil, err
		}
		at, grad = append(at, n.Value()), append(grad, g)
	}
	if r.at, err = halves[T](at); err != nil {
		return nil, err
	}
	r.grad, err = halves[T](grad)
	return r, err
}

// graphOf builds l over two scalars x and y, or over a matrix [[x, y]] if the rule is for
// matrices alone, as Muon.
func graphOf[T tensor.Float](l Landscape, rule optim.Setting, at Point) ([]*autodiff.Node, *autodiff.Node, error) {
	if c, ok := rule.(optim.ShapeChecker); ok && c.CheckShape(tensor.Shape{}) != nil {
		p, loss, err := rowGraph[T](l, at)
		return []*autodiff.Node{p}, loss, err
	}
	leaves, loss, err := scalarGraph[T](l, at)
	return leaves[:], loss, err
}

// halves returns the memory of x and of y, of two scalars or one matrix.
func halves[T tensor.Float](values []gorgonia.Value) (h [2][]T, err error) {
	all := make([][]T, len(values))
	for i, v := range values {
		if all[i], err = tensor.Data[T](v); err != nil {
			return h, err
		}
	}
	if len(all) == 1 {
		return [2][]T{all[0][:1], all[0][1:]}, nil
	}
	return [2][]T(all), nil
}

// trace fills run.
func trace[T tensor.Float](l Landscape, rule optim.Setting, cfg Config, run *Run) error {
	r, err := newRunner[T](l, rule, cfg)
	if err != nil {
		return err
	}
	if r.method != nil {
		defer r.method.Close()
	}
	cause := r.record(run)
	for k := 1; k <= cfg.Steps && cause == ""; k++ {
		if cause, err = r.step(run); err != nil {
			return err
		}
	}
	if cause != "" {
		run.Diverged = &Divergence{Step: len(run.Loss), Cause: cause}
	}
	return nil
}

// step takes one step and records the state after it. If that is not finite, or
// the gradient that leads there is not, it returns the cause.
func (r *runner[T]) step(run *Run) (cause string, err error) {
	if r.method != nil {
		return r.stepMethod(run)
	}
	if r.lookAhead {
		if err := r.opt.Ahead(); err != nil {
			return "", err
		}
		if err := r.prog.Run(); err != nil {
			return "", err
		}
		if !finite(r.slope()) {
			return "look-ahead gradient is not finite", nil
		}
	}
	r.addNoise()
	if err := r.opt.Step(); err != nil {
		return "", err
	}
	for _, s := range r.schedule {
		if err := s.Step(); err != nil {
			return "", err
		}
	}
	if err := r.prog.Run(); err != nil {
		return "", err
	}
	return r.record(run), nil
}

// addNoise adds noise to the gradient.
func (r *runner[T]) addNoise() {
	if r.noise == 0 {
		return
	}
	for _, g := range r.grad {
		g[0] += T(r.noise * r.rng.NormFloat64())
	}
}

// record appends the present state to run, or returns why it does not belong
// there. The program has just run.
func (r *runner[T]) record(run *Run) (cause string) {
	at := Point{float64(r.at[0][0]), float64(r.at[1][0])}
	loss, slope := r.prog.Loss(), r.slope()
	switch {
	case !finite(at[0]):
		return "x is " + numeral(at[0])
	case !finite(at[1]):
		return "y is " + numeral(at[1])
	case !finite(loss):
		return "loss is " + numeral(loss)
	case !finite(slope):
		return "gradient is not finite"
	}
	run.Loss = append(run.Loss, loss)
	run.Path = append(run.Path, at)
	run.GradNorm = append(run.GradNorm, slope)
	return ""
}

// slope returns the length of the gradient.
func (r *runner[T]) slope() float64 {
	return math.Hypot(float64(r.grad[0][0]), float64(r.grad[1][0]))
}
