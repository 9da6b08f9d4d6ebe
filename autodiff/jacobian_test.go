package autodiff_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// calculus are the functions of testdata/torch/calculus.py.
var calculus = map[string]gradtest.Func{
	"scalar": func(x ...*Node) *Node { return Mul(LogSumExp(x[0]), Square(x[1])) },
	"broadcast": func(x ...*Node) *Node {
		return Div(Mul(Exp(x[0]), Sin(x[1])), Add(1, Square(x[1])))
	},
	"matmul":  func(x ...*Node) *Node { return MatMul(MatMul(x[0], x[1]), x[0]) },
	"softmax": func(x ...*Node) *Node { return Softmax(MatMul(x[0], x[1]), 0) },
	"network": func(x ...*Node) *Node {
		h := Tanh(Add(MatMul(x[0], Transpose(x[1])), x[2]))
		return Add(MatMul(h, Transpose(x[3])), x[4])
	},
	"slices": func(x ...*Node) *Node {
		column := func(i int) *Node { return Squeeze(Slice(x[0], 1, i, i+1), 1) }
		return Concat(0, Mul(column(1), column(2)), Pow(Squeeze(Slice(x[0], 0, 0, 1), 0), 3))
	},
	"linear": func(x ...*Node) *Node { return Transpose(Add(Mul(2, x[0]), 1)) },
}

type calculusCase struct {
	Op                               string
	Inputs, V, Gnvp                  []torchTensor
	Output, Jacobian, JVP, Laplacian torchTensor
}

// TestCalculusTorch compares Jacobians and what is built on them with
// testdata/torch/calculus.json.
func TestCalculusTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/torch/calculus.json")
	require.NoError(t, err)
	var file struct{ Cases []calculusCase }
	require.NoError(t, json.Unmarshal(text, &file))
	seen := map[string]bool{}
	for i, c := range file.Cases {
		seen[c.Op] = true
		t.Run(fmt.Sprint(c.Op, i), func(t *testing.T) { c.check(t) })
	}
	require.Len(t, seen, len(calculus))
}

func (c calculusCase) check(t *testing.T) {
	like := torchCase{Dtype: "float64"}
	g := NewGraph()
	x, err := like.params(g, "x", c.Inputs)
	require.NoError(t, err)
	v, err := like.params(g, "v", c.V)
	require.NoError(t, err)
	y := calculus[c.Op](x...)
	loss := Add(LogSumExp(y), Sum(Square(y)))
	jv, err := JVP(y, x, v)
	require.NoError(t, err)
	j, err := Jacobian(y, x...)
	require.NoError(t, err)
	trace, err := Laplacian(loss, x...)
	require.NoError(t, err)
	gv, err := GNVP(loss, y, x, v)
	require.NoError(t, err)
	prog, err := Compile(loss, Keep(y, jv, j, trace), Keep(gv...))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	compare := func(name string, n *Node, want torchTensor) {
		// Differences of terms of order 1 are compared with these.
		require.NoError(t, like.compare(n.Value(), want, 1e-13), name)
	}
	compare("value", y, c.Output)
	compare("JVP", jv, c.JVP)
	compare("Jacobian", j, c.Jacobian)
	compare("Laplacian", trace, c.Laplacian)
	for i := range gv {
		compare(fmt.Sprint("GNVP ", i), gv[i], c.Gnvp[i])
	}
}

// products returns what is built on Jacobians, for random vectors v.
func products(t *testing.T, g *Graph, y, loss *Node, x []*Node) (jv, j, trace *Node, gv, v []*Node) {
	t.Helper()
	rng := tensor.NewRand(11)
	for _, n := range x {
		d := tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(rng, 0, 1.0, Shape(n)...)), n.Dtype()))
		v = append(v, Const(g, d))
	}
	var err error
	jv, err = JVP(y, x, v)
	require.NoError(t, err)
	j, err = Jacobian(y, x...)
	require.NoError(t, err)
	trace, err = Laplacian(loss, x...)
	require.NoError(t, err)
	gv, err = GNVP(loss, y, x, v)
	require.NoError(t, err)
	return jv, j, trace, gv, v
}

// flatten returns all elements of nodes as one vector.
func flatten(nodes []*Node) *Node {
	flat := make([]*Node, len(nodes))
	for i, n := range nodes {
		flat[i] = Flatten(n)
	}
	return Concat(0, flat...)
}

