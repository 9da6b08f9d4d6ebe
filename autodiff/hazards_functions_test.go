package autodiff_test

import (
	"bytes"
	"log"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// hazardRow is a function of gorgonia's of which its value or gradient is wrong.
type hazardRow struct {
	name  string
	f     func(x *Node) (*Node, error)
	ours  func(x *Node) *Node // nil where there is only gorgonia's
	shape []int
	x     []float64
	y     []float64 // what f has to be,
	dx    []float64 // and the gradient of its sum
}

// hazardRows has in the comments what gorgonia's machine gives.
func hazardRows() []hazardRow {
	image := []int{1, 1, 2, 6}
	return []hazardRow{
		// the gradient is 0.35
		{"Log2", gorgonia.Log2, Log2, []int{}, []float64{2}, []float64{1}, []float64{1 / (2 * math.Ln2)}},
		// -4
		{"InverseSqrt", gorgonia.InverseSqrt, Rsqrt, []int{}, []float64{4}, []float64{0.5}, []float64{-0.0625}},
		// (3, 3)
		{"OuterProd", func(x *Node) (*Node, error) {
			return gorgonia.OuterProd(x, stockLeaf(x.Graph(), "y", tensor.Of(4.0, 5)))
		},
			func(x *Node) *Node { return Outer(x, Const(x.Graph(), tensor.Of(4.0, 5))) },
			[]int{2}, []float64{1, 2}, []float64{4, 5, 8, 10}, []float64{9, 9}},
		// 1.14, and (0.21, 0.11)
		{"LogSumExp", func(x *Node) (*Node, error) { return gorgonia.LogSumExp(x, 0) }, func(x *Node) *Node { return LogSumExp(x, 0) },
			[]int{2}, []float64{math.Log(6), math.Log(2)}, []float64{math.Log(8)}, []float64{0.75, 0.25}},
		// 1, and (1, 1)
		{"Norm of p = 1", func(x *Node) (*Node, error) { return gorgonia.Norm(x, 0, 1) }, func(x *Node) *Node { return Sum(Abs(x)) },
			[]int{2}, []float64{-3, 4}, []float64{7}, []float64{-1, 1}},
		// 3.33, and (0.81, 1.44)
		{"Norm of p = 3", func(x *Node) (*Node, error) { return gorgonia.Norm(x, 0, 3) }, nil,
			[]int{2}, []float64{-3, 4}, []float64{math.Cbrt(91)}, []float64{-9 / math.Pow(91, 2.0/3), 16 / math.Pow(91, 2.0/3)}},
		// (1, 1, 0)
		{"Max of ties", func(x *Node) (*Node, error) { return gorgonia.Max(x) }, func(x *Node) *Node { return Max(x) },
			[]int{3}, []float64{2, 2, 1}, []float64{2}, []float64{0.5, 0.5, 0}},
		// (1, 0)
		{"MaxBetween of ties", func(x *Node) (*Node, error) {
			return gorgonia.MaxBetween(x, stockLeaf(x.Graph(), "y", tensor.Of(2.0, 5)))
		}, nil,
			[]int{2}, []float64{2, 2}, []float64{2, 5}, []float64{0.5, 0}},
		// the same number, and (0.19, 0.19)
		{"SoftMax of a column", func(x *Node) (*Node, error) { return gorgonia.SoftMax(x) }, func(x *Node) *Node { return Softmax(x, 0) },
			[]int{2, 1}, []float64{0, math.Log(3)}, []float64{0.25, 0.75}, []float64{0, 0}},
		// Grad is an error
		{"At", func(x *Node) (*Node, error) { return gorgonia.At(x, 1, 2) }, func(x *Node) *Node { return At(x, 1, 2) },
			[]int{2, 3}, []float64{1, 2, 3, 4, 5, 6}, []float64{6}, []float64{0, 0, 0, 0, 0, 1}},
		// −0, and a slope of 1 at 0
		{"Rectify", gorgonia.Rectify, Relu, []int{3}, []float64{-1, 0, 2}, []float64{0, 0, 2}, []float64{0, 0, 1}},
		// Grad is an error
		{"Sign", gorgonia.Sign, Sign, []int{2}, []float64{-3, 4}, []float64{-1, 1}, []float64{0, 0}},
		// Grad is an error
		{"Ceil", gorgonia.Ceil, Ceil, []int{2}, []float64{-1.5, 1.5}, []float64{-1, 2}, []float64{0, 0}},
		// Grad is an error
		{"Floor", gorgonia.Floor, Floor, []int{2}, []float64{-1.5, 1.5}, []float64{-2, 1}, []float64{0, 0}},
		// an error of the run
		{"Tensordot of all, times a number", func(x *Node) (*Node, error) {
			return gorgonia.Mul(gorgonia.Must(gorgonia.Tensordot([]int{0, 1}, []int{0, 1}, x, x)), stockLeaf(x.Graph(), "s", 3.0))
		}, func(x *Node) *Node { return Mul(3, Dot(x, x)) }, []int{1, 2}, []float64{1, 2}, []float64{15}, []float64{6, 12}},
		// no function takes the node
		{"DiagFlat", gorgonia.DiagFlat, func(x *Node) *Node { return Diag(x, 0) }, []int{2}, []float64{3, 4}, []float64{3, 0, 0, 4}, []float64{1, 1}},
		// (4, 6)
		{"MaxPool2D padded above", func(x *Node) (*Node, error) {
			return gorgonia.MaxPool2D(x, stock.Shape{2, 2}, []int{1, 0, 0, 0}, []int{2, 2})
		}, nil,
			[]int{1, 1, 3, 2}, []float64{1, 2, 3, 4, 5, 6}, []float64{2, 6}, []float64{0, 1, 0, 0, 0, 1}},
		// (2.33, 3.67, 5), and a gradient in the first three
		{"AveragePool2D", func(x *Node) (*Node, error) {
			return gorgonia.AveragePool2D(x, stock.Shape{2, 2}, []int{0, 0}, []int{2, 2})
		},
			func(x *Node) *Node { return AvgPool2d(x, Pool2dOptions{Kernel: [2]int{2, 2}}) },
			image, ascending(12), []float64{3.5, 5.5, 7.5}, repeated(0.25, 12)},
		// (5, 5.5)
		{"AveragePool2D padded above", func(x *Node) (*Node, error) {
			return gorgonia.AveragePool2D(x, stock.Shape{2, 2}, []int{1, 0, 0, 0}, []int{2, 2})
		}, nil,
			[]int{1, 1, 3, 2}, []float64{1, 2, 3, 4, 5, 6}, []float64{0.75, 4.5}, repeated(0.25, 6)},
		// Grad panics
		{"GlobalAveragePool2D", gorgonia.GlobalAveragePool2D, func(x *Node) *Node { return MeanKeep(x, 2, 3) }, image, ascending(12), []float64{5.5}, repeated(1.0/12, 12)},
		// twice the gradient
		{"CTCLoss, mean", func(x *Node) (*Node, error) { return hazardCTC(x, gorgonia.ReductionMean) }, nil,
			[]int{1, 2, 2}, []float64{-1, -2, -3, -4}, []float64{3}, []float64{0, -0.5, 0, -0.5}},
	}
}

func ascending(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

func repeated(x float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x
	}
	return out
}

// hazardCTC is the loss of two sequences of one step, whose targets are the letter 1.
func hazardCTC(x *Node, r gorgonia.Reduction) (*Node, error) {
	ints := func(name string) *Node {
		return stockLeaf(x.Graph(), name, stock.New(stock.WithBacking([]int{1, 1})))
	}
	targets := stockLeaf(x.Graph(), "targets", stock.New(stock.WithShape(2, 1), stock.WithBacking([]int{1, 1})))
	return gorgonia.CTCLoss(x, targets, ints("steps"), ints("lengths"), r)
}

// What single functions of gorgonia's do wrongly.
func TestHazardFunctions(t *testing.T) {
	for _, r := range hazardRows() {
		t.Run(r.name, func(t *testing.T) {
			for which, f := range []func(x *Node) *Node{func(x *Node) *Node { return gorgonia.Must(r.f(x)) }, r.ours} {
				if f == nil {
					continue
				}
				g := NewGraph()
				x := Param(g, "x", stockOf(r.shape, append([]float64(nil), r.x...)...))
				y := f(x)
				grads := mustGrad(t, Sum(y), x)
				require.NoError(t, mustCompile(t, y, Keep(grads...)).Run())
				require.InDeltaSlice(t, r.y, nodeValue(t, y), 1e-14, "function %d", which)
				require.InDeltaSlice(t, r.dx, nodeValue(t, grads[0]), 1e-14, "function %d", which)
				require.NoError(t, NewVM(g, gorgonia.BindDualValues(x), Cost(Sum(y))).RunAll())
				require.InDeltaSlice(t, r.y, nodeValue(t, y), 1e-14, "function %d", which)
				require.InDeltaSlice(t, r.dx, gradValue(t, x), 1e-14, "function %d", which)
			}
		})
	}
}

// What needs more than a row.
func TestHazardFunctionsMore(t *testing.T) {
	t.Run("LogSumExp of a matrix", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", stockOf([]int{1, 2}, math.Log(6), math.Log(2)))
		_, err := gorgonia.LogSumExp(x, 1)
		require.Error(t, err, "gorgonia's own")
		require.InDelta(t, math.Log(8), programValue(t, LogSumExp(x, 1))[0], 1e-15)
	})
	t.Run("a slice with a step that the length is no multiple of", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", tensor.Of(1.0, 2, 3, 4, 5))
		n := gorgonia.Must(gorgonia.Slice(x, gorgonia.S(0, 5, 2))) // (1, 3)
		_, err := Compile(n)
		for _, err := range []error{err, NewVM(x.Graph()).RunAll()} {
			require.ErrorIs(t, err, ErrDamaged)
			require.ErrorContains(t, err, "sliceOp")
			require.ErrorContains(t, err, "[0:5:2] has 3 elements along axis 0, and gorgonia gave the node the shape (2); use autodiff.Slice")
		}
		require.Equal(t, []float64{1, 3, 5}, programValue(t, Slice(x, 0, 0, 5, 2)))
	})
	t.Run("Dropout has the gradient 1/(1 - p), not 1/p", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", tensor.Must(tensor.Linspace(1.0, 2, 100)))
		y := gorgonia.Must(gorgonia.Dropout(x, 0.25))
		require.NoError(t, NewVM(x.Graph(), gorgonia.BindDualValues(x), Cost(sumOf(y, nil))).RunAll())
		for i, d := range gradValue(t, x) {
			require.Contains(t, []float64{0, 4.0 / 3}, d)
			require.InDelta(t, d*nodeValue(t, x)[i], nodeValue(t, y)[i], 1e-14)
		}
	})
	t.Run("AveragePool1D", func(t *testing.T) {
		// It makes the node of MaxPool1D, so its maximum is what the graph asks for.
		x := stockLeaf(NewGraph(), "x", stockOf([]int{1, 1, 1, 4}, 1, 2, 5, 8))
		average, largest := gorgonia.Must(gorgonia.AveragePool1D(x, 2, 0, 2)), gorgonia.Must(gorgonia.MaxPool1D(x, 2, 0, 2))
		require.Same(t, average, largest)
		require.Equal(t, []float64{2, 8}, programValue(t, largest))
		row := Reshape(x, 1, 1, 4)
		require.Equal(t, []float64{1.5, 6.5}, programValue(t, AvgPool1d(row, Pool1dOptions{Kernel: 2, Stride: 2})))
	})
	t.Run("BatchNorm keeps its statistics when a machine is made", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", stockOf([]int{2, 1}, 1, 3))
		y, _, _, bn, err := gorgonia.BatchNorm(x, stockLeaf(g, "scale", stockOf([]int{2, 1}, 1, 1)), stockLeaf(g, "bias", stockOf([]int{2, 1}, 0, 0)), 0.5, 1)
		require.NoError(t, err)
		require.NoError(t, bn.SetStats(tensor.Of(4.0), tensor.Of(8.0)))
		train, eval := NewVM(g), NewVM(g, gorgonia.EvalMode())
		require.NoError(t, eval.RunAll())
		require.InDeltaSlice(t, []float64{-1, -1.0 / 3}, nodeValue(t, y), 1e-15)
		require.NoError(t, train.RunAll())
		NewVM(g) // where gorgonia's NewTapeMachine sets them back
		mean, variance := bn.Stats()
		require.Equal(t, []float64{3}, must(tensor.Float64s(mean)), "half of 4 and 2")
		require.Equal(t, []float64{5}, must(tensor.Float64s(variance)), "half of 8 and 2")
	})
	t.Run("GroupNorm logs nothing", func(t *testing.T) {
		var out bytes.Buffer
		defer log.SetOutput(log.Writer())
		log.SetOutput(&out)
		g := NewGraph()
		x := stockLeaf(g, "x", stockOf([]int{1, 2, 1, 2}, 1, 3, 2, 6))
		one := func(name string, v float64) *Node { return stockLeaf(g, name, stockOf([]int{1, 2, 1, 1}, v, v)) }
		y := gorgonia.Must(gorgonia.GroupNorm(x, one("scale", 1), one("bias", 0), 2, 2, 0))
		c := sumOf(gorgonia.Square(y))
		_, err := gorgonia.Grad(c, x)
		require.NoError(t, err)
		require.InDelta(t, 4, runAll(t, c, gorgonia.BindDualValues(x))[0], 1e-14)
		require.InDeltaSlice(t, []float64{0, 0, 0, 0}, gradValue(t, x), 1e-14)
		require.Empty(t, out.String())
	})
	t.Run("second derivatives of a matrix times a vector", func(t *testing.T) {
		g := NewGraph()
		x := stockLeaf(g, "x", tensor.Of(1.0, -1))
		a := stockLeaf(g, "a", stockOf([]int{2, 2}, 1, 2, 3, 4))
		h, err := Hessian(sumOf(gorgonia.Square(gorgonia.Must(gorgonia.Mul(a, x)))), x)
		require.NoError(t, err)
		require.Equal(t, []float64{20, 28, 28, 40}, programValue(t, h), "2A'A")
	})
	t.Run("second derivatives of slices", func(t *testing.T) {
		g := NewGraph()
		p := stockLeaf(g, "p", tensor.Of(-1.0, 2))
		x, y := gorgonia.Must(gorgonia.Slice(p, gorgonia.S(0))), gorgonia.Must(gorgonia.Slice(p, gorgonia.S(1)))
		step := gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(gorgonia.NewConstant(1.0), x))))
		valley := gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(y, gorgonia.Must(gorgonia.Square(x))))))
		rosenbrock := gorgonia.Must(gorgonia.Add(step, gorgonia.Must(gorgonia.Mul(gorgonia.NewConstant(100.0), valley))))
		h, err := Hessian(rosenbrock, p)
		require.NoError(t, err)
		require.Equal(t, []float64{1200 - 800 + 2, 400, 400, 200}, programValue(t, h))
	})
	t.Run("second derivatives of a softmax", func(t *testing.T) {
		x := stockLeaf(NewGraph(), "x", tensor.Of(0.0, math.Log(3)))
		h, err := Hessian(gorgonia.Must(gorgonia.Slice(gorgonia.Must(gorgonia.SoftMax(x)), gorgonia.S(0))), x)
		require.NoError(t, err)
		const p = 0.25
		d := p * (1 - p) * (1 - 2*p)
		require.InDeltaSlice(t, []float64{d, -d, -d, d}, programValue(t, h), 1e-15)
	})
}
