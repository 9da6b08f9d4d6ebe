package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// CustomGrad returns y with a gradient of your own with respect to x, in place of
// the one that follows from how y was made: for a formula that is exact where
// the chain of rules loses digits, a straight-through estimator, or a gradient
// that is clipped or reversed on its way.
//
//	x̄ᵢ = vjp(x, y, ȳ)ᵢ, and nothing reaches x through y
//
// vjp is called once for each gradient that is built, with nodes, and returns one
// node for each x: nil for no gradient, else of the shape of x, or of y where x
// broadcasts to that. What it builds is differentiated like any expression when
// derivatives of higher order are asked for; it can use y, or x and ȳ alone.
// Without x the result is [StopGradient] of y. In a program it costs nothing.
//
//	// the value of hard, the gradient of x
//	autodiff.CustomGrad(hard, []*autodiff.Node{x},
//		func(x []*autodiff.Node, y, dy *autodiff.Node) []*autodiff.Node { return []*autodiff.Node{dy} })
//
// It is like a torch.autograd.Function, or jax.custom_vjp, whose forward pass is an
// expression of this package; use [Apply] for one that is not. It records
// [ErrNoRule] when vjp is nil, and [ErrNil], [ErrGraph] and [ErrDtype] as every
// function; [Grad] returns ErrNoRule when vjp gives a wrong number of nodes or a
// node that does not fit.
func CustomGrad(y *Node, x []*Node, vjp func(x []*Node, y, dy *Node) []*Node) *Node {
	in := append([]*Node{y}, x...)
	if bad := firstInvalid("CustomGrad", in...); bad != nil {
		return bad
	}
	if vjp == nil {
		return Invalid(y.Graph(), "autodiff.CustomGrad", fmt.Errorf("%w: the rule is nil", ErrNoRule), y.Shape())
	}
	return apply(customGrad{vjp}, in...)
}

// customGrad is its first input. The gradients go to the others, by Rule; the
// compiler, which comes after them, drops it.
type customGrad struct {
	Rule func(x []*Node, y, dy *Node) []*Node
}

func (customGrad) Name() string { return "CustomGrad" }

func (customGrad) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }

func (customGrad) Differentiable(input int) bool { return input > 0 }

func (p customGrad) VJP(x []*Node, y, dy *Node) []*Node {
	out := make([]*Node, len(x))
	if len(x) == 1 {
		return out
	}
	dx := p.Rule(slices.Clone(x[1:]), y, dy)
	if len(dx) != len(x)-1 {
		out[1] = Invalid(y.Graph(), "autodiff.CustomGrad", fmt.Errorf("%w: %d nodes, the rule gave %d gradients", ErrNoRule, len(x)-1, len(dx)))
		return out
	}
	copy(out[1:], dx)
	return out
}

func (customGrad) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (customGrad) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
