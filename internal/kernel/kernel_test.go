package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lengths cover every remainder of an unrolled loop and some long slices.
var lengths = func() []int {
	n := []int{64, 100, 127, 128, 129, 1000, 4097}
	for i := range 34 {
		n = append(n, i)
	}
	return n
}()

// specials are the arguments where conventions differ.
var specials = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, -0.5, 3, -3,
	20, 20.000001, 19.999999, -20, 1e-30, -1e-30, 1e30, -1e30, 88, 89, -88, -104, 700, 710, -745, -746, 1e-40, 5e-324}

// values returns n arguments: the special ones, then random ones of all sizes.
func values[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64() * math.Exp(3*rng.NormFloat64()))
		if rng.IntN(4) == 0 {
			x[i] = T(specials[rng.IntN(len(specials))])
		}
	}
	return x
}

func randoms[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}

// bitsOf orders floats of either type so that equality is that of the bits,
// with one NaN.
func bitsOf[T Float](v T) uint64 {
	if v != v {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(float64(v))
}

func requireSame[T Float](t *testing.T, want, got []T, args ...[]T) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if bitsOf(want[i]) == bitsOf(got[i]) {
			continue
		}
		var at []T
		for _, a := range args {
			at = append(at, a[i])
		}
		t.Fatalf("element %d of %d: f(%v) = %v, want %v", i, len(want), at, got[i], want[i])
	}
}

type unary struct {
	name string
	f64  func(dst, x []float64)
	f32  func(dst, x []float32)
	def  func(x float64) float64 // computed in float64 and rounded
}

var unaries = []unary{
	{"Neg", Neg[float64], Neg[float32], func(x float64) float64 { return -x }},
	{"Abs", Abs[float64], Abs[float32], math.Abs},
	{"Sign", Sign[float64], Sign[float32], SignOf},
	{"Relu", Relu[float64], Relu[float32], ReluOf},
	{"Sqrt", Sqrt[float64], Sqrt[float32], math.Sqrt},
	{"Exp", Exp[float64], Exp[float32], ExpOf[float64]},
	{"Log", Log[float64], Log[float32], LogOf[float64]},
	{"Log1p", Log1p[float64], Log1p[float32], Log1pOf[float64]},
	{"Expm1", Expm1[float64], Expm1[float32], Expm1Of[float64]},
	{"Sin", Sin[float64], Sin[float32], SinOf[float64]},
	{"Cos", Cos[float64], Cos[float32], CosOf[float64]},
	{"Tan", Tan[float64], Tan[float32], TanOf[float64]},
	{"Tanh", Tanh[float64], Tanh[float32], TanhOf[float64]},
	{"Sigmoid", Sigmoid[float64], Sigmoid[float32], SigmoidOf[float64]},
	{"Softplus", Softplus[float64], Softplus[float32], SoftplusOf[float64]},
	{"Asin", Asin[float64], Asin[float32], AsinOf[float64]},
	{"Acos", Acos[float64], Acos[float32], AcosOf[float64]},
	{"Atan", Atan[float64], Atan[float32], AtanOf[float64]},
	{"Sinh", Sinh[float64], Sinh[float32], SinhOf[float64]},
	{"Cosh", Cosh[float64], Cosh[float32], CoshOf[float64]},
	{"Asinh", Asinh[float64], Asinh[float32], AsinhOf[float64]},
	{"Acosh", Acosh[float64], Acosh[float32], AcoshOf[float64]},
	{"Atanh", Atanh[float64], Atanh[float32], AtanhOf[float64]},
	{"Floor", Floor[float64], Floor[float32], math.Floor},
	{"Ceil", Ceil[float64], Ceil[float32], math.Ceil},
	{"Round", Round[float64], Round[float32], math.RoundToEven},
	{"Trunc", Trunc[float64], Trunc[float32], math.Trunc},
	{"Exp2", Exp2[float64], Exp2[float32], Exp2Of[float64]},
	{"Log2", Log2[float64], Log2[float32], Log2Of[float64]},
	{"Log10", Log10[float64], Log10[float32], Log10Of[float64]},
	{"Erf", Erf[float64], Erf[float32], ErfOf[float64]},
	{"Erfc", Erfc[float64], Erfc[float32], ErfcOf[float64]},
	{"LogSigmoid", LogSigmoid[float64], LogSigmoid[float32], LogSigmoidOf[float64]},
}

