package parity

import (
	"fmt"
	"math"
	"strings"

	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
)

// pathCase is a run of an optimizer on a landscape. The docstring of
// optim/testdata/torch/optim.py describes the files and the comparison.
type pathCase struct {
	Name, Optimizer, Landscape, Dtype, Cut string

	Options       map[string]any
	Start         landscapes.Point
	Steps, Stride int
	Loss          []float64
	Path          []landscapes.Point

	Returned []float64 // of L-BFGS
	Evals    []int
}

// pathFile is a file of such cases.
type pathFile struct {
	header
	Cases []pathCase
}

// pathFiles are the files of rules: PyTorch's, optax's and those of the authors.
var pathFiles = []struct {
	folder, name, by string
	layout           layout
}{
	{"torch", "sgd", "", scalars}, {"torch", "rmsprop", "", scalars}, {"torch", "adam", "", scalars},
	{"torch", "adamw", "", scalars}, {"torch", "adagrad", "", scalars}, {"torch", "nadam", "", scalars},
	{"torch", "radam", "", scalars}, {"torch", "adamax", "", scalars}, {"torch", "adadelta", "", scalars},
	{"torch", "rprop", "", scalars}, {"torch", "asgd", "", scalars}, {"torch", "sparseadam", "", scalars},
	{"torch", "adafactor", "", scalars}, {"torch", "muon", "", row},
	{"optax", "lion", "optax", vector}, {"optax", "adabelief", "optax", vector}, {"optax", "yogi", "optax", vector},
	{"optax", "lamb", "optax", vector}, {"optax", "lars", "optax", vector}, {"optax", "adan", "optax", vector},
	{"optax", "sgdschedulefree", "optax", vector}, {"optax", "adamwschedulefree", "optax", vector},
	{"optax", "adan_authors", "its authors", vector}, {"optax", "sgdschedulefree_authors", "its authors", vector},
	{"optax", "adamwschedulefree_authors", "its authors", vector},
}

// replayPaths replays rules on landscapes and compares every stored point and loss.
func replayPaths(p *replay) error {
	for _, f := range pathFiles {
		var file pathFile
		if err := p.read("optim/testdata/"+f.folder+"/"+f.name+".json", &file); err != nil {
			return err
		}
		for _, c := range file.Cases {
			r := c.result(f.by)
			err := p.run(file.header, r, func(r *Result) error {
				rule, err := optim.Make(c.Optimizer, c.Options)
				if err != nil {
					return err
				}
				return c.replay(r, f.layout, 1, func(at *point) (func() error, error) { return at.byRule(rule) })
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// result returns the case without numbers. Names of cases that are not PyTorch's begin with
// who made them.
func (c pathCase) result(by string) Result {
	r := Result{Name: c.Name, Group: c.Optimizer + " on landscapes, 200 steps", Of: []string{c.Optimizer}, Dtype: c.Dtype, Steps: c.Steps}
	if by != "" {
		r.Name = strings.TrimPrefix(by, "its ") + "/" + r.Name
		r.Group = c.Optimizer + " on landscapes, " + by
	}
	return r
}

// replay takes the steps of a case and compares.
func (c pathCase) replay(r *Result, l layout, sign float64, prepare func(*point) (func() error, error)) error {
	dt, _, err := dtypeOf(c.Dtype)
	if err != nil {
		return err
	}
	if c.Stride < 1 || len(c.Path) != len(c.Loss) || len(c.Path) != c.Steps/c.Stride+1 {
		return fmt.Errorf("%d points and %d losses of %d steps with a stride of %d", len(c.Path), len(c.Loss), c.Steps, c.Stride)
	}
	at, err := newPoint(c.Landscape, c.Start, l, sign, dt)
	if err != nil {
		return err
	}
	step, err := prepare(at)
	if err != nil {
		return err
	}
	top := largest(c.Loss)
	for n := range c.Steps + 1 {
		if n > 0 {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", n, err)
			}
		}
		if n%c.Stride != 0 {
			continue
		}
		loss, err := at.closure()
		if err != nil {
			return err
		}
		xy, err := at.at()
		if err != nil {
			return err
		}
		want := c.Path[n/c.Stride]
		off := max(math.Abs(xy[0]-want[0]), math.Abs(xy[1]-want[1])) / max(1, math.Abs(want[0]), math.Abs(want[1]))
		r.add(n, max(off, math.Abs(sign*loss-c.Loss[n/c.Stride])/top))
	}
	return nil
}
