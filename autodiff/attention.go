package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// ScaledDotProductAttention returns for each of m queries the mean of n values,
// weighted by how well their keys fit the query. q has shape (..., m, e), k has
// (..., n, e), and v has (..., n, d); the result has (..., m, d). Leading axes, as
// batch and heads, broadcast.
//
//	y = softmax(q·kᵀ/√e + mask)·v
//
// mask is nil for none, or broadcasts to (..., m, n): 0 for a key that a query may
// look at, −Inf for one that it may not, and anything else as a bias. With causal,
// query i looks at keys 0 to i only, counted from the first also where m and n differ.
// A query that may look at no key has the result 0, and gradients of 0.
//
// It matches torch.nn.functional.scaled_dot_product_attention of PyTorch 2 without
// dropout. That refuses a mask together with is_causal; here both count. Before
// version 2.5 it has NaN for a query without keys. It records [ErrShape] for shapes
// that do not fit, and a mask that is larger than (..., m, n).
//
// Reference: A. Vaswani and others. Attention Is All You Need. NIPS 2017.
// https://arxiv.org/abs/1706.03762
func ScaledDotProductAttention(q, k, v, mask *Node, causal bool) *Node {
	const fn = "ScaledDotProductAttention"
	if bad := firstInvalid(fn, q, k, v); bad != nil {
		return bad
	}
	in := []tensor.Shape{q.Shape(), k.Shape(), v.Shape()}
	for _, s := range in {
		if len(s) < 2 {
			return Invalid(q.Graph(), "autodiff."+fn, shapeError(in, "want a query, keys and values of two axes and more"), in...)
		}
	}
	scores := as(fn, MatMul(Mul(q, 1/math.Sqrt(float64(Dim(q, -1)))), Transpose(k)), q, k)
	if nodeErr(scores) != nil {
		return scores
	}
	if mask != nil {
		scores = masked(fn, scores, mask)
	}
	if m, n := Dim(scores, -2), Dim(scores, -1); causal && n > 1 && nodeErr(scores) == nil {
		future := Gt(countLike(scores, n), countLike(scores, m, 1))
		scores = Where(future, math.Inf(-1), scores)
	}
	return as(fn, MatMul(softmaxOrZero(scores), v), q, k, v, mask)
}

// MultiHeadAttention is [ScaledDotProductAttention] by several heads, each of which
// has its part of the last axes: q has shape (..., m, e), k has (..., n, e) and v
// has (..., n, d), where heads divides e and d. The result has (..., m, d), the parts
// one after the other.
//
//	y = [head₁, head₂, ...], headᵢ = attention of qᵢ, kᵢ, vᵢ, the i-th parts
//
// mask is nil for none, or broadcasts to (..., heads, m, n). It is the core of
// torch.nn.functional.multi_head_attention_forward: the products before and behind
// it with weights, and their biases, are [MatMul] and [Add]. It records [ErrShape]
// where the heads do not divide the axes, and as ScaledDotProductAttention.
func MultiHeadAttention(q, k, v *Node, heads int, mask *Node, causal bool) *Node {
	const fn = "MultiHeadAttention"
	if bad := firstInvalid(fn, q, k, v); bad != nil {
		return bad
	}
	parts := make([]*Node, 3)
	for i, x := range []*Node{q, k, v} {
		s := x.Shape()
		if len(s) < 2 || heads < 1 || s[len(s)-1]%heads != 0 {
			return Invalid(q.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (..., length, size), with a size of %d parts", heads), s)
		}
		parts[i] = swapHeads(Reshape(x, append(s[:len(s)-1:len(s)-1], heads, s[len(s)-1]/heads)...))
	}
	y := swapHeads(ScaledDotProductAttention(parts[0], parts[1], parts[2], mask, causal))
	if nodeErr(y) == nil {
		s := y.Shape()
		y = Reshape(y, append(s[:len(s)-2:len(s)-2], s[len(s)-2]*s[len(s)-1])...)
	}
	return as(fn, y, q, k, v, mask)
}

// swapHeads exchanges the second and third last axes.
func swapHeads(x *Node) *Node {
	perm := make([]int, Rank(x))
	for i := range perm {
		perm[i] = i
	}
	if n := len(perm); n >= 3 {
		perm[n-3], perm[n-2] = n-2, n-3
	}
	return Transpose(x, perm...)
}

// masked returns scores + mask.
func masked(fn string, scores, mask *Node) *Node {
	s := scores.Shape()
	if bad := firstInvalid(fn, mask); bad != nil {
		return bad
	}
	sum := as(fn, Add(scores, mask), scores, mask)
	if nodeErr(sum) == nil && !slices.Equal(sum.Shape(), s) {
		return Invalid(scores.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s, mask.Shape()}, "the mask does not broadcast to the scores"), s, mask.Shape())
	}
	return sum
}

// softmaxOrZero returns the softmax of x along the last axis, and zeros where all x
// are −Inf.
func softmaxOrZero(x *Node) *Node {
	e := Exp(Sub(x, finiteMax(x, []int{-1})))
	s := SumKeep(e, -1)
	return Div(e, Where(Eq(s, 0), 1, s))
}
