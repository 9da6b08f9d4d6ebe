package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/landscapes"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// flawed is y = a²·b, elementwise, with one mistake.
type flawed struct{ Mistake string }

func (flawed) Name() string                                  { return "flawed" }
func (flawed) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (p flawed) Map32(dst []float32, x [][]float32) {
	for i, a := range x[0] {
		dst[i] = a * a * x[1][i]
		if p.Mistake == "float32" && a > 1 {
			dst[i] *= 1.001
		}
	}
}
func (p flawed) Map64(dst []float64, x [][]float64) {
	a, b := x[0], x[1]
	switch p.Mistake {
	case "neighbours":
		for i := range a {
			dst[i] = a[i] * a[len(a)-1] * b[i]
		}
	case "in place":
		for i := range a {
			dst[i] = b[i]
			dst[i] *= a[i] * a[i]
		}
	default:
		for i := range a {
			dst[i] = a[i] * a[i] * b[i]
		}
	}
}
func (p flawed) VJP(x []*Node, y, dy *Node) []*Node {
	da, db := Mul(dy, Mul(2, Mul(x[0], x[1]))), Mul(dy, Square(x[0]))
	switch p.Mistake {
	case "1 % of a":
		da = Mul(1.01, da)
	case "1 % of b":
		db = Mul(0.99, db)
	case "no b":
		db = nil
	case "one element":
		da = Mul(da, Where(Gt(x[0], 1.5), 1.01, 1))
	case "clipped":
		da = Minimum(Maximum(da, -10), 10)
	case "NaN":
		da = Div(da, 0)
	}
	return []*Node{da, db}
}

// doubled is y = 2·x as a Kernel, with one mistake.
type doubled struct{ Mistake string }

func (doubled) Name() string                                  { return "doubled" }
func (doubled) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (p doubled) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() {
		for i, x := range in[0].Data {
			dst.Data[i] = 2 * x
		}
	}
}
func (p doubled) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() {
		for i, x := range in[0].Data {
			if p.Mistake != "adds up" {
				dst.Data[i] = 0
			}
			dst.Data[i] += 2 * x
		}
	}
}
func (p doubled) VJP(x []*Node, y, dy *Node) []*Node {
	dx := Mul(2, dy)
	if p.Mistake == "element 70" {
		dx = Add(dx, Flatten(Slice(Concat(0, Expand(ConstLike(dy, 0), 70), ConstLike1(dy, 0.01), Expand(ConstLike(dy, 0), Dim(dy, 0))), 0, 0, Dim(dy, 0))))
	}
	return []*Node{dx}
}

// ConstLike1 is a vector of one element.
func ConstLike1(n *Node, v float64) *Node { return Reshape(ConstLike(n, v), 1) }

// A mistake among right operations is found, with the line that made it, the input and
// the element.
func TestCheckGradFindsMistakes(t *testing.T) {
	for _, c := range []struct {
		mistake string
		dtype   tensor.Dtype
		kind    error
		input   int
		index   []int
	}{
		{"float32", tensor.Float32, ErrOutput, -1, []int{1, 0}},
		{"clipped", tensor.Float64, ErrGradient, 0, []int{0, 0}},
		{"1 % of a", tensor.Float64, ErrGradient, 0, []int{0, 0}},
		{"1 % of a", tensor.Float32, ErrGradient, 0, []int{0, 0}},
		{"1 % of b", tensor.Float64, ErrGradient, 1, []int{0}},
		{"no b", tensor.Float64, ErrGradient, 1, []int{0}},
		{"one element", tensor.Float64, ErrGradient, 0, []int{1, 1}},
		{"NaN", tensor.Float64, ErrGradient, 0, []int{0, 0}},
		{"neighbours", tensor.Float64, ErrOutput, -1, []int{0, 0}},
		{"in place", tensor.Float64, ErrOutput, -1, []int{0, 0}},
	} {
		t.Run(fmt.Sprint(c.mistake, " ", c.dtype), func(t *testing.T) {
			g := NewGraph()
			a := Param(g, "a", as(t, tensor.Must(tensor.FromSlice([]float64{0.5, -0.7, 1.2, 1.9}, 2, 2)), c.dtype))
			b := Param(g, "b", as(t, tensor.Of(0.8, -1.1), c.dtype))
			h := Tanh(MatMul(a, a))
			wrong, line := Apply(flawed{c.mistake}, a, b), here(0)
			loss := Mul(100, Mean(Square(Add(Mul(h, wrong), Exp(wrong)))))
			err := CheckGrad(loss, a, b)
			requireGradError(t, err, c.kind, wrong, line)
			var e *GradError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.input, e.Input, err)
			require.Equal(t, c.index, e.Index, err)
			require.NotEqual(t, e.Got, e.Want)
			t.Log(err)
		})
	}
}

