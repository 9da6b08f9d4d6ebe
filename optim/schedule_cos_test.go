package optim

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// bigCos returns cos(x) by Taylor's series with 300 bits.
func bigCos(x float64) float64 {
	const prec = 400
	r := new(big.Float).SetPrec(prec).SetFloat64(x)
	sum, term := new(big.Float).SetPrec(prec).SetInt64(1), new(big.Float).SetPrec(prec).SetInt64(1)
	r.Mul(r, r)
	for n := int64(1); n < 260; n += 2 {
		term.Mul(term, r)
		term.Quo(term, new(big.Float).SetInt64(-n*(n+1)))
		sum.Add(sum, term)
	}
	v, _ := sum.Float64()
	return v
}

func TestCosIsCorrectlyRounded(t *testing.T) {
	require.Equal(t, 1.0, cos(0))
	require.Equal(t, -1.0, cos(math.Pi))
	require.Equal(t, 6.123233995736766e-17, cos(math.Pi/2))
	require.True(t, math.IsNaN(cos(math.Inf(1))))
	differ := 0
	for k := range 1200 {
		x := math.Pi * float64(k-600) / 47
		want := bigCos(x)
		require.Equal(t, want, cos(x), "%v", x)
		if math.Cos(x) != want {
			differ++
		}
	}
	require.NotZero(t, differ, "math.Cos would do")
	require.Equal(t, math.Cos(1e12), cos(1e12))

	// Where PyTorch's files, made with GNU's C library 2.36, have another float.
	for x, c := range map[float64]float64{0.6117838325411703: 0.8186248146866923, 2.1093550674102897: -0.512899277405906} {
		require.NotEqual(t, c, cos(x))
		require.InDelta(t, c, bigCos(x), 2e-16)
		require.Equal(t, bigCos(x), cos(x))
	}
}

// bigPow is x^(n/8) by roots of 300 bits.
func bigPow(x float64, n int) float64 {
	r := new(big.Float).SetPrec(300).SetFloat64(x)
	r.Sqrt(r.Sqrt(r.Sqrt(r)))
	v := new(big.Float).SetPrec(300).SetInt64(1)
	for range n {
		v.Mul(v, r)
	}
	p, _ := v.Float64()
	return p
}

func TestPowIsCorrectlyRounded(t *testing.T) {
	for k := 1; k < 500; k++ {
		x := float64(k) / 97
		for _, n := range []int{1, 3, 7, 8, 13, 24, 81} {
			require.Equal(t, bigPow(x, n), pow(x, float64(n)/8), "%v^(%d/8)", x, n)
		}
	}
	for _, c := range [][3]float64{{0, 0, 1}, {0, 2, 0}, {0, 0.5, 0}, {1, 0.3, 1}, {2, -1, 0.5}, {-2, 3, -8}, {10, 400, math.Inf(1)}, {2, 0, 1}} {
		require.Equal(t, c[2], pow(c[0], c[1]), "%v", c)
	}
	require.True(t, math.IsNaN(pow(-1, 0.5)))
	require.Equal(t, math.Pow(0.5, 1050.5), pow(0.5, 1050.5), "below the normal numbers")
}
