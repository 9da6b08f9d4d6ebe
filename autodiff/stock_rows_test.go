package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// stockRow is a function of gorgonia's, and what it has to compute.
type stockRow struct {
	typ  string        // the type of the operation that it makes, as fmt prints it
	name string        // of the function
	f    gradtest.Func // in gorgonia's functions
	same gradtest.Func // in ours
	in   [][]int       // shapes of the arguments,
	from domain        // and where their elements are from
}

// must1 and must2 are functions of gorgonia's as ours are.
func must1(f func(x *Node) (*Node, error)) gradtest.Func {
	return func(x ...*Node) *Node { return gorgonia.Must(f(x[0])) }
}
func must2(f func(a, b *Node) (*Node, error)) gradtest.Func {
	return func(x ...*Node) *Node { return gorgonia.Must(f(x[0], x[1])) }
}

func stockRows() []stockRow {
	rows := stockUnaryRows()
	rows = append(rows, stockBinaryRows()...)
	rows = append(rows, stockArrayRows()...)
	rows = append(rows, stockProductRows()...)
	rows = append(rows, stockCompositeRows()...)
	return append(rows, stockNetworkRows()...)
}

func stockUnaryRows() []stockRow {
	var rows []stockRow
	for _, r := range []struct {
		name string
		f    func(*Node) (*Node, error)
		same func(*Node) *Node
		from domain
	}{
		{"Abs", gorgonia.Abs, Abs, anywhere},
		{"Sign", gorgonia.Sign, Sign, anywhere},
		{"Ceil", gorgonia.Ceil, Ceil, domain{0.2, 0.8, true}},
		{"Floor", gorgonia.Floor, Floor, domain{0.2, 0.8, true}},
		{"Sin", gorgonia.Sin, Sin, anywhere},
		{"Cos", gorgonia.Cos, Cos, anywhere},
		{"Exp", gorgonia.Exp, Exp, anywhere},
		{"Log", gorgonia.Log, Log, positive},
		{"Log2", gorgonia.Log2, Log2, positive},
		{"Neg", gorgonia.Neg, Neg, anywhere},
		{"Square", gorgonia.Square, Square, anywhere},
		{"Sqrt", gorgonia.Sqrt, Sqrt, positive},
		{"Inverse", gorgonia.Inverse, Reciprocal, positive},
		{"InverseSqrt", gorgonia.InverseSqrt, Rsqrt, positive},
		{"Cube", gorgonia.Cube, func(x *Node) *Node { return Mul(x, Mul(x, x)) }, anywhere},
		{"Tanh", gorgonia.Tanh, Tanh, anywhere},
		{"Sigmoid", gorgonia.Sigmoid, Sigmoid, anywhere},
		{"Log1p", gorgonia.Log1p, Log1p, positive},
		{"Expm1", gorgonia.Expm1, Expm1, anywhere},
		{"Softplus", gorgonia.Softplus, Softplus, anywhere},
	} {
		for _, in := range [][][]int{shapes([]int{}), shapes([]int{3}), shapes([]int{2, 3}), shapes([]int{3, 1})} {
			rows = append(rows, stockRow{"gorgonia.elemUnaryOp", r.name, must1(r.f), f1(r.same), in, r.from})
		}
	}
	return rows
}

