package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/internal/kernel"
)

// The activation functions of torch.nn.functional. As all composites they are
// expressions of primitives; the slope at a kink is PyTorch's.

// Gelu returns x·Φ(x), where Φ is the distribution function of the normal
// distribution, elementwise.
//
//	y = ½x·erfc(−x/√2)
//
// It matches torch.nn.functional.gelu. Below −2, PyTorch's 1 + erf(x/√2) loses
// digits that erfc keeps.
//
// Reference: D. Hendrycks, K. Gimpel. Gaussian Error Linear Units. 2016.
// https://arxiv.org/abs/1606.08415
func Gelu(x *Node) *Node {
	return as("Gelu", Mul(Mul(x, 0.5), Erfc(Mul(x, -1/math.Sqrt2))), x)
}

// GeluTanh returns the approximation of [Gelu] by a hyperbolic tangent,
// elementwise.
//
//	y = ½x·(1 + tanh u) = x·sigmoid(2u), u = √(2/π)·(x + 0.044715·x³)
//
// It matches torch.nn.functional.gelu with approximate="tanh". Below −2,
// PyTorch's 1 + tanh u loses digits that the sigmoid keeps.
func GeluTanh(x *Node) *Node {
	u := Mul(x, Add(Mul(Square(x), 0.044715), 1))
	return as("GeluTanh", Mul(x, Sigmoid(Mul(u, 2*math.Sqrt2/math.SqrtPi))), x)
}

// Silu returns x·sigmoid(x), also called swish, elementwise. It matches
// torch.nn.functional.silu.
func Silu(x *Node) *Node { return as("Silu", Mul(x, Sigmoid(x)), x) }

// Mish returns x·tanh(softplus(x)), elementwise. It matches
// torch.nn.functional.mish.
func Mish(x *Node) *Node { return as("Mish", Mul(x, Tanh(Softplus(x))), x) }

// LeakyRelu returns x where x > 0, else slope·x, elementwise. The slope at 0 is
// slope. It matches torch.nn.functional.leaky_relu, whose default is 0.01.
func LeakyRelu(x *Node, slope float64) *Node {
	return as("LeakyRelu", Mul(x, Where(Gt(x, 0), 1, slope)), x)
}

// Elu returns x where x > 0, else α·(eˣ − 1), elementwise. The slope at 0 is α. It
// matches torch.nn.functional.elu, whose default is α = 1, and keeps digits near 0
// that PyTorch 1.13 loses.
func Elu(x *Node, alpha float64) *Node { return as("Elu", elu(x, alpha, 1), x) }

// Celu returns x where x > 0, else α·(exp(x/α) − 1), elementwise. Its slope is
// continuous. It matches torch.nn.functional.celu, whose default is α = 1, except
// that α = 0 gives NaN and is no error.
func Celu(x *Node, alpha float64) *Node { return as("Celu", elu(x, alpha, 1/alpha), x) }

// Selu returns λx where x > 0, else λα·(eˣ − 1), elementwise, with the λ and α for
// which layers keep mean 0 and variance 1. It matches torch.nn.functional.selu.
//
// Reference: G. Klambauer and others. Self-Normalizing Neural Networks. NIPS 2017.
// https://arxiv.org/abs/1706.02515
func Selu(x *Node) *Node {
	const alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
	return as("Selu", Mul(elu(x, alpha, 1), scale), x)
}

// elu returns x where x > 0, else α·(exp(βx) − 1).
func elu(x *Node, alpha, beta float64) *Node {
	low := Le(x, 0)
	z := Mul(Where(low, x, 0), beta) // no infinite slope comes from above 0
	return Where(low, Mul(apply(expm1Exact{}, z), alpha), x)
}

// expm1Exact is [Expm1] with a slope that keeps its digits where eˣ is small. That
// of torch.expm1, y + 1, does not.
type expm1Exact struct{ pointwise }

func (expm1Exact) Name() string                       { return "Expm1" }
func (expm1Exact) Map32(dst []float32, x [][]float32) { kernel.Expm1(dst, x[0]) }
func (expm1Exact) Map64(dst []float64, x [][]float64) { kernel.Expm1(dst, x[0]) }
func (expm1Exact) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Exp(x[0]))} }

// Clamp returns x limited to [lo, hi], elementwise: hi where lo > hi. NaN stays NaN.
// An infinite bound is none. The slope is 1 inside and at the bounds, and 0 outside.
// It matches torch.clamp.
func Clamp(x *Node, lo, hi float64) *Node {
	inside := Mul(Ge(x, lo), Le(x, hi))
	return as("Clamp", limited(inside, x, x, lo, hi), x)
}

// limited returns y where inside is not 0, else the constant nearest to x of lo
// and hi, NaN for NaN.
func limited(inside, y, x *Node, lo, hi float64) *Node {
	return Where(inside, y, StopGradient(Minimum(Maximum(x, lo), hi)))
}

// Hardtanh returns x limited to [lo, hi], elementwise. It is [Clamp] but for the
// slope at the bounds, which is 0. It matches torch.nn.functional.hardtanh, whose
// defaults are −1 and 1.
func Hardtanh(x *Node, lo, hi float64) *Node {
	lo = min(lo, hi)
	return as("Hardtanh", Where(Ge(x, hi), hi, Where(Le(x, lo), lo, x)), x)
}

// Relu6 returns x limited to [0, 6], elementwise; the slope at 0 and 6 is 0. It
// matches torch.nn.functional.relu6.
func Relu6(x *Node) *Node { return as("Relu6", Hardtanh(x, 0, 6), x) }

// Hardsigmoid returns (x + 3)/6 limited to [0, 1], elementwise; the slope at −3 and
// 3 is 0. It matches torch.nn.functional.hardsigmoid, but for the gradient of
// PyTorch 1.13 in float64, which takes 1/6 from float32.
func Hardsigmoid(x *Node) *Node {
	z, inside := Add(x, 3), Mul(Gt(x, -3), Lt(x, 3))
	return as("Hardsigmoid", Div(limited(inside, z, z, 0, 6), 6), x)
}

// Hardswish returns x·(x + 3)/6 between −3 and 3, 0 below and x above, elementwise.
// The slope at −3 is −½, and at 3 it is 1. It matches torch.nn.functional.hardswish,
// also in being NaN at −Inf; PyTorch 1.13 has a slope of 1½ at 3 for the last few
// elements of an array.
func Hardswish(x *Node) *Node {
	inside := Mul(Ge(x, -3), Lt(x, 3))
	z := Where(inside, x, 0)
	outside := Where(Lt(x, -3), StopGradient(Mul(x, 0)), x)
	return as("Hardswish", Where(inside, Div(Mul(z, Add(z, 3)), 6), outside), x)
}

// Softsign returns x/(1 + |x|), elementwise. It matches
// torch.nn.functional.softsign.
func Softsign(x *Node) *Node { return as("Softsign", Div(x, Add(Abs(x), 1)), x) }

// Tanhshrink returns x − tanh x, elementwise. It matches
// torch.nn.functional.tanhshrink.
func Tanhshrink(x *Node) *Node { return as("Tanhshrink", Sub(x, Tanh(x)), x) }
