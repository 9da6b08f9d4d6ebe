package autodiff_test

import . "github.com/downhill-go/downhill/autodiff"

// torchBuilder applies one function to the inputs of a case.
type torchBuilder func(a torchArgs, x []*Node) *Node

var torchBuilders = map[string]torchBuilder{
	"Add":     operands(Add, Add, Add),
	"Sub":     operands(Sub, Sub, Sub),
	"Mul":     operands(Mul, Mul, Mul),
	"Div":     operands(Div, Div, Div),
	"Pow":     operands(Pow, Pow, Pow),
	"Maximum": operands(Maximum, Maximum, Maximum),
	"Minimum": operands(Minimum, Minimum, Minimum),
	"Lt":      operands(Lt, Lt, Lt),
	"Le":      operands(Le, Le, Le),
	"Gt":      operands(Gt, Gt, Gt),
	"Ge":      operands(Ge, Ge, Ge),
	"Eq":      operands(Eq, Eq, Eq),
	"Ne":      operands(Ne, Ne, Ne),
	"Where": func(a torchArgs, x []*Node) *Node {
		if a.Right != nil {
			return Where(x[0], x[1], *a.Right)
		}
		return Where(x[0], x[1], x[2])
	},

	"Neg":          elementwise(Neg),
	"Exp":          elementwise(Exp),
	"Log":          elementwise(Log),
	"Log1p":        elementwise(Log1p),
	"Expm1":        elementwise(Expm1),
	"Sqrt":         elementwise(Sqrt),
	"Sin":          elementwise(Sin),
	"Cos":          elementwise(Cos),
	"Tan":          elementwise(Tan),
	"Tanh":         elementwise(Tanh),
	"Sigmoid":      elementwise(Sigmoid),
	"Softplus":     elementwise(Softplus),
	"Relu":         elementwise(Relu),
	"Abs":          elementwise(Abs),
	"Sign":         elementwise(Sign),
	"Square":       elementwise(Square),
	"Reciprocal":   elementwise(Reciprocal),
	"StopGradient": elementwise(StopGradient),

	"Sum":        reduction(Sum),
	"SumKeep":    reduction(SumKeep),
	"Mean":       reduction(Mean),
	"MeanKeep":   reduction(MeanKeep),
	"Max":        reduction(Max),
	"MaxKeep":    reduction(MaxKeep),
	"Min":        reduction(Min),
	"MinKeep":    reduction(MinKeep),
	"LogSumExp":  reduction(LogSumExp),
	"Norm":       reduction(Norm),
	"Softmax":    func(a torchArgs, x []*Node) *Node { return Softmax(x[0], a.Axis) },
	"LogSoftmax": func(a torchArgs, x []*Node) *Node { return LogSoftmax(x[0], a.Axis) },

	"Dot":    func(a torchArgs, x []*Node) *Node { return Dot(x[0], x[1]) },
	"MatMul": func(a torchArgs, x []*Node) *Node { return MatMul(x[0], x[1]) },

	"Transpose": func(a torchArgs, x []*Node) *Node { return Transpose(x[0], a.Perm...) },
	"Reshape":   func(a torchArgs, x []*Node) *Node { return Reshape(x[0], a.Dims...) },
	"Flatten":   elementwise(Flatten),
	"Squeeze":   reduction(Squeeze),
	"Unsqueeze": func(a torchArgs, x []*Node) *Node { return Unsqueeze(x[0], a.Axis) },
	"Expand":    func(a torchArgs, x []*Node) *Node { return Expand(x[0], a.Dims...) },
	"Slice": func(a torchArgs, x []*Node) *Node {
		if a.Step == 0 {
			return Slice(x[0], a.Axis, a.Start, a.Stop)
		}
		return Slice(x[0], a.Axis, a.Start, a.Stop, a.Step)
	},
	"At":     func(a torchArgs, x []*Node) *Node { return At(x[0], a.Index...) },
	"Concat": func(a torchArgs, x []*Node) *Node { return Concat(a.Axis, x...) },
	"Stack":  func(a torchArgs, x []*Node) *Node { return Stack(a.Axis, x...) },
	"OneHot": func(a torchArgs, x []*Node) *Node { return OneHot(x[0], a.Classes) },

	"Asin":       elementwise(Asin),
	"Acos":       elementwise(Acos),
	"Atan":       elementwise(Atan),
	"Sinh":       elementwise(Sinh),
	"Cosh":       elementwise(Cosh),
	"Asinh":      elementwise(Asinh),
	"Acosh":      elementwise(Acosh),
	"Atanh":      elementwise(Atanh),
	"Floor":      elementwise(Floor),
	"Ceil":       elementwise(Ceil),
	"Round":      elementwise(Round),
	"Trunc":      elementwise(Trunc),
	"Frac":       elementwise(Frac),
	"Exp2":       elementwise(Exp2),
	"Log2":       elementwise(Log2),
	"Log10":      elementwise(Log10),
	"Rsqrt":      elementwise(Rsqrt),
	"Erf":        elementwise(Erf),
	"Erfc":       elementwise(Erfc),
	"LogSigmoid": elementwise(LogSigmoid),
	"Isnan":      elementwise(Isnan),
	"Isinf":      elementwise(Isinf),
	"Isfinite":   elementwise(Isfinite),

	"Gelu":        elementwise(Gelu),
	"GeluTanh":    elementwise(GeluTanh),
	"Silu":        elementwise(Silu),
	"Mish":        elementwise(Mish),
	"Selu":        elementwise(Selu),
	"Relu6":       elementwise(Relu6),
	"Hardsigmoid": elementwise(Hardsigmoid),
	"Hardswish":   elementwise(Hardswish),
	"Softsign":    elementwise(Softsign),
	"Tanhshrink":  elementwise(Tanhshrink),
	"Elu":         func(a torchArgs, x []*Node) *Node { return Elu(x[0], a.Alpha) },
	"Celu":        func(a torchArgs, x []*Node) *Node { return Celu(x[0], a.Alpha) },
	"LeakyRelu":   func(a torchArgs, x []*Node) *Node { return LeakyRelu(x[0], a.Alpha) },
	"Clamp":       func(a torchArgs, x []*Node) *Node { return Clamp(x[0], a.Lo, a.Hi) },
	"Hardtanh":    func(a torchArgs, x []*Node) *Node { return Hardtanh(x[0], a.Lo, a.Hi) },

	"Atan2":       operands(Atan2, Atan2, Atan2),
	"Hypot":       operands(Hypot, Hypot, Hypot),
	"Fmod":        operands(Fmod, Fmod, Fmod),
	"Remainder":   operands(Remainder, Remainder, Remainder),
	"FloorDivide": operands(FloorDivide, FloorDivide, FloorDivide),
	"Logaddexp":   operands(Logaddexp, Logaddexp, Logaddexp),
	"Xlogy":       operands(Xlogy, Xlogy, Xlogy),
	"Lerp": func(a torchArgs, x []*Node) *Node {
		if a.Right != nil {
			return Lerp(x[0], x[1], *a.Right)
		}
		return Lerp(x[0], x[1], x[2])
	},

	"Var":     reduction(Var),
	"Std":     reduction(Std),
	"VarWith": func(a torchArgs, x []*Node) *Node { return VarWith(a.Correction, x[0], a.Axes...) },
	"StdWith": func(a torchArgs, x []*Node) *Node { return StdWith(a.Correction, x[0], a.Axes...) },
	"Prod":    reduction(Prod),
	"Any":     reduction(Any),
	"All":     reduction(All),
}

func elementwise(f func(*Node) *Node) torchBuilder {
	return func(_ torchArgs, x []*Node) *Node { return f(x[0]) }
}

func reduction(f func(*Node, ...int) *Node) torchBuilder {
	return func(a torchArgs, x []*Node) *Node { return f(x[0], a.Axes...) }
}

// operands takes the three instances of a function of two operands.
func operands(f func(a, b *Node) *Node, left func(float64, *Node) *Node, right func(*Node, float64) *Node) torchBuilder {
	return func(a torchArgs, x []*Node) *Node {
		switch {
		case a.Left != nil:
			return left(*a.Left, x[0])
		case a.Right != nil:
			return right(x[0], *a.Right)
		}
		return f(x[0], x[1])
	}
}
