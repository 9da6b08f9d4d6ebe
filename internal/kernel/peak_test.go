package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMultiplyAdds checks the count by the width of the vectors: it is all that can be seen of the work.
func TestMultiplyAdds(t *testing.T) {
	require.Zero(t, MultiplyAdds[float32](0))
	require.Zero(t, MultiplyAdds[float64](-1))
	for _, n := range []int{1, 1 << 12, 1<<12 + 1} {
		require.Equal(t, float64(24*n*VectorBytes()/4), MultiplyAdds[float32](n))
		require.Equal(t, float64(24*n*VectorBytes()/8), MultiplyAdds[float64](n))
	}
}

// BenchmarkMultiplyAdds is the peak of one processor, which products are held against:
//
//	go test ./internal/kernel -run '^$' -bench MultiplyAdds
func BenchmarkMultiplyAdds(b *testing.B) {
	b.Run("float32", benchMultiplyAdds[float32])
	b.Run("float64", benchMultiplyAdds[float64])
}

func benchMultiplyAdds[T Float](b *testing.B) {
	flops := 0.0
	for b.Loop() {
		flops += MultiplyAdds[T](1 << 12)
	}
	b.ReportMetric(flops/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
