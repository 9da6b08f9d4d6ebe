package autodiff

import (
	"github.com/downhill-go/downhill/tensor"
	"gonum.org/v1/gonum/blas"
	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// Cholesky returns the lower triangular matrix L, with a positive diagonal, of a
// symmetric positive definite matrix x = L·Lᵀ, or of each in the last two axes. It
// reads the lower triangle of x, and takes x for symmetric.
//
//	x̄ = ½·L⁻ᵀ·(P + Pᵀ)·L⁻¹, P = the lower triangle of Lᵀ·L̄ with half the diagonal
//
// The gradient is symmetric: it is that of L as a function of (x + xᵀ)/2. For a
// matrix that is not positive definite, or has NaN, all of L and the gradients is
// NaN. It matches torch.linalg.cholesky, which raises then. It records [ErrShape]
// when x is not square.
//
// Reference: I. Murray. Differentiation of the Cholesky decomposition. 2016.
// https://arxiv.org/abs/1602.07527
func Cholesky(x *Node) *Node { return apply(cholesky{}, x) }

type cholesky struct{}

func (cholesky) Name() string                                  { return "Cholesky" }
func (cholesky) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], checkSquare(in) }
func (cholesky) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindCholesky(dst, in[0])
}
func (cholesky) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindCholesky(dst, in[0])
}

func bindCholesky[T tensor.Float](dst, x *tensor.Array[T]) func() {
	n := x.Shape[len(x.Shape)-1]
	l := make([]float64, n*n)
	return bindEach(dst, x, l, l, func() bool {
		for i := range n {
			clear(l[i*n+i+1 : (i+1)*n])
		}
		return lapack.Implementation{}.Dpotf2(blas.Lower, n, l, n)
	})
}

func (cholesky) VJP(x []*Node, y, dy *Node) []*Node {
	m := MatMul(Transpose(y), dy)
	p2 := Add(Tril(m, 0), Transpose(Tril(m, -1))) // P + Pᵀ
	left := solveTriangular{Trans: true}
	z := apply(left, y, p2)          // L⁻ᵀ·(P + Pᵀ)
	z = apply(left, y, Transpose(z)) // the same times L⁻¹, which is symmetric
	return []*Node{Mul(z, 0.5)}
}
