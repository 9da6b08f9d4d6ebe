package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// The losses in this file are those of all elements or examples, as PyTorch's with
// reduction="none": Mean or Sum makes one number of them. Their arguments broadcast.

// HuberLoss returns ½r² where |r| < δ, else δ(|r| − ½δ), for r = x − target,
// elementwise.
//
//	x̄ = ȳ·r limited to [−δ, δ]
//
// It matches torch.nn.functional.huber_loss, whose default is δ = 1. It records
// [tensor.ErrValue] unless δ > 0.
//
// Reference: P. J. Huber. Robust Estimation of a Location Parameter. 1964.
func HuberLoss(x, target *Node, delta float64) *Node {
	const fn = "HuberLoss"
	r := as(fn, Sub(x, target), x, target)
	if nodeErr(r) != nil {
		return r
	}
	if !(delta > 0) {
		return Invalid(x.Graph(), "autodiff."+fn, fmt.Errorf("%w: δ is %v, want more than 0", tensor.ErrValue, delta))
	}
	return huber(r, delta)
}

func huber(r *Node, delta float64) *Node {
	far := Ge(Abs(r), delta)
	z := Where(far, 0, r) // no slope of r² comes from afar, where it can be infinite
	return Where(far, Mul(Sub(Abs(r), delta/2), delta), Mul(Square(z), 0.5))
}

// SmoothL1Loss returns ½r²/β where |r| < β, else |r| − ½β, for r = x − target,
// elementwise: [HuberLoss] divided by β. A β of 0 gives |r|, with the slope 0 at 0. It
// matches torch.nn.functional.smooth_l1_loss, whose default is β = 1, but for that
// slope, which is −1 there. It records [tensor.ErrValue] unless β ≥ 0.
func SmoothL1Loss(x, target *Node, beta float64) *Node {
	const fn = "SmoothL1Loss"
	r := as(fn, Sub(x, target), x, target)
	switch {
	case nodeErr(r) != nil:
		return r
	case !(beta >= 0):
		return Invalid(x.Graph(), "autodiff."+fn, fmt.Errorf("%w: β is %v, want at least 0", tensor.ErrValue, beta))
	case beta == 0:
		return Abs(r)
	}
	return Div(huber(r, beta), beta)
}

// KLDivLoss returns target·(ln target − x), 0 where target is 0, elementwise: the
// terms of the divergence from probabilities, target, to those whose logarithm is x.
// It matches torch.nn.functional.kl_div. Its mean is not the divergence of a batch:
// that is the sum divided by the number of examples, PyTorch's "batchmean".
func KLDivLoss(x, target *Node) *Node {
	return as("KLDivLoss", Sub(Xlogy(target, target), Mul(target, x)), x, target)
}

// PoissonNLLLoss returns eˣ − target·x, elementwise: the negative logarithm of the
// probability of the count target, but for terms of target alone, when x is the
// logarithm of the rate. It matches torch.nn.functional.poisson_nll_loss with its
// defaults.
func PoissonNLLLoss(x, target *Node) *Node {
	return as("PoissonNLLLoss", Sub(Exp(x), Mul(target, x)), x, target)
}

// GaussianNLLLoss returns the negative logarithm of the density of the normal
// distribution of the given mean and variance at target, without its constant
// ½ ln 2π, elementwise.
//
//	y = ½(ln v + (x − target)²/v), v = max(variance, ε)
//
// The gradient of v goes to variance also where ε is larger. It matches
// torch.nn.functional.gaussian_nll_loss, whose default is ε = 1e-6, and which refuses
// a variance below 0; here that counts as ε.
func GaussianNLLLoss(x, target, variance *Node, eps float64) *Node {
	v := CustomGrad(Maximum(variance, eps), []*Node{variance}, func(_ []*Node, _, dv *Node) []*Node { return []*Node{dv} })
	y := Mul(Add(Log(v), Div(Square(Sub(x, target)), v)), 0.5)
	return as("GaussianNLLLoss", y, x, target, variance)
}

