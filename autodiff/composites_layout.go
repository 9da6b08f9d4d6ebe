package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// The functions in this file move elements: they are slices, their transposes,
// and repetitions, exact for every float.

// Split returns the pieces of x along axis that have the given sizes, which must
// add up to its length. A single size is repeated, and the last piece smaller if
// it has to be.
//
//	x̄ = the ȳ of all pieces, one after the other
//
// It matches torch.split, with the sizes as a list or one number. It records
// [ErrShape] for a bad axis and sizes that do not fit. After a mistake there is one
// invalid piece for each size.
func Split(x *Node, axis int, sizes ...int) []*Node {
	fail := func(bad *Node) []*Node { return slices.Repeat([]*Node{bad}, max(len(sizes), 1)) }
	if nodeErr(x) != nil {
		return fail(firstInvalid("Split", x))
	}
	s := x.Shape()
	invalid := func(err error) []*Node { return fail(Invalid(x.Graph(), "autodiff.Split", err, s)) }
	a, err := tensor.Axis(axis, len(s))
	if err != nil {
		return invalid(err)
	}
	if len(sizes) == 1 && sizes[0] > 0 {
		return pieces(x, a, sizes[0])
	}
	rest := s[a]
	for _, n := range sizes {
		if n < 1 || n > rest {
			return invalid(shapeError([]tensor.Shape{s}, "axis %d of size %d cannot be split into %v", axis, s[a], sizes))
		}
		rest -= n
	}
	if rest > 0 {
		return invalid(shapeError([]tensor.Shape{s}, "axis %d of size %d cannot be split into %v", axis, s[a], sizes))
	}
	out, start := make([]*Node, len(sizes)), 0
	for i, n := range sizes {
		out[i] = Slice(x, a, start, start+n)
		start += n
	}
	return out
}

// Chunk returns x in n pieces along axis, all of one size but the last, which can
// be smaller. There are fewer than n where the sizes come out so, 5 elements in 4
// pieces being 2, 2 and 1.
//
//	x̄ = the ȳ of all pieces, one after the other
//
// It matches torch.chunk. It records [ErrShape] for a bad axis and n below 1. After
// a mistake there are n invalid pieces, or 1000 if that is less.
func Chunk(x *Node, axis, n int) []*Node {
	fail := func(bad *Node) []*Node { return slices.Repeat([]*Node{bad}, min(max(n, 1), 1000)) }
	if nodeErr(x) != nil {
		return fail(firstInvalid("Chunk", x))
	}
	s := x.Shape()
	a, err := tensor.Axis(axis, len(s))
	if err == nil && n < 1 {
		err = shapeError([]tensor.Shape{s}, "%d pieces, want at least 1", n)
	}
	if err != nil {
		return fail(Invalid(x.Graph(), "autodiff.Chunk", err, s))
	}
	return pieces(x, a, (s[a]-1)/n+1)
}

// pieces returns x in pieces of one size along axis, but the last.
func pieces(x *Node, axis, size int) []*Node {
	var out []*Node
	for start, n := 0, Dim(x, axis); start < n; start += min(size, n) {
		out = append(out, Slice(x, axis, start, start+min(size, n-start)))
	}
	return out
}

// Flip returns x with its elements in the opposite order along the given axes, or
// along all of them.
//
//	y[i] = x[n−1−i], x̄[i] = ȳ[n−1−i]
//
// It matches torch.flip, and numpy.flip in that no axes are all. It records
// [ErrShape] for a bad axis.
func Flip(x *Node, axes ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Flip", x)
	}
	turned, err := tensor.Axes(axes, Rank(x))
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Flip", err, x.Shape())
	}
	for _, a := range turned {
		if n := Dim(x, a); n > 1 {
			x = apply(slice{Axis: a, Start: n - 1, Step: -1, Len: n}, x)
		}
	}
	return x
}

// Roll returns x with its elements moved by shift places along axis; those that
// leave at the end come in at the start. A negative shift moves to the start.
//
//	y[i] = x[(i − shift) mod n]
//	x̄ = ȳ, rolled back
//
// It matches torch.roll with one shift. It records [ErrShape] for a bad axis.
func Roll(x *Node, axis, shift int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Roll", x)
	}
	a, err := tensor.Axis(axis, Rank(x))
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Roll", err, x.Shape())
	}
	n := Dim(x, a)
	shift = ((shift % n) + n) % n
	if shift == 0 {
		return x
	}
	return Concat(a, Slice(x, a, n-shift, n), Slice(x, a, 0, n-shift))
}

