package gradtest

import (
	"fmt"
	"strings"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// program computes a function and its gradients in one dtype, at and near the
// inputs.
type program struct {
	prog   *autodiff.Program
	y      *autodiff.Node
	x      []*autodiff.Node
	grads  []*autodiff.Node
	dx     [][]float64 // the gradients at the inputs
	inputs []tensor.Value
}

// build compiles f and vjp(v) in the given dtype.
func (o Options) build(f Func, inputs []tensor.Value, dtype tensor.Dtype) (*program, error) {
	p := &program{inputs: inputs}
	g := autodiff.NewGraph()
	for i, v := range inputs {
		if v.Dtype() != inputs[0].Dtype() {
			return nil, fmt.Errorf("%w: input %d is %v, input 0 %v", autodiff.ErrDtype, i, v.Dtype(), inputs[0].Dtype())
		}
		c, err := tensor.Convert(v, dtype) // a copy, which no f can change
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		p.x = append(p.x, autodiff.Param(g, fmt.Sprintf("x%d", i), c))
	}
	p.y = f(p.x...)
	if err := autodiff.Err(p.y); err != nil {
		return nil, err
	}
	var err error
	if p.grads, err = autodiff.VJP(p.y, o.cotangent(p.y), p.x...); err != nil {
		return nil, err
	}
	p.prog, err = autodiff.Compile(p.y, autodiff.Keep(p.grads...))
	return p, err
}

// value returns f where input i is moved by step; for i = -1 at the inputs.
func (p *program) value(i int, step []float64) ([]float64, error) {
	for k, x := range p.x {
		data, err := tensor.Float64s(p.inputs[k])
		if err != nil {
			return nil, err
		}
		if k == i {
			for e := range data {
				data[e] += step[e]
			}
		}
		v := tensor.Must(tensor.FromSlice(data, x.Shape()...))
		if err := autodiff.Let(x, tensor.Must(tensor.Convert(v, x.Dtype()))); err != nil {
			return nil, err
		}
	}
	if err := p.prog.Run(); err != nil {
		return nil, err
	}
	return tensor.Float64s(p.y.Value())
}

// readGradients copies the gradients of the last run.
func (p *program) readGradients() error {
	for _, d := range p.grads {
		dx, err := tensor.Float64s(d.Value())
		if err != nil {
			return err
		}
		p.dx = append(p.dx, dx)
	}
	return nil
}

// String describes the inputs, for errors.
func (p *program) String() string {
	s := make([]string, len(p.inputs))
	for i, v := range p.inputs {
		s[i] = tensor.Format(v)
	}
	return fmt.Sprintf("%v inputs at\n%s", p.inputs[0].Dtype(), strings.Join(s, "\n"))
}
