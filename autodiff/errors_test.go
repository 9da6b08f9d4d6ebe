package autodiff_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"
)

// here returns the file:line of its caller, offset lines further.
func here(offset int) string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line+offset)
}

// Every mistake in building an expression is found, named after the function that
// was called, and wraps the error for its kind.
func TestMistakes(t *testing.T) {
	g := NewGraph()
	v, w := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "w", tensor.Of(1.0, 2))
	m := Param(g, "m", tensor.Must(tensor.Ones[float64](2, 3)))
	s, f := Param(g, "s", tensor.Scalar(1.0)), Param(g, "f", tensor.Of[float32](1, 2, 3))
	other := Param(NewGraph(), "v", tensor.Of(1.0, 2, 3))
	integers := gorgonia.NewVector(g, gt.Int, gorgonia.WithName("i"), gorgonia.WithShape(3))
	const most = math.MaxInt
	var null *Node
	for _, c := range []struct {
		node *Node
		op   string
		want error
	}{
		{Add(v, w), "Add", ErrShape}, {Sub(v, f), "Sub", ErrDtype}, {Mul(v, other), "Mul", ErrGraph},
		{Div(v, null), "Div", ErrNil}, {Div(null, v), "Div", ErrNil}, {Pow(1, 2), "Pow", ErrGraph}, {Add(1, 2.5), "Add", ErrGraph},
		{Add(1, null), "Add", ErrNil}, {Pow(null, 2), "Pow", ErrNil}, {Maximum(integers, v), "Maximum", ErrDtype}, {Exp(integers), "Exp", ErrDtype},
		{Where(null, 1, 2), "Where", ErrNil}, {Where(v, null, 2), "Where", ErrNil}, {Where(v, w, 2), "Where", ErrShape}, {Where(v, 1, f), "Where", ErrDtype},
		{Exp(null), "Exp", ErrNil}, {Square(null), "Square", ErrNil}, {Reciprocal(null), "Reciprocal", ErrNil}, {Dot(v, w), "Dot", ErrShape}, {Dot(null, w), "Dot", ErrNil},
		{Sum(v, 1), "Sum", ErrShape}, {Sum(v, -2), "Sum", ErrShape}, {Sum(m, 0, -2), "Sum", ErrShape}, {SumKeep(null), "SumKeep", ErrNil}, {Sum(s, 0), "Sum", ErrShape},
		{Mean(v, 3), "Mean", ErrShape}, {MeanKeep(v, 3), "MeanKeep", ErrShape}, {Max(v, 3), "Max", ErrShape}, {MinKeep(v, 3), "MinKeep", ErrShape}, {Mean(null), "Mean", ErrNil},
		{LogSumExp(v, 1), "LogSumExp", ErrShape}, {Norm(v, 1), "Norm", ErrShape}, {Softmax(v, 1), "Softmax", ErrShape}, {LogSoftmax(s, 0), "LogSoftmax", ErrShape},
		{Softmax(null, 0), "Softmax", ErrNil}, {LogSumExp(null), "LogSumExp", ErrNil}, {Norm(null), "Norm", ErrNil},
		{OneHot(v, 0), "OneHot", ErrShape}, {OneHot(v, -1), "OneHot", ErrShape}, {OneHot(null, 3), "OneHot", ErrNil}, {OneHot(v, most), "OneHot", ErrShape},
		{MatMul(v, s), "MatMul", ErrShape}, {MatMul(s, v), "MatMul", ErrShape}, {MatMul(v, w), "MatMul", ErrShape}, {MatMul(m, m), "MatMul", ErrShape}, {MatMul(null, m), "MatMul", ErrNil},
		{MatMul(m, other), "MatMul", ErrGraph}, {MatMul(m, f), "MatMul", ErrDtype}, {MatMul(v, integers), "MatMul", ErrDtype},
		{MatMul(Expand(m, 4, 2, 3), Expand(m, 5, 2, 3)), "MatMul", ErrShape}, {MatMul(Expand(m, 4, 2, 3), Expand(Transpose(m), 5, 3, 2)), "MatMul", ErrShape},
		{Transpose(v), "Transpose", ErrShape}, {Transpose(s), "Transpose", ErrShape}, {Transpose(m, 0), "Transpose", ErrShape}, {Transpose(m, 0, 0), "Transpose", ErrShape},
		{Transpose(m, 7, 0), "Transpose", ErrShape}, {Transpose(m, -5, 0), "Transpose", ErrShape}, {Transpose(m, 0, 1, 2), "Transpose", ErrShape}, {Transpose(null, 0), "Transpose", ErrNil},
		{Reshape(v, 2), "Reshape", ErrShape}, {Reshape(v, -1, -1), "Reshape", ErrShape}, {Reshape(v, 0, -1), "Reshape", ErrShape}, {Reshape(v, -2), "Reshape", ErrShape}, {Reshape(null, 1), "Reshape", ErrNil},
		{Reshape(v), "Reshape", ErrShape}, {Reshape(v, 0), "Reshape", ErrShape}, {Reshape(w, 3, 6148914691236517206), "Reshape", ErrShape}, {Reshape(v, most, -1), "Reshape", ErrShape},
		{Flatten(null), "Flatten", ErrNil}, {Unsqueeze(v, 2), "Unsqueeze", ErrShape}, {Unsqueeze(v, -3), "Unsqueeze", ErrShape}, {Unsqueeze(null, 0), "Unsqueeze", ErrNil},
		{Squeeze(v, 0), "Squeeze", ErrShape}, {Squeeze(v, 1), "Squeeze", ErrShape}, {Squeeze(null), "Squeeze", ErrNil},
		{Expand(v, 2), "Expand", ErrShape}, {Expand(v, 3, 2), "Expand", ErrShape}, {Expand(m, 3), "Expand", ErrShape}, {Expand(v, 0, 3), "Expand", ErrShape}, {Expand(v, -1, 3), "Expand", ErrShape}, {Expand(v), "Expand", ErrShape},
		{Expand(s, 1<<30, 1<<30), "Expand", ErrShape}, {Expand(s, most, most), "Expand", ErrShape}, {Expand(null, 2), "Expand", ErrNil},
		{Slice(v, 1, 0, 1), "Slice", ErrShape}, {Slice(v, 0, 2, 2), "Slice", ErrShape}, {Slice(v, 0, 5, 9), "Slice", ErrShape}, {Slice(v, 0, 0, 3, 0), "Slice", ErrShape}, {Slice(v, 0, 0, 3, -1), "Slice", ErrShape},
		{Slice(v, 0, 0, 3, 1, 1), "Slice", ErrShape}, {Slice(s, 0, 0, 1), "Slice", ErrShape}, {Slice(null, 0, 0, 1), "Slice", ErrNil}, {Slice(v, 0, -1, -2), "Slice", ErrShape},
		{At(v), "At", ErrShape}, {At(v, 3), "At", ErrShape}, {At(v, -4), "At", ErrShape}, {At(m, 0), "At", ErrShape}, {At(null, 0), "At", ErrNil},
		{Concat(0), "Concat", ErrShape}, {Concat(1, v), "Concat", ErrShape}, {Concat(0, s), "Concat", ErrShape}, {Concat(0, v, m), "Concat", ErrShape}, {Concat(0, m, Transpose(m)), "Concat", ErrShape},
		{Concat(0, null), "Concat", ErrNil}, {Concat(0, v, null), "Concat", ErrNil}, {Concat(0, v, other), "Concat", ErrGraph}, {Concat(0, v, f), "Concat", ErrDtype},
		{Stack(0), "Stack", ErrShape}, {Stack(3, v), "Stack", ErrShape}, {Stack(0, v, w), "Stack", ErrShape}, {Stack(0, null), "Stack", ErrNil}, {Stack(0, v, null), "Stack", ErrNil},
		{ConstLike(null, 2), "ConstLike", ErrNil},
		{Const(nil, tensor.Of(1.0)), "Const", ErrGraph}, {Const(g, nil), "Const", ErrNoValue}, {Const(g, (*tensor.Dense)(nil)), "Const", ErrNoValue}, {Const(g, gt.New(gt.WithBacking([]int{1, 2}))), "Const", ErrDtype},
		{Param(nil, "n", tensor.Of(1.0)), "Param", ErrGraph}, {Param(g, "", tensor.Of(1.0)), "Param", ErrName}, {Param(g, "v", tensor.Of(1.0)), "Param", ErrName}, {Param(g, "n", nil), "Param", ErrNoValue},
		{Param(g, "n", (*gorgonia.F64)(nil)), "Param", ErrNoValue}, {Param(g, "n", (*gorgonia.F32)(nil)), "Param", ErrNoValue}, {Param(g, "n", gorgonia.NewI(3)), "Param", ErrDtype},
		{Input(g, "m", tensor.Of(1.0)), "Input", ErrName}, {Input(g, "n", gt.New(gt.WithBacking([]bool{true, false}))), "Input", ErrDtype},
		{Param(g, "n", gt.New(gt.WithShape(0, 3), gt.Of(gt.Float64))), "Param", ErrShape}, {Param(g, "n", &tensor.Dense{}), "Param", ErrNoValue}, {Const(g, gt.New(gt.WithShape(0), gt.Of(gt.Float64))), "Const", ErrShape},
		{Param(g, "n", gt.CSCFromCoord(gt.Shape{2, 2}, []int{0, 1}, []int{0, 1}, []float64{1, 2})), "Param", ErrDtype},
		{InputOf(g, "v", tensor.Float64, 2), "InputOf", ErrName}, {InputOf(g, "n", tensor.Float64, 0), "InputOf", ErrShape}, {InputOf(g, "n", gt.Int, 2), "InputOf", ErrDtype}, {InputOf(nil, "n", tensor.Float64), "InputOf", ErrGraph},
	} {
		err := Err(c.node)
		require.ErrorIs(t, err, c.want, "%v, want one of %s", err, c.op)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "autodiff."+c.op, e.Op, err)
		require.True(t, strings.HasPrefix(e.Pos, "errors_test.go:"), err)
		require.True(t, strings.HasPrefix(err.Error(), e.Pos+": autodiff."+c.op+": "), err)
	}
	require.Empty(t, g.ByName("n"), "a refused leaf leaves its name free")
}

