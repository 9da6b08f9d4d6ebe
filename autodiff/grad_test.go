package autodiff_test

import (
	"fmt"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// scalarParams returns parameters of one graph with the given values, named x0, x1, ...
func scalarParams(values ...float64) (*Graph, []*Node) {
	g := NewGraph()
	x := make([]*Node, len(values))
	for i, v := range values {
		x[i] = Param(g, fmt.Sprint("x", i), tensor.Scalar(v))
	}
	return g, x
}

func gradOf(t *testing.T, loss *Node, wrt ...*Node) []*Node {
	t.Helper()
	grads, err := Grad(loss, wrt...)
	require.NoError(t, err)
	require.Len(t, grads, len(wrt))
	return grads
}

// A gradient is an expression: of x³ at 2 the derivatives are 12, 12, 6, 0.
func TestGradientOfGradient(t *testing.T) {
	_, x := scalarParams(2)
	y := Pow(x[0], 3)
	for _, want := range []float64{12, 12, 6, 0} {
		y = gradOf(t, y, x[0])[0]
		require.Equal(t, []float64{want}, run(t, y))
	}
}

// Losses of one graph that share an intermediate node have their own gradients,
// and asking for one does not change another.
func TestSeveralLosses(t *testing.T) {
	_, x := scalarParams(3, 5)
	shared := Mul(x[0], x[1])
	a, b := Square(shared), Add(shared, x[0])
	da, db := gradOf(t, a, x...), gradOf(t, b, x...)
	again := gradOf(t, a, x...)
	both := gradOf(t, Add(a, b), x...)
	prog, err := Compile(a, Keep(da[0], da[1], db[0], db[1], again[0], both[0], both[1]))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	for i, c := range []struct {
		node *Node
		want float64
	}{{da[0], 150}, {da[1], 90}, {db[0], 6}, {db[1], 3}, {again[0], 150}, {both[0], 156}, {both[1], 93}} {
		got, err := tensor.Item(c.node.Value())
		require.NoError(t, err)
		require.Equal(t, c.want, got, "gradient %d", i)
	}
}

// Intermediate nodes can be differentiated by, with or without their inputs.
func TestIntermediateWrt(t *testing.T) {
	_, x := scalarParams(0.5)
	h := Exp(x[0])
	loss := Add(Square(h), Mul(h, x[0]))
	grads := gradOf(t, loss, h, x[0], loss, h)
	e := run(t, h)[0]
	require.InDelta(t, 2*e+0.5, run(t, grads[0])[0], 1e-14)
	require.InDelta(t, (2*e+0.5)*e+e, run(t, grads[1])[0], 1e-13)
	require.Equal(t, []float64{1}, run(t, grads[2]))
	require.InDelta(t, 2*e+0.5, run(t, grads[3])[0], 1e-14)
}

// A transposition that a product reads through is a node as good as others.
func TestTransposedIntermediateWrt(t *testing.T) {
	g := NewGraph()
	a := Param(g, "a", tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)))
	b := Param(g, "b", tensor.Must(tensor.FromSlice([]float64{1, 0, 2, 3, 1, 1}, 2, 3)))
	at, bt := Transpose(a), Transpose(b)
	y := MatMul(at, b) // (3, 3)
	grads := gradOf(t, Sum(y), at, a, b)
	require.Equal(t, []float64{3, 5, 3, 5, 3, 5}, run(t, grads[0]))
	require.Equal(t, []float64{3, 3, 3, 5, 5, 5}, run(t, grads[1]))
	require.Equal(t, []float64{6, 6, 6, 15, 15, 15}, run(t, grads[2]))
	grads = gradOf(t, Sum(MatMul(a, bt)), bt, b) // (2, 2)
	require.Equal(t, []float64{5, 5, 7, 7, 9, 9}, run(t, grads[0]))
	require.Equal(t, []float64{5, 7, 9, 5, 7, 9}, run(t, grads[1]))
}

// What a loss does not depend on has a gradient of zero, in its own shape.
func TestUnusedWrt(t *testing.T) {
	g, x := scalarParams(2)
	w := Param(g, "w", tensor.Must(tensor.Ones[float64](2, 3)))
	later := Exp(x[0]) // x is not a function of it
	grads := gradOf(t, Square(x[0]), x[0], w, later)
	require.Equal(t, []float64{4}, run(t, grads[0]))
	require.Equal(t, tensor.Shape{2, 3}, Shape(grads[1]))
	require.Equal(t, make([]float64, 6), run(t, grads[1]))
	require.Equal(t, []float64{0}, run(t, grads[2]))
}

