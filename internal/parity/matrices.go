package parity

import (
	"fmt"
	"math"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// matrixCase is a path on a loss of matrices; the docstring of
// optim/testdata/torch/matrix.py describes it.
type matrixCase struct {
	Name, Optimizer, Problem, Dtype, Cut string

	Options       map[string]any
	BFloat16      bool
	Bound         float64 // 0 for the usual one
	Steps, Stride int
	Path          [][]float64
	Loss          []float64
	State         []map[string][]float64
}

// matrixTerm is w Σ (AXB - C)² of one parameter.
type matrixTerm struct {
	Shape          []int
	Start, A, B, C []float64
	W              float64
}

// replayMatrices replays the optimizers that see a parameter as a matrix.
func replayMatrices(p *replay) error {
	for _, name := range []string{"matrix", "shampoo", "soap"} {
		var file struct {
			header
			Problems map[string][]matrixTerm
			Cases    []matrixCase
		}
		if err := p.read("optim/testdata/torch/"+name+".json", &file); err != nil {
			return err
		}
		for _, c := range file.Cases {
			r := Result{Name: c.Name, Group: c.Optimizer + " on matrices", Of: []string{c.Optimizer}, Dtype: c.Dtype, Steps: c.Steps, Bound: c.Bound}
			compare := c.replay
			if c.BFloat16 { // PyTorch's own Muon, whose steps are a few per cent off ours
				r.Group, r.Bound, compare = c.Optimizer+" on matrices, steps in bfloat16", 0.05, c.near
			}
			err := p.run(file.header, r, func(r *Result) error { return compare(r, file.Problems[c.Problem]) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// build makes the parameters, and the program of the loss.
func (c matrixCase) build(terms []matrixTerm) ([]*ad.Node, *ad.Program, error) {
	dt, _, err := dtypeOf(c.Dtype)
	if err != nil {
		return nil, nil, err
	}
	if len(terms) == 0 {
		return nil, nil, fmt.Errorf("no problem %q", c.Problem)
	}
	g := ad.NewGraph()
	var params []*ad.Node
	var loss *ad.Node
	for i, t := range terms {
		last := append([]int{1, 1}, t.Shape...)
		m, n := last[len(last)-2], last[len(last)-1]
		batch := len(t.Start) / (m * n)
		var nodes []*ad.Node
		for _, a := range []array{{t.Shape, t.Start}, {[]int{m, m}, t.A}, {[]int{n, n}, t.B}, {[]int{batch, m, n}, t.C}} {
			v, err := a.dense(dt)
			if err != nil {
				return nil, nil, err
			}
			name := fmt.Sprint("p", i, ".", len(nodes))
			if len(nodes) == 0 {
				nodes = append(nodes, ad.Param(g, name, v))
			} else {
				nodes = append(nodes, ad.Input(g, name, v))
			}
		}
		x := ad.Reshape(nodes[0], batch, m, n)
		off := ad.Sub(ad.MatMul(ad.MatMul(nodes[1], x), nodes[2]), nodes[3])
		term := ad.Mul(t.W, ad.Sum(ad.Square(off)))
		if loss == nil {
			loss = term
		} else {
			loss = ad.Add(loss, term)
		}
		params = append(params, nodes[0])
	}
	prog, err := ad.Compile(loss, ad.WithGrad(params...))
	return params, prog, err
}

// steps calls visit with all elements after each stride, and returns the optimizer after the last
// step.
func (c matrixCase) steps(terms []matrixTerm, visit func(i int, x []float64, loss float64) error) (*optim.Optimizer, error) {
	if c.Stride < 1 || len(c.Path) != len(c.Loss) || len(c.Path) != c.Steps/c.Stride+1 {
		return nil, fmt.Errorf("%d points and %d losses of %d steps with a stride of %d", len(c.Path), len(c.Loss), c.Steps, c.Stride)
	}
	params, prog, err := c.build(terms)
	if err != nil {
		return nil, err
	}
	rule, err := optim.Make(c.Optimizer, c.Options)
	if err != nil {
		return nil, err
	}
	opt, err := optim.New(prog.Params(), rule)
	if err != nil {
		return nil, err
	}
	for step := range c.Steps + 1 {
		if err := prog.Run(); err != nil {
			return nil, err
		}
		if step%c.Stride == 0 {
			x, err := elements(params)
			if err == nil && len(x) != len(c.Path[step/c.Stride]) {
				err = fmt.Errorf("%d elements, want %d", len(x), len(c.Path[step/c.Stride]))
			}
			if err == nil {
				err = visit(step/c.Stride, x, prog.Loss())
			}
			if err != nil {
				return nil, err
			}
		}
		if step < c.Steps {
			if err := opt.Step(); err != nil {
				return nil, err
			}
		}
	}
	return opt, nil
}

// elements returns the values of all nodes, one after the other.
func elements(nodes []*ad.Node) (all []float64, err error) {
	for _, n := range nodes {
		v, err := tensor.Float64s(n.Value())
		if err != nil {
			return nil, err
		}
		all = append(all, v...)
	}
	return all, nil
}

// replay compares points and losses, and the state after the last step relative to the largest
// element of a buffer, within ten times the bound.
func (c matrixCase) replay(r *Result, terms []matrixTerm) error {
	top := largest(c.Loss)
	opt, err := c.steps(terms, func(i int, x []float64, loss float64) error {
		r.add(i*c.Stride, math.Abs(loss-c.Loss[i])/top)
		return r.compare(i*c.Stride, x, c.Path[i])
	})
	if err != nil || c.State == nil {
		return err
	}
	for i, p := range opt.StateDict().Groups[0].Params {
		if len(p.Buffers) != len(c.State[i]) {
			return fmt.Errorf("parameter %d has %d buffers, want %d", i, len(p.Buffers), len(c.State[i]))
		}
		for name, want := range c.State[i] {
			got := p.Buffers[name].Data
			if len(got) != len(want) {
				return fmt.Errorf("%s of parameter %d has %d elements, want %d", name, i, len(got), len(want))
			}
			scale := 10 * largest(want)
			for k, v := range got {
				r.add(c.Steps, math.Abs(v-want[k])/scale)
			}
		}
	}
	return nil
}

// near compares points by their distance, relative to the way from the start.
func (c matrixCase) near(r *Result, terms []matrixTerm) error {
	_, err := c.steps(terms, func(i int, x []float64, _ float64) error {
		var off, way float64
		for k, want := range c.Path[i] {
			off += (x[k] - want) * (x[k] - want)
			way += (want - c.Path[0][k]) * (want - c.Path[0][k])
		}
		if i > 0 {
			r.add(i*c.Stride, math.Sqrt(off/way))
		}
		return nil
	})
	return err
}
