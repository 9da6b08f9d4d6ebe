package autodiff_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// convCase is a convolution of whole numbers, whose sums are exact in every order.
type convCase struct {
	batch, in, out, height, width int
	taps, stride, pad, dilation   [2]int
	groups                        int
}

// TestConvChannels compares convolutions with enough channels for vectors, and the
// gradients of Σ r·conv(x, w), with the loops of the definition: images in one band of
// rows and in several, weights in one block and in several, and in parts.
func TestConvChannels(t *testing.T) {
	one, two, three := [2]int{1, 1}, [2]int{2, 2}, [2]int{3, 3}
	for _, c := range []convCase{
		{3, 1, 16, 9, 10, three, one, one, one, 1},
		{2, 8, 8, 6, 7, three, one, one, one, 1},
		{2, 9, 33, 8, 5, [2]int{2, 3}, one, [2]int{1, 0}, one, 1},
		{2, 8, 12, 9, 11, three, two, one, one, 1},
		{2, 8, 9, 9, 12, three, one, two, two, 1},
		{2, 8, 9, 11, 12, [2]int{2, 3}, [2]int{3, 1}, [2]int{0, 1}, [2]int{1, 2}, 1},
		{2, 16, 24, 7, 9, three, one, one, one, 2},
		{1, 10, 8, 1, 300, [2]int{1, 5}, one, [2]int{0, 4}, one, 1},
		{2, 8, 8, 7, 7, three, one, three, one, 1}, // more padding than the kernel reaches
		{1, 8, 8, 5, 5, [2]int{5, 2}, one, [2]int{0, 1}, one, 1},
		{1, 16, 32, 80, 80, three, one, one, one, 1}, // bands
		{20, 16, 16, 24, 24, three, one, one, one, 1},
		{1, 130, 200, 6, 6, three, one, one, one, 1}, // parts
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			testConvCase[float32](t, c, nil)
			testConvCase[float64](t, c, nil)
		})
	}
	// The zeros around x are factors, those around ȳ are not.
	special := convCase{1, 8, 8, 4, 6, three, one, one, one, 1}
	for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		for input := range 3 {
			testConvCase[float32](t, special, &specialAt{input, v})
			testConvCase[float64](t, special, &specialAt{input, v})
		}
	}
}

// specialAt puts a number into input 0, x, 1, w, or 2, r.
type specialAt struct {
	input int
	v     float64
}

func testConvCase[T tensor.Float](t *testing.T, c convCase, s *specialAt) {
	places := [2]int{}
	for a, size := range [2]int{c.height, c.width} {
		places[a] = (size+2*c.pad[a]-c.dilation[a]*(c.taps[a]-1)-1)/c.stride[a] + 1
	}
	shapes := [3][]int{{c.batch, c.in, c.height, c.width}, {c.out, c.in / c.groups, c.taps[0], c.taps[1]}, {c.batch, c.out, places[0], places[1]}}
	var data [3][]float64
	g := NewGraph()
	var nodes [3]*Node
	rng := tensor.NewRand(7)
	for i, shape := range shapes {
		values := make([]T, tensor.Size(shape))
		for j := range values {
			values[j] = T(rng.IntN(7) - 3)
		}
		if s != nil && s.input == i {
			values[len(values)/2+1] = T(s.v)
		}
		for _, v := range values {
			data[i] = append(data[i], float64(v))
		}
		nodes[i] = Param(g, string("xwr"[i]), tensor.Must(tensor.FromSlice(values, shape...)))
	}
	y := Conv2d(nodes[0], nodes[1], nil, Conv2dOptions{Stride: c.stride, Padding: c.pad, Dilation: c.dilation, Groups: c.groups})
	prog := mustCompile(t, Sum(Mul(y, nodes[2])), Keep(y), WithGrad(nodes[0], nodes[1]))
	wantY, wantX, wantW := c.naive(data[0], data[1], data[2], places)
	for range 2 { // scratch memory is used again
		require.NoError(t, prog.Run())
		require.True(t, sameNumbers(wantY, nodeValue(t, y)), "y of %v", c)
		require.True(t, sameNumbers(wantX, gradValue(t, nodes[0])), "gradient of x of %v, %v", c, s)
		require.True(t, sameNumbers(wantW, gradValue(t, nodes[1])), "gradient of w of %v", c)
	}
}

// naive is the definition, with the gradients for ȳ = r.
func (c convCase) naive(x, w, r []float64, places [2]int) (y, dx, dw []float64) {
	y, dx, dw = make([]float64, len(r)), make([]float64, len(x)), make([]float64, len(w))
	in, out := c.in/c.groups, c.out/c.groups
	for n := range c.batch {
		for o := range c.out {
			for q := range places[0] * places[1] {
				at := (n*c.out+o)*places[0]*places[1] + q
				for k := range in * c.taps[0] * c.taps[1] {
					ch, u, v := k/(c.taps[0]*c.taps[1]), k/c.taps[1]%c.taps[0], k%c.taps[1]
					i, j := q/places[1]*c.stride[0]-c.pad[0]+u*c.dilation[0], q%places[1]*c.stride[1]-c.pad[1]+v*c.dilation[1]
					wAt := o*in*c.taps[0]*c.taps[1] + k
					if i < 0 || i >= c.height || j < 0 || j >= c.width {
						y[at] += 0 * w[wAt]
						dw[wAt] += 0 * r[at]
						continue
					}
					xAt := ((n*c.in+o/out*in+ch)*c.height+i)*c.width + j
					y[at] += w[wAt] * x[xAt]
					dx[xAt] += w[wAt] * r[at]
					dw[wAt] += x[xAt] * r[at]
				}
			}
		}
	}
	return y, dx, dw
}

func sameNumbers(want, got []float64) bool {
	return slices.EqualFunc(want, got, func(a, b float64) bool { return a == b || a != a && b != b })
}

// TestConvMoreWorkers runs programs with more workers than there were when they were
// compiled.
func TestConvMoreWorkers(t *testing.T) {
	defer SetWorkers(0)
	g := NewGraph()
	x, w, v := convParam[float32](g, "x", 9, 16, 30, 30), convParam[float32](g, "w", 16, 16, 3, 3), convParam[float32](g, "v", 4, 16, 3, 3)
	SetWorkers(1)
	prog := mustCompile(t, Add(Sum(Conv2d(x, w, nil, Conv2dOptions{})), Sum(Conv2d(x, v, nil, Conv2dOptions{}))), WithGrad(x, w, v))
	require.NoError(t, prog.Run())
	loss, grad := prog.Loss(), gradValue(t, w)
	for range 20 {
		SetWorkers(4)
		require.NoError(t, prog.Run())
		require.Equal(t, loss, prog.Loss())
		require.Equal(t, grad, gradValue(t, w))
	}
}
