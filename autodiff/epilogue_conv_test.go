package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// TestConvEpilogues: biases and relu are in convolutions, however these are computed, and
// the bits are those of the operations apart.
func TestConvEpilogues(t *testing.T) {
	pads := [2]int{1, 1}
	conv := func(o Conv2dOptions) func(x, w, b *Node) *Node {
		return func(x, w, b *Node) *Node { return Conv2d(x, w, b, o) }
	}
	transpose := func(o ConvTranspose2dOptions) func(x, w, b *Node) *Node {
		return func(x, w, b *Node) *Node { return ConvTranspose2d(x, w, b, o) }
	}
	signal := func(x, w, b *Node) *Node { return Conv1d(x, w, b, Conv1dOptions{}) }
	stock := func(x, w, b *Node) *Node {
		y := gorgonia.Must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		if b != nil {
			y = gorgonia.Must(gorgonia.BroadcastAdd(y, b, nil, []byte{0, 2, 3}))
		}
		return y
	}
	for _, c := range []struct {
		name    string
		x, w, b []int
		of      func(x, w, b *Node) *Node
	}{
		{"pixels", []int{2, 3, 9, 10}, []int{17, 3, 3, 3}, []int{17}, conv(Conv2dOptions{Padding: pads})},
		{"pixels in groups", []int{2, 6, 9, 10}, []int{40, 3, 2, 3}, []int{40}, conv(Conv2dOptions{Groups: 2})},
		{"dilated pixels", []int{2, 3, 9, 10}, []int{9, 3, 3, 3}, []int{9}, conv(Conv2dOptions{Dilation: [2]int{1, 2}})},
		{"bands of pixels", []int{1, 8, 90, 90}, []int{16, 8, 3, 3}, []int{16}, conv(Conv2dOptions{})},
		{"one channel to many", []int{3, 1, 12, 20}, []int{16, 1, 3, 3}, []int{16}, conv(Conv2dOptions{Padding: pads})},
		{"columns", []int{2, 3, 9, 10}, []int{5, 3, 3, 3}, []int{5}, conv(Conv2dOptions{Padding: pads})},
		{"columns of several images", []int{5, 3, 4, 4}, []int{5, 3, 3, 3}, []int{5}, conv(Conv2dOptions{})},
		{"columns in groups, of a part of an image", []int{1, 6, 50, 50}, []int{6, 3, 3, 3}, []int{6}, conv(Conv2dOptions{Groups: 2})},
		{"pixels as they are", []int{2, 3, 9, 10}, []int{5, 3, 1, 1}, []int{5}, conv(Conv2dOptions{})},
		{"planes", []int{2, 6, 9, 10}, []int{6, 1, 3, 3}, []int{6}, conv(Conv2dOptions{Groups: 6})},
		{"an image", []int{3, 9, 10}, []int{17, 3, 3, 3}, []int{17}, conv(Conv2dOptions{})},
		{"transposed pixels", []int{2, 9, 5, 6}, []int{9, 12, 3, 3}, []int{12}, transpose(ConvTranspose2dOptions{Padding: pads})},
		{"transposed columns", []int{2, 9, 5, 6}, []int{9, 4, 3, 3}, []int{12}, transpose(ConvTranspose2dOptions{Stride: [2]int{2, 2}, Groups: 3})},
		{"transposed planes", []int{2, 4, 5, 6}, []int{4, 2, 3, 3}, []int{8}, transpose(ConvTranspose2dOptions{Groups: 4})},
		{"a signal", []int{2, 3, 50}, []int{9, 3, 5}, []int{9}, signal},
		{"stock", []int{2, 3, 9, 10}, []int{17, 3, 3, 3}, []int{1, 17, 1, 1}, stock},
	} {
		t.Run(c.name, func(t *testing.T) {
			testConvEpilogue[float32](t, 1, c.of, c.x, c.w, c.b)
			testConvEpilogue[float64](t, 1, c.of, c.x, c.w, c.b)
			testConvEpilogue[float64](t, math.Inf(1), c.of, c.x, c.w, c.b)
		})
	}
}

