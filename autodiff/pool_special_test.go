package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// The gradient of a maximum goes to the first of equal elements, to the last NaN, and
// to an element of x where all are −Inf, never to the padding.
func TestMaxPoolPlaces(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	x := Param(NewGraph(), "x", tensor.Must(tensor.FromSlice([]float64{2, 2, 2, nan, 5, nan, -inf, -inf, -inf, 0, math.Copysign(0, -1), 0}, 1, 12)))
	y := MaxPool1d(x, Pool1dOptions{Kernel: 3})
	require.Equal(t, []float64{2, -inf, 0}, append(run(t, y)[:1], run(t, y)[2:]...))
	require.True(t, math.IsNaN(run(t, y)[1]))
	require.Equal(t, []float64{1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0}, run(t, gradOf(t, Sum(y), x)[0]))
	low := Slice(x, 1, 6, 9)
	padded := MaxPool1d(low, Pool1dOptions{Kernel: 2, Stride: 2, Padding: 1})
	require.Equal(t, []float64{-inf, -inf}, run(t, padded))
	require.Equal(t, []float64{1, 1, 0}, run(t, gradOf(t, Sum(padded), low)[0]))
}

// Infinities and NaN stay in the elements that they have a weight in, and a size
// that does not change moves nothing.
func TestBilinearOfInfinities(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	x := Param(NewGraph(), "x", tensor.Must(tensor.FromSlice([]float64{1, inf, 2, nan}, 1, 1, 4)))
	same := run(t, UpsampleBilinear2d(x, 1, 4, false))
	require.Equal(t, []float64{1, inf, 2}, same[:3])
	require.True(t, math.IsNaN(same[3]))
	odd := run(t, UpsampleBilinear2d(x, 3, 7, true)) // every other place is one of x
	for row := range 3 {
		got := odd[7*row : 7*row+7]
		require.Equal(t, []float64{1, inf, inf, inf, 2}, got[:5])
		require.True(t, math.IsNaN(got[5]) && math.IsNaN(got[6]))
	}
}

// A constant is interpolated to the same constant, with weights that add up to 1.
func TestBilinearOfOnes(t *testing.T) {
	x := Param(NewGraph(), "x", tensor.Must(tensor.Ones[float64](1, 7, 5)))
	for _, corners := range []bool{false, true} {
		for h := 1; h < 30; h += 3 {
			y := UpsampleBilinear2d(x, h, 31-h, corners)
			for _, v := range run(t, y) {
				require.InDelta(t, 1, v, 1e-15)
			}
			total := 0.0
			for _, v := range run(t, gradOf(t, Sum(y), x)[0]) {
				total += v
			}
			require.InDelta(t, float64(h*(31-h)), total, 1e-11)
		}
	}
}
