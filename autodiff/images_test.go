package autodiff

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// imageNets are networks, the operations that are to be in passes over images, and those
// that are not.
var imageNets = []struct {
	name   string
	x      []int
	w      float64 // one of the weights
	net    func(x *Node, param func(shape ...int) *Node) *Node
	passes []string
}{
	{"two layers", []int{64, 1, 28, 28}, 0.5, func(x *Node, param func(shape ...int) *Node) *Node {
		for _, c := range [][2]int{{1, 16}, {16, 32}} {
			x = Conv2d(x, param(c[1], c[0], 3, 3), param(c[1]), Conv2dOptions{Padding: [2]int{1, 1}})
			x = MaxPool2d(Relu(x), Pool2dOptions{Kernel: [2]int{2, 2}})
		}
		return x
	}, []string{"Conv2d bias relu MaxPool Conv2d bias relu MaxPool", "MaxUnpool relu Sum ConvTranspose2d Conv2dWeight MaxUnpool relu Sum ->"}},
	{"an infinite weight", []int{19, 8, 6, 8}, math.Inf(1), func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(8, 8, 3, 3), nil, Conv2dOptions{Padding: [2]int{1, 1}})
		return AvgPool2d(x, Pool2dOptions{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}})
	}, []string{"Conv2d AvgPool", "AvgUnpool ConvTranspose2d"}},
	{"bands and groups", []int{16, 8, 70, 81}, 0.5, func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(16, 4, 3, 3), param(16), Conv2dOptions{Groups: 2, Stride: [2]int{1, 2}})
		return Conv2d(x, param(8, 16, 3, 3), param(8), Conv2dOptions{Stride: [2]int{2, 2}})
	}, []string{"Conv2d bias Conv2d bias"}},
	{"a sum over images that others need", []int{40, 8, 9, 9}, 0.5, func(x *Node, param func(shape ...int) *Node) *Node {
		x = ConvTranspose2d(x, param(8, 9, 2, 3), param(9), ConvTranspose2dOptions{Padding: [2]int{1, 1}})
		return Sub(x, SumKeep(x, 0, 2, 3))
	}, []string{"ConvTranspose2d bias Sum ->"}},
	{"what comes between", []int{16, 8, 9, 9}, 0.5, func(x *Node, param func(shape ...int) *Node) *Node {
		y := Conv2d(x, param(9, 8, 2, 3), nil, Conv2dOptions{})
		s := Exp(Sum(x))
		return Mul(MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}}), s)
	}, []string{"Conv2d MaxPool"}},
}

// TestImagePasses: in a pass over images all results are the same bits as when each
// operation goes over all images before the next, for any number of workers.
func TestImagePasses(t *testing.T) {
	defer SetWorkers(0)
	for _, c := range imageNets {
		t.Run(c.name, func(t *testing.T) {
			testImagePasses[float32](t, c.x, c.w, c.net, c.passes)
			testImagePasses[float64](t, c.x, c.w, c.net, c.passes)
		})
	}
}

func testImagePasses[T tensor.Float](t *testing.T, shape []int, w float64, net func(x *Node, param func(shape ...int) *Node) *Node, passes []string) {
	g := NewGraph()
	rng := tensor.NewRand(21)
	var params []*Node
	param := func(shape ...int) *Node {
		v := tensor.Must(tensor.Normal[T](rng, 0, 0.3, shape...))
		if len(shape) > 1 {
			v.Data().([]T)[5] = T(w)
		}
		params = append(params, Param(g, "p"+strings.Repeat("'", len(params)), v))
		return params[len(params)-1]
	}
	y := net(param(shape...), param)
	r := Const(g, tensor.Must(tensor.Normal[T](rng, 0, 1, y.Shape()...)))
	p, err := Compile(Sum(Mul(y, r)), WithGrad(params...))
	require.NoError(t, err)
	for _, pass := range passes {
		require.Contains(t, p.Explain(), pass)
	}
	var want []uint64
	for workers := 1; workers <= 4; workers++ {
		SetWorkers(workers)
		require.NoError(t, p.Run())
		results := resultBits[T](t, p)
		if workers == 1 {
			want = results
		}
		require.Equal(t, want, results, "%d workers", workers)
	}
	var apart []func()
	i := 0
	for n, span := range p.spans {
		if joinedRun(p.units[i:]) == 1 {
			apart = append(apart, p.code[n])
		} else {
			for k := range span {
				apart = append(apart, storeOf[T](p).compile(p.units[i+k:i+k+1]))
			}
		}
		i += span
	}
	require.Greater(t, len(apart), len(p.code))
	require.NoError(t, p.run(apart))
	require.Equal(t, want, resultBits[T](t, p))
}

func storeOf[T tensor.Float](p *Program) *store[T] {
	if s, ok := any(p.f32).(*store[T]); ok {
		return s
	}
	return any(p.f64).(*store[T])
}

// resultBits returns a hash of the bits of the loss, and of those of each gradient; all NaN
// are the same.
func resultBits[T tensor.Float](t *testing.T, p *Program) []uint64 {
	bits := []uint64{math.Float64bits(p.Loss())}
	for _, n := range p.params {
		v, err := n.Grad()
		require.NoError(t, err)
		hash := fnv.New64a()
		for _, e := range v.Data().([]T) {
			if e != e {
				e = T(math.NaN())
			}
			_ = binary.Write(hash, binary.LittleEndian, e)
		}
		bits = append(bits, hash.Sum64())
	}
	return bits
}
