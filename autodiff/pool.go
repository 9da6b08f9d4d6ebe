package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
)

// Pool1dOptions say where the windows of a pool over the last axis are. Window i has
// Kernel elements, Dilation apart, from i·Stride − Padding on.
//
// A Stride of 0 is that of Kernel, a Dilation of 0 is 1. Padding is the number of
// elements added at both ends, at most half of Kernel; they are −Inf in a max pool
// and 0 in an average. CeilMode adds a last window that is not filled, if it starts
// in x or in the padding before it. ExcludePad divides averages by the number of
// elements of x in the window, without the padding: it is torch's
// count_include_pad=False, and of no use in a max pool.
type Pool1dOptions struct {
	Kernel, Stride, Padding, Dilation int
	CeilMode, ExcludePad              bool
}

// Pool2dOptions are [Pool1dOptions] for the last two axes, rows first.
type Pool2dOptions struct {
	Kernel, Stride, Padding, Dilation [2]int
	CeilMode, ExcludePad              bool
}

// over2d returns the options with windows of height 1.
func (o Pool1dOptions) over2d() Pool2dOptions {
	return Pool2dOptions{
		[2]int{1, o.Kernel}, [2]int{1, o.Stride}, [2]int{0, o.Padding}, [2]int{1, o.Dilation}, o.CeilMode, o.ExcludePad,
	}
}

// on returns the windows on planes.
func (o Pool2dOptions) on(height, width int) (pooling, error) {
	axis := func(i, n int) poolAxis {
		return poolAxis{In: n, Kernel: o.Kernel[i], Stride: o.Stride[i], Padding: o.Padding[i], Dilation: o.Dilation[i], ExcludePad: o.ExcludePad}
	}
	rows, err := axis(0, height).fit(o.CeilMode)
	if err != nil {
		return pooling{}, err
	}
	cols, err := axis(1, width).fit(o.CeilMode)
	return pooling{rows, cols}, err
}

// onContiguous is on, but refuses a dilation.
func (o Pool2dOptions) onContiguous(height, width int) (pooling, error) {
	for _, d := range o.Dilation {
		if d != 0 && d != 1 {
			return pooling{}, fmt.Errorf("%w: dilation %d, which an average does not have", ErrShape, d)
		}
	}
	return o.on(height, width)
}

// MaxPool1d returns the largest element of x in each window over the last axis. x
// is (N, C, L) or (C, L). See [MaxPool2d].
//
// It matches torch.nn.functional.max_pool1d.
func MaxPool1d(x *Node, o Pool1dOptions) *Node {
	return pool("MaxPool1d", x, 1, o.over2d().on, maxPooled)
}

// MaxPool2d returns the largest element of x in each window over the last two axes:
//
//	y[i, j] = max x[i·Stride − Padding + k·Dilation, j·Stride − Padding + l·Dilation]
//	x̄ = ȳ at the first of the largest elements of each window, 0 elsewhere
//
// over 0 ≤ k, l < Kernel. x is (N, C, H, W) or (C, H, W), and each of the two axes
// becomes ⌊(n + 2·Padding − Dilation·(Kernel−1) − 1)/Stride⌋ + 1 long, ⌈...⌉ + 1 with
// CeilMode. A NaN in a window is the largest, the last one if there are more.
//
// It matches torch.nn.functional.max_pool2d, but for one thing: a window that the
// dilation lets jump over all elements of x, which gives −Inf there, is a mistake.
// It records [ErrShape] for options and shapes that do not fit.
func MaxPool2d(x *Node, o Pool2dOptions) *Node {
	return pool("MaxPool2d", x, 2, o.on, maxPooled)
}

// AvgPool1d returns the average of x in each window over the last axis. x is
// (N, C, L) or (C, L). See [AvgPool2d].
//
// It matches torch.nn.functional.avg_pool1d.
func AvgPool1d(x *Node, o Pool1dOptions) *Node {
	return pool("AvgPool1d", x, 1, o.over2d().onContiguous, avgPooled)
}

