package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

func f1(f func(x *Node) *Node) gradtest.Func {
	return func(x ...*Node) *Node { return f(x[0]) }
}

func f2(f func(a, b *Node) *Node) gradtest.Func {
	return func(x ...*Node) *Node { return f(x[0], x[1]) }
}

// opRows is the table of all primitives and composites.
func opRows() []opRow {
	var rows []opRow
	rows = append(rows, binaryRows()...)
	rows = append(rows, unaryRows()...)
	rows = append(rows, reductionRows()...)
	rows = append(rows, matMulRows()...)
	rows = append(rows, shapeRows()...)
	rows = append(rows, layoutRows()...)
	rows = append(rows, padRows()...)
	rows = append(rows, checkpointRows()...)
	rows = append(rows, indexRows()...)
	rows = append(rows, normRows()...)
	rows = append(rows, lossRows()...)
	rows = append(rows, functionRows()...)
	rows = append(rows, linalgRows()...)
	rows = append(rows, poolRows()...)
	rows = append(rows, convRows()...)
	return append(rows, compositeRows()...)
}

// binaryRows checks each function with equal shapes, broadcasting on both sides,
// scalars, and one node in both places.
func binaryRows() []opRow {
	var rows []opRow
	for _, r := range []struct {
		prim string
		f    func(a, b *Node) *Node
		from domain
	}{
		{"add", Add[*Node, *Node], anywhere},
		{"sub", Sub[*Node, *Node], anywhere},
		{"mul", Mul[*Node, *Node], anywhere},
		{"div", Div[*Node, *Node], anywhere},
		{"pow", Pow[*Node, *Node], positive},
		{"maximum", Maximum[*Node, *Node], anywhere},
		{"minimum", Minimum[*Node, *Node], anywhere},
		{"lt", Lt[*Node, *Node], anywhere},
		{"le", Le[*Node, *Node], anywhere},
		{"gt", Gt[*Node, *Node], anywhere},
		{"ge", Ge[*Node, *Node], anywhere},
		{"eq", Eq[*Node, *Node], anywhere},
		{"ne", Ne[*Node, *Node], anywhere},
	} {
		for _, in := range [][][]int{
			shapes([]int{}, []int{}),
			shapes([]int{4}, []int{4}),
			shapes([]int{2, 3}, []int{}),
			shapes([]int{1}, []int{2, 3}),
			shapes([]int{3}, []int{2, 3}),
			shapes([]int{2, 1}, []int{1, 3}),
			shapes([]int{2, 1, 3}, []int{4, 1}),
			shapes([]int{3, 1}, []int{3}),
			shapes([]int{700}, []int{1}),
		} {
			rows = append(rows, opRow{r.prim, "a b", f2(r.f), in, r.from})
		}
		rows = append(rows, opRow{r.prim, "a a", f1(func(x *Node) *Node { return Add(x, r.f(x, x)) }), shapes([]int{3}), r.from})
	}
	return append(rows,
		opRow{"add", "number", f1(func(x *Node) *Node { return Add(2, Add(x, 0.5)) }), shapes([]int{3}), anywhere},
		opRow{"sub", "number", f1(func(x *Node) *Node { return Sub(float32(0.5), Sub(x, 1)) }), shapes([]int{3}), anywhere},
		opRow{"mul", "number", f1(func(x *Node) *Node { return Mul(-1, Mul(x, 3.5)) }), shapes([]int{3}), anywhere},
		opRow{"div", "number", f1(func(x *Node) *Node { return Div(2, Div(x, 3)) }), shapes([]int{3}), anywhere},
		opRow{"pow", "x^2.5", f1(func(x *Node) *Node { return Pow(x, 2.5) }), shapes([]int{2, 2}), positive},
		opRow{"pow", "x^4 of either sign", f1(func(x *Node) *Node { return Pow(x, 4) }), shapes([]int{5}), anywhere},
		opRow{"pow", "x^-2", f1(func(x *Node) *Node { return Pow(x, -2) }), shapes([]int{5}), anywhere},
		opRow{"pow", "2^x", f1(func(x *Node) *Node { return Pow(2, x) }), shapes([]int{5}), anywhere},
		opRow{"maximum", "number", f1(func(x *Node) *Node { return Maximum(0.1, Maximum(x, -0.7)) }), shapes([]int{9}), anywhere},
		opRow{"minimum", "number", f1(func(x *Node) *Node { return Minimum(0.1, Minimum(x, -0.7)) }), shapes([]int{9}), anywhere},
		opRow{"where", "c of its own", func(x ...*Node) *Node { return Where(Gt(x[0], 0), Exp(x[1]), Mul(x[2], x[1])) },
			shapes([]int{2, 1}, []int{3}, []int{2, 3}), anywhere},
		opRow{"where", "c of x", f1(func(x *Node) *Node { return Where(Lt(x, 0), Square(x), 3) }), shapes([]int{6}), anywhere},
		opRow{"where", "a number first", f1(func(x *Node) *Node { return Where(Lt(x, 0), 0.5, Exp(x)) }), shapes([]int{6}), anywhere},
	)
}

