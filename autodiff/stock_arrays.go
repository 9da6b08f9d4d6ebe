package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// The rules in this file are of operations on whole arrays.

// stockProduct is a product of linear algebra.
func stockProduct(s *stockNode) (*Node, error) {
	a, b := s.in[0], s.in[1]
	transposed := func(x *Node, yes bool) *Node {
		if yes {
			return Transpose(x)
		}
		return x
	}
	switch kind := s.field("āBinaryOperator").Uint(); kind {
	case 0, 4: // matrices, or batches of them
		return MatMul(transposed(a, s.bool("transA")), transposed(b, s.bool("transB"))), nil
	case 1:
		return MatMul(transposed(a, s.bool("transA")), Flatten(b)), nil
	case 2:
		return MatMul(Flatten(a), Flatten(b)), nil
	case 3:
		return Outer(Flatten(a), Flatten(b)), nil
	default:
		return nil, fmt.Errorf("%w: no product has the number %d", ErrForeign, kind)
	}
}

// stockTensordot contracts axes of a with axes of b: both become matrices with
// these axes inside.
func stockTensordot(s *stockNode) (*Node, error) {
	a, b := s.in[0], s.in[1]
	inA, inB := s.ints("aAxes"), s.ints("bAxes")
	outA, outB := otherAxes(Rank(a), inA), otherAxes(Rank(b), inB)
	size := 1
	for _, i := range inA {
		size *= Dim(a, i)
	}
	var shape []int
	for _, i := range outA {
		shape = append(shape, Dim(a, i))
	}
	for _, i := range outB {
		shape = append(shape, Dim(b, i))
	}
	left := Reshape(Transpose(a, slices.Concat(outA, inA)...), -1, size)
	right := Reshape(Transpose(b, slices.Concat(inB, outB)...), size, -1)
	return Reshape(MatMul(left, right), shape...), nil
}

// otherAxes returns the axes below rank that are not in axes.
func otherAxes(rank int, axes []int) []int {
	var out []int
	for i := range rank {
		if !slices.Contains(axes, i) {
			out = append(out, i)
		}
	}
	return out
}

// stockSize is the length of an axis, as a number.
func stockSize(s *stockNode) (*Node, error) {
	n := 1
	if shape := s.kids[0].Shape(); len(shape) > 0 {
		axis, err := tensor.Axis(s.int("axis"), len(shape))
		if err != nil {
			return nil, err
		}
		n = shape[axis]
	}
	return ConstLike(s.in[0], float64(n)), nil
}

// stockSlice is a range or one element of an axis. Gorgonia counts the elements of
// a range with a step wrongly when the length is no multiple of it, and what
// follows was built for its count.
func stockSlice(s *stockNode) (*Node, error) {
	r, ok := s.op.(interface {
		Start() int
		End() int
		Step() int
	})
	x, axis := s.in[0], s.int("along")
	if !ok || s.field("Slice").IsNil() || r.End() <= r.Start() {
		return x, nil
	}
	start, end, step := r.Start(), min(r.End(), Dim(x, axis)), max(r.Step(), 1)
	y := Slice(x, axis, start, end, step)
	if err := Err(y); err != nil {
		return nil, err
	}
	if want := Dim(y, axis); tensor.Size(y.Shape()) != tensor.Size(s.node.Shape()) {
		return nil, fmt.Errorf("%w: [%d:%d:%d] has %d elements along axis %d, and gorgonia gave the node the shape %v; use autodiff.Slice",
			ErrDamaged, start, end, step, want, axis, s.node.Shape())
	}
	return y, nil
}

// stockTranspose is a permutation of axes, perhaps the last step of a convolution.
func stockTranspose(s *stockNode) (*Node, error) {
	if y := s.convolution(); y != nil {
		return y, nil
	}
	return Transpose(s.in[0], s.ints("pattern")...), nil
}

// stockRepeat repeats each element along an axis; one of size 1 is broadcast. A
// vector gets axes of size 1 behind its own where it has too few.
func stockRepeat(s *stockNode) (*Node, error) {
	x, axis, want := s.in[0], s.int("along"), shapeOf(s.node)
	for Rank(x) <= axis {
		x = Unsqueeze(x, -1)
	}
	n := Dim(x, axis)
	if n == 0 || axis >= len(want) || want[axis]%n != 0 {
		return nil, shapeError([]tensor.Shape{s.kids[0].Shape(), want}, "cannot be repeated along axis %d", axis)
	}
	if n == 1 {
		shape := x.Shape()
		shape[axis] = want[axis]
		return Expand(x, shape...), nil
	}
	return RepeatInterleave(x, axis, want[axis]/n), nil
}

// stockSoftmax is a softmax or its logarithm. Without an axis it is along the last
// one, or all of a matrix of one column.
func stockSoftmax(s *stockNode) (*Node, error) {
	x, axis := s.in[0], s.int("axis")
	if axis == -1 {
		axis = Rank(x) - 1
		if Rank(x) == 2 && Dim(x, 1) == 1 {
			axis = 0
		}
	}
	if axis < 0 || axis >= Rank(x) {
		return nil, shapeError([]tensor.Shape{x.Shape()}, "it has no axis %d", axis)
	}
	if s.bool("isLog") {
		return LogSoftmax(x, axis), nil
	}
	return Softmax(x, axis), nil
}
