package autodiff

import "github.com/downhill-go/downhill/tensor"

// Conv1dOptions says how [Conv1d] moves its kernel. A zero Stride, Dilation or
// Groups is 1, as torch.nn.functional.conv1d has it by default.
type Conv1dOptions struct {
	Stride   int // from one place of the kernel to the next
	Padding  int // zeros put in at both ends
	Dilation int // from one tap of the kernel to the next
	Groups   int // parts that channels are divided into, each with weights of its own
}

// Conv2dOptions says how [Conv2d] moves its kernel; pairs are for height and width.
// A zero in Stride or Dilation and zero Groups are 1, as
// torch.nn.functional.conv2d has them by default.
type Conv2dOptions struct {
	Stride   [2]int // from one place of the kernel to the next
	Padding  [2]int // zeros put in on both sides
	Dilation [2]int // from one tap of the kernel to the next
	Groups   int    // parts that channels are divided into, each with weights of its own
}

// Conv1d returns the convolution of signals x with kernels w, as neural networks
// call it: the kernels are not turned around.
//
//	y[n, o, i] = b[o] + Σ w[o, c, u]·x[n, c, i·stride − padding + u·dilation]
//
// over c and u, where x is 0 outside; x is (n, in, length) or (in, length), w is
// (out, in/groups, taps), and the bias b is (out), or nil for none. With groups, c
// runs over the channels in the group of o. The result is (n, out, places), without
// n if x has none, and
//
//	places = ⌊(length + 2·padding − dilation·(taps − 1) − 1)/stride⌋ + 1
//
// It matches torch.nn.functional.conv1d; the rest is as for [Conv2d].
func Conv1d(x, w, bias *Node, o Conv1dOptions) *Node {
	return conv("Conv1d", 1, x, w, bias, convWindow{
		Stride: [2]int{1, o.Stride}, Padding: [2]int{0, o.Padding}, Dilation: [2]int{1, o.Dilation}, Groups: o.Groups})
}

// Conv2d returns the convolution of images x with kernels w, as neural networks
// call it: the kernels are not turned around.
//
//	y[n, o, i, j] = b[o] + Σ w[o, c, u, v]·x[n, c, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁]
//
// over c, u and v, for stride s, padding p and dilation d, where x is 0 outside; x is
// (n, in, height, width) or (in, height, width), w is (out, in/groups, taps₀, taps₁),
// and the bias b is (out), or nil for none. With groups, c runs over the channels in
// the group of o. The result is (n, out, places₀, places₁), without n if x has none,
// and along each axis
//
//	places = ⌊(size + 2·padding − dilation·(taps − 1) − 1)/stride⌋ + 1
//
// x̄ is [ConvTranspose2d] of ȳ with w, w̄ the convolution of x with ȳ, and b̄ = Σ ȳ.
//
// It matches torch.nn.functional.conv2d with padding as numbers. The zeros around an
// image are factors as all others: they make an infinite weight NaN. In PyTorch they
// do so in float64, and are left out in most cases of float32.
//
// It records [ErrShape] for wrong ranks, channels that do not fit, groups that do
// not divide the channels, a kernel larger than the padded image, and options that
// are negative or above 2²⁰.
func Conv2d(x, w, bias *Node, o Conv2dOptions) *Node {
	return conv("Conv2d", 2, x, w, bias, convWindow(o))
}

// conv is the convolution fn over the last axes, 1 or 2.
func conv(fn string, axes int, x, w, bias *Node, win convWindow) *Node {
	return convolve(fn, axes, x, w, bias, func(x, w tensor.Shape) (Primitive, error) {
		err := win.normalize()
		if err != nil {
			return nil, err
		}
		if err := win.checkGroups(x[1], w[1]*win.Groups, w[0]); err != nil {
			return nil, err
		}
		places, err := win.places([2]int(x[2:]), [2]int(w[2:]))
		return conv2d{win, places}, err
	})
}

// conv2d computes y from x and w. Places is the size of y; it can be smaller than what
// there is room for.
type conv2d struct {
	convWindow
	Places [2]int
}

func (conv2d) Name() string { return "Conv2d" }

func (p conv2d) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	return tensor.Shape{x[0], w[0], p.Places[0], p.Places[1]}, nil
}

func (conv2d) Flops(in []tensor.Shape, out tensor.Shape) float64 { return convFlops(out, in[1]) }

// convFlops counts one multiplication and one addition for each element of y and each
// of the elements of w that it is computed from.
func convFlops(y, w tensor.Shape) float64 {
	return 2 * float64(tensor.Size(y)) * float64(tensor.Size(w[1:]))
}

func (p conv2d) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{
		apply(convInput{p.convWindow, [2]int(x[0].Shape()[2:])}, dy, x[1]),
		apply(convWeight{p.convWindow, [2]int(x[1].Shape()[2:])}, x[0], dy)}
}

func (p conv2d) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return p.bind32(dst, in, epilogue[float32]{})
}
func (p conv2d) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return p.bind64(dst, in, epilogue[float64]{})
}
func (p conv2d) bind32(dst *tensor.Array[float32], in []*tensor.Array[float32], after epilogue[float32]) func() {
	return bindConv(p.convWindow, dst, in[0], in[1], after)
}
func (p conv2d) bind64(dst *tensor.Array[float64], in []*tensor.Array[float64], after epilogue[float64]) func() {
	return bindConv(p.convWindow, dst, in[0], in[1], after)
}

// convWeight computes w̄ from x and ȳ, for kernels of size Taps:
//
//	w̄[o, c, u, v] = Σ ȳ[n, o, i, j]·x[n, c, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁]
type convWeight struct {
	convWindow
	Taps [2]int
}

func (convWeight) Name() string { return "Conv2dWeight" }

func (p convWeight) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, y := in[0], in[1]
	return tensor.Shape{y[1], x[1] / p.Groups, p.Taps[0], p.Taps[1]}, nil
}

func (convWeight) Flops(in []tensor.Shape, out tensor.Shape) float64 { return convFlops(in[1], out) }

func (p convWeight) VJP(x []*Node, w, dw *Node) []*Node {
	return []*Node{
		apply(convInput{p.convWindow, [2]int(x[0].Shape()[2:])}, x[1], dw),
		apply(conv2d{p.convWindow, [2]int(x[1].Shape()[2:])}, x[0], dw)}
}

func (p convWeight) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindConvWeight(p.convWindow, dst, in[0], in[1])
}
func (p convWeight) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindConvWeight(p.convWindow, dst, in[0], in[1])
}