// The position is the line of the call, however deep the function it was in.
func TestErrorPositions(t *testing.T) {
	g := NewGraph()
	v, w := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "w", tensor.Of(1.0, 2))
	pos := func(err error) string {
		var e *Error
		require.ErrorAs(t, err, &e)
		return e.Pos
	}
	bad, want := Add(v, w), here(0)
	require.Equal(t, want, pos(Err(bad)))
	bad, want = LogSoftmax(
		v, 3), here(-1)
	require.Equal(t, want, pos(Err(bad)))
	bad, want = MatMul(v, w), here(0)
	require.Equal(t, want, pos(Err(bad)))
	inner := func() *Node { bad, want = Sum(v, 7), here(0); return Exp(bad) }
	require.Equal(t, want, pos(Err(Neg(inner()))), "the first mistake is reported")
	_, err := Compile(v, WithGrad(v))
	require.Equal(t, here(-1), pos(err))
	_, err = Grad(v, v)
	require.Equal(t, here(-1), pos(err))
	_, err = HVP(Sum(v), []*Node{v}, nil)
	require.Equal(t, here(-1), pos(err))
	require.Equal(t, here(0), pos(Let(v, tensor.Of(1.0))))
	err = mustCompile(t, InputOf(g, "later", tensor.Float64)).Run()
	require.Equal(t, here(-1), pos(err))
	require.Equal(t, here(0), pos(Err(nil)))
}

