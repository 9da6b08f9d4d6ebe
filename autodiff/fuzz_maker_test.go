package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// graphKind says whose functions a graph is made of.
type graphKind int

const (
	ours graphKind = iota
	stocks
	mixed
)

// maker reads a graph from bytes.
type maker struct {
	data   []byte
	g      *Graph
	dtype  tensor.Dtype
	leaves []*Node
	pool   []*Node
	rng    *rand.Rand

	kind    graphKind
	smooth  bool    // made for differences: values without ties, and no operation that hides a derivative
	wide    bool    // also makes images, and integers to index with
	images  []*Node // leaves (n, c, h, w)
	filter  []*Node // leaves (out, c, h, w)
	indices []*Node // leaves of integers
	count   int     // of names

	loss, other  *Node
	params       []*Node    // leaves to differentiate by
	nodes        []*Node    // all, without gradients
	steps, first []madeStep // of this graph, and of the one made before it
}

// makeGraph makes the graph that data says. It is made twice: what could not be built
// the first time is left out, because machines run all that is in a graph.
func makeGraph(data []byte, k graphKind) *maker {
	first := &maker{data: data, g: NewGraph(), kind: k}
	first.make()
	m := &maker{data: data, g: NewGraph(), kind: k, first: first.steps}
	m.make()
	m.changeLeaves()
	return m
}

// madeStep is one call of makeNode.
type madeStep struct {
	left  []byte // the data after it
	count int
	ok    bool // it gave a node
}

func (m *maker) make() {
	m.dtype = tensor.Float64
	switch flags := m.next(8); {
	case flags >= 6:
		m.smooth = true
	case flags >= 3:
		m.dtype = tensor.Float32
	}
	m.wide = m.next(3) == 0
	m.makeLeaves()
	most := 40
	if m.kind != ours {
		most = 16
	}
	for m.more() && len(m.pool) < most {
		m.makeNode()
	}
	m.makeLosses()
	m.nodes = m.g.AllNodes()
}

func (m *maker) more() bool { return len(m.data) > 0 }

// next returns a number below n.
func (m *maker) next(n int) int {
	if len(m.data) == 0 {
		return 0
	}
	b := m.data[0]
	m.data = m.data[1:]
	return int(b) % n
}

func (m *maker) pick() *Node { return m.pool[m.next(len(m.pool))] }

// makeLeaves makes two to four leaves of rank 0 to 3, now and then a long one.
func (m *maker) makeLeaves() {
	m.rng = rand.New(rand.NewPCG(uint64(m.next(256)), 0))
	for i := range 2 + m.next(3) {
		shape := make([]int, m.next(4))
		for a := range shape {
			shape[a] = 1 + m.next(4)
		}
		if m.next(16) == 0 {
			shape = []int{600, 1 + m.next(2)}
		}
		x := InputOf(m.g, fmt.Sprint("x", i), m.dtype, shape...)
		m.leaves = append(m.leaves, x)
		m.pool = append(m.pool, x)
	}
	if m.wide {
		m.makeImages()
	}
}

// changeLeaves gives new values to the leaves: new tensors, or other elements in
// the same ones.
func (m *maker) changeLeaves() {
	special := []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.NaN()}
	specials := m.rng.IntN(4) == 0 && !m.smooth
	for _, x := range m.indices {
		at := x.Value().Data().([]int)
		for i := range at {
			at[i] = m.rng.IntN(2)
		}
	}
	for _, x := range m.leaves {
		data := make([]float64, tensor.Size(x.Shape()))
		for i := range data {
			if data[i] = m.rng.NormFloat64(); !m.smooth {
				data[i] = math.Round(data[i]*16) / 16
			}
			if specials && m.rng.IntN(4) == 0 {
				data[i] = special[m.rng.IntN(len(special))]
			}
		}
		v := tensor.Must(tensor.Convert(tensor.Must(tensor.FromSlice(data, x.Shape()...)), m.dtype))
		d, isDense := x.Value().(*tensor.Dense)
		if isDense && m.rng.IntN(2) == 0 {
			if err := v.CopyTo(d); err != nil {
				panic(err)
			}
			continue
		}
		if err := Let(x, v); err != nil {
			panic(err)
		}
	}
}

// makeNode applies one operation to nodes of the pool. What does not fit, or gets
// too large, is not used.
func (m *maker) makeNode() {
	if n := m.try(m.apply, 2400); n != nil {
		m.pool = append(m.pool, n)
	}
}

// try returns what f makes, nil if that cannot be used: it then is only in the graph
// that is made first. The size of a result is limited; that of a loss, limit 0, is 1.
func (m *maker) try(f func() *Node, limit int) *Node {
	if i := len(m.steps); i < len(m.first) && !m.first[i].ok {
		m.steps = append(m.steps, m.first[i])
		m.data, m.count = m.first[i].left, m.first[i].count
		return nil
	}
	images := len(m.images)
	n := f()
	ok := Err(n) == nil && tensor.Size(n.Shape()) <= max(limit, 1) && Rank(n) <= 5 && (limit > 0 || Rank(n) == 0)
	m.steps = append(m.steps, madeStep{m.data, m.count, ok})
	if !ok {
		m.images = m.images[:images]
		return nil
	}
	return n
}

func (m *maker) axis(x *Node) int { return m.next(max(Rank(x), 1)) }

