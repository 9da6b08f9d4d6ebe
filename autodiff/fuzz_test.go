package autodiff

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/downhill-go/downhill/tensor"
)

// Random graphs, with several losses, first and second gradients, kept nodes and
// changing inputs, give the numbers of the interpreter bit by bit.
func TestRandomGraphs(t *testing.T) {
	graphs, nodes := 2500, 0
	if testing.Short() {
		graphs = 250
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range graphs {
		data := make([]byte, 20+rng.IntN(230))
		for k := range data {
			data[k] = byte(rng.Uint32())
		}
		n, err := checkRandomGraph(data)
		if err != nil {
			t.Fatalf("graph %d, %#v: %v", i, data, err)
		}
		nodes += n
	}
	if nodes < 100*graphs {
		t.Errorf("the graphs have %d nodes in all, which is too few to test anything", nodes)
	}
}

// FuzzGraph is the same for graphs that the fuzzer thinks of.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add([]byte("\x01\x03\x02\x01\x02\x03\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := checkRandomGraph(data[:min(len(data), 250)]); err != nil {
			t.Fatal(err)
		}
	})
}

// checkRandomGraph makes a graph as data says, and returns how many nodes it has.
func checkRandomGraph(data []byte) (int, error) {
	m := &maker{data: data, g: NewGraph()}
	m.dtype = tensor.Float64
	if m.next(2) == 1 {
		m.dtype = tensor.Float32
	}
	m.makeLeaves()
	for m.more() && len(m.pool) < 40 {
		m.makeNode()
	}
	loss, params, outputs, err := m.makeOutputs()
	if err != nil {
		return 0, err
	}
	prog, err := Compile(loss, Keep(outputs...), WithGrad(params...))
	if err != nil {
		return 0, err
	}
	for round := range 3 {
		if round > 0 {
			m.changeLeaves()
		}
		if err := prog.Run(); err != nil {
			return 0, err
		}
		if m.dtype == tensor.Float32 {
			err = compareRun[float32](loss, params, outputs)
		} else {
			err = compareRun[float64](loss, params, outputs)
		}
		if err != nil {
			return 0, fmt.Errorf("run %d: %w\n%s", round, err, prog.Explain())
		}
	}
	return len(m.g.AllNodes()), nil
}

// compareRun compares the results of a program with the interpreter, and then
// overwrites them: they are the user's until the next run.
func compareRun[T tensor.Float](loss *Node, params, outputs []*Node) error {
	in := newInterpreter[T]()
	grads, err := Grad(loss, params...)
	if err != nil {
		return err
	}
	for i, n := range append(slices.Clone(outputs), loss) {
		if err := sameBits(n.Value(), in.value(n)); err != nil {
			return fmt.Errorf("output %d, %v %v: %w", i, n, n.Shape(), err)
		}
	}
	for i, p := range params {
		d, err := p.Grad()
		if err != nil {
			return err
		}
		if err := sameBits(d, in.value(grads[i])); err != nil {
			return fmt.Errorf("gradient of %s, %v: %w", p.Name(), grads[i], err)
		}
	}
	for _, n := range outputs {
		if n.IsVar() {
			continue
		}
		x, _ := tensor.Data[T](n.Value())
		for i := range x {
			x[i] = -77
		}
	}
	return in.err
}

// sameBits reports the first element that is not the same; all NaN are.
func sameBits[T tensor.Float](got tensor.Value, want []T) error {
	x, err := tensor.Data[T](got)
	if err != nil {
		return err
	}
	for i := range want {
		a, b := float64(x[i]), float64(want[i])
		if math.Float64bits(a) != math.Float64bits(b) && !(math.IsNaN(a) && math.IsNaN(b)) {
			return fmt.Errorf("element %d is %v, the interpreter has %v", i, a, b)
		}
	}
	return nil
}

// maker reads a graph from bytes.
type maker struct {
	data   []byte
	g      *Graph
	dtype  tensor.Dtype
	leaves []*Node
	pool   []*Node
	rng    *rand.Rand
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
	m.changeLeaves()
}

// changeLeaves gives new values to the leaves: new tensors, or other elements in
// the same ones.
func (m *maker) changeLeaves() {
	special := []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.NaN()}
	specials := m.rng.IntN(4) == 0
	for _, x := range m.leaves {
		data := make([]float64, tensor.Size(x.Shape()))
		for i := range data {
			data[i] = math.Round(m.rng.NormFloat64()*16) / 16
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
	if n := m.apply(); Err(n) == nil && tensor.Size(n.Shape()) <= 2400 && Rank(n) <= 5 {
		m.pool = append(m.pool, n)
	}
}

func (m *maker) axis(x *Node) int { return m.next(max(Rank(x), 1)) }

func (m *maker) apply() *Node {
	x := m.pick()
	switch m.next(8) {
	case 0, 1:
		unary := []func(*Node) *Node{Neg, Exp, Tanh, Sigmoid, Sin, Cos, Relu, Abs, Sign, Square, Sqrt, Log, Softplus, StopGradient, Expm1, Reciprocal, Tan, Log1p,
			Erf, Atan, Asin, Sinh, Cosh, Asinh, Exp2, Log2, Floor, Round, Frac, Rsqrt, LogSigmoid, Gelu, Silu, Selu, Hardswish, Isnan}
		return unary[m.next(len(unary))](x)
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
	}
	return m.join(x)
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
	loss = Sum(last)
	params = m.leaves[:1+m.next(len(m.leaves))]
	wrt := append(slices.Clone(params), m.pick())
	first, err := Grad(loss, wrt...)
	if err != nil {
		return nil, nil, nil, err
	}
	other, err := Grad(Mean(Mul(Sin(m.pick()), 0.5)), wrt...)
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
