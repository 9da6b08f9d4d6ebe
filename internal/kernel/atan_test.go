package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The most units in the last place by which Atan2 may miss the angle. In float32 they are fewer from
// angleExact on, where what the quotient lost is above the least number.
const (
	atan2Ulps32, atan2Ulps64   = 1.55, 2
	atan2UlpsExact, angleExact = 1.3, 0x1p-120
)

// asinRef and acosRef lose no digits near ±1, as those of package math do.
func asinRef(x float64) float64 { return math.Atan2(x, math.Sqrt((1-x)*(1+x))) }
func acosRef(x float64) float64 { return 2 * math.Atan2(math.Sqrt(1-x), math.Sqrt(1+x)) }

// bigAngle returns the angle of the point (x, y): from that of package math by two steps of
// what is left of the point turned back, δ = arctan(y'/x') = y'/x' + O(δ³).
func bigAngle(y, x *big.Float) *big.Float {
	yNear, _ := y.Float64()
	xNear, _ := x.Float64()
	angle := bigFloat(math.Copysign(math.Atan2(yNear, xNear), yNear)) // package math's is π for -π where y/x underflows
	for range 2 {
		s, c := bigSin(angle), bigCos(angle)
		up := bigNew().Sub(bigNew().Mul(y, c), bigNew().Mul(x, s))
		along := bigNew().Add(bigNew().Mul(x, c), bigNew().Mul(y, s))
		angle.Add(angle, up.Quo(up, along))
	}
	return angle
}

func bigAtan(x *big.Float) *big.Float { return bigAngle(x, bigFloat(1)) }

// bigCosine returns √(1 - x²).
func bigCosine(x *big.Float) *big.Float {
	one := bigFloat(1)
	return bigNew().Sqrt(bigNew().Mul(bigNew().Sub(one, x), bigNew().Add(one, x)))
}

func bigAsin(x *big.Float) *big.Float { return bigAngle(x, bigCosine(x)) }

func bigAcos(x *big.Float) *big.Float { return bigAngle(bigCosine(x), x) }

// anglePoints returns points of all directions and sizes, near the axes and the diagonals too.
func anglePoints(rng *rand.Rand, n int, sizes float64) (a, b []float64) {
	a, b = make([]float64, n), make([]float64, n)
	for i := range a {
		a[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
		switch i % 5 {
		case 1:
			a[i] *= math.Exp(3 * rng.NormFloat64())
		case 2: // near a diagonal
			b[i] = math.Copysign(a[i]*(1+math.Ldexp(rng.NormFloat64(), -rng.IntN(24))), b[i])
		case 3: // anywhere
			a[i], b[i] = a[i]*math.Exp2(sizes*(2*rng.Float64()-1)), b[i]*math.Exp2(sizes*(2*rng.Float64()-1))
		case 4: // the result near a power of two
			a[i] = b[i] * math.Tan(math.Exp2(float64(-rng.IntN(20)))*(1+math.Ldexp(rng.NormFloat64(), -20)))
		}
	}
	return a, b
}

// TestAtan2Ulps64 compares with 400 bits.
func TestAtan2Ulps64(t *testing.T) {
	n := 4000
	if *every {
		n = 200000
	}
	a, b := anglePoints(rand.New(rand.NewPCG(91, 92)), n, 1022)
	y := make([]float64, n)
	Atan2(y, a, b)
	var worst float64
	var at int
	for i := range y {
		want := bigAngle(bigFloat(a[i]), bigFloat(b[i]))
		if near, _ := want.Float64(); math.Abs(near) < 0x1p-1022 {
			require.InDelta(t, 0, float64(int64(math.Float64bits(y[i])-math.Float64bits(near))), 1, "angle of %v, %v", b[i], a[i])
			continue
		}
		if u := ulps(y[i], want); !(u <= worst) {
			worst, at = u, i
		}
	}
	t.Logf("at most %.3f ulp, at %v, %v", worst, a[at], b[at])
	require.LessOrEqual(t, worst, float64(atan2Ulps64), "at %v, %v", a[at], b[at])
}

// TestAtan2Ulps32 compares with float64, which has 29 more bits.
func TestAtan2Ulps32(t *testing.T) {
	n := 600000
	if *every {
		n = 1e8
	}
	a64, b64 := anglePoints(rand.New(rand.NewPCG(93, 94)), n, 127)
	a, b, y := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range a {
		a[i], b[i] = float32(a64[i]), float32(b64[i])
	}
	Atan2(y, a, b)
	var worst float64
	var at int
	for i := range y {
		want := math.Atan2(float64(a[i]), float64(b[i]))
		if want != want || float32(want) == y[i] {
			continue
		}
		u := math.Abs(float64(y[i])-want) / spacing32(want)
		if !(u <= worst) {
			worst, at = u, i
		}
		if min(max(a[i], -a[i]), max(b[i], -b[i])) >= angleExact {
			require.LessOrEqual(t, u, atan2UlpsExact, "at %v, %v", a[i], b[i])
		}
	}
	t.Logf("at most %.4f ulp, at %v, %v", worst, a[at], b[at])
	require.LessOrEqual(t, worst, atan2Ulps32, "at %v, %v", a[at], b[at])
}

// TestAtan2SameBits holds the vector instructions against the definition.
func TestAtan2SameBits(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", func(t *testing.T) { testAtan2SameBits[float64](t, 1022) })
		t.Run("float32", func(t *testing.T) { testAtan2SameBits[float32](t, 127) })
	})
}

