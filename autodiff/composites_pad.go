package autodiff

import "github.com/downhill-go/downhill/tensor"

// PadReflect returns x with its own elements around it, in the opposite order from the
// edge on, without the edge. widths are those of [Pad], from 0 to the length less 1.
//
//	a b c d → c b a b c d c b, for widths of 2
//	x̄ = Σ ȳ over the places where an element went
//
// It matches torch.nn.functional.pad with mode="reflect", and takes any axes. It
// records [ErrShape] as Pad does, and for widths out of range.
func PadReflect(x *Node, widths ...int) *Node {
	return padFrom("PadReflect", x, widths, func(n int) int { return n - 1 }, func(i, n int) int {
		if i < 0 {
			return -i
		}
		return 2*(n-1) - i
	})
}

// PadReplicate returns x with the elements at its edges repeated around it. widths are
// those of [Pad], from 0 on.
//
//	a b c d → a a a b c d d d, for widths of 2
//
// It matches torch.nn.functional.pad with mode="replicate", and takes any axes. Errors
// are those of [PadReflect].
func PadReplicate(x *Node, widths ...int) *Node {
	const most = 1 << 30
	return padFrom("PadReplicate", x, widths, func(int) int { return most }, func(i, n int) int { return min(max(i, 0), n-1) })
}

// PadCircular returns x with the elements of its other end around it, as if it were a
// ring. widths are those of [Pad], from 0 to the length.
//
//	a b c d → c d a b c d a b, for widths of 2
//
// It matches torch.nn.functional.pad with mode="circular", and takes any axes. Errors
// are those of [PadReflect].
func PadCircular(x *Node, widths ...int) *Node {
	return padFrom("PadCircular", x, widths, func(n int) int { return n }, func(i, n int) int { return (i%n + n) % n })
}

// padFrom returns x with elements around it that are taken from the places that from
// gives for those outside. most is the largest width of an axis of length n.
func padFrom(fn string, x *Node, widths []int, most func(n int) int, from func(i, n int) int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	fail := func(err error) *Node { return Invalid(x.Graph(), "autodiff."+fn, err, s) }
	if len(widths)%2 != 0 || len(widths) > 2*len(s) {
		return fail(shapeError([]tensor.Shape{s}, "%d widths, want two for an axis", len(widths)))
	}
	y := x
	for i := 0; i < len(widths); i += 2 {
		a, before, behind := len(s)-1-i/2, widths[i], widths[i+1]
		n := s[a]
		if min(before, behind) < 0 || max(before, behind) > most(n) {
			return fail(shapeError([]tensor.Shape{s}, "axis %d cannot have the widths %d and %d, want 0 to %d", a, before, behind, most(n)))
		}
		if before+behind == 0 {
			continue
		}
		places := make([]float64, before+n+behind)
		for k := range places {
			p := k - before
			if p < 0 || p >= n {
				p = from(p, n)
			}
			places[k] = float64(p)
		}
		y = IndexSelect(y, a, constLike(y, places, tensor.Shape{len(places)}))
	}
	return as(fn, y, x)
}
