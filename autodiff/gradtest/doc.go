// Package gradtest checks gradients against finite differences: the rules of
// your own primitives, and any function built from nodes.
//
// # The method
//
// A gradient rule is right when, for a function f with the gradient product
// vjp(v) = vᵀ·∂f/∂x, and any vectors u and v,
//
//	⟨u, vjp(v)⟩ = ⟨(f(x + εu) − f(x − εu)) / 2ε, v⟩
//
// up to terms of order ε². The left side uses the rule, the right side only
// values of f. A random u for each input and one random v are enough: an error
// in any element changes both by different amounts, and the cost does not grow
// with the number of elements. Second order is the same check of x ↦ vjp(v), the
// gradient as an expression, so it finds rules that are right themselves but are
// written with something that has no right gradient.
//
//	func TestCube(t *testing.T) {
//		cube := func(x ...*autodiff.Node) *autodiff.Node { return autodiff.Apply(Cube{}, x...) }
//		gradtest.Check(t, cube, tensor.Of(0.5, -1.2, 2))
//	}
//
// # Dtypes
//
// Differences of float32 numbers are too coarse to judge a gradient. With
// float32 inputs the gradient and the value of f are computed in float32, and
// compared with differences and values that are computed in float64, at the same
// points. So f must build its graph in the dtype of its arguments; Go numbers and
// [autodiff.ConstLike] do.
//
// # Where it cannot look
//
// Inputs must be away from kinks and ends of domains, by more than ε: at 0 the
// slope of |x| exists only as a convention, which a difference does not know. A
// [autodiff.StopGradient] that changes a gradient on purpose fails the check.
package gradtest
