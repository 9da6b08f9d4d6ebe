package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// Run with
//
//	go test -run '^$' -bench Conv2d ./autodiff

// BenchmarkConv2d is the value of Σ conv(relu(conv(x))) and its gradients by both
// weights, for 32 images of 28×28, 3×3 kernels, and 16 and 32 channels: ours, and the
// same with gorgonia alone. "products" is the time of kernel.Gemm for the same
// matrix products, with matrices that are already there.
func BenchmarkConv2d(b *testing.B) {
	b.Run("float32", benchConvNet[float32])
	b.Run("float64", benchConvNet[float64])
}

const (
	convBatch, convSide, convMid, convOut = 32, 28, 16, 32
	convPlaces                            = convSide * convSide
	// The second layer has a gradient by its input, too.
	convFlop = 2 * convBatch * convPlaces * 9 * (2*convMid + 3*convMid*convOut)
)

func benchConvNet[T tensor.Float](b *testing.B) {
	b.Run("downhill", func(b *testing.B) {
		g := NewGraph()
		x, w, v := convParam[T](g, "x", convBatch, 1, convSide, convSide), convParam[T](g, "w", convMid, 1, 3, 3), convParam[T](g, "v", convOut, convMid, 3, 3)
		o := Conv2dOptions{Padding: [2]int{1, 1}}
		benchProgram(b, convFlop, Sum(Conv2d(Relu(Conv2d(x, w, nil, o)), v, nil, o)), w, v)
	})
	b.Run("products", func(b *testing.B) { benchProducts[T](b) })
	b.Run("gorgonia", func(b *testing.B) { benchStockConv[T](b) })
}

func convParam[T tensor.Float](g *Graph, name string, shape ...int) *Node {
	return Param(g, name, tensor.Must(tensor.Normal[T](tensor.NewRand(1), 0, 1, shape...)))
}

// benchProgram runs the value of loss and its gradients, which take flop operations.
func benchProgram(b *testing.B, flop float64, loss *Node, params ...*Node) {
	prog, err := Compile(loss, WithGrad(params...))
	require.NoError(b, err)
	require.NoError(b, prog.Run())
	b.ReportAllocs()
	for b.Loop() {
		_ = prog.Run()
	}
	reportSpeed(b, flop)
}

func reportSpeed(b *testing.B, flop float64) {
	b.ReportMetric(flop*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

func benchProducts[T tensor.Float](b *testing.B) {
	w, v := make([]T, convMid*9), make([]T, convOut*convMid*9)
	small, large := make([]T, 9*convPlaces), make([]T, convMid*9*convPlaces)
	y, z := make([]T, convMid*convPlaces), make([]T, convOut*convPlaces)
	for b.Loop() {
		for range convBatch {
			kernel.Gemm(y, w, small, convMid, convPlaces, 9, false, false)
			kernel.Gemm(w, y, small, convMid, 9, convPlaces, false, true)
			kernel.Gemm(z, v, large, convOut, convPlaces, convMid*9, false, false)
			kernel.Gemm(v, z, large, convOut, convMid*9, convPlaces, false, true)
			kernel.Gemm(large, v, z, convMid*9, convPlaces, convOut, true, false)
		}
	}
	reportSpeed(b, convFlop)
}

func benchStockConv[T tensor.Float](b *testing.B) {
	g := gorgonia.NewGraph()
	leaf := func(name string, shape ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.DtypeOf[T](), 4, gorgonia.WithName(name),
			gorgonia.WithValue(tensor.Must(tensor.Normal[T](tensor.NewRand(1), 0, 1, shape...))))
	}
	x, w, v := leaf("x", convBatch, 1, convSide, convSide), leaf("w", convMid, 1, 3, 3), leaf("v", convOut, convMid, 3, 3)
	conv := func(x, w *gorgonia.Node) *gorgonia.Node {
		return gorgonia.Must(gorgonia.Conv2d(x, w, []int{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
	}
	loss := gorgonia.Must(gorgonia.Sum(conv(gorgonia.Must(gorgonia.Rectify(conv(x, w))), v)))
	_, err := gorgonia.Grad(loss, w, v)
	require.NoError(b, err)
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(w, v))
	require.NoError(b, machine.RunAll())
	machine.Reset()
	b.ReportAllocs()
	for b.Loop() {
		_ = machine.RunAll()
		machine.Reset()
	}
	reportSpeed(b, convFlop)
}

// BenchmarkConv2dLayers is one layer of each kind that networks have: its value and
// its gradients by x and w. Most kinds are to be about as fast as kernel.Gemm; a
// depthwise one has no matrix products to make.
func BenchmarkConv2dLayers(b *testing.B) {
	for _, c := range []struct {
		name                   string
		batch, in, out, side   int
		taps, stride, pad, grp int
	}{
		{"3x3", 8, 64, 64, 28, 3, 1, 1, 1},
		{"3x3 stride 2", 8, 64, 64, 28, 3, 2, 1, 1},
		{"3x3 deep, small images", 16, 128, 128, 7, 3, 1, 1, 1},
		{"5x5 large images", 1, 3, 16, 224, 5, 1, 2, 1},
		{"1x1", 8, 64, 64, 28, 1, 1, 0, 1},
		{"1x1 small images", 32, 128, 128, 4, 1, 1, 0, 1},
		{"whole image", 32, 32, 64, 7, 7, 1, 0, 1},
		{"one channel of result", 8, 32, 1, 28, 3, 1, 1, 1},
		{"depthwise", 8, 64, 64, 28, 3, 1, 1, 64},
		{"depthwise stride 2", 8, 64, 64, 28, 3, 2, 1, 64},
		{"4 groups", 8, 64, 64, 28, 3, 1, 1, 4},
		{"4 rows a group", 8, 16, 64, 28, 3, 1, 1, 16},
	} {
		b.Run(c.name+"/float32", func(b *testing.B) {
			benchConvLayer[float32](b, c.batch, c.in, c.out, c.side, c.taps, c.stride, c.pad, c.grp)
		})
		b.Run(c.name+"/float64", func(b *testing.B) {
			benchConvLayer[float64](b, c.batch, c.in, c.out, c.side, c.taps, c.stride, c.pad, c.grp)
		})
	}
}

func benchConvLayer[T tensor.Float](b *testing.B, batch, in, out, side, taps, stride, pad, groups int) {
	g := NewGraph()
	x, w := convParam[T](g, "x", batch, in, side, side), convParam[T](g, "w", out, in/groups, taps, taps)
	y := Conv2d(x, w, nil, Conv2dOptions{Stride: [2]int{stride, stride}, Padding: [2]int{pad, pad}, Groups: groups})
	benchProgram(b, 6*float64(tensor.Size(y.Shape()))*float64(in/groups*taps*taps), Sum(y), x, w)
}
