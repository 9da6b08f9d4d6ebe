package tensor_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// The expected texts are in PyTorch's style, without "tensor(" and the indent
// it causes.
func TestFormat(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for name, row := range map[string]struct {
		value tensor.Value
		want  string
	}{
		"scalar":          {tensor.Scalar(2.5), "2.5000"},
		"whole scalar":    {gorgonia.NewF64(2), "2."},
		"float32":         {tensor.Of[float32](0.1, 0.2), "[0.1000, 0.2000]"},
		"zeros":           {tensor.Must(tensor.Zeros[float64](2)), "[0., 0.]"},
		"negative zero":   {tensor.Of(math.Copysign(0, -1)), "[-0.]"},
		"whole":           {tensor.Of(1.0, 20, -300), "[   1.,   20., -300.]"},
		"fractions":       {tensor.Of(1.0, -2.25), "[ 1.0000, -2.2500]"},
		"nan":             {tensor.Of(1.5, nan), "[1.5000,    nan]"},
		"inf":             {tensor.Of(1, inf, -inf), "[  1.,  inf, -inf]"},
		"only nan":        {tensor.Of(nan), "[nan]"},
		"small":           {tensor.Of(1e-5, 0), "[1.0000e-05, 0.0000e+00]"},
		"wide range":      {tensor.Of(0.001, 2.5), "[1.0000e-03, 2.5000e+00]"},
		"range of 1000":   {tensor.Of(1.0, 1000), "[   1., 1000.]"},
		"large":           {tensor.Of(2e8, 1e8), "[2.0000e+08, 1.0000e+08]"},
		"largest plain":   {tensor.Of(1e8), "[100000000.]"},
		"overflow":        {tensor.Of(math.MaxFloat64, 5e-324), "[1.7977e+308, 4.9407e-324]"},
		"matrix":          {tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4.5}, 2, 2)), "[[1.0000, 2.0000],\n [3.0000, 4.5000]]"},
		"column":          {counting(2, 1), "[[0.],\n [1.]]"},
		"transposed":      {transposed(t, counting(2, 2)), "[[0., 2.],\n [1., 3.]]"},
		"three":           {counting(2, 2, 2), "[[[0., 1.],\n  [2., 3.]],\n\n [[4., 5.],\n  [6., 7.]]]"},
		"four":            {counting(2, 1, 1, 1), "[[[[0.]]],\n\n\n [[[1.]]]]"},
		"long vector":     {counting(1001), "[   0.,    1.,    2.,  ...,  998.,  999., 1000.]"},
		"many rows":       {counting(600, 2), "[[   0.,    1.],\n [   2.,    3.],\n [   4.,    5.],\n ...,\n [1194., 1195.],\n [1196., 1197.],\n [1198., 1199.]]"},
		"not abbreviated": {slice(t, counting(2, 4), nil), "[[0., 1., 2., 3.],\n [4., 5., 6., 7.]]"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, row.want, tensor.Format(row.value))
		})
	}
}

// The elements that are left out do not change how the others are printed.
func TestFormatLooksAtWhatItShows(t *testing.T) {
	d := tensor.Must(tensor.Ones[float64](2000))
	d.Float64s()[1000] = 1e-20
	require.Equal(t, "[1., 1., 1.,  ..., 1., 1., 1.]", tensor.Format(d))
}

func TestFormatBreaksLines(t *testing.T) {
	text := tensor.Format(counting(2, 30))
	require.Equal(t, `[[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13., 14.,
  15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27., 28., 29.],
 [30., 31., 32., 33., 34., 35., 36., 37., 38., 39., 40., 41., 42., 43., 44.,
  45., 46., 47., 48., 49., 50., 51., 52., 53., 54., 55., 56., 57., 58., 59.]]`, text)
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, len(line), 81)
	}
}

func TestFormatOptions(t *testing.T) {
	o := tensor.DefaultFormat()
	o.Header, o.Precision = true, 2
	require.Equal(t, "float64 (2)\n[0.50, 0.25]", tensor.FormatWith(tensor.Of(0.5, 0.25), o))
	require.Equal(t, "float32 ()\n0.50", tensor.FormatWith(gorgonia.NewF32(0.5), o))

	o = tensor.DefaultFormat()
	o.Precision = -1
	require.Equal(t, "[ 0.1, 0.25]", tensor.FormatWith(tensor.Of[float32](0.1, 0.25), o))

	o = tensor.FormatOptions{}
	require.Equal(t, "[0.,\n  ...,\n 9.]", tensor.FormatWith(counting(10), o), "one element at each end")
	o = tensor.FormatOptions{Precision: 1, Threshold: -5, EdgeItems: -5, LineWidth: -5}
	require.Equal(t, "[0.,\n  ...,\n 9.]", tensor.FormatWith(counting(10), o))
	o = tensor.FormatOptions{LineWidth: 80, EdgeItems: 5}
	require.Equal(t, "[0., 1., 2., 3., 4., 5., 6., 7., 8., 9.]", tensor.FormatWith(counting(10), o), "nothing to leave out")
}