func unaryRows() []opRow {
	var rows []opRow
	for _, r := range []struct {
		prim string
		f    func(x *Node) *Node
		from domain
	}{
		{"neg", Neg, anywhere},
		{"exp", Exp, anywhere},
		{"log", Log, positive},
		{"log1p", Log1p, domain{-0.6, 2, false}},
		{"expm1", Expm1, anywhere},
		{"sqrt", Sqrt, positive},
		{"sin", Sin, domain{-3, 3, false}},
		{"cos", Cos, domain{-3, 3, false}},
		{"tan", Tan, domain{-1, 1, false}},
		{"tanh", Tanh, anywhere},
		{"sigmoid", Sigmoid, anywhere},
		{"softplus", Softplus, anywhere},
		{"relu", Relu, anywhere},
		{"abs", Abs, anywhere},
		{"sign", Sign, anywhere},
		// |x|, with a factor that is no part of the gradient
		{"stopGradient", func(x *Node) *Node { return Mul(x, StopGradient(Sign(x))) }, anywhere},
		{"constant", func(x *Node) *Node { return Mul(ConstLike(x, 2.5), Mul(x, x)) }, anywhere},
	} {
		for _, in := range [][][]int{shapes([]int{}), shapes([]int{1}), shapes([]int{5}), shapes([]int{2, 1, 3}), shapes([]int{1100})} {
			rows = append(rows, opRow{r.prim, "x", f1(r.f), in, r.from})
		}
		rows = append(rows, opRow{r.prim, "x + f(x²)", f1(func(x *Node) *Node { return Add(x, r.f(Mul(0.5, Square(x)))) }), shapes([]int{4}), anywhere})
	}
	return append(rows,
		opRow{"softplus", "above the threshold", f1(Softplus), shapes([]int{4}), domain{21, 23, false}},
		opRow{"tanh", "saturated", f1(Tanh), shapes([]int{4}), domain{3, 5, true}},
		opRow{"sigmoid", "saturated", f1(Sigmoid), shapes([]int{4}), domain{3, 9, true}},
	)
}

func reductionRows() []opRow {
	var rows []opRow
	for _, r := range []struct {
		prim string
		f    func(x *Node, axes ...int) *Node
	}{
		{"sum", Sum}, {"sum", SumKeep}, {"extremum", Max}, {"extremum", MaxKeep}, {"extremum", Min}, {"extremum", MinKeep},
		{"", Mean}, {"", MeanKeep}, {"", LogSumExp}, {"", Norm},
	} {
		for _, c := range []struct{ shape, axes []int }{
			{[]int{}, nil}, {[]int{1}, nil}, {[]int{7}, nil}, {[]int{7}, []int{0}}, {[]int{3, 4}, nil},
			{[]int{3, 4}, []int{0}}, {[]int{3, 4}, []int{-1}}, {[]int{3, 4}, []int{1, 0}},
			{[]int{2, 3, 4}, []int{1}}, {[]int{2, 3, 4}, []int{0, 2}}, {[]int{2, 3, 4}, []int{-1, -2}},
			{[]int{2, 1, 3, 2}, []int{0, 1, 3}}, {[]int{2, 2, 2, 2, 2}, []int{0, 2, 4}}, {[]int{1, 3}, []int{0}}, {[]int{600, 2}, []int{0}},
		} {
			rows = append(rows, opRow{r.prim, "axes", f1(func(x *Node) *Node { return r.f(Square(x), c.axes...) }), shapes(c.shape), anywhere})
		}
	}
	return rows
}

