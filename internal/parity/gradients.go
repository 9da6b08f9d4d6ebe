package parity

import (
	"fmt"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// gradientCase is a case of optim/testdata/torch/elementwise.json: given gradients with zeros,
// changes of sign, untouched rows and steps without a gradient, and all buffers. The docstring of
// elementwise.py beside it describes the format.
type gradientCase struct {
	Name, Optimizer, Dtype string

	Options map[string]any
	Start   [2][]float64
	Records []struct {
		Step   int
		Params []struct {
			Steps int
			Param []float64
			State map[string][]float64
		}
	}
}

func replayGradients(p *replay) error {
	var file struct {
		header
		Cases []gradientCase
	}
	if err := p.read("optim/testdata/torch/elementwise.json", &file); err != nil {
		return err
	}
	for _, c := range file.Cases {
		r := Result{Name: "gradients/" + c.Name, Group: "nadam to sparseadam, given gradients, with buffers", Of: []string{c.Optimizer}, Dtype: c.Dtype}
		if n := len(c.Records); n > 0 {
			r.Steps = c.Records[n-1].Step
		}
		if err := p.run(file.header, r, c.replay); err != nil {
			return err
		}
	}
	return nil
}

// given is a parameter whose gradient is set by hand; nil for none.
type given struct{ value, grad gorgonia.Value }

func (p *given) Value() gorgonia.Value { return p.value }

func (p *given) Grad() (gorgonia.Value, error) {
	if p.grad == nil {
		return nil, fmt.Errorf("no gradient")
	}
	return p.grad, nil
}

// gradientAt is gradient() of elementwise.py, but for missing ones.
func gradientAt(which, step, row, column int) float64 {
	if step%13 == 0 || (step+row)%3 == 0 {
		return 0
	}
	i := 2*row + column
	return float64((step*(2*i+3)+5*i*i+which)%11-5) / 4
}

// set gives the parameter its gradient of a step.
func (p *given) set(which, step int, dt tensor.Dtype) error {
	p.grad = nil
	if step%[]int{7, 5}[which] == 3 {
		return nil
	}
	shape := p.value.Shape()
	width := []int{2, 1}[which]
	g := make([]float64, tensor.Size(shape))
	for i := range g {
		g[i] = gradientAt(which, step, i/width, i%width)
	}
	v, err := array{shape, g}.dense(dt)
	p.grad = v
	return err
}

func (c gradientCase) replay(r *Result) error {
	dt, _, err := dtypeOf(c.Dtype)
	if err != nil {
		return err
	}
	rule, err := optim.Make(c.Optimizer, c.Options)
	if err != nil {
		return err
	}
	params := [2]*given{{}, {}}
	for which, shape := range [][]int{{3, 2}, {2}} {
		if params[which].value, err = (array{shape, c.Start[which]}).dense(dt); err != nil {
			return err
		}
	}
	opt, err := optim.New([]gorgonia.ValueGrad{params[0], params[1]}, rule)
	if err != nil {
		return err
	}
	records := c.Records
	for step := 1; len(records) > 0; step++ {
		for which, p := range params {
			if err := p.set(which, step, dt); err != nil {
				return err
			}
		}
		if err := opt.Step(); err != nil {
			return err
		}
		if step == 100 {
			if err := opt.SetLR(opt.Groups()[0].LR() * 0.5); err != nil {
				return err
			}
		}
		if records[0].Step != step {
			continue
		}
		state := opt.StateDict().Groups[0].Params
		for which, want := range records[0].Params {
			got, err := tensor.Float64s(params[which].value)
			if err != nil {
				return err
			}
			if err := r.compare(step, got, want.Param); err != nil {
				return err
			}
			if state[which].Steps != want.Steps || len(state[which].Buffers) != len(want.State) {
				return fmt.Errorf("parameter %d at step %d: %d steps and %d buffers, want %d and %d", which, step,
					state[which].Steps, len(state[which].Buffers), want.Steps, len(want.State))
			}
			for name, b := range want.State {
				if err := r.compare(step, state[which].Buffers[name].Data, b); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		records = records[1:]
	}
	return nil
}
