package autodiff

import "github.com/downhill-go/downhill/tensor"

// Var returns the variance of x over the given axes, or over all of x: the squared
// distances from the mean, summed and divided by n − 1 for n elements. Of one
// element it is NaN. Where an element is infinite, the gradients of all are NaN.
//
//	y = Σ(x − mean x)²/(n − 1)
//
// It matches torch.var, whose default is the same, unbiased divisor, but for the
// gradient of the finite elements beside an infinite one, which is infinite there.
// [VarWith] takes other divisors.
func Var(x *Node, axes ...int) *Node { return as("Var", VarWith(1, x, axes...), x) }

// VarWith is [Var] with the divisor n − correction: 0 gives the mean squared
// distance, as numpy.var. It matches torch.var with that correction; from n on the
// divisor is 0.
func VarWith(correction int, x *Node, axes ...int) *Node {
	m := MeanKeep(x, axes...)
	if nodeErr(m) != nil {
		return as("VarWith", m, x)
	}
	n := tensor.Size(x.Shape()) / tensor.Size(m.Shape())
	return Div(Sum(Square(Sub(x, m)), axes...), max(n-correction, 0))
}

// Std returns the standard deviation √Var of x over the given axes, or over all of
// x. Where it is 0 its gradient is 0, too. It matches torch.std, whose divisor is
// n − 1 by default, too; [StdWith] takes others.
func Std(x *Node, axes ...int) *Node { return as("Std", StdWith(1, x, axes...), x) }

// StdWith is [Std] with the divisor n − correction; see [VarWith]. It matches
// torch.std with that correction.
func StdWith(correction int, x *Node, axes ...int) *Node {
	v := VarWith(correction, x, axes...)
	if nodeErr(v) != nil {
		return as("StdWith", v, x)
	}
	return sqrtWithZero(v)
}

// Prod returns the product of the elements of x over the given axes, or over all
// of x; see [Sum] for axes and errors. The gradient of each element is the product
// of the others, exact also where elements are zero.
//
// It matches torch.prod, which takes one axis or all. Where an element is infinite
// or NaN, PyTorch's gradient of it, y/x, is NaN; here it is the product of the
// others.
func Prod(x *Node, axes ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Prod", x)
	}
	norm, err := tensor.Axes(axes, Rank(x))
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Prod", err, x.Shape())
	}
	y := x
	for _, a := range norm {
		y = foldAxis(y, a)
	}
	return Reshape(y, tensor.Reduce(x.Shape(), norm, false)...)
}

// foldAxis returns the products over an axis, kept as 1: the halves of the axis
// are multiplied until one element is left.
func foldAxis(x *Node, axis int) *Node {
	for n := x.Shape()[axis]; n > 1; n = x.Shape()[axis] {
		half := n / 2
		y := Mul(Slice(x, axis, 0, half), Slice(x, axis, half, 2*half))
		if n%2 == 1 {
			y = Concat(axis, y, Slice(x, axis, n-1, n))
		}
		x = y
	}
	return x
}

// Any returns 1 where an element over the given axes, or of all x, is not 0, and 0
// elsewhere; NaN is not 0. It has no gradient. It matches torch.any, which returns
// booleans.
func Any(x *Node, axes ...int) *Node { return as("Any", Max(Ne(x, 0), axes...), x) }

// All returns 1 where no element over the given axes, or of all x, is 0, and 0
// elsewhere; NaN is not 0. It has no gradient. It matches torch.all, which returns
// booleans.
func All(x *Node, axes ...int) *Node { return as("All", Min(Ne(x, 0), axes...), x) }
