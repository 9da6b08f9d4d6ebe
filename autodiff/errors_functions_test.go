package autodiff_test

import (
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Each function names itself in the error for a nil node, whatever it is made of,
// and returns an invalid node unchanged.
func TestFunctionsOnBadNodes(t *testing.T) {
	bad := Reshape(Param(NewGraph(), "v", tensor.Of(1.0, 2, 3)), 5)
	for name, f := range map[string]func(x *Node) *Node{
		"Asin": Asin, "Acos": Acos, "Atan": Atan, "Sinh": Sinh, "Cosh": Cosh, "Asinh": Asinh, "Acosh": Acosh, "Atanh": Atanh,
		"Floor": Floor, "Ceil": Ceil, "Round": Round, "Trunc": Trunc, "Frac": Frac, "Exp2": Exp2, "Log2": Log2, "Log10": Log10,
		"Rsqrt": Rsqrt, "Erf": Erf, "Erfc": Erfc, "LogSigmoid": LogSigmoid, "Isnan": Isnan, "Isinf": Isinf, "Isfinite": Isfinite,
		"Gelu": Gelu, "GeluTanh": GeluTanh, "Silu": Silu, "Mish": Mish, "Selu": Selu, "Relu6": Relu6, "Hardsigmoid": Hardsigmoid,
		"Hardswish": Hardswish, "Softsign": Softsign, "Tanhshrink": Tanhshrink,
		"Elu":       func(x *Node) *Node { return Elu(x, 1) },
		"Celu":      func(x *Node) *Node { return Celu(x, 1) },
		"LeakyRelu": func(x *Node) *Node { return LeakyRelu(x, 0.1) },
		"Clamp":     func(x *Node) *Node { return Clamp(x, 0, 1) },
		"Hardtanh":  func(x *Node) *Node { return Hardtanh(x, -1, 1) },

		"Atan2":       func(x *Node) *Node { return Atan2(x, 1) },
		"Hypot":       func(x *Node) *Node { return Hypot(1, x) },
		"Fmod":        func(x *Node) *Node { return Fmod(x, 2) },
		"Remainder":   func(x *Node) *Node { return Remainder(x, x) },
		"FloorDivide": func(x *Node) *Node { return FloorDivide(x, 2) },
		"Logaddexp":   func(x *Node) *Node { return Logaddexp(x, x) },
		"Xlogy":       func(x *Node) *Node { return Xlogy(2, x) },
		"Lerp":        func(x *Node) *Node { return Lerp(x, x, 0.5) },

		"Var":     func(x *Node) *Node { return Var(x, 7) },
		"Std":     func(x *Node) *Node { return Std(x, 7) },
		"VarWith": func(x *Node) *Node { return VarWith(0, x) },
		"StdWith": func(x *Node) *Node { return StdWith(0, x) },
		"Prod":    func(x *Node) *Node { return Prod(x, 7) },
		"Any":     func(x *Node) *Node { return Any(x) },
		"All":     func(x *Node) *Node { return All(x) },
	} {
		var e *Error
		require.ErrorAs(t, Err(f(nil)), &e, name)
		require.ErrorIs(t, e, ErrNil, name)
		require.Equal(t, "autodiff."+name, e.Op)
		require.True(t, strings.HasPrefix(e.Pos, "errors_functions_test.go:"), e)
		require.Same(t, bad, f(bad), name)
	}
}

// A bad axis is a mistake of the function that was given it.
func TestReductionsOfBadAxes(t *testing.T) {
	v := Param(NewGraph(), "v", tensor.Of(1.0, 2, 3))
	for name, f := range map[string]func(*Node, ...int) *Node{
		"Var": Var, "Std": Std, "Prod": Prod, "Any": Any, "All": All,
		"VarWith": func(x *Node, axes ...int) *Node { return VarWith(0, x, axes...) },
		"StdWith": func(x *Node, axes ...int) *Node { return StdWith(0, x, axes...) },
	} {
		for _, axes := range [][]int{{1}, {-2}, {0, 0}} {
			err := Err(f(v, axes...))
			require.ErrorIs(t, err, ErrShape, name)
			require.Contains(t, err.Error(), ": autodiff."+name+": ")
		}
	}
}