func (m *maker) apply() *Node {
	x := m.pick()
	if m.kind == stocks || m.kind == mixed && m.next(2) == 0 {
		return m.applyStock(x)
	}
	switch m.next(11) {
	case 0, 1:
		unary := []func(*Node) *Node{Neg, Exp, Tanh, Sigmoid, Sin, Cos, Relu, Abs, Sign, Square, Sqrt, Log, Softplus, StopGradient, Expm1, Reciprocal, Tan, Log1p,
			Erf, Atan, Asin, Sinh, Cosh, Asinh, Exp2, Log2, Floor, Round, Frac, Rsqrt, LogSigmoid, Gelu, Silu, Selu, Hardswish, Isnan}
		f := m.next(len(unary))
		if m.smooth && f == 13 {
			f = 0
		}
		return unary[f](x)
	case 2, 3:
		return m.binary(x, m.partner(x))
	case 4:
		numbers := []float64{0, 1, -1, 2, 0.5, -3, math.Copysign(0, -1)}
		c := ConstLike(x, numbers[m.next(len(numbers))])
		if m.next(2) == 0 {
			return m.binary(c, x)
		}
		return m.binary(x, c)
	case 5:
		return m.reduce(x)
	case 6:
		return m.move(x)
	case 7:
		return m.join(x)
	}
	return m.applyNew(x)
}

// partner returns a node that broadcasts with x, if one is found soon.
func (m *maker) partner(x *Node) *Node {
	y := m.pick()
	for range 4 {
		if _, err := tensor.Broadcast(x.Shape(), y.Shape()); err == nil {
			break
		}
		y = m.pick()
	}
	return y
}

func (m *maker) binary(x, y *Node) *Node {
	binary := []func(a, b *Node) *Node{
		Add[*Node, *Node], Sub[*Node, *Node], Mul[*Node, *Node], Div[*Node, *Node], Maximum[*Node, *Node], Minimum[*Node, *Node],
		Lt[*Node, *Node], Le[*Node, *Node], Gt[*Node, *Node], Ge[*Node, *Node], Eq[*Node, *Node], Ne[*Node, *Node],
		func(a, b *Node) *Node { return Where(Gt(a, 0), a, b) }, func(a, b *Node) *Node { return Pow(Abs(a), b) },
		Add[*Node, *Node], Mul[*Node, *Node], Sub[*Node, *Node],
		Atan2[*Node, *Node], Hypot[*Node, *Node], Fmod[*Node, *Node], Remainder[*Node, *Node], Logaddexp[*Node, *Node], Xlogy[*Node, *Node],
	}
	return binary[m.next(len(binary))](x, y)
}

func (m *maker) reduce(x *Node) *Node {
	var axes []int
	if Rank(x) > 0 && m.next(3) > 0 {
		axes = []int{m.axis(x)}
		if other := m.axis(x); m.next(2) == 0 && other != axes[0] {
			axes = append(axes, other)
		}
	}
	all := []func(*Node, ...int) *Node{Sum, SumKeep, Mean, MeanKeep, Max, MaxKeep, Min, MinKeep, LogSumExp, Norm}
	return all[m.next(len(all))](x, axes...)
}

// move changes the place of elements.
func (m *maker) move(x *Node) *Node {
	switch m.next(8) {
	case 0:
		return Transpose(x)
	case 1:
		perm := make([]int, Rank(x))
		for i := range perm {
			k := m.next(i + 1)
			perm[i], perm[k] = perm[k], i
		}
		return Transpose(x, perm...)
	case 2:
		return Reshape(x, []int{-1, 1, 2, 3, 4}[m.next(5)], -1)
	case 3:
		return Flatten(x)
	case 4:
		return Unsqueeze(x, m.next(Rank(x)+1))
	case 5:
		return Squeeze(x)
	case 6:
		return Expand(x, append([]int{1 + m.next(3)}, x.Shape()...)...)
	}
	return Slice(x, m.axis(x), m.next(3), 1+m.next(5), 1+m.next(2))
}

// join makes one array of several.
func (m *maker) join(x *Node) *Node {
	y := m.pick()
	switch m.next(6) {
	case 0:
		return Concat(m.axis(x), x, y)
	case 1:
		return Stack(m.next(Rank(x)+1), x, Neg(x), x)
	case 2:
		return Softmax(x, m.axis(x))
	case 3:
		return MatMul(x, Transpose(x))
	case 4:
		return MatMul(Transpose(x), Exp(x))
	}
	return MatMul(x, y)
}

// makeOutputs returns a loss, its parameters, and what else to compute: other
// losses, their gradients, gradients of gradients, and nodes in between.
func (m *maker) makeOutputs() (loss *Node, params, outputs []*Node, err error) {
	last := m.pool[len(m.pool)-1]
	loss = m.loss
	params = m.leaves[:1+m.next(len(m.leaves))]
	m.params = params
	wrt := append(slices.Clone(params), m.pick())
	first, err := Grad(loss, wrt...)
	if err != nil {
		return nil, nil, nil, err
	}
	other, err := Grad(m.other, wrt...)
	if err != nil {
		return nil, nil, nil, err
	}
	slope := ConstLike(loss, 0)
	for _, d := range first {
		slope = Add(slope, Sum(Square(d)))
	}
	second, err := Grad(slope, wrt...)
	if err != nil {
		return nil, nil, nil, err
	}
	outputs = slices.Concat(first, other, second, []*Node{last, m.pick(), m.pick(), m.pick()})
	return loss, params, outputs, nil
}
