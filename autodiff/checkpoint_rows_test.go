package autodiff_test

import . "github.com/downhill-go/downhill/autodiff"

// checkpointRows are parts that are computed anew: of one node and of several, with
// nodes from outside, one in the other, and in the gradient.
func checkpointRows() []opRow {
	layer := func(x ...*Node) *Node { return Tanh(Add(MatMul(x[0], Transpose(x[1])), x[2])) }
	in := shapes([]int{2, 3}, []int{4, 3}, []int{4})
	return []opRow{
		{"checkpoint", "x", f1(func(x *Node) *Node { return Checkpoint(func(x ...*Node) *Node { return Mul(Exp(x[0]), Sin(x[0])) }, x) }), shapes([]int{2, 3}), anywhere},
		{"checkpoint", "scalar", f1(func(x *Node) *Node { return Checkpoint(func(x ...*Node) *Node { return Mul(Exp(x[0]), Sin(x[0])) }, x) }), shapes([]int{}), anywhere},
		{"checkpoint", "layer", func(x ...*Node) *Node { return Checkpoint(layer, x...) }, in, anywhere},
		{"checkpoint", "layer with parameters from outside", func(x ...*Node) *Node {
			return Checkpoint(func(h ...*Node) *Node { return layer(h[0], x[1], x[2]) }, x[0])
		}, in, anywhere},
		{"checkpoint", "nothing but nodes from outside", func(x ...*Node) *Node {
			return Checkpoint(func(...*Node) *Node { return layer(x...) })
		}, in, anywhere},
		{"checkpoint", "inside and outside", f1(func(x *Node) *Node {
			e := Exp(x)
			return Mul(Checkpoint(func(h ...*Node) *Node { return Mul(Mul(h[0], h[1]), Add(e, x)) }, e, x), e)
		}), shapes([]int{2, 3}), anywhere},
		{"checkpoint", "one in the other", f1(func(x *Node) *Node {
			return Checkpoint(func(x ...*Node) *Node {
				y := Checkpoint(func(y ...*Node) *Node { return Tanh(Mul(y[0], Exp(x[0]))) }, Sin(x[0]))
				return Mul(y, Square(x[0]))
			}, x)
		}), shapes([]int{2, 3}), anywhere},
		{"checkpoint", "moved elements", f1(func(x *Node) *Node {
			return Checkpoint(func(x ...*Node) *Node { return Tanh(MatMul(Transpose(x[0]), Reshape(x[1], 2, 3))) }, Square(x), Transpose(x))
		}), shapes([]int{2, 3}), anywhere},
		{"checkpoint", "itself", twice(func(x *Node) *Node { return Checkpoint(func(x ...*Node) *Node { return x[0] }, x) }), shapes([]int{3}), anywhere},
		{"barrier", "gradient", f1(gradOfCheckpoint), shapes([]int{2, 3}), anywhere},
	}
}

// gradOfCheckpoint returns the gradient of Σ exp(sin x)² as a function.
func gradOfCheckpoint(x *Node) *Node {
	y := Checkpoint(func(x ...*Node) *Node { return Exp(Sin(x[0])) }, x)
	grads, err := Grad(Sum(Square(y)), x)
	if err != nil {
		return Invalid(x.Graph(), "gradOfCheckpoint", err)
	}
	return grads[0]
}
