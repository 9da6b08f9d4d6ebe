package parity

import (
	"fmt"
	"math"
	"strings"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
)

// spiral is a classifier of spirals, 2-32-32-2 with ReLU and cross-entropy: its
// outputs and gradients at the start, and two training runs. The docstring of
// nn/testdata/torch/nn.py describes it.
type spiral struct {
	Dtype  string
	X      array
	Labels []float64
	Init   map[string]array
	Logits array
	Loss   array
	Grads  map[string]array
	Runs   []spiralRun
}

type spiralRun struct {
	Optimizer string
	Options   map[string]any
	Losses    array
	Final     map[string]array
}

// replaySpiral compares arrays relative to their largest element.
func replaySpiral(p *replay) error {
	var file struct {
		header
		Spiral []spiral
	}
	if err := p.read("nn/testdata/torch/nn.json", &file); err != nil {
		return err
	}
	for _, s := range file.Spiral {
		start := Result{Name: "spiral/start/" + s.Dtype, Group: "MLP 2-32-32-2, outputs and gradients", Dtype: s.Dtype}
		if err := p.run(file.header, start, s.compareStart); err != nil {
			return err
		}
		for _, run := range s.Runs {
			of := strings.ToLower(run.Optimizer)
			r := Result{Name: "spiral/" + run.Optimizer + "/" + s.Dtype, Group: "MLP 2-32-32-2, 50 training steps", Of: []string{of}, Dtype: s.Dtype}
			if err := p.run(file.header, r, func(r *Result) error { return s.compareRun(run, r) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// network is a spiral case in a graph.
type network struct {
	model  nn.Module
	logits *ad.Node
	prog   *ad.Program
}

func (s spiral) build() (n network, err error) {
	dt, _, err := dtypeOf(s.Dtype)
	if err != nil {
		return n, err
	}
	g := ad.NewGraph()
	n.model = nn.Build(g, tensor.NewRand(1), nn.Sequential{
		nn.Linear{In: 2, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 2},
	}, nn.WithDtype(dt))
	state := map[string]*tensor.Dense{}
	for name, v := range s.Init {
		if state[name], err = v.dense(dt); err != nil {
			return n, err
		}
	}
	if err := nn.Load(n.model, state); err != nil {
		return n, err
	}
	x, err := s.X.dense(dt)
	if err != nil {
		return n, err
	}
	labels, err := array{Shape: []int{len(s.Labels)}, Data: s.Labels}.dense(dt)
	if err != nil {
		return n, err
	}
	n.logits = n.model.Forward(ad.Input(g, "x", x))
	loss := nn.CrossEntropyLoss(n.logits, ad.Input(g, "labels", labels))
	n.prog, err = ad.Compile(loss, ad.WithGrad(nn.Nodes(n.model)...), ad.Keep(n.logits))
	return n, err
}

func (s spiral) compareStart(r *Result) error {
	n, err := s.build()
	if err != nil {
		return err
	}
	if err := n.prog.Run(); err != nil {
		return err
	}
	if err := compareArray(r, 0, tensor.Scalar(n.prog.Loss()), s.Loss); err != nil {
		return err
	}
	if err := compareArray(r, 0, n.logits.Value(), s.Logits); err != nil {
		return err
	}
	for _, p := range n.model.Params() {
		grad, err := p.Node.Grad()
		if err != nil {
			return err
		}
		if err := compareArray(r, 0, grad, s.Grads[p.Name]); err != nil {
			return err
		}
	}
	return nil
}

func (s spiral) compareRun(run spiralRun, r *Result) error {
	n, err := s.build()
	if err != nil {
		return err
	}
	opt, err := optimizer(n.prog, run.Optimizer, run.Options)
	if err != nil {
		return err
	}
	r.Steps = len(run.Losses.Data) - 1
	for step, want := range run.Losses.Data {
		if err := n.prog.Run(); err != nil {
			return err
		}
		r.add(step, relative(n.prog.Loss(), want, run.Losses))
		if step == r.Steps {
			break
		}
		if err := opt.Step(); err != nil {
			return err
		}
	}
	for _, p := range n.model.Params() {
		if err := compareArray(r, r.Steps, p.Node.Value(), run.Final[p.Name]); err != nil {
			return err
		}
	}
	return nil
}

// compareArray takes note of the largest deviation of an array.
func compareArray(r *Result, step int, got tensor.Value, want array) error {
	data, err := tensor.Float64s(got)
	if err != nil {
		return err
	}
	if len(data) != len(want.Data) {
		return fmt.Errorf("%d elements, PyTorch has %d", len(data), len(want.Data))
	}
	for i, v := range data {
		r.add(step, relative(v, want.Data[i], want))
	}
	return nil
}

// relative returns how far got is from want, relative to the largest element of
// the array that want is from.
func relative(got, want float64, of array) float64 {
	top := 0.0
	for _, v := range of.Data {
		top = max(top, math.Abs(v))
	}
	return math.Abs(got-want) / top
}