// A loss of one element may have any rank.
func TestGradOfShapedLoss(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{3}, 1, 1)))
	grads := gradOf(t, Square(x), x)
	require.Equal(t, tensor.Shape{1, 1}, Shape(grads[0]))
	require.Equal(t, []float64{6}, run(t, grads[0]))
}

func TestVJP(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2, 3))
	v := Input(g, "v", tensor.Of(1.0, 10, 100))
	grads, err := VJP(Square(x), v, x)
	require.NoError(t, err)
	require.Equal(t, []float64{2, 40, 600}, run(t, grads[0]))

	_, err = VJP(Square(x), Const(g, tensor.Of(1.0)), x)
	require.ErrorIs(t, err, ErrShape)
	_, err = VJP(Square(x), Const(g, tensor.Must(tensor.Ones[float64](3, 1))), x)
	require.ErrorIs(t, err, ErrShape, "(3, 1) is not (3), although gorgonia's Shape.Eq says so")
	_, err = VJP(Square(x), Const(NewGraph(), tensor.Of(1.0, 2, 3)), x)
	require.ErrorIs(t, err, ErrGraph)
	_, err = VJP(Add(x, x), Const(g, tensor.Of[float32](1, 2, 3)), x)
	require.ErrorIs(t, err, ErrDtype)
	_, err = VJP(Square(x), nil, x)
	require.ErrorIs(t, err, ErrNil)
}

// Hessians of polynomials, in closed form.
func TestHessian(t *testing.T) {
	_, x := scalarParams(-1.2, 1)
	a, b := x[0], x[1]
	rosenbrock := Add(Square(Sub(1, a)), Mul(100, Square(Sub(b, Square(a)))))
	h, err := Hessian(rosenbrock, a, b)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 2}, Shape(h))
	require.NoError(t, tensor.AllClose(valueOf(t, h), tensor.Must(tensor.FromSlice([]float64{1330, 480, 480, 200}, 2, 2)), 1e-13, 0))

	// ½ xᵀAx has the Hessian (A + Aᵀ)/2, here over two parameters of other shapes.
	g := NewGraph()
	u, w := Param(g, "u", tensor.Of(1.0, 2)), Param(g, "w", tensor.Must(tensor.FromSlice([]float64{3}, 1, 1)))
	m := tensor.Must(tensor.FromSlice([]float64{2, 1, 0, 3, 5, 7, 4, 1, 9}, 3, 3))
	z := Concat(0, u, Flatten(w))
	h, err = Hessian(Mul(0.5, MatMul(z, MatMul(Const(g, m), z))), u, w)
	require.NoError(t, err)
	require.Equal(t, []float64{2, 2, 2, 2, 5, 4, 2, 4, 9}, run(t, h))

	// a linear function has none
	h, err = Hessian(Sum(u), u)
	require.NoError(t, err)
	require.Equal(t, make([]float64, 4), run(t, h))

	_, err = Hessian(rosenbrock)
	require.Error(t, err)
	_, err = Hessian(u, u)
	require.ErrorIs(t, err, ErrNotScalar)
	_, err = Hessian(Sum(u), u, nil)
	require.ErrorIs(t, err, ErrNil)
}

// valueOf runs n and returns its value.
func valueOf(t *testing.T, n *Node) tensor.Value {
	t.Helper()
	run(t, n)
	return n.Value()
}

// smallNet returns the loss of a network with tanh units, and its parameters.
func smallNet() (*Graph, *Node, []*Node) {
	g := NewGraph()
	rng := tensor.NewRand(3)
	normal := func(shape ...int) *tensor.Dense { return tensor.Must(tensor.Normal(rng, 0, 0.7, shape...)) }
	p := []*Node{
		Param(g, "0.weight", normal(4, 2)), Param(g, "0.bias", normal(4)),
		Param(g, "1.weight", normal(3, 4)), Param(g, "1.bias", normal(3)),
	}
	x := Input(g, "x", normal(5, 2))
	return g, twoLayers(append([]*Node{x}, p...)...), p
}

