package autodiff

import "fmt"

// HVP returns the product of the Hessian of loss with the vector v: for each of
// wrt, Σⱼ ∂²loss/∂wrt∂wrtⱼ·vⱼ, without forming the Hessian. v has one node of the
// shape of each wrt, and is held fixed also where the result is differentiated
// again; [JVP] of the gradient follows it. It costs about two gradients.
//
//	Hv = ∇(∇loss·v)
//
// It matches torch.autograd.functional.hvp. Errors are those of [Grad], and
// [ErrShape] when v does not fit wrt.
func HVP(loss *Node, wrt, v []*Node) ([]*Node, error) {
	products, err := hvp(loss, wrt, v)
	return products, named("HVP", err)
}

func hvp(loss *Node, wrt, v []*Node) ([]*Node, error) {
	grads, err := Grad(loss, wrt...)
	if err != nil {
		return nil, err
	}
	return alongGrads(loss, grads, wrt, v)
}

// alongGrads returns the product of the Hessian of loss, whose gradients are grads,
// with v.
func alongGrads(loss *Node, grads, wrt, v []*Node) ([]*Node, error) {
	if len(v) != len(wrt) {
		return nil, gradError(fmt.Errorf("%w: %d vectors for %d parameters", ErrShape, len(v), len(wrt)))
	}
	slope := ConstLike(loss, 0)
	for i, g := range grads {
		if err := fits(v[i], wrt[i], i); err != nil {
			return nil, err
		}
		slope = Add(slope, Dot(g, StopGradient(v[i])))
	}
	return Grad(slope, wrt...)
}

// Hessian returns the matrix of second derivatives of loss, (n, n) for parameters
// of n elements in all: the elements of each wrt in row-major order, one wrt
// after the other. The graph grows with n², so it is for small n; use [HVP]
// otherwise.
//
//	Hᵢⱼ = ∂²loss/∂θᵢ∂θⱼ
//
// It matches torch.autograd.functional.hessian with the blocks put together.
// Errors are those of [Grad]; wrt must not be empty.
func Hessian(loss *Node, wrt ...*Node) (*Node, error) {
	if len(wrt) == 0 {
		return nil, named("Hessian", gradError(fmt.Errorf("%w: a Hessian needs at least one parameter", ErrNil)))
	}
	grads, err := Grad(loss, wrt...)
	if err != nil {
		return nil, named("Hessian", err)
	}
	var rows []*Node
	for _, g := range grads {
		more, err := jacobianRows(g, wrt)
		if err != nil {
			return nil, named("Hessian", err)
		}
		rows = append(rows, more...)
	}
	h := Stack(0, rows...)
	return h, Err(h)
}
