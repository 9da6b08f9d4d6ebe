package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// local is one operation alone, y = f(x...), in float64 at the values that its inputs
// have in the graph, and x̄ = ȳ·∂y/∂x by its rule for one ȳ.
type local struct {
	*auditor
	n  *Node
	o  *op
	x  []*tensor.Array[float64]
	y  []float64
	dy []float64
	dx [][]float64
}

// newLocal calls the rule of n. It returns nil when an input or y is not finite.
func (a *auditor) newLocal(n *Node, o *op, dy []float64) (*local, error) {
	l := &local{auditor: a, n: n, o: o, dy: dy}
	for _, x := range a.values.arguments(o.in) {
		if !finite(x.Data) {
			return nil, nil
		}
		l.x = append(l.x, &tensor.Array[float64]{Shape: x.Shape, Data: x.Data})
	}
	y := a.apply(o, l.x, a.values)
	if !finite(y.Data) {
		return nil, nil
	}
	var err error
	l.y = y.Data
	l.dx, err = a.pull(n, o, y, l.dy)
	return l, err
}

// pull returns x̄ = ȳ·∂y/∂x for each input x by the rule of n, in float64.
func (a *auditor) pull(n *Node, o *op, y *tensor.Array[float64], dy []float64) ([][]float64, error) {
	seed := newDraft(n.Graph(), constant{&dy}, nil, n.Shape(), n.Dtype())
	rule, err := pullback(o.prim, a.im.refAll(o.in), a.im.ref(n), seed)
	if err != nil {
		return nil, &Error{Op: "autodiff.CheckGrad", Pos: Position(n), Err: err}
	}
	own := values{n: y}
	out := make([][]float64, len(rule))
	for i, d := range rule {
		if out[i] = make([]float64, tensor.Size(o.in[i].Shape())); d == nil {
			continue
		}
		v, err := a.at(d, own, a.values)
		if err != nil {
			return nil, err
		}
		out[i] = v.Data
	}
	return out, nil
}

// at returns the value of n in float64, which is in own, or in base, or computed from
// what is there, and then kept in own.
func (a *auditor) at(n *Node, own, base values) (*tensor.Array[float64], error) {
	n = behind(n)
	if y := own[n]; y != nil {
		return y, nil
	}
	if y := base[n]; y != nil {
		return y, nil
	}
	o, err := a.im.op(n)
	if err != nil {
		return nil, err
	}
	if o == nil {
		if own[n], err = leafValue(n); err != nil {
			return nil, &Error{Op: "autodiff.CheckGrad", Pos: Position(n), Err: err}
		}
		return own[n], nil
	}
	in := make([]*tensor.Array[float64], len(o.in))
	for i, x := range o.in {
		if in[i], err = a.at(x, own, base); err != nil {
			return nil, err
		}
	}
	own[n] = compute64(o.prim, o.shape, in)
	return own[n], nil
}

// apply computes an operation of x in float64. One that carries another, which it is
// equal to but has its own gradient for, is that expression of x; what does not
// depend on x has the values of base.
func (a *auditor) apply(o *op, x []*tensor.Array[float64], base values) *tensor.Array[float64] {
	if !carries(o.prim) {
		return compute64(o.prim, o.shape, x)
	}
	moved := make(values)
	for i, n := range o.in[1:] {
		moved[n] = x[i+1]
	}
	return a.along(o.in[0], moved, base)
}

// carries reports that p is its first input with another gradient, for the others.
func carries(p Primitive) bool {
	switch p.(type) {
	case customGrad, checkpoint:
		return true
	}
	return false
}

// along returns the value of y where the nodes in moved have these values, and those
// that do not depend on them the ones in base. It adds to moved.
func (a *auditor) along(y *Node, moved, base values) *tensor.Array[float64] {
	if v := moved[y]; v != nil {
		return v
	}
	o, _ := a.im.op(y) // topological has seen the errors
	if o == nil {
		return base[y]
	}
	in, same := make([]*tensor.Array[float64], len(o.in)), true
	for i, x := range o.in {
		in[i] = a.along(x, moved, base)
		same = same && in[i] == base[x]
	}
	if moved[y] = base[y]; !same {
		moved[y] = compute64(o.prim, o.shape, in)
	}
	return moved[y]
}

