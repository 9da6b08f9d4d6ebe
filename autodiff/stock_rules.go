package autodiff

import (
	"fmt"
	"slices"
	"sync"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// A stockRule says in functions of this package what a stock operation computes.
type stockRule func(s *stockNode) (*Node, error)

// stockRules is the recognition table: the operations of gorgonia v0.9.18 by the
// names of their types. What the name of gorgonia's function says is what is
// computed, also where gorgonia computes something else.
var stockRules = sync.OnceValue(func() map[string]stockRule {
	rules := map[string]stockRule{
		"gorgonia.constantScalar":       stockConstant,
		"gorgonia.constantTensor":       stockConstant,
		"gorgonia.elemBinOp":            stockBinary,
		"gorgonia.elemUnaryOp":          stockUnary,
		"gorgonia.minBetween":           func(s *stockNode) (*Node, error) { a, b := s.sameShapes(); return Minimum(a, b), nil },
		"gorgonia.maxBetween":           func(s *stockNode) (*Node, error) { a, b := s.sameShapes(); return Maximum(a, b), nil },
		"gorgonia.linAlgBinOp":          stockProduct,
		"gorgonia.tensordotOp":          stockTensordot,
		"gorgonia.sumOp":                func(s *stockNode) (*Node, error) { return Sum(s.in[0], s.ints("along")...), nil },
		"*gorgonia.maxOp":               func(s *stockNode) (*Node, error) { return Max(s.in[0], s.ints("along")...), nil },
		"gorgonia.sizeOp":               stockSize,
		"gorgonia.atOp":                 func(s *stockNode) (*Node, error) { return At(s.in[0], s.ints("coordinates")...), nil },
		"*gorgonia.sliceOp":             stockSlice,
		"gorgonia.transposeOp":          stockTranspose,
		"gorgonia.concatOp":             func(s *stockNode) (*Node, error) { return Concat(s.int("axis"), s.in...), nil },
		"gorgonia.reshapeOp":            func(s *stockNode) (*Node, error) { return Reshape(s.in[0], s.node.Shape()...), nil },
		"*gorgonia.repeatOp":            stockRepeat,
		"gorgonia.diagFlatOp":           func(s *stockNode) (*Node, error) { return Diag(Flatten(s.in[0]), 0), nil },
		"*gorgonia.dtConvOp":            func(s *stockNode) (*Node, error) { return Cast(s.float1(0), s.node.Dtype()), nil },
		"gorgonia.Iop":                  func(s *stockNode) (*Node, error) { return s.in[0], nil },
		"*gorgonia.sparsemaxOp":         stockSparsemax,
		"*gorgonia.dropoutOp":           stockDropout,
		"gorgonia.randomOp":             stockRandom,
		"gorgonia.im2colOp":             stockIm2col,
		"*gorgonia.maxPoolOp":           stockMaxPool,
		"*gorgonia.avgPoolOp":           stockAvgPool,
		"*gorgonia.globalAveragePoolOp": func(s *stockNode) (*Node, error) { return MeanKeep(s.in[0], 2, 3), nil },
		"*gorgonia.BatchNormOp":         stockBatchNorm,
		"*gorgonia.GroupNormOp":         stockGroupNorm,
		"*gorgonia.upsampleOp":          stockUpsample,
		"*gorgonia.byIndicesOp":         stockByIndices,
		"*gorgonia.ctcLossOp":           stockCTCLoss,
		"*gorgonia.softmaxOp":           stockSoftmax,
	}
	return rules
})

// guarded calls a rule. A field of gorgonia's that is not there is an error.
func guarded(rule stockRule, s *stockNode) (y *Node, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case missingField:
			err = fmt.Errorf("%w: %s: this version of Downhill reads graphs of gorgonia v0.9.18", ErrForeign, string(r))
		default:
			panic(r)
		}
	}()
	return rule(s)
}