// Tile returns x repeated along each axis, as often as the number for it in times
// says. Where there are fewer numbers than axes, they are for the last ones; where
// there are more, x gets axes of 1 in front.
//
//	y[i, j, ...] = x[i mod n, j mod m, ...], x̄ = Σ ȳ over the repetitions
//
// It matches torch.tile and Tensor.repeat. It records [ErrShape] for a number below 1.
func Tile(x *Node, times ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Tile", x)
	}
	s := x.Shape()
	rank := max(len(s), len(times))
	to := append(slices.Repeat(tensor.Shape{1}, rank-len(s)), s...)
	times = append(slices.Repeat([]int{1}, rank-len(times)), times...)
	var apart, repeated, out tensor.Shape
	for i, n := range to {
		if times[i] < 1 || times[i] > math.MaxInt/n {
			return Invalid(x.Graph(), "autodiff.Tile", shapeError([]tensor.Shape{s}, "cannot be repeated %v times", times), s)
		}
		apart = append(apart, 1, n)
		repeated = append(repeated, times[i], n)
		out = append(out, times[i]*n)
	}
	return as("Tile", Reshape(Expand(Reshape(x, apart...), repeated...), out...), x)
}

// RepeatInterleave returns x with each element along axis repeated n times, beside
// each other.
//
//	y[i] = x[⌊i/n⌋], x̄ = Σ ȳ over the repetitions
//
// It matches torch.repeat_interleave with one number and an axis. It records
// [ErrShape] for a bad axis and n below 1.
func RepeatInterleave(x *Node, axis, n int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("RepeatInterleave", x)
	}
	s := x.Shape()
	a, err := tensor.Axis(axis, len(s))
	if err == nil && (n < 1 || n > math.MaxInt/s[a]) {
		err = shapeError([]tensor.Shape{s}, "cannot be repeated %d times", n)
	}
	if err != nil {
		return Invalid(x.Graph(), "autodiff.RepeatInterleave", err, s)
	}
	repeated := slices.Insert(slices.Clone(s), a+1, n)
	out := s.Clone()
	out[a] *= n
	return as("RepeatInterleave", Reshape(Expand(Unsqueeze(x, a+1), repeated...), out...), x)
}

// Pad returns x with elements of the given value put around it. widths has two
// numbers for an axis, how many before and how many behind; the first two are for
// the last axis, the next two for the one before it, and so on. Negative numbers
// take elements of x away.
//
//	x̄ = the part of ȳ where x went
//
// It matches torch.nn.functional.pad with mode="constant", where the value comes
// last. It records [ErrShape] for an odd number of widths, more than two for each
// axis, and widths that leave no element.
func Pad(x *Node, value float64, widths ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Pad", x)
	}
	s := x.Shape()
	fail := func(err error) *Node { return Invalid(x.Graph(), "autodiff.Pad", err, s) }
	if len(widths)%2 != 0 || len(widths) > 2*len(s) {
		return fail(shapeError([]tensor.Shape{s}, "%d widths, want two for an axis", len(widths)))
	}
	y := x
	for i := 0; i < len(widths); i += 2 {
		a, before, behind := len(s)-1-i/2, widths[i], widths[i+1]
		from, to := max(0, -before), s[a]+min(0, behind)
		const most = math.MaxInt / 4
		if from >= to || min(before, behind) < -s[a] || max(before, behind) > most {
			return fail(shapeError([]tensor.Shape{s}, "axis %d cannot have the widths %d and %d", a, before, behind))
		}
		y = Slice(y, a, from, to)
		if before > 0 || behind > 0 {
			y = surround(y, a, max(0, before), max(0, behind), value)
		}
	}
	return as("Pad", y, x)
}

// surround puts elements of a value before and behind x along axis.
func surround(x *Node, axis, before, behind int, value float64) *Node {
	if value == 0 && !math.Signbit(value) {
		n := Dim(x, axis)
		return apply(spread{slice{Axis: axis, Start: before, Step: 1, Len: n}, before + n + behind}, x)
	}
	fill := func(n int) []*Node {
		if n == 0 {
			return nil
		}
		s := x.Shape().Clone()
		s[axis] = n
		return []*Node{Expand(ConstLike(x, value), s...)}
	}
	return Concat(axis, append(append(fill(before), x), fill(behind)...)...)
}
