package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	gt "gorgonia.org/tensor"

	"github.com/downhill-go/downhill/tensor"
)

func TestArange(t *testing.T) {
	for _, row := range []struct {
		start, stop, step float64
		want              []float64
	}{
		{0, 5, 1, []float64{0, 1, 2, 3, 4}},
		{1, 2, 0.25, []float64{1, 1.25, 1.5, 1.75}},
		{0, 5, 2, []float64{0, 2, 4}},
		{0, 6, 2, []float64{0, 2, 4}},
		{5, 0, -2, []float64{5, 3, 1}},
		{0, 1, 10, []float64{0}},
		{0, 1, math.MaxFloat64, []float64{0}},
		{-5e-324, 5e-324, math.MaxFloat64, []float64{-5e-324}},
		{0, 0.3, 0.1, []float64{0, 0.1, 0.2}},
		// torch.arange(1, 1.3, 0.1) has four elements too: (1.3-1)/0.1 > 3.
		{1, 1.3, 0.1, []float64{1, 1.1, 1.2, 1.3}},
	} {
		d, err := tensor.Arange(row.start, row.stop, row.step)
		require.NoError(t, err)
		require.NoError(t, tensor.AllClose(d, tensor.Of(row.want...), 1e-15, 0), "%v", row)
	}
	d := tensor.Must(tensor.Arange[float32](0, 1, 0.1))
	require.NoError(t, tensor.AllClose(d, tensor.Of[float32](0, .1, .2, .3, .4, .5, .6, .7, .8, .9), 1e-7, 0))
}

func TestArangeErrors(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, row := range []struct {
		start, stop, step float64
		want              error
	}{
		{0, 1, 0, tensor.ErrValue},
		{0, 0, 0, tensor.ErrValue},
		{0, 1, -1, tensor.ErrValue},
		{1, 0, 1, tensor.ErrValue},
		{nan, 1, 1, tensor.ErrValue},
		{0, inf, 1, tensor.ErrValue},
		{-inf, 0, 1, tensor.ErrValue},
		{0, 1, nan, tensor.ErrValue},
		{0, 1, inf, tensor.ErrValue},
		{1, 1, 1, tensor.ErrShape},
		{0, 1, 1e-300, tensor.ErrShape},
		{0, 1e18, 1, tensor.ErrShape},
		{-math.MaxFloat64, math.MaxFloat64, 1, tensor.ErrShape},
	} {
		_, err := tensor.Arange(row.start, row.stop, row.step)
		require.ErrorIs(t, err, row.want, "%v", row)
	}
}

func TestLinspace(t *testing.T) {
	for _, row := range []struct {
		start, stop float64
		n           int
		want        []float64
	}{
		{0, 1, 5, []float64{0, 0.25, 0.5, 0.75, 1}},
		{0, 1, 2, []float64{0, 1}},
		{3, 9, 1, []float64{3}},
		{1, -1, 3, []float64{1, 0, -1}},
		{2, 2, 3, []float64{2, 2, 2}},
		{-1, 1, 4, []float64{-1, -1.0 / 3, 1.0 / 3, 1}},
	} {
		d, err := tensor.Linspace(row.start, row.stop, row.n)
		require.NoError(t, err)
		require.NoError(t, tensor.AllClose(d, tensor.Of(row.want...), 1e-15, 0), "%v", row)
	}
	for n := 2; n < 200; n++ {
		x, err := tensor.Data[float32](tensor.Must(tensor.Linspace[float32](-0.1, 0.7, n)))
		require.NoError(t, err)
		require.Equal(t, []float32{-0.1, 0.7}, []float32{x[0], x[n-1]}, "the ends are exact")
	}
}

func TestLinspaceErrors(t *testing.T) {
	for _, row := range []struct {
		start, stop float64
		n           int
		want        error
	}{
		{0, 1, 0, tensor.ErrShape},
		{0, 1, -3, tensor.ErrShape},
		{0, 1, math.MaxInt, tensor.ErrShape},
		{math.NaN(), 1, 3, tensor.ErrValue},
		{0, math.Inf(-1), 3, tensor.ErrValue},
		{-math.MaxFloat64, math.MaxFloat64, 3, tensor.ErrValue},
	} {
		_, err := tensor.Linspace(row.start, row.stop, row.n)
		require.ErrorIs(t, err, row.want, "%v", row)
	}
}

func TestEye(t *testing.T) {
	requireTensor(t, tensor.Must(tensor.Eye[float32](1)), []float64{1}, 1, 1)
	requireTensor(t, tensor.Must(tensor.Eye[float64](3)), []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3)
	for _, n := range []int{0, -1, math.MaxInt, 1 << 32} {
		_, err := tensor.Eye[float64](n)
		require.ErrorIs(t, err, tensor.ErrShape, "%d", n)
	}
}

func TestConvert(t *testing.T) {
	d := tensor.Must(tensor.FromSlice([]float64{0.1, 1e300, -1e300, math.Inf(1)}, 2, 2))
	f := tensor.Must(tensor.Convert(d, tensor.Float32))
	require.Equal(t, tensor.Shape{2, 2}, f.Shape())
	x, err := tensor.Data[float32](f)
	require.NoError(t, err)
	inf := float32(math.Inf(1))
	require.Equal(t, []float32{0.1, inf, -inf, inf}, x)

	back := tensor.Must(tensor.Convert(f, tensor.Float64))
	requireTensor(t, back, []float64{float64(float32(0.1)), math.Inf(1), math.Inf(-1), math.Inf(1)}, 2, 2)

	nan, err := tensor.Item(tensor.Must(tensor.Convert(tensor.Scalar(math.NaN()), tensor.Float32)))
	require.NoError(t, err)
	require.True(t, math.IsNaN(nan))

	same := tensor.Must(tensor.Convert(d, tensor.Float64))
	same.Float64s()[0] = 7
	require.Equal(t, 0.1, d.Float64s()[0], "the result is a copy")

	requireTensor(t, tensor.Must(tensor.Convert(transposed(t, counting(2, 2)), tensor.Float32)), []float64{0, 2, 1, 3}, 2, 2)

	for _, dt := range []tensor.Dtype{gt.Int, gt.Bool, {}} {
		_, err := tensor.Convert(d, dt)
		require.ErrorIs(t, err, tensor.ErrDtype)
	}
}

// FuzzArange: any arguments give a vector that obeys the definition or an
// error, and never a panic.
func FuzzArange(f *testing.F) {
	f.Add(0.0, 1.0, 0.1)
	f.Add(1.0, -1.0, -0.3)
	f.Add(0.0, 1e300, 1e-300)
	f.Add(math.NaN(), math.Inf(1), 0.0)
	f.Fuzz(func(t *testing.T, start, stop, step float64) {
		if n := (stop - start) / step; n > 1e4 && n < 1e13 {
			return // legal, but large
		}
		d, err := tensor.Arange(start, stop, step)
		if err != nil {
			return
		}
		x, err := tensor.Data[float64](d)
		require.NoError(t, err)
		require.Equal(t, start, x[0])
		require.Len(t, x, max(1, int(math.Ceil((stop-start)/step))))
	})
}
