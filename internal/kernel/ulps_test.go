package kernel

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// With -every the tests of float32 take all of its 2³² values:
//
//	go test ./internal/kernel -run 'TestUlps32|TestSameBits32' -every -timeout 2h
var every = flag.Bool("every", false, "test all float32 values")

// ulpRow is a function, what it should return, and by how many units in the last place
// it may miss that.
type ulpRow struct {
	name         string
	f32          func(dst, x []float32)
	f64          func(dst, x []float64)
	ref          func(x float64) float64 // good to float64
	exact        func(x *big.Float) *big.Float
	from, to     float64 // arguments of exact
	ulps, ulps64 float64
}

var ulpRows = []ulpRow{
	{"Exp", Exp[float32], Exp[float64], math.Exp, bigExp, -745, 709.7, 1.05, 1},
	{"Sigmoid", Sigmoid[float32], Sigmoid[float64], func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, bigSigmoid, -745, 40, 2.5, 2.5},
	{"Tanh", Tanh[float32], Tanh[float64], math.Tanh, bigTanh, -21, 21, 1.5, 2.5},
	{"Expm1", Expm1[float32], Expm1[float64], math.Expm1, bigExpm1, -50, 709.7, 1.2, 1.5},
	{"Exp2", Exp2[float32], Exp2[float64], math.Exp2, func(x *big.Float) *big.Float { return bigExp(bigNew().Mul(x, bigLn2)) }, -1074, 1023.99, 1.05, 1.5},
	{"Log", Log[float32], Log[float64], math.Log, bigLog, 5e-324, math.MaxFloat64, 1, 1},
	{"Log1p", Log1p[float32], Log1p[float64], math.Log1p, bigLog1p, -1 + 0x1p-53, math.MaxFloat64, 1.4, 1},
	{"Log2", Log2[float32], Log2[float64], math.Log2, func(x *big.Float) *big.Float { return bigNew().Quo(bigLog(x), bigLn2) }, 5e-324, math.MaxFloat64, 1.05, 2},
	{"Softplus", Softplus[float32], Softplus[float64], softplus, bigSoftplus, -745, 20, 1.45, 2},
	{"LogSigmoid", LogSigmoid[float32], LogSigmoid[float64], logSigmoid, bigLogSigmoid, -1e6, 745, 1.45, 2},
	{"Sin", Sin[float32], Sin[float64], math.Sin, bigSin, -1e5, 1e5, 1, 1},
	{"Cos", Cos[float32], Cos[float64], math.Cos, bigCos, -1e5, 1e5, 1, 1},
	{"Erf", Erf[float32], Erf[float64], math.Erf, bigErf, -6.5, 6.5, 1.2, 2},
	{"Sinh", Sinh[float32], Sinh[float64], math.Sinh, bigSinh, -710, 710, 0.501, 3},
	{"Cosh", Cosh[float32], Cosh[float64], math.Cosh, bigCosh, -710, 710, 0.501, 2},
	{"Tan", Tan[float32], Tan[float64], math.Tan, bigTan, -1e5, 1e5, 2.5, 2},
	{"Log10", Log10[float32], Log10[float64], math.Log10, bigLog10, 5e-324, math.MaxFloat64, 1, 0.501},
	{"Erfc", Erfc[float32], Erfc[float64], math.Erfc, bigErfc, -6.5, 27, 3.6, 3},
	{"Asinh", Asinh[float32], Asinh[float64], math.Asinh, bigAsinh, -0x1p1022, 0x1p1022, 1.65, 1.5},
	{"Acosh", Acosh[float32], Acosh[float64], math.Acosh, bigAcosh, 1, math.MaxFloat64, 1.9, 2},
	{"Atanh", Atanh[float32], Atanh[float64], math.Atanh, bigAtanh, -1 + 0x1p-53, 1 - 0x1p-53, 1.5, 2},
	{"Atan", Atan[float32], Atan[float64], math.Atan, bigAtan, -1000, 1000, 1.25, 1.5},
	{"Asin", Asin[float32], Asin[float64], asinRef, bigAsin, -1, 1, 0.65, 1.5},
	{"Acos", Acos[float32], Acos[float64], acosRef, bigAcos, -1, 1, 0.65, 1.5},
}

func softplus(x float64) float64 {
	if x > softplusThreshold {
		return x
	}
	return math.Log1p(math.Exp(x))
}

func logSigmoid(x float64) float64 { return min(x, 0) - math.Log1p(math.Exp(-math.Abs(x))) }

func bigTan(x *big.Float) *big.Float { return bigNew().Quo(bigSin(x), bigCos(x)) }

func bigLog10(x *big.Float) *big.Float { return bigNew().Quo(bigLog(x), bigLog(bigFloat(10))) }

// bigSinh is (m + m/(m + 1))/2 with m = eˣ - 1, for x > 0.
func bigSinh(x *big.Float) *big.Float {
	if x.Sign() < 0 {
		y := bigSinh(bigNew().Neg(x))
		return y.Neg(y)
	}
	m := bigExpm1(x)
	y := bigNew().Add(m, bigNew().Quo(m, bigNew().Add(m, bigFloat(1))))
	return y.Quo(y, bigFloat(2))
}

