package autodiff

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// The functions in this file are expressions of primitives: they need no rules
// of their own, and the compiler fuses what it can.

// Square returns x², elementwise. It matches torch.square.
func Square(x *Node) *Node { return as("Square", Mul(x, x), x) }

// Reciprocal returns 1/x, elementwise. It matches torch.reciprocal.
func Reciprocal(x *Node) *Node { return as("Reciprocal", Div(1, x), x) }

// Rsqrt returns 1/√x; Inf for 0 and NaN for x < 0, elementwise. It matches
// torch.rsqrt.
func Rsqrt(x *Node) *Node { return as("Rsqrt", Div(1, Sqrt(x)), x) }

// Isnan returns 1 where x is NaN and 0 elsewhere. It has no gradient. It matches
// torch.isnan, which returns booleans.
func Isnan(x *Node) *Node { return as("Isnan", Ne(x, x), x) }

// Isinf returns 1 where x is infinite and 0 elsewhere. It has no gradient. It
// matches torch.isinf, which returns booleans.
func Isinf(x *Node) *Node { return as("Isinf", Eq(Abs(x), math.Inf(1)), x) }

// Isfinite returns 1 where x is neither infinite nor NaN and 0 elsewhere. It has no
// gradient. It matches torch.isfinite, which returns booleans.
func Isfinite(x *Node) *Node { return as("Isfinite", Lt(Abs(x), math.Inf(1)), x) }

// Dot returns the scalar Σ a·b over all elements, after broadcasting. For
// vectors it matches torch.dot.
func Dot(a, b *Node) *Node { return as("Dot", Sum(Mul(a, b)), a, b) }

// Norm returns the 2-norm √Σx² over the given axes, or over all of x. Its
// gradient at zero is zero, as torch.linalg.vector_norm's.
func Norm(x *Node, axes ...int) *Node {
	s := Sum(Square(x), axes...)
	return as("Norm", sqrtWithZero(s), x)
}

// NormP returns the p-norm (Σ|x|ᵖ)^(1/p) over the given axes, or over all of x. It is
// the largest |x| for p = +Inf, the smallest for −Inf, and the number of elements that
// are not 0 for p = 0. Its gradient where the norm is 0 is 0.
//
// It matches torch.linalg.vector_norm. A NaN for p gives NaN.
func NormP(p float64, x *Node, axes ...int) *Node {
	const fn = "NormP"
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	size := Abs(x)
	switch {
	case p == 0:
		return as(fn, Sum(Ne(x, 0), axes...), x)
	case p == 1:
		return as(fn, Sum(size, axes...), x)
	case p == 2:
		return as(fn, Norm(x, axes...), x)
	case math.IsInf(p, 1):
		return as(fn, Max(size, axes...), x)
	case math.IsInf(p, -1):
		return as(fn, Min(size, axes...), x)
	}
	s := Sum(Pow(size, p), axes...)
	isZero := Eq(s, 0)
	return as(fn, Where(isZero, 0, Pow(Where(isZero, 1, s), 1/p)), x)
}

// sqrtWithZero returns √s, with a gradient of 0 where s is 0.
func sqrtWithZero(s *Node) *Node {
	isZero := Eq(s, 0)
	// The root of a 1 in place of 0 keeps the infinite slope out of the gradient.
	return Where(isZero, 0, Sqrt(Where(isZero, 1, s)))
}

// LogSumExp returns ln Σ eˣ over the given axes, or over all of x, without
// overflow: the largest element is taken out first. It matches torch.logsumexp,
// also for infinities.
func LogSumExp(x *Node, axes ...int) *Node {
	top := finiteMax(x, axes)
	if nodeErr(top) != nil {
		return as("LogSumExp", top, x)
	}
	s := SumKeep(Exp(Sub(x, top)), axes...)
	y := Add(Log(s), top)
	return Reshape(y, shapeWithout(x, axes)...)
}

// finiteMax returns the largest elements along axes, kept as 1, as constants;
// 0 in place of infinities, whose differences would be NaN.
func finiteMax(x *Node, axes []int) *Node {
	top := StopGradient(MaxKeep(x, axes...))
	return Where(Eq(Abs(top), math.Inf(1)), 0, top)
}

func shapeWithout(x *Node, axes []int) tensor.Shape {
	norm, _ := tensor.Axes(axes, Rank(x)) // MaxKeep has checked the axes
	return tensor.Reduce(Shape(x), norm, false)
}

// Softmax returns the softmax of x along axis, which may be negative.
//
//	y = exp(x − max x) / Σ exp(x − max x)
//
// It matches torch.softmax. It records [ErrShape] for a bad axis.
func Softmax(x *Node, axis int) *Node {
	e := Exp(Sub(x, StopGradient(MaxKeep(x, axis))))
	return as("Softmax", Div(e, SumKeep(e, axis)), x)
}

// LogSoftmax returns the logarithm of the softmax of x along axis, exact also
// where the softmax is 0 in floating point.
//
//	y = (x − max x) − ln Σ exp(x − max x)
//
// It matches torch.log_softmax. It records [ErrShape] for a bad axis.
func LogSoftmax(x *Node, axis int) *Node {
	z := Sub(x, StopGradient(MaxKeep(x, axis)))
	return as("LogSoftmax", Sub(z, Log(SumKeep(Exp(z), axis))), x)
}

// OneHot returns, for labels of shape (...), an array of shape (..., classes)
// that is 1 where the last index equals the label and 0 elsewhere. Labels are
// whole numbers in [0, classes) in the dtype of the graph; any other label gives
// a row of zeros. It has no gradient. It matches torch.nn.functional.one_hot,
// which takes integers and refuses labels out of range.
func OneHot(labels *Node, classes int) *Node {
	if nodeErr(labels) != nil {
		return firstInvalid("OneHot", labels)
	}
	if classes < 1 {
		return Invalid(labels.Graph(), "autodiff.OneHot", fmt.Errorf("%w: %d classes, want at least 1", ErrShape, classes))
	}
	if _, err := tensor.Broadcast(append(labels.Shape().Clone(), 1), tensor.Shape{classes}); err != nil {
		return Invalid(labels.Graph(), "autodiff.OneHot", err, labels.Shape())
	}
	return Eq(Unsqueeze(labels, -1), countLike(labels, classes))
}

// countLike returns 0, 1, 2, ... in the given shape, in the graph and dtype of n.
func countLike(n *Node, shape ...int) *Node {
	index := make([]float64, tensor.Size(shape))
	for i := range index {
		index[i] = float64(i)
	}
	return constLike(n, index, shape)
}
