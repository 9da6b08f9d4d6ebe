package kernel

import (
	bytes "encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// inAssembly are the functions that there is assembly for.
var inAssembly = map[string]function{
	"Exp": fnExp, "Sigmoid": fnSigmoid, "Tanh": fnTanh, "Expm1": fnExpm1, "Exp2": fnExp2,
	"Log": fnLog, "Log1p": fnLog1p, "Log2": fnLog2, "Softplus": fnSoftplus, "LogSigmoid": fnLogSigmoid,
	"Sin": fnSin, "Cos": fnCos, "Erf": fnErf, "Sinh": fnSinh, "Cosh": fnCosh, "Pow": fnPow,
	"Tan": fnTan, "Log10": fnLog10, "Erfc": fnErfc,
	"Asinh": fnAsinh, "Acosh": fnAcosh, "Atanh": fnAtanh,
	"Atan": fnAtan, "Atan2": fnAtan2, "Asin": fnAsin, "Acos": fnAcos,
}

// TestFunctionsComplete checks that every function of the assembly is in the tables of the
// other tests: that of definitions and that of errors.
func TestFunctionsComplete(t *testing.T) {
	defined, bounded := map[string]bool{}, map[string]bool{}
	for _, u := range unaries {
		defined[u.name] = true
	}
	for _, f := range binaries {
		defined[f.name] = true
	}
	for _, row := range ulpRows {
		bounded[row.name] = true
	}
	bounded["Pow"] = true   // TestPowUlps
	bounded["Atan2"] = true // TestAtan2Ulps
	found := map[function]bool{}
	for name, o := range inAssembly {
		require.True(t, defined[name], name)
		require.True(t, bounded[name], name)
		found[o] = true
	}
	require.Len(t, found, int(functions), "every function has its row here")
}

// TestUlpsDocumented checks the table of doc.go.
func TestUlpsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, row := range ulpRows {
		line := fmt.Sprintf("//\t%-12s %-9v %v\n", row.name, row.ulps, row.ulps64)
		require.Contains(t, string(doc), line)
	}
	require.Contains(t, string(doc), fmt.Sprintf("//\t%-12s %-9v %v\n", "Pow", powUlps32, powUlps64))
	require.Contains(t, string(doc), fmt.Sprintf("//\t%-12s %-9v %v\n", "Atan2", atan2Ulps32, atan2Ulps64))
}

// TestFunctionsRun checks that the vector instructions are what is used: they are told
// from the definition by how much they do.
func TestFunctionsRun(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		for name, o := range inAssembly {
			x := []float64{2, 2, 2, 2, 2, 2, 2, 2, 2}
			y := make([]float64, len(x))
			done, most := functionsOn(o, 8, len(x), at(y), at(x), at(x))
			if isa == plain {
				require.Equal(t, [2]int{0, len(x)}, [2]int{done, most}, name)
				continue
			}
			require.Equal(t, len(x), done, name)
			require.NotZero(t, y[8], name)
		}
	})
}

// TestFunctionLengths writes n elements and no more, with a rare one at each place.
func TestFunctionLengths(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", func(t *testing.T) {
			testFunctionLengths(t, func(u unary) (func(dst, x []float64), func(float64) float64) { return u.f64, u.def })
			testFunctionLengths2(t, func(f binary) (func(dst, a, b []float64), func(a, b float64) float64) { return f.f64, f.def })
		})
		t.Run("float32", func(t *testing.T) {
			testFunctionLengths(t, func(u unary) (func(dst, x []float32), func(float32) float32) { return u.f32, u.def32() })
			testFunctionLengths2(t, func(f binary) (func(dst, a, b []float32), func(a, b float32) float32) { return f.f32, f.def32() })
		})
	})
}

func testFunctionLengths[T Float](t *testing.T, of func(unary) (func(dst, x []T), func(T) T)) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, u := range unaries {
		f, def := of(u)
		for n := range 100 {
			x, got := randoms[T](rng, n), make([]T, n+1)
			if n > 0 {
				x[rng.IntN(n)] = T(specials[rng.IntN(len(specials))])
			}
			got[n] = 7
			f(got[:n], x)
			require.Equal(t, T(7), got[n], u.name)
			want := make([]T, n)
			for i := range want {
				want[i] = def(x[i])
			}
			requireSame(t, want, got[:n], x)
		}
	}
}

// testFunctionLengths2 is testFunctionLengths for functions of two arguments.
func testFunctionLengths2[T Float](t *testing.T, of func(binary) (func(dst, a, b []T), func(a, b T) T)) {
	rng := rand.New(rand.NewPCG(47, 48))
	for _, two := range binaries {
		f, def := of(two)
		for n := range 100 {
			a, b, got := randoms[T](rng, n), randoms[T](rng, n), make([]T, n+1)
			if n > 0 {
				a[rng.IntN(n)] = T(specials[rng.IntN(len(specials))])
				b[rng.IntN(n)] = T(specials[rng.IntN(len(specials))])
			}
			got[n] = 7
			f(got[:n], a, b)
			require.Equal(t, T(7), got[n], two.name)
			want := make([]T, n)
			for i := range want {
				want[i] = def(a[i], b[i])
			}
			requireSame(t, want, got[:n], a, b)
		}
	}
}

// FuzzFunctions holds the functions against their definitions at any bits.
func FuzzFunctions(f *testing.F) {
	for _, v := range specials {
		f.Add(bytes.LittleEndian.AppendUint64(nil, math.Float64bits(v)), uint8(5))
	}
	f.Add([]byte("000\x00\x00\x00\xf0\x7f"), uint8(96)) // a signaling NaN
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		if len(data) < 8 || n == 0 {
			return
		}
		x, x32 := make([]float64, n), make([]float32, n)
		for i := range x { // the same bits again and again, shifted
			at := i % (len(data) - 7)
			x[i] = math.Float64frombits(bytes.LittleEndian.Uint64(data[at:]))
			x32[i] = math.Float32frombits(bytes.LittleEndian.Uint32(data[at:]))
		}
		got, got32 := make([]float64, n), make([]float32, n)
		for _, u := range unaries {
			if _, ok := inAssembly[u.name]; !ok {
				continue
			}
			u.f64(got, x)
			u.f32(got32, x32)
			def32 := u.def32()
			for i := range x {
				require.Equal(t, bitsOf(u.def(x[i])), bitsOf(got[i]), "%s(%v)", u.name, x[i])
				require.Equal(t, bitsOf(def32(x32[i])), bitsOf(got32[i]), "%s(%v)", u.name, x32[i])
			}
		}
		b, b32 := slices.Clone(x), slices.Clone(x32)
		slices.Reverse(b)
		slices.Reverse(b32)
		for _, f := range binaries {
			if _, ok := inAssembly[f.name]; !ok {
				continue
			}
			f.f64(got, x, b)
			f.f32(got32, x32, b32)
			def32 := f.def32()
			for i := range x {
				require.Equal(t, bitsOf(f.def(x[i], b[i])), bitsOf(got[i]), "%s(%v, %v)", f.name, x[i], b[i])
				require.Equal(t, bitsOf(def32(x32[i], b32[i])), bitsOf(got32[i]), "%s(%v, %v)", f.name, x32[i], b32[i])
			}
		}
	})
}
