package tensor

import (
	"fmt"
	"slices"

	gt "gorgonia.org/tensor"
)

// Shape is gorgonia's shape: the dimensions, outermost first. A scalar has the
// empty shape. To compare shapes use slices.Equal: for Shape.Eq the vector (2)
// equals the matrices (2, 1) and (1, 2).
type Shape = gt.Shape

// Size returns the number of elements of s: 1 for a scalar.
func Size(s Shape) int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Strides returns the row-major strides of s, in elements.
func Strides(s Shape) []int {
	strides := make([]int, len(s))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		strides[i] = n
		n *= s[i]
	}
	return strides
}

// Broadcast returns the common shape of its arguments under NumPy's rule:
// shapes are aligned at their last dimension, missing leading dimensions count
// as 1, and a dimension of 1 stretches to the others'. Any other difference is
// an error that wraps [ErrShape], and so are a dimension below 1 and a result
// that is too large for a tensor. Without arguments the result is a scalar's.
func Broadcast(shapes ...Shape) (Shape, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make(Shape, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			o := &out[rank-len(s)+i]
			switch {
			case d < 1:
				return nil, fmt.Errorf("%w: %v has a dimension of %d, want at least 1", ErrShape, s, d)
			case *o == 1:
				*o = d
			case d != 1 && d != *o:
				return nil, fmt.Errorf("%w: %v do not broadcast", ErrShape, slices.Clone(shapes)) // so that shapes need not be on the heap
			}
		}
	}
	if _, err := checkDims(out); err != nil {
		return nil, fmt.Errorf("%w: %v broadcast to %v, which is too large", ErrShape, slices.Clone(shapes), out)
	}
	return out, nil
}

// BroadcastStrides returns the strides with which an array of shape s is read
// as if it had shape to: 0 in every stretched dimension. s must broadcast to
// to, as [Broadcast] finds out.
func BroadcastStrides(s, to Shape) []int {
	strides := make([]int, len(to))
	own := Strides(s)
	for i, d := range s {
		if d != 1 {
			strides[len(to)-len(s)+i] = own[i]
		}
	}
	return strides
}

// Axis returns axis as a number in [0, rank): negative axes count from the
// last. An axis outside [-rank, rank) is an error that wraps [ErrShape].
func Axis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, fmt.Errorf("%w: axis %d of a rank-%d tensor", ErrShape, axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// Axes returns the given axes as sorted numbers in [0, rank); no axes means all
// of them. A repeated or impossible axis is an error that wraps [ErrShape].
func Axes(axes []int, rank int) ([]int, error) {
	out := make([]int, 0, rank)
	if len(axes) == 0 {
		for i := range rank {
			out = append(out, i)
		}
		return out, nil
	}
	for _, a := range axes {
		n, err := Axis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, n) {
			return nil, fmt.Errorf("%w: axis %d is given twice", ErrShape, a)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

// Reduce returns the shape that is left when the given axes (as returned by
// [Axes]) of s are reduced: without them, or with 1 in their place if keep.
func Reduce(s Shape, axes []int, keep bool) Shape {
	out := make(Shape, 0, len(s))
	for i, d := range s {
		switch {
		case !slices.Contains(axes, i):
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}
