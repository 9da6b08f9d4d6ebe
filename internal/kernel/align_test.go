package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAligned(t *testing.T) {
	t.Run("float32", testAligned[float32])
	t.Run("float64", testAligned[float64])
}

func testAligned[T Float](t *testing.T) {
	var keep [][]T
	for n := range 300 {
		x := Aligned[T](n)
		require.Len(t, x, n)
		require.Equal(t, n, cap(x))
		require.Equal(t, make([]T, n), x)
		if n > 0 {
			require.Zero(t, offLine(x))
		}
		keep = append(keep, x)
	}
	require.Len(t, keep, 300)
}
