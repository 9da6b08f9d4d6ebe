package kernel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMultiplyAdds checks the count by the width of the vectors: it is all that can be seen of the work.
func TestMultiplyAdds(t *testing.T) {
	defer SetWorkers(Workers())
	for _, workers := range []int{1, 2, 5} {
		SetWorkers(workers)
		require.Equal(t, float64(8*workers*24<<12*VectorBytes()/4), MultiplyAdds[float32]())
		require.Equal(t, float64(8*workers*24<<12*VectorBytes()/8), MultiplyAdds[float64]())
	}
}

// BenchmarkMultiplyAdds is the peak of the processors, which products are held against:
//
//	go test ./internal/kernel -run '^$' -bench MultiplyAdds -cpu 1,2
func BenchmarkMultiplyAdds(b *testing.B) {
	b.Run("float32", benchMultiplyAdds[float32])
	b.Run("float64", benchMultiplyAdds[float64])
}

func benchMultiplyAdds[T Float](b *testing.B) {
	flops := 0.0
	for b.Loop() {
		flops += MultiplyAdds[T]()
	}
	b.ReportMetric(flops/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
