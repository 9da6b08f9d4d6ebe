package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// Det returns the determinant of a square matrix, or of each in the last two axes,
// computed by LU factorization.
//
//	(..., n, n) → (...)
//
//	x̄ = ȳ·C, where C = y·x⁻ᵀ are the cofactors
//
// It is a polynomial of the elements, and its gradient is right for singular
// matrices, too. Second derivatives at singular matrices are NaN, but for n = 1. For
// large n a determinant under- or overflows, and [Slogdet] does not.
//
// It matches torch.linalg.det, but at singular matrices: there the gradient of
// PyTorch 1.13 is wrong, 0, unless create_graph is set, and with it the second
// derivatives are finite. It records [ErrShape] when x is not square.
func Det(x *Node) *Node { return apply(det{}, x) }

type det struct{}

func (det) Name() string                                  { return "Det" }
func (det) Shape(in []tensor.Shape) (tensor.Shape, error) { return shapeOfEach(in) }
func (det) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindDet(dst, in[0])
}
func (det) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindDet(dst, in[0])
}

func bindDet[T tensor.Float](dst, x *tensor.Array[T]) func() {
	f, y := newLU(x.Shape[len(x.Shape)-1]), make([]float64, 1)
	return bindEach(dst, x, f.a, y, func() bool {
		f.factor()
		y[0] = f.det()
		return true
	})
}

func (det) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Mul(forEach(dy), apply(cofactors{}, x[0]))}
}

// shapeOfEach is the shape of a result with the given dimensions for each square
// matrix.
func shapeOfEach(in []tensor.Shape, dims ...int) (tensor.Shape, error) {
	if err := checkSquare(in); err != nil {
		return nil, err
	}
	return append(in[0][:len(in[0])-2:len(in[0])-2], dims...), nil
}

// forEach returns a number for each matrix with two axes of 1, so that it is
// broadcast over the matrix.
func forEach(number *Node) *Node { return Unsqueeze(Unsqueeze(number, -1), -1) }

// cofactors is the matrix of cofactors C = d·x⁻ᵀ of x, d = det x, the gradient of d.
//
//	x̄ = (Σ(ȳ∘C)·C − C·ȳᵀ·C)/d
type cofactors struct{}

func (cofactors) Name() string                                  { return "Cofactors" }
func (cofactors) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], checkSquare(in) }
func (cofactors) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindCofactors(dst, in[0])
}
func (cofactors) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindCofactors(dst, in[0])
}

func bindCofactors[T tensor.Float](dst, x *tensor.Array[T]) func() {
	n := x.Shape[len(x.Shape)-1]
	f, y, columns := newLU(n), make([]float64, n*n), make([]int, n)
	return bindEach(dst, x, f.a, y, func() bool {
		copy(y, f.a)
		if f.factor() {
			setDiagonal(y, n, f.det())
			f.solve(blas.Trans, y, n)
			return true
		}
		copy(f.a, y)
		return f.singularCofactors(y, columns)
	})
}

