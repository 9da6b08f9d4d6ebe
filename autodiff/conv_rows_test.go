package autodiff_test

import (
	"fmt"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
)

// convRows is the part of opRows for convolutions. A gradient of one is made of the
// other two, so each row is a test of all three.
func convRows() []opRow {
	pair := func(a, b int) [2]int { return [2]int{a, b} }
	var rows []opRow
	for _, c := range []struct {
		x, w []int
		o    Conv2dOptions
	}{
		{[]int{2, 3, 5, 6}, []int{4, 3, 3, 2}, Conv2dOptions{}},
		{[]int{3, 5, 6}, []int{4, 3, 3, 2}, Conv2dOptions{Padding: pair(1, 0)}},
		{[]int{1, 1, 1, 1}, []int{3, 1, 1, 1}, Conv2dOptions{}},
		{[]int{2, 2, 6, 7}, []int{3, 2, 2, 3}, Conv2dOptions{Stride: pair(2, 3), Padding: pair(1, 2)}},
		{[]int{2, 2, 6, 7}, []int{3, 2, 2, 3}, Conv2dOptions{Stride: pair(3, 1), Padding: pair(0, 2), Dilation: pair(2, 3)}},
		{[]int{2, 6, 4, 4}, []int{6, 2, 3, 3}, Conv2dOptions{Padding: pair(1, 1), Groups: 3}},
		{[]int{2, 4, 5, 4}, []int{12, 2, 3, 3}, Conv2dOptions{Stride: pair(2, 0), Groups: 2}},
		{[]int{2, 3, 5, 5}, []int{3, 1, 3, 3}, Conv2dOptions{Padding: pair(1, 1), Groups: 3}},
		{[]int{2, 3, 7, 6}, []int{6, 1, 3, 3}, Conv2dOptions{Padding: pair(0, 2), Stride: pair(2, 2), Groups: 3}},
		{[]int{2, 3, 9, 9}, []int{5, 3, 1, 1}, Conv2dOptions{}},
		{[]int{3, 3, 2, 2}, []int{5, 3, 1, 1}, Conv2dOptions{}},
		{[]int{2, 3, 5, 5}, []int{4, 3, 1, 1}, Conv2dOptions{Stride: pair(2, 2), Padding: pair(1, 1)}},
		{[]int{2, 2, 4, 5}, []int{4, 2, 4, 5}, Conv2dOptions{}},
		{[]int{5, 1, 12, 12}, []int{4, 1, 3, 3}, Conv2dOptions{Padding: pair(1, 1)}},
		{[]int{2, 1, 3, 3}, []int{2, 1, 2, 2}, Conv2dOptions{Padding: pair(40, 39), Stride: pair(41, 20)}},
	} {
		f := func(x ...*Node) *Node { return Conv2d(x[0], x[1], nil, c.o) }
		name := fmt.Sprintf("%+v", c.o)
		rows = append(rows,
			opRow{"conv2d", name, f, shapes(c.x, c.w), anywhere},
			opRow{"convInput", name, gradientBy(0, f), shapes(c.x, c.w), anywhere},
			opRow{"convWeight", name, gradientBy(1, f), shapes(c.x, c.w), anywhere})
	}
	rows = append(rows,
		opRow{"conv2d", "bias", conv2dWith(Conv2dOptions{}), shapes([]int{2, 2, 4, 3}, []int{3, 2, 2, 2}, []int{3}), anywhere},
		opRow{"conv2d", "of itself", f1(func(x *Node) *Node { return Conv2d(x, x, nil, Conv2dOptions{Padding: pair(2, 2)}) }), shapes([]int{2, 2, 4, 3}), anywhere},
		opRow{"conv2d", "1-D", f2(func(x, w *Node) *Node {
			return Conv1d(x, w, nil, Conv1dOptions{Stride: 2, Padding: 1, Dilation: 2, Groups: 2})
		}), shapes([]int{2, 4, 9}, []int{6, 2, 3}), anywhere},
		opRow{"conv2d", "1-D, long", f2(func(x, w *Node) *Node { return Conv1d(x, w, nil, Conv1dOptions{Padding: 2}) }), shapes([]int{2, 1, 2500}, []int{4, 1, 5}), anywhere})
	return append(append(rows, convTransposeRows()...), unfoldRows()...)
}

