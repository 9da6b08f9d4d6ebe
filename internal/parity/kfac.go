package parity

import (
	"fmt"
	"math"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// kfacFile is optim/testdata/numpy/kfac.json; the docstring of kfac.py describes it.
type kfacFile struct {
	header
	Sizes       [3]int
	N           int
	X, Y, Noise []float64
	Start       map[string][]float64
	Cases       []kfacCase
}

type kfacCase struct {
	Name              string
	Bias              bool
	Fisher, Reduction string
	LR, Momentum      float64
	StatDecay         float64 `json:"stat_decay"`
	Damping, TInv     float64
	Losses            []float64
	Steps32           int // that float32 can follow
	Path              map[string][][]float64
}

// replayKFAC trains a network of two layers by K-FAC. What it is compared with is the algorithm
// written in numpy, with whole Fisher matrices.
func replayKFAC(p *replay) error {
	var file kfacFile
	if err := p.read("optim/testdata/numpy/kfac.json", &file); err != nil {
		return err
	}
	for _, c := range file.Cases {
		for _, dtype := range []string{"float64", "float32"} {
			r := Result{Name: "kfac/" + c.Name + "/" + dtype, Group: "kfac, 50 training steps", Of: []string{"kfac"}, Dtype: dtype, Steps: c.Steps32}
			if dtype == "float64" {
				r.Bound, r.Steps = 1e-10, len(c.Losses)
			}
			if err := p.run(file.header, r, func(r *Result) error { return file.replay(c, r) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// kfacNet is a case in a graph.
type kfacNet struct {
	params map[string]*ad.Node // by their names in the file
	rule   optim.KFAC
	prog   *ad.Program
}

func (f kfacFile) replay(c kfacCase, r *Result) error {
	n, err := f.build(c, r.Dtype)
	if err != nil {
		return err
	}
	if len(n.params) != len(c.Path) {
		return fmt.Errorf("%d parameters, want %d", len(n.params), len(c.Path))
	}
	opt, err := optim.NewMinimizer(n.prog.Params(), n.rule)
	if err != nil {
		return err
	}
	for k, want := range c.Losses[:r.Steps] {
		loss, err := opt.StepClosure(func() (float64, error) {
			err := n.prog.Run()
			return n.prog.Loss(), err
		})
		if err != nil {
			return err
		}
		r.add(k, math.Abs(loss-want)/max(1, math.Abs(want)))
		if (k+1)%10 != 0 {
			continue
		}
		for name, path := range c.Path {
			got, err := elements([]*ad.Node{n.params[name]})
			if err == nil {
				err = r.compare(k+1, got, path[k/10])
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// build makes the network of a case, with its loss and the gradients by the outputs of the layers.
func (f kfacFile) build(c kfacCase, dtype string) (n kfacNet, err error) {
	dt, _, err := dtypeOf(dtype)
	if err != nil {
		return n, err
	}
	g := ad.NewGraph()
	var inputs []*ad.Node
	for i, data := range [][]float64{f.X, f.Y, f.Noise} {
		v, err := array{[]int{f.N, len(data) / f.N}, data}.dense(dt)
		if err != nil {
			return n, err
		}
		inputs = append(inputs, ad.Input(g, []string{"x", "y", "noise"}[i], v))
	}
	x, y, noise := inputs[0], inputs[1], inputs[2]
	layer := func(prefix string, in, out int) nn.Module {
		return nn.Build(g, tensor.NewRand(1), nn.Linear{In: in, Out: out, NoBias: !c.Bias}, nn.WithPrefix(prefix), nn.WithDtype(dt))
	}
	layers := []nn.Module{layer("1", f.Sizes[0], f.Sizes[1]), layer("2", f.Sizes[1], f.Sizes[2])}
	s1 := layers[0].Forward(x)
	a := ad.Tanh(s1)
	s2 := layers[1].Forward(a)
	squared := func(target *ad.Node) *ad.Node {
		l := ad.Mul(ad.Sum(ad.Square(ad.Sub(s2, target))), 0.5)
		if c.Reduction == "mean" {
			l = ad.Div(l, float64(f.N))
		}
		return l
	}
	loss, of := squared(y), squared(y)
	if c.Fisher == "sampled" {
		of = squared(ad.StopGradient(ad.Add(s2, noise)))
	}
	grads, err := ad.Grad(of, s1, s2)
	if err != nil {
		return n, err
	}
	n = kfacNet{params: map[string]*ad.Node{}, rule: optim.KFAC{LR: c.LR, Momentum: c.Momentum, StatDecay: c.StatDecay,
		Damping: c.Damping, TInv: c.TInv, BatchAveraged: c.Reduction == "mean"}}
	var nodes []*ad.Node
	for i, module := range layers {
		l := optim.KFACLayer{Input: []*ad.Node{x, a}[i], OutputGrad: grads[i]}
		for _, p := range module.Params() {
			name := fmt.Sprintf("%c%d", p.Name[0], i+1)
			v, err := array{p.Node.Shape(), f.Start[name]}.dense(dt)
			if err == nil {
				err = ad.Let(p.Node, v)
			}
			if err != nil {
				return n, err
			}
			n.params[name] = p.Node
			nodes = append([]*ad.Node{p.Node}, nodes...) // an order that is not that of the layers
		}
		l.Weight = n.params[fmt.Sprint("w", i+1)]
		if c.Bias {
			l.Bias = n.params[fmt.Sprint("b", i+1)]
		}
		n.rule.Layers = append(n.rule.Layers, l)
	}
	n.prog, err = ad.Compile(loss, ad.WithGrad(nodes...), ad.Keep(x, a, grads[0], grads[1]))
	return n, err
}
