package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Reshape returns the elements of x, in row-major order, in another shape. One
// dimension may be −1: it is what the number of elements leaves. No dims give a
// scalar. Reshaping moves no data.
//
//	x̄ = ȳ, in the shape of x
//
// It matches torch.reshape. It records [ErrShape] when the sizes differ.
func Reshape(x *Node, dims ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Reshape", x)
	}
	to := append(tensor.Shape{}, dims...)
	rest, hole := tensor.Size(shapeOf(x)), -1
	for i, d := range to {
		switch {
		case d == -1 && hole < 0:
			hole = i
		case d > 0:
			rest /= d // the shape rule checks that nothing is left
		}
	}
	if hole >= 0 && rest > 0 {
		to[hole] = rest
	}
	return apply(reshape{to}, x)
}

// Flatten returns the elements of x as a vector. It matches torch.flatten.
func Flatten(x *Node) *Node { return as("Flatten", Reshape(x, -1), x) }

// Unsqueeze returns x with a dimension of 1 put in at axis, which may be one
// past the last. It matches torch.unsqueeze.
func Unsqueeze(x *Node, axis int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Unsqueeze", x)
	}
	s := x.Shape()
	a, err := tensor.Axis(axis, len(s)+1)
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Unsqueeze", err, s)
	}
	to := append(append(append(tensor.Shape{}, s[:a]...), 1), s[a:]...)
	return Reshape(x, to...)
}

// Squeeze returns x without the given axes, which must have size 1; without
// axes, without all dimensions of 1. It matches torch.squeeze, except that
// torch leaves a named axis alone when it is longer than 1.
func Squeeze(x *Node, axes ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Squeeze", x)
	}
	s := x.Shape()
	if len(axes) == 0 {
		for i, d := range s {
			if d == 1 {
				axes = append(axes, i)
			}
		}
		if len(axes) == 0 {
			return x
		}
	}
	drop, err := tensor.Axes(axes, len(s))
	for _, a := range drop {
		if err == nil && s[a] != 1 {
			err = shapeError([]tensor.Shape{s}, "axis %d has size %d, want 1", a, s[a])
		}
	}
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Squeeze", err, s)
	}
	return Reshape(x, tensor.Reduce(s, drop, false)...)
}

type reshape struct{ To tensor.Shape }

func (reshape) Name() string { return "Reshape" }

func (p reshape) Shape(in []tensor.Shape) (tensor.Shape, error) {
	rest := tensor.Size(in[0]) // what the dimensions so far leave
	for _, d := range p.To {
		if d < 1 || rest%d != 0 {
			return nil, shapeError(in, "%d elements cannot be reshaped to %v", tensor.Size(in[0]), p.To)
		}
		rest /= d
	}
	if rest != 1 {
		return nil, shapeError(in, "%d elements cannot be reshaped to %v", tensor.Size(in[0]), p.To)
	}
	return p.To, nil
}

func (p reshape) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Reshape(dy, shapeOf(x[0])...)} }

func (p reshape) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (p reshape) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}

// Expand returns x broadcast to the given shape.
//
//	x̄ = Σ ȳ over what was repeated
//
// It matches torch.broadcast_to. It records [ErrShape] when x does not broadcast
// to exactly that shape.
func Expand(x *Node, dims ...int) *Node { return apply(expand{append(tensor.Shape{}, dims...)}, x) }

type expand struct{ To tensor.Shape }

func (expand) Name() string { return "Expand" }

func (p expand) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out, err := tensor.Broadcast(in[0], p.To)
	if err != nil || !slices.Equal(out, p.To) {
		return nil, shapeError(in, "does not broadcast to %v", p.To)
	}
	return p.To, nil
}

func (p expand) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{dy} }

func (p expand) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindExpand(dst, in[0])
}
func (p expand) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindExpand(dst, in[0])
}

func bindExpand[T tensor.Float](dst, x *tensor.Array[T]) func() {
	return bindCopy(dst, tensor.Strides(dst.Shape), 0, x, tensor.BroadcastStrides(x.Shape, dst.Shape), 0, dst.Shape)
}

// Slice returns the elements start, start+step, ... below stop of x along axis,
// by Python's rules: negative start and stop count from the end, and both are
// clipped to the length. step is 1 unless given.
//
//	x̄ = ȳ in the places it was taken from, 0 elsewhere
//
// It matches x[start:stop:step]. It records [ErrShape] for a bad axis, a step
// below 1, and a slice without elements.
func Slice(x *Node, axis, start, stop int, step ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Slice", x)
	}
	s := x.Shape()
	fail := func(err error) *Node { return Invalid(x.Graph(), "autodiff.Slice", err, s) }
	a, err := tensor.Axis(axis, len(s))
	if err != nil {
		return fail(err)
	}
	by := 1
	if len(step) > 0 {
		by = step[0]
	}
	if by < 1 || len(step) > 1 {
		return fail(shapeError([]tensor.Shape{s}, "step %v, want one number of at least 1", step))
	}
	from, to := clip(start, s[a]), clip(stop, s[a])
	if from >= to {
		return fail(shapeError([]tensor.Shape{s}, "[%d:%d] of axis %d has no elements", start, stop, axis))
	}
	return apply(slice{Axis: a, Start: from, Step: by, Len: (to-from-1)/by + 1}, x)
}

