package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// functionRows are the rows of special functions, roundings, activations and the
// reductions made of others; opRows appends them.
func functionRows() []opRow {
	inside := domain{0.1, 0.8, true}
	var rows []opRow
	for _, r := range []struct {
		prim, name string
		f          func(x *Node) *Node
		from       domain
	}{
		{"asin", "", Asin, inside}, {"acos", "", Acos, inside}, {"atan", "", Atan, anywhere}, {"atanh", "", Atanh, inside},
		{"sinh", "", Sinh, anywhere}, {"cosh", "", Cosh, anywhere}, {"asinh", "", Asinh, anywhere}, {"acosh", "", Acosh, domain{1.3, 3, false}},
		{"exp2", "", Exp2, anywhere}, {"log2", "", Log2, positive}, {"log10", "", Log10, positive},
		{"erf", "", Erf, anywhere}, {"erfc", "", Erfc, anywhere}, {"logSigmoid", "", LogSigmoid, anywhere},
		{"logSigmoid", "near 0", LogSigmoid, domain{-0.01, 0.01, false}},
		{"floor", "", Floor, inside}, {"ceil", "", Ceil, inside}, {"round", "", Round, domain{0.1, 0.4, true}}, {"trunc", "", Trunc, inside},
		{"", "Frac", Frac, inside}, {"", "Rsqrt", Rsqrt, positive},
		{"", "Isnan", Isnan, anywhere}, {"", "Isinf", Isinf, anywhere}, {"", "Isfinite", Isfinite, anywhere},
		{"", "Gelu", Gelu, anywhere}, {"", "GeluTanh", GeluTanh, anywhere}, {"", "Silu", Silu, anywhere}, {"", "Mish", Mish, anywhere},
		{"", "Selu", Selu, anywhere}, {"", "Relu6", Relu6, anywhere}, {"", "Hardsigmoid", Hardsigmoid, domain{0.2, 2.5, true}},
		{"", "Hardswish", Hardswish, domain{0.2, 2.5, true}},
		{"", "Softsign", Softsign, anywhere}, {"", "Tanhshrink", Tanhshrink, anywhere},
		{"", "LeakyRelu", func(x *Node) *Node { return LeakyRelu(x, 0.1) }, anywhere},
		{"expm1Exact", "Elu", func(x *Node) *Node { return Elu(x, 0.7) }, anywhere},
		{"", "Celu", func(x *Node) *Node { return Celu(x, 1.5) }, anywhere},
		{"", "Clamp", func(x *Node) *Node { return Clamp(x, -0.75, 0.1) }, domain{0.8, 1.5, true}},
		{"", "Hardtanh", func(x *Node) *Node { return Hardtanh(x, -0.75, 0.1) }, domain{0.8, 1.5, true}},
		{"", "Any", func(x *Node) *Node { return Mul(Any(x), x) }, anywhere},
		{"", "All", func(x *Node) *Node { return Mul(All(x), x) }, anywhere},
	} {
		for _, in := range [][][]int{shapes([]int{}), shapes([]int{2, 1, 3}), shapes([]int{600})} {
			rows = append(rows, opRow{r.prim, r.name, f1(r.f), in, r.from})
		}
	}
	for _, r := range []struct {
		prim string
		f    func(a, b *Node) *Node
		from domain
	}{
		{"atan2", Atan2[*Node, *Node], anywhere}, {"hypot", Hypot[*Node, *Node], anywhere},
		{"fmod", Fmod[*Node, *Node], domain{1.1, 1.9, true}}, {"remainder", Remainder[*Node, *Node], domain{1.1, 1.9, true}},
		{"floorDivide", FloorDivide[*Node, *Node], domain{1.1, 1.9, true}},
		{"logaddexp", Logaddexp[*Node, *Node], anywhere}, {"xlogy", Xlogy[*Node, *Node], positive},
	} {
		for _, in := range [][][]int{shapes([]int{}, []int{}), shapes([]int{2, 1}, []int{3}), shapes([]int{700}, []int{1})} {
			rows = append(rows, opRow{r.prim, "a b", f2(r.f), in, r.from})
		}
	}
	for _, in := range [][][]int{shapes([]int{2, 3}, []int{2, 3}, []int{}), shapes([]int{2, 1}, []int{3}, []int{4, 1, 1})} {
		rows = append(rows, opRow{"lerp", "a b w", func(x ...*Node) *Node { return Lerp(x[0], x[1], x[2]) }, in, anywhere})
	}
	rows = append(rows, opRow{"lerp", "number", f2(func(a, b *Node) *Node { return Lerp(a, b, 0.3) }), shapes([]int{3}, []int{3}), anywhere})
	for _, f := range []func(*Node, ...int) *Node{
		Var, Std, Prod, func(x *Node, axes ...int) *Node { return VarWith(0, x, axes...) },
		func(x *Node, axes ...int) *Node { return StdWith(0, x, axes...) },
	} {
		for _, c := range []struct{ shape, axes []int }{
			{[]int{7}, nil}, {[]int{3, 4}, []int{0}}, {[]int{3, 4}, []int{-1, 0}}, {[]int{2, 3, 4}, []int{0, 2}},
		} {
			rows = append(rows, opRow{"", "reduction", f1(func(x *Node) *Node { return f(x, c.axes...) }), shapes(c.shape), anywhere})
		}
	}
	return append(rows, opRow{"", "Prod of one", f1(func(x *Node) *Node { return Prod(x) }), shapes([]int{}), anywhere})
}

