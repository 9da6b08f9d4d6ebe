package autodiff_test

import (
	"fmt"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// BenchmarkRows is a value and gradient of what works on rows: a softmax with its
// cross-entropy, a layer norm, and elementwise losses, in a program with row programs and in one without.
//
//	go test -run '^$' -bench Rows ./autodiff
func BenchmarkRows(b *testing.B) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, s := range [][2]int{{128, 10}, {128, 1000}, {4096, 1000}} {
			for _, c := range softmaxLosses() {
				loss, x := c.make(b, dt, s[0], s[1])
				benchmarkRows(b, fmt.Sprintf("%s/%v/%dx%d", c.name, dt, s[0], s[1]), loss, x)
			}
		}
		for _, s := range [][2]int{{128, 256}, {4096, 1024}} {
			for _, c := range append(layerNorms(), elementwiseLosses()...) {
				loss, params := c.make(b, dt, s[0], s[1])
				benchmarkRows(b, fmt.Sprintf("%s/%v/%dx%d", c.name, dt, s[0], s[1]), loss, params...)
			}
		}
	}
}

func benchmarkRows(b *testing.B, name string, loss *Node, params ...*Node) {
	for _, how := range []string{"fused", "unfused"} {
		opts := []Option{WithGrad(params...)}
		if how == "unfused" {
			opts = append(opts, Unfused())
		}
		b.Run(name+"/"+how, func(b *testing.B) {
			prog := mustCompile(b, loss, opts...)
			require.NoError(b, prog.Run())
			b.ReportAllocs()
			for b.Loop() {
				_ = prog.Run()
			}
		})
	}
}

type rowCase struct {
	name string
	make func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, *Node)
}

// softmaxLosses are the cross-entropy of a softmax as our functions, a user, and
// gorgonia's functions have it.
func softmaxLosses() []rowCase {
	target := func(t testing.TB, g *Graph, dt tensor.Dtype, rows, n int) (x, labels *Node) {
		at := make([]float64, rows)
		for i := range at {
			at[i] = float64(i * 7 % n)
		}
		labels = Input(g, "labels", as(t, tensor.Must(tensor.FromSlice(at, rows)), dt))
		return Param(g, "x", as(t, tensor.Must(tensor.Normal(tensor.NewRand(1), 0, 1.0, rows, n)), dt)), labels
	}
	return []rowCase{
		{"labels", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, *Node) {
			x, labels := target(t, NewGraph(), dt, rows, n)
			return Neg(Mean(Gather(LogSoftmax(x, 1), 1, Unsqueeze(labels, 1)))), x
		}},
		{"one-hot", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, *Node) {
			x, labels := target(t, NewGraph(), dt, rows, n)
			return Neg(Mean(Sum(Mul(OneHot(labels, n), LogSoftmax(x, 1)), 1))), x
		}},
		{"by hand", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, *Node) {
			x, labels := target(t, NewGraph(), dt, rows, n)
			e := Exp(x)
			return Neg(Mean(Sum(Mul(OneHot(labels, n), Log(Div(e, SumKeep(e, 1)))), 1))), x
		}},
		{"stock", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, *Node) {
			x, labels := target(t, NewGraph(), dt, rows, n)
			must := gorgonia.Must
			p := must(gorgonia.Log(must(gorgonia.SoftMax(x))))
			return must(gorgonia.Neg(must(gorgonia.Mean(must(gorgonia.HadamardProd(p, OneHot(labels, n))))))), x
		}},
	}
}

type normCase struct {
	name string
	make func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node)
}

// layerNorms are layer norms, in a loss whose gradient by the result is given.
func layerNorms() []normCase {
	leaves := func(t testing.TB, dt tensor.Dtype, rows, n int) (x, dy, scale, bias *Node) {
		g, rng := NewGraph(), tensor.NewRand(1)
		normal := func(shape ...int) *tensor.Dense {
			return as(t, tensor.Must(tensor.Normal(rng, 0, 1.0, shape...)), dt)
		}
		return Param(g, "x", normal(rows, n)), Input(g, "dy", normal(rows, n)), Param(g, "scale", normal(n)), Param(g, "bias", normal(n))
	}
	return []normCase{
		{"layer norm", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node) {
			x, dy, scale, bias := leaves(t, dt, rows, n)
			return Sum(Mul(LayerNorm(x, scale, bias, 1e-5), dy)), []*Node{x, scale, bias}
		}},
		{"norm by hand", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node) {
			x, dy, scale, bias := leaves(t, dt, rows, n)
			z := Sub(x, MeanKeep(x, 1))
			y := Div(z, Sqrt(Add(MeanKeep(Mul(z, z), 1), 1e-5)))
			return Sum(Mul(Add(Mul(y, scale), bias), dy)), []*Node{x, scale, bias}
		}},
		{"stock norm", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node) {
			x, dy, scale, bias := leaves(t, dt, rows, n)
			must := gorgonia.Must
			column := func(x *Node) *Node { return must(gorgonia.Reshape(x, tensor.Shape{rows, 1})) }
			z := must(gorgonia.BroadcastSub(x, column(must(gorgonia.Mean(x, 1))), nil, []byte{1}))
			variance := must(gorgonia.Mean(must(gorgonia.Square(z)), 1))
			y := must(gorgonia.BroadcastHadamardDiv(z, column(must(gorgonia.Sqrt(Add(variance, 1e-5)))), nil, []byte{1}))
			y = must(gorgonia.BroadcastHadamardProd(y, scale, nil, []byte{0}))
			y = must(gorgonia.BroadcastAdd(y, bias, nil, []byte{0}))
			return must(gorgonia.Sum(must(gorgonia.HadamardProd(y, dy)))), []*Node{x, scale, bias}
		}},
	}
}

// elementwiseLosses are means of what is computed of each element, which no other reduction reads.
func elementwiseLosses() []normCase {
	leaves := func(t testing.TB, dt tensor.Dtype, rows, n int) (x, y *Node) {
		g, rng := NewGraph(), tensor.NewRand(2)
		normal := func() *tensor.Dense { return as(t, tensor.Must(tensor.Normal(rng, 0, 1.0, rows, n)), dt) }
		return Param(g, "x", normal()), Input(g, "y", normal())
	}
	return []normCase{
		{"squares", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node) {
			x, y := leaves(t, dt, rows, n)
			return Mean(Square(Sub(x, y))), []*Node{x}
		}},
		{"huber", func(t testing.TB, dt tensor.Dtype, rows, n int) (*Node, []*Node) {
			x, y := leaves(t, dt, rows, n)
			d := Abs(Sub(x, y))
			return Mean(Where(Lt(d, 1), Mul(0.5, Square(d)), Sub(d, 0.5))), []*Node{x}
		}},
	}
}