func matMulRows() []opRow {
	var rows []opRow
	T := func(x *Node) *Node { return Transpose(x) }
	for _, in := range [][][]int{
		shapes([]int{2, 3}, []int{3, 4}), shapes([]int{1, 1}, []int{1, 1}), shapes([]int{3, 1}, []int{1, 3}),
		shapes([]int{3}, []int{3}), shapes([]int{3}, []int{3, 2}), shapes([]int{2, 3}, []int{3}),
		shapes([]int{5, 2, 3}, []int{5, 3, 4}), shapes([]int{5, 2, 3}, []int{3, 4}), shapes([]int{2, 3}, []int{5, 3, 4}),
		shapes([]int{2, 1, 2, 3}, []int{4, 3, 2}), shapes([]int{3}, []int{2, 3, 4}), shapes([]int{2, 3, 4}, []int{4}),
		shapes([]int{1, 2, 3}, []int{5, 3, 2}), shapes([]int{17, 33}, []int{33, 9}),
	} {
		rows = append(rows, opRow{"matMul", "a b", f2(MatMul), in, anywhere})
	}
	for _, lead := range [][]int{{}, {2}, {2, 1}} {
		s := func(m, n int) []int { return append(append([]int{}, lead...), m, n) }
		rows = append(rows,
			opRow{"matMul", "aT b", f2(func(a, b *Node) *Node { return MatMul(T(a), b) }), shapes(s(3, 2), s(3, 4)), anywhere},
			opRow{"matMul", "a bT", f2(func(a, b *Node) *Node { return MatMul(a, T(b)) }), shapes(s(2, 3), s(4, 3)), anywhere},
			opRow{"matMul", "aT bT", f2(func(a, b *Node) *Node { return MatMul(T(a), T(b)) }), shapes(s(3, 2), s(4, 3)), anywhere},
			opRow{"matMul", "a aT", f1(func(a *Node) *Node { return MatMul(a, T(a)) }), shapes(s(2, 3)), anywhere},
			opRow{"matMul", "a a", f1(func(a *Node) *Node { return MatMul(a, a) }), shapes(s(3, 3)), anywhere},
		)
	}
	return append(rows,
		opRow{"matMul", "batch broadcast with bT", f2(func(a, b *Node) *Node { return MatMul(a, T(b)) }), shapes([]int{2, 3}, []int{5, 4, 3}), anywhere})
}

// twice makes second-order terms of functions that only move elements.
func twice(f func(x *Node) *Node) gradtest.Func {
	return f1(func(x *Node) *Node { return Mul(f(x), f(Square(x))) })
}

