package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	nan     = math.NaN()
	inf     = math.Inf(1)
	negZero = math.Copysign(0, -1)
)

// TestUnarySpecial holds what PyTorch 2 returns, on CPU and for float64.
func TestUnarySpecial(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(dst, x []float64)
		x    []float64
		want []float64
	}{
		{"sign", Sign[float64], []float64{nan, negZero, 0, inf, -inf}, []float64{0, 0, 0, 1, -1}},
		{"relu", Relu[float64], []float64{nan, 0, inf, -inf, -1}, []float64{nan, 0, inf, 0, 0}},
		{"abs", Abs[float64], []float64{nan, negZero, -inf}, []float64{nan, 0, inf}},
		{"neg", Neg[float64], []float64{0, negZero, inf}, []float64{negZero, 0, -inf}},
		{"log", Log[float64], []float64{-1, 0, negZero, inf}, []float64{nan, -inf, -inf, inf}},
		{"log1p", Log1p[float64], []float64{-1, -2, negZero}, []float64{-inf, nan, negZero}},
		{"sqrt", Sqrt[float64], []float64{-1, negZero, inf}, []float64{nan, negZero, inf}},
		{"tanh", Tanh[float64], []float64{nan, inf, -inf, 50}, []float64{nan, 1, -1, 1}},
		{"sigmoid", Sigmoid[float64], []float64{nan, 0, 800, -800, inf, -inf}, []float64{nan, 0.5, 1, 0, 1, 0}},
		{"softplus", Softplus[float64], []float64{nan, 20.1, inf, -inf, -800}, []float64{nan, 20.1, inf, 0, 0}},
		{"asin", Asin[float64], []float64{1, -1, negZero, 1.5, inf}, []float64{math.Pi / 2, -math.Pi / 2, negZero, nan, nan}},
		{"acos", Acos[float64], []float64{1, -1, 0, -1.5, inf}, []float64{0, math.Pi, math.Pi / 2, nan, nan}},
		{"sinh", Sinh[float64], []float64{negZero, inf, -inf, 1000, nan, 1e-300}, []float64{negZero, inf, -inf, inf, nan, 1e-300}},
		{"cosh", Cosh[float64], []float64{negZero, inf, -inf, 1000, nan}, []float64{1, inf, inf, inf, nan}},
		{"asinh", Asinh[float64], []float64{0, negZero, inf, -inf, nan, 1e-300, -5e-324, 0x1p1000}, []float64{0, negZero, inf, -inf, nan, 1e-300, -5e-324, 1001 * math.Ln2}},
		{"acosh", Acosh[float64], []float64{1, 0.9999, negZero, -1, -1e9, -inf, inf, nan, 0x1p1000}, []float64{0, nan, nan, nan, nan, nan, inf, nan, 1001 * math.Ln2}},
		{"atanh", Atanh[float64], []float64{0, negZero, 1, -1, 2, -1.5, inf, -inf, nan, -1e-300, 5e-324}, []float64{0, negZero, inf, -inf, nan, nan, nan, nan, nan, -1e-300, 5e-324}},
		{"log2", Log2[float64], []float64{8, 0.25, 5e-324, 0, -1, inf, nan}, []float64{3, -2, -1074, -inf, nan, inf, nan}},
		{"log10", Log10[float64], []float64{1000, 1e-5, 1, 1e300, 0, -1, inf, nan}, []float64{3, -5, 0, 300, -inf, nan, inf, nan}},
		{"tan", Tan[float64], []float64{negZero, inf, -inf, nan, 1e-300, 1e6}, []float64{negZero, nan, nan, nan, 1e-300, math.Tan(1e6)}},
		{"erfc", Erfc[float64], []float64{0, negZero, inf, -inf, nan, 27.3, -7, 1e-300}, []float64{1, 1, 0, 2, nan, 0, 2, 1}},
		{"round", Round[float64], []float64{0.5, 1.5, 2.5, -0.5, -1.5, inf, nan}, []float64{0, 2, 2, negZero, -2, inf, nan}},
		{"logsigmoid", LogSigmoid[float64], []float64{nan, 1000, -1000, inf, -inf}, []float64{nan, 0, -1000, 0, -inf}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]float64, len(c.x))
			c.f(got, c.x)
			requireSame(t, c.want, got, c.x)
		})
	}
}