// in32 has the functions that are computed in float32 for float32.
var in32 = map[string]func(x float32) float32{
	"Exp":        ExpOf[float32],
	"Log":        LogOf[float32],
	"Log1p":      Log1pOf[float32],
	"Log2":       Log2Of[float32],
	"Log10":      Log10Of[float32],
	"Softplus":   SoftplusOf[float32],
	"LogSigmoid": LogSigmoidOf[float32],
	"Sigmoid":    SigmoidOf[float32],
	"Tanh":       TanhOf[float32],
	"Expm1":      Expm1Of[float32],
	"Exp2":       Exp2Of[float32],
	"Erf":        ErfOf[float32],
	"Erfc":       ErfcOf[float32],
	"Sin":        SinOf[float32],
	"Cos":        CosOf[float32],
	"Tan":        TanOf[float32],
	"Asinh":      AsinhOf[float32],
	"Acosh":      AcoshOf[float32],
	"Atanh":      AtanhOf[float32],
	"Atan":       AtanOf[float32],
	"Asin":       AsinOf[float32],
	"Acos":       AcosOf[float32],
}

// def32 is the definition of the function for float32.
func (u unary) def32() func(x float32) float32 {
	if f := in32[u.name]; f != nil {
		return f
	}
	return func(x float32) float32 { return float32(u.def(float64(x))) }
}

func TestUnary(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		for _, u := range unaries {
			t.Run(u.name+"/float64", func(t *testing.T) { testUnary(t, u.f64, u.def) })
			t.Run(u.name+"/float32", func(t *testing.T) { testUnary(t, u.f32, u.def32()) })
		}
	})
}

func testUnary[T Float](t *testing.T, f func(dst, x []T), def func(T) T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range lengths {
		x := values[T](rng, n)
		want, got := make([]T, n), randoms[T](rng, n)
		for i := range x {
			want[i] = def(x[i])
		}
		f(got, x)
		requireSame(t, want, got, x)
		inPlace := append([]T(nil), x...)
		f(inPlace, inPlace)
		requireSame(t, want, inPlace, x)
	}
}

type binary struct {
	name string
	f64  func(dst, a, b []float64)
	f32  func(dst, a, b []float32)
	def  func(a, b float64) float64
}

var binaries = []binary{
	{"Add", Add[float64], Add[float32], func(a, b float64) float64 { return a + b }},
	{"Sub", Sub[float64], Sub[float32], func(a, b float64) float64 { return a - b }},
	{"Mul", Mul[float64], Mul[float32], func(a, b float64) float64 { return a * b }},
	{"Div", Div[float64], Div[float32], func(a, b float64) float64 { return a / b }},
	{"Max", Max[float64], Max[float32], MaxOf},
	{"Min", Min[float64], Min[float32], MinOf},
	{"Pow", Pow[float64], Pow[float32], PowOf[float64]},
	{"Lt", Lt[float64], Lt[float32], func(a, b float64) float64 { return truth(a < b) }},
	{"Le", Le[float64], Le[float32], func(a, b float64) float64 { return truth(a <= b) }},
	{"Gt", Gt[float64], Gt[float32], func(a, b float64) float64 { return truth(a > b) }},
	{"Ge", Ge[float64], Ge[float32], func(a, b float64) float64 { return truth(a >= b) }},
	{"Eq", Eq[float64], Eq[float32], func(a, b float64) float64 { return truth(a == b) }},
	{"Ne", Ne[float64], Ne[float32], func(a, b float64) float64 { return truth(a != b) }},
	{"Atan2", Atan2[float64], Atan2[float32], Atan2Of[float64]},
	{"Hypot", Hypot[float64], Hypot[float32], math.Hypot},
	{"Fmod", Fmod[float64], Fmod[float32], math.Mod},
	{"Remainder", Remainder[float64], Remainder[float32], RemainderOf},
	{"FloorDivide", FloorDivide[float64], FloorDivide[float32], FloorDivideOf},
	{"Logaddexp", Logaddexp[float64], Logaddexp[float32], LogaddexpOf},
	{"Xlogy", Xlogy[float64], Xlogy[float32], XlogyOf},
}

