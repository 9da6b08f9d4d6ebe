package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
)

// TestTorchPool replays pool.json, which pool.py describes.
func TestTorchPool(t *testing.T) { replayTorch(t, poolBuilders, "pool.json") }

var poolBuilders = map[string]torchBuilder{
	"MaxPool1d":         func(a torchArgs, x []*Node) *Node { return MaxPool1d(x[0], a.pool1d()) },
	"MaxPool2d":         func(a torchArgs, x []*Node) *Node { return MaxPool2d(x[0], a.pool2d()) },
	"AvgPool1d":         func(a torchArgs, x []*Node) *Node { return AvgPool1d(x[0], a.pool1d()) },
	"AvgPool2d":         func(a torchArgs, x []*Node) *Node { return AvgPool2d(x[0], a.pool2d()) },
	"AdaptiveMaxPool1d": func(a torchArgs, x []*Node) *Node { return AdaptiveMaxPool1d(x[0], a.Dims[0]) },
	"AdaptiveMaxPool2d": func(a torchArgs, x []*Node) *Node { return AdaptiveMaxPool2d(x[0], a.Dims[0], a.Dims[1]) },
	"AdaptiveAvgPool1d": func(a torchArgs, x []*Node) *Node { return AdaptiveAvgPool1d(x[0], a.Dims[0]) },
	"AdaptiveAvgPool2d": func(a torchArgs, x []*Node) *Node { return AdaptiveAvgPool2d(x[0], a.Dims[0], a.Dims[1]) },
	"UpsampleNearest1d": func(a torchArgs, x []*Node) *Node { return UpsampleNearest1d(x[0], a.Dims[0]) },
	"UpsampleNearest2d": func(a torchArgs, x []*Node) *Node { return UpsampleNearest2d(x[0], a.Dims[0], a.Dims[1]) },
	"UpsampleBilinear2d": func(a torchArgs, x []*Node) *Node {
		return UpsampleBilinear2d(x[0], a.Dims[0], a.Dims[1], a.AlignCorners)
	},
}

// poolArgs are the attributes that pool.py and ctc.py describe.
type poolArgs struct {
	Kernel, Stride, Padding, Dilation                []int
	CeilMode, ExcludePad, AlignCorners, ZeroInfinity bool
	InputLengths, TargetLengths                      []int
	Blank                                            int
}

func (a poolArgs) pool1d() Pool1dOptions {
	return Pool1dOptions{a.Kernel[0], a.Stride[0], a.Padding[0], a.Dilation[0], a.CeilMode, a.ExcludePad}
}

func (a poolArgs) pool2d() Pool2dOptions {
	two := func(x []int) [2]int { return [2]int(x) }
	return Pool2dOptions{two(a.Kernel), two(a.Stride), two(a.Padding), two(a.Dilation), a.CeilMode, a.ExcludePad}
}

// TestTorchCTC replays ctc.json, which ctc.py describes.
func TestTorchCTC(t *testing.T) { replayTorch(t, ctcBuilders, "ctc.json") }

var ctcBuilders = map[string]torchBuilder{
	"CTCLoss": func(a torchArgs, x []*Node) *Node {
		return CTCLoss(x[0], x[1], a.InputLengths, a.TargetLengths, a.Blank)
	},
	"CTCLossOfLogits": func(a torchArgs, x []*Node) *Node {
		return CTCLoss(LogSoftmax(x[0], 2), x[1], a.InputLengths, a.TargetLengths, a.Blank)
	},
	"CTCLossMeanOfLogits": func(a torchArgs, x []*Node) *Node {
		return CTCLossMean(LogSoftmax(x[0], 2), x[1], a.InputLengths, a.TargetLengths, a.Blank, a.ZeroInfinity)
	},
}
