package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAsinhSpecial32 has zeros, numbers near them, infinities, NaN and what is outside. PyTorch 2
// returns the same.
func TestAsinhSpecial32(t *testing.T) {
	zero, minus, nan, inf := float32(0), float32(negZero), float32(nan), float32(inf)
	least, largest := float32(0x1p-149), float32(math.MaxFloat32)
	for _, c := range []struct {
		name    string
		f       func(dst, x []float32)
		x, want []float32
	}{
		{"asinh", Asinh[float32],
			[]float32{0, minus, inf, -inf, nan, least, -least, 1e-20, -1e-20, largest, -largest, 1e30, 1 << 24, -1 << 24},
			[]float32{0, minus, inf, -inf, nan, least, -least, 1e-20, -1e-20, 89.415985, -89.415985, 69.770697, 17.32868, -17.32868}},
		{"acosh", Acosh[float32],
			[]float32{1, 1 - 0x1p-24, 0, minus, -1, -5, -1000, -1e30, -inf, inf, nan, largest, 1 << 24, 1 + 0x1p-23},
			[]float32{zero, nan, nan, nan, nan, nan, nan, nan, nan, inf, nan, 89.415985, 17.32868, 0.00048828122}},
		{"atanh", Atanh[float32],
			[]float32{0, minus, 1, -1, 2, -2, inf, -inf, nan, least, -least, 1e-20, 1 - 0x1p-24, -1 + 0x1p-24, 1 + 0x1p-23, largest},
			[]float32{0, minus, inf, -inf, nan, nan, nan, nan, nan, least, -least, 1e-20, 8.66434, -8.66434, nan, nan}},
	} {
		t.Run(c.name, func(t *testing.T) {
			forEachISA(t, func(t *testing.T) {
				got := make([]float32, len(c.x))
				c.f(got, c.x)
				requireSame(t, c.want, got, c.x)
			})
		})
	}
}

// TestAsinhNear checks that no digits are lost where the results are small, nor near where they
// end.
func TestAsinhNear(t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 82))
	near := map[string]func(e float64) float64{
		"Asinh": func(e float64) float64 { return e },
		"Acosh": func(e float64) float64 { return 1 + e },
		"Atanh": func(e float64) float64 { return 1 - e },
	}
	for _, row := range ulpRows {
		at := near[row.name]
		if at == nil {
			continue
		}
		var x []float64
		for range 2000 {
			x = append(x, at(math.Ldexp(1+rng.Float64(), -1-rng.IntN(52))))
		}
		y := make([]float64, len(x))
		row.f64(y, x)
		for i, v := range x {
			require.LessOrEqual(t, ulps(y[i], row.exact(bigFloat(v))), row.ulps64, "%s %v", row.name, v)
		}
		if row.name == "Atanh" {
			continue
		}
		for range 200 { // up to the largest numbers
			v := math.Exp(709 * rng.Float64())
			row.f64(y[:1], []float64{v})
			require.LessOrEqual(t, ulps(y[0], row.exact(bigFloat(v))), row.ulps64, "%s %v", row.name, v)
		}
	}
}
