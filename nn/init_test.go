package nn_test

import (
	"math"
	"testing"

	"github.com/downhill-go/downhill/nn"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestInitDistribution checks bounds, mean, deviation and kurtosis of many draws.
// Each may be off by five standard errors.
func TestInitDistribution(t *testing.T) {
	const out, in = 250, 400
	tests := []struct {
		name   string
		init   nn.Init
		std    float64
		normal bool
	}{
		{"uniform", nn.Uniform(-0.5, 0.5), 1 / math.Sqrt(12), false},
		{"normal", nn.Normal(0, 0.3), 0.3, true},
		{"xavier uniform", nn.XavierUniform(5.0 / 3), 5.0 / 3 * math.Sqrt(2.0/(in+out)), false},
		{"xavier normal", nn.XavierNormal(1), math.Sqrt(2.0 / (in + out)), true},
		{"kaiming uniform", nn.KaimingUniform(nn.FanIn, "relu", 0), math.Sqrt(2.0 / in), false},
		{"kaiming normal", nn.KaimingNormal(nn.FanIn, "relu", 0), math.Sqrt(2.0 / in), true},
		{"kaiming out", nn.KaimingNormal(nn.FanOut, "tanh", 0), 5.0 / 3 / math.Sqrt(out), true},
		{"kaiming leaky", nn.KaimingUniform(nn.FanOut, "leaky_relu", 0.2), math.Sqrt(2 / 1.04 / out), false},
	}
	for _, test := range tests {
		for dtype, dt := range dtypes {
			x, err := tensor.Float64s(filled(t, tensor.NewRand(5), test.init, dt, []int{out, in}))
			require.NoError(t, err)
			var largest, mean, square, fourth float64
			for _, v := range x {
				v /= test.std
				largest = max(largest, math.Abs(v))
				mean += v / float64(len(x))
				square += v * v / float64(len(x))
				fourth += v * v * v * v / float64(len(x))
			}
			n := math.Sqrt(float64(len(x)))
			kurtosis, spread := 9.0/5, 3.6 // of the uniform distribution; spread² is about Var(x⁴)
			if test.normal {
				kurtosis, spread = 3, math.Sqrt(96)
			}
			require.InDelta(t, 0, mean, 5/n, "mean of %s, %s", test.name, dtype)
			require.InDelta(t, 1, square, 5*math.Sqrt(kurtosis-1)/n, "deviation of %s, %s", test.name, dtype)
			require.InDelta(t, kurtosis, fourth, 5*spread/n, "kurtosis of %s, %s", test.name, dtype)
			if !test.normal {
				require.LessOrEqual(t, largest, math.Sqrt(3)*(1+2*unit[dtype]), "bound of %s, %s", test.name, dtype)
				require.Greater(t, largest, math.Sqrt(3)*0.999, "bound of %s, %s", test.name, dtype)
			}
		}
	}
}

func TestInitConstants(t *testing.T) {
	for _, dt := range dtypes {
		for want, init := range map[float64]nn.Init{0: nn.Zeros(), 1: nn.Ones(), -2.5: nn.Constant(-2.5)} {
			full := tensor.Must(tensor.Full(want, 2, 3))
			require.NoError(t, tensor.AllClose(filled(t, nil, init, dt, []int{2, 3}), full, 0, 0))
		}
	}
}