// An operation on an invalid node is that node: nothing cascades, and Compile,
// Grad and all the others return the same error.
func TestInvalidNodesTravel(t *testing.T) {
	g := NewGraph()
	v := Param(g, "v", tensor.Of(1.0, 2, 3))
	bad := Reshape(v, 5)
	worse := MatMul(v, tensorOf(g, 4))
	first := Err(bad)
	for i, n := range []*Node{
		Exp(bad), Add(bad, 1), Add(v, bad), Add(bad, worse), Pow(bad, 3), Where(v, bad, 1), Where(bad, 1, 2), Square(bad), Dot(v, bad),
		Sum(bad, 17), Mean(bad), Max(bad), Softmax(bad, 9), LogSoftmax(bad, 0), LogSumExp(bad), Norm(bad), OneHot(bad, -1),
		MatMul(bad, v), MatMul(v, bad), Transpose(bad), Reshape(bad, 0), Flatten(bad), Squeeze(bad), Unsqueeze(bad, 8), Expand(bad, 2),
		Slice(bad, 0, 0, 1), At(bad, 1), Concat(0, v, bad, worse), Stack(0, bad, worse), Stack(0, v, bad), Apply(scale{2}, bad), ConstLike(bad, 1), Reciprocal(bad), Mul(2, bad),
	} {
		require.Same(t, bad, n, "case %d: %v", i, Err(n))
	}
	require.Equal(t, first, Err(bad), "its error stays the same")
	_, err := Compile(bad)
	require.Equal(t, first, err)
	_, err = Compile(Sum(v), Keep(v, bad))
	require.Equal(t, first, err)
	_, err = Compile(Sum(v), WithGrad(bad))
	require.Equal(t, first, err)
	_, err = Grad(bad, v)
	require.Equal(t, first, err)
	_, err = Grad(Sum(v), bad)
	require.Equal(t, first, err)
	_, err = Hessian(bad, v)
	require.Equal(t, first, err)
	_, err = HVP(Sum(v), []*Node{v}, []*Node{bad})
	require.Equal(t, first, err)
	require.Equal(t, first, Let(bad, tensor.Of(1.0)))
	require.Nil(t, Shape(bad))
	require.Zero(t, Rank(bad))
	require.Zero(t, Dim(bad, 0))
	require.Zero(t, Dim(v, 1))
	require.Equal(t, 3, Dim(v, -1))
}

