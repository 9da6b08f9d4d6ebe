package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack"
	impl "gonum.org/v1/gonum/lapack/gonum"
)

// Eigh returns the eigenvalues w, ascending, and the eigenvectors V, the columns of
// an orthogonal matrix, of a symmetric matrix x = V·diag(w)·Vᵀ, or of each in the
// last two axes. It reads the lower triangle of x, and takes x for symmetric.
//
//	(..., n, n) → (..., n), (..., n, n)
//
//	x̄ = V·diag(w̄)·Vᵀ from the values
//	x̄ = V·K·Vᵀ from the vectors, Kᵢⱼ = ½(VᵀV̄ − V̄ᵀV)ᵢⱼ/(wⱼ − wᵢ), Kᵢᵢ = 0
//
// Both gradients are symmetric: those of functions of (x + xᵀ)/2.
//
// Each vector is only determined up to its sign, and which one comes out may depend
// on the machine; a loss should be the same for both. Where eigenvalues are equal,
// any rotation of their vectors is as good. Then the gradient of the values is the
// one for the vectors that came out, the right one for symmetric functions of those
// values such as their sum, and the gradient of the vectors is NaN or infinite;
// where eigenvalues are near each other it is large and inexact. An expression of
// the values alone never meets this, but its second derivatives do.
//
// Where the lower triangle has NaN or infinities both results are NaN. It matches
// torch.linalg.eigh, whose vectors may have other signs. It records [ErrShape] when
// x is not square; then both results are invalid.
func Eigh(x *Node) (values, vectors *Node) {
	y := apply(eigh{}, x)
	if nodeErr(y) != nil {
		return y, y
	}
	n := Dim(x, -1)
	wrt := []*Node{x}
	values = CustomGrad(Squeeze(Slice(y, -2, 0, 1), -2), wrt, eigenvaluesVJP)
	vectors = CustomGrad(Slice(y, -2, 1, n+1), wrt, eigenvectorsVJP)
	return values, vectors
}

// Eigvalsh returns the eigenvalues of a symmetric matrix, or of each in the last
// two axes, in ascending order: the values of [Eigh], whose vectors their gradient
// needs. It matches torch.linalg.eigvalsh.
func Eigvalsh(x *Node) *Node {
	values, _ := Eigh(x)
	return as("Eigvalsh", values, x)
}

func eigenvaluesVJP(x []*Node, _, dw *Node) []*Node {
	_, v := Eigh(x[0])
	return []*Node{MatMul(Mul(v, Unsqueeze(dw, -2)), Transpose(v))}
}

func eigenvectorsVJP(x []*Node, v, dv *Node) []*Node {
	w, _ := Eigh(x[0])
	n := Dim(w, -1)
	if n == 1 {
		return []*Node{nil}
	}
	s := MatMul(Transpose(v), dv)
	gap := Sub(Unsqueeze(w, -2), Unsqueeze(w, -1))
	diagonal := Eq(countLike(w, n, 1), countLike(w, n))
	k := Where(diagonal, 0, Div(Sub(s, Transpose(s)), Where(diagonal, 1, Mul(gap, 2))))
	return []*Node{MatMul(MatMul(v, k), Transpose(v))}
}

// eigh is an array (..., n+1, n): a row with the eigenvalues, and below it the
// matrix of the eigenvectors. It has no gradient: Eigh, which takes it apart, gives
// one to each part, with the other part at hand, so that one decomposition serves
// derivatives of all orders, and a gradient of values divides by no gaps.
type eigh struct{}

func (eigh) Name() string { return "Eigh" }
func (eigh) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := checkSquare(in); err != nil {
		return nil, err
	}
	n := in[0][len(in[0])-1]
	return shapeOfEach(in, n+1, n)
}
func (eigh) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{nil} }
func (eigh) Differentiable(int) bool            { return false }
func (eigh) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindEigh(dst, in[0])
}
func (eigh) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindEigh(dst, in[0])
}

func bindEigh[T tensor.Float](dst, x *tensor.Array[T]) func() {
	n := x.Shape[len(x.Shape)-1]
	y := make([]float64, (n+1)*n)
	e := newSymmetric(n, y[:n], y[n:])
	return bindEach(dst, x, e.a, y, e.decompose)
}

// symmetric is a matrix a, in the lower triangle, and room for its eigenvalues.
type symmetric struct {
	n    int
	w, a []float64

	z            []float64 // a, with rows that start ld elements apart
	ld           int
	e, tau, work []float64 // beside the diagonal of the tridiagonal matrix; its reflections
}

func newSymmetric(n int, w, a []float64) *symmetric {
	// Dsteqr walks down the columns. With an odd number of cache lines of 8 elements
	// in a row, the lines of a column do not displace each other.
	ld := (n+7)/8*8 | 8
	vector := func(n int) []float64 { return make([]float64, n) }
	return &symmetric{n, w, a, vector(n * ld), ld, vector(n), vector(n), vector(2 * n)}
}

// decompose computes the eigenvalues w, and the eigenvectors in place of a. It
// returns false when a is not finite. It does what LAPACK's DSYEV does, but for the
// scaling: gonum's Dsteqr, v0.17, scales parts of the matrix that are very small, or
// very large, and then the parts behind them, too. So it gets none of those.
func (s *symmetric) decompose() bool {
	n, ld := s.n, s.ld
	top := 0.0
	for i := range n {
		for _, v := range s.a[i*n : i*n+i+1] {
			top = max(top, math.Abs(v))
		}
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return false
	}
	_, exponent := math.Frexp(top)
	exponent = max(exponent, -1000)
	scale := math.Ldexp(1, -exponent) // a power of 2; the largest element is about 1 then
	for i := range n {
		for j, v := range s.a[i*n : (i+1)*n] {
			s.z[i*ld+j] = v * scale
		}
	}
	var l impl.Implementation
	l.Dsytrd(blas.Lower, n, s.z, ld, s.w, s.e, s.tau, s.work, n)
	for i, v := range s.e {
		if math.Abs(v) < 0x1p-300 {
			s.e[i] = 0
		}
	}
	l.Dorgtr(blas.Lower, n, s.z, ld, s.tau, s.work, n)
	ok := l.Dsteqr(lapack.EVOrig, n, s.w, s.e, s.z, ld, s.work)
	for i, v := range s.w {
		s.w[i] = math.Ldexp(v, exponent)
		copy(s.a[i*n:(i+1)*n], s.z[i*ld:])
	}
	return ok
}
