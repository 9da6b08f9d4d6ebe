package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// CholeskySolve returns the solution y of L·Lᵀ·y = b for lower triangular matrices
// L as [Cholesky] returns them.
//
//	b (..., n, k), L (..., n, n) → (..., n, k)   leading dimensions broadcast
//	b (n), L (..., n, n) → (..., n)
//
// It matches torch.cholesky_solve, which has no vectors b. It records [ErrShape]
// when L is not square or b does not fit.
func CholeskySolve(b, l *Node) *Node {
	if nodeErr(b) != nil || nodeErr(l) != nil {
		return firstInvalid("CholeskySolve", b, l)
	}
	isVector := Rank(b) == 1
	if isVector {
		b = Unsqueeze(b, 1)
	}
	y := apply(solveTriangular{Trans: true}, l, apply(solveTriangular{}, l, b))
	if isVector {
		y = Squeeze(y, -1)
	}
	return as("CholeskySolve", y, b, l)
}

// Logdet returns the logarithm of the determinant of a square matrix, or of each in
// the last two axes, without overflow: −Inf for a singular matrix, and NaN, with
// the gradient 0, where the determinant is negative. Other gradients are those of
// [Slogdet]. It matches torch.logdet.
func Logdet(x *Node) *Node {
	sign, logabsdet := Slogdet(x)
	if nodeErr(sign) != nil {
		return as("Logdet", sign, x)
	}
	return Where(Lt(sign, 0), math.NaN(), logabsdet)
}

// MatrixPower returns the product of n factors x for a square matrix, or for each in
// the last two axes, by repeated squaring: the identity for n = 0, and for a
// negative n the power −n of [Inverse]. It matches torch.linalg.matrix_power. It
// records [ErrShape] when x is not square.
func MatrixPower(x *Node, n int) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("MatrixPower", x)
	}
	s := x.Shape()
	if err := checkSquare([]tensor.Shape{s}); err != nil {
		return Invalid(x.Graph(), "autodiff.MatrixPower", err, s)
	}
	if n == 0 {
		d := s[len(s)-1]
		return Expand(Eq(countLike(x, d, 1), countLike(x, d)), s...)
	}
	factor, rest := x, uint(n)
	if n < 0 {
		factor, rest = Inverse(x), -uint(n)
	}
	var y *Node // the product so far
	for ; ; factor = MatMul(factor, factor) {
		if rest&1 == 1 {
			if y == nil {
				y = factor
			} else {
				y = MatMul(y, factor)
			}
		}
		if rest >>= 1; rest == 0 {
			return y
		}
	}
}

// Kron returns the Kronecker product of a and b: of matrices, the matrix of blocks
// aᵢⱼ·b. Where one has fewer axes, it gets axes of 1 in front.
//
//	y[i·p + k, j·q + l, ...] = a[i, j, ...]·b[k, l, ...] for b of shape (p, q, ...)
//
// It matches torch.kron.
func Kron(a, b *Node) *Node {
	if nodeErr(a) != nil || nodeErr(b) != nil {
		return firstInvalid("Kron", a, b)
	}
	rank := max(Rank(a), Rank(b))
	var outer, inner, to tensor.Shape
	for i := range rank {
		m, n := dimOrOne(a, i-rank), dimOrOne(b, i-rank)
		outer, inner, to = append(outer, m, 1), append(inner, 1, n), append(to, m*n)
	}
	return as("Kron", Reshape(Mul(Reshape(a, outer...), Reshape(b, inner...)), to...), a, b)
}

// dimOrOne returns the size of an axis that is counted from the end, 1 before the
// first.
func dimOrOne(x *Node, axis int) int {
	if -axis > Rank(x) {
		return 1
	}
	return Dim(x, axis)
}
