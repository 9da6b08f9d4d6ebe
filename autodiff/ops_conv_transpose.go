package autodiff

import "github.com/downhill-go/downhill/tensor"

// ConvTranspose1dOptions says how [ConvTranspose1d] moves its kernel. A zero Stride,
// Dilation or Groups is 1, as torch.nn.functional.conv_transpose1d has it by default.
type ConvTranspose1dOptions struct {
	Stride        int // from one place of the kernel to the next
	Padding       int // elements cut off at both ends
	OutputPadding int // elements put in at the end, fewer than Stride or Dilation
	Dilation      int // from one tap of the kernel to the next
	Groups        int // parts that channels are divided into, each with weights of its own
}

// ConvTranspose2dOptions says how [ConvTranspose2d] moves its kernel; pairs are for
// height and width. A zero in Stride or Dilation and zero Groups are 1, as
// torch.nn.functional.conv_transpose2d has them by default.
type ConvTranspose2dOptions struct {
	Stride        [2]int // from one place of the kernel to the next
	Padding       [2]int // elements cut off on both sides
	OutputPadding [2]int // elements put in at the end, fewer than Stride or Dilation
	Dilation      [2]int // from one tap of the kernel to the next
	Groups        int    // parts that channels are divided into, each with weights of its own
}

// ConvTranspose1d returns the transpose of the convolution of signals, applied to x:
// each element puts a kernel times its value into the result.
//
//	y[n, o, i·stride − padding + u·dilation] += w[c, o, u]·x[n, c, i]
//
// starting from y = b[o]; x is (n, in, length) or (in, length), w is
// (in, out/groups, taps), and the bias b is (out), or nil for none. With groups, c
// and o are in the same one. The result is (n, out, size), without n if x has none,
// and
//
//	size = (length − 1)·stride − 2·padding + dilation·(taps − 1) + 1 + outputPadding
//
// It matches torch.nn.functional.conv_transpose1d; the rest is as for
// [ConvTranspose2d].
func ConvTranspose1d(x, w, bias *Node, o ConvTranspose1dOptions) *Node {
	return convTranspose("ConvTranspose1d", 1, x, w, bias, [2]int{0, o.OutputPadding}, convWindow{
		Stride: [2]int{1, o.Stride}, Padding: [2]int{0, o.Padding}, Dilation: [2]int{1, o.Dilation}, Groups: o.Groups})
}

// ConvTranspose2d returns the transpose of the convolution of images, applied to x:
// each pixel puts a kernel times its value into the result.
//
//	y[n, o, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁] += w[c, o, u, v]·x[n, c, i, j]
//
// starting from y = b[o], for stride s, padding p and dilation d; x is
// (n, in, height, width) or (in, height, width), w is (in, out/groups, taps₀, taps₁),
// and the bias b is (out), or nil for none. With groups, c and o are in the same one.
// The result is (n, out, size₀, size₁), without n if x has none, and along each axis
//
//	size = (length − 1)·stride − 2·padding + dilation·(taps − 1) + 1 + outputPadding
//
// x̄ is [Conv2d] of ȳ with w, and w̄ the convolution of ȳ with x.
//
// It matches torch.nn.functional.conv_transpose2d. It records [ErrShape] for wrong
// ranks, channels that do not fit, groups that do not divide the channels, a padding
// that cuts everything off, an output padding that is not less than the stride or
// the dilation, and options that are negative or above 2²⁰.
func ConvTranspose2d(x, w, bias *Node, o ConvTranspose2dOptions) *Node {
	return convTranspose("ConvTranspose2d", 2, x, w, bias, o.OutputPadding, convWindow{o.Stride, o.Padding, o.Dilation, o.Groups})
}

// convTranspose is the transposed convolution fn over the last axes, 1 or 2.
func convTranspose(fn string, axes int, x, w, bias *Node, extra [2]int, win convWindow) *Node {
	return convolve(fn, axes, x, w, bias, func(x, w tensor.Shape) (Primitive, error) {
		err := win.normalize()
		if err != nil {
			return nil, err
		}
		if err := win.checkGroups(x[1], w[0], w[1]*win.Groups); err != nil {
			return nil, err
		}
		size, err := win.size([2]int(x[2:]), [2]int(w[2:]), extra)
		return convInput{win, size}, err
	})
}

// convInput computes x̄ from ȳ and w, for images of size Image:
//
//	x̄[n, c, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁] += w[o, c, u, v]·ȳ[n, o, i, j]
type convInput struct {
	convWindow
	Image [2]int
}

func (convInput) Name() string { return "ConvTranspose2d" }

func (p convInput) Shape(in []tensor.Shape) (tensor.Shape, error) {
	y, w := in[0], in[1]
	return tensor.Shape{y[0], w[1] * p.Groups, p.Image[0], p.Image[1]}, nil
}

func (convInput) Flops(in []tensor.Shape, _ tensor.Shape) float64 { return convFlops(in[0], in[1]) }

func (p convInput) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{
		apply(conv2d{p.convWindow, [2]int(x[0].Shape()[2:])}, dy, x[1]),
		apply(convWeight{p.convWindow, [2]int(x[1].Shape()[2:])}, dy, x[0])}
}

func (p convInput) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return p.bind32(dst, in, epilogue[float32]{})
}
func (p convInput) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return p.bind64(dst, in, epilogue[float64]{})
}
func (p convInput) bind32(dst *tensor.Array[float32], in []*tensor.Array[float32], after epilogue[float32]) func() {
	return bindConvInput(p.convWindow, dst, in[0], in[1], after)
}
func (p convInput) bind64(dst *tensor.Array[float64], in []*tensor.Array[float64], after epilogue[float64]) func() {
	return bindConvInput(p.convWindow, dst, in[0], in[1], after)
}