// The products agree with the matrices, in both dtypes.
func TestProductsOfMatrices(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		for name, f := range calculus {
			t.Run(fmt.Sprint(name, dt), func(t *testing.T) {
				in := map[string][][]int{
					"scalar": {{3}, {}}, "broadcast": {{2, 3}, {2, 1}}, "matmul": {{2, 3}, {3, 2}}, "softmax": {{3, 2}, {2}},
					"network": {{2, 2}, {3, 2}, {3}, {2, 3}, {2}}, "slices": {{2, 3}}, "linear": {{2, 3}, {2}},
				}[name]
				g := NewGraph()
				var x []*Node
				for i, v := range (opRow{in: in}).inputs(dt) {
					x = append(x, Param(g, fmt.Sprint("x", i), v))
				}
				y := f(x...)
				// A cubic loss, so that its Hessian depends on y.
				loss := Sum(Mul(Square(y), Add(y, 2)))
				jv, j, trace, gv, v := products(t, g, y, loss, x)
				h, err := Hessian(loss, x...)
				require.NoError(t, err)
				hy := Add(Mul(6, Flatten(y)), 4) // the diagonal
				direct := MatMul(j, flatten(v))
				gauss := MatMul(Transpose(j), Mul(hy, direct))
				eye := Const(g, tensor.Must(tensor.Convert(tensor.Must(tensor.Eye[float64](Dim(h, 0))), dt)))
				tol := 1e-12
				if dt == tensor.Float32 {
					tol = 1e-4
				}
				require.Equal(t, Shape(y), Shape(jv))
				near := func(a, b *Node) {
					t.Helper()
					require.NoError(t, tensor.AllClose(valueOf(t, a), valueOf(t, b), tol, tol))
				}
				near(Flatten(jv), direct)
				near(flatten(gv), gauss)
				near(trace, Sum(Mul(h, eye)))
			})
		}
	}
}

// A Jacobian-vector product is an expression with right gradients, and so are
// the others.
func TestDerivativesOfProducts(t *testing.T) {
	y := func(x ...*Node) *Node { return Mul(Exp(Mul(0.5, x[0])), Sin(x[1])) }
	wrap := func(n *Node, err error) *Node {
		require.NoError(t, err)
		return n
	}
	in := opRow{in: [][]int{{2, 3}, {3}, {2, 3}}}.inputs(tensor.Float64)
	for name, f := range map[string]gradtest.Func{
		"JVP":       func(x ...*Node) *Node { return wrap(JVP(y(x...), x[:2], []*Node{x[2], Square(x[1])})) },
		"Jacobian":  func(x ...*Node) *Node { return wrap(Jacobian(Sum(y(x...), 1), x[:2]...)) },
		"Laplacian": func(x ...*Node) *Node { return wrap(Laplacian(Sum(Square(y(x...))), x[:2]...)) },
		"GNVP": func(x ...*Node) *Node {
			z := y(x...)
			products, err := GNVP(Sum(Pow(z, 4)), z, x[:1], x[2:])
			require.NoError(t, err)
			return products[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			gradtest.Options{Order: 1}.Check(t, func(x ...*Node) *Node {
				return Add(f(x...), Mul(0.001, Add(Sum(Square(x[2])), Add(Sum(x[1]), Sum(x[0])))))
			}, in...)
		})
	}
}

// Closed forms: of the norm squared in polar coordinates, and of x³ + xy².
func TestJacobianClosedForms(t *testing.T) {
	_, x := scalarParams(2, 0.5)
	r, phi := x[0], x[1]
	polar := Stack(0, Mul(r, Cos(phi)), Mul(r, Sin(phi)))
	j, err := Jacobian(polar, r, phi)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 2}, Shape(j))
	det := Sub(Mul(At(j, 0, 0), At(j, 1, 1)), Mul(At(j, 0, 1), At(j, 1, 0)))
	require.InDelta(t, 2, run(t, det)[0], 1e-15)

	f := Add(Pow(r, 3), Mul(r, Square(phi)))
	lap, err := Laplacian(f, r, phi)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{}, Shape(lap))
	require.Equal(t, []float64{6*2 + 2*2}, run(t, lap))
	harmonic := Sub(Square(r), Square(phi))
	lap, err = Laplacian(harmonic, r, phi)
	require.NoError(t, err)
	require.Equal(t, []float64{0}, run(t, lap))

	// ½‖y‖² has the Gauss-Newton matrix JᵀJ: here 1 and r² on the diagonal.
	gv, err := GNVP(Mul(0.5, Sum(Square(polar))), polar, x, []*Node{ConstLike(r, 3), ConstLike(r, 5)})
	require.NoError(t, err)
	require.InDelta(t, 3, run(t, gv[0])[0], 1e-14)
	require.InDelta(t, 5*4, run(t, gv[1])[0], 1e-14)
}

