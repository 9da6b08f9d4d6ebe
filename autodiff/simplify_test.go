package autodiff

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// awkward holds the numbers on which careless simplifications fail.
var awkward = []float64{0, math.Copysign(0, -1), 1, -1, 3.5, -0.1, 1e-310, -1e-42, 1e30, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}

// operations compiles n and returns the names of the operations that are left,
// except for the one copy that a result without memory of its own needs.
func operations(t *testing.T, n *Node) (*Program, string) {
	t.Helper()
	prog, err := Compile(n)
	require.NoError(t, err)
	var names []string
	for _, u := range prog.units {
		for _, v := range u.values {
			if name := v.prim.Name(); name != "StopGradient" {
				names = append(names, name)
			}
		}
	}
	return prog, strings.Join(names, " ")
}

// Every rule of simplify gives the same bits as the operations it saves, for
// numbers of any kind; what only looks like a rule is left alone.
func TestSimplify(t *testing.T) {
	negativeZero := math.Copysign(0, -1)
	for _, c := range []struct {
		name string
		f    func(x, y *Node) *Node // of two (13, 13) arrays: all pairs of awkward numbers
		left string                 // the operations that remain
	}{
		{"x + −y", func(x, y *Node) *Node { return Add(x, Neg(y)) }, "Sub"},
		{"−x + y", func(x, y *Node) *Node { return Add(Neg(x), y) }, "Sub"},
		{"−x + −y", func(x, y *Node) *Node { return Add(Neg(x), Neg(y)) }, "Neg Sub"},
		{"x − −y", func(x, y *Node) *Node { return Sub(x, Neg(y)) }, "Add"},
		{"x − 0", func(x, y *Node) *Node { return Sub(x, 0) }, ""},
		{"x − −0 is not x", func(x, y *Node) *Node { return Sub(x, negativeZero) }, "Sub"},
		{"x + 0 is not x", func(x, y *Node) *Node { return Add(x, 0) }, "Add"},
		{"0 − x is not −x", func(x, y *Node) *Node { return Sub(0, x) }, "Sub"},
		{"x·1", func(x, y *Node) *Node { return Mul(x, 1) }, ""},
		{"1·x", func(x, y *Node) *Node { return Mul(1, x) }, ""},
		{"x·−1", func(x, y *Node) *Node { return Mul(x, -1) }, "Neg"},
		{"−1·x", func(x, y *Node) *Node { return Mul(-1, x) }, "Neg"},
		{"x·0 is not 0", func(x, y *Node) *Node { return Mul(x, 0) }, "Mul"},
		{"x/1", func(x, y *Node) *Node { return Div(x, 1) }, ""},
		{"x/x is not 1", func(x, y *Node) *Node { return Div(x, x) }, "Div"},
		{"x − x is not 0", func(x, y *Node) *Node { return Sub(x, x) }, "Sub"},
		{"−−x", func(x, y *Node) *Node { return Neg(Neg(x)) }, ""},
		{"stop", func(x, y *Node) *Node { return Sub(StopGradient(x), StopGradient(y)) }, "Sub"},
		{"x + y, y + x", func(x, y *Node) *Node { return Sub(Add(x, y), Add(y, x)) }, "Add Sub"},
		{"x·y, y·x", func(x, y *Node) *Node { return Sub(Mul(x, y), Mul(y, x)) }, "Mul Sub"},
		{"max(x, y), max(y, x)", func(x, y *Node) *Node { return Concat(0, Maximum(x, y), Maximum(y, x)) }, "Maximum Concat"},
		{"min(x, y), min(y, x)", func(x, y *Node) *Node { return Concat(0, Minimum(x, y), Minimum(y, x)) }, "Minimum Concat"},
		{"x = y, y = x", func(x, y *Node) *Node { return Concat(0, Eq(x, y), Eq(y, x)) }, "Eq Concat"},
		{"x ≠ y, y ≠ x", func(x, y *Node) *Node { return Concat(0, Ne(x, y), Ne(y, x)) }, "Ne Concat"},
		{"x < y, y < x are two", func(x, y *Node) *Node { return Concat(0, Lt(x, y), Lt(y, x)) }, "Lt Lt Concat"},
		{"x − y, y − x are two", func(x, y *Node) *Node { return Concat(0, Sub(x, y), Sub(y, x)) }, "Sub Sub Concat"},
		{"equal expressions", func(x, y *Node) *Node { return Mul(Exp(Add(x, y)), Exp(Add(x, y))) }, "Add Exp Mul"},
		{"zeros of either sign are two", func(x, y *Node) *Node { return Concat(0, Div(x, ConstLike(x, 0)), Div(x, ConstLike(x, negativeZero))) }, "Div Div Concat"},
		{"a sum of constants", func(x, y *Node) *Node { return Mul(x, Add(Exp(ConstLike(x, 0.1)), Sum(Expand(ConstLike(x, 0.3), 7)))) }, "Mul"},
		{"a large constant stays", func(x, y *Node) *Node { return Mul(x, Exp(Sum(Expand(ConstLike(x, 0.3), 65), 0))) }, "Expand Sum Exp Mul"},
		{"expand in elementwise", func(x, y *Node) *Node { return Add(x, Expand(Slice(y, 0, 0, 1), 13, 13)) }, "Slice Add"},
		{"expand of expand", func(x, y *Node) *Node { return Expand(Expand(Slice(y, 0, 0, 1), 13, 13), 2, 13, 13) }, "Slice Expand"},
		{"expand to itself", func(x, y *Node) *Node { return Expand(x, 13, 13) }, ""},
		{"reshape of reshape", func(x, y *Node) *Node { return Exp(Reshape(Reshape(x, 169), 13, 13)) }, "Exp"},
		{"reshape of an expanded number", func(x, y *Node) *Node { return Mul(Flatten(x), Reshape(Expand(At(y, 1, 2), 13, 13), 169)) }, "Slice Mul"},
		{"transpose of transpose", func(x, y *Node) *Node { return Exp(Transpose(Transpose(x))) }, "Exp"},
		{"transposes are joined", func(x, y *Node) *Node { return Transpose(Transpose(Reshape(x, 13, 13, 1), 2, 0, 1), 0, 2, 1) }, "Transpose"},
		{"transpose of axes of 1", func(x, y *Node) *Node { return Exp(Transpose(Unsqueeze(x, 1), 1, 0, 2)) }, "Exp"},
		{"sum over an axis of 1", func(x, y *Node) *Node { return Exp(Sum(Unsqueeze(x, 1), 1)) }, "Exp"},
		{"sum of −x", func(x, y *Node) *Node { return Sum(Neg(Mul(x, y)), 1) }, "Mul Sum Sub"},
		{"sum of all −x", func(x, y *Node) *Node { return Sum(Neg(x)) }, "Sum Sub"},
		{"sum of −0", func(x, y *Node) *Node { return Sum(Neg(Mul(ConstLike(x, 0), Abs(Sub(x, x)))), 0) }, "Sub Abs Mul Sum Sub"},
		{"sum of −x over an axis of 1", func(x, y *Node) *Node { return Sum(Neg(Unsqueeze(x, 1)), 1) }, "Neg"},
		{"max over an axis of 1", func(x, y *Node) *Node { return Exp(Max(Unsqueeze(x, 1), 1)) }, "Exp"},
		{"min over an axis of 1", func(x, y *Node) *Node { return Exp(MinKeep(Unsqueeze(x, 0), 0)) }, "Exp"},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprint(c.name, " ", dt), func(t *testing.T) {
				n := len(awkward)
				var a, b []float64
				for i := range n * n {
					a, b = append(a, awkward[i/n]), append(b, awkward[i%n])
				}
				g := NewGraph()
				leaf := func(name string, data []float64) *Node {
					v := tensor.Must(tensor.FromSlice(data, n, n))
					return Param(g, name, tensor.Must(tensor.Convert(v, dt)))
				}
				y := c.f(leaf("x", a), leaf("y", b))
				prog, left := operations(t, y)
				require.Equal(t, c.left, left)
				require.NoError(t, prog.Run())
				require.NoError(t, sameBits(y.Value(), newInterpreter(0).value(y)))
			})
		}
	}
}

// Transposes of the last two axes become part of a product, of batches too.
func TestSimplifyMatMul(t *testing.T) {
	g := NewGraph()
	normal := func(name string, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, shape...)))
	}
	a, b := normal("a", 3, 4), normal("b", 2, 4, 3)
	T := func(x *Node) *Node { return Reshape(Transpose(x), Transpose(x).Shape()...) } // not seen by MatMul itself
	for _, c := range []struct {
		y    *Node
		left string
	}{
		{MatMul(T(a), a), "MatMul aT b"}, {MatMul(a, T(a)), "MatMul a bT"},
		{MatMul(T(a), T(b)), "MatMul aT bT"}, {MatMul(b, T(b)), "MatMul a bT"}, {MatMul(T(T(a)), b), "MatMul  "},
	} {
		prog, left := operations(t, c.y)
		require.Equal(t, "MatMul", left)
		require.Contains(t, prog.Explain(), c.left)
		require.NoError(t, prog.Run())
		in := newInterpreter(0)
		require.NoError(t, tensor.AllClose(c.y.Value(), tensor.Must(tensor.FromSlice(in.value(c.y), c.y.Shape()...)), 1e-13, 1e-13))
		require.NoError(t, in.err)
	}
}