func conv2dWith(o Conv2dOptions) gradtest.Func {
	return func(x ...*Node) *Node { return Conv2d(x[0], x[1], x[2], o) }
}

func convTransposeRows() []opRow {
	pair := func(a, b int) [2]int { return [2]int{a, b} }
	var rows []opRow
	for _, c := range []struct {
		x, w []int
		o    ConvTranspose2dOptions
	}{
		{[]int{2, 3, 4, 3}, []int{3, 4, 3, 2}, ConvTranspose2dOptions{}},
		{[]int{3, 4, 3}, []int{3, 4, 3, 2}, ConvTranspose2dOptions{Stride: pair(2, 3), Padding: pair(1, 0), OutputPadding: pair(1, 2)}},
		// more output padding than stride: the last rows have no counterpart in x
		{[]int{2, 3, 2, 3}, []int{3, 2, 2, 2}, ConvTranspose2dOptions{Dilation: pair(3, 2), Padding: pair(1, 2), OutputPadding: pair(2, 1)}},
		{[]int{2, 4, 2, 3}, []int{4, 3, 2, 2}, ConvTranspose2dOptions{Groups: 2, Stride: pair(2, 2)}},
		{[]int{2, 3, 3, 3}, []int{3, 1, 3, 3}, ConvTranspose2dOptions{Groups: 3, Stride: pair(2, 2), Padding: pair(1, 1)}},
		{[]int{1, 3, 9, 9}, []int{3, 2, 1, 1}, ConvTranspose2dOptions{}},
	} {
		name := fmt.Sprintf("transposed %+v", c.o)
		f := func(x ...*Node) *Node { return ConvTranspose2d(x[0], x[1], nil, c.o) }
		rows = append(rows, opRow{"convInput", name, f, shapes(c.x, c.w), anywhere})
	}
	return append(rows,
		opRow{"convInput", "bias", func(x ...*Node) *Node { return ConvTranspose2d(x[0], x[1], x[2], ConvTranspose2dOptions{}) },
			shapes([]int{2, 3, 2}, []int{2, 3, 2, 2}, []int{3}), anywhere},
		opRow{"convInput", "1-D", func(x ...*Node) *Node {
			return ConvTranspose1d(x[0], x[1], x[2], ConvTranspose1dOptions{Stride: 2, Padding: 1, OutputPadding: 1, Dilation: 2, Groups: 2})
		}, shapes([]int{2, 4, 5}, []int{4, 3, 2}, []int{6}), anywhere})
}

func unfoldRows() []opRow {
	var rows []opRow
	for _, o := range []Im2colOptions{{}, {Padding: [2]int{1, 2}}, {Stride: [2]int{2, 3}, Padding: [2]int{1, 0}}, {Dilation: [2]int{2, 1}, Stride: [2]int{0, 2}}} {
		name, taps := fmt.Sprintf("%+v", o), [2]int{2, 3}
		columns := func(x *Node) *Node { return Im2col(x, taps, o) }
		rows = append(rows,
			opRow{"im2col", name, twice(columns), shapes([]int{2, 2, 5, 4}), anywhere},
			opRow{"im2col", name, twice(columns), shapes([]int{2, 5, 4}), anywhere},
			opRow{"col2im", name, twice(func(x *Node) *Node { return Col2im(Square(columns(x)), [2]int{5, 4}, taps, o) }), shapes([]int{2, 2, 5, 4}), anywhere},
			opRow{"col2im", name, twice(func(x *Node) *Node { return Col2im(Square(columns(x)), [2]int{5, 4}, taps, o) }), shapes([]int{2, 5, 4}), anywhere})
	}
	return rows
}

// gradientBy returns the gradient of Σ f³ by x[i].
func gradientBy(i int, f gradtest.Func) gradtest.Func {
	return func(x ...*Node) *Node {
		grads, err := Grad(Sum(Pow(f(x...), 3)), x[i])
		if err != nil {
			return Invalid(x[0].Graph(), "gradientBy", err)
		}
		return grads[0]
	}
}