func truth(c bool) float64 {
	if c {
		return 1
	}
	return 0
}

// def32 is the definition of the function for float32.
func (f binary) def32() func(a, b float32) float32 {
	switch f.name { // those that compute less for float32
	case "Pow":
		return PowOf[float32]
	case "Atan2":
		return Atan2Of[float32]
	}
	return func(a, b float32) float32 { return float32(f.def(float64(a), float64(b))) }
}

func TestBinary(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		for _, f := range binaries {
			t.Run(f.name+"/float64", func(t *testing.T) { testBinary(t, f.f64, f.def) })
			t.Run(f.name+"/float32", func(t *testing.T) { testBinary(t, f.f32, f.def32()) })
		}
	})
}

func testBinary[T Float](t *testing.T, f func(dst, a, b []T), def func(a, b T) T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range lengths {
		a, b := values[T](rng, n), values[T](rng, n)
		want, got := make([]T, n), randoms[T](rng, n)
		for i := range a {
			want[i] = def(a[i], b[i])
		}
		f(got, a, b)
		requireSame(t, want, got, a, b)
		overA, overB := append([]T(nil), a...), append([]T(nil), b...)
		f(overA, overA, b)
		requireSame(t, want, overA, a, b)
		f(overB, a, overB)
		requireSame(t, want, overB, a, b)
	}
}

func TestWhere(t *testing.T) {
	t.Run("float64", testWhere[float64])
	t.Run("float32", testWhere[float32])
}

func testWhere[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range lengths {
		c, a, b := values[T](rng, n), values[T](rng, n), values[T](rng, n)
		want, got := make([]T, n), randoms[T](rng, n)
		for i := range c {
			want[i] = b[i]
			if c[i] != 0 {
				want[i] = a[i]
			}
		}
		Where(got, c, a, b)
		requireSame(t, want, got, c, a, b)
		over := append([]T(nil), c...)
		Where(over, over, a, b)
		requireSame(t, want, over, c, a, b)
	}
}

func TestLerp(t *testing.T) {
	t.Run("float64", testLerp[float64])
	t.Run("float32", testLerp[float32])
}

func testLerp[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, n := range lengths {
		a, b, w := values[T](rng, n), values[T](rng, n), values[T](rng, n)
		want, got := make([]T, n), randoms[T](rng, n)
		for i := range a {
			want[i] = b[i] - T((b[i]-a[i])*(1-w[i]))
			if math.Abs(float64(w[i])) < 0.5 {
				want[i] = a[i] + T(w[i]*(b[i]-a[i]))
			}
		}
		Lerp(got, a, b, w)
		requireSame(t, want, got, a, b, w)
		over := append([]T(nil), w...)
		Lerp(over, a, b, over)
		requireSame(t, want, over, a, b, w)
	}
}

func TestFill(t *testing.T) {
	for _, n := range lengths {
		x := make([]float32, n+1)
		Fill(x[:n], 1.5)
		for i := range n {
			require.Equal(t, float32(1.5), x[i])
		}
		require.Zero(t, x[n])
	}
}

// timed is the time of 100 calls.
func timed(f func()) time.Duration {
	start := time.Now()
	for range 100 {
		f()
	}
	return time.Since(start)
}