// A wrt that does not matter has a column of zeros, an intermediate or y itself
// may be a wrt, and one may be given twice.
func TestJacobianWrt(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(1.0, 2, 3)), Param(g, "w", tensor.Scalar(7.0))
	y := Square(x)
	j, err := Jacobian(Slice(y, 0, 1, 3), w, x)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 4}, Shape(j))
	require.Equal(t, []float64{0, 0, 4, 0, 0, 0, 0, 6}, run(t, j))
	ones := Const(g, tensor.Of(1.0, 1, 1))
	for _, c := range []struct {
		wrt, v []*Node
		want   []float64
	}{
		{[]*Node{w}, []*Node{w}, []float64{0, 0, 0}},
		{nil, nil, []float64{0, 0, 0}},
		{[]*Node{x, w}, []*Node{ones, w}, []float64{2, 4, 6}},
		{[]*Node{x, x}, []*Node{ones, x}, []float64{4, 12, 24}},
		{[]*Node{y}, []*Node{x}, []float64{1, 2, 3}},
		{[]*Node{x}, []*Node{x}, []float64{2, 8, 18}},
	} {
		jv, err := JVP(y, c.wrt, c.v)
		require.NoError(t, err)
		require.Equal(t, c.want, run(t, jv))
	}
	lap, err := Laplacian(Sum(Mul(y, x)), w, x)
	require.NoError(t, err)
	require.Equal(t, []float64{36}, run(t, lap))
	// nothing but y is between loss and wrt
	gv, err := GNVP(Add(Sum(Square(y)), Square(w)), y, []*Node{x, w}, []*Node{ones, w})
	require.NoError(t, err)
	require.Equal(t, []float64{8, 32, 72}, run(t, gv[0]))
	require.Equal(t, []float64{0}, run(t, gv[1]))
}

// Errors have the name of the function and the line of its caller; those that a
// node carries stay as they are.
func TestJacobianErrors(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(1.0, 2)), Param(g, "w", tensor.Scalar(1.0))
	y, loss := Square(x), Sum(Square(x))
	other, single := Param(NewGraph(), "x", tensor.Of(1.0, 2)), Const(g, tensor.Of[float32](1, 2))
	stock := miscounted(x)
	bad := Reshape(x, 5)
	for i, c := range []struct {
		call func() error
		op   string
		want error
	}{
		{func() error { _, err := JVP(y, []*Node{x}, nil); return err }, "JVP", ErrShape},
		{func() error { _, err := JVP(y, []*Node{x}, []*Node{w}); return err }, "JVP", ErrShape},
		{func() error { _, err := JVP(y, []*Node{x}, []*Node{nil}); return err }, "JVP", ErrNil},
		{func() error { _, err := JVP(nil, nil, nil); return err }, "JVP", ErrNil},
		{func() error { _, err := JVP(y, []*Node{nil}, []*Node{x}); return err }, "JVP", ErrNil},
		{func() error { _, err := JVP(y, []*Node{x}, []*Node{other}); return err }, "JVP", ErrGraph},
		{func() error { _, err := JVP(y, []*Node{other}, []*Node{x}); return err }, "JVP", ErrGraph},
		{func() error { _, err := JVP(y, []*Node{x}, []*Node{single}); return err }, "JVP", ErrDtype},
		{func() error { _, err := JVP(Exp(x), []*Node{x}, []*Node{bad}); return err }, "Reshape", ErrShape},
		{func() error { _, err := Jacobian(y); return err }, "Jacobian", ErrNil},
		{func() error { _, err := Jacobian(nil, x); return err }, "Jacobian", ErrNil},
		{func() error { _, err := Jacobian(y, x, nil); return err }, "Jacobian", ErrNil},
		{func() error { _, err := Jacobian(y, other); return err }, "Jacobian", ErrGraph},
		{func() error { _, err := Jacobian(bad, x); return err }, "Reshape", ErrShape},
		{func() error { _, err := Laplacian(loss); return err }, "Laplacian", ErrNil},
		{func() error { _, err := Laplacian(y, x); return err }, "Laplacian", ErrNotScalar},
		{func() error { _, err := Laplacian(loss, x, bad); return err }, "Reshape", ErrShape},
		{func() error { _, err := GNVP(loss, y, []*Node{x}, nil); return err }, "GNVP", ErrShape},
		{func() error { _, err := GNVP(y, y, []*Node{x}, []*Node{x}); return err }, "GNVP", ErrNotScalar},
		{func() error { _, err := GNVP(bad, y, []*Node{x}, []*Node{x}); return err }, "Reshape", ErrShape},
		{func() error { _, err := JVP(stock, []*Node{x}, []*Node{x}); return err }, "", ErrDamaged},
	} {
		err := c.call()
		require.ErrorIs(t, err, c.want, "case %d", i)
		var e *Error
		require.ErrorAs(t, err, &e)
		if c.op == "" { // a node of gorgonia's
			require.Equal(t, "gorgonia.sliceOp", e.Op)
			continue
		}
		require.Equal(t, "autodiff."+c.op, e.Op, "case %d: %v", i, err)
		require.True(t, strings.HasPrefix(e.Pos, "jacobian_test.go:"), err)
	}
}
