package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// The rule on one element, as torch.isclose answers.
func TestAllCloseRule(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, row := range []struct {
		got, want, rtol, atol float64
		close                 bool
	}{
		{1, 1, 0, 0, true},
		{0, math.Copysign(0, -1), 0, 0, true},
		{1, math.Nextafter(1, 2), 0, 0, false},
		{1.5, 1, 0, 0.5, true},
		{math.Nextafter(1.5, 2), 1, 0, 0.5, false},
		{1.5, 1, 0.5, 0, true},
		{3, 2, 0.5, 0, true},  // 1 <= 0.5 * 2
		{2, 3, 0.3, 0, false}, // 1 > 0.3 * 3: the bound follows want, not got
		{3, 2, 0.3, 0, false},
		{-1.1, -1, 0, 0.2, true},
		{-1, 1, 0.5, 0.5, false},
		{inf, inf, 0, 0, true},
		{-inf, -inf, 0, 0, true},
		{inf, -inf, 1, 1, false},
		{1, inf, 1, 0, false}, // though 1 <= rtol * inf
		{inf, 1, 1, inf, false},
		{math.MaxFloat64, -math.MaxFloat64, 1, inf, false}, // the distance overflows
		{nan, nan, 1, inf, false},
		{nan, 1, 1, inf, false},
		{1, nan, 1, inf, false},
		{5, 1, 0, inf, true},
	} {
		err := tensor.AllClose(tensor.Scalar(row.got), tensor.Scalar(row.want), row.rtol, row.atol)
		if row.close {
			require.NoError(t, err, "%v", row)
		} else {
			require.ErrorIs(t, err, tensor.ErrNotClose, "%v", row)
		}
	}
}

func TestAllCloseNaN(t *testing.T) {
	nan := math.NaN()
	require.NoError(t, tensor.AllCloseNaN(tensor.Of(nan, 1), tensor.Of(nan, 1), 0, 0))
	require.ErrorIs(t, tensor.AllCloseNaN(tensor.Of(nan, 1), tensor.Of(1, nan), 1, 1), tensor.ErrNotClose)
	require.ErrorIs(t, tensor.AllClose(tensor.Of(nan), tensor.Of(nan), 1, 1), tensor.ErrNotClose)
}

func TestAllCloseAcrossKinds(t *testing.T) {
	require.NoError(t, tensor.AllClose(gorgonia.NewF64(2), tensor.Scalar(2.0), 0, 0))
	require.NoError(t, tensor.AllClose(tensor.Of[float32](0.1), tensor.Of(0.1), 1e-7, 0))
	require.NoError(t, tensor.AllClose(transposed(t, counting(2, 2)), tensor.Must(tensor.FromSlice([]float64{0, 2, 1, 3}, 2, 2)), 0, 0))
}

func TestAllCloseErrors(t *testing.T) {
	a := tensor.Of(1.0, 2)
	require.EqualError(t, tensor.AllClose(a, tensor.Must(tensor.Ones[float64](2, 1)), 0, 0),
		"tensor: bad shape: got shape (2), want (2, 1)")
	require.ErrorIs(t, tensor.AllClose(tensor.Scalar(1.0), tensor.Of(1.0), 0, 0), tensor.ErrShape)
	require.EqualError(t, tensor.AllClose(nil, a, 0, 0), "got: tensor: nil value")
	require.EqualError(t, tensor.AllClose(a, nil, 0, 0), "want: tensor: nil value")
	for _, tol := range [][2]float64{{-1, 0}, {0, -1}, {math.NaN(), 0}, {0, math.NaN()}} {
		require.ErrorIs(t, tensor.AllClose(a, a, tol[0], tol[1]), tensor.ErrValue)
	}
}

func TestDiffTellsWhere(t *testing.T) {
	want := counting(2, 3, 2)
	got := counting(2, 3, 2)
	x := got.Float64s()
	x[3] += 0.25
	x[7] -= 2
	x[10] += 1
	err := tensor.AllClose(got, want, 0, 0.5)
	require.EqualError(t, err, `tensor: values differ: 2 of 12 elements of shape (2, 3, 2) differ (rtol 0, atol 0.5)
  worst at (1, 0, 1): got 5, want 7, |got-want| = 2 > 0.5
  at (1, 0, 1): got 5, want 7, |got-want| = 2 > 0.5
  at (1, 2, 0): got 11, want 10, |got-want| = 1 > 0.5`)

	var diff *tensor.DiffError
	require.ErrorAs(t, err, &diff)
	require.Equal(t, 2, diff.Count)
	require.Equal(t, tensor.Diff{Index: []int{1, 0, 1}, Got: 5, Want: 7, Distance: 2, Bound: 0.5}, diff.Worst)
	require.Len(t, diff.First, 2)
}

func TestDiffTexts(t *testing.T) {
	require.EqualError(t, tensor.AllClose(tensor.Scalar(1.0), tensor.Scalar(2.0), 1e-5, 1e-8),
		"tensor: values differ: got 1, want 2, |got-want| = 1 > 2.001e-05")
	require.EqualError(t, tensor.AllClose(tensor.Of[float32](0.1), tensor.Of[float32](0.2), 0, 0),
		"tensor: values differ: 1 of 1 elements of shape (1) differ (rtol 0, atol 0)\n"+
			"  worst at (0): got 0.1, want 0.2, |got-want| = 0.1 > 0")
	require.ErrorContains(t, tensor.AllClose(counting(9), tensor.Must(tensor.Full(-1.0, 9)), 0, 0),
		"\n  at (4): got 4, want -1, |got-want| = 5 > 0\n  and 4 more")
}

// NaN is worse than an infinite distance, which is worse than any finite one.
func TestWorst(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	worst := func(got, want *tensor.Dense) int {
		var diff *tensor.DiffError
		require.ErrorAs(t, tensor.AllClose(got, want, 0.1, 0), &diff)
		return diff.Worst.Index[0]
	}
	require.Equal(t, 2, worst(tensor.Of(math.MaxFloat64, inf, nan, inf), tensor.Of(0.0, 1, 1, 1)))
	require.Equal(t, 1, worst(tensor.Of(1e308, inf), tensor.Of(0.0, 1)))
	require.Equal(t, 1, worst(tensor.Of(200.0, 100), tensor.Of(150.0, 10)), "by excess, 35 and 89")
}
