package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestTorchConv replays conv.json, whose sums are exact in every order.
func TestTorchConv(t *testing.T) { replayTorch(t, convBuilders, "conv.json") }

// convBuilders are the functions of testdata/torch/conv.py, which says in what order
// their numbers are.
var convBuilders = map[string]torchBuilder{
	"Conv1d": func(a torchArgs, x []*Node) *Node {
		d := a.Dims
		return Conv1d(x[0], x[1], biasOf(x), Conv1dOptions{Stride: d[0], Padding: d[1], Dilation: d[2], Groups: d[3]})
	},
	"Conv2d": func(a torchArgs, x []*Node) *Node {
		d := a.Dims
		return Conv2d(x[0], x[1], biasOf(x), Conv2dOptions{Stride: [2]int(d), Padding: [2]int(d[2:]), Dilation: [2]int(d[4:]), Groups: d[6]})
	},
	"ConvTranspose1d": func(a torchArgs, x []*Node) *Node {
		d := a.Dims
		return ConvTranspose1d(x[0], x[1], biasOf(x),
			ConvTranspose1dOptions{Stride: d[0], Padding: d[1], OutputPadding: d[2], Dilation: d[3], Groups: d[4]})
	},
	"ConvTranspose2d": func(a torchArgs, x []*Node) *Node {
		d := a.Dims
		return ConvTranspose2d(x[0], x[1], biasOf(x), ConvTranspose2dOptions{
			Stride: [2]int(d), Padding: [2]int(d[2:]), OutputPadding: [2]int(d[4:]), Dilation: [2]int(d[6:]), Groups: d[8]})
	},
	"Im2col": func(a torchArgs, x []*Node) *Node { return Im2col(x[0], [2]int(a.Dims), unfoldOptions(a.Dims[2:])) },
	"Col2im": func(a torchArgs, x []*Node) *Node {
		return Col2im(x[0], [2]int(a.Dims), [2]int(a.Dims[2:]), unfoldOptions(a.Dims[4:]))
	},
}

func unfoldOptions(d []int) Im2colOptions {
	return Im2colOptions{Stride: [2]int(d), Padding: [2]int(d[2:]), Dilation: [2]int(d[4:])}
}

// biasOf returns the third input, if there is one.
func biasOf(x []*Node) *Node {
	if len(x) < 3 {
		return nil
	}
	return x[2]
}

// Padding is the same as Pad, for infinite weights too, whichever way the convolution
// is computed.
func TestConvOfPaddedInf(t *testing.T) {
	for _, out := range []int{1, 2, 3, 8} {
		g := NewGraph()
		inf := math.Inf(1)
		x := Param(g, "x", withSpecial(1, nil, 2, 3, 4, 5))
		w := Param(g, "w", withSpecial(2, []float64{inf, 1, math.NaN()}, out, 3, 3, 3))
		u := Param(g, "u", withSpecial(3, []float64{1, -inf}, 2, out, 4, 5))
		y := Conv2d(x, w, nil, Conv2dOptions{Padding: [2]int{1, 1}})
		want := Conv2d(Pad(x, 0, 1, 1, 1, 1), w, nil, Conv2dOptions{})
		requireClose(t, run(t, want), run(t, y))
		for _, wrt := range []*Node{x, w} {
			requireClose(t, run(t, gradOf(t, Sum(Mul(u, want)), wrt)[0]), run(t, gradOf(t, Sum(Mul(u, y)), wrt)[0]))
		}
	}
}

// withSpecial returns normal numbers with others in place of the first.
func withSpecial(seed uint64, first []float64, shape ...int) tensor.Value {
	v := tensor.Must(tensor.Normal(tensor.NewRand(seed), 0, 1.0, shape...))
	copy(v.Data().([]float64), first)
	return v
}

func requireClose(t *testing.T, want, got []float64) {
	t.Helper()
	require.NoError(t, tensor.AllCloseNaN(tensor.Of(got...), tensor.Of(want...), 1e-12, 1e-13))
}

// ⟨Conv2d(x), y⟩ = ⟨x, ConvTranspose2d(y)⟩.
func TestConvTransposeIsTheTranspose(t *testing.T) {
	g := NewGraph()
	normal := func(name string, seed uint64, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Normal(tensor.NewRand(seed), 0, 1.0, shape...)))
	}
	x, w, y := normal("x", 1, 2, 4, 9, 8), normal("w", 2, 6, 2, 3, 3), normal("y", 3, 2, 6, 5, 4)
	stride, padding := [2]int{2, 2}, [2]int{1, 1}
	a := Dot(Conv2d(x, w, nil, Conv2dOptions{Stride: stride, Padding: padding, Groups: 2}), y)
	b := Dot(x, ConvTranspose2d(y, w, nil, ConvTranspose2dOptions{Stride: stride, Padding: padding, OutputPadding: [2]int{0, 1}, Groups: 2}))
	require.InDelta(t, run(t, a)[0], run(t, b)[0], 1e-11)
}

// Whichever way they are computed, convolutions allocate nothing.
func TestConvDoesNotAllocate(t *testing.T) {
	for _, out := range []int{2, 8} {
		for _, taps := range []int{1, 3} {
			g := NewGraph()
			x, w := Param(g, "x", withSpecial(1, nil, 2, 4, 9, 9)), Param(g, "w", withSpecial(2, nil, out, 2, taps, taps))
			y := Conv2d(x, w, nil, Conv2dOptions{Padding: [2]int{1, 0}, Groups: 2})
			prog := mustCompile(t, Sum(Square(y)), WithGrad(x, w))
			require.NoError(t, prog.Run())
			require.Zero(t, testing.AllocsPerRun(10, func() { _ = prog.Run() }))
		}
	}
}

// Padding is not made where it would be most of the memory.
func TestConvOfLargeOptions(t *testing.T) {
	const most = 1 << 20
	g := NewGraph()
	x, w := Param(g, "x", tensor.Must(tensor.Full(3.0, 1, 1, 1))), Param(g, "w", tensor.Must(tensor.Full(2.0, 1, 1, 1, 1)))
	y := Conv2d(x, w, nil, Conv2dOptions{Padding: [2]int{most, most}, Stride: [2]int{most, most}})
	require.Equal(t, []float64{0, 0, 0, 0, 6, 0, 0, 0, 0}, run(t, y))
	require.Equal(t, []float64{2}, run(t, gradOf(t, Sum(y), x)[0]))
	require.Equal(t, []float64{3}, run(t, gradOf(t, Sum(y), w)[0]))
	z := ConvTranspose2d(y, w, nil, ConvTranspose2dOptions{Padding: [2]int{most, most}, Stride: [2]int{most, most}})
	require.Equal(t, []float64{12}, run(t, z))
}