// AvgPool2d returns the average of x in each window over the last two axes:
//
//	y[i, j] = Σ x[i·Stride − Padding + k, j·Stride − Padding + l] / n
//	x̄ = Σ ȳ/n over the windows that an element is in
//
// over 0 ≤ k, l < Kernel, where n is the number of elements in the window. It has
// the shapes of [MaxPool2d]. Padding counts as zeros, unless ExcludePad is set; what
// is behind it, where CeilMode lets a window go, does not.
//
// It matches torch.nn.functional.avg_pool2d without divisor_override. It records
// [ErrShape] for options and shapes that do not fit, and a Dilation that is not 0 or 1.
func AvgPool2d(x *Node, o Pool2dOptions) *Node {
	return pool("AvgPool2d", x, 2, o.onContiguous, avgPooled)
}

// AdaptiveMaxPool1d returns the largest element of x, (N, C, L) or (C, L), in each of
// l windows over the last axis. See [AdaptiveMaxPool2d].
//
// It matches torch.nn.functional.adaptive_max_pool1d.
func AdaptiveMaxPool1d(x *Node, l int) *Node {
	return pool("AdaptiveMaxPool1d", x, 1, adaptive(1, l), maxPooled)
}

// AdaptiveMaxPool2d returns the largest element of x, (N, C, H, W) or (C, H, W), in
// each of h×w windows over the last two axes, which cover x evenly: window i of n on
// an axis of length m goes from ⌊i·m/n⌋ to ⌈(i+1)·m/n⌉. Its gradient is that of
// [MaxPool2d].
//
// It matches torch.nn.functional.adaptive_max_pool2d. It records [ErrShape] for
// another rank, and sizes below 1.
func AdaptiveMaxPool2d(x *Node, h, w int) *Node {
	return pool("AdaptiveMaxPool2d", x, 2, adaptive(h, w), maxPooled)
}

// AdaptiveAvgPool1d returns the average of x, (N, C, L) or (C, L), in each of l
// windows over the last axis. See [AdaptiveMaxPool2d] for the windows.
//
// It matches torch.nn.functional.adaptive_avg_pool1d.
func AdaptiveAvgPool1d(x *Node, l int) *Node {
	return pool("AdaptiveAvgPool1d", x, 1, adaptive(1, l), avgPooled)
}

// AdaptiveAvgPool2d returns the average of x, (N, C, H, W) or (C, H, W), in each of
// h×w windows over the last two axes. See [AdaptiveMaxPool2d] for the windows. With
// one window it is [MeanKeep], the global average.
//
// It matches torch.nn.functional.adaptive_avg_pool2d.
func AdaptiveAvgPool2d(x *Node, h, w int) *Node {
	return pool("AdaptiveAvgPool2d", x, 2, adaptive(h, w), avgPooled)
}

// adaptive returns the windows that divide planes into h×w parts.
func adaptive(h, w int) func(height, width int) (pooling, error) {
	return func(height, width int) (pooling, error) {
		const most = 1 << 29
		if min(h, w) < 1 || max(h, w) > most {
			return pooling{}, fmt.Errorf("%w: %d×%d windows, want at least one", ErrShape, h, w)
		}
		return pooling{poolAxis{In: height, Out: h}, poolAxis{In: width, Out: w}}, nil
	}
}

// maxPooled returns the largest elements of x in the windows of p.
func maxPooled(p pooling, x *Node) *Node { return apply(maxPool{p}, x, x) }

// avgPooled returns the averages of x in the windows of p. A long sum is better
// left to Mean, which adds pairwise.
func avgPooled(p pooling, x *Node) *Node {
	if p.Rows.Kernel == 0 && p.Rows.Out == 1 && p.Cols.Out == 1 {
		return MeanKeep(x, -2, -1)
	}
	return apply(avgPool{p}, x)
}

// pool returns f of the windows and of x, whose axes after the channels, 1 or 2, are
// planes; a single one is made a plane of height 1.
func pool(fn string, x *Node, axes int, windows func(height, width int) (pooling, error), f func(pooling, *Node) *Node) *Node {
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	fail := func(err error) *Node { return Invalid(x.Graph(), "autodiff."+fn, err, s) }
	if len(s) != axes+1 && len(s) != axes+2 {
		return fail(shapeError([]tensor.Shape{s}, "want %d or %d axes", axes+1, axes+2))
	}
	planes := x
	if axes == 1 {
		planes = Unsqueeze(x, -2)
	}
	p, err := windows(Dim(planes, -2), Dim(planes, -1))
	if err != nil {
		return fail(err)
	}
	y := f(p, planes)
	if axes == 1 {
		y = Squeeze(y, -2)
	}
	return as(fn, y, x)
}