func bigCosh(x *big.Float) *big.Float {
	e := bigExp(x)
	y := bigNew().Add(e, bigNew().Quo(bigFloat(1), e))
	return y.Quo(y, bigFloat(2))
}

// bigAsinh is ln(1 + x + x²/(1 + √(x² + 1))), for x > 0.
func bigAsinh(x *big.Float) *big.Float {
	if x.Sign() < 0 {
		y := bigAsinh(bigNew().Neg(x))
		return y.Neg(y)
	}
	x2 := bigNew().Mul(x, x)
	root := bigNew().Sqrt(bigNew().Add(x2, bigFloat(1)))
	return bigLog1p(root.Add(x, root.Quo(x2, root.Add(root, bigFloat(1)))))
}

// bigAcosh is ln(1 + t + √(t² + 2 t)) with t = x - 1.
func bigAcosh(x *big.Float) *big.Float {
	t := bigNew().Sub(x, bigFloat(1))
	root := bigNew().Sqrt(bigNew().Mul(t, bigNew().Add(t, bigFloat(2))))
	return bigLog1p(root.Add(root, t))
}

func bigAtanh(x *big.Float) *big.Float {
	y := bigLog1p(bigNew().Quo(bigNew().Add(x, x), bigNew().Sub(bigFloat(1), x)))
	return y.Quo(y, bigFloat(2))
}

func bigSoftplus(x *big.Float) *big.Float { return bigLog1p(bigExp(x)) }

func bigLogSigmoid(x *big.Float) *big.Float {
	y := bigLog1p(bigExp(bigNew().Neg(x)))
	return y.Neg(y)
}

// floats32 calls f with blocks of float32 values, which are all of them or a part
// evenly spread over their bits.
func floats32(f func(x []float32)) {
	step := uint64(4099)
	if *every {
		step = 1
	}
	x := make([]float32, 0, 4096)
	for bits := uint64(0); bits < 1<<32; bits += step {
		x = append(x, math.Float32frombits(uint32(bits)))
		if len(x) == cap(x) {
			f(x)
			x = x[:0]
		}
	}
	f(x)
}

// spacing32 is the unit in the last place of a float32 near y.
func spacing32(y float64) float64 {
	_, e := math.Frexp(y)
	return math.Ldexp(1, max(e-24, -149))
}

// TestUlps32 compares with float64, which has 29 more bits.
func TestUlps32(t *testing.T) {
	for _, row := range ulpRows {
		t.Run(row.name, func(t *testing.T) {
			var worst float64
			var at float32
			y := make([]float32, 4096)
			floats32(func(x []float32) {
				row.f32(y[:len(x)], x)
				for i, v := range x {
					want := row.ref(float64(v))
					if rounded := float32(want); rounded == y[i] || rounded != rounded && y[i] != y[i] {
						continue
					}
					u := math.Abs(float64(y[i])-want) / spacing32(want)
					if math.IsInf(float64(y[i]), 0) { // where the largest number is nearly as near
						u = (math.Abs(want) - math.MaxFloat32) / spacing32(math.MaxFloat32)
						u = math.Abs(1 - u)
					}
					if !(u <= worst) {
						worst, at = u, v
					}
				}
			})
			t.Logf("at most %.3f ulp, at %v", worst, at)
			require.LessOrEqual(t, worst, row.ulps, "at %v", at)
		})
	}
}

// TestUlps64 compares with 300 bits and more.
func TestUlps64(t *testing.T) {
	for _, row := range ulpRows {
		t.Run(row.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 10))
			x := make([]float64, 1500)
			if *every {
				x = make([]float64, 100000)
			}
			for i := range x {
				switch i % 3 {
				case 0:
					x[i] = row.from + (row.to-row.from)*rng.Float64()
				case 1:
					x[i] = rng.NormFloat64()
				case 2:
					x[i] = rng.NormFloat64() * math.Exp(3*rng.NormFloat64())
				}
				x[i] = max(row.from, min(row.to, x[i]))
			}
			y := make([]float64, len(x))
			row.f64(y, x)
			var worst, at float64
			for i, v := range x {
				if u := ulps(y[i], row.exact(bigFloat(v))); u > worst {
					worst, at = u, v
				}
			}
			t.Logf("at most %.3f ulp, at %v", worst, at)
			require.LessOrEqual(t, worst, row.ulps64, "at %v", at)
		})
	}
}

// TestSameBits32 holds the vector instructions against the definition.
func TestSameBits32(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		if isa == plain {
			t.Skip("there is only the definition")
		}
		for _, u := range unaries {
			if !*every && in32[u.name] == nil {
				continue // TestUnary has some values
			}
			t.Run(u.name, func(t *testing.T) {
				def, y := u.def32(), make([]float32, 4096)
				floats32(func(x []float32) {
					u.f32(y[:len(x)], x)
					for i, v := range x {
						if want := def(v); bitsOf(want) != bitsOf(y[i]) {
							t.Fatalf("f(%v) = %v, want %v", v, y[i], want)
						}
					}
				})
			})
		}
	})
}
