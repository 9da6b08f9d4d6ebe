package parity

import (
	"fmt"

	ad "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/optim"
	"github.com/downhill-go/downhill/tensor"
)

// layout is how the parameters of a path hold x and y.
type layout int

const (
	scalars layout = iota // two of them
	vector
	row // a matrix [[x, y]]
)

// point is a landscape as a program of its parameters.
type point struct {
	leaves []*ad.Node
	loss   *ad.Node
	prog   *ad.Program
	sign   float64 // -1 for the landscape upside down
}

func newPoint(name string, start landscapes.Point, l layout, sign float64, dt tensor.Dtype) (*point, error) {
	land, err := landscapes.ByName(name)
	if err != nil {
		return nil, err
	}
	g := ad.NewGraph()
	leaf := func(name string, shape []int, data ...float64) (*ad.Node, error) {
		v, err := array{shape, data}.dense(dt)
		if err != nil {
			return nil, err
		}
		return ad.Param(g, name, v), nil
	}
	p := &point{sign: sign}
	var x, y *ad.Node
	switch l {
	case scalars:
		if x, err = leaf("x", nil, start[0]); err == nil {
			y, err = leaf("y", nil, start[1])
		}
		p.leaves = []*ad.Node{x, y}
	case vector:
		x, err = leaf("p", []int{2}, start[:]...)
		p.leaves = []*ad.Node{x}
		x, y = ad.At(x, 0), ad.At(x, 1)
	case row:
		x, err = leaf("p", []int{1, 2}, start[:]...)
		p.leaves = []*ad.Node{x}
		x, y = ad.At(x, 0, 0), ad.At(x, 0, 1)
	}
	if err != nil {
		return nil, err
	}
	p.loss = land.Build(x, y)
	if sign < 0 {
		p.loss = ad.Neg(p.loss)
	}
	p.prog, err = ad.Compile(p.loss, ad.WithGrad(p.leaves...))
	return p, err
}

// at returns x and y.
func (p *point) at() (xy []float64, err error) {
	for _, n := range p.leaves {
		v, err := tensor.Float64s(n.Value())
		if err != nil {
			return nil, err
		}
		xy = append(xy, v...)
	}
	return xy, nil
}

// closure evaluates the loss and the gradient.
func (p *point) closure() (float64, error) {
	err := p.prog.Run()
	return p.prog.Loss(), err
}

// diagonal returns a function for the diagonal of the Hessian.
func (p *point) diagonal() (func() ([]float64, error), error) {
	node, err := ad.Hessian(p.loss, p.leaves...)
	if err != nil {
		return nil, err
	}
	prog, err := ad.Compile(node)
	if err != nil {
		return nil, err
	}
	return func() ([]float64, error) {
		if err := prog.Run(); err != nil {
			return nil, err
		}
		h, err := tensor.Float64s(node.Value())
		if err == nil && len(h) != 4 {
			err = fmt.Errorf("the Hessian has %d elements", len(h))
		}
		if err != nil {
			return nil, err
		}
		return []float64{h[0], h[3]}, nil
	}, nil
}

// byRule returns a function that takes a step of a rule.
func (p *point) byRule(rule optim.Rule) (func() error, error) {
	opt, err := optim.New(p.prog.Params(), rule)
	return func() error {
		if err := opt.Ahead(); err != nil {
			return err
		}
		if err := p.prog.Run(); err != nil {
			return err
		}
		return opt.Step()
	}, err
}

// byMethod returns a function that takes a step of a method.
func (p *point) byMethod(method optim.Method) (func() error, error) {
	opt, err := optim.NewMinimizer(p.prog.Params(), method)
	return func() error {
		_, err := opt.StepClosure(p.closure)
		return err
	}, err
}
