package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// Rademacher returns a probe for [HutchinsonTrace] and [HutchinsonDiagonal]: for each
// of like a node of its shape and dtype, whose elements are 1 or −1 with equal
// probability, independent of each other, and drawn anew in every run.
// [RandUniform] says how the seed counts, so give each probe a seed of its own.
//
// It is like 2·torch.randint(0, 2, shape) − 1. The like must be of one dtype; it
// returns invalid nodes with [ErrGraph] or [ErrDtype] when they are not.
func Rademacher(seed uint64, like ...*Node) []*Node {
	if len(like) == 0 {
		return nil
	}
	if bad := unlike("Rademacher", like); bad != nil {
		return slices.Repeat([]*Node{bad}, len(like))
	}
	n := 0
	for _, x := range like {
		n += tensor.Size(x.Shape())
	}
	// One stream for all, as two nodes of one seed would have the same signs.
	signs := Sub(Mul(2, RandBernoulli(like[0].Graph(), like[0].Dtype(), seed, 0.5, n)), 1)
	out := make([]*Node, len(like))
	n = 0
	for i, x := range like {
		next := n + tensor.Size(x.Shape())
		out[i] = Reshape(Slice(signs, 0, n, next), x.Shape()...)
		n = next
	}
	return out
}

// unlike returns an invalid node that names fn unless nodes are valid, and all of the
// graph and dtype of the first.
func unlike(fn string, nodes []*Node) *Node {
	if bad := firstInvalid(fn, nodes...); bad != nil {
		return bad
	}
	for _, x := range nodes {
		err := checkDtype(x, nodes[0])
		if x.Graph() != nodes[0].Graph() {
			err = fmt.Errorf("%w: %v and %v", ErrGraph, nodes[0], x)
		}
		if err != nil {
			return Invalid(nodes[0].Graph(), "autodiff."+fn, err)
		}
	}
	return nil
}

// HutchinsonTrace returns an estimate of the trace of the Hessian of loss, the
// [Laplacian], from products with random vectors. Each probe v has a node of the
// shape of each of wrt, with independent elements of mean 0 and variance 1, as
// [Rademacher] makes them, and costs about two gradients. Probes are held fixed.
//
//	t = 1/s·Σₛ vₛᵀHvₛ
//
// The expectation is the trace. With elements ±1 the variance is 2/s·Σᵢ≠ⱼ Hᵢⱼ², the
// smallest that independent elements give, and the estimate is exact where H is
// diagonal; with normal elements the variance is 2/s·Σᵢⱼ Hᵢⱼ².
//
// PyTorch has no such function; its vhp makes the products. Errors are those of
// [HVP]; neither wrt nor probes may be empty.
//
// Hutchinson, "A stochastic estimator of the trace of the influence matrix for
// Laplacian smoothing splines", Communications in Statistics 19(2), 1990.
func HutchinsonTrace(loss *Node, wrt []*Node, probes ...[]*Node) (*Node, error) {
	products, err := hessianProducts(loss, wrt, probes)
	if err != nil {
		return nil, named("HutchinsonTrace", err)
	}
	t := ConstLike(loss, 0)
	for s, hv := range products {
		for i := range wrt {
			t = Add(t, Dot(StopGradient(probes[s][i]), hv[i]))
		}
	}
	t = Div(t, len(probes))
	return t, named("HutchinsonTrace", Err(t))
}

// HutchinsonDiagonal returns an estimate of the diagonal of the Hessian of loss, in
// the shapes of wrt; probes are those of [HutchinsonTrace].
//
//	d = Σₛ vₛ∘Hvₛ / Σₛ vₛ∘vₛ, elementwise
//
// With elements ±1 the divisor is the number s of probes, the expectation of d the
// diagonal, and the variance of dᵢ is 1/s·Σⱼ≠ᵢ Hᵢⱼ²: d is exact where H is diagonal.
// The unit vectors, one probe each, give the diagonal itself. Where all probes are 0
// it is NaN. AdaHessian divides by a moving average of such d.
//
// PyTorch has no such function. Errors are those of [HVP]; neither wrt nor probes may be empty.
//
// Bekas, Kokiopoulou and Saad, "An estimator for the diagonal of a matrix", Applied
// Numerical Mathematics 57(11-12), 2007.
func HutchinsonDiagonal(loss *Node, wrt []*Node, probes ...[]*Node) ([]*Node, error) {
	products, err := hessianProducts(loss, wrt, probes)
	if err != nil {
		return nil, named("HutchinsonDiagonal", err)
	}
	d := make([]*Node, len(wrt))
	for i, x := range wrt {
		sum, weight := zerosLike(x), zerosLike(x)
		for s, hv := range products {
			v := StopGradient(probes[s][i])
			sum, weight = Add(sum, Mul(v, hv[i])), Add(weight, Square(v))
		}
		d[i] = Div(sum, weight)
	}
	return d, nil
}

// hessianProducts returns H·v for each of probes, as [HVP].
func hessianProducts(loss *Node, wrt []*Node, probes [][]*Node) ([][]*Node, error) {
	if len(wrt) == 0 || len(probes) == 0 {
		return nil, gradError(fmt.Errorf("%w: an estimate needs at least one parameter and one probe", ErrNil))
	}
	grads, err := Grad(loss, wrt...)
	if err != nil {
		return nil, err
	}
	products := make([][]*Node, len(probes))
	for s, v := range probes {
		if products[s], err = alongGrads(loss, grads, wrt, v); err != nil {
			return nil, err
		}
	}
	return products, nil
}