func tensorOf(g *Graph, n int) *Node { return Const(g, tensor.Must(tensor.Ones[float64](n))) }

// Other packages report their own mistakes the same way.
func TestInvalid(t *testing.T) {
	mine := errors.New("my error")
	n := Invalid(nil, "nn.Linear", mine, tensor.Shape{2}, tensor.Shape{3})
	want := here(-1)
	require.ErrorIs(t, Err(n), mine)
	require.EqualError(t, Err(n), want+": nn.Linear: my error")
	var e *Error
	require.ErrorAs(t, Err(n), &e)
	require.Equal(t, []tensor.Shape{{2}, {3}}, e.Shapes)
	require.Equal(t, "op: "+mine.Error(), (&Error{Op: "op", Err: mine}).Error(), "without a position")
}

func TestCompileErrors(t *testing.T) {
	g := NewGraph()
	v, s := Param(g, "v", tensor.Of(1.0, 2)), Param(g, "s", tensor.Scalar(1.0))
	other := Param(NewGraph(), "s", tensor.Scalar(1.0))
	var null *Node
	for name, c := range map[string]struct {
		loss *Node
		opts []Option
		want error
		text string
	}{
		"nil loss":             {nil, nil, ErrNil, ""},
		"nil parameter":        {s, []Option{WithGrad(null)}, ErrNil, ""},
		"nil option, nil loss": {nil, []Option{nil}, ErrNil, ""},
		"nil kept":             {s, []Option{Keep(s, null)}, ErrNil, ""},
		"vector loss":          {v, []Option{WithGrad(v)}, ErrNotScalar, "the loss has shape (2)"},
		"parameter no leaf":    {s, []Option{WithGrad(Exp(s))}, ErrParam, "is not a leaf"},
		"parameter twice":      {s, []Option{WithGrad(s), WithGrad(v, s)}, ErrParam, `"s" is given twice`},
		"other graph":          {s, []Option{WithGrad(other)}, ErrGraph, ""},
		"kept elsewhere":       {s, []Option{Keep(other)}, ErrGraph, ""},
		"stock operation":      {Sum(miscounted(v)), nil, ErrDamaged, "gorgonia.sliceOp"},
		"stock, for a grad":    {Sum(miscounted(v)), []Option{WithGrad(v)}, ErrDamaged, ""},
		"stock operation kept": {s, []Option{Keep(miscounted(v))}, ErrDamaged, ""},
	} {
		t.Run(name, func(t *testing.T) {
			prog, err := Compile(c.loss, c.opts...)
			require.Nil(t, prog)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.ErrorContains(t, err, c.text)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.True(t, strings.HasPrefix(e.Pos, "errors_test.go:"), err)
		})
	}
}

