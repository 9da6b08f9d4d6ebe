package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The most units in the last place by which Pow may miss aᵇ.
const powUlps32, powUlps64 = 0.9, 1

// bigPow returns |a|ᵇ with the sign of a if b is odd.
func bigPow(a, b float64) *big.Float {
	y := bigExp(bigNew().Mul(bigFloat(b), bigLog(bigFloat(math.Abs(a)))))
	if a < 0 && math.Mod(b, 2) != 0 {
		y.Neg(y)
	}
	return y
}

// powArguments returns a and b of all kinds: of both signs of a with whole b, with results
// over all of the range, near 1, near the ends and subnormal, and b that are common.
func powArguments(rng *rand.Rand, n int, largest float64) (a, b []float64) {
	a, b = make([]float64, n), make([]float64, n)
	common := []float64{0.5, -0.5, 0.25, 0.75, 1, -1, 1.5, 2, 2.5, 3, -2, -3, 4, 5, 1. / 3, 10}
	for i := range a {
		a[i] = math.Exp(3 * rng.NormFloat64())
		switch i % 6 {
		case 0: // a result anywhere
			b[i] = (2*rng.Float64() - 1) * largest / math.Abs(math.Log(a[i]))
		case 1: // a near 1
			a[i] = 1 + math.Ldexp(2*rng.Float64()-1, -rng.IntN(22))
			b[i] = (2*rng.Float64() - 1) * min(largest/math.Abs(math.Log(a[i])), 1e30)
		case 2:
			b[i] = common[rng.IntN(len(common))]
		case 3: // whole b
			b[i] = float64(rng.IntN(41) - 20)
			a[i] = rng.NormFloat64()
		case 4: // a anywhere
			a[i] = math.Exp(largest * (2*rng.Float64() - 1))
			b[i] = rng.NormFloat64()
		case 5: // a result at an end
			b[i] = (rng.Float64()*0.06 + 0.97) * largest / math.Log(a[i])
			if i%2 == 0 {
				b[i] *= -1.04 // or subnormal
			}
		}
	}
	return a, b
}

// TestPowUlps64 compares with 400 bits.
func TestPowUlps64(t *testing.T) {
	n := 4000
	if *every {
		n = 300000
	}
	a, b := powArguments(rand.New(rand.NewPCG(71, 72)), n, 709)
	y := make([]float64, n)
	Pow(y, a, b)
	var worst float64
	var at int
	for i := range y {
		want := bigPow(a[i], b[i])
		if rounded, _ := want.Float64(); math.IsInf(rounded, 0) || rounded == 0 {
			require.Equal(t, rounded, y[i], "%v to the power %v", a[i], b[i])
			continue
		}
		if u := ulps(y[i], want); !(u <= worst) {
			worst, at = u, i
		}
	}
	t.Logf("at most %.3f ulp, at %v to the power %v", worst, a[at], b[at])
	require.LessOrEqual(t, worst, float64(powUlps64), "at %v to the power %v", a[at], b[at])
}

// TestPowUlps32 compares with float64, which has 29 more bits.
func TestPowUlps32(t *testing.T) {
	n := 600000
	if *every {
		n = 1e8
	}
	a64, b64 := powArguments(rand.New(rand.NewPCG(73, 74)), n, 88.7)
	a, b, y := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range a {
		a[i], b[i] = float32(a64[i]), float32(b64[i])
	}
	Pow(y, a, b)
	var worst float64
	var at int
	for i := range y {
		got, want := float64(y[i]), PowOf(float64(a[i]), float64(b[i])) // bounded by TestPowUlps64
		if rounded := float32(want); rounded == y[i] || math.IsNaN(want) && y[i] != y[i] {
			continue
		}
		if math.IsInf(got, 0) { // where the largest number is nearly as near
			got = math.Copysign(0x1p128, got)
		}
		if u := math.Abs(got-want) / spacing32(want); !(u <= worst) {
			worst, at = u, i
		}
	}
	t.Logf("at most %.6f ulp, at %v to the power %v", worst, a[at], b[at])
	require.LessOrEqual(t, worst, float64(powUlps32), "at %v to the power %v", a[at], b[at])
}

// TestPowSpecial holds Pow against math.Pow where the result is exact: with zeros,
// infinities, NaN, and where it overflows.
func TestPowSpecial(t *testing.T) {
	special := []float64{0, negZero, 1, -1, inf, -inf, nan, 0.5, -0.5, 2, -2, 3, -3, 1e300, -1e300, 5e-324, -5e-324, 0x1p-1022, 1e-310,
		0x1p50, 0x1p50 + 1, 0x1p52 - 1, 0x1p53 - 1, -0x1p53 + 1, 0x1p53, 0x1p63, 0x1p64, -0x1p64, 1 << 30, 2.5, -2.5, 1e-300, 4, 1023, 1024, -1022, -1074, -1075}
	var a, b []float64
	for _, x := range special {
		for _, y := range special {
			a, b = append(a, x), append(b, y)
		}
	}
	exact := func(x float64) bool { // 0, 1, infinite, NaN or a power of two
		m, _ := math.Frexp(x)
		return math.IsInf(x, 0) || x != x || x == 0 || math.Abs(m) == 0.5
	}
	forEachISA(t, func(t *testing.T) {
		got, got32 := make([]float64, len(a)), make([]float32, len(a))
		Pow(got, a, b)
		a32, b32 := make([]float32, len(a)), make([]float32, len(a))
		for i := range a {
			a32[i], b32[i] = float32(a[i]), float32(b[i])
		}
		Pow(got32, a32, b32)
		tested := 0
		for i := range a {
			if want := math.Pow(a[i], b[i]); exact(want) {
				tested++
				require.Equal(t, bitsOf(want), bitsOf(got[i]), "%v to the power %v: %v, want %v", a[i], b[i], got[i], want)
			}
			want64 := math.Pow(float64(a32[i]), float64(b32[i]))
			if want := float32(want64); exact(float64(want)) && math.Abs(want64) != 0x1p-150 { // a tie
				require.Equal(t, bitsOf(want), bitsOf(got32[i]), "float32: %v to the power %v: %v, want %v", a32[i], b32[i], got32[i], want)
			}
		}
		require.Greater(t, tested, len(a)/2)
	})
}

