package autodiff_test

import (
	"fmt"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// classifier returns the logits of five points in three classes, the parameters,
// labels, and a vector for each parameter.
func classifier(dt tensor.Dtype, hidden bool) (logits, labels *Node, p, v []*Node) {
	g := NewGraph()
	rng := tensor.NewRand(3)
	normal := func(shape ...int) tensor.Value {
		return tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(rng, 0, 0.7, shape...)), dt))
	}
	h := Input(g, "x", normal(5, 2))
	sizes := []int{2, 3}
	if hidden {
		sizes = []int{2, 4, 3}
	}
	for i := range len(sizes) - 1 {
		if i > 0 {
			h = Tanh(h)
		}
		p = append(p, Param(g, fmt.Sprint("w", i), normal(sizes[i], sizes[i+1])), Param(g, fmt.Sprint("b", i), normal(sizes[i+1])))
		v = append(v, Const(g, normal(sizes[i], sizes[i+1])), Const(g, normal(sizes[i+1])))
		h = Add(MatMul(h, p[2*i]), p[2*i+1])
	}
	return h, Input(g, "labels", tensor.Must(tensor.Convert(tensor.Of(0.0, 2, 1, 1, 0), dt))), p, v
}

// crossEntropies returns −ln p(label) for each example.
func crossEntropies(logits, labels *Node) *Node {
	return Neg(Sum(Mul(OneHot(labels, Dim(logits, -1)), LogSoftmax(logits, -1)), -1))
}

// The Fisher matrix is the expectation of squared gradients over the classes, the
// Gauss-Newton matrix of the cross-entropy, whatever the labels, and the Hessian of
// a linear model.
func TestFisherVP(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		tol := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5}[dt]
		for _, hidden := range []bool{true, false} {
			logits, labels, p, v := classifier(dt, hidden)
			fv, err := FisherVP(logits, p, v)
			require.NoError(t, err)
			near := func(want *Node) {
				t.Helper()
				require.NoError(t, tensor.AllClose(valueOf(t, flatten(fv)), valueOf(t, want), tol, tol))
			}
			expectation := ConstLike(logits, 0)
			for i := range Dim(logits, 0) {
				for c := range Dim(logits, 1) {
					lnp := At(LogSoftmax(logits, 1), i, c)
					gradient := flatten(gradOf(t, lnp, p...))
					expectation = Add(expectation, Mul(Mul(Exp(lnp), Dot(gradient, flatten(v))), gradient))
				}
			}
			near(Div(expectation, Dim(logits, 0)))
			for _, labels := range []*Node{labels, Mul(labels, 0)} {
				loss := Mean(crossEntropies(logits, labels))
				gv, err := GNVP(loss, logits, p, v)
				require.NoError(t, err)
				near(flatten(gv))
				if !hidden {
					hv, err := HVP(loss, p, v)
					require.NoError(t, err)
					near(flatten(hv))
				}
			}
		}
	}
	// one example without an axis for it, and examples in two axes
	logits, _, p, v := classifier(tensor.Float64, true)
	one := Reshape(Slice(logits, 0, 2, 3), 3)
	a, err := FisherVP(one, p, v)
	require.NoError(t, err)
	b, err := FisherVP(Stack(1, Unsqueeze(one, 0), Unsqueeze(one, 0)), p, v)
	require.NoError(t, err)
	require.NoError(t, tensor.AllClose(valueOf(t, flatten(a)), valueOf(t, flatten(b)), 1e-13, 1e-15))
}

// The empirical Fisher matrix is the mean of squared gradients.
func TestEmpiricalFisherVP(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		logits, labels, p, v := classifier(dt, true)
		losses := crossEntropies(logits, labels)
		fv, err := EmpiricalFisherVP(losses, p, v)
		require.NoError(t, err)
		sum := ConstLike(logits, 0)
		for i := range 5 {
			gradient := flatten(gradOf(t, At(losses, i), p...))
			sum = Add(sum, Mul(Dot(gradient, flatten(v)), gradient))
		}
		tol := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5}[dt]
		require.NoError(t, tensor.AllClose(valueOf(t, flatten(fv)), valueOf(t, Div(sum, 5)), tol, tol))
	}
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	fv, err := EmpiricalFisherVP(Stack(0, Mul(3, Sum(x)), At(x, 0)), []*Node{x}, []*Node{Const(g, tensor.Of(1.0, -2))})
	require.NoError(t, err)
	require.Equal(t, []float64{(-9 + 1) / 2., -9 / 2.}, run(t, fv[0])) // F = ½·((9, 9), (9, 9)) + ½·((1, 0), (0, 0))
}

