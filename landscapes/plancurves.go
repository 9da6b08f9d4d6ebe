package landscapes

import (
	"fmt"
	"math"
)

// Plan is the values of a hyperparameter before the first step and after each,
// as optim.Plan returns them.
type Plan struct {
	Label  string
	Values []float64
}

// PlanCurves draws a hyperparameter over the steps, under its name, such as "lr",
// and the title of v. The axis is logarithmic if all values are positive and the
// largest is more than a hundred times the smallest.
//
// It returns an error that wraps [ErrPlot] if there is nothing to draw or a value
// is not finite, and [ErrOption] for a bad view.
func PlanCurves(of string, plans []Plan, v View) (*Picture, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	res := &Result{}
	least, most := math.Inf(1), math.Inf(-1)
	for _, plan := range plans {
		for _, x := range plan.Values {
			if !finite(x) {
				return nil, fmt.Errorf("landscapes: %w: %s has the value %v", ErrPlot, plan.Label, x)
			}
			least, most = math.Min(least, x), math.Max(most, x)
		}
		res.Runs = append(res.Runs, Run{Label: plan.Label, Loss: plan.Values, Path: make([]Point, len(plan.Values))})
		res.Steps = max(res.Steps, len(plan.Values)-1)
	}
	if least > most {
		return nil, fmt.Errorf("landscapes: %w: there is no plan to draw", ErrPlot)
	}
	scale := lossScale{title: of}
	p := newPlot("step", of)
	if least > 0 && most > 100*least {
		scale.log, scale.lo, scale.hi = true, math.Log10(least), math.Log10(most)
		p.Y.Tick.Marker = ticker(powerTicks)
	} else {
		scale.lo, scale.hi = least, most
	}
	pad := (scale.hi - scale.lo) / 40
	if pad == 0 {
		pad = math.Max(math.Abs(scale.hi)/10, 1e-300)
	}
	scale.lo, scale.hi = scale.lo-pad, scale.hi+pad
	p.X.Min, p.X.Max = 0, math.Max(1, float64(res.Steps))
	p.Y.Min, p.Y.Max = scale.lo, scale.hi
	f := newFrame(Landscape{}, res, v, p)
	f.title, f.subtitle, f.note = of, v.Title, fmt.Sprintf("%d steps", res.Steps)
	p.Add(gridLines{})
	for i, r := range res.Runs {
		p.Add(&curve{run: r, line: racerLine(i), scale: scale})
	}
	return f.picture(v), nil
}