// TestBinarySpecial holds what PyTorch 2 returns, on CPU and for float64.
func TestBinarySpecial(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(dst, a, b []float64)
		a, b []float64
		want []float64
	}{
		{"maximum", Max[float64], []float64{nan, 1, inf}, []float64{1, nan, nan}, []float64{nan, nan, nan}},
		{"minimum", Min[float64], []float64{nan, 1, -inf}, []float64{1, nan, nan}, []float64{nan, nan, nan}},
		{"eq", Eq[float64], []float64{nan, nan, 1, 0}, []float64{nan, 1, nan, negZero}, []float64{0, 0, 0, 1}},
		{"ne", Ne[float64], []float64{nan, nan, 1, 0}, []float64{nan, 1, nan, negZero}, []float64{1, 1, 1, 0}},
		{"lt", Lt[float64], []float64{nan, nan, 1, negZero}, []float64{nan, 1, nan, 0}, []float64{0, 0, 0, 0}},
		{"le", Le[float64], []float64{nan, nan, 1, 0}, []float64{nan, 1, nan, negZero}, []float64{0, 0, 0, 1}},
		{"gt", Gt[float64], []float64{nan, nan, 1, 0}, []float64{nan, 1, nan, negZero}, []float64{0, 0, 0, 0}},
		{"ge", Ge[float64], []float64{nan, nan, 1, negZero}, []float64{nan, 1, nan, 0}, []float64{0, 0, 0, 1}},
		{"div", Div[float64], []float64{1, -1, 0, inf}, []float64{0, 0, 0, inf}, []float64{inf, -inf, nan, nan}},
		{"pow", Pow[float64],
			[]float64{nan, -2, -2, 0, negZero, negZero, 1, nan, -1, inf, -8, -inf, 0, negZero, 2, nan, -3},
			[]float64{0, 3, .5, -1, -1, -2, nan, 1, inf, 0, 1. / 3, 3, 0, 3, nan, 2, 2},
			[]float64{1, -8, nan, inf, -inf, inf, 1, nan, 1, 1, nan, -inf, 1, negZero, nan, nan, 9}},
		{"remainder", Remainder[float64], []float64{5, -5, 5, -5, 1, -1, inf, 3, -4}, []float64{3, 3, -3, -3, inf, inf, 2, 0, 2},
			[]float64{2, 1, -1, -2, 1, inf, nan, nan, negZero}},
		{"fmod", Fmod[float64], []float64{5, -5, 5, -5, 1, -1, inf, 3}, []float64{3, 3, -3, -3, inf, inf, 2, 0},
			[]float64{2, -2, 2, -2, 1, -1, nan, nan}},
		{"floor divide", FloorDivide[float64], []float64{5, -5, 1, 1, -1, 0, 3, -1}, []float64{3, 3, 0.1, inf, inf, -2, 0, 0},
			[]float64{1, -2, 9, 0, -1, negZero, inf, -inf}},
		{"logaddexp", Logaddexp[float64], []float64{inf, -inf, inf, 1000, nan}, []float64{inf, -inf, -inf, -1000, 1}, []float64{inf, -inf, inf, 1000, nan}},
		{"xlogy", Xlogy[float64], []float64{0, 0, 0, 0, nan, 2, 2}, []float64{0, inf, -1, nan, 1, 0, -1}, []float64{0, 0, 0, nan, nan, -inf, nan}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]float64, len(c.a))
			c.f(got, c.a, c.b)
			requireSame(t, c.want, got, c.a, c.b)
		})
	}
}

func TestWhereSpecial(t *testing.T) {
	got := make([]float64, 4)
	Where(got, []float64{nan, negZero, 0, -inf}, []float64{1, 1, nan, inf}, []float64{2, 2, 2, nan})
	requireSame(t, []float64{1, 2, 2, inf}, got)
}

// ulps returns |got - want| in units of the last place of got.
func ulps(got float64, want *big.Float) float64 {
	d := new(big.Float).SetPrec(400).SetFloat64(got)
	_, e := math.Frexp(got)
	d.SetMantExp(d.Sub(d, want), -max(e-53, -1074)) // before it is rounded: it may be below all float64
	diff, _ := d.Float64()
	return math.Abs(diff)
}

