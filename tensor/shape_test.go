package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

type shape = tensor.Shape

func TestSizeAndStrides(t *testing.T) {
	for _, row := range []struct {
		shape   shape
		size    int
		strides []int
	}{
		{nil, 1, []int{}},
		{shape{}, 1, []int{}},
		{shape{1}, 1, []int{1}},
		{shape{5}, 5, []int{1}},
		{shape{2, 3}, 6, []int{3, 1}},
		{shape{2, 1, 3}, 6, []int{3, 3, 1}},
		{shape{4, 3, 2}, 24, []int{6, 2, 1}},
	} {
		require.Equal(t, row.size, tensor.Size(row.shape), "%v", row.shape)
		require.Equal(t, row.strides, tensor.Strides(row.shape), "%v", row.shape)
	}
}

func TestBroadcast(t *testing.T) {
	for _, row := range []struct {
		in   []shape
		want shape // nil for an error
	}{
		{nil, shape{}},
		{[]shape{{}}, shape{}},
		{[]shape{{}, {}}, shape{}},
		{[]shape{nil, {2}}, shape{2}},
		{[]shape{{5}, {}}, shape{5}},
		{[]shape{{1}, {}}, shape{1}},
		{[]shape{{1}, {4}}, shape{4}},
		{[]shape{{3, 1}, {1, 4}}, shape{3, 4}},
		{[]shape{{4, 1, 3}, {2, 1}}, shape{4, 2, 3}},
		{[]shape{{2, 3}, {3}, {2, 1}}, shape{2, 3}},
		{[]shape{{1, 1, 1}, {2}}, shape{1, 1, 2}},
		{[]shape{{2}, {2, 3}}, nil},
		{[]shape{{2, 3}, {3, 2}}, nil},
		{[]shape{{2}, {1}, {3}}, nil},
		{[]shape{{0}, {1}}, nil},
		{[]shape{{-1}}, nil},
		{[]shape{{1 << 40, 1}, {1, 1 << 40}}, nil},
		{[]shape{{math.MaxInt}, {1, 1}}, nil},
	} {
		got, err := tensor.Broadcast(row.in...)
		if row.want == nil {
			require.ErrorIs(t, err, tensor.ErrShape, "%v", row.in)
			continue
		}
		require.NoError(t, err, "%v", row.in)
		require.Equal(t, row.want, got, "%v", row.in)
	}
	_, err := tensor.Broadcast(shape{2, 3}, shape{2})
	require.EqualError(t, err, "bad shape: [(2, 3) (2)] do not broadcast")
}

func TestBroadcastDoesNotKeepItsArguments(t *testing.T) {
	a := shape{2, 3}
	got, err := tensor.Broadcast(a)
	require.NoError(t, err)
	got[0] = 7
	require.Equal(t, shape{2, 3}, a)
}

func TestBroadcastStrides(t *testing.T) {
	for _, row := range []struct {
		from, to shape
		want     []int
	}{
		{shape{}, shape{}, []int{}},
		{shape{}, shape{2, 3}, []int{0, 0}},
		{shape{3}, shape{2, 3}, []int{0, 1}},
		{shape{2, 3}, shape{2, 3}, []int{3, 1}},
		{shape{2, 1}, shape{2, 3}, []int{1, 0}},
		{shape{4, 1, 3}, shape{4, 2, 3}, []int{3, 0, 1}},
		{shape{1, 1}, shape{5, 1, 1}, []int{0, 0, 0}},
	} {
		require.Equal(t, row.want, tensor.BroadcastStrides(row.from, row.to), "%v to %v", row.from, row.to)
	}
}