// SoftMarginLoss returns ln(1 + exp(−target·x)), for targets of 1 and −1,
// elementwise. It matches torch.nn.functional.soft_margin_loss, without its overflow.
func SoftMarginLoss(x, target *Node) *Node {
	return as("SoftMarginLoss", Neg(LogSigmoid(Mul(x, target))), x, target)
}

// HingeEmbeddingLoss returns x where target is 1, and max(0, margin − x) where it is
// −1, elementwise. The slope at the margin is −1. It matches
// torch.nn.functional.hinge_embedding_loss, whose default margin is 1.
func HingeEmbeddingLoss(x, target *Node, margin float64) *Node {
	y := Add(Where(Ne(target, 1), notBelowZero(Sub(margin, x)), 0), Where(Ne(target, -1), x, 0))
	return as("HingeEmbeddingLoss", y, x, target)
}

// MarginRankingLoss returns max(0, margin − target·(a − b)), elementwise: target is 1
// where a is to be the larger one, and −1 where b is. The slope at 0 is that above
// it. It matches torch.nn.functional.margin_ranking_loss, whose default margin is 0.
func MarginRankingLoss(a, b, target *Node, margin float64) *Node {
	y := notBelowZero(Sub(margin, Mul(target, Sub(a, b))))
	return as("MarginRankingLoss", y, a, b, target)
}

// TripletMarginLoss returns how much closer than margin the distance to a negative
// example is, compared with that to a positive one.
//
//	y = max(0, d(anchor, positive) − d(anchor, negative) + margin)
//
// d is [PairwiseDistance] along the last axis. It matches
// torch.nn.functional.triplet_margin_loss, whose defaults are a margin of 1 and
// ε = 1e-6.
func TripletMarginLoss(anchor, positive, negative *Node, margin, eps float64) *Node {
	near, far := PairwiseDistance(anchor, positive, eps), PairwiseDistance(anchor, negative, eps)
	return as("TripletMarginLoss", notBelowZero(Add(Sub(near, far), margin)), anchor, positive, negative)
}

// PairwiseDistance returns the distance of a and b along the last axis, which the
// result does not have any more.
//
//	y = √Σ (a − b + ε)²
//
// It matches torch.nn.functional.pairwise_distance with p=2, whose default is
// ε = 1e-6. It records [ErrShape] for scalars.
func PairwiseDistance(a, b *Node, eps float64) *Node {
	r := Add(Sub(a, b), eps)
	if nodeErr(r) == nil && Rank(r) == 0 {
		return Invalid(r.Graph(), "autodiff.PairwiseDistance", shapeError([]tensor.Shape{a.Shape(), b.Shape()}, "scalars have no last axis"))
	}
	return as("PairwiseDistance", Norm(r, -1), a, b)
}

// CosineSimilarity returns the cosine of the angle of a and b along axis, which the
// result does not have any more.
//
//	y = Σ a·b/(max(‖a‖, ε)·max(‖b‖, ε))
//
// It matches torch.nn.functional.cosine_similarity, whose defaults are axis 1 and
// ε = 1e-8; the gradient of a vector shorter than ε, which has a term too many there,
// is that of the formula. It records [ErrShape] for a bad axis of what a and b
// broadcast to.
func CosineSimilarity(a, b *Node, axis int, eps float64) *Node {
	const fn = "CosineSimilarity"
	if bad := firstInvalid(fn, a, b); bad != nil {
		return bad
	}
	in := []tensor.Shape{a.Shape(), b.Shape()}
	s, err := tensor.Broadcast(in...)
	if err == nil {
		axis, err = tensor.Axis(axis, len(s))
	}
	if err != nil {
		return Invalid(a.Graph(), "autodiff."+fn, err, in...)
	}
	unit := func(x *Node) *Node {
		x = Expand(x, s...)
		n := Norm(x, axis)
		return Div(x, Unsqueeze(Where(Lt(n, eps), eps, n), axis))
	}
	return as(fn, Sum(Mul(unit(a), unit(b)), axis), a, b)
}

// notBelowZero returns max(x, 0), with a slope of 1 at 0.
func notBelowZero(x *Node) *Node { return Where(Lt(x, 0), 0, x) }