func shapeRows() []opRow {
	return []opRow{
		{"asFloat", "rows by integers", f1(func(x *Node) *Node { return Square(gorgonia.Must(byIndices(x))) }), shapes([]int{3, 2}), anywhere},
		{"ref", "", twice(Ref), shapes([]int{2, 3}), anywhere},
		{"transpose", "last two", twice(func(x *Node) *Node { return Transpose(x) }), shapes([]int{2, 3, 4}), anywhere},
		{"transpose", "cycle", twice(func(x *Node) *Node { return Transpose(x, 1, 2, 0) }), shapes([]int{2, 3, 4}), anywhere},
		{"transpose", "negative", twice(func(x *Node) *Node { return Transpose(x, -1, 0, 1) }), shapes([]int{2, 3, 4}), anywhere},
		{"transpose", "identity", twice(func(x *Node) *Node { return Transpose(x, 0, 1) }), shapes([]int{2, 3}), anywhere},
		{"transpose", "of 1", twice(func(x *Node) *Node { return Transpose(x, 2, 0, 1) }), shapes([]int{3, 2, 1}), anywhere},
		{"transpose", "twice", twice(func(x *Node) *Node { return Transpose(Transpose(x, 1, 2, 0), 1, 0, 2) }), shapes([]int{2, 3, 4}), anywhere},
		{"transpose", "scalar", twice(func(x *Node) *Node { return Reshape(Transpose(Reshape(x, 1, 1))) }), shapes([]int{}), anywhere},
		{"reshape", "", twice(func(x *Node) *Node { return Reshape(x, 3, -1) }), shapes([]int{2, 6}), anywhere},
		{"reshape", "to a scalar", twice(func(x *Node) *Node { return Reshape(x) }), shapes([]int{1, 1}), anywhere},
		{"reshape", "of a reduction", twice(func(x *Node) *Node { return Reshape(Sum(x, 0), 2, 2) }), shapes([]int{3, 4}), anywhere},
		{"reshape", "of an expanded scalar", twice(func(x *Node) *Node { return Reshape(Expand(x, 2, 3), 3, 2) }), shapes([]int{1}), anywhere},
		{"reshape", "of a transpose", twice(func(x *Node) *Node { return Reshape(Transpose(x), 2, 3) }), shapes([]int{2, 3}), anywhere},
		{"expand", "new axis", twice(func(x *Node) *Node { return Expand(x, 4, 2, 3) }), shapes([]int{2, 1}), anywhere},
		{"expand", "scalar", twice(func(x *Node) *Node { return Expand(x, 2, 2) }), shapes([]int{}), anywhere},
		{"expand", "to itself", twice(func(x *Node) *Node { return Expand(x, 3) }), shapes([]int{3}), anywhere},
		{"expand", "then sum", f1(func(x *Node) *Node { return Sum(Square(Expand(x, 3, 4)), 0) }), shapes([]int{4}), anywhere},
		{"expand", "of an expansion", twice(func(x *Node) *Node { return Expand(Expand(x, 1, 3), 2, 3) }), shapes([]int{3}), anywhere},
		{"slice", "", twice(func(x *Node) *Node { return Slice(x, 0, 1, 3) }), shapes([]int{4}), anywhere},
		{"slice", "step", twice(func(x *Node) *Node { return Slice(x, 1, 1, 99, 3) }), shapes([]int{2, 8, 2}), anywhere},
		{"slice", "negative", twice(func(x *Node) *Node { return Slice(x, -1, -3, -1) }), shapes([]int{2, 5}), anywhere},
		{"slice", "all", twice(func(x *Node) *Node { return Slice(x, 0, 0, 3) }), shapes([]int{3}), anywhere},
		{"slice", "overlapping", f1(func(x *Node) *Node { return Mul(Slice(x, 0, 0, 3), Slice(x, 0, 1, 4)) }), shapes([]int{4}), anywhere},
		{"spread", "", f1(spreadOf(0, 1, 3, 1)), shapes([]int{4}), anywhere},
		{"spread", "step", f1(spreadOf(1, 0, 5, 2)), shapes([]int{2, 5, 2}), anywhere},
		{"concat", "", f2(func(a, b *Node) *Node { return Square(Concat(0, a, b, a)) }), shapes([]int{2, 3}, []int{1, 3}), anywhere},
		{"concat", "last axis", f2(func(a, b *Node) *Node { return Exp(Concat(-1, a, Square(b))) }), shapes([]int{2, 2, 3}, []int{2, 2, 1}), anywhere},
		{"concat", "one", twice(func(x *Node) *Node { return Concat(0, x) }), shapes([]int{3}), anywhere},
		{"", "Stack", f2(func(a, b *Node) *Node { return Square(Stack(0, a, b)) }), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		{"", "Stack of scalars", f2(func(a, b *Node) *Node { return Square(Stack(-1, a, b, a)) }), shapes([]int{}, []int{}), anywhere},
		{"", "Stack inside", f2(func(a, b *Node) *Node { return Square(Stack(1, a, b)) }), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		{"", "At", twice(func(x *Node) *Node { return At(x, 1, -1) }), shapes([]int{2, 3}), anywhere},
		{"", "At of a scalar", twice(func(x *Node) *Node { return At(x) }), shapes([]int{}), anywhere},
		{"", "Flatten", twice(Flatten), shapes([]int{2, 3}), anywhere},
		{"", "Squeeze", twice(func(x *Node) *Node { return Squeeze(x) }), shapes([]int{1, 3, 1}), anywhere},
		{"", "Squeeze axis", twice(func(x *Node) *Node { return Squeeze(x, -1) }), shapes([]int{1, 3, 1}), anywhere},
		{"", "Unsqueeze", twice(func(x *Node) *Node { return Unsqueeze(x, -1) }), shapes([]int{3}), anywhere},
	}
}

// spreadOf returns the gradient of Σ slice³ as a function.
func spreadOf(axis, start, stop, step int) func(x *Node) *Node {
	return func(x *Node) *Node {
		grads, err := Grad(Sum(Pow(Slice(x, axis, start, stop, step), 3)), x)
		if err != nil {
			return Invalid(x.Graph(), "spreadOf", err)
		}
		return grads[0]
	}
}

func compositeRows() []opRow {
	rows := []opRow{
		{"", "Square", f1(Square), shapes([]int{3}), anywhere},
		{"", "Reciprocal", f1(Reciprocal), shapes([]int{3}), anywhere},
		{"", "Dot", f2(Dot), shapes([]int{2, 3}, []int{3}), anywhere},
		{"", "LogSumExp of large", f1(func(x *Node) *Node { return LogSumExp(Mul(x, 300), 1) }), shapes([]int{2, 3}), domain{0.99, 1, false}},
		{"", "OneHot", f1(func(x *Node) *Node { return Mul(Square(x), OneHot(StopGradient(Sign(Abs(x))), 3)) }), shapes([]int{3}), anywhere},
		{"", "constant tensor", f1(func(x *Node) *Node { return MatMul(x, Expand(ConstLike(x, 0.5), 3, 2)) }), shapes([]int{2, 3}), anywhere},
		{"", "layer norm", f1(layerNorm), shapes([]int{3, 4}), anywhere},
		{"", "two layers", twoLayers, shapes([]int{5, 2}, []int{4, 2}, []int{4}, []int{3, 4}, []int{3}), anywhere},
	}
	for _, exponent := range []float64{0, 1, 2, 3, 0.5, -1} {
		rows = append(rows, opRow{"", "Pow with a number", f1(func(x *Node) *Node { return Add(x, Pow(x, exponent)) }), shapes([]int{3}), positive})
	}
	for _, f := range []func(x *Node, axis int) *Node{Softmax, LogSoftmax} {
		for _, c := range []struct {
			shape []int
			axis  int
		}{{[]int{5}, 0}, {[]int{3, 4}, 1}, {[]int{3, 4}, 0}, {[]int{2, 3, 2}, -2}, {[]int{3, 1}, 1}} {
			rows = append(rows, opRow{"", "softmax", f1(func(x *Node) *Node { return f(x, c.axis) }), shapes(c.shape), anywhere})
		}
	}
	return rows
}

func layerNorm(x *Node) *Node {
	z := Sub(x, MeanKeep(x, -1))
	return Div(z, Sqrt(Add(MeanKeep(Square(z), -1), 1e-5)))
}

// twoLayers is the loss of a small network: x, and the weights and biases of two
// layers. Its units are tanh, which has no kink.
func twoLayers(x ...*Node) *Node {
	h := Tanh(Add(MatMul(x[0], Transpose(x[1])), x[2]))
	logits := Add(MatMul(h, Transpose(x[3])), x[4])
	labels := Const(x[0].Graph(), tensor.Must(tensor.Convert(tensor.Of(0.0, 1, 2, 1, 0), x[0].Dtype())))
	return Neg(Mean(Sum(Mul(OneHot(labels, 3), LogSoftmax(logits, 1)), 1)))
}