// TestExpEdges is about results that overflow or are subnormal.
func TestExpEdges(t *testing.T) {
	for _, x := range []float64{709.78, 709.782712893384, 709.78271289338409, 709.79, 1e300, -708.5, -745.13, -745.14, -1e300,
		expm1High64, math.Nextafter(expm1High64, inf), expm1Low64, -61, expm1High32, math.Nextafter(expm1High32, inf), expm1Low32, 5e-324, -5e-324, 1e-17, -1e-17} {
		within := max(-800, min(800, x)) // beyond, nothing changes
		want, _ := bigExp(bigFloat(within)).Float64()
		require.InDelta(t, 0, float64(int64(math.Float64bits(ExpOf(x))-math.Float64bits(want))), 1, "exp(%v)", x)
		want, _ = bigExpm1(bigFloat(within)).Float64()
		require.InDelta(t, 0, float64(int64(math.Float64bits(Expm1Of(x))-math.Float64bits(want))), 2, "expm1(%v)", x)
	}
	for _, x := range []float32{88.72283, 88.72284, 88.8, 1e30, -87.3, -87.4, -103.2, -103.9, -103.98, -104, -1e30} {
		want := float32(math.Exp(float64(x)))
		require.InDelta(t, 0, float64(int32(math.Float32bits(ExpOf(x))-math.Float32bits(want))), 1, "exp(%v)", x)
	}
	requireSame(t, []float64{negZero, negZero}, []float64{Expm1Of(negZero), TanhOf(negZero)})
}

// TestSoftplusAccuracy compares with log(1 + eˣ) written so that it cannot
// overflow: max(x, 0) + log1p(e^-|x|).
func TestSoftplusAccuracy(t *testing.T) {
	for x := -740.0; x < 60; x += 0.037 {
		want := max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
		bound := 1e-15
		if x > softplusThreshold {
			bound = 1.1e-10
		}
		require.InDelta(t, want, SoftplusOf(x), bound*want+5e-324, "x = %v", x)
	}
}

// TestHyperbolicAccuracy compares with 300 bits, also where eˣ overflows.
func TestHyperbolicAccuracy(t *testing.T) {
	half := new(big.Float).SetPrec(400).SetFloat64(0.5)
	rng := rand.New(rand.NewPCG(13, 14))
	for range 3000 {
		x := rng.NormFloat64() * math.Exp(2.5*rng.NormFloat64())
		if math.Abs(x) > 710.4 {
			x = 709 + rng.Float64()
		}
		up, down := bigExp(bigFloat(x)), bigExp(bigFloat(-x))
		sinh, cosh := new(big.Float).SetPrec(400).Sub(up, down), new(big.Float).SetPrec(400).Add(up, down)
		require.LessOrEqual(t, ulps(SinhOf(x), sinh.Mul(sinh, half)), 3.0, "sinh %v", x)
		require.LessOrEqual(t, ulps(CoshOf(x), cosh.Mul(cosh, half)), 2.0, "cosh %v", x)
	}
}

// TestLogAccuracy checks that no digits are lost near 1, where a logarithm is small.
func TestLogAccuracy(t *testing.T) {
	for _, e := range []float64{1e-3, 1e-8, 1e-12, -1e-3, -1e-8, -1e-12} {
		x := 1 + e
		require.InEpsilon(t, math.Log1p(x-1)/math.Ln2, Log2Of(x), 1e-15, "log2 %v", x)
		require.InEpsilon(t, math.Log1p(x-1)/math.Ln10, Log10Of(x), 1e-15, "log10 %v", x)
	}
}

// TestLogarithms32 has the logarithms that are computed in float32. PyTorch 1.13 returns the same,
// but 0 where the result is subnormal, and +Inf for log1p from 2¹²⁷ on.
func TestLogarithms32(t *testing.T) {
	least, largest, ln2 := float32(0x1p-149), float32(math.MaxFloat32), float32(math.Ln2)
	zero, minus, nan, inf := float32(0), float32(negZero), float32(nan), float32(inf)
	for _, c := range []struct {
		name    string
		f       func(dst, x []float32)
		x, want []float32
	}{
		{"log1p", Log1p[float32],
			[]float32{minus, 0, least, -least, 1e-20, -1e-20, -1, -1 + 0x1p-24, -2, -inf, inf, nan, 1, largest, 0x1p24, 0x1p127, 0x1.8p127},
			[]float32{minus, 0, least, -least, 1e-20, -1e-20, -inf, -24 * ln2, nan, nan, inf, nan, ln2, 128 * ln2, 24 * ln2, 127 * ln2, 88.43516}},
		{"log2", Log2[float32],
			[]float32{minus, 0, 1, least, largest, -least, -inf, inf, nan},
			[]float32{-inf, -inf, zero, -149, 128, nan, nan, inf, nan}},
		{"log10", Log10[float32],
			[]float32{minus, 0, 1, least, largest, -least, -inf, inf, nan},
			[]float32{-inf, -inf, zero, -44.85347, 38.53184, nan, nan, inf, nan}},
		{"softplus", Softplus[float32],
			[]float32{nan, inf, -inf, 0, minus, least, 20.000002, largest, -largest, -104, -103, -20},
			[]float32{nan, inf, 0, ln2, ln2, ln2, 20.000002, largest, 0, 0, least, 2.0611537e-9}},
		{"logsigmoid", LogSigmoid[float32],
			[]float32{nan, -inf, inf, 0, minus, least, -20.000002, -largest, largest, 104, 103, 20},
			[]float32{nan, -inf, 0, -ln2, -ln2, -ln2, -20.000002, -largest, 0, 0, -least, -2.0611537e-9}},
	} {
		forEachISA(t, func(t *testing.T) {
			got := make([]float32, len(c.x))
			c.f(got, c.x)
			requireSame(t, c.want, got, c.x)
		})
	}
	for e := -149; e <= 127; e++ {
		require.Equal(t, float32(e), Log2Of(float32(math.Ldexp(1, e))))
	}
}