// testConvEpilogue compares relu of a convolution with bias with the same where all that
// lies between is kept. One of the weights is w0.
func testConvEpilogue[T tensor.Float](t *testing.T, w0 float64, of func(x, w, b *Node) *Node, shapes ...[]int) {
	rng := tensor.NewRand(9)
	g := NewGraph()
	var in []*Node
	for i, s := range shapes {
		v := must(tensor.Normal[T](rng, 0, 1, s...))
		if i == 1 {
			v.Data().([]T)[3] = T(w0)
		}
		in = append(in, Param(g, string("xwb"[i]), v))
	}
	x, w, b := in[0], in[1], in[2]
	product := of(x, w, nil)
	channels := []int{-1, 1, 1}[:min(3, len(shapes[1])-1)]
	sum := Add(product, Reshape(b, channels...))
	want := Relu(sum)
	apart := mustCompile(t, want, Keep(product, sum))
	require.NotContains(t, apart.Explain(), " bias")
	require.NoError(t, apart.Run())
	relu := Relu
	if Rank(b) > 1 {
		relu = func(x *Node) *Node { return gorgonia.Must(gorgonia.Rectify(x)) }
	}
	for _, c := range []struct {
		name string
		y    *Node
		want *Node
	}{
		{" bias relu ", relu(of(x, w, b)), want},
		{" bias ", of(x, w, b), sum},
		{" bias ", Tanh(of(x, w, b)), Tanh(sum)},
	} {
		require.NoError(t, mustCompile(t, c.want, Keep(product, sum)).Run())
		joined := mustCompile(t, c.y)
		require.Contains(t, joined.Explain(), c.name)
		for range 2 {
			require.NoError(t, joined.Run())
			require.Equal(t, bitsOf(nodeValue(t, c.want)), bitsOf(nodeValue(t, c.y)))
		}
	}
	sum = of(x, w, b)
	both := mustCompile(t, Mul(Relu(sum), sum))
	require.NotContains(t, both.Explain(), " bias relu")
}

// bitsOf returns the bits of x; all NaN are the same.
func bitsOf(x []float64) []uint64 {
	bits := make([]uint64, len(x))
	for i, v := range x {
		if v != v {
			v = math.NaN()
		}
		bits[i] = math.Float64bits(v)
	}
	return bits
}

// TestMaxPoolOfRelu: the gradient of relu is in that of the max pool after it, and the bits
// are those of the operations apart: windows that overlap, ties, and NaN.
func TestMaxPoolOfRelu(t *testing.T) {
	t.Run("float32", testMaxPoolOfRelu[float32])
	t.Run("float64", testMaxPoolOfRelu[float64])
}

func testMaxPoolOfRelu[T tensor.Float](t *testing.T) {
	rng := tensor.NewRand(11)
	for _, c := range []struct {
		shape []int
		o     Pool2dOptions
	}{
		{[]int{2, 3, 12, 40}, Pool2dOptions{Kernel: [2]int{2, 2}}},
		{[]int{2, 3, 7, 9}, Pool2dOptions{Kernel: [2]int{2, 2}}},
		{[]int{3, 4, 4}, Pool2dOptions{Kernel: [2]int{2, 2}}},
		{[]int{2, 3, 8, 9}, Pool2dOptions{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}},
	} {
		data := make([]T, tensor.Size(c.shape))
		special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, 1, -1}
		for i := range data {
			data[i] = T(special[rng.IntN(len(special))])
		}
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.FromSlice(data, c.shape...)))
		y := MaxPool2d(Relu(x), c.o)
		r := Const(g, must(tensor.Normal[T](rng, 0, 1, y.Shape()...)))
		prog := mustCompile(t, Sum(Mul(y, r)), WithGrad(x))
		require.Contains(t, prog.Explain(), "MaxUnpool relu")
		require.NotContains(t, prog.Explain(), "Where")
		require.NoError(t, prog.Run())

		relu := make([]T, len(data))
		for i, v := range data {
			relu[i] = max(v, 0)
		}
		h := Param(g, "relu", tensor.Must(tensor.FromSlice(relu, c.shape...)))
		other := mustCompile(t, Sum(Mul(MaxPool2d(h, c.o), r)), WithGrad(h))
		require.NotContains(t, other.Explain(), "MaxUnpool relu")
		require.NoError(t, other.Run())
		want := gradValue(t, h)
		for i, v := range relu {
			if v <= 0 {
				want[i] = 0
			}
		}
		require.Equal(t, bitsOf(want), bitsOf(gradValue(t, x)))
	}
	// A gradient that comes from elsewhere, too, is not only that of the pool.
	g := NewGraph()
	x := convParam[T](g, "x", 2, 3, 8, 8)
	y := Relu(x)
	prog := mustCompile(t, Add(Sum(Square(MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}}))), Sum(Square(y))), WithGrad(x))
	require.NotContains(t, prog.Explain(), "MaxUnpool relu")
}
