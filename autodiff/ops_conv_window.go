package autodiff

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// convWindow says how a kernel moves over images; pairs are for height and width.
type convWindow struct {
	Stride, Padding, Dilation [2]int
	Groups                    int
}

// maxConvOption is the largest option, so that no size overflows.
const maxConvOption = 1 << 20

// normalize puts 1 in place of zeros that mean it, and reports options out of range.
func (w *convWindow) normalize() error {
	for _, o := range []*int{&w.Stride[0], &w.Stride[1], &w.Dilation[0], &w.Dilation[1], &w.Groups} {
		if *o == 0 {
			*o = 1
		}
	}
	for _, o := range []struct {
		name string
		v    [2]int
		low  int
	}{{"stride", w.Stride, 1}, {"padding", w.Padding, 0}, {"dilation", w.Dilation, 1}, {"groups", [2]int{w.Groups, 1}, 1}} {
		for _, v := range o.v {
			if v < o.low || v > maxConvOption {
				return fmt.Errorf("%s %d, want %d to %d", o.name, v, o.low, maxConvOption)
			}
		}
	}
	return nil
}

// checkGroups reports an x with another number of channels than wanted, and groups
// that do not divide the channels of x and of the result.
func (w *convWindow) checkGroups(have, want, result int) error {
	if have%w.Groups != 0 || result%w.Groups != 0 {
		return fmt.Errorf("%d groups, want a divisor of the %d channels of x and the %d of the result", w.Groups, have, result)
	}
	if have != want {
		return fmt.Errorf("x has %d channels, and the weights in %d groups are for %d", have, w.Groups, want)
	}
	return nil
}

// places returns how many places a kernel has in an image.
func (w *convWindow) places(image, taps [2]int) ([2]int, error) {
	var out [2]int
	for a := range out {
		span := w.span(a, taps)
		size := int64(image[a]) + 2*int64(w.Padding[a])
		if span > size {
			return out, fmt.Errorf("axis %d: the kernel spans %d, the padded input %d", a-2, span, size)
		}
		out[a] = int((size-span)/int64(w.Stride[a])) + 1
	}
	return out, nil
}

// size returns the size of the image in which a kernel has the given places, and
// extra more pixels.
func (w *convWindow) size(places, taps, extra [2]int) ([2]int, error) {
	var out [2]int
	for a := range out {
		if s, d := w.Stride[a], w.Dilation[a]; extra[a] < 0 || extra[a] >= max(s, d) {
			return out, fmt.Errorf("output padding %d, want 0 or more and less than the stride %d or the dilation %d", extra[a], s, d)
		}
		size := int64(places[a]-1)*int64(w.Stride[a]) - 2*int64(w.Padding[a]) + w.span(a, taps) + int64(extra[a])
		if size < 1 || size > math.MaxInt/2 {
			return out, fmt.Errorf("axis %d: the result has size %d, want at least 1", a-2, size)
		}
		out[a] = int(size)
	}
	return out, nil
}

// span returns how many pixels a kernel covers along axis a, those between taps too.
func (w *convWindow) span(a int, taps [2]int) int64 {
	return int64(w.Dilation[a])*int64(taps[a]-1) + 1
}

// convolve applies the primitive that plan returns for the shapes of x and w to both,
// and adds the bias. plan and the primitive see a batch of images: convolve puts in
// the axes that x and w lack, and takes them out of the result. axes is 1 or 2, the
// number of axes that the kernel moves along.
func convolve(fn string, axes int, x, w, bias *Node, plan func(x, w tensor.Shape) (Primitive, error)) *Node {
	args := []*Node{x, w}
	if bias != nil {
		args = append(args, bias)
	}
	if bad := firstInvalid(fn, args...); bad != nil {
		return bad
	}
	in := shapesOf(args)
	fail := func(format string, a ...any) *Node {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError(in, format, a...), in...)
	}
	rank := axes + 2
	if Rank(w) != rank || Rank(x) != rank && Rank(x) != rank-1 {
		return fail("want x of rank %d or %d and w of rank %d", rank-1, rank, rank)
	}
	image, kernel := x, w
	if Rank(x) < rank {
		image = Unsqueeze(image, 0)
	}
	if axes == 1 {
		image, kernel = Unsqueeze(image, -2), Unsqueeze(kernel, -2)
	}
	p, err := plan(image.Shape(), kernel.Shape())
	if err != nil {
		return fail("%v", err)
	}
	y := apply(p, image, kernel)
	if bias != nil && nodeErr(y) == nil {
		if Rank(bias) != 1 || Dim(bias, 0) != Dim(y, 1) {
			return fail("want a bias of %d elements", Dim(y, 1))
		}
		y = Add(y, Reshape(bias, -1, 1, 1))
	}
	if axes == 1 {
		y = Squeeze(y, -2)
	}
	if Rank(x) < rank {
		y = Squeeze(y, 0)
	}
	return as(fn, y, args...)
}