func stockBinaryRows() []stockRow {
	var rows []stockRow
	keep := func(f func(a, b *Node, retSame bool) (*Node, error)) func(a, b *Node) (*Node, error) {
		return func(a, b *Node) (*Node, error) { return f(a, b, true) }
	}
	for _, r := range []struct {
		name string
		f    func(a, b *Node) (*Node, error)
		same func(a, b *Node) *Node
		from domain
	}{
		{"Add", gorgonia.Add, Add[*Node, *Node], anywhere},
		{"Sub", gorgonia.Sub, Sub[*Node, *Node], anywhere},
		{"HadamardProd", gorgonia.HadamardProd, Mul[*Node, *Node], anywhere},
		{"HadamardDiv", gorgonia.HadamardDiv, Div[*Node, *Node], anywhere},
		{"Pow", gorgonia.Pow, Pow[*Node, *Node], positive},
		{"Lt", keep(gorgonia.Lt), Lt[*Node, *Node], anywhere},
		{"Gt", keep(gorgonia.Gt), Gt[*Node, *Node], anywhere},
		{"Lte", keep(gorgonia.Lte), Le[*Node, *Node], anywhere},
		{"Gte", keep(gorgonia.Gte), Ge[*Node, *Node], anywhere},
		{"Eq", keep(gorgonia.Eq), Eq[*Node, *Node], anywhere},
		{"Ne", keep(gorgonia.Ne), Ne[*Node, *Node], anywhere},
	} {
		for _, in := range [][][]int{shapes([]int{}, []int{}), shapes([]int{3}, []int{3}), shapes([]int{2, 3}, []int{2, 3}), shapes([]int{2, 3}, []int{}), shapes([]int{}, []int{4})} {
			rows = append(rows, stockRow{"gorgonia.elemBinOp", r.name, must2(r.f), f2(r.same), in, r.from})
		}
	}
	for _, r := range []struct {
		name string
		f    func(a, b *Node, left, right []byte) (*Node, error)
		same func(a, b *Node) *Node
	}{
		{"BroadcastAdd", gorgonia.BroadcastAdd, Add[*Node, *Node]},
		{"BroadcastSub", gorgonia.BroadcastSub, Sub[*Node, *Node]},
		{"BroadcastHadamardProd", gorgonia.BroadcastHadamardProd, Mul[*Node, *Node]},
		{"BroadcastHadamardDiv", gorgonia.BroadcastHadamardDiv, Div[*Node, *Node]},
	} {
		for _, c := range []struct {
			a, b        []int
			left, right []byte
			to          []int // the shape of b in ours, where they differ
		}{
			{[]int{2, 3}, []int{3}, nil, []byte{0}, nil},
			{[]int{2, 3}, []int{2}, nil, []byte{1}, []int{2, 1}},
			{[]int{2, 3}, []int{2, 1}, nil, []byte{1}, nil},
			{[]int{1, 3}, []int{2, 3}, []byte{0}, nil, nil},
			{[]int{2, 1}, []int{1, 3}, []byte{1}, []byte{0}, nil},
			{[]int{2, 3, 4}, []int{1, 3, 1}, nil, []byte{0, 2}, nil},
		} {
			rows = append(rows, stockRow{"*gorgonia.repeatOp", r.name,
				must2(func(a, b *Node) (*Node, error) { return r.f(a, b, c.left, c.right) }),
				f2(func(a, b *Node) *Node {
					if c.to != nil {
						b = Reshape(b, c.to...)
					}
					return r.same(a, b)
				}), shapes(c.a, c.b), positive})
		}
	}
	return append(rows,
		stockRow{"gorgonia.minBetween", "MinBetween", must2(gorgonia.MinBetween), f2(Minimum[*Node, *Node]), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		stockRow{"gorgonia.maxBetween", "MaxBetween", must2(gorgonia.MaxBetween), f2(Maximum[*Node, *Node]), shapes([]int{2, 3}, []int{2, 3}), anywhere},
		stockRow{"gorgonia.elemBinOp", "Div", must2(gorgonia.Div), f2(Div[*Node, *Node]), shapes([]int{2}, []int{2}), anywhere},
		stockRow{"gorgonia.constantScalar", "NewConstant", must1(func(x *Node) (*Node, error) { return gorgonia.Mul(x, likeConstant(x, 2.5)) }),
			f1(func(x *Node) *Node { return Mul(x, 2.5) }), shapes([]int{3}), anywhere},
		stockRow{"gorgonia.constantTensor", "NewConstant of a tensor", must1(func(x *Node) (*Node, error) {
			c := gorgonia.NewConstant(tensor.Must(tensor.Convert(tensor.Of(1.0, -2, 3), x.Dtype())), gorgonia.WithName("c"))
			return gorgonia.HadamardProd(x, c)
		}), f1(func(x *Node) *Node {
			return Mul(x, Const(x.Graph(), tensor.Must(tensor.Convert(tensor.Of(1.0, -2, 3), x.Dtype()))))
		}), shapes([]int{3}), anywhere},
		stockRow{"gorgonia.elemBinOp", "Pow with 3", must1(func(x *Node) (*Node, error) { return gorgonia.Pow(x, likeConstant(x, 3)) }),
			f1(func(x *Node) *Node { return Pow(x, 3) }), shapes([]int{3}), anywhere},
	)
}

// likeConstant returns a stock constant in the dtype of x.
func likeConstant(x *Node, v float64) *Node {
	if x.Dtype() == tensor.Float32 {
		return gorgonia.NewConstant(float32(v))
	}
	return gorgonia.NewConstant(v)
}

func stockArrayRows() []stockRow {
	var rows []stockRow
	for _, r := range []struct {
		typ, name string
		f         func(x *Node, along ...int) (*Node, error)
		same      func(x *Node, axes ...int) *Node
	}{
		{"gorgonia.sumOp", "Sum", gorgonia.Sum, Sum},
		{"gorgonia.sizeOp", "Mean", gorgonia.Mean, Mean},
		{"*gorgonia.maxOp", "Max", gorgonia.Max, Max},
	} {
		for _, c := range []struct{ shape, axes []int }{
			{[]int{4}, nil}, {[]int{2, 3}, nil}, {[]int{2, 3}, []int{0}}, {[]int{2, 3}, []int{1}}, {[]int{2, 3, 4}, []int{1}}, {[]int{2, 3, 4}, []int{0, 2}},
		} {
			rows = append(rows, stockRow{r.typ, r.name, must1(func(x *Node) (*Node, error) { return r.f(gorgonia.Must(gorgonia.Square(x)), c.axes...) }),
				f1(func(x *Node) *Node { return r.same(Square(x), c.axes...) }), shapes(c.shape), anywhere})
		}
	}
	slice := func(name string, same func(x *Node) *Node, shape []int, s ...stock.Slice) {
		rows = append(rows, stockRow{"*gorgonia.sliceOp", "Slice " + name, must1(func(x *Node) (*Node, error) { return gorgonia.Slice(x, s...) }), f1(same), shapes(shape), anywhere})
	}
	slice("range", func(x *Node) *Node { return Slice(x, 0, 1, 3) }, []int{4}, gorgonia.S(1, 3))
	slice("one", func(x *Node) *Node { return At(x, 2) }, []int{4}, gorgonia.S(2))
	slice("row", func(x *Node) *Node { return Squeeze(Slice(x, 0, 1, 2), 0) }, []int{3, 4}, gorgonia.S(1))
	slice("column", func(x *Node) *Node { return Squeeze(Slice(x, 1, 2, 3), 1) }, []int{3, 4}, nil, gorgonia.S(2))
	slice("block", func(x *Node) *Node { return Slice(Slice(x, 0, 0, 2), 1, 1, 3) }, []int{3, 4}, gorgonia.S(0, 2), gorgonia.S(1, 3))
	slice("one of each", func(x *Node) *Node { return At(x, 1, 2) }, []int{3, 4}, gorgonia.S(1), gorgonia.S(2))
	slice("step", func(x *Node) *Node { return Slice(x, 0, 0, 4, 2) }, []int{4}, gorgonia.S(0, 4, 2))
	slice("of 3 axes", func(x *Node) *Node { return Slice(Squeeze(Slice(x, 1, 1, 2), 1), 1, 0, 2) }, []int{2, 3, 4}, nil, gorgonia.S(1), gorgonia.S(0, 2))
	return append(rows,
		stockRow{"gorgonia.atOp", "At", must1(func(x *Node) (*Node, error) { return gorgonia.At(x, 1, 2) }), f1(func(x *Node) *Node { return At(x, 1, 2) }), shapes([]int{2, 3}), anywhere},
		stockRow{"gorgonia.transposeOp", "Transpose", must1(func(x *Node) (*Node, error) { return gorgonia.Transpose(x) }), f1(func(x *Node) *Node { return Transpose(x) }), shapes([]int{2, 3}), anywhere},
		stockRow{"gorgonia.transposeOp", "Transpose of 3 axes", must1(func(x *Node) (*Node, error) { return gorgonia.Transpose(x, 1, 2, 0) }), f1(func(x *Node) *Node { return Transpose(x, 1, 2, 0) }), shapes([]int{2, 3, 4}), anywhere},
		stockRow{"gorgonia.concatOp", "Concat", must2(func(a, b *Node) (*Node, error) { return gorgonia.Concat(1, a, b) }), f2(func(a, b *Node) *Node { return Concat(1, a, b) }), shapes([]int{2, 3}, []int{2, 1}), anywhere},
		stockRow{"gorgonia.concatOp", "Concat of vectors", must2(func(a, b *Node) (*Node, error) { return gorgonia.Concat(0, a, b, a) }), f2(func(a, b *Node) *Node { return Concat(0, a, b, a) }), shapes([]int{3}, []int{2}), anywhere},
		stockRow{"gorgonia.reshapeOp", "Reshape", must1(func(x *Node) (*Node, error) { return gorgonia.Reshape(x, stock.Shape{3, -1}) }), f1(func(x *Node) *Node { return Reshape(x, 3, 2) }), shapes([]int{2, 3}), anywhere},
		stockRow{"gorgonia.reshapeOp", "Ravel", must1(gorgonia.Ravel), f1(Flatten), shapes([]int{2, 3}), anywhere},
		stockRow{"gorgonia.reshapeOp", "Reshape that gorgonia overwrites", must1(func(x *Node) (*Node, error) {
			r := gorgonia.Must(gorgonia.Reshape(x, stock.Shape{2, 2}))
			return gorgonia.Add(r, r)
		}), f1(func(x *Node) *Node { return Mul(2, Reshape(x, 2, 2)) }), shapes([]int{4}), anywhere},
		stockRow{"gorgonia.diagFlatOp", "DiagFlat", must1(gorgonia.DiagFlat), f1(func(x *Node) *Node { return Diag(Flatten(x), 0) }), shapes([]int{3}), anywhere},
		stockRow{"*gorgonia.byIndicesOp", "ByIndices", must1(byIndices), f1(func(x *Node) *Node { return Stack(0, rowOf(x, 2), rowOf(x, 0), rowOf(x, 2), rowOf(x, 1)) }), shapes([]int{3, 2}), anywhere},
		stockRow{"gorgonia.tensordotOp", "Tensordot", must2(func(a, b *Node) (*Node, error) { return gorgonia.Tensordot([]int{1}, []int{0}, a, b) }), f2(MatMul), shapes([]int{2, 3}, []int{3, 4}), anywhere},
		stockRow{"gorgonia.tensordotOp", "Tensordot of two axes", must2(func(a, b *Node) (*Node, error) { return gorgonia.Tensordot([]int{2, 0}, []int{0, 1}, a, b) }),
			f2(func(a, b *Node) *Node { return Einsum("ijk,kim->jm", a, b) }), shapes([]int{2, 3, 4}, []int{4, 2, 2}), anywhere},
		stockRow{"gorgonia.tensordotOp", "Tensordot of all", must2(func(a, b *Node) (*Node, error) { return gorgonia.Tensordot([]int{0, 1}, []int{0, 1}, a, b) }), f2(Dot), shapes([]int{2, 3}, []int{2, 3}), anywhere},
	)
}

// byIndices takes rows of a matrix, at places that are integers.
func byIndices(x *Node) (*Node, error) {
	index := gorgonia.NewVector(x.Graph(), gorgonia.Int, gorgonia.WithShape(4), gorgonia.WithName("index"), gorgonia.WithValue(stock.New(stock.WithBacking([]int{2, 0, 2, 1}))))
	return gorgonia.ByIndices(x, index, 0)
}

func rowOf(x *Node, i int) *Node { return Squeeze(Slice(x, 0, i, i+1), 0) }

func stockProductRows() []stockRow {
	const typ = "gorgonia.linAlgBinOp"
	batched := func(transA, transB bool) gradtest.Func {
		return must2(func(a, b *Node) (*Node, error) { return gorgonia.BatchedMatMul(a, b, transA, transB) })
	}
	turned := func(transA, transB bool) gradtest.Func {
		return f2(func(a, b *Node) *Node {
			if transA {
				a = Transpose(a)
			}
			if transB {
				b = Transpose(b)
			}
			return MatMul(a, b)
		})
	}
	return []stockRow{
		{typ, "Mul of matrices", must2(gorgonia.Mul), f2(MatMul), shapes([]int{2, 3}, []int{3, 4}), anywhere},
		{typ, "Mul of a matrix with itself", must1(func(x *Node) (*Node, error) { return gorgonia.Mul(x, x) }), f1(func(x *Node) *Node { return MatMul(x, x) }), shapes([]int{3, 3}), anywhere},
		{typ, "Mul of matrix and vector", must2(gorgonia.Mul), f2(MatMul), shapes([]int{2, 3}, []int{3}), anywhere},
		{typ, "Mul of vector and matrix", must2(gorgonia.Mul), f2(MatMul), shapes([]int{2}, []int{2, 3}), anywhere},
		{typ, "Mul of vectors", must2(gorgonia.Mul), f2(MatMul), shapes([]int{3}, []int{3}), anywhere},
		{"gorgonia.elemBinOp", "Mul with a scalar", must2(gorgonia.Mul), f2(Mul[*Node, *Node]), shapes([]int{2, 3}, []int{}), anywhere},
		{typ, "OuterProd", must2(gorgonia.OuterProd), f2(Outer), shapes([]int{2}, []int{3}), anywhere},
		{typ, "BatchedMatMul", batched(false, false), turned(false, false), shapes([]int{2, 3, 4}, []int{2, 4, 2}), anywhere},
		{typ, "BatchedMatMul aT", batched(true, false), turned(true, false), shapes([]int{2, 4, 3}, []int{2, 4, 2}), anywhere},
		{typ, "BatchedMatMul bT", batched(false, true), turned(false, true), shapes([]int{2, 3, 4}, []int{2, 2, 4}), anywhere},
		{typ, "BatchedMatMul aT bT", batched(true, true), turned(true, true), shapes([]int{2, 4, 3}, []int{2, 2, 4}), anywhere},
	}
}

func stockCompositeRows() []stockRow {
	rows := []stockRow{
		{"gorgonia.elemBinOp", "Rectify", must1(gorgonia.Rectify), f1(Relu), shapes([]int{2, 3}), anywhere},
		{"gorgonia.elemBinOp", "LeakyRelu", must1(func(x *Node) (*Node, error) { return gorgonia.LeakyRelu(x, 0.1) }), f1(func(x *Node) *Node { return LeakyRelu(x, 0.1) }), shapes([]int{2, 3}), anywhere},
		{"gorgonia.elemBinOp", "Mish", must1(gorgonia.Mish), f1(Mish), shapes([]int{2, 3}), anywhere},
		{"gorgonia.elemUnaryOp", "BinaryXent", must2(gorgonia.BinaryXent), f2(func(p, y *Node) *Node {
			return Neg(Add(Mul(y, Log(p)), Mul(Sub(1, y), Log(Sub(1, p)))))
		}), shapes([]int{2, 3}, []int{2, 3}), domain{0.1, 0.9, false}},
		{"gorgonia.elemUnaryOp", "LogSumExp", must1(func(x *Node) (*Node, error) { return gorgonia.LogSumExp(x, 0) }), f1(func(x *Node) *Node { return LogSumExp(x) }), shapes([]int{4}), anywhere},
		{"gorgonia.elemUnaryOp", "Log of a sigmoid", must1(func(x *Node) (*Node, error) { return gorgonia.Log(gorgonia.Must(gorgonia.Sigmoid(x))) }), f1(LogSigmoid), shapes([]int{4}), anywhere},
		{"*gorgonia.softmaxOp", "Log of a softmax", must1(func(x *Node) (*Node, error) { return gorgonia.Log(gorgonia.Must(gorgonia.SoftMax(x, 1))) }), f1(func(x *Node) *Node { return LogSoftmax(x, 1) }), shapes([]int{2, 3}), anywhere},
	}
	for _, p := range []int{1, 2, 3, 4} {
		rows = append(rows, stockRow{"gorgonia.sumOp", "Norm", must1(func(x *Node) (*Node, error) { return gorgonia.Norm(x, 1, p) }), f1(func(x *Node) *Node {
			return Pow(Sum(Pow(Abs(x), float64(p)), 1), 1/float64(p))
		}), shapes([]int{2, 3}), anywhere})
	}
	for _, r := range []struct {
		name string
		f    func(x *Node, axes ...int) (*Node, error)
		same func(x *Node, axis int) *Node
	}{{"SoftMax", gorgonia.SoftMax, Softmax}, {"LogSoftMax", gorgonia.LogSoftMax, LogSoftmax}} {
		for _, c := range []struct {
			shape []int
			axis  []int
			want  int
		}{{[]int{4}, nil, 0}, {[]int{2, 3}, nil, 1}, {[]int{2, 3}, []int{0}, 0}, {[]int{2, 3, 4}, []int{1}, 1}, {[]int{3, 1}, nil, 0}, {[]int{1, 3}, nil, 1}} {
			rows = append(rows, stockRow{"*gorgonia.softmaxOp", r.name, must1(func(x *Node) (*Node, error) { return r.f(x, c.axis...) }), f1(func(x *Node) *Node { return r.same(x, c.want) }), shapes(c.shape), anywhere})
		}
	}
	return append(rows,
		stockRow{"*gorgonia.sparsemaxOp", "Sparsemax", must1(func(x *Node) (*Node, error) { return gorgonia.Sparsemax(x, 1) }), f1(func(x *Node) *Node { return Sparsemax(x, 1) }), shapes([]int{2, 4}), anywhere})
}
