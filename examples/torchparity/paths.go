package main

import (
	"fmt"
	"io/fs"
	"math"

	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
)

// pathCase is a run of one of PyTorch's optimizers on a landscape. The docstring
// of optim/testdata/torch/optim.py describes the files and the comparison.
type pathCase struct {
	Name, Optimizer, Landscape, Dtype string

	Options       map[string]any
	Start         landscapes.Point
	Steps, Stride int
	Loss          []float64
	Path          []landscapes.Point
}

// replayPaths races on our landscapes and compares every stored point and loss.
func replayPaths(data fs.FS, filter func(string) bool) (version string, out []result, err error) {
	for _, name := range []string{"sgd", "rmsprop", "adam", "adamw", "adagrad",
		"nadam", "radam", "adamax", "adadelta", "rprop", "asgd", "sparseadam"} {
		var file struct {
			Torch string
			Cases []pathCase
		}
		if err := read(data, "optim/testdata/torch/"+name+".json", &file); err != nil {
			return "", nil, err
		}
		for _, c := range file.Cases {
			if !filter(c.Name) {
				continue
			}
			r, err := c.replay()
			if err != nil {
				return "", nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			version, out = file.Torch, append(out, r)
		}
	}
	return version, out, nil
}

func (c pathCase) replay() (r result, err error) {
	r = result{Name: c.Name, Group: c.Optimizer + " on landscapes, 200 steps", Dtype: c.Dtype, Steps: c.Steps}
	cfg := landscapes.Config{Start: c.Start, Steps: c.Steps}
	if cfg.Dtype, r.Bound, err = dtypeOf(c.Dtype); err != nil {
		return r, err
	}
	if len(c.Path) != len(c.Loss) || c.Stride < 1 {
		return r, fmt.Errorf("%d points and %d losses with a stride of %d", len(c.Path), len(c.Loss), c.Stride)
	}
	l, err := landscapes.ByName(c.Landscape)
	if err != nil {
		return r, err
	}
	rule, err := optim.Make(c.Optimizer, c.Options)
	if err != nil {
		return r, err
	}
	got, err := landscapes.Trace(l, rule, cfg)
	if err != nil {
		return r, err
	}
	top := 1.0
	for _, v := range c.Loss {
		top = max(top, math.Abs(v))
	}
	for i, want := range c.Path {
		step := i * c.Stride
		if step >= len(got.Path) { // the run diverged
			r.add(step, math.Inf(1))
			break
		}
		at := got.Path[step]
		scale := max(1, math.Abs(want[0]), math.Abs(want[1]))
		r.add(step, max(math.Abs(at[0]-want[0]), math.Abs(at[1]-want[1]))/scale)
		r.add(step, math.Abs(got.Loss[step]-c.Loss[i])/top)
	}
	return r, nil
}
