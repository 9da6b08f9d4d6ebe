package parity

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/optim"
)

// methodOf returns a method with PyTorch's or optax's options. Optax corrects Sophia's bias, and
// uses a new diagonal from the next step on.
func methodOf(name string, options map[string]any) (optim.Method, error) {
	var items []string
	for key, v := range options {
		switch {
		case key == "maximize" && name != "lbfgs": // see signOf
		case key == "line_search_fn":
			items = append(items, "strong_wolfe=true")
		default:
			text := fmt.Sprint(v)
			if list, ok := v.([]any); ok {
				text = strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ":")
			}
			items = append(items, key+"="+text)
		}
	}
	if name == "sophia" {
		items = append(items, "bias_correction=true", "late_hessian=true")
	}
	slices.Sort(items)
	return optim.ParseMethod(name + ":" + strings.Join(items, ","))
}

// signOf returns -1 for a method without the option that is to maximize.
func signOf(c pathCase) float64 {
	if c.Optimizer != "lbfgs" && c.Options["maximize"] == true {
		return -1
	}
	return 1
}

// replayMethods replays Sophia, with the exact diagonal of the Hessian, and Prodigy.
func replayMethods(p *replay) error {
	for _, name := range []string{"sophia", "prodigy"} {
		var file pathFile
		if err := p.read("optim/testdata/optax/"+name+".json", &file); err != nil {
			return err
		}
		for _, c := range file.Cases {
			err := p.run(file.header, c.result("optax"), func(r *Result) error {
				return c.replay(r, vector, signOf(c), func(at *point) (func() error, error) {
					method, err := methodOf(c.Optimizer, c.Options)
					if err != nil {
						return nil, err
					}
					if s, ok := method.(optim.Sophia); ok {
						if s.Hessian, err = at.diagonal(); err != nil {
							return nil, err
						}
						method = s
					}
					return at.byMethod(method)
				})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// replayLBFGS compares points, losses, what each step returned, and the number of
// evaluations, which must be equal. The docstring of lbfgs.py describes the file.
func replayLBFGS(p *replay) error {
	var file pathFile
	if err := p.read("optim/testdata/torch/lbfgs.json", &file); err != nil {
		return err
	}
	for _, c := range file.Cases {
		r := c.result("")
		r.Group = "lbfgs on landscapes, as far as round-off allows"
		if err := p.run(file.header, r, c.replayLBFGS); err != nil {
			return err
		}
	}
	return nil
}

func (c pathCase) replayLBFGS(r *Result) error {
	if len(c.Returned) != c.Steps || len(c.Evals) != c.Steps+1 {
		return fmt.Errorf("%d returned losses and %d counts of %d steps", len(c.Returned), len(c.Evals), c.Steps)
	}
	return c.replay(r, scalars, 1, func(at *point) (func() error, error) {
		method, err := methodOf("lbfgs", c.Options)
		if err != nil {
			return nil, err
		}
		opt, err := optim.NewMinimizer(at.prog.Params(), method)
		if err != nil {
			return nil, err
		}
		step, evals, top := 0, 0, largest(c.Loss)
		return func() error {
			loss, err := opt.StepClosure(func() (float64, error) { evals++; return at.closure() })
			if err != nil {
				return err
			}
			r.add(step, math.Abs(loss-c.Returned[step])/top)
			step++
			if evals != c.Evals[step] {
				return fmt.Errorf("%d evaluations, PyTorch has %d", evals, c.Evals[step])
			}
			return nil
		}, nil
	})
}
