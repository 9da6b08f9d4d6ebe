package optim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// ravine is a program: it computes the gradient of (x² + 10y²)/2 at its two
// parameters, and returns the loss.
type ravine struct{ x, y *param }

func newRavine() *ravine {
	return &ravine{&param{gorgonia.NewF64(4), gorgonia.NewF64(0)}, &param{gorgonia.NewF64(1), gorgonia.NewF64(0)}}
}

func (r *ravine) params() []gorgonia.ValueGrad { return []gorgonia.ValueGrad{r.x, r.y} }

func (r *ravine) run() (float64, error) {
	x, y := r.x.value.Data().(float64), r.y.value.Data().(float64)
	*r.x.grad.(*gorgonia.F64), *r.y.grad.(*gorgonia.F64) = gorgonia.F64(x), gorgonia.F64(10*y)
	return (x*x + 10*y*y) / 2, nil
}

func (r *ravine) String() string { return fmt.Sprintf("(%.4f, %.4f)", r.x.value, r.y.value) }

// A run that is interrupted goes on as if nothing had happened.
func ExampleOptimizer_StateDict() {
	first := newRavine()
	opt, err := optim.New(first.params(), optim.SGD{LR: 0.05, Momentum: 0.9})
	for range 10 {
		if err == nil {
			_, err = opt.StepClosure(first.run)
		}
	}
	text, _ := json.Marshal(opt.StateDict())

	second := newRavine() // the values of the parameters are saved by themselves
	*second.x.value.(*gorgonia.F64), *second.y.value.(*gorgonia.F64) = *first.x.value.(*gorgonia.F64), *first.y.value.(*gorgonia.F64)
	var state optim.StateDict
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	again, _ := optim.New(second.params(), optim.DefaultSGD())
	if err == nil {
		err = again.LoadStateDict(&state)
	}
	_, _ = opt.StepClosure(first.run)
	_, _ = again.StepClosure(second.run)
	fmt.Println(first, second, err)

	other, _ := optim.New(second.params(), optim.DefaultAdam())
	fmt.Println(other.LoadStateDict(&state))
	// Output:
	// (-1.5775, -0.3307) (-1.5775, -0.3307) <nil>
	// optim: state does not fit; mismatched: group 0: rule "sgd", want "adam"
}

// The same in PyTorch's layout.
func ExampleOptimizer_TorchState() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.05, Momentum: 0.9})
	if err == nil {
		_, err = opt.StepClosure(r.run)
	}
	text, _ := opt.TorchState()
	fmt.Println(string(text), err)
	// Output:
	// {"state":{"0":{"momentum_buffer":4},"1":{"momentum_buffer":10}},"param_groups":[{"dampening":0,"lr":0.05,"maximize":false,"momentum":0.9,"nesterov":false,"params":[0,1],"weight_decay":0}]} <nil>
}

// Gradients are clipped before every step until the hook is removed.
func ExampleOptimizer_BeforeStep() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	hook := opt.BeforeStep(func(o *optim.Optimizer) error {
		norm, err := optim.ClipGradNorm(o.Trainable(), 0.5, 2, true)
		fmt.Printf("norm %.4f\n", norm)
		return err
	})
	for range 2 {
		_, err = opt.StepClosure(r.run)
		fmt.Println(r, err)
	}
	hook.Remove()
	_, err = opt.StepClosure(r.run)
	fmt.Println(r, err)
	// Output:
	// norm 10.7703
	// (3.8143, 0.5358) <nil>
	// norm 6.5767
	// (3.5243, 0.1284) <nil>
	// (0.0000, -1.1560) <nil>
}

func ExampleGroup_Freeze() {
	r := newRavine()
	opt, err := optim.New([]gorgonia.ValueGrad{r.x}, optim.SGD{LR: 0.1})
	if err == nil {
		err = opt.AddGroup([]gorgonia.ValueGrad{r.y}, optim.SGD{LR: 0.05})
	}
	backbone := opt.Groups()[0]
	backbone.Freeze()
	_, _ = opt.StepClosure(r.run)
	fmt.Println(r, err)
	backbone.Unfreeze()
	_, _ = opt.StepClosure(r.run)
	fmt.Println(r)
	// Output:
	// (4.0000, 0.5000) <nil>
	// (3.6000, 0.2500)
}

func ExampleSplit() {
	matrix := &param{tensor.Must(tensor.Zeros[float64](3, 2)), nil}
	bias := &param{tensor.Of(0.0, 0), nil}
	matrices, others := optim.Split([]gorgonia.ValueGrad{matrix, bias}, func(s tensor.Shape) bool { return len(s) == 2 })
	fmt.Println(len(matrices), matrices[0].Value().Shape(), len(others), others[0].Value().Shape())
	// Output: 1 (3, 2) 1 (2)
}

