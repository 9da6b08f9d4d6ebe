package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// TakeAlongAxis is [Gather] for an x and an index that broadcast against each other
// on all axes but the given one, as [Argmax] with the axis put back has it.
//
// It matches torch.take_along_dim with dim. It records [ErrShape] for a bad axis,
// other ranks, and shapes that do not broadcast.
func TakeAlongAxis(x *Node, axis int, index *Node) *Node {
	if bad := firstInvalid("TakeAlongAxis", x, index); bad != nil {
		return bad
	}
	a, bad := indexAxis("TakeAlongAxis", x, axis)
	if bad != nil {
		return bad
	}
	in := []tensor.Shape{x.Shape(), index.Shape()}
	fail := func(err error) *Node { return Invalid(x.Graph(), "autodiff.TakeAlongAxis", err, in...) }
	if len(in[0]) != len(in[1]) {
		return fail(shapeError(in, "ranks differ"))
	}
	from, at := in[0].Clone(), in[1].Clone()
	from[a], at[a] = 1, 1
	to, err := tensor.Broadcast(from, at)
	if err != nil {
		return fail(shapeError(in, "do not broadcast outside of axis %d", a))
	}
	from, at = to.Clone(), to.Clone()
	from[a], at[a] = in[0][a], in[1][a]
	return as("TakeAlongAxis", apply(gather{Axis: a}, Expand(x, from...), Expand(index, at...)), x, index)
}

// Embedding returns the rows of weight, a matrix of shape (n, width), at the places
// index of any shape (...), in shape (..., width).
//
//	y[..., j] = weight[index[...], j]
//	the gradient of weight[i] is Σ ȳ[...] over the places where index is i
//
// Places are as in [Gather]: a row at a number that is none is NaN. It matches
// torch.nn.functional.embedding, which takes integers and refuses those out of
// range. It records [ErrShape] when weight is not a matrix.
func Embedding(weight, index *Node) *Node {
	if bad := firstInvalid("Embedding", weight, index); bad != nil {
		return bad
	}
	in := []tensor.Shape{weight.Shape(), index.Shape()}
	if len(in[0]) != 2 {
		return Invalid(weight.Graph(), "autodiff.Embedding", shapeError(in, "want a matrix as the weight"), in...)
	}
	rows := apply(indexSelect{Axis: 0}, weight, Flatten(index))
	return as("Embedding", Reshape(rows, append(in[1].Clone(), in[0][1])...), weight, index)
}

// MaskedFill returns v where mask is not 0 and x elsewhere, with broadcasting. NaN
// is not 0.
//
//	x̄ = 0 where mask ≠ 0, else ȳ
//
// mask has no gradient. It matches torch.masked_fill, whose mask is boolean.
func MaskedFill(x, mask *Node, v float64) *Node {
	if bad := firstInvalid("MaskedFill", x, mask); bad != nil {
		return bad
	}
	return as("MaskedFill", Where(mask, v, x), x, mask)
}

// Unfold returns the windows of the given size along axis that start step elements
// apart, as many as there are without padding. The axis counts the windows, and a
// new last axis the elements in them; for a vector:
//
//	y[i, j] = x[i·step + j], x̄[k] = Σ ȳ[i, j] over i·step + j = k
//
// It matches Tensor.unfold. It records [ErrShape] for a bad axis, a size below 1 or
// above the length, a step below 1, and an axis of more than 2²⁴ elements.
func Unfold(x *Node, axis, size, step int) *Node {
	a, bad := indexAxis("Unfold", x, axis)
	if bad != nil {
		return bad
	}
	s := x.Shape()
	fail := func(format string, args ...any) *Node {
		return Invalid(x.Graph(), "autodiff.Unfold", shapeError([]tensor.Shape{s}, format, args...), s)
	}
	const most = 1 << 24 // float32 counts so far
	switch {
	case size < 1 || size > s[a] || step < 1:
		return fail("axis %d has no windows of size %d at a step of %d", axis, size, step)
	case s[a] > most:
		return fail("axis %d has more than %d elements", axis, most)
	}
	count := (s[a]-size)/step + 1
	starts := Mul(countLike(x, count, 1), step)
	places := Flatten(Add(starts, countLike(x, size)))
	windows := apply(indexSelect{Axis: a}, x, places)
	y := Reshape(windows, slices.Concat(s[:a], tensor.Shape{count, size}, s[a+1:])...)
	if a == len(s)-1 {
		return as("Unfold", y, x)
	}
	perm := make([]int, 0, len(s)+1)
	for i := range len(s) + 1 {
		if i != a+1 {
			perm = append(perm, i)
		}
	}
	return as("Unfold", Transpose(y, append(perm, a+1)...), x)
}

// Median returns the median of the elements of x along axis, which the results do
// not have any more, and its place. Of an even number of elements it is the lower
// of the two in the middle, and where one is NaN it is NaN, the first.
//
//	value = Gather(x, axis, index), x̄[index] = ȳ, 0 elsewhere
//
// It matches torch.median with dim, which leaves open which of equal elements it
// takes: here it is the one in the middle of [Sort]. It records [ErrShape] as Sort.
func Median(x *Node, axis int) (value, index *Node) {
	a, bad := sortAxis("Median", x, axis)
	if bad != nil {
		return bad, bad
	}
	n := Dim(x, a)
	order := as("Median", apply(argsort{Axis: a}, x), x)
	middle := Slice(order, a, (n-1)/2, (n-1)/2+1)
	largest := apply(gather{Axis: a}, x, Slice(order, a, n-1, n))
	// NaN is above all others in the order, so that the first is the Argmax.
	at := Where(Isnan(largest), Unsqueeze(apply(argExtremum{Axis: a}, x), a), middle)
	return Squeeze(apply(gather{Axis: a}, x, at), a), Squeeze(at, a)
}

// Sparsemax returns the point of the probability simplex that is nearest to x, along
// axis: like [Softmax] it is positive and its sum is 1, but small elements become 0.
//
//	y = max(x − τ, 0), with τ such that Σ y = 1
//	x̄ = ȳ − (Σ ȳ over the support)/(its size) on the support, where y > 0; 0 elsewhere
//
// It is from Martins and Astudillo, "From Softmax to Sparsemax", ICML 2016; PyTorch
// has none. NaN or +Inf on the axis makes all of y NaN, as in Softmax. It records
// [ErrShape] as [Sort].
func Sparsemax(x *Node, axis int) *Node {
	a, bad := sortAxis("Sparsemax", x, axis)
	if bad != nil {
		return bad
	}
	z := Sub(x, StopGradient(MaxKeep(x, a))) // the same y, without large sums that lose digits
	support := sparsemaxSupport(StopGradient(z), a)
	threshold := Div(Sub(SumKeep(Where(support, z, 0), a), 1), SumKeep(support, a))
	return as("Sparsemax", Relu(Sub(z, threshold)), x)
}

// sparsemaxSupport returns 1 where the sparsemax of z along axis is positive: with
// z₁ ≥ z₂ ≥ ..., for the first k elements, where k is the largest for which
//
//	1 + k·zₖ > z₁ + ... + zₖ
func sparsemaxSupport(z *Node, axis int) *Node {
	values, _ := Sort(z, axis, true)
	sums := Cumsum(values, axis)
	count := slices.Repeat([]int{1}, Rank(z))
	count[axis] = Dim(z, axis)
	k := Add(countLike(z, count...), 1)
	in := Gt(Add(Mul(k, values), 1), sums)
	threshold := Div(Sub(SumKeep(Where(in, values, 0), axis), 1), SumKeep(in, axis))
	return Gt(z, threshold)
}