// The gradient of a product is the product of the others, whatever they are.
func TestProdOfZeros(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{2, 0, 3, 0, 5, 0, 1, 2, 3}, 3, 3)))
	y := Prod(x, 1)
	grads, err := Grad(Sum(y), x)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 6}, run(t, y))
	require.Equal(t, []float64{0, 6, 0, 0, 0, 0, 6, 3, 2}, run(t, grads[0]))
	second, err := Grad(At(grads[0], 1, 0), x) // x[1][1]·x[1][2]
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0, 0, 0, 0, 5, 0, 0, 0}, run(t, second[0]))
}

// Far from 0 activations are lines or constants: slope 0 or 1 and no curvature,
// without NaN from an overflow on the way.
func TestActivationsFarFromZero(t *testing.T) {
	far := []float64{50, 100, 1000, 1e5}
	for name, c := range map[string]struct {
		f         func(x *Node) *Node
		low, high float64 // the slopes
	}{
		"Gelu": {Gelu, 0, 1}, "GeluTanh": {GeluTanh, 0, 1}, "Silu": {Silu, 0, 1}, "Mish": {Mish, 0, 1},
		"LogSigmoid": {LogSigmoid, 1, 0}, "Erf": {Erf, 0, 0}, "Erfc": {Erfc, 0, 0}, "Relu6": {Relu6, 0, 0},
		"Hardsigmoid": {Hardsigmoid, 0, 0}, "Hardswish": {Hardswish, 0, 1}, "Tanhshrink": {Tanhshrink, 1, 1},
		"Elu":       {func(x *Node) *Node { return Elu(x, 2) }, 0, 1},
		"Celu":      {func(x *Node) *Node { return Celu(x, 0.5) }, 0, 1},
		"Logaddexp": {func(x *Node) *Node { return Logaddexp(x, 1) }, 0, 1},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			for sign, slope := range map[float64]float64{-1: c.low, 1: c.high} {
				g := NewGraph()
				x := Mul(sign, Param(g, "x", tensor.Must(tensor.Convert(tensor.Of(far...), dt))))
				first, err := Grad(Sum(c.f(x)), x)
				require.NoError(t, err)
				second, err := Grad(Sum(first[0]), x)
				require.NoError(t, err)
				for i, d := range run(t, first[0]) {
					require.InDelta(t, slope, d, 1e-18, "%s' at %v", name, sign*far[i])
				}
				for i, d := range run(t, second[0]) {
					require.InDelta(t, 0, d, 1e-18, "%s'' at %v", name, sign*far[i])
				}
			}
		}
	}
}
