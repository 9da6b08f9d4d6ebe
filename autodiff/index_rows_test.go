package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// places returns numbers as a constant beside x.
func places(x *Node, shape []int, at ...float64) *Node {
	v := tensor.Must(tensor.FromSlice(at, shape...))
	return Const(x.Graph(), tensor.Must(tensor.Convert(v, x.Dtype())))
}

// cubeGrad returns the gradient of Σ f³ as a function, with a rule of its own.
func cubeGrad(f func(x *Node) *Node) func(x *Node) *Node {
	return func(x *Node) *Node {
		y := f(x)
		grads, err := Grad(Sum(Mul(y, Square(y))), x)
		if err != nil {
			return Invalid(x.Graph(), "cubeGrad", err)
		}
		return grads[0]
	}
}

// indexRows is the part of opRows for indexing, sorting and scans.
func indexRows() []opRow {
	rows := append(placeRows(), scanRows()...)
	rows = append(rows, sortRows()...)
	for _, c := range []struct {
		shape []int
		axis  int
	}{{[]int{5}, 0}, {[]int{2, 4}, -1}, {[]int{4, 2}, 0}, {[]int{2, 3, 2}, 1}, {[]int{3, 1}, 1}} {
		rows = append(rows, opRow{"", "Sparsemax", f1(func(x *Node) *Node { return Sparsemax(x, c.axis) }), shapes(c.shape), anywhere})
	}
	return append(rows,
		opRow{"", "MaskedFill", twice(func(x *Node) *Node { return MaskedFill(x, Gt(x, 0), 0.5) }), shapes([]int{2, 3}), anywhere},
		opRow{"", "Unfold", twice(func(x *Node) *Node { return Unfold(x, 0, 3, 1) }), shapes([]int{6}), anywhere},
		opRow{"", "Unfold with gaps", twice(func(x *Node) *Node { return Unfold(x, 1, 2, 3) }), shapes([]int{2, 6, 2}), anywhere},
		opRow{"", "Unfold to one window", twice(func(x *Node) *Node { return Unfold(x, -1, 3, 7) }), shapes([]int{2, 3}), anywhere},
	)
}

func placeRows() []opRow {
	rowOf := func(name string, f func(x *Node) *Node, shape ...int) []opRow {
		return []opRow{
			{"gather", name, twice(f), shapes(shape), anywhere},
			{"scatter", name, f1(cubeGrad(f)), shapes(shape), anywhere},
		}
	}
	var rows []opRow
	rows = append(rows, rowOf("vector", func(x *Node) *Node { return Gather(x, 0, places(x, []int{5}, 3, 0, 0, 1, 3)) }, 4)...)
	rows = append(rows, rowOf("last axis", func(x *Node) *Node { return Gather(x, -1, places(x, []int{2, 4}, 2, 2, 0, 1, 1, 1, 0, 1)) }, 2, 3)...)
	rows = append(rows, rowOf("first axis", func(x *Node) *Node { return Gather(x, 0, places(x, []int{1, 3}, 1, 0, 1)) }, 2, 3)...)
	rows = append(rows, rowOf("inner axis", func(x *Node) *Node {
		return Gather(x, 1, places(x, []int{2, 2, 2}, 2, 0, 2, 0, 1, 1, 2, 2))
	}, 2, 3, 2)...)
	rows = append(rows, rowOf("shorter index", func(x *Node) *Node { return Gather(x, 1, places(x, []int{1, 2, 1}, 2, 2)) }, 2, 3, 2)...)
	rows = append(rows, rowOf("broadcast", func(x *Node) *Node { return TakeAlongAxis(x, 0, places(x, []int{2, 3}, 0, 0, 0, 0, 0, 0)) }, 1, 3)...)
	rows = append(rows, rowOf("broadcast both", func(x *Node) *Node {
		return TakeAlongAxis(x, 1, places(x, []int{1, 2, 3}, 0, 1, 0, 1, 1, 0))
	}, 2, 2, 1)...)
	add := func(axis int, index ...float64) func(a, b *Node) *Node {
		return func(a, b *Node) *Node {
			y := ScatterAdd(a, axis, places(a, []int{2, 2}, index...), Square(b))
			return Mul(y, ScatterAdd(Exp(a), axis, places(a, []int{2, 2}, index...), b))
		}
	}
	select3 := func(axis int) func(x *Node) *Node {
		return func(x *Node) *Node { return IndexSelect(x, axis, places(x, []int{4}, 1, 0, 1, 1)) }
	}
	embed := func(x *Node) *Node { return Embedding(x, places(x, []int{2, 3}, 1, 0, 1, 1, 3, 3)) }
	rows = append(rows,
		opRow{"scatter", "ScatterAdd", f2(add(0, 2, 0, 2, 1)), shapes([]int{3, 2}, []int{2, 2}), anywhere},
		opRow{"scatter", "ScatterAdd, last axis", f2(add(1, 0, 0, 1, 0)), shapes([]int{2, 2}, []int{2, 2}), anywhere},
		opRow{"scatter", "ScatterAdd, shorter index", f2(add(0, 1, 0, 1, 1)), shapes([]int{3, 4}, []int{3, 3}), anywhere},
		opRow{"", "Embedding", twice(embed), shapes([]int{4, 2}), anywhere},
		opRow{"", "Embedding of one place", twice(func(x *Node) *Node { return Embedding(x, places(x, nil, 2)) }), shapes([]int{4, 2}), anywhere},
	)
	for axis := range 3 {
		rows = append(rows,
			opRow{"indexSelect", "", twice(select3(axis)), shapes([]int{2, 2, 2}), anywhere},
			opRow{"indexAdd", "", f1(cubeGrad(select3(axis))), shapes([]int{2, 2, 2}), anywhere})
	}
	return rows
}

