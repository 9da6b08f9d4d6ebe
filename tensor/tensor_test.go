package tensor_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"

	"github.com/downhill-go/downhill/tensor"
)

func TestConstructors(t *testing.T) {
	f64 := []float64{1, 2, 3, 4, 5, 6}
	for name, row := range map[string]struct {
		got   *tensor.Dense
		shape []int
		want  []float64
		dtype tensor.Dtype
	}{
		"scalar":         {tensor.Scalar(2.5), nil, []float64{2.5}, tensor.Float64},
		"scalar, f32":    {tensor.Scalar[float32](2.5), nil, []float64{2.5}, tensor.Float32},
		"of":             {tensor.Of(1.0, 2), []int{2}, []float64{1, 2}, tensor.Float64},
		"of one":         {tensor.Of(1.0), []int{1}, []float64{1}, tensor.Float64},
		"slice":          {tensor.Must(tensor.FromSlice(f64, 2, 3)), []int{2, 3}, f64, tensor.Float64},
		"slice, scalar":  {tensor.Must(tensor.FromSlice([]float32{7})), nil, []float64{7}, tensor.Float32},
		"slice, (1,1,1)": {tensor.Must(tensor.FromSlice([]float64{7}, 1, 1, 1)), []int{1, 1, 1}, []float64{7}, tensor.Float64},
		"zeros":          {tensor.Must(tensor.Zeros[float32](2, 1)), []int{2, 1}, []float64{0, 0}, tensor.Float32},
		"zeros, scalar":  {tensor.Must(tensor.Zeros[float64]()), nil, []float64{0}, tensor.Float64},
		"ones":           {tensor.Must(tensor.Ones[float64](3)), []int{3}, []float64{1, 1, 1}, tensor.Float64},
		"full":           {tensor.Must(tensor.Full(1.5, 1, 2)), []int{1, 2}, []float64{1.5, 1.5}, tensor.Float64},
		"zerosOf, f32":   {tensor.Must(tensor.ZerosOf(tensor.Float32, 2)), []int{2}, []float64{0, 0}, tensor.Float32},
		"zerosOf, f64":   {tensor.Must(tensor.ZerosOf(tensor.Float64, 2)), []int{2}, []float64{0, 0}, tensor.Float64},
	} {
		t.Run(name, func(t *testing.T) {
			requireTensor(t, row.got, row.want, row.shape...)
			require.Equal(t, row.dtype, row.got.Dtype())
		})
	}
}

// requireTensor requires that v has exactly these elements and this shape.
func requireTensor(t *testing.T, v tensor.Value, want []float64, shape ...int) {
	t.Helper()
	require.Equal(t, append([]int{}, shape...), append([]int{}, v.Shape()...))
	x, err := tensor.Float64s(v)
	require.NoError(t, err)
	require.Equal(t, want, x)
}

func TestFullKeepsTheSignOfZero(t *testing.T) {
	x, err := tensor.Data[float64](tensor.Must(tensor.Full(math.Copysign(0, -1), 2)))
	require.NoError(t, err)
	require.True(t, math.Signbit(x[0]) && math.Signbit(x[1]))
}

func TestBadShapes(t *testing.T) {
	for name, shape := range map[string][]int{
		"zero":           {0},
		"zero inside":    {2, 0, 3},
		"negative":       {-1},
		"two negatives":  {-2, -3},
		"overflow":       {math.MaxInt, math.MaxInt},
		"overflow to 0":  {1 << 32, 1 << 32},
		"largest int":    {math.MaxInt},
		"over the limit": {1 << 40, 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tensor.FromSlice(make([]float64, 6), shape...)
			require.ErrorIs(t, err, tensor.ErrShape)
			_, err = tensor.Zeros[float32](shape...)
			require.ErrorIs(t, err, tensor.ErrShape)
			_, err = tensor.Ones[float64](shape...)
			require.ErrorIs(t, err, tensor.ErrShape)
			_, err = tensor.ZerosOf(tensor.Float64, shape...)
			require.ErrorIs(t, err, tensor.ErrShape)
		})
	}
	_, err := tensor.FromSlice([]float64{1, 2, 3}, 2, 2)
	require.EqualError(t, err, "tensor: bad shape: 3 values do not fill shape (2, 2) of 4")
	_, err = tensor.FromSlice([]float64{1, 2})
	require.ErrorIs(t, err, tensor.ErrShape)
	_, err = tensor.FromSlice[float64](nil)
	require.ErrorIs(t, err, tensor.ErrShape)
	_, err = tensor.ZerosOf(gt.Int, 2)
	require.ErrorIs(t, err, tensor.ErrDtype)
	_, err = tensor.ZerosOf(tensor.Dtype{}, 2)
	require.EqualError(t, err, "tensor: bad dtype: no dtype is neither float32 nor float64")
}

func TestPanicsOnlyForProgrammingErrors(t *testing.T) {
	require.Panics(t, func() { tensor.Of[float64]() })
	require.Panics(t, func() { tensor.Must(nil, errors.New("no")) })
	d := tensor.Scalar(1.0)
	require.Same(t, d, tensor.Must(d, nil))
}

func TestFromSliceShares(t *testing.T) {
	for _, shape := range [][]int{{2, 1}, {2}} {
		data := []float64{1, 2}
		d := tensor.Must(tensor.FromSlice(data, shape...))
		data[1] = 5
		requireTensor(t, d, []float64{1, 5}, shape...)
	}
	one := []float64{1}
	s := tensor.Must(tensor.FromSlice(one))
	one[0] = 5
	requireTensor(t, s, []float64{5})
}

func TestOfCopies(t *testing.T) {
	values := []float64{1, 2}
	d := tensor.Of(values...)
	values[0] = 9
	requireTensor(t, d, []float64{1, 2}, 2)
}

func TestShapeIsNotKept(t *testing.T) {
	shape := []int{2, 3}
	d := tensor.Must(tensor.Ones[float64](shape...))
	shape[0] = 100
	require.Equal(t, tensor.Shape{2, 3}, d.Shape())
}

func TestEveryValueOfGorgoniaIsAValue(t *testing.T) {
	var v gorgonia.Value = gorgonia.NewF64(2)
	x, err := tensor.Item(v)
	require.NoError(t, err)
	require.Equal(t, 2.0, x)
}

// FuzzFromSlice tries any shape: the answer is a tensor of that shape or an
// error, and never a panic.
func FuzzFromSlice(f *testing.F) {
	f.Add(6, 2, 2, 3, 1)
	f.Add(0, 1, 0, 0, 0)
	f.Add(4, 3, -2, -2, 1)
	f.Add(1, 0, 0, 0, 0)
	f.Add(2, 3, 1<<62, 2, 1<<62)
	f.Fuzz(func(t *testing.T, size, rank, a, b, c int) {
		size = min(max(size, 0), 1<<16)
		shape := []int{a, b, c}[:min(max(rank, 0), 3)]
		data := make([]float32, size)
		for i := range data {
			data[i] = float32(i)
		}
		d, err := tensor.FromSlice(data, shape...)
		if err != nil {
			require.ErrorIs(t, err, tensor.ErrShape)
			return
		}
		require.Len(t, d.Shape(), len(shape))
		require.Equal(t, size, tensor.Size(d.Shape()))
		x, err := tensor.Data[float32](d)
		require.NoError(t, err)
		require.Equal(t, data, x)
		require.NotEmpty(t, tensor.Format(d))
	})
}
