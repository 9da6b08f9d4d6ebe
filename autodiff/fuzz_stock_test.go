package autodiff

import (
	"errors"
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

var errNotBuilt = errors.New("gorgonia does not build it")

// built returns what f builds. Gorgonia refuses some shapes with an error, and panics
// on others: these nodes are not used.
func (m *maker) built(f func() (*Node, error)) (n *Node) {
	defer func() {
		if r := recover(); r != nil {
			n = Invalid(m.g, "gorgonia", fmt.Errorf("%w: %v", errNotBuilt, r))
		}
	}()
	n, err := f()
	if err == nil && (n == nil || n.Type() == nil) {
		err = errNotBuilt
	}
	if err != nil {
		return Invalid(m.g, "gorgonia", err)
	}
	return n
}

func (m *maker) name(prefix string) gorgonia.NodeConsOpt {
	m.count++
	return gorgonia.WithName(fmt.Sprint(prefix, m.count))
}

// makeImages makes leaves for the functions of images, and one of integers.
func (m *maker) makeImages() {
	c := 1 + m.next(2)
	leaf := func(name string, shape ...int) *Node {
		x := InputOf(m.g, name, m.dtype, shape...)
		m.leaves = append(m.leaves, x)
		return x
	}
	image := leaf("image", 1+m.next(2), c, 2+m.next(3), 2+m.next(3))
	m.images = append(m.images, image)
	m.filter = append(m.filter, leaf("filter", 1+m.next(2), c, 1+m.next(2), 1+m.next(2)))
	m.pool = append(m.pool, image)
	at := make([]int, 1+m.next(4))
	m.indices = append(m.indices, gorgonia.NewVector(m.g, gorgonia.Int, gorgonia.WithShape(len(at)), gorgonia.WithName("at"),
		gorgonia.WithValue(stock.New(stock.WithShape(len(at)), stock.WithBacking(at)))))
}

// makeLosses makes the loss, and another one.
func (m *maker) makeLosses() {
	last, other := m.pool[len(m.pool)-1], m.pick()
	m.loss = m.try(func() *Node {
		if m.kind == ours || Rank(last) == 0 {
			return Sum(last)
		}
		return m.built(func() (*Node, error) { return gorgonia.Sum(last) })
	}, 0)
	if m.loss == nil {
		m.loss = Sum(last)
	}
	m.other = m.try(func() *Node {
		if m.kind == ours || Rank(other) == 0 {
			return Mean(Mul(Sin(other), 0.5))
		}
		return m.built(func() (*Node, error) {
			return gorgonia.Mean(gorgonia.Must(gorgonia.Mul(gorgonia.Must(gorgonia.Sin(other)), m.constant(0.5))))
		})
	}, 0)
	if m.other == nil {
		m.other = Mean(Mul(Sin(other), 0.5))
	}
}

// constant returns a stock constant with a name of its own.
func (m *maker) constant(v float64) *Node {
	if m.dtype == tensor.Float32 {
		return gorgonia.NewConstant(float32(v), m.name("c"))
	}
	return gorgonia.NewConstant(v, m.name("c"))
}

// applyStock applies a function of gorgonia's.
func (m *maker) applyStock(x *Node) *Node {
	kinds := []func(x *Node) (*Node, error){
		m.stockUnary, m.stockUnary, m.stockBinary, m.stockBinary, m.stockWithNumber, m.stockReduce,
		m.stockMove, m.stockMove, m.stockJoin, m.stockProduct, m.stockBroadcast, m.stockComposite, m.stockImage,
	}
	f := kinds[m.next(len(kinds))]
	return m.built(func() (*Node, error) { return f(x) })
}

func (m *maker) stockUnary(x *Node) (*Node, error) {
	all := []func(*Node) (*Node, error){gorgonia.Abs, gorgonia.Sign, gorgonia.Ceil, gorgonia.Floor, gorgonia.Sin, gorgonia.Cos, gorgonia.Exp,
		gorgonia.Log, gorgonia.Log2, gorgonia.Neg, gorgonia.Square, gorgonia.Sqrt, gorgonia.Inverse, gorgonia.InverseSqrt, gorgonia.Cube,
		gorgonia.Tanh, gorgonia.Sigmoid, gorgonia.Log1p, gorgonia.Expm1, gorgonia.Softplus, gorgonia.Rectify, gorgonia.Tanh, gorgonia.Sigmoid, gorgonia.Mish,
		func(x *Node) (*Node, error) { return gorgonia.LeakyRelu(x, 0.1) }}
	return all[m.next(len(all))](x)
}

var stockOperators = []func(a, b *Node) (*Node, error){
	gorgonia.Add, gorgonia.Sub, gorgonia.HadamardProd, gorgonia.HadamardDiv, gorgonia.Add, gorgonia.HadamardProd, gorgonia.Pow,
	compared(gorgonia.Lt), compared(gorgonia.Gt), compared(gorgonia.Lte), compared(gorgonia.Gte), compared(gorgonia.Eq), compared(gorgonia.Ne),
	gorgonia.MinBetween, gorgonia.MaxBetween, gorgonia.Sub,
}

func compared(f func(a, b *Node, retSame bool) (*Node, error)) func(a, b *Node) (*Node, error) {
	return func(a, b *Node) (*Node, error) { return f(a, b, true) }
}

// stockBinary has operands of one shape, or a scalar.
func (m *maker) stockBinary(x *Node) (*Node, error) {
	y := m.pick()
	for range 6 {
		if Rank(y) == 0 || Rank(x) == 0 || slices.Equal(x.Shape(), y.Shape()) {
			break
		}
		y = m.pick()
	}
	return stockOperators[m.next(len(stockOperators))](x, y)
}

func (m *maker) stockWithNumber(x *Node) (*Node, error) {
	c := m.constant([]float64{0, 1, -1, 2, 0.5, -3}[m.next(6)])
	f := stockOperators[m.next(len(stockOperators))]
	if m.next(2) == 0 {
		return f(c, x)
	}
	return f(x, c)
}

func (m *maker) stockReduce(x *Node) (*Node, error) {
	var axes []int
	if Rank(x) > 0 && m.next(3) > 0 {
		axes = []int{m.axis(x)}
		if other := m.axis(x); m.next(2) == 0 && other > axes[0] {
			axes = append(axes, other)
		}
	}
	switch m.next(5) {
	case 0:
		return gorgonia.Mean(x, axes...)
	case 1:
		return gorgonia.Max(x, axes...)
	case 2:
		return gorgonia.Norm(x, m.axis(x), 1+m.next(4))
	case 3:
		return gorgonia.LogSumExp(x, m.axis(x))
	}
	return gorgonia.Sum(x, axes...)
}

// stockMove changes the place of elements.
func (m *maker) stockMove(x *Node) (*Node, error) {
	switch m.next(8) {
	case 0:
		return gorgonia.Transpose(x)
	case 1:
		perm := make([]int, Rank(x))
		for i := range perm {
			k := m.next(i + 1)
			perm[i], perm[k] = perm[k], i
		}
		return gorgonia.Transpose(x, perm...)
	case 2:
		return gorgonia.Ravel(x)
	case 3:
		y, err := m.stockReshape(x)
		if err != nil {
			return y, err
		}
		return stockOperators[m.next(6)](y, y) // which gorgonia's machine computes in the memory of x
	case 4:
		return m.stockReshape(x)
	case 5:
		at := make([]int, Rank(x))
		for i := range at {
			at[i] = m.next(Dim(x, i))
		}
		return gorgonia.At(x, at...)
	}
	return gorgonia.Slice(x, m.stockSlices(x)...)
}

func (m *maker) stockReshape(x *Node) (*Node, error) {
	n := tensor.Size(x.Shape())
	shapes := []stock.Shape{{n}, {n, 1}, {1, n}, {1, n, 1}}
	for _, d := range []int{2, 3, 4} {
		if n%d == 0 {
			shapes = append(shapes, stock.Shape{d, n / d}, stock.Shape{n / d, d})
		}
	}
	return gorgonia.Reshape(x, shapes[m.next(len(shapes))])
}

// stockSlices are ranges, single elements, whole axes, and steps that gorgonia counts
// rightly.
func (m *maker) stockSlices(x *Node) []stock.Slice {
	s := make([]stock.Slice, 1+m.next(max(Rank(x), 1)))
	for i := range s {
		n := Dim(x, min(i, Rank(x)-1))
		start := m.next(n)
		switch m.next(4) {
		case 0:
			s[i] = gorgonia.S(start)
		case 1:
			s[i] = gorgonia.S(start, min(n, start+1+m.next(3)))
		case 2:
			if n%2 == 0 && i == 0 {
				s[i] = gorgonia.S(0, n, 2)
			}
		}
	}
	return s
}

func (m *maker) stockJoin(x *Node) (*Node, error) {
	switch m.next(5) {
	case 0:
		return gorgonia.Concat(m.axis(x), x, m.pick())
	case 1:
		return gorgonia.Concat(m.axis(x), x, x)
	}
	if Rank(x) == 0 { // accepted, and an error when it runs
		return nil, errNotBuilt
	}
	switch m.next(3) {
	case 0:
		return gorgonia.SoftMax(x, m.axis(x))
	case 1:
		return gorgonia.LogSoftMax(x, m.axis(x))
	}
	return gorgonia.SoftMax(x)
}

func (m *maker) stockProduct(x *Node) (*Node, error) {
	y := m.pick()
	switch m.next(7) {
	case 0, 1:
		if a, b := Rank(x), Rank(y); a > 0 && b > 0 && (a == 1 || b == 1) && Dim(x, -1) != Dim(y, 0) {
			return nil, errNotBuilt // accepted, and an error when it runs
		}
		return gorgonia.Mul(x, y)
	case 2:
		return gorgonia.Mul(x, gorgonia.Must(gorgonia.Transpose(x)))
	case 3:
		return gorgonia.OuterProd(x, y)
	case 4:
		transA := m.next(2) == 0
		return gorgonia.BatchedMatMul(x, gorgonia.Must(gorgonia.Tanh(x)), transA, !transA)
	case 5:
		a := m.axis(x)
		return gorgonia.Tensordot([]int{a}, []int{a}, x, gorgonia.Must(gorgonia.Cos(x)))
	}
	return gorgonia.Tensordot([]int{m.axis(x)}, []int{m.axis(y)}, x, y)
}

// stockBroadcast has operands of one rank, some of whose axes have size 1, or one that
// is the other reduced.
func (m *maker) stockBroadcast(x *Node) (*Node, error) {
	ops := []func(a, b *Node, left, right []byte) (*Node, error){gorgonia.BroadcastAdd, gorgonia.BroadcastSub, gorgonia.BroadcastHadamardProd, gorgonia.BroadcastHadamardDiv}
	f := ops[m.next(len(ops))]
	if m.next(2) == 0 && Rank(x) > 0 {
		axis := m.axis(x)
		y, err := gorgonia.Sum(x, axis)
		if err != nil {
			return nil, err
		}
		if Rank(x) > 2 {
			shape := x.Shape()
			shape[axis] = 1
			if y, err = gorgonia.Reshape(y, shape); err != nil {
				return nil, err
			}
		}
		if m.next(2) == 0 {
			return f(x, y, nil, []byte{byte(axis)})
		}
		return f(y, x, []byte{byte(axis)}, nil)
	}
	y := m.partner(x)
	for range 4 {
		if Rank(y) == Rank(x) {
			break
		}
		y = m.partner(x)
	}
	if _, err := tensor.Broadcast(x.Shape(), y.Shape()); err != nil || Rank(x) == 0 {
		return nil, errNotBuilt
	}
	return gorgonia.Auto(f, x, y)
}

// stockComposite is what gorgonia makes of several nodes, or has of its own.
func (m *maker) stockComposite(x *Node) (*Node, error) {
	if Rank(x) == 0 {
		return nil, errNotBuilt
	}
	switch m.next(7) {
	case 0:
		return gorgonia.Sparsemax(x, m.axis(x))
	case 1:
		return gorgonia.DiagFlat(x)
	case 2:
		if m.smooth || len(m.leaves) == 0 {
			return nil, errNotBuilt
		}
		other := tensor.Float32
		if m.dtype == other {
			other = tensor.Float64
		}
		y := gorgonia.Must(gorgonia.ConvType(x, m.dtype, other))
		return gorgonia.ConvType(gorgonia.Must(gorgonia.Sin(y)), other, m.dtype)
	case 3:
		if axis := m.axis(x); len(m.indices) > 0 && Dim(x, axis) > 1 {
			return gorgonia.ByIndices(x, m.indices[0], axis)
		}
	case 4:
		return gorgonia.BinaryXent(gorgonia.Must(gorgonia.Sigmoid(x)), gorgonia.Must(gorgonia.Sigmoid(gorgonia.Must(gorgonia.Neg(x)))))
	case 5:
		return gorgonia.Log(gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Sin(x)), m.axis(x))))
	}
	return gorgonia.Sqrt(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(x)), m.axis(x))))
}

