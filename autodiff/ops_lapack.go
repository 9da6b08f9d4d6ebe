package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	lapack "gonum.org/v1/gonum/lapack/gonum"
)

// The kernels of linear algebra are gonum's, in float64: float32 matrices are
// widened first, and results are rounded once. Each primitive factors its matrix
// for itself, although a gradient often needs the factors that the value had: kept
// in an array of the program they would be rounded to float32 in between, and the
// digits of ill-conditioned systems lost.
//
// gonum multiplies large matrices in goroutines, which a program must not start. So
// the blocks are put together here, and workspaces are the smallest, for which
// gonum takes its plain loops.

// checkSquare reports a first input that is not square in its last two axes.
func checkSquare(in []tensor.Shape) error {
	if s := in[0]; len(s) < 2 || s[len(s)-1] != s[len(s)-2] {
		return shapeError(in, "want square matrices in the last two axes")
	}
	return nil
}

// widen writes src to dst, exactly.
func widen[T tensor.Float](dst []float64, src []T) {
	for i, v := range src {
		dst[i] = float64(v)
	}
}

// narrow writes src to dst, rounded.
func narrow[T tensor.Float](dst []T, src []float64) {
	for i, v := range src {
		dst[i] = T(v)
	}
}

func fillNaN(dst []float64) {
	for i := range dst {
		dst[i] = math.NaN()
	}
}

// bindEach returns the kernel that computes each matrix of x for itself: it puts
// one into in, calls f, and takes the result from out. The result is NaN where f
// returns false. in and out may overlap.
func bindEach[T tensor.Float](dst, x *tensor.Array[T], in, out []float64, f func() bool) func() {
	count := tensor.Size(x.Shape) / len(in)
	return func() {
		for i := range count {
			widen(in, x.Data[i*len(in):(i+1)*len(in)])
			if !f() {
				fillNaN(out)
			}
			narrow(dst.Data[i*len(out):(i+1)*len(out)], out)
		}
	}
}

// bindSystems returns the kernel that solves a·y = b for each matrix of a batch: it
// puts a into matrix and calls factor, then b into x and calls solve, which leaves
// y there. The result is NaN where factor returns false.
func bindSystems[T tensor.Float](dst, a, b *tensor.Array[T], matrix []float64, factor func() bool, solve func(x []float64)) func() {
	last := len(dst.Shape) - 2
	batch, size := dst.Shape[:last], tensor.Size(dst.Shape[last:])
	offA, offB := batchOffsets(a.Shape, batch), batchOffsets(b.Shape, batch)
	x := make([]float64, size)
	return func() {
		ok := false
		for i := range offA {
			if i == 0 || offA[i] != offA[i-1] { // else it is the same matrix again
				widen(matrix, a.Data[offA[i]:offA[i]+len(matrix)])
				ok = factor()
			}
			if ok {
				widen(x, b.Data[offB[i]:offB[i]+size])
				solve(x)
			} else {
				fillNaN(x)
			}
			narrow(dst.Data[i*size:(i+1)*size], x)
		}
	}
}

// systemShape is the shape of a⁻¹·b, with leading dimensions broadcast.
func systemShape(in []tensor.Shape) (tensor.Shape, error) {
	a, b := in[0], in[1]
	if err := checkSquare(in); err != nil {
		return nil, err
	}
	if len(b) < 2 || b[len(b)-2] != a[len(a)-1] {
		return nil, shapeError(in, "want %d rows on the right", a[len(a)-1])
	}
	batch, err := tensor.Broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return nil, err
	}
	return append(batch, b[len(b)-2:]...), nil
}

// lu is the factorization P·a = L·U of a matrix with partial pivoting. L and U are
// computed in place of a.
type lu struct {
	n      int
	a      []float64
	pivots []int // row i changed places with row pivots[i]
}

func newLU(n int) *lu { return &lu{n, make([]float64, n*n), make([]int, n)} }

// factor computes the factors. It returns false when a pivot is zero; then U is
// singular.
func (f *lu) factor() bool {
	const block = 64
	bi, impl := blas64.Implementation(), lapack.Implementation{}
	n, a, ok := f.n, f.a, true
	for j := 0; j < n; j += block {
		nb := min(block, n-j)
		next := j + nb
		pivots := f.pivots[j:next]
		ok = impl.Dgetf2(n-j, nb, a[j*n+j:], n, pivots) && ok
		for i := range pivots {
			pivots[i] += j
		}
		impl.Dlaswp(j, a, n, j, next-1, f.pivots[:next], 1)
		if next == n {
			break
		}
		impl.Dlaswp(n-next, a[next:], n, j, next-1, f.pivots[:next], 1)
		bi.Dtrsm(blas.Left, blas.Lower, blas.NoTrans, blas.Unit, nb, n-next, 1, a[j*n+j:], n, a[j*n+next:], n)
		f.update(j, next)
	}
	return ok
}

// update subtracts from the rest of the matrix, from row and column next on, the
// product of the columns and the rows j to next. gonum's Dgemm starts goroutines
// for four tiles of 64×64 and more.
func (f *lu) update(j, next int) {
	const rows, cols = 64, 3 * 64
	bi, n, a := blas64.Implementation(), f.n, f.a
	for r := next; r < n; r += rows {
		for c := next; c < n; c += cols {
			bi.Dgemm(blas.NoTrans, blas.NoTrans, min(rows, n-r), min(cols, n-c), next-j, -1,
				a[r*n+j:], n, a[j*n+c:], n, 1, a[r*n+c:], n)
		}
	}
}

// solve writes the solution y of op(a)·y = x, of k columns, to x.
func (f *lu) solve(trans blas.Transpose, x []float64, k int) {
	lapack.Implementation{}.Dgetrs(trans, f.n, k, f.a, f.n, f.pivots, x, k)
}

// det returns the determinant, ± the product of the pivots.
func (f *lu) det() float64 {
	d := 1.0
	for i, p := range f.pivots {
		d *= f.a[i*f.n+i]
		if p != i {
			d = -d
		}
	}
	return d
}

// transposed returns gonum's flag.
func transposed(trans bool) blas.Transpose {
	if trans {
		return blas.Trans
	}
	return blas.NoTrans
}
