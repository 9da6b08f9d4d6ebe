package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// stockNetworkRows is the part of stockRows for networks.
func stockNetworkRows() []stockRow {
	images := shapes([]int{2, 2, 4, 5})
	rows := []stockRow{
		{"gorgonia.Iop", "Iop", must1(func(x *Node) (*Node, error) { return gorgonia.ApplyOp(gorgonia.Iop{}, x) }), f1(func(x *Node) *Node { return Mul(x, 1) }), shapes([]int{3}), anywhere},
		{"*gorgonia.dropoutOp", "Dropout of nothing", must1(func(x *Node) (*Node, error) { return gorgonia.Dropout(x, 0) }), f1(func(x *Node) *Node { return Mul(x, 1) }), shapes([]int{3}), anywhere},
		{"gorgonia.im2colOp", "Im2Col", must1(func(x *Node) (*Node, error) {
			return gorgonia.Im2Col(x, stock.Shape{2, 3}, stock.Shape{1, 0}, stock.Shape{2, 1}, stock.Shape{1, 1})
		}), f1(func(x *Node) *Node {
			return Reshape(Transpose(Im2col(x, [2]int{2, 3}, Im2colOptions{Stride: [2]int{2, 1}, Padding: [2]int{1, 0}}), 0, 2, 1), 2, 3, 3, 12)
		}), images, anywhere},
		{"*gorgonia.globalAveragePoolOp", "GlobalAveragePool2D", must1(gorgonia.GlobalAveragePool2D), f1(func(x *Node) *Node { return MeanKeep(x, 2, 3) }), images, anywhere},
		{"*gorgonia.upsampleOp", "Upsample2D", must1(func(x *Node) (*Node, error) { return gorgonia.Upsample2D(x, 2) }), f1(func(x *Node) *Node {
			return RepeatInterleave(RepeatInterleave(x, 2, 2), 3, 2)
		}), images, anywhere},
		{"*gorgonia.GroupNormOp", "GroupNorm", func(x ...*Node) *Node {
			return gorgonia.Must(gorgonia.GroupNorm(x[0], x[1], x[2], 2, 4, 1e-5))
		}, func(x ...*Node) *Node {
			g := Reshape(x[0], 2, 2, -1)
			z := Sub(g, MeanKeep(g, 2))
			return Add(Mul(Reshape(Div(z, Sqrt(Add(MeanKeep(Square(z), 2), 1e-5))), 2, 4, 2, 3), x[1]), x[2])
		}, shapes([]int{2, 4, 2, 3}, []int{1, 4, 1, 1}, []int{1, 4, 1, 1}), anywhere},
		{"*gorgonia.BatchNormOp", "BatchNorm", func(x ...*Node) *Node {
			y, _, _, _, err := gorgonia.BatchNorm(x[0], x[1], x[2], 0.1, 1e-5)
			return gorgonia.Must(y, err)
		}, func(x ...*Node) *Node {
			z := Sub(x[0], MeanKeep(x[0], 0, 2, 3))
			return Add(Mul(Div(z, Sqrt(Add(MeanKeep(Square(z), 0, 2, 3), 1e-5))), x[1]), x[2])
		}, shapes([]int{2, 3, 2, 2}, []int{2, 3, 2, 2}, []int{2, 3, 2, 2}), anywhere},
		{"*gorgonia.BatchNormOp", "BatchNorm of a matrix", func(x ...*Node) *Node {
			y, _, _, _, err := gorgonia.BatchNorm(x[0], x[1], x[2], 0.1, 1e-5)
			return gorgonia.Must(y, err)
		}, func(x ...*Node) *Node {
			z := Sub(x[0], MeanKeep(x[0], 0))
			return Add(Mul(Div(z, Sqrt(Add(MeanKeep(Square(z), 0), 1e-5))), x[1]), x[2])
		}, shapes([]int{4, 3}, []int{4, 3}, []int{4, 3}), anywhere},
		{"*gorgonia.ctcLossOp", "CTCLoss mean", stockCTC(gorgonia.ReductionMean), ourCTC(func(loss *Node) *Node { return Mean(Div(loss, Const(loss.Graph(), like(loss, 2, 1)))) }), shapes([]int{4, 2, 3}), anywhere},
		{"*gorgonia.ctcLossOp", "CTCLoss sum", stockCTC(gorgonia.ReductionSum), ourCTC(func(loss *Node) *Node { return Sum(loss) }), shapes([]int{4, 2, 3}), anywhere},
	}
	for _, c := range []struct{ pad, stride, dilation []int }{
		{[]int{0, 0}, []int{1, 1}, []int{1, 1}}, {[]int{1, 1}, []int{1, 1}, []int{1, 1}}, {[]int{1, 0}, []int{2, 1}, []int{1, 1}}, {[]int{2, 1}, []int{1, 2}, []int{2, 1}},
	} {
		pair := func(x []int) [2]int { return [2]int(x) }
		rows = append(rows, stockRow{"gorgonia.im2colOp", "Conv2d", must2(func(x, w *Node) (*Node, error) {
			return gorgonia.Conv2d(x, w, stock.Shape{2, 3}, c.pad, c.stride, c.dilation)
		}), f2(func(x, w *Node) *Node {
			return Conv2d(x, w, nil, Conv2dOptions{Padding: pair(c.pad), Stride: pair(c.stride), Dilation: pair(c.dilation)})
		}), shapes([]int{2, 2, 4, 5}, []int{3, 2, 2, 3}), anywhere})
	}
	for _, c := range []struct {
		kernel                   []int
		pad, stride              []int
		top, bottom, left, right int
	}{
		{[]int{2, 2}, []int{0, 0}, []int{2, 2}, 0, 0, 0, 0},
		{[]int{2, 3}, []int{1, 1}, []int{1, 2}, 1, 1, 1, 1},
		{[]int{2, 2}, []int{1, 0, 0, 1}, []int{2, 2}, 1, 0, 0, 1},
		{[]int{3, 2}, []int{0, 1, 1, 0}, []int{1, 1}, 0, 1, 1, 0},
	} {
		padded := func(x *Node, v float64) *Node { return Pad(x, v, c.left, c.right, c.top, c.bottom) }
		o := Pool2dOptions{Kernel: [2]int(c.kernel), Stride: [2]int(c.stride)}
		rows = append(rows,
			stockRow{"*gorgonia.maxPoolOp", "MaxPool2D", must1(func(x *Node) (*Node, error) { return gorgonia.MaxPool2D(x, c.kernel, c.pad, c.stride) }),
				f1(func(x *Node) *Node { return MaxPool2d(padded(x, -1e30), o) }), images, anywhere},
			stockRow{"*gorgonia.avgPoolOp", "AveragePool2D", must1(func(x *Node) (*Node, error) { return gorgonia.AveragePool2D(x, c.kernel, c.pad, c.stride) }),
				f1(func(x *Node) *Node { return AvgPool2d(padded(x, 0), o) }), images, anywhere})
	}
	return rows
}

