package parity

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// baseline is what PyTorch tests its C++ optimizers with, at full precision; the
// file says what it holds, and baseline_lbfgs.py how the rows of L-BFGS were made.
type baseline struct {
	header
	Names  []string
	Shapes [][]int
	Init   []float64
	Input  [][]float64
	Rows   []baselineRow
}

type baselineRow struct {
	Name, Optimizer string
	Options         map[string]any
	Snapshots       map[string][]float64 // weights after so many steps
	Evals           map[string]int       // evaluations of L-BFGS until then
}

// replayBaseline trains with the settings of every row. It compares each weight
// relative to itself.
func replayBaseline(p *replay) error {
	var b baseline
	if err := p.read("nn/testdata/torch/baseline.json", &b); err != nil {
		return err
	}
	var lbfgs baseline
	if err := p.read("nn/testdata/torch/baseline_lbfgs.json", &lbfgs); err != nil {
		return err
	}
	var noise baselineNoise
	if err := p.read("nn/testdata/torch/baseline_roundoff.json", &noise); err != nil {
		return err
	}
	for _, row := range append(b.Rows, lbfgs.Rows...) {
		of := strings.ToLower(row.Optimizer)
		r := Result{Name: "baseline/" + row.Name, Group: of + ", PyTorch's baseline", Of: []string{of}, Dtype: "float64"}
		alike, apart := noise.split(row)
		if err := p.run(lbfgs.header, r, func(r *Result) error { return b.replay(alike, r) }); err != nil {
			return err
		}
		if len(apart.Snapshots) == 0 {
			continue
		}
		r.Name, r.Group, r.Bound = r.Name+"/apart", r.Group+", where its runs are apart", 1e-11
		if err := p.run(noise.header, r, func(r *Result) error { return b.replay(apart, r) }); err != nil {
			return err
		}
	}
	return nil
}

// baselineNoise says where PyTorch's own runs are not the baseline's, moved by round-off;
// the docstring of baseline_roundoff.py describes it.
type baselineNoise struct {
	header
	Rows []struct {
		Name      string
		Disturbed map[string]float64   // how far PyTorch's runs are from the snapshots
		Path      map[string][]float64 // weights after more steps
	}
}

// split returns the row with the snapshots that PyTorch's own runs meet to 1e-12, and more of
// them, and the row with the others.
func (noise baselineNoise) split(row baselineRow) (alike, apart baselineRow) {
	alike, apart = row, row
	alike.Snapshots, apart.Snapshots = map[string][]float64{}, map[string][]float64{}
	for _, n := range noise.Rows {
		if n.Name != row.Name {
			continue
		}
		maps.Copy(alike.Snapshots, n.Path)
		for step, w := range row.Snapshots {
			if n.Disturbed[step] > 1e-12 {
				apart.Snapshots[step] = w
			} else {
				alike.Snapshots[step] = w
			}
		}
		return alike, apart
	}
	return row, apart // of L-BFGS
}

func (b baseline) replay(row baselineRow, r *Result) error {
	for key := range row.Snapshots {
		step, err := strconv.Atoi(key)
		if err != nil {
			return err
		}
		r.Steps = max(r.Steps, step)
	}
	model, prog, err := b.build()
	if err != nil {
		return err
	}
	evals := 0
	step, err := row.stepper(prog, &evals)
	if err != nil {
		return err
	}
	for n := 1; n <= r.Steps; n++ {
		if err := step(); err != nil {
			return err
		}
		want, stored := row.Snapshots[strconv.Itoa(n)]
		if !stored {
			continue
		}
		got, err := weights(model)
		if err != nil {
			return err
		}
		if len(got) != len(want) {
			return fmt.Errorf("%d weights after step %d, the model has %d", len(want), n, len(got))
		}
		for i, w := range want {
			r.add(n, math.Abs(got[i]-w)/math.Abs(w))
		}
		if row.Evals != nil && evals != row.Evals[strconv.Itoa(n)] {
			return fmt.Errorf("%d evaluations after step %d, PyTorch has %d", evals, n, row.Evals[strconv.Itoa(n)])
		}
	}
	return nil
}

// stepper returns a function that takes a step with the row's optimizer.
func (row baselineRow) stepper(prog *ad.Program, evals *int) (func() error, error) {
	if row.Optimizer == "LBFGS" {
		method, err := methodOf("lbfgs", row.Options)
		if err != nil {
			return nil, err
		}
		opt, err := optim.NewMinimizer(prog.Params(), method)
		return func() error {
			_, err := opt.StepClosure(func() (float64, error) {
				*evals++
				err := prog.Run()
				return prog.Loss(), err
			})
			return err
		}, err
	}
	opt, err := optimizer(prog, row.Optimizer, row.Options)
	return func() error {
		if err := prog.Run(); err != nil {
			return err
		}
		return opt.Step()
	}, err
}

// weights returns all parameters in their order.
func weights(model nn.Module) ([]float64, error) {
	var all []float64
	for _, p := range model.Params() {
		v, err := tensor.Float64s(p.Node.Value())
		if err != nil {
			return nil, err
		}
		all = append(all, v...)
	}
	return all, nil
}

// build makes the model with its first weights, and the program of its loss.
func (b baseline) build() (nn.Module, *ad.Program, error) {
	g := ad.NewGraph()
	model := nn.Build(g, tensor.NewRand(1), nn.Sequential{
		nn.Linear{In: 2, Out: 3}, nn.Sigmoid{}, nn.Linear{In: 3, Out: 1}, nn.Sigmoid{},
	})
	state, flat := map[string]*tensor.Dense{}, b.Init
	if len(b.Names) != len(b.Shapes) {
		return nil, nil, fmt.Errorf("%d names and %d shapes", len(b.Names), len(b.Shapes))
	}
	for i, name := range b.Names {
		n := tensor.Size(b.Shapes[i])
		if n < 0 || n > len(flat) {
			return nil, nil, fmt.Errorf("the first weights end before %s", name)
		}
		v, err := tensor.FromSlice(slices.Clone(flat[:n]), b.Shapes[i]...)
		if err != nil {
			return nil, nil, err
		}
		state[name], flat = v, flat[n:]
	}
	if err := nn.Load(model, state); err != nil {
		return nil, nil, err
	}
	x, err := tensor.FromSlice(slices.Concat(b.Input...), len(b.Input), 2)
	if err != nil {
		return nil, nil, err
	}
	loss := ad.Sum(model.Forward(ad.Input(g, "x", x)))
	prog, err := ad.Compile(loss, ad.WithGrad(nn.Nodes(model)...))
	return model, prog, err
}

// optimizer makes an optimizer of PyTorch's name and options.
func optimizer(prog *ad.Program, name string, options map[string]any) (*optim.Optimizer, error) {
	rule, err := optim.Make(name, options)
	if err != nil {
		return nil, err
	}
	return optim.New(prog.Params(), rule)
}
