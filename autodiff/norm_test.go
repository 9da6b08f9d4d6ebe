package autodiff_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// What is normalised has mean 0 and variance 1, by every function over its own axes.
func TestNormalised(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 100, 30.0, 4, 6, 5)))
	for name, c := range map[string]struct {
		node *Node
		axes []int
	}{
		"LayerNorm":        {LayerNorm(x, nil, nil, 1e-12), []int{2}},
		"LayerNorm of two": {LayerNorm(x, nil, nil, 1e-12, -1, 1), []int{1, 2}},
		"BatchNorm":        {BatchNorm(x, nil, nil, 1e-12), []int{0, 2}},
		"InstanceNorm":     {InstanceNorm(x, nil, nil, 1e-12), []int{2}},
		"GroupNorm of 6":   {GroupNorm(x, 6, nil, nil, 1e-12), []int{2}},
		"GroupNorm of 1":   {GroupNorm(x, 1, nil, nil, 1e-12), []int{1, 2}},
	} {
		for _, m := range run(t, Mean(c.node, c.axes...)) {
			require.InDelta(t, 0, m, 1e-13, name)
		}
		for _, v := range run(t, VarWith(0, c.node, c.axes...)) {
			require.InDelta(t, 1, v, 1e-12, name)
		}
	}
	require.Equal(t, run(t, LayerNorm(x, nil, nil, 1e-5)), run(t, GroupNorm(x, 6, nil, nil, 1e-5)))
	for _, m := range run(t, Mean(Square(RMSNorm(x, nil, 1e-12)), -1)) {
		require.InDelta(t, 1, m, 1e-12)
	}
}

// With the statistics of the batch inference gives what training does, and a program
// of both computes sums once.
func TestBatchStats(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Normal(tensor.NewRand(1), 3, 2.0, 4, 3, 5)))
	scale, bias := Param(g, "scale", tensor.Of(1.0, 2, 0.5)), Param(g, "bias", tensor.Of(0.0, 1, -1))
	mean, variance := BatchStats(x)
	train := BatchNorm(x, scale, bias, 1e-5)
	eval := BatchNormWith(x, mean, Mul(variance, 19./20), scale, bias, 1e-5)
	require.NoError(t, Err(eval))
	require.Less(t, slices.Max(run(t, Abs(Sub(train, eval)))), 1e-14)

	prog := mustCompile(t, train, Keep(mean, variance))
	require.Equal(t, 2, strings.Count(prog.Explain(), "Sum "), prog.Explain())
	require.NoError(t, prog.Run())
	require.Zero(t, testing.AllocsPerRun(20, func() { _ = prog.Run() }))
}

// A query sees the keys up to its own, and one that sees none is 0 with gradients
// of 0.
func TestAttentionHides(t *testing.T) {
	g, rng, inf := NewGraph(), tensor.NewRand(1), math.Inf(1)
	normal := func(name string, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Normal(rng, 0, 1.0, shape...)))
	}
	q, k, v := normal("q", 3, 4), normal("k", 3, 4), normal("v", 3, 2)
	y := run(t, ScaledDotProductAttention(q, k, v, nil, true))
	require.Equal(t, nodeValue(t, v)[:2], y[:2])
	mask := Input(g, "mask", tensor.Must(tensor.FromSlice([]float64{0, -inf, -inf, 0, 0, -inf, 0, 0, 0}, 3, 3)))
	require.Equal(t, y, run(t, ScaledDotProductAttention(q, k, v, mask, false)))
	require.Equal(t, y, run(t, ScaledDotProductAttention(q, k, v, mask, true)))

	hidden := Param(g, "hidden", tensor.Must(tensor.FromSlice([]float64{-inf, 0, 0}, 3, 1)))
	out := ScaledDotProductAttention(q, k, v, hidden, false)
	prog := mustCompile(t, Sum(Square(out)), WithGrad(q, k, v, hidden), Keep(out))
	require.NoError(t, prog.Run())
	require.Equal(t, []float64{0, 0}, nodeValue(t, out)[:2])
	require.Equal(t, []float64{0, 0, 0, 0}, gradValue(t, q)[:4])
	require.Zero(t, gradValue(t, hidden)[0])
	for _, n := range []*Node{q, k, v, hidden} {
		for _, d := range gradValue(t, n) {
			require.False(t, math.IsNaN(d))
		}
	}
	require.Zero(t, testing.AllocsPerRun(20, func() { _ = prog.Run() }))
	require.Equal(t, "[NaN NaN]", fmt.Sprint(run(t, ScaledDotProductAttention(q, k, v, Const(g, tensor.Of(0, math.NaN(), 0)), false))[:2]))
}

