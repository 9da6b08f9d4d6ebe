package autodiff_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Mistakes have the name of the function, the line of its caller, and say what would
// be right.
func TestConvMistakes(t *testing.T) {
	g := NewGraph()
	ones := func(shape ...int) *Node { return Const(g, tensor.Must(tensor.Ones[float64](shape...))) }
	x, w, b := ones(2, 4, 5, 6), ones(6, 4, 3, 3), ones(6)
	x1, w1 := ones(2, 4, 7), ones(6, 4, 3)
	f := Const(g, tensor.Must(tensor.Ones[float32](6, 4, 3, 3)))
	other := Const(NewGraph(), tensor.Must(tensor.Ones[float64](6, 4, 3, 3)))
	columns := ones(2, 36, 12)
	pair := func(a, b int) [2]int { return [2]int{a, b} }
	type (
		c1 = Conv1dOptions
		c2 = Conv2dOptions
		t1 = ConvTranspose1dOptions
		t2 = ConvTranspose2dOptions
		im = Im2colOptions
	)
	const most, least = math.MaxInt, math.MinInt
	for i, c := range []struct {
		node *Node
		want error
		text string
	}{
		{Conv2d(nil, w, b, c2{}), ErrNil, "autodiff.Conv2d: nil node: argument 0"},
		{Conv2d(x, nil, b, c2{}), ErrNil, "autodiff.Conv2d: nil node: argument 1"},
		{Conv1d(nil, w, nil, c1{}), ErrNil, "autodiff.Conv1d: nil node: argument 0"},
		{ConvTranspose1d(x1, nil, nil, t1{}), ErrNil, "autodiff.ConvTranspose1d: nil node: argument 1"},
		{ConvTranspose2d(nil, w, nil, t2{}), ErrNil, "autodiff.ConvTranspose2d: nil node"},
		{Im2col(nil, pair(1, 1), im{}), ErrNil, "autodiff.Im2col: nil node"},
		{Col2im(nil, pair(1, 1), pair(1, 1), im{}), ErrNil, "autodiff.Col2im: nil node"},

		{Conv2d(x, f, nil, c2{}), ErrDtype, "autodiff.Conv2d: "},
		{Conv2d(x, w, Slice(Slice(f, 1, 0, 1), 0, 0, 6), c2{}), ErrShape, "want a bias of 6 elements"},
		{Conv2d(x, w, Const(g, tensor.Must(tensor.Ones[float32](6))), c2{}), ErrDtype, "autodiff.Conv2d: "},
		{Conv2d(x, other, nil, c2{}), ErrGraph, "autodiff.Conv2d: "},
		{ConvTranspose2d(ones(2, 6, 5, 6), other, nil, t2{}), ErrGraph, "autodiff.ConvTranspose2d: "},

		{Conv2d(ones(5, 6), w, b, c2{}), ErrShape, "autodiff.Conv2d: bad shape: (5, 6) and (6, 4, 3, 3) and (6): want x of rank 3 or 4 and w of rank 4"},
		{Conv2d(x, ones(4, 3, 3), nil, c2{}), ErrShape, "want x of rank 3 or 4 and w of rank 4"},
		{Conv2d(Unsqueeze(x, 0), w, nil, c2{}), ErrShape, "want x of rank 3 or 4 and w of rank 4"},
		{Conv1d(x, w1, nil, c1{}), ErrShape, "want x of rank 2 or 3 and w of rank 3"},
		{ConvTranspose1d(ones(4), w1, nil, t1{}), ErrShape, "want x of rank 2 or 3 and w of rank 3"},

		{Conv2d(x, ones(6, 3, 3, 3), nil, c2{}), ErrShape, "x has 4 channels, and the weights in 1 groups are for 3"},
		{Conv2d(x, w, nil, c2{Groups: 2}), ErrShape, "x has 4 channels, and the weights in 2 groups are for 8"},
		{Conv2d(x, ones(6, 1, 3, 3), nil, c2{Groups: 3}), ErrShape, "3 groups, want a divisor of the 4 channels of x and the 6 of the result"},
		{Conv2d(x, ones(6, 1, 3, 3), nil, c2{Groups: 4}), ErrShape, "4 groups, want a divisor of the 4 channels of x and the 6 of the result"},
		{Conv1d(x1, ones(6, 2, 3), nil, c1{}), ErrShape, "autodiff.Conv1d: bad shape: (2, 4, 7) and (6, 2, 3): x has 4 channels"},
		{ConvTranspose2d(x, w, nil, t2{}), ErrShape, "x has 4 channels, and the weights in 1 groups are for 6"},
		{ConvTranspose2d(x, ones(4, 3, 2, 2), nil, t2{Groups: 3}), ErrShape, "3 groups, want a divisor of the 4 channels of x and the 9 of the result"},

		{Conv2d(x, w, ones(4), c2{}), ErrShape, "want a bias of 6 elements"},
		{Conv2d(x, w, ones(), c2{}), ErrShape, "want a bias of 6 elements"},
		{Conv2d(x, w, ones(6, 1), c2{}), ErrShape, "want a bias of 6 elements"},
		{ConvTranspose1d(ones(2, 6, 7), w1, ones(6), t1{}), ErrShape, "want a bias of 4 elements"},

		{Conv2d(x, ones(6, 4, 6, 3), nil, c2{}), ErrShape, "axis -2: the kernel spans 6, the padded input 5"},
		{Conv2d(x, w, nil, c2{Dilation: pair(1, 3)}), ErrShape, "axis -1: the kernel spans 7, the padded input 6"},
		{Conv2d(x, w, nil, c2{Dilation: pair(4, 1), Padding: pair(1, 0)}), ErrShape, "axis -2: the kernel spans 9, the padded input 7"},
		{Conv1d(x1, ones(6, 4, 8), nil, c1{}), ErrShape, "axis -1: the kernel spans 8, the padded input 7"},
		{Im2col(x, pair(6, 1), im{}), ErrShape, "axis -2: the kernel spans 6, the padded input 5"},

		{Conv2d(x, w, nil, c2{Stride: pair(1, -1)}), ErrShape, "stride -1, want 1 to 1048576"},
		{Conv2d(x, w, nil, c2{Stride: pair(most, 1)}), ErrShape, "stride 9223372036854775807, want 1 to"},
		{Conv2d(x, w, nil, c2{Padding: pair(0, -1)}), ErrShape, "padding -1, want 0 to 1048576"},
		{Conv2d(x, w, nil, c2{Padding: pair(most, 0)}), ErrShape, "padding"},
		{Conv2d(x, w, nil, c2{Dilation: pair(least, 1)}), ErrShape, "dilation -9223372036854775808, want 1 to"},
		{Conv2d(x, w, nil, c2{Groups: -1}), ErrShape, "groups -1, want 1 to 1048576"},
		{Conv1d(x1, w1, nil, c1{Padding: -1}), ErrShape, "padding -1, want 0 to"},
		{Conv1d(x1, w1, nil, c1{Stride: -2}), ErrShape, "stride -2, want 1 to"},
		{ConvTranspose1d(x1, w1, nil, t1{Dilation: most}), ErrShape, "dilation"},
		{ConvTranspose2d(x, w, nil, t2{Padding: pair(-1, 0)}), ErrShape, "padding -1, want 0 to"},
		{Im2col(x, pair(1, 1), im{Padding: pair(-1, 0)}), ErrShape, "padding -1, want 0 to"},
		{Col2im(columns, pair(5, 6), pair(3, 3), im{Stride: pair(-1, 0)}), ErrShape, "stride -1, want 1 to"},

		{ConvTranspose2d(ones(2, 6, 5, 6), w, nil, t2{OutputPadding: pair(0, 1)}), ErrShape,
			"output padding 1, want 0 or more and less than the stride 1 or the dilation 1"},
		{ConvTranspose1d(ones(6, 7), w1, nil, t1{OutputPadding: 3, Stride: 2, Dilation: 3}), ErrShape,
			"output padding 3, want 0 or more and less than the stride 2 or the dilation 3"},
		{ConvTranspose1d(ones(6, 7), w1, nil, t1{OutputPadding: -1}), ErrShape, "output padding -1"},
		{ConvTranspose2d(ones(6, 2, 6), w, nil, t2{Padding: pair(2, 0)}), ErrShape, "axis -2: the result has size 0, want at least 1"},
		{ConvTranspose2d(Expand(ones(), 1, 1, 1<<20, 1<<19), ones(1, 1, 1, 1), nil, t2{Stride: pair(1<<20, 1<<20)}), ErrShape, "too large"},

		{Im2col(ones(5, 6), pair(1, 1), im{}), ErrShape, "want images"},
		{Im2col(x, pair(0, 1), im{}), ErrShape, "[0 1], want two numbers of at least 1"},
		{Im2col(x, pair(most, most), im{}), ErrShape, "want two numbers of at least 1 with a product that is not too large"},
		{Im2col(Expand(ones(), 1, 1<<25, 1, 1), pair(1<<20, 1<<20), im{Padding: pair(1<<20, 1<<20)}), ErrShape, "too large"},
		{Col2im(ones(36), pair(5, 6), pair(3, 3), im{}), ErrShape, "want columns"},
		{Col2im(columns, pair(5, 6), pair(5, 1), im{}), ErrShape, "36 rows, want a multiple of 5 taps"},
		{Col2im(columns, pair(5, 7), pair(3, 3), im{}), ErrShape, "12 columns, want 15 = 3·5"},
		{Col2im(columns, pair(5, -6), pair(3, 3), im{}), ErrShape, "[5 -6], want two numbers of at least 1"},
		{Col2im(columns, pair(2, 6), pair(3, 3), im{}), ErrShape, "axis -2: the kernel spans 3, the padded input 2"},
		{Col2im(columns, pair(1<<30, 1<<30), pair(3, 3), im{}), ErrShape, "12 columns, want"},
	} {
		err := Err(c.node)
		require.ErrorIs(t, err, c.want, "case %d", i)
		require.ErrorContains(t, err, c.text, "case %d", i)
		var e *Error
		require.ErrorAs(t, err, &e)
		require.True(t, strings.HasPrefix(e.Pos, "conv_errors_test.go:"), err)
	}
	bad := Reshape(b, 5)
	for i, n := range []*Node{
		Conv1d(bad, w1, nil, c1{}), Conv1d(x1, bad, b, c1{}), Conv2d(x, w, bad, c2{}), Conv2d(bad, bad, nil, c2{Groups: -1}),
		ConvTranspose1d(bad, w1, nil, t1{}), ConvTranspose2d(x, w, bad, t2{}), Im2col(bad, pair(0, 0), im{}), Col2im(bad, pair(0, 0), pair(0, 0), im{}),
	} {
		require.Same(t, bad, n, "case %d", i)
	}
}
