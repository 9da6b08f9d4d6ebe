package parity

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// printed are runs of rules that are in no library: values of a published section that
// builds them from scratch, as recomputed in float64. See TestPublishedRuns of package optim.
var printed = []struct {
	spec, landscape string
	start           landscapes.Point
	steps           int
	value           float64 // loss after the last step, or |y| on the saddle
}{
	{"momentum:lr=0.012,momentum=0.85", "ravine", landscapes.Point{-9, -1}, 120, 1.99912110839e-07},
	{"nesterov:lr=0.008,momentum=0.85", "ravine", landscapes.Point{-9, -1}, 120, 2.70809801004e-07},
	{"momentum:lr=0.04,momentum=0.9", "saddle", landscapes.Point{-1.8, 0.01}, 35, 1.75227598624},
}

func replayPrinted(p *replay) error {
	for _, c := range printed {
		rule, err := optim.Parse(c.spec)
		if err != nil {
			return err
		}
		name := optim.NameOf(rule)
		r := Result{Name: "printed/" + name + "/" + c.landscape, Group: name + ", printed runs", Of: []string{name}, Dtype: "float64", Steps: c.steps, Bound: 1e-11}
		err = p.run(header{}, r, func(r *Result) error {
			run, err := trace(rule, c.landscape, c.start, c.steps)
			if err != nil {
				return err
			}
			at, value, _ := run.Final()
			if c.landscape == "saddle" {
				value = math.Abs(at[1])
			}
			r.add(c.steps, math.Abs(value-c.value)/c.value)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trace runs an optimizer that must not diverge.
func trace(rule optim.Setting, landscape string, start landscapes.Point, steps int) (*landscapes.Run, error) {
	l, err := landscapes.ByName(landscape)
	if err != nil {
		return nil, err
	}
	run, err := landscapes.Trace(l, rule, landscapes.Config{Start: start, Steps: steps, Dtype: tensor.Float64})
	if err == nil && run.Diverged != nil {
		err = fmt.Errorf("%v", run.Diverged)
	}
	return run, err
}

// minima are methods that no library has with the same steps, gonum's aside: what there is to compare with is
// the minimum that they find.
var minima = []string{
	"newton", "newton:line_search=true", "newton:saddle_free=true,line_search=true", "newtoncg", "conjugategradient",
	"conjugategradient:fletcher_reeves=true", "gonum:method=bfgs", "gonum:method=lbfgs", "gonum:method=cg", "gonum:method=newton",
	"gonum:method=neldermead",
}

// replayMinima compares the end of a run, on landscapes with one minimum, with the known minimum. Losses within
// 1e-14 of the lowest value are as near as 1e-7.
func replayMinima(p *replay) error {
	for _, spec := range minima {
		for _, name := range []string{"bowl", "ravine", "booth", "rosenbrock"} {
			method, err := optim.ParseMethod(spec)
			if err != nil {
				return err
			}
			of := optim.NameOf(method)
			r := Result{Name: spec + "/" + name, Group: of + ", known minima", Of: []string{of}, Dtype: "float64", Steps: 300, Bound: 1e-6}
			err = p.run(header{}, r, func(r *Result) error {
				l, err := landscapes.ByName(name)
				if err != nil {
					return err
				}
				run, err := trace(method, name, l.Start, r.Steps)
				if err != nil {
					return err
				}
				at, _, _ := run.Final()
				nearest := math.Inf(1)
				for _, m := range l.Minima {
					nearest = min(nearest, math.Hypot(at[0]-m.At[0], at[1]-m.At[1]))
				}
				r.add(r.Steps, nearest)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