// requireGradError checks what an error says.
func requireGradError(t *testing.T, err, kind error, n *Node, line string) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var e *GradError
	require.ErrorAs(t, err, &e)
	require.Same(t, n, e.Node, err)
	require.Equal(t, line, e.Pos)
	require.Equal(t, n.Op().String(), e.Op)
	require.Contains(t, err.Error(), line+": autodiff.CheckGrad: "+kind.Error()+": "+e.Op)
}

// Kernels are checked along directions, and the element is searched for.
func TestCheckGradOfKernels(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 0.0, 1.0, 200)))
	require.NoError(t, CheckGrad(Sum(Square(Apply(doubled{}, x)))))
	for mistake, kind := range map[string]error{"adds up": ErrOutput, "element 70": ErrGradient} {
		y, line := Apply(doubled{mistake}, Sin(x)), here(0)
		err := CheckGrad(Sum(Square(y)), x)
		requireGradError(t, err, kind, y, line)
		if kind == ErrGradient {
			var e *GradError
			require.ErrorAs(t, err, &e)
			require.Equal(t, []int{70}, e.Index)
			require.InDelta(t, 0.01, e.Got-e.Want, 1e-6)
		}
	}
}

// A gradient by hand is compared with the expression that it stands for.
func TestCheckGradOfCustomGrad(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(0.5, -1.0)), Param(g, "w", tensor.Of(2.0, 3))
	build := func(factor float64) (loss, custom *Node) {
		custom = CustomGrad(Mul(Square(x), w), []*Node{x}, func(x []*Node, y, dy *Node) []*Node {
			return []*Node{Mul(dy, Mul(factor, Mul(x[0], w)))} // w is not an argument
		})
		return Sum(Exp(custom)), custom
	}
	loss, _ := build(2)
	require.NoError(t, CheckGrad(loss, x))
	require.NoError(t, CheckGrad(loss, x, w), "w has no gradient, as the rule says")
	loss, custom := build(2.02)
	requireGradError(t, CheckGrad(loss, x, w), ErrGradient, custom, Position(custom))
	require.NoError(t, Audit{Trust: []*Node{custom}}.CheckGrad(loss, x, w))
}

// The first of several mistakes is named.
func TestCheckGradNamesTheFirst(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, 1.5))
	first := Apply(flawed{"1 % of a"}, x, x)
	second := Apply(flawed{"1 % of b"}, first, x)
	requireGradError(t, CheckGrad(Sum(second), x), ErrGradient, first, Position(first))
}

// Infinities and NaN are named where they come from, unless they do no harm.
func TestCheckGradNotFinite(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.0, 2.0))
	logs := Log(x)
	requireGradError(t, CheckGrad(Sum(Mul(2, logs)), x), ErrNotFinite, logs, Position(logs))
	root := Sqrt(x)
	err := CheckGrad(Sum(Sin(root)), x)
	requireGradError(t, err, ErrNotFinite, root, Position(root))
	require.ErrorContains(t, err, `Sqrt (2) -> (2), input 0 "x" (2), element [0]: got +Inf`)
	masked := Where(Gt(x, 0), logs, 0)
	requireGradError(t, CheckGrad(Sum(masked), x), ErrNotFinite, logs, Position(logs))
	require.NoError(t, CheckGrad(Sum(Where(Gt(x, 0), Log(Where(Gt(x, 0), x, 1)), 0)), x))
	require.NoError(t, CheckGrad(Sum(Exp(Const(g, tensor.Of(math.Inf(-1), 1.0)))), x), "no gradient passes")
	bad := Param(g, "bad", tensor.Of(math.NaN()))
	require.ErrorContains(t, CheckGrad(Sum(bad), bad), `not a finite number: "bad" (1), element [0]: got NaN`)
}