// like returns numbers in the dtype of x.
func like(x *Node, v ...float64) tensor.Value {
	return tensor.Must(tensor.Convert(tensor.Of(v...), x.Dtype()))
}

// stockCTC is gorgonia's loss of the targets 1 2 and 2, in 4 and 3 steps.
func stockCTC(r gorgonia.Reduction) func(x ...*Node) *Node {
	return func(x ...*Node) *Node {
		ints := func(name string, v ...int) *Node {
			return gorgonia.NewVector(x[0].Graph(), gorgonia.Int, gorgonia.WithShape(len(v)), gorgonia.WithName(name), gorgonia.WithValue(stock.New(stock.WithBacking(v))))
		}
		targets := gorgonia.NewMatrix(x[0].Graph(), gorgonia.Int, gorgonia.WithShape(2, 2), gorgonia.WithName("targets"), gorgonia.WithValue(stock.New(stock.WithShape(2, 2), stock.WithBacking([]int{1, 2, 2, 0}))))
		return gorgonia.Must(gorgonia.CTCLoss(gorgonia.Must(gorgonia.LogSoftMax(x[0], 2)), targets, ints("steps", 4, 3), ints("lengths", 2, 1), r))
	}
}

func ourCTC(reduce func(loss *Node) *Node) func(x ...*Node) *Node {
	return func(x ...*Node) *Node {
		targets := Const(x[0].Graph(), tensor.Must(tensor.Convert(tensor.Must(tensor.FromSlice([]float64{1, 2, 2, 0}, 2, 2)), x[0].Dtype())))
		return reduce(CTCLoss(LogSoftmax(x[0], 2), targets, []int{4, 3}, []int{2, 1}, 0))
	}
}
