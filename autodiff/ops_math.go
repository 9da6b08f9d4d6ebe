package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

// Neg returns −x, elementwise.
//
//	x̄ = −ȳ
//
// It matches torch.neg.
func Neg(x *Node) *Node { return apply(neg{}, x) }

type neg struct{ pointwise }

func (neg) Name() string                       { return "Neg" }
func (neg) Map32(dst []float32, x [][]float32) { kernel.Neg(dst, x[0]) }
func (neg) Map64(dst []float64, x [][]float64) { kernel.Neg(dst, x[0]) }
func (neg) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Neg(dy)} }

// Exp returns eˣ, elementwise.
//
//	x̄ = ȳ·y
//
// It matches torch.exp.
func Exp(x *Node) *Node { return apply(exp{}, x) }

type exp struct{ pointwise }

func (exp) Name() string                       { return "Exp" }
func (exp) Map32(dst []float32, x [][]float32) { kernel.Exp(dst, x[0]) }
func (exp) Map64(dst []float64, x [][]float64) { kernel.Exp(dst, x[0]) }
func (exp) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, y)} }

// Log returns the natural logarithm of x; NaN for x < 0 and −Inf for 0, elementwise.
//
//	x̄ = ȳ/x
//
// It matches torch.log.
func Log(x *Node) *Node { return apply(log{}, x) }

type log struct{ pointwise }

func (log) Name() string                       { return "Log" }
func (log) Map32(dst []float32, x [][]float32) { kernel.Log(dst, x[0]) }
func (log) Map64(dst []float64, x [][]float64) { kernel.Log(dst, x[0]) }
func (log) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, x[0])} }

// Log1p returns ln(1 + x), exact also for tiny x, elementwise.
//
//	x̄ = ȳ/(1 + x)
//
// It matches torch.log1p.
func Log1p(x *Node) *Node { return apply(log1p{}, x) }

type log1p struct{ pointwise }

func (log1p) Name() string                       { return "Log1p" }
func (log1p) Map32(dst []float32, x [][]float32) { kernel.Log1p(dst, x[0]) }
func (log1p) Map64(dst []float64, x [][]float64) { kernel.Log1p(dst, x[0]) }
func (log1p) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Add(x[0], 1))} }

// Expm1 returns eˣ − 1, exact also for tiny x, elementwise.
//
//	x̄ = ȳ·(y + 1)
//
// It matches torch.expm1.
func Expm1(x *Node) *Node { return apply(expm1{}, x) }

type expm1 struct{ pointwise }

func (expm1) Name() string                       { return "Expm1" }
func (expm1) Map32(dst []float32, x [][]float32) { kernel.Expm1(dst, x[0]) }
func (expm1) Map64(dst []float64, x [][]float64) { kernel.Expm1(dst, x[0]) }
func (expm1) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Add(y, 1))} }

// Sqrt returns √x; NaN for x < 0, elementwise.
//
//	x̄ = ȳ/(2y), infinite at 0
//
// It matches torch.sqrt.
func Sqrt(x *Node) *Node { return apply(sqrt{}, x) }

type sqrt struct{ pointwise }

func (sqrt) Name() string                       { return "Sqrt" }
func (sqrt) Map32(dst []float32, x [][]float32) { kernel.Sqrt(dst, x[0]) }
func (sqrt) Map64(dst []float64, x [][]float64) { kernel.Sqrt(dst, x[0]) }
func (sqrt) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Div(dy, Mul(y, 2))} }

// Sin returns sin x, elementwise.
//
//	x̄ = ȳ·cos x
//
// It matches torch.sin.
func Sin(x *Node) *Node { return apply(sin{}, x) }

type sin struct{ pointwise }

func (sin) Name() string                       { return "Sin" }
func (sin) Map32(dst []float32, x [][]float32) { kernel.Sin(dst, x[0]) }
func (sin) Map64(dst []float64, x [][]float64) { kernel.Sin(dst, x[0]) }
func (sin) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Cos(x[0]))} }

// Cos returns cos x, elementwise.
//
//	x̄ = −ȳ·sin x
//
// It matches torch.cos.
func Cos(x *Node) *Node { return apply(cos{}, x) }

type cos struct{ pointwise }

func (cos) Name() string                       { return "Cos" }
func (cos) Map32(dst []float32, x [][]float32) { kernel.Cos(dst, x[0]) }
func (cos) Map64(dst []float64, x [][]float64) { kernel.Cos(dst, x[0]) }
func (cos) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Neg(Mul(dy, Sin(x[0])))} }

// Tan returns tan x, elementwise.
//
//	x̄ = ȳ·(1 + y²)
//
// It matches torch.tan.
func Tan(x *Node) *Node { return apply(tan{}, x) }

