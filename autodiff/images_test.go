package autodiff

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// imageNet is a network, and the operations that are to be in passes over images.
type imageNet struct {
	name   string
	x      []int
	w      float64 // one of the weights
	net    func(x *Node, param func(shape ...int) *Node) *Node
	passes []string
	pixels int // results in pixels
	local  int // results that only a pass has
}

var imageNets = []imageNet{
	{"two layers", []int{64, 1, 28, 28}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		for _, c := range [][2]int{{1, 16}, {16, 32}} {
			x = Conv2d(x, param(c[1], c[0], 3, 3), param(c[1]), Conv2dOptions{Padding: [2]int{1, 1}})
			x = MaxPool2d(Relu(x), Pool2dOptions{Kernel: [2]int{2, 2}})
		}
		return x
	}, []string{"Conv2d bias relu MaxPlaces relu MaxPool Conv2d bias relu MaxPlaces relu MaxPool ->", "MaxUnpool Sum ConvTranspose2d Conv2dWeight MaxUnpool Sum Conv2dWeight"}, 8, 5},
	{"an infinite weight for pixels", []int{64, 2, 16, 16}, math.Inf(-1), func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(16, 2, 3, 3), param(16), Conv2dOptions{Padding: [2]int{1, 1}})
		x = MaxPool2d(Relu(x), Pool2dOptions{Kernel: [2]int{2, 2}})
		return Conv2d(x, param(16, 16, 3, 3), nil, Conv2dOptions{Padding: [2]int{1, 1}})
	}, []string{"Conv2d bias relu MaxPlaces relu MaxPool Conv2d", "ConvTranspose2d Conv2dWeight MaxUnpool Sum Conv2dWeight"}, 5, 3},
	{"pools of what is not above 0, too", []int{64, 16, 13, 15}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(16, 16, 3, 3), nil, Conv2dOptions{Padding: [2]int{1, 1}})
		return MaxPool2d(x, Pool2dOptions{Kernel: [2]int{2, 2}})
	}, []string{"Conv2d MaxPlaces MaxPool ->", "MaxUnpool ConvTranspose2d Conv2dWeight"}, 3, 2},
	{"two gradients that are added", []int{16, 8, 8, 8}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		y := Conv2d(x, param(8, 8, 3, 3), param(8), Conv2dOptions{Padding: [2]int{1, 1}})
		z := MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}})
		return Add(Mul(z, Sum(Exp(z))), MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}}))
	}, []string{"Conv2d bias MaxPool ->"}, 0, 0},
	{"what is pooled is read otherwise", []int{16, 8, 8, 8}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		y := Conv2d(x, param(8, 8, 3, 3), nil, Conv2dOptions{Padding: [2]int{1, 1}})
		z := MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}})
		return Add(z, AvgPool2d(Mul(y, Sum(z)), Pool2dOptions{Kernel: [2]int{2, 2}}))
	}, []string{"Conv2d MaxPool ->"}, 0, 0},
	{"an infinite weight", []int{19, 8, 6, 8}, math.Inf(1), func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(8, 8, 3, 3), nil, Conv2dOptions{Padding: [2]int{1, 1}})
		return AvgPool2d(x, Pool2dOptions{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}})
	}, []string{"Conv2d AvgPool", "AvgUnpool ConvTranspose2d"}, 0, 1},
	{"bands and groups", []int{16, 8, 70, 81}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		x = Conv2d(x, param(16, 4, 3, 3), param(16), Conv2dOptions{Groups: 2, Stride: [2]int{1, 2}})
		return Conv2d(x, param(8, 16, 3, 3), param(8), Conv2dOptions{Stride: [2]int{2, 2}})
	}, []string{"Conv2d bias Conv2d bias"}, 0, 0},
	{"a sum over images that others need", []int{40, 8, 9, 9}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		x = ConvTranspose2d(x, param(8, 9, 2, 3), param(9), ConvTranspose2dOptions{Padding: [2]int{1, 1}})
		return Sub(x, SumKeep(x, 0, 2, 3))
	}, []string{"ConvTranspose2d bias Sum ->"}, 0, 0},
	{"what comes between", []int{16, 8, 9, 9}, 1, func(x *Node, param func(shape ...int) *Node) *Node {
		y := Conv2d(x, param(9, 8, 2, 3), nil, Conv2dOptions{})
		s := Exp(Sum(x))
		return Mul(MaxPool2d(y, Pool2dOptions{Kernel: [2]int{2, 2}}), s)
	}, []string{"Conv2d MaxPool"}, 0, 0},
}

// TestImagePasses: in a pass over images, some of it in pixels, all results are those of
// operations that go over all images before the next, for any number of workers.
func TestImagePasses(t *testing.T) {
	defer SetWorkers(0)
	for _, c := range imageNets {
		t.Run(c.name, func(t *testing.T) {
			testImagePasses[float32](t, c)
			testImagePasses[float64](t, c)
		})
	}
}

func testImagePasses[T tensor.Float](t *testing.T, c imageNet) {
	g := NewGraph()
	rng := tensor.NewRand(21)
	whole := func(shape ...int) *tensor.Dense { // all sums are exact
		x := make([]T, tensor.Size(shape))
		for i := range x {
			x[i] = T(rng.IntN(3) - 1)
		}
		return tensor.Must(tensor.FromSlice(x, shape...))
	}
	var params []*Node
	param := func(shape ...int) *Node {
		v := whole(shape...)
		if len(shape) > 1 && !slices.Equal(shape, c.x) {
			v.Data().([]T)[5] = T(c.w)
		}
		params = append(params, Param(g, "p"+strings.Repeat("'", len(params)), v))
		return params[len(params)-1]
	}
	x := Const(g, whole(c.x...))
	if c.x[1] > 2 {
		x = param(c.x...)
	}
	y := c.net(x, param)
	loss := Sum(Sum(Mul(y, Const(g, whole(y.Shape()...))), 0)) // which comes between the passes
	apart, err := Compile(loss, WithGrad(params...), Unfused())
	require.NoError(t, err)
	require.NotContains(t, apart.Explain(), "images")
	require.NoError(t, apart.Run())
	want := resultBits[T](t, apart)
	SetWorkers(1)
	p, err := Compile(loss, WithGrad(params...))
	require.NoError(t, err)
	for _, pass := range c.passes {
		require.Contains(t, p.Explain(), pass)
	}
	pixels, local := 0, 0
	for _, v := range p.order {
		if v.layout.pixels {
			pixels++
		}
		if v.layout.local {
			local++
		}
	}
	require.Equal(t, []int{c.pixels, c.local}, []int{pixels, local})
	for _, workers := range []int{1, 2, 3, 4, 1} { // memory for more blocks is made when it is needed
		SetWorkers(workers)
		require.NoError(t, p.Run())
		require.Equal(t, want, resultBits[T](t, p), "%d workers", workers)
	}
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