func TestNormMistakes(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](2, 4, 3)))
	m, v, s := Param(g, "m", tensor.Must(tensor.Ones[float64](4, 3))), Param(g, "v", tensor.Of(1.0, 2, 3, 4)), Param(g, "s", tensor.Scalar(1.0))
	f := Param(g, "f", tensor.Of[float32](1, 2, 3, 4))
	three, f3 := Param(g, "three", tensor.Of(1.0, 2, 3)), Param(g, "f3", tensor.Of[float32](1, 2, 3))
	other := Param(NewGraph(), "v", tensor.Of(1.0, 2, 3, 4))
	column := Unsqueeze(v, 1) // gorgonia takes its shape for that of v
	var null *Node
	stats := func(x *Node) *Node { mean, _ := BatchStats(x); return mean }
	for i, c := range []struct {
		node *Node
		op   string
		want error
	}{
		{LayerNorm(x, nil, nil, 1, 3), "LayerNorm", ErrShape}, {LayerNorm(x, nil, nil, 1, 1, -2), "LayerNorm", ErrShape}, {LayerNorm(s, nil, nil, 1), "LayerNorm", ErrShape}, {LayerNorm(null, v, v, 1), "LayerNorm", ErrNil},
		{LayerNorm(x, v, nil, 1), "LayerNorm", ErrShape}, {LayerNorm(x, nil, v, 1), "LayerNorm", ErrShape}, {LayerNorm(x, s, nil, 1), "LayerNorm", ErrShape}, {LayerNorm(x, f3, nil, 1), "LayerNorm", ErrDtype}, {LayerNorm(x, nil, f3, 1), "LayerNorm", ErrDtype},
		{LayerNorm(x, three, other, 1), "LayerNorm", ErrShape}, {LayerNorm(x, other, nil, 1, 1), "LayerNorm", ErrGraph}, {LayerNorm(x, column, nil, 1, 1), "LayerNorm", ErrShape}, {LayerNorm(x, Transpose(m), nil, 1, 2, 1), "LayerNorm", ErrShape},
		{RMSNorm(x, nil, 1, -4), "RMSNorm", ErrShape}, {RMSNorm(s, nil, 1), "RMSNorm", ErrShape}, {RMSNorm(x, v, 1), "RMSNorm", ErrShape}, {RMSNorm(null, v, 1), "RMSNorm", ErrNil}, {RMSNorm(x, f3, 1), "RMSNorm", ErrDtype},
		{BatchNorm(v, nil, nil, 1), "BatchNorm", ErrShape}, {BatchNorm(s, nil, nil, 1), "BatchNorm", ErrShape}, {BatchNorm(Slice(m, 0, 0, 1), nil, nil, 1), "BatchNorm", ErrShape}, {BatchNorm(null, nil, nil, 1), "BatchNorm", ErrNil},
		{BatchNorm(x, three, nil, 1), "BatchNorm", ErrShape}, {BatchNorm(x, nil, s, 1), "BatchNorm", ErrShape}, {BatchNorm(x, column, nil, 1), "BatchNorm", ErrShape}, {BatchNorm(x, f, nil, 1), "BatchNorm", ErrDtype}, {BatchNorm(x, v, other, 1), "BatchNorm", ErrGraph},
		{stats(v), "BatchStats", ErrShape}, {stats(Slice(m, 0, 0, 1)), "BatchStats", ErrShape}, {stats(null), "BatchStats", ErrNil},
		{BatchNormWith(x, three, v, nil, nil, 1), "BatchNormWith", ErrShape}, {BatchNormWith(x, v, s, nil, nil, 1), "BatchNormWith", ErrShape}, {BatchNormWith(x, v, v, three, nil, 1), "BatchNormWith", ErrShape}, {BatchNormWith(x, v, v, v, m, 1), "BatchNormWith", ErrShape},
		{BatchNormWith(v, v, v, v, v, 1), "BatchNormWith", ErrShape}, {BatchNormWith(x, null, v, v, v, 1), "BatchNormWith", ErrNil}, {BatchNormWith(x, v, null, v, v, 1), "BatchNormWith", ErrNil}, {BatchNormWith(x, f, v, v, v, 1), "BatchNormWith", ErrDtype}, {BatchNormWith(x, v, other, v, v, 1), "BatchNormWith", ErrGraph},
		{GroupNorm(x, 3, nil, nil, 1), "GroupNorm", ErrShape}, {GroupNorm(x, 0, nil, nil, 1), "GroupNorm", ErrShape}, {GroupNorm(x, -2, nil, nil, 1), "GroupNorm", ErrShape}, {GroupNorm(x, 8, nil, nil, 1), "GroupNorm", ErrShape}, {GroupNorm(v, 2, nil, nil, 1), "GroupNorm", ErrShape},
		{GroupNorm(x, 2, three, nil, 1), "GroupNorm", ErrShape}, {GroupNorm(x, 2, nil, three, 1), "GroupNorm", ErrShape}, {GroupNorm(null, 2, nil, nil, 1), "GroupNorm", ErrNil}, {GroupNorm(x, 2, f, nil, 1), "GroupNorm", ErrDtype},
		{InstanceNorm(m, nil, nil, 1), "InstanceNorm", ErrShape}, {InstanceNorm(Slice(x, 2, 0, 1), nil, nil, 1), "InstanceNorm", ErrShape}, {InstanceNorm(x, three, nil, 1), "InstanceNorm", ErrShape}, {InstanceNorm(null, v, v, 1), "InstanceNorm", ErrNil},
		{LocalResponseNorm(v, 2, 1, 1, 1), "LocalResponseNorm", ErrShape}, {LocalResponseNorm(x, 0, 1, 1, 1), "LocalResponseNorm", ErrShape}, {LocalResponseNorm(null, 1, 1, 1, 1), "LocalResponseNorm", ErrNil},
	} {
		requireMistake(t, c.node, "autodiff."+c.op, c.want, fmt.Sprint("case ", i))
	}
	bad := Reshape(x, 5)
	badMean, badVariance := BatchStats(bad)
	for i, n := range []*Node{
		LayerNorm(bad, v, v, 1), LayerNorm(x, bad, three, 1), LayerNorm(x, three, bad, 1), RMSNorm(bad, nil, 1), RMSNorm(x, bad, 1), BatchNorm(bad, v, v, 1), BatchNorm(x, bad, v, 1), BatchNorm(x, v, bad, 1),
		badMean, badVariance, BatchNormWith(bad, v, v, v, v, 1), BatchNormWith(x, bad, v, v, v, 1), BatchNormWith(x, v, bad, v, v, 1), BatchNormWith(x, v, v, bad, v, 1), BatchNormWith(x, v, v, v, bad, 1),
		GroupNorm(bad, 2, v, v, 1), GroupNorm(x, 2, bad, v, 1), InstanceNorm(bad, v, v, 1), InstanceNorm(x, v, bad, 1), LocalResponseNorm(bad, 2, 1, 1, 1),
		ScaledDotProductAttention(bad, m, m, nil, false), ScaledDotProductAttention(m, bad, m, nil, false), ScaledDotProductAttention(m, m, bad, nil, false), ScaledDotProductAttention(m, m, m, bad, true),
	} {
		require.Same(t, bad, n, fmt.Sprint("case ", i))
	}
}