func testAtan2SameBits[T Float](t *testing.T, sizes float64) {
	n := 60000
	if *every {
		n = 2e7
	}
	a64, b64 := anglePoints(rand.New(rand.NewPCG(97, 98)), n, sizes)
	a, b, got := make([]T, n), make([]T, n), make([]T, n)
	for i := range a {
		a[i], b[i] = T(a64[i]), T(b64[i])
	}
	Atan2(got, a, b)
	for i := range a {
		if want := Atan2Of(a[i], b[i]); bitsOf(want) != bitsOf(got[i]) {
			t.Fatalf("angle of %v, %v: %v, want %v", b[i], a[i], got[i], want)
		}
	}
}

// TestArcSpecial has arguments of which the result is 0 or a part of π; PyTorch returns the same.
func TestArcSpecial(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testArcSpecial[float64])
		t.Run("float32", testArcSpecial[float32])
	})
}

func testArcSpecial[T Float](t *testing.T) {
	pi, minus, nan, inf := T(math.Pi), T(negZero), T(nan), T(inf)
	above, most, least := T(math.Nextafter32(1, 2)), T(math.MaxFloat32), T(math.SmallestNonzeroFloat32)
	check := func(f func(dst, x []T), x, want []T) {
		t.Helper()
		got := make([]T, len(x))
		f(got, x)
		requireSame(t, want, got, x)
	}
	check(Atan[T], []T{0, minus, inf, -inf, nan, 1, -1, most, -most, least, -least, 1e-30},
		[]T{0, minus, pi / 2, -pi / 2, nan, pi / 4, -pi / 4, pi / 2, -pi / 2, least, -least, 1e-30})
	check(Asin[T], []T{0, minus, 1, -1, above, -above, inf, -inf, nan, least, -least, 1e-30, most},
		[]T{0, minus, pi / 2, -pi / 2, nan, nan, nan, nan, nan, least, -least, 1e-30, nan})
	check(Acos[T], []T{1, -1, 0, minus, above, -above, inf, -inf, nan, least, -most},
		[]T{0, pi, pi / 2, pi / 2, nan, nan, nan, nan, nan, pi / 2, nan})
	atan2 := func(dst, x []T) { Atan2(dst, x, []T{1, -1, 1, -1, 1, -1, 1, -1, inf, -inf, inf, -inf, 2, 2}[:len(x)]) }
	check(atan2, []T{1, 1, -1, -1, 0, 0, minus, minus, inf, inf, -inf, -inf, 2, -2},
		[]T{pi / 4, T(3 * math.Pi / 4), -pi / 4, T(-3 * math.Pi / 4), 0, pi, minus, -pi, pi / 4, T(3 * math.Pi / 4), -pi / 4, T(-3 * math.Pi / 4), pi / 4, -pi / 4})
}

