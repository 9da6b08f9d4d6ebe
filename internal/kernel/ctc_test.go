package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCTCAlpha compares with a sum over all ways, written as a recursion from the end.
func TestCTCAlpha(t *testing.T) {
	const steps, rows, states = 5, 2, 6
	rng := rand.New(rand.NewPCG(31, 32))
	x, got := randoms[float64](rng, steps*rows*states), make([]float64, steps*rows*states)
	x[2*rows*states+1] = -inf
	skip := []float64{0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0}
	CTCAlpha(got, x, skip, steps, rows, states)
	var ways func(t, n, s int) float64
	ways = func(t, n, s int) float64 {
		switch {
		case s < 0:
			return 0
		case t < 0:
			return truth(s == 0)
		}
		sum := ways(t-1, n, s) + ways(t-1, n, s-1)
		if skip[n*states+s] != 0 {
			sum += ways(t-1, n, s-2)
		}
		return sum * math.Exp(x[(t*rows+n)*states+s])
	}
	for i := range got {
		want := math.Log(ways(i/states/rows, i/states%rows, i%states))
		if math.IsInf(want, -1) {
			require.Equal(t, want, got[i], i)
			continue
		}
		require.InDelta(t, want, got[i], 1e-12, i)
	}
	single := make([]float32, 3)
	CTCAlpha(single, []float32{1, 2, 3}, make([]float32, 3), 1, 1, 3)
	requireSame(t, []float32{1, 2, float32(math.Inf(-1))}, single)
}

func TestBandScan(t *testing.T) {
	t.Run("float64", testBandScan[float64])
	t.Run("float32", testBandScan[float32])
}

// testBandScan compares with the definitions, on powers of two: they are exact.
func testBandScan[T Float](t *testing.T) {
	const steps, rows, states = 4, 3, 5
	rng := rand.New(rand.NewPCG(33, 34))
	powers := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(math.Ldexp(1, rng.IntN(3)))
		}
		return x
	}
	const size = steps * rows * states
	w, b := powers(size*bands), powers(size)
	got, back, want := powers(size), powers(size), make([]T, size)
	BandScan(got, w, b, steps, rows, states)
	BandScanBack(back, w, b, steps, rows, states)
	const step = rows * states
	for i := range size {
		want[i] = b[i]
		for k := 0; k < bands && i >= step && i%states-k >= 0; k++ {
			want[i] += w[i*bands+k] * want[i-step-k]
		}
	}
	requireSame(t, want, got)
	for i := size - 1; i >= 0; i-- {
		want[i] = b[i]
		for k := 0; k < bands && i+step < size && i%states+k < states; k++ {
			want[i] += w[(i+step+k)*bands+k] * want[i+step+k]
		}
	}
	requireSame(t, want, back)
}