func TestAttentionMistakes(t *testing.T) {
	g := NewGraph()
	ones := func(name string, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Ones[float64](shape...)))
	}
	q, k, v := ones("q", 2, 3, 4), ones("k", 2, 5, 4), ones("v", 2, 5, 6)
	vector, f := ones("vector", 4), Param(g, "f", tensor.Must(tensor.Ones[float32](3, 5)))
	var null *Node
	for i, c := range []struct {
		node *Node
		want error
	}{
		{ScaledDotProductAttention(null, k, v, nil, false), ErrNil}, {ScaledDotProductAttention(q, null, v, nil, false), ErrNil}, {ScaledDotProductAttention(q, k, null, nil, true), ErrNil},
		{ScaledDotProductAttention(vector, k, v, nil, false), ErrShape}, {ScaledDotProductAttention(q, vector, v, nil, false), ErrShape}, {ScaledDotProductAttention(q, k, vector, nil, false), ErrShape},
		{ScaledDotProductAttention(q, v, v, nil, false), ErrShape}, {ScaledDotProductAttention(q, k, q, nil, false), ErrShape}, {ScaledDotProductAttention(q, Slice(k, 0, 0, 1), Concat(0, v, v), nil, false), ErrShape},
		{ScaledDotProductAttention(q, k, v, ones("m0", 4, 5), false), ErrShape}, {ScaledDotProductAttention(q, k, v, ones("m1", 3, 2, 3, 5), false), ErrShape}, {ScaledDotProductAttention(q, k, v, ones("m2", 1, 1, 3, 5), true), ErrShape},
		{ScaledDotProductAttention(q, k, v, f, false), ErrDtype}, {ScaledDotProductAttention(q, Unsqueeze(f, 0), v, nil, false), ErrShape},
		{ScaledDotProductAttention(q, k, v, Param(NewGraph(), "m", tensor.Must(tensor.Ones[float64](5))), false), ErrGraph},
	} {
		requireMistake(t, c.node, "autodiff.ScaledDotProductAttention", c.want, fmt.Sprint("case ", i))
	}
	for i, c := range []struct {
		node *Node
		want error
	}{
		{MultiHeadAttention(q, k, null, 2, nil, false), ErrNil}, {MultiHeadAttention(vector, k, v, 2, nil, false), ErrShape}, {MultiHeadAttention(q, k, v, 0, nil, false), ErrShape},
		{MultiHeadAttention(q, k, v, 3, nil, false), ErrShape}, {MultiHeadAttention(q, k, v, 4, nil, false), ErrShape}, {MultiHeadAttention(q, v, v, 2, nil, false), ErrShape},
		{MultiHeadAttention(q, k, v, 2, ones("m3", 3, 3, 5), true), ErrShape}, {MultiHeadAttention(q, k, v, 2, f, true), ErrDtype},
	} {
		requireMistake(t, c.node, "autodiff.MultiHeadAttention", c.want, fmt.Sprint("heads, case ", i))
	}
	bad := Reshape(vector, 3)
	require.Same(t, bad, MultiHeadAttention(q, bad, v, 2, nil, false))
	require.Same(t, bad, MultiHeadAttention(q, k, v, 2, bad, false))
}