// singularCofactors writes the cofactors of a singular matrix to y. It returns
// false for one that is not finite.
//
// With complete pivoting, P·a·Q = L·U, a matrix of rank n−1 has one pivot of 0, the
// last. A tiny number δ in its place changes the cofactors by as little, and in
// δ·(a + ...)⁻ᵀ it cancels without loss. For a lower rank they are 0.
func (f *lu) singularCofactors(y []float64, columns []int) bool {
	for _, v := range f.a {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	n := f.n
	rank := f.factorCompletely(columns)
	switch {
	case rank < n-1:
		clear(y)
		return true
	case n == 1:
		f.a[0] = 1
	case rank == n-1:
		f.a[n*n-1] = 0x1p-100 * math.Abs(f.a[(n-2)*(n+1)])
	}
	d := f.det()
	for i, c := range columns {
		if c != i {
			d = -d
		}
	}
	setDiagonal(y, n, d)
	lapack.Implementation{}.Dlaswp(n, y, n, 0, n-1, columns, 1)
	f.solve(blas.Trans, y, n)
	return true
}

// factorCompletely computes L and U with complete pivoting, where column i changed
// places with columns[i], and returns the number of pivots that are not 0.
func (f *lu) factorCompletely(columns []int) int {
	bi, n, a := blas64.Implementation(), f.n, f.a
	for i := range n {
		f.pivots[i], columns[i] = i, i
	}
	for j := range n {
		top := 0.0
		for r := j; r < n; r++ {
			for c := j; c < n; c++ {
				if v := math.Abs(a[r*n+c]); v > top {
					top, f.pivots[j], columns[j] = v, r, c
				}
			}
		}
		if top == 0 {
			return j
		}
		bi.Dswap(n, a[j*n:], 1, a[f.pivots[j]*n:], 1)
		bi.Dswap(n, a[j:], n, a[columns[j]:], n)
		if rest := n - 1 - j; rest > 0 {
			below := a[(j+1)*n+j:]
			for i := range rest {
				below[i*n] /= a[j*n+j]
			}
			bi.Dger(rest, rest, -1, below, n, a[j*n+j+1:], 1, below[1:], n)
		}
	}
	return n
}

func (cofactors) VJP(x []*Node, y, dy *Node) []*Node {
	if Dim(x[0], -1) == 1 {
		return []*Node{nil} // C = 1
	}
	along := Mul(SumKeep(Mul(dy, y), -2, -1), y)
	across := MatMul(MatMul(y, Transpose(dy)), y)
	return []*Node{Div(Sub(along, across), forEach(Det(x[0])))}
}

// Slogdet returns the sign of the determinant of a square matrix, or of each in the
// last two axes, and the logarithm of its absolute value, without overflow.
//
//	(..., n, n) → (...), (...)
//
//	x̄ = ȳ·x⁻ᵀ from the logarithm; the sign has no gradient
//
// For a singular matrix they are 0 and −Inf, and the gradient is NaN. It matches
// torch.linalg.slogdet, but where x has a NaN, both results are NaN. It records
// [ErrShape] when x is not square; then both results are invalid.
func Slogdet(x *Node) (sign, logabsdet *Node) {
	y := apply(slogdet{}, x)
	if nodeErr(y) != nil {
		return y, y
	}
	last := Rank(y) - 1
	sign, logabsdet = Squeeze(Slice(y, last, 0, 1), last), Squeeze(Slice(y, last, 1, 2), last)
	return StopGradient(sign), logabsdet
}

// slogdet is an array (..., 2) of signs and logarithms: one factorization has both,
// and taking them apart is easier than two primitives that find each other's.
type slogdet struct{}

func (slogdet) Name() string                                  { return "Slogdet" }
func (slogdet) Shape(in []tensor.Shape) (tensor.Shape, error) { return shapeOfEach(in, 2) }
func (slogdet) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindSlogdet(dst, in[0])
}
func (slogdet) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindSlogdet(dst, in[0])
}

func bindSlogdet[T tensor.Float](dst, x *tensor.Array[T]) func() {
	f, y := newLU(x.Shape[len(x.Shape)-1]), make([]float64, 2)
	return bindEach(dst, x, f.a, y, func() bool {
		f.factor()
		y[0], y[1] = f.slogdet()
		return true
	})
}

func (f *lu) slogdet() (sign, logabs float64) {
	sign = 1
	for i, p := range f.pivots {
		u := f.a[i*f.n+i]
		logabs += math.Log(math.Abs(u))
		switch {
		case u == 0 || math.IsNaN(u):
			sign *= u
		case (u < 0) != (p != i):
			sign = -sign
		}
	}
	return sign, logabs
}

func (slogdet) VJP(x []*Node, y, dy *Node) []*Node {
	dlog := Slice(dy, -1, 1, 2)
	return []*Node{Mul(Unsqueeze(dlog, -1), Transpose(Inverse(x[0])))}
}
