package autodiff

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// TestCopiesInParts compares transpositions, slices and conversions that are large enough to be cut for
// several processors with the index arithmetic of their definitions.
func TestCopiesInParts(t *testing.T) {
	for _, c := range []struct {
		shape tensor.Shape
		perm  []int
	}{
		{tensor.Shape{700, 301}, []int{1, 0}},
		{tensor.Shape{301, 700}, []int{1, 0}},
		{tensor.Shape{1, 33, 65, 70}, []int{0, 2, 3, 1}},
		{tensor.Shape{1, 65, 70, 33}, []int{0, 3, 1, 2}},
		{tensor.Shape{3, 90, 8, 64}, []int{0, 2, 1, 3}},
		{tensor.Shape{3, 90, 8, 64}, []int{0, 2, 3, 1}},
		{tensor.Shape{61, 62, 63}, []int{2, 1, 0}},
		{tensor.Shape{2, 3, 2}, []int{2, 1, 0}},
		{tensor.Shape{200_000}, []int{0}},
		{tensor.Shape{}, []int{}},
	} {
		transposesInParts[float32](t, c.shape, c.perm)
		transposesInParts[float64](t, c.shape, c.perm)
	}
	for _, n := range []int{0, 1, copyPart - 1, copyPart, copyPart + 1, 3*copyPart + 5} {
		x, y := &tensor.Array[float64]{Data: make([]float64, n)}, &tensor.Array[float32]{Shape: tensor.Shape{n}, Data: make([]float32, n)}
		for i := range x.Data {
			x.Data[i] = float64(i) / 3
		}
		run := bindCast(y, x)
		run()
		for i, v := range x.Data {
			require.Equal(t, float32(v), y.Data[i])
		}
		require.Zero(t, testing.AllocsPerRun(3, run))
	}
}

func transposesInParts[T tensor.Float](t *testing.T, shape tensor.Shape, perm []int) {
	x := &tensor.Array[T]{Shape: shape, Data: make([]T, tensor.Size(shape))}
	for i := range x.Data {
		x.Data[i] = T(i)
	}
	to := make(tensor.Shape, len(shape))
	for i, a := range perm {
		to[i] = shape[a]
	}
	dst := &tensor.Array[T]{Shape: to, Data: make([]T, len(x.Data))}
	run := bindTranspose(perm, dst, x)
	run()
	own := tensor.Strides(shape)
	for i, got := range dst.Data {
		at, rest := 0, i
		for k := len(to) - 1; k >= 0; k-- {
			at += rest % to[k] * own[perm[k]]
			rest /= to[k]
		}
		if got != T(at) {
			require.Equal(t, T(at), got, "%v by %v, element %d", shape, perm, i)
		}
	}
	require.Zero(t, testing.AllocsPerRun(3, run), shape)
}