func scanRows() []opRow {
	var rows []opRow
	for _, c := range []struct {
		shape []int
		axis  int
	}{{[]int{5}, 0}, {[]int{1}, 0}, {[]int{2, 4}, 1}, {[]int{4, 2}, 0}, {[]int{2, 3, 2}, -2}, {[]int{2, 70}, 0}, {[]int{3, 1}, 1}} {
		for _, r := range []struct {
			prim string
			f    func(x *Node, axis int) *Node
		}{{"cumsum", Cumsum}, {"cumprod", Cumprod}, {"logcumsumexp", Logcumsumexp}} {
			f := func(x *Node) *Node { return r.f(x, c.axis) }
			rows = append(rows, opRow{r.prim, "", f1(f), shapes(c.shape), anywhere})
			if n := tensor.Size(c.shape); n > 3 && n < 10 {
				rows = append(rows,
					opRow{r.prim, "gradient", f1(cubeGrad(f)), shapes(c.shape), anywhere})
			}
		}
	}
	zeros := func(x *Node) *Node { return Cumprod(Mul(x, places(x, []int{5}, 1, 0, 1, 0, 1)), 0) }
	return append(rows,
		opRow{"recurrence", "of Cumprod", f1(cubeGrad(func(x *Node) *Node { return Cumprod(x, 0) })), shapes([]int{3, 2}), anywhere},
		opRow{"recurrence", "of Logcumsumexp", f1(cubeGrad(func(x *Node) *Node { return Logcumsumexp(x, 1) })), shapes([]int{2, 4}), anywhere},
		opRow{"cumprod", "of zeros", f1(zeros), shapes([]int{5}), anywhere},
		opRow{"cumprod", "of one zero", f1(func(x *Node) *Node { return Cumprod(Sub(x, Mul(x, OneHot(ConstLike(x, 2), 4))), 0) }), shapes([]int{4}), anywhere},
		opRow{"logcumsumexp", "of large", f1(func(x *Node) *Node { return Logcumsumexp(Add(Mul(x, 3), 90), 0) }), shapes([]int{4}), anywhere},
	)
}

func sortRows() []opRow {
	value := func(f func(x *Node) (*Node, *Node)) func(x *Node) *Node {
		return func(x *Node) *Node { v, _ := f(x); return v }
	}
	var rows []opRow
	for _, c := range []struct {
		shape []int
		axis  int
	}{{[]int{5}, 0}, {[]int{1}, 0}, {[]int{2, 4}, 1}, {[]int{4, 2}, 0}, {[]int{2, 3, 2}, -2}, {[]int{60}, 0}} {
		up := value(func(x *Node) (*Node, *Node) { return Sort(x, c.axis, false) })
		down := value(func(x *Node) (*Node, *Node) { return Sort(x, c.axis, true) })
		top := value(func(x *Node) (*Node, *Node) { return Topk(x, (Dim(x, c.axis)+1)/2, c.axis, true) })
		median := value(func(x *Node) (*Node, *Node) { return Median(x, c.axis) })
		rows = append(rows,
			opRow{"argsort", "up", twice(up), shapes(c.shape), anywhere},
			opRow{"argsort", "down", f1(down), shapes(c.shape), anywhere},
			opRow{"argsort", "Topk", twice(top), shapes(c.shape), anywhere},
			opRow{"argsort", "Median", f1(median), shapes(c.shape), anywhere},
			opRow{"argExtremum", "Argmax", f1(func(x *Node) *Node { return TakeAlongAxis(x, c.axis, Unsqueeze(Argmax(x, c.axis), c.axis)) }), shapes(c.shape), anywhere},
			opRow{"argExtremum", "Argmin", f1(func(x *Node) *Node { return Mul(Unsqueeze(Argmin(x, c.axis), c.axis), x) }), shapes(c.shape), anywhere})
	}
	return rows
}
