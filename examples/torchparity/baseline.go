package main

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// baseline is what PyTorch tests its C++ optimizers with, at full precision; the
// file says what it holds.
type baseline struct {
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
}

// replayBaseline trains with the settings of every row. It compares each weight
// relative to itself.
func replayBaseline(data fs.FS, filter func(string) bool) (version string, out []result, err error) {
	var b baseline
	if err := read(data, "nn/testdata/torch/baseline.json", &b); err != nil {
		return "", nil, err
	}
	for _, row := range b.Rows {
		name := "baseline/" + row.Name
		if !filter(name) {
			continue
		}
		r, err := b.replay(row)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, err)
		}
		r.Name, r.Group, r.Dtype = name, row.Optimizer+", PyTorch's baseline", "float64"
		out = append(out, r)
	}
	return "", out, nil
}

// enlarging is a run that enlarges a rounding of the gradient by 10⁴: a sigmoid that is
// one unit in the last place nearer to the truth is 2e-12 further from PyTorch's path.
const enlarging = "RMSprop(.1,wd=1e-2)"

func (b baseline) replay(row baselineRow) (result, error) {
	r := result{Bound: 1e-12}
	if row.Name == enlarging {
		r.Bound = 1e-11
	}
	for key := range row.Snapshots {
		step, err := strconv.Atoi(key)
		if err != nil {
			return r, err
		}
		r.Steps = max(r.Steps, step)
	}
	model, prog, err := b.build()
	if err != nil {
		return r, err
	}
	opt, err := optimizer(prog, row.Optimizer, row.Options)
	if err != nil {
		return r, err
	}
	for step := 1; step <= r.Steps; step++ {
		if err := prog.Run(); err != nil {
			return r, err
		}
		if err := opt.Step(); err != nil {
			return r, err
		}
		want, stored := row.Snapshots[strconv.Itoa(step)]
		if !stored {
			continue
		}
		got, err := weights(model)
		if err != nil {
			return r, err
		}
		if len(got) != len(want) {
			return r, fmt.Errorf("%d weights after step %d, the model has %d", len(want), step, len(got))
		}
		for i, w := range want {
			r.add(step, math.Abs(got[i]-w)/math.Abs(w))
		}
	}
	return r, nil
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