// FuzzBroadcast compares Broadcast and BroadcastStrides with a version that
// follows the text of NumPy's rule: prepend ones, then compare and index
// dimension by dimension.
func FuzzBroadcast(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{3}, []byte{})
	f.Add([]byte{4, 1, 3}, []byte{2, 1})
	f.Add([]byte{2}, []byte{2, 3})
	f.Add([]byte{1, 1}, []byte{1})
	f.Add([]byte{0, 2}, []byte{1})
	f.Fuzz(func(t *testing.T, p, q []byte) {
		a, b := smallShape(p), smallShape(q)
		got, err := tensor.Broadcast(a, b)
		want, ok := naiveBroadcast(a, b)
		require.Equal(t, ok, err == nil, "%v and %v: %v", a, b, err)
		if !ok {
			require.ErrorIs(t, err, tensor.ErrShape)
			return
		}
		require.Equal(t, want, got, "%v and %v", a, b)
		swapped, err := tensor.Broadcast(b, a)
		require.NoError(t, err)
		require.Equal(t, want, swapped)
		for _, s := range []shape{a, b} {
			strides := tensor.BroadcastStrides(s, got)
			for i := range tensor.Size(got) {
				index, offset := coordinates(i, got), 0
				for k, x := range index {
					offset += x * strides[k]
				}
				require.Equal(t, naiveOffset(index, s), offset, "%v of %v in %v", index, s, got)
			}
		}
	})
}

// smallShape makes a shape of rank 0 to 4 with dimensions 0 to 4.
func smallShape(bytes []byte) shape {
	s := shape{}
	for _, b := range bytes[:min(len(bytes), 4)] {
		s = append(s, int(b%5))
	}
	return s
}

func naiveBroadcast(a, b shape) (shape, bool) {
	for len(a) < len(b) {
		a = append(shape{1}, a...)
	}
	for len(b) < len(a) {
		b = append(shape{1}, b...)
	}
	out := shape{}
	for i := range a {
		if a[i] == 0 || b[i] == 0 || a[i] != b[i] && a[i] != 1 && b[i] != 1 {
			return nil, false
		}
		out = append(out, max(a[i], b[i]))
	}
	return out, true
}

// naiveOffset is where the element at index of a broadcast result lies in an
// array of shape s.
func naiveOffset(index []int, s shape) int {
	offset := 0
	for i, d := range s {
		x := index[len(index)-len(s)+i]
		if d == 1 {
			x = 0
		}
		offset = offset*d + x
	}
	return offset
}

// coordinates returns the coordinates of row-major element i.
func coordinates(i int, s shape) []int {
	index := make([]int, len(s))
	for k := len(s) - 1; k >= 0; k-- {
		index[k], i = i%s[k], i/s[k]
	}
	return index
}

func TestAxis(t *testing.T) {
	for _, row := range []struct{ axis, rank, want int }{
		{0, 1, 0}, {-1, 1, 0}, {2, 3, 2}, {-1, 3, 2}, {-3, 3, 0},
	} {
		got, err := tensor.Axis(row.axis, row.rank)
		require.NoError(t, err)
		require.Equal(t, row.want, got)
	}
	for _, row := range []struct{ axis, rank int }{
		{0, 0}, {-1, 0}, {1, 1}, {-2, 1}, {math.MaxInt, 3}, {math.MinInt, 3},
	} {
		_, err := tensor.Axis(row.axis, row.rank)
		require.ErrorIs(t, err, tensor.ErrShape, "%v", row)
	}
}

func TestAxes(t *testing.T) {
	for _, row := range []struct {
		axes []int
		rank int
		want []int // nil for an error
	}{
		{nil, 3, []int{0, 1, 2}},
		{nil, 0, []int{}},
		{[]int{1}, 3, []int{1}},
		{[]int{-1, 0}, 3, []int{0, 2}},
		{[]int{2, 1, 0}, 3, []int{0, 1, 2}},
		{[]int{0, 0}, 2, nil},
		{[]int{1, -1}, 2, nil},
		{[]int{2}, 2, nil},
		{[]int{-3}, 2, nil},
		{[]int{0}, 0, nil},
	} {
		got, err := tensor.Axes(row.axes, row.rank)
		if row.want == nil {
			require.ErrorIs(t, err, tensor.ErrShape, "%v", row)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, row.want, got)
	}
}

func TestReduce(t *testing.T) {
	s := shape{2, 3, 4}
	for _, row := range []struct {
		axes       []int
		drop, keep shape
	}{
		{[]int{0, 1, 2}, shape{}, shape{1, 1, 1}},
		{[]int{1}, shape{2, 4}, shape{2, 1, 4}},
		{[]int{0, 2}, shape{3}, shape{1, 3, 1}},
		{[]int{}, s, s},
	} {
		require.Equal(t, row.drop, tensor.Reduce(s, row.axes, false))
		require.Equal(t, row.keep, tensor.Reduce(s, row.axes, true))
	}
}