// TestAtan2Special takes all pairs of special numbers: the result is that of [math.Atan2] where
// one is 0, infinite or NaN, and elsewhere within an ulp of the angle.
func TestAtan2Special(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testAtan2Special[float64])
		t.Run("float32", testAtan2Special[float32])
	})
}

func testAtan2Special[T Float](t *testing.T) {
	tiny, normal, most, limit := math.SmallestNonzeroFloat32, 0x1p-126, math.MaxFloat32, float64(angleLimit)
	if size[T]() == 8 {
		tiny, normal, most = math.SmallestNonzeroFloat64, 0x1p-1022, math.MaxFloat64
	}
	var a, b []T
	special := []float64{nan, inf, 0, tiny, 3 * tiny, normal / 2, normal, normal * 3, 1e-30, 0.1, 1, 2, 3, 1e30, limit / 2, limit, limit * 1.5, most / 2, most}
	for _, x := range special {
		for _, y := range special {
			a, b = append(a, T(x), T(x), T(-x), T(-x)), append(b, T(y), T(-y), T(y), T(-y))
		}
	}
	got := make([]T, len(a))
	Atan2(got, a, b)
	plain := func(x T) bool { return x != 0 && x-x == 0 }
	for i := range a {
		if y, x := float64(a[i]), float64(b[i]); !plain(a[i]) || !plain(b[i]) {
			require.Equal(t, bitsOf(T(math.Atan2(y, x))), bitsOf(got[i]), "angle of %v, %v", x, y)
			continue
		}
		require.Equal(t, math.Signbit(float64(a[i])), math.Signbit(float64(got[i])))
		want := bigAngle(bigFloat(float64(a[i])), bigFloat(float64(b[i])))
		if size[T]() == 8 {
			require.LessOrEqual(t, ulps(float64(got[i]), want), 1.0, "angle of %v, %v", b[i], a[i])
		} else {
			require.LessOrEqual(t, ulps32(float32(got[i]), want), 1.0, "angle of %v, %v", b[i], a[i])
		}
	}
}

// TestArcNearOne is about digits that are lost near ±1, where the root of what is left is taken.
func TestArcNearOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(95, 96))
	for i := range 2000 {
		x := math.Copysign(1-math.Ldexp(rng.Float64(), -i%53), rng.Float64()-0.5)
		require.LessOrEqual(t, ulps(AsinOf(x), bigAsin(bigFloat(x))), 1.5, "asin %v", x)
		require.LessOrEqual(t, ulps(AcosOf(x), bigAcos(bigFloat(x))), 1.5, "acos %v", x)
	}
}

// TestArcMonotone takes numbers one after the other: Atan and Asin never fall, Acos never rises.
func TestArcMonotone(t *testing.T) {
	limits := map[string][2]uint32{"Atan": {0, 0x7f800000}, "Asin": {0, 0x3f800000}, "Acos": {0, 0x3f800000}}
	for _, row := range ulpRows {
		limit, ok := limits[row.name]
		if !ok {
			continue
		}
		step := uint32(1 << 22)
		if *every {
			step = 4096
		}
		for _, sign := range []float32{1, -1} {
			x, y := make([]float32, 4097), make([]float32, 4097)
			for from := limit[0]; from < limit[1]; from += step {
				for i := range x {
					x[i] = sign * math.Float32frombits(min(from+uint32(i), limit[1]))
				}
				row.f32(y, x)
				for i := 1; i < len(x); i++ {
					up := sign * (y[i] - y[i-1])
					if row.name == "Acos" {
						up = -up
					}
					if !(up >= 0) {
						t.Fatalf("%s is %v at %v and %v at %v", row.name, y[i-1], x[i-1], y[i], x[i])
					}
				}
			}
		}
	}
}
