package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// The functions in this file normalise. scale and bias, where a function takes
// them, are each a node or nil for none. In PyTorch ε is 1e-5 unless given.

// LayerNorm returns x with the mean and variance over the given axes taken out; the
// last axis without axes.
//
//	y = (x − mean x)/√(var x + ε)·scale + bias, var x = mean (x − mean x)²
//
// scale and bias have the dimensions of these axes, in the order of x. Each may be
// nil for none. It matches torch.nn.functional.layer_norm, which takes the last
// axes; the ε of torch.nn.LayerNorm is 1e-5. It records [ErrShape] for a bad axis and
// other shapes of scale and bias.
//
// Reference: J. L. Ba and others. Layer Normalization. 2016.
// https://arxiv.org/abs/1607.06450
func LayerNorm(x, scale, bias *Node, eps float64, axes ...int) *Node {
	const fn = "LayerNorm"
	axes, bad := axesOrLast(fn, x, axes)
	if bad != nil {
		return bad
	}
	want, to := alongAxes(x.Shape(), axes)
	return as(fn, scaled(fn, standardised(x, eps, axes), scale, bias, want, to), x, scale, bias)
}

// RMSNorm returns x divided by its root mean square over the given axes; over the
// last axis without axes.
//
//	y = x/√(mean x² + ε)·scale
//
// scale has the dimensions of these axes, in the order of x, or is nil for none. It
// matches torch.nn.functional.rms_norm of PyTorch 2.4, which takes the last axes, and
// whose ε is 2⁻²³ or 2⁻⁵², by the dtype, unless given. It records [ErrShape] for a bad
// axis and another shape of scale.
//
// Reference: B. Zhang, R. Sennrich. Root Mean Square Layer Normalization. NeurIPS
// 2019. https://arxiv.org/abs/1910.07467
func RMSNorm(x, scale *Node, eps float64, axes ...int) *Node {
	const fn = "RMSNorm"
	axes, bad := axesOrLast(fn, x, axes)
	if bad != nil {
		return bad
	}
	want, to := alongAxes(x.Shape(), axes)
	y := Mul(x, Rsqrt(Add(MeanKeep(Square(x), axes...), eps)))
	return as(fn, scaled(fn, y, scale, nil, want, to), x, scale)
}

// BatchNorm returns x, of shape (n, c, ...), with the mean and variance of each of
// the c channels taken out: those of the batch, as in training.
//
//	y = (x − mean x)/√(var x + ε)·scale + bias, over all axes but the second
//
// scale and bias have shape (c); each may be nil for none. The variance is divided
// by the number of elements, as PyTorch's in this place. It matches
// torch.nn.functional.batch_norm with training=True, whose ε is 1e-5 unless given.
// [BatchStats] gives what running averages take, and [BatchNormWith] uses them. It
// records [ErrShape] when x has fewer than two axes or one element in a channel, and
// for other shapes of scale and bias.
//
// Reference: S. Ioffe, C. Szegedy. Batch Normalization. ICML 2015.
// https://arxiv.org/abs/1502.03167
func BatchNorm(x, scale, bias *Node, eps float64) *Node {
	const fn = "BatchNorm"
	axes, bad := batchAxes(fn, x)
	if bad != nil {
		return bad
	}
	want, to := alongAxes(x.Shape(), []int{1})
	return as(fn, scaled(fn, standardised(x, eps, axes), scale, bias, want, to), x, scale, bias)
}

// BatchStats returns the mean and the variance of each channel of x, of shape
// (n, c, ...), both of shape (c). The variance is divided by the number of elements
// less one: it is what PyTorch's running average takes, though [BatchNorm] does not
// normalise with it.
//
//	running mean ← (1 − m)·running mean + m·mean, and so the variance
//
// m is 0.1 in PyTorch unless given. It matches torch.var_mean over all axes but the
// second. Errors are those of BatchNorm.
func BatchStats(x *Node) (mean, variance *Node) {
	const fn = "BatchStats"
	axes, bad := batchAxes(fn, x)
	if bad != nil {
		return bad, bad
	}
	// With the axes kept, a program computes this once for BatchNorm, too.
	mean = MeanKeep(x, axes...)
	c := Dim(x, 1)
	variance = Div(SumKeep(Square(Sub(x, mean)), axes...), tensor.Size(x.Shape())/c-1)
	return Reshape(mean, c), Reshape(variance, c)
}