func ExampleClipGradValue() {
	p := &param{tensor.Of(0.0, 0, 0), tensor.Of(-3, 0.5, 3)}
	err := optim.ClipGradValue([]gorgonia.ValueGrad{p}, 1)
	fmt.Println(p.grad.Data(), err)
	// Output: [-1 0.5 1] <nil>
}

// The gradient of the second row is large beside its weights.
func ExampleAdaptiveClip() {
	w := tensor.Must(tensor.FromSlice([]float64{3, 4, 0.3, 0.4}, 2, 2))
	g := tensor.Must(tensor.FromSlice([]float64{0.3, 0.4, 0.3, 0.4}, 2, 2))
	err := optim.AdaptiveClip([]gorgonia.ValueGrad{&param{w, g}}, 0.1, 1e-3, optim.UnitsFirst)
	fmt.Printf("%.3f %v\n", g.Data(), err)
	// Output: [0.300 0.400 0.030 0.040] <nil>
}

// Two micro-batches make one step.
func ExampleAccumulator() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	acc, err := optim.NewAccumulator(opt, 2)
	for range 4 {
		if err == nil {
			_, err = acc.StepClosure(r.run)
		}
		fmt.Println(acc.Count(), r)
	}
	fmt.Println(err)
	// Output:
	// 1 (4.0000, 1.0000)
	// 0 (3.6000, 0.0000)
	// 1 (3.6000, 0.0000)
	// 0 (3.2400, 0.0000)
	// <nil>
}

func ExampleGradientNoise() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	noise, err := optim.NewGradientNoise(1, 0.3, 0.55)
	opt.BeforeStep(func(o *optim.Optimizer) error { return noise.Add(o.Trainable()) })
	for range 3 {
		if err == nil {
			_, err = opt.StepClosure(r.run)
		}
	}
	fmt.Println(noise.Step(), err)
	// Output: 3 <nil>
}

// A step whose gradient is not finite is skipped; the third in a row is an
// error.
func ExampleFiniteGuard() {
	p := &param{gorgonia.NewF64(1), gorgonia.NewF64(0)}
	opt, err := optim.New([]gorgonia.ValueGrad{p}, optim.SGD{LR: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	guard := optim.NewFiniteGuard(2)
	opt.BeforeStep(func(o *optim.Optimizer) error { return guard.Check(o.Trainable()) })
	for _, g := range []float64{1, math.NaN(), 1, math.Inf(1), math.NaN(), math.NaN()} {
		*p.grad.(*gorgonia.F64) = gorgonia.F64(g)
		err := opt.Step()
		fmt.Println(p.value, guard.Total(), errors.Is(err, optim.ErrNonFinite))
	}
	// Output:
	// 0.9 0 false
	// 0.9 1 false
	// 0.8 1 false
	// 0.8 2 false
	// 0.8 3 false
	// 0.8 4 true
}

// The average of the last points is nearer to the minimum than the points.
func ExampleAverage() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.19})
	if err != nil {
		fmt.Println(err)
		return
	}
	avg, err := optim.NewAverage(opt.Params(), optim.SWA())
	for step := range 20 {
		if err == nil {
			_, err = opt.StepClosure(r.run)
		}
		if err == nil && step >= 10 {
			err = avg.Update()
		}
	}
	fmt.Println(r, err)
	err = avg.Apply()
	fmt.Println(r, err)
	err = avg.Restore()
	fmt.Println(r, err)
	// Output:
	// (0.0591, 0.1216) <nil>
	// (0.1821, -0.0108) <nil>
	// (0.0591, 0.1216) <nil>
}

func ExampleLookahead() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.15, Momentum: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	look, err := optim.NewLookahead(opt, 5, 0.5)
	for range 20 {
		if err == nil {
			_, err = look.StepClosure(r.run)
		}
	}
	fmt.Println(r, look.Synced(), err)
	// Output: (0.3596, 0.0208) true <nil>
}

// The optimizer gets the gradient of the worst point within a distance of 0.5.
func ExampleSAM() {
	r := newRavine()
	opt, err := optim.New(r.params(), optim.SGD{LR: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	sam, err := optim.NewSAM(opt, 0.5)
	if err == nil {
		_, err = sam.StepClosure(r.run)
	}
	fmt.Println(r, err)
	// Output: (3.5814, -0.4642) <nil>
}
