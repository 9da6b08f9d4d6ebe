package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// Init makes the first value of a parameter of the given dtype and shape. The
// random ones draw from rng in row-major order; the same stream gives float32
// and float64 parameters that agree up to rounding.
type Init func(rng *rand.Rand, dt tensor.Dtype, shape ...int) (*tensor.Dense, error)

// Uniform draws from the uniform distribution on [lo, hi), as
// torch.nn.init.uniform_.
func Uniform(lo, hi float64) Init {
	return func(rng *rand.Rand, dt tensor.Dtype, shape ...int) (*tensor.Dense, error) {
		if dt == tensor.Float32 {
			return tensor.Uniform(rng, float32(lo), float32(hi), shape...)
		}
		return checked(dt)(tensor.Uniform(rng, lo, hi, shape...))
	}
}

// Normal draws from the normal distribution, as torch.nn.init.normal_.
func Normal(mean, std float64) Init {
	return func(rng *rand.Rand, dt tensor.Dtype, shape ...int) (*tensor.Dense, error) {
		if dt == tensor.Float32 {
			return tensor.Normal(rng, float32(mean), float32(std), shape...)
		}
		return checked(dt)(tensor.Normal(rng, mean, std, shape...))
	}
}

// Constant fills with v, as torch.nn.init.constant_.
func Constant(v float64) Init {
	return func(_ *rand.Rand, dt tensor.Dtype, shape ...int) (*tensor.Dense, error) {
		if dt == tensor.Float32 {
			return tensor.Full(float32(v), shape...)
		}
		return checked(dt)(tensor.Full(v, shape...))
	}
}

// Zeros fills with 0, as torch.nn.init.zeros_.
func Zeros() Init { return Constant(0) }

// Ones fills with 1, as torch.nn.init.ones_.
func Ones() Init { return Constant(1) }

// checked returns its arguments if dt is float64.
func checked(dt tensor.Dtype) func(*tensor.Dense, error) (*tensor.Dense, error) {
	return func(t *tensor.Dense, err error) (*tensor.Dense, error) {
		if dt != tensor.Float64 {
			return nil, fmt.Errorf("nn: %w: %v is neither float32 nor float64", tensor.ErrDtype, dt)
		}
		return t, err
	}
}

// XavierUniform draws from the uniform distribution on ±b, as
// torch.nn.init.xavier_uniform_, whose gain is 1 unless given:
//
//	b = gain·√(6/(fan_in + fan_out))
//
// The shape (out, in, ...) has fan_in = in·k and fan_out = out·k, where k is the
// product of the dimensions after the second. A shape of fewer than two
// dimensions is an error that wraps tensor.ErrShape.
//
// Reference: X. Glorot, Y. Bengio. Understanding the difficulty of training deep
// feedforward neural networks. AISTATS 2010.
func XavierUniform(gain float64) Init { return scaled(drawUniform, xavier(gain)) }

// XavierNormal draws from the normal distribution with mean 0, as
// torch.nn.init.xavier_normal_; see [XavierUniform].
//
//	std = gain·√(2/(fan_in + fan_out))
func XavierNormal(gain float64) Init { return scaled(drawNormal, xavier(gain)) }

func xavier(gain float64) deviation {
	return func(shape []int) (float64, error) {
		in, out, err := fans(shape)
		return gain * math.Sqrt(2/float64(in+out)), err
	}
}

// Fan is the number of connections that [KaimingUniform] keeps the variance
// along, by PyTorch's name.
type Fan string

// FanIn keeps the variance of the values in the forward pass, FanOut that of the
// gradients in the backward pass.
const (
	FanIn  Fan = "fan_in"
	FanOut Fan = "fan_out"
)

// KaimingUniform draws from the uniform distribution on ±b, as
// torch.nn.init.kaiming_uniform_:
//
//	b = gain·√(3/fan)
//
// The gain is [Gain](nonlinearity, a), where a matters to "leaky_relu" only.
// PyTorch's defaults are FanIn, "leaky_relu" and a = 0. Fans are those of
// [XavierUniform]. An unknown fan or nonlinearity is an error that wraps
// [ErrOption].
//
// Reference: K. He, X. Zhang, S. Ren, J. Sun. Delving deep into rectifiers.
// ICCV 2015.
func KaimingUniform(fan Fan, nonlinearity string, a float64) Init {
	return scaled(drawUniform, kaiming(fan, nonlinearity, a))
}

