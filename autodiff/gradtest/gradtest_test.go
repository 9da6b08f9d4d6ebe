package gradtest_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// cube is x³ with a slope of Slope·x² and a slope of that of Second·Slope·x. It is
// right for Slope 3 and Second 2.
type cube struct{ Slope, Second float64 }

func (cube) Name() string                                  { return "cube" }
func (cube) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (cube) Map32(dst []float32, x [][]float32) {
	mapTo(dst, x[0], func(x float32) float32 { return x * x * x })
}
func (cube) Map64(dst []float64, x [][]float64) {
	mapTo(dst, x[0], func(x float64) float64 { return x * x * x })
}
func (p cube) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Mul(dy, Mul(p.Slope, Apply(square{p.Second}, x[0])))}
}

// square is x² with a slope of Slope·x, right for 2.
type square struct{ Slope float64 }

func (square) Name() string                                  { return "square" }
func (square) Shape(in []tensor.Shape) (tensor.Shape, error) { return tensor.Broadcast(in...) }
func (square) Map32(dst []float32, x [][]float32) {
	mapTo(dst, x[0], func(x float32) float32 { return x * x })
}
func (square) Map64(dst []float64, x [][]float64) {
	mapTo(dst, x[0], func(x float64) float64 { return x * x })
}
func (p square) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Mul(p.Slope, x[0]))} }

func mapTo[T tensor.Float](dst, x []T, f func(T) T) {
	for i, e := range x {
		dst[i] = f(e)
	}
}

// A rule that is off by 0.05 % fails, at first and at second order, in both
// dtypes and at any size; the right one passes.
func TestCatchesWrongRules(t *testing.T) {
	cases := []struct {
		name string
		rule cube
		fail string // the order that is wrong
	}{
		{"right", cube{3, 2}, ""},
		{"first order", cube{3 * 1.0005, 2}, "order 1"},
		{"second order", cube{3, 2 * 1.0005}, "order 2"},
		{"too small", cube{3, 2 * 0.9995}, "order 2"},
		{"none", cube{0, 2}, "order 1"},
		{"NaN", cube{math.NaN(), 2}, "order 1"},
	}
	for _, c := range cases {
		f := func(x ...*Node) *Node { return Apply(c.rule, x...) }
		for _, shape := range [][]int{{}, {1}, {7}, {3, 4}} {
			for seed := range uint64(5) {
				x := tensor.Must(tensor.Uniform(tensor.NewRand(seed), 0.5, 2.0, shape...))
				x32 := tensor.Must(tensor.Convert(x, tensor.Float32))
				for _, v := range []*tensor.Dense{x, x32} {
					err := gradtest.Options{Seed: seed}.Verify(f, v)
					if c.fail == "" {
						require.NoError(t, err, "%s %v %v", c.name, v.Dtype(), shape)
						continue
					}
					require.ErrorIs(t, err, gradtest.ErrGradient, "%s %v %v", c.name, v.Dtype(), shape)
					require.ErrorContains(t, err, c.fail, "%s %v %v", c.name, v.Dtype(), shape)
				}
			}
		}
	}
}

// The first order alone does not see a wrong second one.
func TestOrder(t *testing.T) {
	f := func(x ...*Node) *Node { return Apply(cube{3, 5}, x...) }
	require.NoError(t, gradtest.Options{Order: 1}.Verify(f, tensor.Of(1.0, 2)))
	require.ErrorIs(t, gradtest.Verify(f, tensor.Of(1.0, 2)), gradtest.ErrGradient)
	require.ErrorContains(t, gradtest.Options{Order: 3}.Verify(f, tensor.Of(1.0)), "order 3, want 1 or 2")
}

