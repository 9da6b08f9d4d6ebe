package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireFused holds sum32 against x y + c in big numbers, rounded once to float32.
func requireFused(t *testing.T, x, y, c float32) {
	t.Helper()
	got := float32(sum32(float64(x)*float64(y), float64(c)))
	if exact := float64(x)*float64(y) + float64(c); exact-exact != 0 { // NaN or infinite, which big numbers are not
		require.Equal(t, bitsOf(float32(exact)), bitsOf(got), "%v * %v + %v", x, y, c)
		return
	}
	// 24+24 bits, and the exponents of float32, are never so far apart
	sum := new(big.Float).SetPrec(2000).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
	sum.Add(sum, big.NewFloat(float64(c)))
	want, accuracy := sum.Float32()
	if math.Abs(float64(want)) < 0x1p-126 && accuracy != big.Exact {
		return // not promised
	}
	require.Equal(t, want, got, "%v * %v + %v", x, y, c)
}

// TestFusedMidway has sums that lie midway between two numbers of float32, and so near to
// that that float64 does not tell.
func TestFusedMidway(t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	midway := 0
	for range 200000 {
		// c + x y with x y half a unit in the last place of c, and a little more or less
		c := math.Float32frombits(rng.Uint32()%0x60000000 + 0x10000000)
		unit := math.Nextafter32(c, math.MaxFloat32) - c
		x := math.Float32frombits(math.Float32bits(unit/2) + uint32(rng.IntN(3)) - 1)
		y := float32(1 + float64(rng.IntN(5)-2)*0x1p-23)
		if rng.IntN(2) == 0 {
			y = -y
		}
		if s := float64(x)*float64(y) + float64(c); math.Float64bits(s)<<35 == 1<<63 {
			midway++
		}
		requireFused(t, x, y, c)
		requireFused(t, x, y, -c)
	}
	require.Greater(t, midway, 10000)
}

func FuzzFused(f *testing.F) {
	f.Add(float32(1+0x1p-23), float32(0x1p-24), float32(1))
	f.Add(float32(1-0x1p-24), float32(0x1p-24), float32(-1))
	f.Add(float32(math.MaxFloat32), float32(1), float32(0x1p103))
	f.Add(float32(math.MaxFloat32), float32(1), float32(0x1.fffffep102))
	f.Add(float32(0x1p-126), float32(0.5), float32(0x1p-149))
	f.Add(float32(math.Inf(1)), float32(0), float32(1))
	f.Add(float32(math.Inf(1)), float32(2), float32(math.Inf(-1)))
	f.Fuzz(func(t *testing.T, x, y, c float32) { requireFused(t, x, y, c) })
}