// Values of leaves are checked when they are given and, since gorgonia's own
// functions check less, when a program runs.
func TestLeafErrors(t *testing.T) {
	g := NewGraph()
	v, s := Param(g, "v", tensor.Of(1.0, 2)), Param(g, "s", tensor.Scalar(1.0))
	later := InputOf(g, "later", tensor.Float64, 2)
	require.ErrorIs(t, Let(v, tensor.Of(1.0, 2, 3)), ErrShape)
	require.ErrorIs(t, Let(v, tensor.Must(tensor.Ones[float64](2, 1))), ErrShape, "although gorgonia's Shape.Eq says they are equal")
	require.ErrorIs(t, Let(v, tensor.Scalar(1.0)), ErrShape)
	require.ErrorIs(t, Let(v, tensor.Of[float32](1, 2)), ErrDtype)
	require.ErrorIs(t, Let(s, gorgonia.NewF32(2)), ErrDtype)
	require.ErrorIs(t, Let(v, nil), ErrNoValue)
	require.ErrorIs(t, Let(v, &tensor.Dense{}), ErrNoValue)
	require.ErrorIs(t, Let(v, gt.New(gt.WithShape(0), gt.Of(gt.Float64))), ErrShape)
	require.ErrorIs(t, Let(nil, tensor.Of(1.0)), ErrNil)
	require.ErrorContains(t, Let(Exp(v), tensor.Of(1.0, 2)), "is not a leaf")
	require.Equal(t, []float64{1, 2}, nodeValue(t, v), "nothing has changed")

	prog := mustCompile(t, Sum(Mul(Mul(v, s), later)), WithGrad(v))
	require.ErrorIs(t, prog.Run(), ErrNoValue)
	require.ErrorContains(t, prog.Run(), `leaf "later"`)
	require.NoError(t, Let(later, tensor.Of(3.0, 4)))
	require.NoError(t, prog.Run())
	require.Equal(t, 11.0, prog.Loss())

	gorgonia.WithValue(tensor.Of(1.0, 2, 3))(v)
	require.ErrorIs(t, prog.Run(), ErrShape)
	require.Equal(t, 11.0, prog.Loss(), "of the last run")
	require.NoError(t, gorgonia.UnsafeLet(v, tensor.Must(tensor.Ones[float64](2, 1))))
	require.NoError(t, prog.Run(), "to gorgonia (2, 1) is (2)")
	require.Equal(t, 7.0, prog.Loss())
	require.NoError(t, Let(v, tensor.Of(2.0, 2)))
	require.NoError(t, prog.Run())
	require.Equal(t, 14.0, prog.Loss())

	stock := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("stock"), gorgonia.WithShape(3), gorgonia.WithValue(tensor.Of(1.0, 2)))
	require.ErrorIs(t, mustCompile(t, Sum(stock)).Run(), ErrShape, "gorgonia accepts a value of another shape")
}

// Leaves that stock functions made work as ours do.
func TestStockLeaves(t *testing.T) {
	g := NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithName("x"), gorgonia.WithShape(2), gorgonia.WithValue(tensor.Of(1.0, 2)))
	s := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s"))
	prog := mustCompile(t, Mul(s, Sum(Square(x))), WithGrad(x, s))
	require.ErrorIs(t, prog.Run(), ErrNoValue)
	require.NoError(t, gorgonia.Let(s, 2.0))
	require.NoError(t, prog.Run())
	require.Equal(t, 10.0, prog.Loss())
	require.Equal(t, []float64{4, 8}, gradValue(t, x))

	// gorgonia binds a tensor of rank 0 to a scalar, but has no gradient for it.
	require.NoError(t, gorgonia.UnsafeLet(s, tensor.Scalar(3.0)))
	require.NoError(t, mustCompile(t, Square(s)).Run())
	d := gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("d"))
	require.NoError(t, gorgonia.UnsafeLet(d, tensor.Scalar(3.0)))
	prog = mustCompile(t, Square(d), WithGrad(d))
	require.ErrorIs(t, prog.Run(), ErrShape)
	require.NoError(t, Let(d, tensor.Scalar(3.0)))
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{6}, gradValue(t, d))
}

// A constant of gorgonia's may have no graph at all.
func TestNodesWithoutGraph(t *testing.T) {
	c := gorgonia.NewConstant(2.0)
	x := Param(NewGraph(), "x", tensor.Scalar(1.0))
	for _, n := range []*Node{Exp(c), Add(c, 1), Mul(x, c), Mul(c, x), Concat(0, c), Sum(c), Where(c, 1, 2), Where(x, c, 2), MatMul(c, x), ConstLike(c, 1)} {
		require.ErrorIs(t, Err(n), ErrGraph)
		require.ErrorContains(t, Err(n), "errors_test.go:")
		require.ErrorContains(t, Err(n), "use Const")
	}
	_, err := Grad(c, c)
	require.ErrorIs(t, err, ErrGraph)
	_, err = Grad(x, c)
	require.ErrorIs(t, err, ErrGraph)
	_, err = Compile(c)
	require.ErrorIs(t, err, ErrGraph)
	require.ErrorIs(t, Let(c, tensor.Scalar(1.0)), ErrGraph)
	require.Zero(t, Rank(c))
}

// miscounted returns elements 0, 2 and 4, of which gorgonia counts two.
func miscounted(v *Node) *Node {
	return gorgonia.Must(gorgonia.Slice(Concat(0, v, v, v), gorgonia.S(0, 5, 2)))
}