// stockConstant is a constant of any number type.
func stockConstant(s *stockNode) (*Node, error) {
	x, err := floats(s.node.Value())
	if err != nil {
		return nil, err
	}
	dt := s.node.Dtype()
	if !isFloat(dt) {
		return nil, fmt.Errorf("%w: the constant is %v, neither float32 nor float64", ErrDtype, dt)
	}
	return s.im.make(s.node.Graph(), constant{&x}, nil, s.node.Shape(), dt), nil
}

// stockUnary is an elementwise function of one argument.
func stockUnary(s *stockNode) (*Node, error) {
	x := s.in[0]
	name := s.op.(fmt.Stringer).String()
	if name == "ln" {
		if y := s.logSumExp(); y != nil {
			return y, nil
		}
	}
	if name == "neg" {
		if y := s.binaryCrossEntropy(); y != nil {
			return y, nil
		}
	}
	if f := stockFunctions[name]; f != nil {
		return f(x), nil
	}
	return nil, fmt.Errorf("%w: no function is known by the name %q", ErrForeign, name)
}

var stockFunctions = map[string]func(*Node) *Node{
	"abs": Abs, "sign": Sign, "ceil": Ceil, "floor": Floor, "sin": Sin, "cos": Cos, "exp": Exp,
	"ln": Log, "log2": Log2, "neg": Neg, "square": Square, "sqrt": Sqrt, "inv": Reciprocal,
	"invSqrt": Rsqrt, "tanh": Tanh, "sigmoid": Sigmoid, "log1p": Log1p, "expm1": Expm1, "softplus": Softplus,
	"cube": func(x *Node) *Node { return Pow(x, 3) },
}

// stockBinary is an elementwise function of two arguments.
func stockBinary(s *stockNode) (*Node, error) {
	name := firstWord(s.op.(fmt.Stringer).String())
	switch name {
	case "⊙":
		if y := s.rectified(); y != nil {
			return y, nil
		}
	case "^":
		if y := s.norm(); y != nil {
			return y, nil
		}
		if p, ok := number64(s.kids[1]); ok {
			return Pow(s.in[0], p), nil
		}
	}
	a, b := s.sameShapes()
	switch name {
	case "+":
		return Add(a, b), nil
	case "-":
		return Sub(a, b), nil
	case "⊙":
		return Mul(a, b), nil
	case "÷":
		return Div(a, b), nil
	case "^":
		return Pow(a, b), nil
	case "<":
		return Lt(a, b), nil
	case ">":
		return Gt(a, b), nil
	case "<=":
		return Le(a, b), nil
	case ">=":
		return Ge(a, b), nil
	case "==":
		return Eq(a, b), nil
	case "!=":
		return Ne(a, b), nil
	}
	return nil, fmt.Errorf("%w: no operator is known by the name %q", ErrForeign, name)
}

// sameShapes returns both operands. To gorgonia (n), (n, 1) and (1, n) are equal
// shapes, whose elements it takes in order; they do not broadcast.
func (s *stockNode) sameShapes() (a, b *Node) {
	a, b = s.in[0], s.in[1]
	sameSize := tensor.Size(shapeOf(a)) == tensor.Size(shapeOf(b)) && Rank(a) > 0 && Rank(b) > 0
	if sameSize && !slices.Equal(shapeOf(a), shapeOf(b)) {
		a, b = Reshape(a, s.node.Shape()...), Reshape(b, s.node.Shape()...)
	}
	return a, b
}

// floats returns the elements of a value of any number type.
func floats(v gorgonia.Value) ([]float64, error) {
	if v == nil {
		return nil, ErrNoValue
	}
	if isFloat(v.Dtype()) {
		return tensor.Float64s(v)
	}
	return integers(v)
}

// float1 returns input i in the dtype float64 where it is of integers.
func (s *stockNode) float1(i int) *Node {
	if isFloat(s.kids[i].Dtype()) {
		return s.in[i]
	}
	return s.asFloat(i, s.node.Dtype())
}