// Several results in one sweep: the sum of the products of each.
func TestVJPs(t *testing.T) {
	g := NewGraph()
	a, b := Param(g, "a", tensor.Of(0.5, -1, 2)), Param(g, "b", tensor.Scalar(3.0))
	y := []*Node{Mul(Sin(a), b), MatMul(a, a), a}
	dy := []*Node{Const(g, tensor.Of(1.0, 2, 3)), Square(b), Cos(a)}
	grads, err := VJPs(y, dy, []*Node{a, b, y[0]})
	require.NoError(t, err)
	want := [][]*Node{}
	for i := range y {
		d, err := VJP(y[i], dy[i], a, b, y[0])
		require.NoError(t, err)
		want = append(want, d)
	}
	for k := range grads {
		sum := Add(Add(want[0][k], want[1][k]), want[2][k])
		require.NoError(t, tensor.AllClose(valueOf(t, grads[k]), valueOf(t, sum), 1e-15, 1e-15))
	}
	// one result is VJP, one given twice counts twice
	one, err := VJPs(y[:1], dy[:1], []*Node{a})
	require.NoError(t, err)
	require.Equal(t, run(t, want[0][0]), run(t, one[0]))
	both, err := VJPs([]*Node{y[0], y[0]}, []*Node{dy[0], dy[0]}, []*Node{a})
	require.NoError(t, err)
	require.Equal(t, run(t, Mul(2, one[0])), run(t, both[0]))
	// what is shared is differentiated once
	asked := 0
	shared := Apply(spy{count: &asked}, a)
	_, err = VJPs([]*Node{Exp(shared), Sin(shared)}, []*Node{a, a}, []*Node{a})
	require.NoError(t, err)
	require.Equal(t, 1, asked)
}

// The products are expressions with right gradients.
func TestDerivativesOfFisher(t *testing.T) {
	in := opRow{in: [][]int{{2, 3}, {3}, {2, 3}, {3}}}.inputs(tensor.Float64)
	y := func(x ...*Node) *Node { return Mul(Exp(Mul(0.5, x[0])), Sin(x[1])) }
	for name, f := range map[string]func(x ...*Node) ([]*Node, error){
		"FisherVP":          func(x ...*Node) ([]*Node, error) { return FisherVP(y(x...), x[:2], x[2:]) },
		"EmpiricalFisherVP": func(x ...*Node) ([]*Node, error) { return EmpiricalFisherVP(Sum(y(x...), 1), x[:2], x[2:]) },
		"VJPs": func(x ...*Node) ([]*Node, error) {
			return VJPs([]*Node{y(x...), Square(x[1])}, []*Node{x[2], x[3]}, x[:2])
		},
	} {
		t.Run(name, func(t *testing.T) {
			gradtest.Options{Order: 1}.Check(t, func(x ...*Node) *Node {
				products, err := f(x...)
				require.NoError(t, err)
				return flatten(products)
			}, in...)
		})
	}
}

func TestFisherErrors(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(1.0, 2)), Param(g, "w", tensor.Scalar(1.0))
	y, bad := Square(x), Reshape(x, 5)
	other, single := Param(NewGraph(), "x", tensor.Of(1.0, 2)), Const(g, tensor.Of[float32](1, 2))
	wrt, v := []*Node{x}, []*Node{x}
	for i, c := range []struct {
		y      *Node
		wrt, v []*Node
		want   error
	}{
		{y, wrt, nil, ErrShape},
		{y, wrt, []*Node{w}, ErrShape},
		{Sum(y), wrt, v, ErrShape},
		{nil, wrt, v, ErrNil},
		{y, wrt, []*Node{nil}, ErrNil},
		{y, wrt, []*Node{other}, ErrGraph},
		{y, wrt, []*Node{single}, ErrDtype},
		{y, []*Node{other}, v, ErrGraph},
	} {
		_, err := FisherVP(c.y, c.wrt, c.v)
		requireError(t, err, c.want, "FisherVP", i)
		_, err = EmpiricalFisherVP(c.y, c.wrt, c.v)
		requireError(t, err, c.want, "EmpiricalFisherVP", i)
	}
	_, err := FisherVP(bad, wrt, v)
	requireError(t, err, ErrShape, "Reshape", 0)
	_, err = EmpiricalFisherVP(Stack(0, y, y), wrt, v)
	requireError(t, err, ErrShape, "EmpiricalFisherVP", 0)
	for i, c := range []struct {
		y, dy, wrt []*Node
		op         string
		want       error
	}{
		{nil, nil, wrt, "VJPs", ErrNil},
		{[]*Node{y}, nil, wrt, "VJPs", ErrShape},
		{[]*Node{y}, []*Node{w}, wrt, "VJPs", ErrShape},
		{[]*Node{y, nil}, []*Node{x, x}, wrt, "VJPs", ErrNil},
		{[]*Node{y, y}, []*Node{x, nil}, wrt, "VJPs", ErrNil},
		{[]*Node{y, other}, []*Node{x, other}, wrt, "VJPs", ErrGraph},
		{[]*Node{y, single}, []*Node{x, single}, wrt, "VJPs", ErrDtype},
		{[]*Node{y}, []*Node{x}, []*Node{nil}, "VJPs", ErrNil},
		{[]*Node{y}, []*Node{x}, []*Node{other}, "VJPs", ErrGraph},
		{[]*Node{bad}, []*Node{x}, wrt, "Reshape", ErrShape},
	} {
		_, err := VJPs(c.y, c.dy, c.wrt)
		requireError(t, err, c.want, c.op, i)
	}
}
