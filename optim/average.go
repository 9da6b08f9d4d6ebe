package optim

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// An Averaging says how an [Average] takes in the parameters p after it has
// taken in n values, n >= 1. [EMA] and [SWA] make them.
type Averaging struct {
	name  string
	decay float64
	swa   bool
}

// EMA is the exponential moving average a ← βa + (1-β)p with β = decay in
// [0, 1], as torch's get_ema_multi_avg_fn, where 0.999 is the default. There is
// no bias to correct, since a starts at p.
//
// Reference: B. Polyak, A. Juditsky. Acceleration of Stochastic Approximation by
// Averaging. SIAM J. Control Optim. 30, 1992, for averages of iterates.
func EMA(decay float64) Averaging { return Averaging{name: "EMA", decay: decay} }

// SWA is the plain mean a ← a + (p - a)/(n + 1), as torch's get_swa_avg_fn.
//
// Reference: P. Izmailov et al. Averaging Weights Leads to Wider Optima and
// Better Generalization. UAI 2018, Algorithm 1. https://arxiv.org/abs/1803.05407
func SWA() Averaging { return Averaging{name: "SWA", swa: true} }

// Average follows parameters, as torch.optim.swa_utils.AveragedModel: the first
// Update copies them, later ones average:
//
//	avg, err := optim.NewAverage(opt.Params(), optim.EMA(0.999))
//	opt.AfterStep(func(*optim.Optimizer) error { return avg.Update() })
//	...
//	err = avg.Apply() // the parameters are the average
//	...               // validate
//	err = avg.Restore()
//
// Parameters of groups that are added later are not in it. After training with batch normalization its statistics belong to other
// weights; compute them again, as torch's update_bn.
type Average struct {
	params  []gorgonia.ValueGrad
	how     Averaging
	n       int
	twins   []*twin
	applied bool
}

// NewAverage returns an average of params. A decay out of its range is an error
// that wraps [ErrOption], a nil or missing parameter one that wraps [ErrParam].
func NewAverage(params []gorgonia.ValueGrad, how Averaging) (*Average, error) {
	switch {
	case how.name == "":
		return nil, optionErrorf("Average: neither EMA nor SWA")
	case !(0 <= how.decay && how.decay <= 1):
		return nil, &OptionError{Rule: how.name, Value: how.decay, bare: true,
			Text: fmt.Sprintf("Invalid decay value %s provided. Please provide a value in [0,1] range.", pyFloat(how.decay))}
	case len(params) == 0:
		return nil, paramErrorf("Average: an empty parameter list")
	}
	for i, vg := range params {
		if vg == nil || nilPointer(vg) {
			return nil, paramErrorf("%d: it is nil", i)
		}
	}
	return &Average{params: append([]gorgonia.ValueGrad(nil), params...), how: how, twins: twins(nil, len(params))}, nil
}

// Count returns the number of updates.
func (a *Average) Count() int { return a.n }

// Update takes in the present parameters. It is an error between Apply and
// Restore. On an error nothing has changed. Updates after the first do not
// allocate.
func (a *Average) Update() error {
	if a.applied {
		return optionErrorf("Average: Update between Apply and Restore")
	}
	if err := a.fit(); err != nil {
		return err
	}
	for i, vg := range a.params {
		p, _ := valueOf(vg, i) // fit read it
		switch t := a.twins[i]; {
		case a.n == 0:
			between(t.elements, p, 0, copyFrom[float32], copyFrom[float64])
		case a.how.swa:
			between(t.elements, p, float64(a.n+1), meanTo[float32], meanTo[float64])
		default:
			between(t.elements, p, 1-a.how.decay, lerpTo[float32], lerpTo[float64])
		}
	}
	a.n++
	return nil
}

// fit complains about parameters that changed shape or have no value.
func (a *Average) fit() error {
	for i, vg := range a.params {
		p, err := valueOf(vg, i)
		if err == nil {
			err = a.twins[i].fit(p, vg, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Apply puts the average into the parameters, until Restore. It is an error
// before the first Update. A second Apply does nothing.
func (a *Average) Apply() error {
	if a.n == 0 {
		return optionErrorf("Average: Apply before the first Update")
	}
	if a.applied {
		return nil
	}
	return a.swap()
}

// Restore puts the parameters back that Apply replaced, or does nothing.
func (a *Average) Restore() error {
	if !a.applied {
		return nil
	}
	return a.swap()
}

func (a *Average) swap() error {
	if err := a.fit(); err != nil {
		return err
	}
	for i, vg := range a.params {
		p, _ := valueOf(vg, i)
		between(p, a.twins[i].elements, 0, swapWith[float32], swapWith[float64])
	}
	a.applied = !a.applied
	return nil
}

// meanTo is a ← a + (b - a)/n.
func meanTo[T tensor.Float](a, b []T, n float64) {
	c, i := T(n), 0
	if long(a) {
		i = meanToVectors(a, b, c)
	}
	for ; i < len(a); i++ {
		a[i] += (b[i] - a[i]) / c
	}
}