// TestPowExact checks that powers that are numbers are that number, and that a square is
// rounded as a product.
func TestPowExact(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", func(t *testing.T) { testPowExact[float64](t, 1<<53, -1074, 1024) })
		t.Run("float32", func(t *testing.T) { testPowExact[float32](t, 1<<24, -149, 128) })
	})
}

func testPowExact[T Float](t *testing.T, whole float64, least, beyond int) {
	var a, b, want []T
	for x := -41.0; x <= 41; x++ {
		for y, z := 0.0, 1.0; y == 0 || math.Abs(z) <= whole && y < 60; y, z = y+1, z*x {
			a, b, want = append(a, T(x)), append(b, T(y)), append(want, T(z))
			if x > 0 && (y == 2 || y == 4 || y == 8) { // 1/y is a number too
				a, b, want = append(a, T(z)), append(b, T(1/y)), append(want, T(x))
			}
		}
	}
	for n := least; n < beyond; n++ {
		a, b, want = append(a, 2), append(b, T(n)), append(want, T(math.Ldexp(1, n)))
	}
	rng := rand.New(rand.NewPCG(75, 76))
	for range 1000 {
		x := T(rng.NormFloat64() * math.Exp(float64(beyond)/10*rng.NormFloat64()))
		a, b, want = append(a, x, x), append(b, 2, 1), append(want, x*x, x)
	}
	got := make([]T, len(a))
	Pow(got, a, b)
	requireSame(t, want, got, a, b)
}

// TestPowLengths writes n elements and no more, with a rare one at each place, and gives
// the bits of the definition.
func TestPowLengths(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testPowLengths[float64])
		t.Run("float32", testPowLengths[float32])
	})
}

func testPowLengths[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(77, 78))
	for n := range 600 {
		a64, b64 := powArguments(rng, n, 88)
		a, b, got, want := make([]T, n), make([]T, n), make([]T, n+1), make([]T, n)
		for i := range a {
			a[i], b[i] = T(a64[i]), T(b64[i])
		}
		if n > 0 {
			a[rng.IntN(n)] = T(specials[rng.IntN(len(specials))])
			b[rng.IntN(n)] = T(specials[rng.IntN(len(specials))])
		}
		for i := range a {
			want[i] = PowOf(a[i], b[i])
		}
		got[n] = 7
		Pow(got[:n], a, b)
		require.Equal(t, T(7), got[n])
		requireSame(t, want, got[:n], a, b)
	}
}

// TestPowSameBits32 holds the vector instructions against the definition, at numbers and at any bits.
func TestPowSameBits32(t *testing.T) {
	n := 60000
	if *every {
		n = 3e7
	}
	rng := rand.New(rand.NewPCG(83, 84))
	a64, b64 := powArguments(rng, n, 88.7)
	a, b, want, got := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range a {
		a[i], b[i] = float32(a64[i]), float32(b64[i])
		if i%3 == 0 {
			a[i] = math.Float32frombits(rng.Uint32())
		}
		if i%4 == 0 {
			b[i] = math.Float32frombits(rng.Uint32())
		}
		want[i] = PowOf(a[i], b[i])
	}
	forEachISA(t, func(t *testing.T) {
		Pow(got, a, b)
		requireSame(t, want, got, a, b)
	})
}

// TestLog2Parts32 holds the sum of two numbers against float64 and what that loses.
func TestLog2Parts32(t *testing.T) {
	rng := rand.New(rand.NewPCG(85, 86))
	var worst float64
	var at float32
	for i := range 300000 {
		x := math.Exp(170*rng.Float64() - 85)
		switch i % 3 {
		case 0:
			x = 0.5 + rng.Float64()*1.5
		case 1:
			x = 1 + math.Ldexp(2*rng.Float64()-1, -rng.IntN(23))
		}
		v := float32(x)
		h, l := log2Parts32(v)
		want := Log2Of(float64(v))
		if miss := math.Abs((h-want)+l) / math.Abs(want); miss > worst {
			worst, at = miss, v
		}
	}
	t.Logf("at most 2^%.2f, at %v", math.Log2(worst), at)
	require.LessOrEqual(t, worst, 0x1p-33, "at %v", at)
}

// TestLogParts holds the sum of two numbers against 400 bits.
func TestLogParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(79, 80))
	var worst, at float64
	for i := range 3000 {
		x := math.Exp(1400*rng.Float64() - 700)
		switch i % 3 {
		case 0:
			x = 0.5 + rng.Float64()*1.5
		case 1:
			x = 1 + math.Ldexp(2*rng.Float64()-1, -rng.IntN(52))
		}
		if x == 1 {
			continue
		}
		h, l := logParts(x)
		require.Equal(t, upper(h), h, "%v", x)
		want := bigLog(bigFloat(x))
		miss, _ := bigNew().Quo(bigNew().Sub(bigNew().Add(bigFloat(h), bigFloat(l)), want), want).Float64()
		if math.Abs(miss) > worst {
			worst, at = math.Abs(miss), x
		}
	}
	t.Logf("at most 2^%.2f, at %v", math.Log2(worst), at)
	require.LessOrEqual(t, worst, 0x1p-67, "at %v", at)
}