// BatchNormWith is [BatchNorm] with a mean and a variance that are given, both of
// shape (c): the running averages of training, for inference.
//
//	y = (x − mean)/√(variance + ε)·scale + bias
//
// It matches torch.nn.functional.batch_norm with training=False; here mean and
// variance have gradients, too. It records [ErrShape] when x has fewer than two axes,
// and for other shapes of the others.
func BatchNormWith(x, mean, variance, scale, bias *Node, eps float64) *Node {
	const fn = "BatchNormWith"
	if bad := firstInvalid(fn, x, mean, variance); bad != nil {
		return bad
	}
	s := x.Shape()
	if len(s) < 2 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (batch, channels, ...)"), s)
	}
	want, to := alongAxes(s, []int{1})
	for _, n := range []*Node{mean, variance} {
		if !slices.Equal(n.Shape(), want) {
			return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s, n.Shape()}, "want a mean and a variance of %v", want), s, n.Shape())
		}
	}
	y := Mul(Sub(x, Reshape(mean, to...)), Reshape(Rsqrt(Add(variance, eps)), to...))
	return as(fn, scaled(fn, y, scale, bias, want, to), x, mean, variance, scale, bias)
}

// GroupNorm returns x, of shape (n, c, ...), with mean and variance taken out of
// each example and each group of c/groups channels that follow one another.
//
//	y = (x − mean x)/√(var x + ε)·scale + bias, var x = mean (x − mean x)²
//
// scale and bias have shape (c); each may be nil for none. It matches
// torch.nn.functional.group_norm, whose ε is 1e-5 unless given, and which refuses a
// batch of one element in all; here that is 0, as for every group of one element. It
// records [ErrShape] when x has fewer than two axes, when the channels do not divide
// into the groups, and for other shapes of scale and bias.
//
// Reference: Y. Wu, K. He. Group Normalization. ECCV 2018.
// https://arxiv.org/abs/1803.08494
func GroupNorm(x *Node, groups int, scale, bias *Node, eps float64) *Node {
	const fn = "GroupNorm"
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	if len(s) < 2 || groups < 1 || s[1]%groups != 0 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (batch, channels, ...), with channels of %d groups", groups), s)
	}
	want, to := alongAxes(s, []int{1})
	y := standardised(Reshape(x, s[0], groups, -1), eps, []int{2})
	return as(fn, scaled(fn, Reshape(y, s...), scale, bias, want, to), x, scale, bias)
}

// InstanceNorm returns x, of shape (n, c, d, ...), with the mean and variance of
// each channel of each example taken out.
//
//	y = (x − mean x)/√(var x + ε)·scale + bias, over all axes but the first two
//
// scale and bias have shape (c); each may be nil for none. It matches
// torch.nn.functional.instance_norm without running averages, whose ε is 1e-5 unless
// given. It records [ErrShape] when x has fewer than three axes or one element in a
// channel, and for other shapes of scale and bias.
//
// Reference: D. Ulyanov and others. Instance Normalization. 2016.
// https://arxiv.org/abs/1607.08022
func InstanceNorm(x, scale, bias *Node, eps float64) *Node {
	const fn = "InstanceNorm"
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	if len(s) < 3 || tensor.Size(s[2:]) == 1 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (batch, channels, ...), with more than one element in a channel"), s)
	}
	var axes []int
	for a := 2; a < len(s); a++ {
		axes = append(axes, a)
	}
	want, to := alongAxes(s, []int{1})
	return as(fn, scaled(fn, standardised(x, eps, axes), scale, bias, want, to), x, scale, bias)
}

