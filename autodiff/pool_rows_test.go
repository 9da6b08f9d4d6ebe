package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
)

// cubeGradient returns the gradient of Σ f(x)³ as a function: it has the transposes in
// it that the rules of f are made of.
func cubeGradient(f func(x *Node) *Node) gradtest.Func {
	return f1(func(x *Node) *Node {
		grads, err := Grad(Sum(Pow(f(x), 3)), x)
		if err != nil {
			return Invalid(x.Graph(), "cubeGradient", err)
		}
		return grads[0]
	})
}

// poolRows is the part of opRows for pools, upsampling and the CTC loss.
func poolRows() []opRow {
	rows := []opRow{
		{"resample", "up", f1(func(x *Node) *Node { return UpsampleBilinear2d(x, 5, 7, false) }), shapes([]int{2, 2, 3, 4}), anywhere},
		{"resample", "corners", f1(func(x *Node) *Node { return Exp(UpsampleBilinear2d(x, 5, 4, true)) }), shapes([]int{1, 3, 4}), anywhere},
		{"resampleBack", "down", cubeGradient(func(x *Node) *Node { return UpsampleBilinear2d(x, 2, 3, false) }), shapes([]int{2, 5, 4}), anywhere},
		{"", "UpsampleNearest1d", twice(func(x *Node) *Node { return UpsampleNearest1d(x, 3) }), shapes([]int{2, 3}), anywhere},
		{"", "UpsampleNearest2d", twice(func(x *Node) *Node { return UpsampleNearest2d(x, 2, 3) }), shapes([]int{2, 2, 3}), anywhere},
		{"", "AdaptiveAvgPool2d of one", f1(func(x *Node) *Node { return AdaptiveAvgPool2d(Square(x), 1, 1) }), shapes([]int{2, 2, 3, 4}), anywhere},
	}
	overlapping := Pool2dOptions{Kernel: [2]int{3, 2}, Stride: [2]int{2, 1}, Padding: [2]int{1, 1}}
	apart := Pool2dOptions{Kernel: [2]int{2, 2}, Stride: [2]int{3, 3}, CeilMode: true, ExcludePad: true}
	for _, r := range []struct {
		name string
		max  func(x *Node) *Node
		avg  func(x *Node) *Node
	}{
		{"overlapping",
			func(x *Node) *Node { return MaxPool2d(x, overlapping) },
			func(x *Node) *Node { return AvgPool2d(x, overlapping) }},
		{"apart",
			func(x *Node) *Node { return MaxPool2d(x, apart) },
			func(x *Node) *Node { return AvgPool2d(x, apart) }},
		{"adaptive",
			func(x *Node) *Node { return AdaptiveMaxPool2d(x, 3, 2) },
			func(x *Node) *Node { return AdaptiveAvgPool2d(x, 3, 2) }},
		{"1d",
			func(x *Node) *Node { return MaxPool1d(Squeeze(x, 0), Pool1dOptions{Kernel: 2}) },
			func(x *Node) *Node { return AvgPool1d(Squeeze(x, 0), Pool1dOptions{Kernel: 2}) }},
	} {
		in := shapes([]int{1, 2, 5, 7})
		rows = append(rows,
			opRow{"maxPool", r.name, twice(r.max), in, positive},
			opRow{"maxUnpool", r.name, cubeGradient(r.max), in, positive},
			opRow{"avgPool", r.name, twice(r.avg), in, positive},
			opRow{"avgUnpool", r.name, cubeGradient(r.avg), in, positive})
	}
	return append(rows, ctcRows()...)
}

// ctcRows has sequences of all kinds: full length, padded, repeated targets, none,
// as many as steps, and one of probability 0.
func ctcRows() []opRow {
	loss := func(inputs, targets []int, blank int, labels ...float64) func(x *Node) *Node {
		return func(x *Node) *Node {
			n := len(inputs)
			y := tensor.Must(tensor.Convert(tensor.Must(tensor.FromSlice(labels, n, len(labels)/n)), x.Dtype()))
			return CTCLossMean(x, Const(x.Graph(), y), inputs, targets, blank, true)
		}
	}
	var rows []opRow
	for _, r := range []struct {
		name string
		f    func(x *Node) *Node
		in   []int
	}{
		{"lengths", loss([]int{5, 3, 4}, []int{2, 1, 0}, 0, 1, 2, 3, 0, 0, 0), []int{5, 3, 4}},
		{"repeated", loss([]int{6, 4}, []int{3, 2}, 2, 1, 1, 0, 0, 0, 9), []int{6, 2, 3}},
		{"tight", loss([]int{3, 3}, []int{2, 3}, 0, 1, 1, 0, 1, 2, 1), []int{3, 2, 3}},
		{"one impossible", loss([]int{2, 2}, []int{2, 2}, 0, 1, 1, 1, 2), []int{2, 2, 3}},
		{"one step", loss([]int{1, 1}, []int{1, 0}, 0, 1, 1), []int{1, 2, 2}},
	} {
		direct := f1(r.f)
		logits := f1(func(x *Node) *Node { return r.f(LogSoftmax(x, 2)) })
		for _, f := range []gradtest.Func{direct, logits} {
			rows = append(rows, opRow{"ctcAlpha", r.name, f, shapes(r.in), anywhere})
		}
		rows = append(rows, opRow{"bandScan", r.name, cubeGradient(r.f), shapes(r.in), anywhere})
	}
	return rows
}
