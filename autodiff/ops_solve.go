package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Solve returns the solution y of a·y = b for square matrices a, computed by LU
// factorization with partial pivoting, which is faster and more exact than the
// product with [Inverse].
//
//	a (..., n, n), b (..., n, k) → (..., n, k)   leading dimensions broadcast
//	a (..., n, n), b (n) or (..., n) → (..., n)  one right side for each matrix
//
//	b̄ = a⁻ᵀ·ȳ, ā = −b̄·yᵀ
//
// b is taken for vectors when it has one axis, or the shape of a without the last.
// For a singular matrix, one with a pivot of exactly 0, the solution and its
// gradients are NaN; they are finite but mean little where a is singular but for
// rounding. It matches torch.linalg.solve, which raises for singular matrices. It
// records [ErrShape] when a is not square or b does not fit.
func Solve(a, b *Node) *Node {
	if nodeErr(a) != nil || nodeErr(b) != nil {
		return firstInvalid("Solve", a, b)
	}
	s, rhs := a.Shape(), b.Shape()
	if len(rhs) == 1 || len(rhs) == len(s)-1 && slices.Equal(rhs, s[:len(rhs)]) {
		return as("Solve", Squeeze(apply(solve{}, a, Unsqueeze(b, -1)), -1), a, b)
	}
	return apply(solve{}, a, b)
}

// solve is op(a)⁻¹·b, where op transposes a or not.
type solve struct{ Trans bool }

func (solve) Name() string                                  { return "Solve" }
func (solve) Shape(in []tensor.Shape) (tensor.Shape, error) { return systemShape(in) }
func (p solve) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSolve(p, dst, in[0], in[1])
}
func (p solve) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSolve(p, dst, in[0], in[1])
}

func bindSolve[T tensor.Float](p solve, dst, a, b *tensor.Array[T]) func() {
	n, k := b.Shape[len(b.Shape)-2], b.Shape[len(b.Shape)-1]
	f, trans := newLU(n), transposed(p.Trans)
	return bindSystems(dst, a, b, f.a, f.factor, func(x []float64) { f.solve(trans, x, k) })
}

func (p solve) VJP(x []*Node, y, dy *Node) []*Node {
	db := apply(solve{!p.Trans}, x[0], dy)
	return []*Node{systemGrad(p.Trans, y, db), db}
}

// systemGrad returns the gradient −b̄·yᵀ of a in op(a)·y = b, transposed as op is.
func systemGrad(trans bool, y, db *Node) *Node {
	if trans {
		return Neg(MatMul(y, Transpose(db)))
	}
	return Neg(MatMul(db, Transpose(y)))
}

// SolveTriangular returns the solution y of a·y = b, where the square matrices a
// are taken for upper triangular or else lower triangular: the other triangle is
// not looked at. With unit the diagonal is not either, and taken for ones.
//
//	a (..., n, n), b (..., n, k) → (..., n, k)   leading dimensions broadcast
//	a (..., n, n), b (n) → (..., n)
//
//	b̄ = a⁻ᵀ·ȳ, ā = −b̄·yᵀ in the triangle, 0 elsewhere
//
// Zeros on the diagonal give infinities and NaN. It matches
// torch.linalg.solve_triangular with left=True, which has no vectors b; y·a = b is
// the transposed system aᵀ·yᵀ = bᵀ. It records [ErrShape] when a is not square or b
// does not fit.
func SolveTriangular(a, b *Node, upper, unit bool) *Node {
	if nodeErr(a) != nil || nodeErr(b) != nil {
		return firstInvalid("SolveTriangular", a, b)
	}
	p := solveTriangular{Upper: upper, Unit: unit}
	if Rank(b) == 1 {
		return as("SolveTriangular", Squeeze(apply(p, a, Unsqueeze(b, 1)), -1), a, b)
	}
	return apply(p, a, b)
}

// solveTriangular is op(a)⁻¹·b, where op transposes a, which is Upper triangular
// before, or not.
type solveTriangular struct{ Upper, Unit, Trans bool }

func (solveTriangular) Name() string                                  { return "SolveTriangular" }
func (solveTriangular) Shape(in []tensor.Shape) (tensor.Shape, error) { return systemShape(in) }
func (p solveTriangular) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSolveTriangular(p, dst, in[0], in[1])
}
func (p solveTriangular) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSolveTriangular(p, dst, in[0], in[1])
}

func bindSolveTriangular[T tensor.Float](p solveTriangular, dst, a, b *tensor.Array[T]) func() {
	n, k := b.Shape[len(b.Shape)-2], b.Shape[len(b.Shape)-1]
	matrix := make([]float64, n*n)
	uplo, diag, trans := blas.Lower, blas.NonUnit, transposed(p.Trans)
	if p.Upper {
		uplo = blas.Upper
	}
	if p.Unit {
		diag = blas.Unit
	}
	return bindSystems(dst, a, b, matrix, func() bool { return true }, func(x []float64) {
		blas64.Implementation().Dtrsm(blas.Left, uplo, trans, diag, n, k, 1, matrix, n, x, k)
	})
}

func (p solveTriangular) VJP(x []*Node, y, dy *Node) []*Node {
	opposite := p
	opposite.Trans = !p.Trans
	db := apply(opposite, x[0], dy)
	da := systemGrad(p.Trans, y, db)
	off := 0 // how far the triangle is from the main diagonal
	if p.Unit {
		off = 1
	}
	if p.Upper {
		return []*Node{Triu(da, off), db}
	}
	return []*Node{Tril(da, -off), db}
}

// Inverse returns the inverse of a square matrix, or of each in the last two axes.
//
//	y = x⁻¹, x̄ = −yᵀ·ȳ·yᵀ
//
// For a singular matrix it is NaN; see [Solve], which is better where the inverse
// would only be multiplied with something. It matches torch.linalg.inv, which
// raises for singular matrices. It records [ErrShape] when x is not square.
func Inverse(x *Node) *Node { return apply(inverse{}, x) }

type inverse struct{}

func (inverse) Name() string                                  { return "Inverse" }
func (inverse) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], checkSquare(in) }
func (inverse) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindInverse(dst, in[0])
}
func (inverse) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindInverse(dst, in[0])
}

func bindInverse[T tensor.Float](dst, x *tensor.Array[T]) func() {
	n := x.Shape[len(x.Shape)-1]
	f, y := newLU(n), make([]float64, n*n)
	return bindEach(dst, x, f.a, y, func() bool {
		ok := f.factor()
		if ok {
			setDiagonal(y, n, 1)
			f.solve(blas.NoTrans, y, n)
		}
		return ok
	})
}

// setDiagonal makes the n×n matrix x the identity times d.
func setDiagonal(x []float64, n int, d float64) {
	clear(x)
	for i := 0; i < len(x); i += n + 1 {
		x[i] = d
	}
}

func (inverse) VJP(x []*Node, y, dy *Node) []*Node {
	yT := Transpose(y)
	return []*Node{Neg(MatMul(MatMul(yT, dy), yT))}
}