func (m *maker) stockImage(x *Node) (*Node, error) {
	if len(m.images) == 0 {
		return nil, errNotBuilt
	}
	x = m.images[m.next(len(m.images))]
	w := m.filter[0].Shape()
	pair := func(low, n int) []int { return []int{low + m.next(n), low + m.next(n)} }
	fits := func(taps, pad, dilation []int) bool { // gorgonia accepts one that does not
		return (taps[0]-1)*dilation[0] < Dim(x, 2)+2*pad[0] && (taps[1]-1)*dilation[1] < Dim(x, 3)+2*pad[1]
	}
	var y *Node
	var err error
	switch pad, stride, dilation := pair(0, 2), pair(1, 2), pair(1, 2); m.next(6) {
	case 0, 1:
		if !fits(w[2:], pad, dilation) {
			return nil, errNotBuilt
		}
		y, err = gorgonia.Conv2d(x, m.filter[0], stock.Shape(w[2:]), pad, stride, dilation)
	case 2:
		taps := pair(1, 2)
		if !fits(taps, pad, dilation) {
			return nil, errNotBuilt
		}
		return gorgonia.Im2Col(x, taps, pad, stride, dilation)
	case 3:
		y, err = gorgonia.MaxPool2D(x, []int{2, 2}, pair(0, 2), pair(1, 2))
	case 4:
		y, err = gorgonia.AveragePool2D(x, []int{2, 2}, pair(0, 2), pair(1, 2))
	default:
		if m.next(2) == 0 {
			y, err = gorgonia.GlobalAveragePool2D(x)
		} else {
			y, err = gorgonia.Upsample2D(x, 2)
		}
	}
	if err == nil {
		m.keepImage(y)
	}
	return y, err
}
