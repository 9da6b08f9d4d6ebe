package autodiff_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// layoutBuilders are the functions of testdata/torch/layout.py, which says what
// their arguments are.
var layoutBuilders = map[string]torchBuilder{
	"Split":            func(a torchArgs, x []*Node) *Node { return numbered(Split(x[0], a.Axis, a.Dims...)) },
	"Chunk":            func(a torchArgs, x []*Node) *Node { return numbered(Chunk(x[0], a.Axis, a.Dims[0])) },
	"Flip":             func(a torchArgs, x []*Node) *Node { return Flip(x[0], a.Axes...) },
	"Roll":             func(a torchArgs, x []*Node) *Node { return Roll(x[0], a.Axis, a.Dims[0]) },
	"Tile":             func(a torchArgs, x []*Node) *Node { return Tile(x[0], a.Dims...) },
	"RepeatInterleave": func(a torchArgs, x []*Node) *Node { return RepeatInterleave(x[0], a.Axis, a.Dims[0]) },
	"Pad":              func(a torchArgs, x []*Node) *Node { return Pad(x[0], *a.Right, a.Dims...) },
	"Outer":            func(_ torchArgs, x []*Node) *Node { return Outer(x[0], x[1]) },
	"Trace":            func(_ torchArgs, x []*Node) *Node { return Trace(x[0]) },
	"Diag":             func(a torchArgs, x []*Node) *Node { return Diag(x[0], a.Dims[0]) },
	"Tril":             func(a torchArgs, x []*Node) *Node { return Tril(x[0], a.Dims[0]) },
	"Triu":             func(a torchArgs, x []*Node) *Node { return Triu(x[0], a.Dims[0]) },
}

// numbered returns the elements of parts as a vector, each part times its number.
func numbered(parts []*Node) *Node {
	out := make([]*Node, len(parts))
	for i, p := range parts {
		out[i] = Mul(Flatten(p), i+1)
	}
	return Concat(0, out...)
}

// TestLayoutTorch replays testdata/torch/layout.json as TestTorch does ops.json.
func TestLayoutTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/torch/layout.json")
	require.NoError(t, err)
	var file struct{ Cases []torchCase }
	require.NoError(t, json.Unmarshal(text, &file))
	seen := map[string]bool{}
	for i, c := range file.Cases {
		seen[c.Op] = true
		require.Contains(t, layoutBuilders, c.Op)
		if err := c.replay(layoutBuilders[c.Op]); err != nil {
			t.Errorf("%s number %d (%s) %+v: %v", c.Op, i, c, c.Args, err)
		}
	}
	require.Len(t, seen, len(layoutBuilders))
}

// Elements are moved bit by bit, and what is masked out does not matter.
func TestLayoutOfSpecialValues(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	g := NewGraph()
	v := Param(g, "v", tensor.Of(zero, nan, inf))
	m := Param(g, "m", tensor.Must(tensor.FromSlice([]float64{1, nan, -inf, zero}, 2, 2)))
	for name, c := range map[string]struct {
		node *Node
		want []float64
	}{
		"Flip":             {Flip(v), []float64{inf, nan, zero}},
		"Roll":             {Roll(v, 0, 1), []float64{inf, zero, nan}},
		"Tile":             {Tile(v, 2), []float64{zero, nan, inf, zero, nan, inf}},
		"RepeatInterleave": {RepeatInterleave(v, 0, 2), []float64{zero, zero, nan, nan, inf, inf}},
		"Pad":              {Pad(v, 0, 1, 1), []float64{0, zero, nan, inf, 0}},
		"Pad with −0":      {Pad(v, zero, 1, 1), []float64{zero, zero, nan, inf, zero}},
		"Pad with −Inf":    {Pad(v, -inf, 1, 0), []float64{-inf, zero, nan, inf}},
		"Pad with NaN":     {Pad(v, nan, 0, 1), []float64{zero, nan, inf, nan}},
		"Diag":             {Diag(v, 0), []float64{zero, 0, 0, 0, nan, 0, 0, 0, inf}},
		"Tril":             {Tril(m, 0), []float64{1, 0, -inf, zero}},
		"Triu":             {Triu(m, 0), []float64{1, nan, 0, zero}},
		"Trace":            {Trace(m), []float64{1}},
		"Split":            {Split(v, 0, 1, 2)[1], []float64{nan, inf}},
	} {
		got := run(t, c.node)
		require.Len(t, got, len(c.want), name)
		for i, want := range c.want {
			require.Equal(t, math.IsNaN(want), math.IsNaN(got[i]), "%s: %v", name, got)
			if !math.IsNaN(want) {
				require.Equal(t, math.Float64bits(want), math.Float64bits(got[i]), "%s: %v", name, got)
			}
		}
	}
	require.Equal(t, []float64{1, 0, 1, 1}, run(t, gradOf(t, Sum(Tril(m, 0)), m)[0]), "no NaN in the gradient")
}

