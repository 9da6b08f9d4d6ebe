package autodiff_test

import . "github.com/downhill-go/downhill/autodiff"

// layoutRows is the part of opRows for functions that move elements, and for
// gradients by hand.
func layoutRows() []opRow {
	rows := []opRow{
		{"customGrad", "softplus", f1(softplusByHand), shapes([]int{2, 3}), anywhere},
		{"customGrad", "softplus of large", f1(softplusByHand), shapes([]int{4}), domain{3, 5, false}},
		{"", "Split", twice(func(x *Node) *Node { return numbered(Split(x, 1, 3, 1, 2)) }), shapes([]int{2, 6}), anywhere},
		{"", "Split into equal sizes", twice(func(x *Node) *Node { return numbered(Split(x, -2, 2)) }), shapes([]int{5, 2}), anywhere},
		{"", "Chunk", twice(func(x *Node) *Node { return numbered(Chunk(x, 0, 3)) }), shapes([]int{7}), anywhere},
		{"slice", "backwards", twice(func(x *Node) *Node { return Flip(x, 1) }), shapes([]int{2, 5, 3}), anywhere},
		{"slice", "backwards, all", twice(func(x *Node) *Node { return Flip(x) }), shapes([]int{2, 3, 4}), anywhere},
		{"slice", "palindrome", f1(func(x *Node) *Node { return Mul(Exp(x), Flip(x)) }), shapes([]int{7}), anywhere},
		{"", "Flip of large", twice(func(x *Node) *Node { return Flip(x, 0) }), shapes([]int{40, 30}), anywhere},
		{"", "Roll", twice(func(x *Node) *Node { return Roll(x, -1, 2) }), shapes([]int{2, 5}), anywhere},
		{"", "convolution by Roll", f1(func(x *Node) *Node { return Mul(x, Roll(x, 0, -1)) }), shapes([]int{5}), anywhere},
		{"", "Tile", twice(func(x *Node) *Node { return Tile(x, 2, 1, 3) }), shapes([]int{2, 3}), anywhere},
		{"", "Tile of a scalar", twice(func(x *Node) *Node { return Tile(x, 4) }), shapes([]int{}), anywhere},
		{"", "RepeatInterleave", twice(func(x *Node) *Node { return RepeatInterleave(x, 0, 3) }), shapes([]int{2, 3}), anywhere},
		{"", "Trace", twice(Trace), shapes([]int{3, 4}), anywhere},
		{"", "Outer", f2(Outer), shapes([]int{3}, []int{2}), anywhere},
		{"", "Outer of itself", f1(func(x *Node) *Node { return Outer(x, Square(x)) }), shapes([]int{3}), anywhere},
	}
	for _, value := range []float64{0, 2} {
		rows = append(rows,
			opRow{"", "Pad", twice(func(x *Node) *Node { return Pad(x, value, 1, 0, 2, 1) }), shapes([]int{2, 3}), anywhere},
			opRow{"", "Pad and crop", twice(func(x *Node) *Node { return Pad(x, value, -1, 2) }), shapes([]int{2, 4}), anywhere})
	}
	for k := -2; k <= 2; k++ {
		rows = append(rows,
			opRow{"", "Diag of a vector", twice(func(x *Node) *Node { return Diag(x, k) }), shapes([]int{3}), anywhere},
			opRow{"", "Diag of a matrix", twice(func(x *Node) *Node { return Diag(x, k) }), shapes([]int{3, 4}), anywhere},
			opRow{"", "Tril", twice(func(x *Node) *Node { return Tril(x, k) }), shapes([]int{2, 3, 4}), anywhere},
			opRow{"", "Triu", twice(func(x *Node) *Node { return Triu(x, k) }), shapes([]int{4, 3}), anywhere})
	}
	return rows
}
