package autodiff_test

import (
	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
)

// linalgRows is the part of opRows for the functions of linear algebra.
func linalgRows() []opRow {
	rows := systemRows()
	for _, s := range [][]int{{1, 1}, {2, 2}, {4, 4}, {2, 3, 3}, {2, 1, 2, 2}} {
		rows = append(rows,
			opRow{"cholesky", "", f1(func(x *Node) *Node { return Cholesky(definite(x)) }), shapes(s), anywhere},
			opRow{"inverse", "", f1(func(x *Node) *Node { return Inverse(regular(x)) }), shapes(s), anywhere},
			opRow{"det", "", f1(func(x *Node) *Node { return Det(regular(x)) }), shapes(s), anywhere},
			opRow{"det", "of either sign", f1(Det), shapes(s), anywhere},
			opRow{"cofactors", "", f1(func(x *Node) *Node { return gradientOfSum(Square(Det(regular(x))), x) }), shapes(s), anywhere},
			opRow{"slogdet", "", f1(func(x *Node) *Node { sign, l := Slogdet(regular(x)); return Add(sign, l) }), shapes(s), anywhere},
			opRow{"", "Logdet", f1(func(x *Node) *Node { return Logdet(definite(x)) }), shapes(s), anywhere},
			opRow{"eigh", "values", f1(func(x *Node) *Node { return Eigvalsh(spaced(x)) }), shapes(s), anywhere},
			opRow{"eigh", "vectors", f1(func(x *Node) *Node { _, v := Eigh(spaced(x)); return Square(v) }), shapes(s), anywhere},
			opRow{"eigh", "function of a matrix", f1(func(x *Node) *Node {
				w, v := Eigh(spaced(x))
				return MatMul(Mul(v, Unsqueeze(Sin(w), -2)), Transpose(v))
			}), shapes(s), anywhere})
	}
	for n := -3; n <= 5; n++ {
		rows = append(rows, opRow{"", "MatrixPower", f1(func(x *Node) *Node { return Add(Square(x), MatrixPower(scaled(x), n)) }), shapes([]int{2, 3, 3}), anywhere})
	}
	return append(rows,
		opRow{"", "Kron", f2(Kron), shapes([]int{2, 3}, []int{3, 2}), anywhere},
		opRow{"", "Kron of vectors", f2(Kron), shapes([]int{2}, []int{3}), anywhere},
		opRow{"", "Kron of two ranks", f2(Kron), shapes([]int{2, 2}, []int{2, 1, 3}), anywhere},
		opRow{"", "Kron with a scalar", f2(Kron), shapes([]int{}, []int{2, 2}), anywhere})
}

func systemRows() []opRow {
	var rows []opRow
	T := func(x *Node) *Node { return Transpose(x) }
	for _, in := range [][][]int{
		shapes([]int{1, 1}, []int{1, 1}), shapes([]int{3, 3}, []int{3, 2}), shapes([]int{3, 3}, []int{3}),
		shapes([]int{2, 3, 3}, []int{2, 3, 1}), shapes([]int{3, 3}, []int{2, 3, 2}), shapes([]int{2, 3, 3}, []int{3, 2}),
		shapes([]int{2, 1, 2, 2}, []int{3, 2, 2}), shapes([]int{2, 3, 3}, []int{3}),
	} {
		rows = append(rows,
			opRow{"solve", "", f2(func(a, b *Node) *Node { return Solve(regular(a), b) }), in, anywhere},
			opRow{"solve", "transposed", f2(func(a, b *Node) *Node { return Solve(T(regular(a)), b) }), in, anywhere},
			opRow{"", "CholeskySolve", f2(func(a, b *Node) *Node { return CholeskySolve(b, Cholesky(definite(a))) }), in, anywhere})
		for _, p := range []struct{ upper, unit bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
			rows = append(rows, opRow{"solveTriangular", "", f2(func(a, b *Node) *Node { return SolveTriangular(scaled(a), b, p.upper, p.unit) }), in, anywhere})
		}
	}
	return append(rows,
		opRow{"solve", "one right side each", f2(func(a, b *Node) *Node { return Solve(regular(a), b) }), shapes([]int{2, 3, 3}, []int{2, 3}), anywhere},
		opRow{"solve", "with itself", f1(func(x *Node) *Node { return Solve(regular(x), x) }), shapes([]int{2, 2}), anywhere},
		opRow{"solveTriangular", "with itself", f1(func(x *Node) *Node { return SolveTriangular(x, x, true, false) }), shapes([]int{3, 3}), anywhere})
}

// eye returns the identity in the graph and dtype of x, of the size of its matrices.
func eye(x *Node) *Node {
	return Diag(Expand(ConstLike(x, 1), Dim(x, -1)), 0)
}

// regular, definite, scaled and spaced make matrices of any x that are far from
// singular: square, positive definite, with the diagonal large against the rest,
// and symmetric with different eigenvalues.
func regular(x *Node) *Node  { return Sub(x, Mul(eye(x), 4)) }
func definite(x *Node) *Node { return Add(MatMul(x, Transpose(x)), Mul(eye(x), 0.5)) }
func scaled(x *Node) *Node   { return Add(Mul(x, 0.5), eye(x)) }
func spaced(x *Node) *Node {
	n := Dim(x, -1)
	steps := make([]float64, n)
	for i := range steps {
		steps[i] = 4 * float64(i*i)
	}
	diagonal := Const(x.Graph(), tensor.Must(tensor.Convert(tensor.Of(steps...), x.Dtype())))
	return Add(Add(x, Transpose(x)), Diag(diagonal, 0))
}

// gradientOfSum returns the gradient of the sum of y with respect to x.
func gradientOfSum(y, x *Node) *Node {
	grads, err := Grad(Sum(y), x)
	if err != nil {
		return Invalid(x.Graph(), "gradientOfSum", err)
	}
	return grads[0]
}