// KaimingNormal draws from the normal distribution with mean 0, as
// torch.nn.init.kaiming_normal_; see [KaimingUniform].
//
//	std = gain/√fan
func KaimingNormal(fan Fan, nonlinearity string, a float64) Init {
	return scaled(drawNormal, kaiming(fan, nonlinearity, a))
}

func kaiming(fan Fan, nonlinearity string, a float64) deviation {
	return func(shape []int) (float64, error) {
		in, out, err := fans(shape)
		if err != nil {
			return 0, err
		}
		n, ok := map[Fan]int{FanIn: in, FanOut: out}[fan]
		if !ok {
			return 0, fmt.Errorf("nn: %w: Mode %s not supported, please use one of [fan_in fan_out]", ErrOption, fan)
		}
		gain, err := Gain(nonlinearity, a)
		return gain / math.Sqrt(float64(n)), err
	}
}

// deviation returns the standard deviation for a shape.
type deviation func(shape []int) (float64, error)

func drawUniform(std float64) Init { return Uniform(-math.Sqrt(3)*std, math.Sqrt(3)*std) }
func drawNormal(std float64) Init  { return Normal(0, std) }

// scaled draws with the deviation for the shape.
func scaled(draw func(std float64) Init, std deviation) Init {
	return func(rng *rand.Rand, dt tensor.Dtype, shape ...int) (*tensor.Dense, error) {
		s, err := std(shape)
		if err != nil {
			return nil, err
		}
		return draw(s)(rng, dt, shape...)
	}
}

// fans returns fan_in and fan_out of a weight.
func fans(shape []int) (in, out int, err error) {
	if len(shape) < 2 {
		return 0, 0, fmt.Errorf("nn: %w: %v: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
			tensor.ErrShape, tensor.Shape(shape))
	}
	for i, d := range shape {
		if d < 1 {
			return 0, 0, fmt.Errorf("nn: %w: dimension %d of %v is %d, want at least 1", tensor.ErrShape, i, tensor.Shape(shape), d)
		}
	}
	k := tensor.Size(shape[2:])
	return shape[1] * k, shape[0] * k, nil
}

// gains of the nonlinearities that have no parameter.
var gains = map[string]float64{
	"linear": 1, "conv1d": 1, "conv2d": 1, "conv3d": 1,
	"conv_transpose1d": 1, "conv_transpose2d": 1, "conv_transpose3d": 1,
	"sigmoid": 1, "tanh": 5.0 / 3, "relu": math.Sqrt2, "selu": 3.0 / 4,
}

// Gain returns the factor by which weights before a nonlinearity are enlarged to
// keep the variance, as torch.nn.init.calculate_gain:
//
//	linear, conv1d ... conv_transpose3d, sigmoid   1
//	tanh                                           5/3
//	relu                                           √2
//	leaky_relu                                     √(2/(1 + slope²)), slope 0.01 unless given
//	selu                                           3/4
//
// Another nonlinearity, a slope that is not a number, and more than one slope
// are errors that wrap [ErrOption].
func Gain(nonlinearity string, slope ...float64) (float64, error) {
	if g, ok := gains[nonlinearity]; ok {
		return g, nil
	}
	if nonlinearity != "leaky_relu" {
		return 0, fmt.Errorf("nn: %w: Unsupported nonlinearity %s: want one of %s", ErrOption, nonlinearity, nonlinearities())
	}
	switch {
	case len(slope) == 0:
		slope = []float64{0.01}
	case len(slope) > 1, math.IsNaN(slope[0]):
		return 0, fmt.Errorf("nn: %w: negative_slope %v not a valid number", ErrOption, slope)
	}
	return math.Sqrt(2 / (1 + slope[0]*slope[0])), nil
}

func nonlinearities() string {
	names := []string{"leaky_relu"}
	for name := range gains {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