// The message holds what is needed to look into it: both numbers and the inputs.
func TestMessage(t *testing.T) {
	f := func(x ...*Node) *Node { return Mul(x[0], Apply(cube{4, 2}, x[1])) }
	err := gradtest.Verify(f, tensor.Scalar(2.0), tensor.Scalar(-1.5))
	require.ErrorContains(t, err, "order 1: wrong gradient with respect to input 1: ⟨u, vjp(v)⟩ = ")
	require.ErrorContains(t, err, "finite difference")
	require.ErrorContains(t, err, "float64 inputs at\n")
	require.ErrorContains(t, err, "-1.5")
	var got, want float64
	_, scanErr := fmt.Sscanf(err.Error()[len("gradtest: order 1: wrong gradient with respect to input 1: "):],
		"⟨u, vjp(v)⟩ = %v, finite difference %v,", &got, &want)
	require.NoError(t, scanErr)
	require.InDelta(t, 4.0/3, got/want, 1e-9)
	require.ErrorContains(t, err, "where it starts: gradtest_test.go:", "the operation is named")
	require.ErrorContains(t, err, "wrong gradient: cube () -> (), input 0 \"x1\" (): got")
}

// A value that is right in float64 only is found.
func TestFloat32Value(t *testing.T) {
	err := gradtest.Verify(func(x ...*Node) *Node { return Apply(sloppy{}, x...) }, tensor.Of[float32](1, 2))
	require.ErrorIs(t, err, gradtest.ErrGradient)
	require.ErrorContains(t, err, "element 0 is 1.25 in float32 and 1 in float64")
}

// sloppy is x, with an error in float32.
type sloppy struct{ square }

func (sloppy) Map32(dst []float32, x [][]float32) {
	mapTo(dst, x[0], func(x float32) float32 { return x + 0.25 })
}
func (sloppy) Map64(dst []float64, x [][]float64) { copy(dst, x[0]) }
func (sloppy) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{dy} }

func TestErrors(t *testing.T) {
	same := func(x ...*Node) *Node { return x[0] }
	one, one32 := tensor.Of(1.0), tensor.Of[float32](1)
	var none *tensor.Dense
	constant := func(x ...*Node) *Node { return Mul(x[0], Const(x[0].Graph(), one32)) }
	cases := []struct {
		name   string
		f      gradtest.Func
		inputs []tensor.Value
		want   error
	}{
		{"nil input", same, []tensor.Value{nil}, tensor.ErrNil},
		{"nil tensor", same, []tensor.Value{none}, tensor.ErrNil},
		{"two dtypes", same, []tensor.Value{one, one32}, ErrDtype},
		{"nil result", func(...*Node) *Node { return nil }, []tensor.Value{one}, ErrNil},
		{"invalid result", func(x ...*Node) *Node { return Reshape(x[0], 5) }, []tensor.Value{one}, ErrShape},
		{"not generic", constant, []tensor.Value{one32}, ErrDtype},
		{"no rule", func(x ...*Node) *Node { return Apply(ruleless{}, x...) }, []tensor.Value{one}, ErrNoRule},
		{"not twice", func(x ...*Node) *Node { return Apply(onlyOnce{}, x...) }, []tensor.Value{one}, ErrNoRule},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorIs(t, gradtest.Verify(c.f, c.inputs...), c.want)
		})
	}
	require.ErrorContains(t, gradtest.Verify(same), "no inputs")
	require.NoError(t, gradtest.Verify(same, one))
	require.NoError(t, gradtest.Verify(same, one, one), "an input that is not used has a gradient of zero")
	require.NoError(t, gradtest.Verify(same, tensor.Scalar(float32(2))))
}

// ruleless has a rule for another number of inputs.
type ruleless struct{ square }

func (ruleless) VJP(x []*Node, y, dy *Node) []*Node { return nil }

// onlyOnce has a slope without a rule.
type onlyOnce struct{ square }

func (onlyOnce) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Mul(dy, Mul(2, Apply(identity{}, x[0])))}
}

type identity struct{ ruleless }

func (identity) Map64(dst []float64, x [][]float64) { copy(dst, x[0]) }

// recorder is a testing.TB that records a failure.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()      {}
func (r *recorder) Error(...any) { r.failed = true }

func TestCheck(t *testing.T) {
	f := func(x ...*Node) *Node { return Apply(cube{3, 2}, x...) }
	gradtest.Check(t, f, tensor.Of(1.0, 2))
	r := &recorder{TB: t}
	gradtest.Check(r, f, tensor.Of(1.0, 2))
	require.False(t, r.failed)
	gradtest.Options{Order: 1, Tol: 1e-3}.Check(r, func(x ...*Node) *Node { return Apply(cube{4, 2}, x...) }, tensor.Of(1.0, 2))
	require.True(t, r.failed)
}