// The products of the Hessian of a network with a vector are those of the whole
// Hessian, and differences of gradients.
func TestHVP(t *testing.T) {
	g, loss, p := smallNet()
	rng := tensor.NewRand(4)
	var v []*Node
	var flat []float64
	for i, w := range p {
		d := tensor.Must(tensor.Normal(rng, 0, 1.0, Shape(w)...))
		v = append(v, Const(g, d))
		flat = append(flat, d.Float64s()...)
		require.NotNil(t, v[i])
	}
	products, err := HVP(loss, p, v)
	require.NoError(t, err)
	hessian, err := Hessian(loss, p...)
	require.NoError(t, err)
	direct := MatMul(hessian, Const(g, tensor.Of(flat...)))
	for i := range products {
		require.Equal(t, Shape(p[i]), Shape(products[i]))
		products[i] = Flatten(products[i])
	}
	hv := Concat(0, products...)
	prog, err := Compile(loss, WithGrad(p...), Keep(hv, direct, hessian))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	require.NoError(t, tensor.AllClose(hv.Value(), direct.Value(), 1e-11, 1e-13))

	h := hessian.Value().Data().([]float64)
	n := len(flat)
	for i := range n {
		for j := range i {
			require.InDelta(t, h[i*n+j], h[j*n+i], 1e-13, "the Hessian is symmetric")
		}
	}

	want := append([]float64(nil), hv.Value().Data().([]float64)...)
	const eps = 1e-5
	slopes := func(sign float64) []float64 {
		var grads []float64
		k := 0
		for _, w := range p {
			data := w.Value().Data().([]float64)
			for i := range data {
				data[i] += sign * flat[k]
				k++
			}
		}
		require.NoError(t, prog.Run())
		for _, w := range p {
			d, err := w.Grad()
			require.NoError(t, err)
			grads = append(grads, d.Data().([]float64)...)
		}
		return grads
	}
	plus, minus := slopes(eps), slopes(-2*eps)
	for i := range plus {
		plus[i] = (plus[i] - minus[i]) / (2 * eps)
	}
	require.NoError(t, tensor.AllClose(tensor.Of(plus...), tensor.Of(want...), 1e-6, 1e-8))

	_, err = HVP(loss, p, v[:2])
	require.ErrorIs(t, err, ErrShape)
	_, err = HVP(loss, p[:1], v[1:2])
	require.ErrorIs(t, err, ErrShape)
	_, err = HVP(loss, p[:1], []*Node{nil})
	require.ErrorIs(t, err, ErrNil)
	_, err = HVP(v[0], p[:1], v[:1])
	require.ErrorIs(t, err, ErrNotScalar)
	_, err = HVP(loss, p[:1], []*Node{Const(NewGraph(), tensor.Must(tensor.Ones[float64](4, 2)))})
	require.ErrorIs(t, err, ErrGraph)
}

// A second parameter list may share nodes with the first, and gradients may be
// part of a further loss: here a penalty on the size of a gradient.
func TestGradientInLoss(t *testing.T) {
	_, x := scalarParams(2, 3)
	f := Mul(Square(x[0]), x[1]) // ∂f/∂x0 = 2·x0·x1 = 12
	penalty := Square(gradOf(t, f, x[0])[0])
	grads := gradOf(t, Add(f, penalty), x...)
	require.Equal(t, []float64{12 + 2*12*6}, run(t, grads[0]))
	require.Equal(t, []float64{4 + 2*12*4}, run(t, grads[1]))
}

// No rule is asked for a gradient that leads nowhere: a failing rule off the path
// to wrt does not matter.
func TestNoDeadGradients(t *testing.T) {
	_, x := scalarParams(2, 3)
	asked := 0
	y := Add(Square(x[0]), Apply(spy{count: &asked}, x[1]))
	gradOf(t, y, x[0])
	require.Zero(t, asked)
	gradOf(t, y, x[1])
	require.Equal(t, 1, asked)
}

// spy counts how often its rule is asked.
type spy struct{ count *int }

func (spy) Name() string                                  { return "spy" }
func (spy) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (spy) Map32(dst []float32, x [][]float32)            { copy(dst, x[0]) }
func (spy) Map64(dst []float64, x [][]float64)            { copy(dst, x[0]) }
func (p spy) VJP(x []*Node, y, dy *Node) []*Node          { *p.count++; return []*Node{dy} }