// Two flips, a roll and its opposite, and pieces put together are x again.
func TestLayoutRoundTrips(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, 3, 5, 4)))
	want := run(t, x)
	for axis := -3; axis < 3; axis++ {
		for n := 1; n < 7; n++ {
			require.Equal(t, want, run(t, Concat(axis, Chunk(x, axis, n)...)))
			require.Equal(t, want, run(t, Concat(axis, Split(x, axis, n)...)))
			require.Equal(t, want, run(t, Roll(Roll(x, axis, n), axis, -n)))
			padded := Pad(Transpose(x, 0, 1, 2), 9, n, 2, 1, 0)
			require.Equal(t, want, run(t, Pad(padded, 0, -n, -2, -1, 0)))
		}
		require.Equal(t, want, run(t, Flip(Flip(x, axis), axis)))
	}
	require.Equal(t, want, run(t, Flip(Flip(x), 2, 0, 1)))
	square := Pad(Slice(x, 0, 0, 1), 0, 0, 1) // (1, 5, 5)
	require.Equal(t, run(t, square), run(t, Add(Tril(square, -2), Triu(square, -1))))
}

// Mistakes have the name of the function and the line of its caller.
func TestLayoutMistakes(t *testing.T) {
	g := NewGraph()
	v, m := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "m", tensor.Must(tensor.Ones[float64](2, 3)))
	s, f := Param(g, "s", tensor.Scalar(1.0)), Param(g, "f", tensor.Of[float32](1, 2, 3))
	other := Param(NewGraph(), "v", tensor.Of(1.0, 2, 3))
	const most, least = math.MaxInt, math.MinInt
	var null *Node
	for i, c := range []struct {
		node *Node
		op   string
		want error
	}{
		{Split(v, 1, 3)[0], "Split", ErrShape}, {Split(v, 0, 1, 1)[1], "Split", ErrShape}, {Split(v, 0, 2, 2)[1], "Split", ErrShape}, {Split(v, 0)[0], "Split", ErrShape},
		{Split(v, 0, 0)[0], "Split", ErrShape}, {Split(v, 0, -1)[0], "Split", ErrShape}, {Split(v, 0, 3, 0)[1], "Split", ErrShape}, {Split(v, 0, 4, -1)[1], "Split", ErrShape},
		{Split(v, 0, most, most)[1], "Split", ErrShape}, {Split(v, 0, least, 3)[1], "Split", ErrShape}, {Split(null, 0, 1, 2, 3)[2], "Split", ErrNil}, {Split(s, 0, 1)[0], "Split", ErrShape},
		{Chunk(v, 1, 2)[1], "Chunk", ErrShape}, {Chunk(v, 0, 0)[0], "Chunk", ErrShape}, {Chunk(v, 0, least)[0], "Chunk", ErrShape}, {Chunk(v, 7, most)[0], "Chunk", ErrShape}, {Chunk(null, 0, 3)[2], "Chunk", ErrNil},
		{Flip(v, 1), "Flip", ErrShape}, {Flip(v, 0, 0), "Flip", ErrShape}, {Flip(s, 0), "Flip", ErrShape}, {Flip(null), "Flip", ErrNil},
		{Roll(v, 1, 1), "Roll", ErrShape}, {Roll(s, 0, 1), "Roll", ErrShape}, {Roll(null, 0, 1), "Roll", ErrNil},
		{Tile(v, 0), "Tile", ErrShape}, {Tile(v, 2, -1), "Tile", ErrShape}, {Tile(v, most), "Tile", ErrShape}, {Tile(v, most, 1), "Tile", ErrShape}, {Tile(v, 1<<31, 1<<31, 2), "Tile", ErrShape}, {Tile(null, 2), "Tile", ErrNil},
		{RepeatInterleave(v, 1, 2), "RepeatInterleave", ErrShape}, {RepeatInterleave(v, 0, 0), "RepeatInterleave", ErrShape}, {RepeatInterleave(v, 0, most), "RepeatInterleave", ErrShape},
		{RepeatInterleave(m, 0, most/2), "RepeatInterleave", ErrShape}, {RepeatInterleave(null, 0, 2), "RepeatInterleave", ErrNil}, {RepeatInterleave(s, 0, 2), "RepeatInterleave", ErrShape},
		{Pad(v, 0, 1), "Pad", ErrShape}, {Pad(v, 0, 1, 1, 1, 1), "Pad", ErrShape}, {Pad(v, 0, -1, -2), "Pad", ErrShape}, {Pad(v, 0, least, 0), "Pad", ErrShape}, {Pad(v, 0, 0, least), "Pad", ErrShape},
		{Pad(v, 0, -4, 9), "Pad", ErrShape}, {Pad(v, 0, most, most), "Pad", ErrShape}, {Pad(m, 2, 1<<31, 1, 1<<32, 0), "Pad", ErrShape}, {Pad(m, 0, 1<<31, 1, 1<<32, 0), "Pad", ErrShape}, {Pad(null, 1, 1, 1), "Pad", ErrNil},
		{Outer(m, v), "Outer", ErrShape}, {Outer(v, s), "Outer", ErrShape}, {Outer(v, f), "Outer", ErrDtype}, {Outer(v, other), "Outer", ErrGraph}, {Outer(v, null), "Outer", ErrNil}, {Outer(null, v), "Outer", ErrNil},
		{Trace(v), "Trace", ErrShape}, {Trace(s), "Trace", ErrShape}, {Trace(null), "Trace", ErrNil},
		{Diag(s, 0), "Diag", ErrShape}, {Diag(m, 3), "Diag", ErrShape}, {Diag(m, -2), "Diag", ErrShape}, {Diag(m, least), "Diag", ErrShape}, {Diag(m, most), "Diag", ErrShape},
		{Diag(v, most), "Diag", ErrShape}, {Diag(v, least), "Diag", ErrShape}, {Diag(Unsqueeze(m, 0), 0), "Diag", ErrShape}, {Diag(null, 0), "Diag", ErrNil},
		{Tril(v, 0), "Tril", ErrShape}, {Triu(s, 0), "Triu", ErrShape}, {Tril(null, 0), "Tril", ErrNil}, {Triu(null, 0), "Triu", ErrNil}, {Tril(Expand(s, 1<<25, 2), 0), "Tril", ErrShape},
	} {
		err := Err(c.node)
		require.ErrorIs(t, err, c.want, "case %d: %v, want one of %s", i, err, c.op)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "autodiff."+c.op, e.Op, "case %d: %v", i, err)
		require.True(t, strings.HasPrefix(e.Pos, "layout_test.go:"), err)
	}
	bad := Reshape(v, 5)
	for i, n := range []*Node{
		Split(bad, 7, 1, 1)[1], Chunk(bad, 0, 2)[1], Flip(bad), Roll(bad, 3, 1), Tile(bad, -1), RepeatInterleave(bad, 0, 2), Pad(bad, 0, 1),
		Outer(bad, v), Outer(v, bad), Trace(bad), Diag(bad, 0), Tril(bad, 0), Triu(bad, 0),
	} {
		require.Same(t, bad, n, fmt.Sprint("case ", i))
	}
	require.Len(t, Chunk(bad, 0, most), 1000)
}