func clip(i, n int) int {
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}

// At returns the scalar element of x at the given index, one number per axis;
// negative numbers count from the end. It matches x[i, j, ...].
func At(x *Node, index ...int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("At", x)
	}
	s := x.Shape()
	if len(index) != len(s) {
		return Invalid(x.Graph(), "autodiff.At", shapeError([]tensor.Shape{s}, "index %v, want one number per axis", index), s)
	}
	flat := 0
	for axis, i := range index {
		at, err := tensor.Axis(i, s[axis])
		if err != nil {
			return Invalid(x.Graph(), "autodiff.At", shapeError([]tensor.Shape{s}, "index %v is outside", index), s)
		}
		flat = flat*s[axis] + at
	}
	return Reshape(Slice(Flatten(x), 0, flat, flat+1))
}

// slice takes Len elements of an axis from Start on, Step apart; in the opposite
// order when Step is negative.
type slice struct{ Axis, Start, Step, Len int }

func (slice) Name() string { return "Slice" }

func (p slice) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if last := p.Start + (p.Len-1)*p.Step; last >= in[0][p.Axis] {
		return nil, shapeError(in, "element %d of axis %d is outside", last, p.Axis)
	}
	out := in[0].Clone()
	out[p.Axis] = p.Len
	return out, nil
}

func (p slice) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{apply(spread{p, Dim(x[0], p.Axis)}, dy)}
}

func (p slice) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSlice(p, dst, in[0])
}
func (p slice) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSlice(p, dst, in[0])
}

func bindSlice[T tensor.Float](p slice, dst, x *tensor.Array[T]) func() {
	from := tensor.Strides(x.Shape)
	offset := p.Start * from[p.Axis]
	from[p.Axis] *= p.Step
	return bindCopy(dst, tensor.Strides(dst.Shape), 0, x, from, offset, dst.Shape)
}

// spread is the transpose of a slice: it puts the elements of its input where
// the slice takes them from, in zeros of length Size along the axis.
type spread struct {
	slice
	Size int
}

func (spread) Name() string { return "Spread" }

func (p spread) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out := in[0].Clone()
	out[p.Axis] = p.Size
	return out, nil
}

func (p spread) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{apply(p.slice, dy)} }

func (p spread) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSpread(p, dst, in[0])
}
func (p spread) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSpread(p, dst, in[0])
}

func bindSpread[T tensor.Float](p spread, dst, x *tensor.Array[T]) func() {
	to := tensor.Strides(dst.Shape)
	offset := p.Start * to[p.Axis]
	to[p.Axis] *= p.Step
	put := bindCopy(dst, to, offset, x, tensor.Strides(x.Shape), 0, x.Shape)
	return func() {
		kernel.Fill(dst.Data, 0)
		put()
	}
}

// Concat returns its arguments one after the other along axis. Their other
// dimensions must agree.
//
//	x̄ᵢ = the part of ȳ that came from xᵢ
//
// It matches torch.cat.
func Concat(axis int, xs ...*Node) *Node {
	if len(xs) == 0 {
		return Invalid(nil, "autodiff.Concat", fmt.Errorf("%w: no arguments", ErrShape))
	}
	if bad := firstInvalid("Concat", xs...); bad != nil {
		return bad
	}
	a, err := tensor.Axis(axis, Rank(xs[0]))
	if err != nil {
		return Invalid(xs[0].Graph(), "autodiff.Concat", err, xs[0].Shape())
	}
	return apply(concat{a}, xs...)
}

// Stack returns its arguments, all of one shape, along a new axis. It matches
// torch.stack.
func Stack(axis int, xs ...*Node) *Node {
	rows := make([]*Node, len(xs))
	for i, x := range xs {
		rows[i] = Unsqueeze(x, axis)
	}
	return as("Stack", Concat(axis, rows...), xs...)
}

type concat struct{ Axis int }

func (concat) Name() string { return "Concat" }

func (p concat) Shape(in []tensor.Shape) (tensor.Shape, error) {
	out := in[0].Clone()
	out[p.Axis] = 0
	for _, s := range in {
		if len(s) != len(out) {
			return nil, shapeError(in, "ranks differ")
		}
		for i, d := range s {
			if i != p.Axis && d != in[0][i] {
				return nil, shapeError(in, "differ outside of axis %d", p.Axis)
			}
		}
		out[p.Axis] += s[p.Axis]
	}
	return out, nil
}

func (p concat) VJP(x []*Node, y, dy *Node) []*Node {
	dx := make([]*Node, len(x))
	start := 0
	for i := range x {
		n := Dim(x[i], p.Axis)
		dx[i] = Slice(dy, p.Axis, start, start+n)
		start += n
	}
	return dx
}

func (p concat) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindConcat(p.Axis, dst, in)
}
func (p concat) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindConcat(p.Axis, dst, in)
}

func bindConcat[T tensor.Float](axis int, dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	outer := tensor.Size(dst.Shape[:axis])
	row := tensor.Size(dst.Shape[axis:])
	return func() {
		start := 0
		for _, x := range in {
			n := len(x.Data) / outer
			for i := range outer {
				copy(dst.Data[i*row+start:i*row+start+n], x.Data[i*n:(i+1)*n])
			}
			start += n
		}
	}
}
