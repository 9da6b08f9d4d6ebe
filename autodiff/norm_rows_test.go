package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// normRows is the part of opRows for normalisation, attention, dropout and random
// nodes. The random nodes are of distributions that have one number only, as a
// function that is not the same in every run has no slope.
func normRows() []opRow {
	return []opRow{
		{"randUniform", "of one number", f1(func(x *Node) *Node { return Mul(Square(x), RandUniform(x.Graph(), x.Dtype(), 1, 2.5, 2.5, 2, 3)) }), shapes([]int{2, 3}), anywhere},
		{"randNormal", "of one number", f1(func(x *Node) *Node { return Mul(Exp(x), RandNormal(x.Graph(), x.Dtype(), 1, -0.5, 0, 3)) }), shapes([]int{2, 3}), anywhere},
		{"randBernoulli", "of one number", f1(func(x *Node) *Node { return Pow(x, Add(RandBernoulli(x.Graph(), x.Dtype(), 1, 1, 3), 2)) }), shapes([]int{2, 3}), anywhere},
		{"dropout", "with a mask", f1(func(x *Node) *Node { return Exp(DropoutBy(Square(x), fixedMask(x))) }), shapes([]int{2, 3}), anywhere},
		{"dropout", "of all", f1(func(x *Node) *Node { return Add(Exp(x), Dropout(x, 1, 1)) }), shapes([]int{2, 3}), anywhere},
		{"", "Dropout of none", f1(func(x *Node) *Node { return Exp(Dropout(x, 0, 1)) }), shapes([]int{2, 3}), anywhere},
	}
}

// fixedMask is a mask of three elements.
func fixedMask(x *Node) *Node {
	return Const(x.Graph(), tensor.Must(tensor.Convert(tensor.Of(0, 1.5, 0.75), x.Dtype())))
}