// TestLog10Powers takes all powers of 10, which are exact up to 10²².
func TestLog10Powers(t *testing.T) {
	for k := -323; k <= 308; k++ {
		x := math.Pow10(k)
		if k >= -307 { // fewer digits below
			require.Equal(t, float64(k), Log10Of(x))
		}
		if k >= -37 && k <= 38 {
			require.Equal(t, float32(k), Log10Of(float32(x)))
		}
	}
}

// TestErfcEdges is about results that are subnormal, and where the formula changes.
func TestErfcEdges(t *testing.T) {
	for _, x := range []float64{0.5, math.Nextafter(0.5, 0), -0.5, 26.5, 26.6, 27, 27.2, 27.22, 27.226, 27.2265, 27.23, 27.5, 28, 1e300} {
		want, _ := bigErfc(bigFloat(min(x, 30))).Float64()
		require.InDelta(t, 0, float64(int64(math.Float64bits(ErfcOf(x))-math.Float64bits(want))), 3, "erfc %v", x)
	}
}

// TestSinReduction takes the numbers nearest to multiples of π/2, of which the sine or the
// cosine is all rounding error of the argument.
func TestSinReduction(t *testing.T) {
	half := bigNew().Mul(bigPi, bigFloat(0.5))
	rng := rand.New(rand.NewPCG(45, 46))
	for i := range 3000 {
		k := float64(i + 1)
		if i >= 1000 {
			k = float64(rng.IntN(63000))
		}
		x, _ := bigNew().Mul(half, bigFloat(k)).Float64()
		require.LessOrEqual(t, ulps(SinOf(x), bigSin(bigFloat(x))), 1.0, "sin %v", x)
		require.LessOrEqual(t, ulps(CosOf(x), bigCos(bigFloat(x))), 1.0, "cos %v", x)
		require.LessOrEqual(t, ulps(TanOf(x), bigTan(bigFloat(x))), 2.0, "tan %v", x)

		x32 := float32(x)
		exact := bigFloat(float64(x32))
		require.LessOrEqual(t, ulps32(SinOf(x32), bigSin(exact)), 1.0, "sin %v", x32)
		require.LessOrEqual(t, ulps32(CosOf(x32), bigCos(exact)), 1.0, "cos %v", x32)
		require.LessOrEqual(t, ulps32(TanOf(x32), bigTan(exact)), 2.5, "tan %v", x32)
	}
	requireSame(t, []float64{negZero, 1, math.Sin(1e6), math.Cos(-1e6)}, []float64{SinOf(negZero), CosOf(negZero), SinOf(1e6), CosOf(-1e6)})
	const tiny = math.SmallestNonzeroFloat32
	zero := float32(negZero)
	requireSame(t, []float32{zero, 1, zero, tiny, 1, tiny, float32(math.Sin(1e6))},
		[]float32{SinOf(zero), CosOf(zero), TanOf(zero), SinOf[float32](tiny), CosOf[float32](tiny), TanOf[float32](tiny), SinOf[float32](1e6)})
}

// ulps32 is the error of a float32 in units of its last place.
func ulps32(got float32, want *big.Float) float64 {
	miss, _ := bigNew().Sub(bigFloat(float64(got)), want).Float64()
	near, _ := want.Float64()
	return math.Abs(miss) / spacing32(near)
}