// Kinks and ties, and points close to them, are no mistakes.
func TestCheckGradKinks(t *testing.T) {
	for _, points := range [][]float64{{0, 0, 0}, {0, 1e-7, -1e-7}, {1, 1, -1}, {1e-5, 1e-5, 2e-5}, {3e-6, 0, 0.5}} {
		for name, f := range map[string]func(x *Node) *Node{
			"Relu": Relu, "Abs": Abs, "Max": func(x *Node) *Node { return Max(x) }, "Min": func(x *Node) *Node { return Min(x) },
			"Maximum": func(x *Node) *Node { return Maximum(x, 0) }, "Norm": func(x *Node) *Node { return Norm(x) },
			"Sign": Sign, "Floor": Floor, "Where": func(x *Node) *Node { return Where(Gt(x, 0), Mul(2, x), Square(x)) },
			"cube": func(x *Node) *Node { return Pow(x, 3) }, "x⁴": func(x *Node) *Node { return Pow(x, 4) },
			"Cos": Cos, "Huber": Softplus,
		} {
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				x := Param(NewGraph(), "x", as(t, tensor.Of(points...), dt))
				require.NoError(t, CheckGrad(Sum(Mul(f(x), 0.7)), x), "%s at %v", name, points)
			}
		}
	}
	// Many kinks of a large array, next to a wrong rule.
	x := Param(NewGraph(), "x", tensor.Must(tensor.Zeros[float64](12, 10)))
	require.NoError(t, CheckGrad(Sum(Max(Relu(x), 1)), x))
	wrong := Apply(flawed{"1 % of a"}, Add(Relu(x), 1), Cos(x))
	requireGradError(t, CheckGrad(Sum(wrong), x), ErrGradient, wrong, Position(wrong))
}

// No right graph is blamed: all operations, the network, the landscapes.
func TestCheckGradOfRightGraphs(t *testing.T) {
	for _, r := range opRows() {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			y := r.node(dt)
			require.NoError(t, CheckGrad(Sum(Mul(y, Cos(y)))), "%s %s %v %v", r.prim, r.name, r.in, dt)
		}
	}
}

func TestCheckGradOfNetwork(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
		for seed := range uint64(5) {
			g, rng := NewGraph(), tensor.NewRand(seed)
			normal := func(shape ...int) *tensor.Dense {
				return as(t, tensor.Must(tensor.Normal(rng, 0.0, 0.5, shape...)), dt)
			}
			h := Input(g, "x", normal(12, 3))
			for i, sizes := range [][2]int{{3, 16}, {16, 16}, {16, 4}} {
				w := Param(g, fmt.Sprint("w", i), normal(sizes[0], sizes[1]))
				b := Param(g, fmt.Sprint("b", i), as(t, tensor.Must(tensor.Zeros[float64](sizes[1])), dt))
				if h = Add(MatMul(h, w), b); i < 2 {
					h = Relu(h)
				}
			}
			labels := Input(g, "labels", as(t, tensor.Of(0.0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3), dt))
			loss := Neg(Mean(Sum(Mul(OneHot(labels, 4), LogSoftmax(h, 1)), 1)))
			size := g.Nodes().Len()
			require.NoError(t, CheckGrad(loss))
			require.Equal(t, size, g.Nodes().Len(), "the graph stays as it is")
		}
	}
}

func TestCheckGradOfLandscapes(t *testing.T) {
	for _, l := range landscapes.All() {
		points := append([]landscapes.Point{l.Start}, l.Starts...)
		for _, c := range append(l.Minima, l.Saddles...) {
			points = append(points, c.At)
		}
		for _, p := range points {
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				g := NewGraph()
				x, y := Param(g, "x", as(t, tensor.Scalar(p[0]), dt)), Param(g, "y", as(t, tensor.Scalar(p[1]), dt))
				require.NoError(t, CheckGrad(l.Build(x, y), x, y), "%s at %v, %v", l.Name, p, dt)
			}
		}
	}
}

// Mistakes in building come out, and a leaf without a value.
func TestCheckGradErrors(t *testing.T) {
	g := NewGraph()
	x, empty := Param(g, "x", tensor.Of(1.0, 2)), InputOf(g, "empty", tensor.Float64, 2)
	var null *Node
	require.ErrorIs(t, CheckGrad(null), ErrNil)
	require.ErrorIs(t, CheckGrad(Sum(x), null), ErrNil)
	require.ErrorIs(t, CheckGrad(x), ErrNotScalar)
	require.ErrorIs(t, CheckGrad(Sum(Reshape(x, 3))), ErrShape)
	err := CheckGrad(Sum(Mul(x, empty)))
	require.ErrorIs(t, err, ErrNoValue)
	require.ErrorContains(t, err, "autodiff.CheckGrad: no value: \"empty\"")
	bad, made := CustomGrad(Square(x), []*Node{x}, func(x []*Node, y, dy *Node) []*Node { return nil }), here(0)
	err = CheckGrad(Sum(bad))
	require.ErrorIs(t, err, ErrNoRule)
	require.ErrorContains(t, err, made)
}