// LocalResponseNorm returns x, of shape (n, c, ...), divided by a measure of the
// squares of size channels around each channel.
//
//	y = x/(k + α/size·Σ x²)^β, Σ over channels c − ⌊size/2⌋ to c + ⌊(size−1)/2⌋
//
// Channels that do not exist count as 0. It matches
// torch.nn.functional.local_response_norm, whose defaults are α = 1e-4, β = 0.75
// and k = 1, and which wants three axes. It records [ErrShape] when x has fewer than
// two axes and when size is below 1.
//
// Reference: A. Krizhevsky and others. ImageNet Classification with Deep
// Convolutional Neural Networks. NIPS 2012.
func LocalResponseNorm(x *Node, size int, alpha, beta, k float64) *Node {
	const fn = "LocalResponseNorm"
	if nodeErr(x) != nil {
		return firstInvalid(fn, x)
	}
	s := x.Shape()
	if len(s) < 2 || size < 1 {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (batch, channels, ...), and %d channels at least 1", size), s)
	}
	c := s[1]
	before, behind := min(size/2, c-1), min((size-1)/2, c-1)
	padded := Square(x)
	if before+behind > 0 {
		padded = surround(padded, 1, before, behind, 0)
	}
	sum := Slice(padded, 1, 0, c)
	for i := 1; i <= before+behind; i++ {
		sum = Add(sum, Slice(padded, 1, i, i+c))
	}
	return as(fn, Div(x, Pow(Add(Mul(sum, alpha/float64(size)), k), beta)), x)
}

// standardised returns x with the mean and variance over axes taken out.
func standardised(x *Node, eps float64, axes []int) *Node {
	z := Sub(x, MeanKeep(x, axes...))
	return Mul(z, Rsqrt(Add(MeanKeep(Square(z), axes...), eps)))
}

// scaled returns y·scale + bias. Both may be nil; they have the shape want, and
// broadcast to y's as the shape to.
func scaled(fn string, y, scale, bias *Node, want, to tensor.Shape) *Node {
	for _, n := range []*Node{scale, bias} {
		if n == nil {
			continue
		}
		if bad := firstInvalid(fn, n); bad != nil {
			return bad
		}
		if !slices.Equal(n.Shape(), want) {
			return Invalid(y.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{n.Shape()}, "want a scale and a bias of %v", want), n.Shape())
		}
	}
	if scale != nil {
		y = Mul(y, Reshape(scale, to...))
	}
	if bias != nil {
		y = Add(y, Reshape(bias, to...))
	}
	return y
}

// alongAxes returns the dimensions of s at the sorted axes, and s with all others 1.
func alongAxes(s tensor.Shape, axes []int) (want, to tensor.Shape) {
	for a, d := range s {
		if !slices.Contains(axes, a) {
			d = 1
		} else {
			want = append(want, d)
		}
		to = append(to, d)
	}
	return want, to
}

// axesOrLast returns the sorted axes, the last one if there are none, or an invalid
// node.
func axesOrLast(fn string, x *Node, axes []int) ([]int, *Node) {
	if nodeErr(x) != nil {
		return nil, firstInvalid(fn, x)
	}
	if len(axes) == 0 {
		axes = []int{-1}
	}
	sorted, err := tensor.Axes(axes, Rank(x))
	if err != nil {
		return nil, Invalid(x.Graph(), "autodiff."+fn, err, x.Shape())
	}
	return sorted, nil
}

// batchAxes returns all axes of x but the second, or an invalid node.
func batchAxes(fn string, x *Node) ([]int, *Node) {
	if nodeErr(x) != nil {
		return nil, firstInvalid(fn, x)
	}
	s := x.Shape()
	if len(s) < 2 || tensor.Size(s) == s[1] {
		return nil, Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, "want (batch, channels, ...), with more than one element in a channel"), s)
	}
	axes := []int{0}
	for a := 2; a < len(s); a++ {
		axes = append(axes, a)
	}
	return axes, nil
}
