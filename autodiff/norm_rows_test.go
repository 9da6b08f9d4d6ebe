package autodiff_test

import (
	"math"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// normRows is the part of opRows for normalisation, attention, dropout and random
// nodes. The random nodes are of distributions that have one number only, as a
// function that is not the same in every run has no slope.
func normRows() []opRow {
	rows := []opRow{
		{"randUniform", "of one number", f1(func(x *Node) *Node { return Mul(Square(x), RandUniform(x.Graph(), x.Dtype(), 1, 2.5, 2.5, 2, 3)) }), shapes([]int{2, 3}), anywhere},
		{"randNormal", "of one number", f1(func(x *Node) *Node { return Mul(Exp(x), RandNormal(x.Graph(), x.Dtype(), 1, -0.5, 0, 3)) }), shapes([]int{2, 3}), anywhere},
		{"randBernoulli", "of one number", f1(func(x *Node) *Node { return Pow(x, Add(RandBernoulli(x.Graph(), x.Dtype(), 1, 1, 3), 2)) }), shapes([]int{2, 3}), anywhere},
		{"dropout", "with a mask", f1(func(x *Node) *Node { return Exp(DropoutBy(Square(x), fixedMask(x))) }), shapes([]int{2, 3}), anywhere},
		{"dropout", "of all", f1(func(x *Node) *Node { return Add(Exp(x), Dropout(x, 1, 1)) }), shapes([]int{2, 3}), anywhere},
		{"", "Dropout of none", f1(func(x *Node) *Node { return Exp(Dropout(x, 0, 1)) }), shapes([]int{2, 3}), anywhere},

		{"", "LayerNorm over an axis inside", func(x ...*Node) *Node { return LayerNorm(x[0], x[1], x[2], 1e-5, 1) }, shapes([]int{2, 3, 2}, []int{3}, []int{3}), anywhere},
		{"", "LayerNorm over two axes", func(x ...*Node) *Node { return LayerNorm(x[0], x[1], nil, 0.1, -1, 0) }, shapes([]int{2, 3, 2}, []int{2, 2}), anywhere},
		{"", "LayerNorm with a bias alone", func(x ...*Node) *Node { return LayerNorm(x[0], nil, x[1], 1e-5) }, shapes([]int{3, 4}, []int{4}), anywhere},
		{"", "RMSNorm", func(x ...*Node) *Node { return RMSNorm(x[0], x[1], 1e-5) }, shapes([]int{3, 4}, []int{4}), anywhere},
		{"", "BatchNorm", func(x ...*Node) *Node { return BatchNorm(x[0], x[1], x[2], 1e-5) }, shapes([]int{4, 2, 3}, []int{2}, []int{2}), anywhere},
		{"", "BatchNorm with a bias alone", func(x ...*Node) *Node { return BatchNorm(x[0], nil, x[1], 0.1) }, shapes([]int{5, 2}, []int{2}), anywhere},
		{"", "BatchStats", f1(func(x *Node) *Node {
			mean, variance := BatchStats(x)
			return Concat(0, Square(mean), variance)
		}), shapes([]int{3, 2, 2}), anywhere},
		{"", "BatchNormWith", func(x ...*Node) *Node { return BatchNormWith(x[0], x[1], Square(x[2]), x[3], x[4], 0.1) },
			shapes([]int{2, 3, 2}, []int{3}, []int{3}, []int{3}, []int{3}), anywhere},
		{"", "GroupNorm", func(x ...*Node) *Node { return GroupNorm(x[0], 2, x[1], x[2], 1e-3) }, shapes([]int{2, 4, 2}, []int{4}, []int{4}), anywhere},
		{"", "GroupNorm with a bias alone", func(x ...*Node) *Node { return GroupNorm(x[0], 1, nil, x[1], 1e-3) }, shapes([]int{2, 4}, []int{4}), anywhere},
		{"", "InstanceNorm", func(x ...*Node) *Node { return InstanceNorm(x[0], x[1], x[2], 1e-3) }, shapes([]int{2, 2, 2, 2}, []int{2}, []int{2}), anywhere},
		{"", "attention with empty queries", func(x ...*Node) *Node {
			return ScaledDotProductAttention(x[0], x[1], x[2], noKeys(x[0]), false)
		}, shapes([]int{2, 2}, []int{3, 2}, []int{3, 2}), anywhere},
	}
	for size := 1; size <= 6; size++ {
		rows = append(rows, opRow{"", "LocalResponseNorm", f1(func(x *Node) *Node { return LocalResponseNorm(x, size, 0.9, 0.75, 1) }), shapes([]int{2, 4, 2}), anywhere})
	}
	for _, causal := range []bool{false, true} {
		rows = append(rows, opRow{"", "attention", func(x ...*Node) *Node { return ScaledDotProductAttention(x[0], x[1], x[2], x[3], causal) },
			shapes([]int{2, 3, 4}, []int{2, 2, 4}, []int{2, 2, 3}, []int{3, 2}), anywhere})
	}
	return append(rows, opRow{"", "MultiHeadAttention", func(x ...*Node) *Node { return MultiHeadAttention(x[0], x[1], x[2], 2, nil, true) },
		shapes([]int{2, 3, 4}, []int{2, 2, 4}, []int{2, 2, 6}), anywhere})
}

// fixedMask is a mask of three elements.
func fixedMask(x *Node) *Node {
	return Const(x.Graph(), tensor.Must(tensor.Convert(tensor.Of(0, 1.5, 0.75), x.Dtype())))
}

// noKeys hides all three keys from the second of two queries.
func noKeys(x *Node) *Node {
	v := tensor.Must(tensor.FromSlice([]float64{0.5, 0.25, 1, math.Inf(-1), math.Inf(-1), math.Inf(-1)}, 2, 3))
	return Const(x.Graph(), tensor.Must(tensor.Convert(v, x.Dtype())))
}