type tan struct{ pointwise }

func (tan) Name() string                       { return "Tan" }
func (tan) Map32(dst []float32, x [][]float32) { kernel.Tan(dst, x[0]) }
func (tan) Map64(dst []float64, x [][]float64) { kernel.Tan(dst, x[0]) }
func (tan) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Add(Square(y), 1))} }

// Tanh returns tanh x, elementwise.
//
//	x̄ = ȳ·(1 − y²)
//
// It matches torch.tanh.
func Tanh(x *Node) *Node { return apply(tanh{}, x) }

type tanh struct{ pointwise }

func (tanh) Name() string                       { return "Tanh" }
func (tanh) Map32(dst []float32, x [][]float32) { kernel.Tanh(dst, x[0]) }
func (tanh) Map64(dst []float64, x [][]float64) { kernel.Tanh(dst, x[0]) }
func (tanh) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Sub(1, Square(y)))} }

// Sigmoid returns 1/(1 + e⁻ˣ) without overflow, elementwise.
//
//	x̄ = ȳ·(1 − y)·y
//
// It matches torch.sigmoid.
func Sigmoid(x *Node) *Node { return apply(sigmoid{}, x) }

type sigmoid struct{ pointwise }

func (sigmoid) Name() string                       { return "Sigmoid" }
func (sigmoid) Map32(dst []float32, x [][]float32) { kernel.Sigmoid(dst, x[0]) }
func (sigmoid) Map64(dst []float64, x [][]float64) { kernel.Sigmoid(dst, x[0]) }
func (sigmoid) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(Mul(dy, Sub(1, y)), y)} }

// Softplus returns ln(1 + eˣ), and x itself above 20, elementwise.
//
//	x̄ = ȳ·sigmoid(x), and ȳ above 20
//
// It matches torch.nn.functional.softplus with its defaults.
func Softplus(x *Node) *Node { return apply(softplus{}, x) }

type softplus struct{ pointwise }

func (softplus) Name() string                       { return "Softplus" }
func (softplus) Map32(dst []float32, x [][]float32) { kernel.Softplus(dst, x[0]) }
func (softplus) Map64(dst []float64, x [][]float64) { kernel.Softplus(dst, x[0]) }
func (softplus) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Where(Gt(x[0], 20), dy, Mul(dy, Sigmoid(x[0])))}
}

// Relu returns max(x, 0); NaN stays NaN, elementwise.
//
//	x̄ = ȳ where y > 0 or NaN, else 0; so the slope at 0 is 0
//
// It matches torch.relu.
func Relu(x *Node) *Node { return apply(relu{}, x) }

type relu struct{ pointwise }

func (relu) Name() string                       { return "Relu" }
func (relu) Map32(dst []float32, x [][]float32) { kernel.Relu(dst, x[0]) }
func (relu) Map64(dst []float64, x [][]float64) { kernel.Relu(dst, x[0]) }
func (relu) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Where(Le(y, 0), 0, dy)} }

// Abs returns |x|, elementwise.
//
//	x̄ = ȳ·sign x, so 0 at 0
//
// It matches torch.abs.
func Abs(x *Node) *Node { return apply(abs{}, x) }

type abs struct{ pointwise }

func (abs) Name() string                       { return "Abs" }
func (abs) Map32(dst []float32, x [][]float32) { kernel.Abs(dst, x[0]) }
func (abs) Map64(dst []float64, x [][]float64) { kernel.Abs(dst, x[0]) }
func (abs) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{Mul(dy, Sign(x[0]))} }

// Sign returns −1, 0 or 1 with the sign of x, elementwise. It has no gradient.
// It matches torch.sign.
func Sign(x *Node) *Node { return apply(sign{}, x) }

type sign struct{ pointwise }

func (sign) Name() string                       { return "Sign" }
func (sign) Map32(dst []float32, x [][]float32) { kernel.Sign(dst, x[0]) }
func (sign) Map64(dst []float64, x [][]float64) { kernel.Sign(dst, x[0]) }
func (sign) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }
func (sign) Differentiable(int) bool            { return false }

// StopGradient returns x as a constant of every derivative: its gradient ends
// here. It matches Tensor.detach.
func StopGradient(x *Node) *Node { return apply(stopGradient{}, x) }

type stopGradient struct{ pointwise }

func (stopGradient) Name() string                       { return "StopGradient" }
func (stopGradient) Map32(dst []float32, x [][]float32) { copy(dst, x[0]) }
func (stopGradient) Map64(dst []float64, x [][]float64) { copy(dst, x[0]) }
func (stopGradient) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }
func (stopGradient) Differentiable(int) bool            { return false }
