package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// JVP returns the Jacobian-vector product Σᵢ ∂y/∂wrtᵢ·vᵢ, in the shape of y: the
// slope of y when the wrt move along v. v has one node of the shape of each wrt.
// It costs about two gradients, and no Jacobian is formed.
//
//	Jv = ∂/∂u ⟨uᵀJ, v⟩
//
// The inner product is linear in u, so that the value of u does not matter. The
// result can be differentiated again, by what v depends on too; where y does not
// depend on wrt it is zero.
//
// It matches torch.autograd.functional.jvp with create_graph=True. Errors are
// those of [VJP], and [ErrShape] when v does not fit wrt.
func JVP(y *Node, wrt, v []*Node) (*Node, error) {
	jv, err := jvp(y, wrt, v)
	return jv, named("JVP", err)
}

func jvp(y *Node, wrt, v []*Node) (*Node, error) {
	if err := Err(y); err != nil {
		return nil, err
	}
	if len(v) != len(wrt) {
		return nil, gradError(fmt.Errorf("%w: %d vectors for %d nodes", ErrShape, len(v), len(wrt)))
	}
	u := Expand(ConstLike(y, 1), y.Shape()...)
	pulled, err := VJP(y, u, wrt...)
	if err != nil {
		return nil, err
	}
	slope := ConstLike(y, 0)
	for i, p := range pulled {
		if err := fits(v[i], wrt[i], i); err != nil {
			return nil, err
		}
		slope = Add(slope, Dot(p, v[i]))
	}
	out, err := Grad(slope, u)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// fits returns why v cannot be the direction number i, in which x moves.
func fits(v, x *Node, i int) error {
	if err := Err(v); err != nil {
		return err
	}
	if !slices.Equal(v.Shape(), x.Shape()) {
		return gradError(shapeError([]tensor.Shape{x.Shape(), v.Shape()}, "number %d of wrt and its vector", i))
	}
	if v.Graph() != x.Graph() {
		return gradError(fmt.Errorf("%w: %v and %v", ErrGraph, x, v))
	}
	if err := checkDtype(v, x); err != nil {
		return gradError(err)
	}
	return nil
}

// Jacobian returns the matrix of first derivatives of y, (m, n) for a y of m
// elements and wrt of n in all: the elements of each in row-major order, one wrt
// after the other. It makes one gradient for each element of y; where y has many
// elements and wrt few, a [JVP] for each column makes a smaller graph.
//
//	Jᵢⱼ = ∂yᵢ/∂θⱼ
//
// It matches torch.autograd.functional.jacobian with create_graph=True and the
// blocks put together. Errors are those of [VJP]; wrt must not be empty.
func Jacobian(y *Node, wrt ...*Node) (*Node, error) {
	if len(wrt) == 0 {
		return nil, named("Jacobian", gradError(fmt.Errorf("%w: a Jacobian needs at least one node to differentiate by", ErrNil)))
	}
	rows, err := jacobianRows(y, wrt)
	if err != nil {
		return nil, named("Jacobian", err)
	}
	j := Stack(0, rows...)
	return j, Err(j)
}

// jacobianRows returns for each element of y its derivatives by the elements of
// all wrt, as a vector.
func jacobianRows(y *Node, wrt []*Node) ([]*Node, error) {
	if err := Err(y); err != nil {
		return nil, err
	}
	flat := Flatten(y)
	rows := make([]*Node, Dim(flat, 0))
	for i := range rows {
		row, err := Grad(At(flat, i), wrt...)
		if err != nil {
			return nil, err
		}
		for j := range row {
			row[j] = Flatten(row[j])
		}
		rows[i] = Concat(0, row...)
	}
	return rows, nil
}

// Laplacian returns the scalar sum of the second derivatives of loss by each
// element of wrt: the trace of the [Hessian], without its other elements. It
// makes one gradient for each element, so it is for few of them; [HutchinsonTrace]
// estimates it for many.
//
//	Δ = Σᵢ ∂²loss/∂θᵢ² = Σᵢ eᵢᵀHeᵢ
//
// It matches the trace of torch.autograd.functional.hessian. Errors are those of
// [Grad]; wrt must not be empty.
func Laplacian(loss *Node, wrt ...*Node) (*Node, error) {
	if len(wrt) == 0 {
		return nil, named("Laplacian", gradError(fmt.Errorf("%w: a Laplacian needs at least one parameter", ErrNil)))
	}
	grads, err := Grad(loss, wrt...)
	if err != nil {
		return nil, named("Laplacian", err)
	}
	var terms []*Node
	for i, x := range wrt {
		flat := Flatten(grads[i])
		for j := range Dim(flat, 0) {
			second, err := Grad(At(flat, j), x)
			if err != nil {
				return nil, named("Laplacian", err)
			}
			terms = append(terms, At(Flatten(second[0]), j))
		}
	}
	trace := Sum(Stack(0, terms...))
	return trace, Err(trace)
}

// GNVP returns the product of the Gauss-Newton matrix JᵀHJ with the vector v, for
// each of wrt: J is the Jacobian of y by wrt, and H the Hessian of loss by y. The
// matrix is the Hessian of loss without the curvature of y, and positive
// semidefinite where loss is convex in y. v has one node of the shape of each
// wrt. It costs about six gradients, and no matrix is formed.
//
//	JᵀHJv
//
// loss depends on wrt through y; other ways do not count. PyTorch has no such
// function. Errors are those of [JVP], and of [Grad] for loss.
//
// Schraudolph, "Fast curvature matrix-vector products for second-order gradient
// descent", Neural Computation 14(7), 2002.
func GNVP(loss, y *Node, wrt, v []*Node) ([]*Node, error) {
	jv, err := jvp(y, wrt, v)
	if err != nil {
		return nil, named("GNVP", err)
	}
	dy, err := Grad(loss, y)
	if err != nil {
		return nil, named("GNVP", err)
	}
	// Not by HVP, which holds v fixed: jv depends on wrt, and the product can be
	// differentiated again.
	hjv, err := jvp(dy[0], []*Node{y}, []*Node{jv})
	if err != nil {
		return nil, named("GNVP", err)
	}
	products, err := VJP(y, hjv, wrt...)
	return products, named("GNVP", err)
}