// shift returns l.x with element j of input i moved by h(j).
func (l *local) shift(x []*tensor.Array[float64], i int, h func(j int) float64) []*tensor.Array[float64] {
	out := slices.Clone(x)
	out[i] = &tensor.Array[float64]{Shape: x[i].Shape, Data: slices.Clone(x[i].Data)}
	for j := range out[i].Data {
		out[i].Data[j] += h(j)
	}
	return out
}

// checkInput checks the gradient of input i.
func (l *local) checkInput(i int) error {
	if _, ok := l.o.prim.(Pointwise); ok {
		return l.checkPointwise(i)
	}
	return l.checkKernel(i)
}

// checkPointwise compares the slopes at all elements at once: they do not depend on
// each other.
func (l *local) checkPointwise(i int) error {
	p := &pointwiseSlopes{local: l, i: i, known: make(map[reach]slopes)}
	for _, x := range l.x {
		p.x = append(p.x, compute64(expand{l.o.shape}, l.o.shape, []*tensor.Array[float64]{x}))
	}
	places := make([]float64, len(l.x[i].Data))
	for j := range places {
		places[j] = float64(j)
	}
	p.to = compute64(expand{l.o.shape}, l.o.shape, []*tensor.Array[float64]{{Shape: l.x[i].Shape, Data: places}}).Data
	for j, got := range l.dx[i] {
		ratio, d := l.judge(func(s reach) difference {
			d := p.at(s)
			return difference{got, d.want[j], d.size[j], d.noise[j]}
		})
		switch {
		case ratio <= 1:
		case p.kinkAt(j):
			l.kinks = true
		default:
			return l.mistake(ErrGradient, l.n, i, j, got, d.want, "by differences")
		}
	}
	return nil
}

// pointwiseSlopes are differences of an elementwise operation.
type pointwiseSlopes struct {
	*local
	i     int
	x     []*tensor.Array[float64] // in the shape of y
	to    []float64                // for each element of y the one of input i that it reads
	known map[reach]slopes
}

// slopes are, for each element of an input, Σ ȳ·Δy/Δx over the elements of y that read
// it, Σ|ȳ·Δy/Δx|, and the rounding that may be in it.
type slopes struct{ want, size, noise []float64 }

func (p *pointwiseSlopes) at(s reach) slopes {
	if d, ok := p.known[s]; ok {
		return d
	}
	size := len(p.local.x[p.i].Data)
	d := slopes{make([]float64, size), make([]float64, size), make([]float64, size)}
	up, right := p.moved(s, 1)
	down, left := p.moved(s, -1)
	for e, dy := range p.dy {
		j, dx := int(p.to[e]), right[e]-left[e]
		slope := dy * (up[e] - down[e]) / dx
		d.want[j] += slope
		d.size[j] += math.Abs(slope)
		d.noise[j] += math.Abs(dy) * rounding * (math.Abs(up[e]) + math.Abs(down[e])) / dx
	}
	p.known[s] = d
	return d
}

// moved returns y where all elements of the input are moved by a step, and these.
func (p *pointwiseSlopes) moved(s reach, sign float64) (y, x []float64) {
	in := p.shift(p.x, p.i, func(e int) float64 { return sign * p.width(s, p.x[p.i].Data[e]) })
	return compute64(p.o.prim, p.o.shape, in).Data, in[p.i].Data
}

// kinkAt reports a kink at an element of y that reads element j.
func (p *pointwiseSlopes) kinkAt(j int) bool {
	gaps := func(s reach) []float64 {
		up, right := p.moved(s, 1)
		down, left := p.moved(s, -1)
		for e := range up {
			up[e] = 2 * math.Abs(up[e]-2*p.y[e]+down[e]) / (right[e] - left[e])
		}
		return up
	}
	wide, narrow := gaps(reach{1, false}), gaps(reach{1. / 8, false})
	for e, to := range p.to {
		if int(to) == j && isKink(wide[e], narrow[e], math.Abs(p.y[e])*rounding/p.Eps) {
			return true
		}
	}
	return false
}
