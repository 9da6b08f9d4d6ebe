package optim

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Matrices that act along an axis of a tensor, for [Shampoo] and [SOAP]. A scalar is a
// vector of one element.

func axis(shape tensor.Shape, i int) int {
	if len(shape) == 0 {
		return 1
	}
	return shape[i]
}

func longest(shape tensor.Shape) int {
	d := 1
	for _, n := range shape {
		d = max(d, n)
	}
	return d
}

// around returns the number of elements of g for each index of axis i of one block, and the
// number of blocks.
func around(shape tensor.Shape, i int) (inner, outer int) {
	inner, outer = 1, 1
	for k, n := range shape {
		if k < i {
			outer *= n
		} else if k > i {
			inner *= n
		}
	}
	return inner, outer
}

// addGram does h ← keep·h + w·GᵢGᵢᵀ, with Gᵢ the matrix of one row per index of axis i of
// g. work is as large as h.
func addGram[T tensor.Float](h, g, work []T, keep, w T, i int, shape tensor.Shape) {
	d := axis(shape, i)
	inner, outer := around(shape, i)
	for k := range h {
		h[k] *= keep
	}
	step, transposed := d*inner, false
	if inner == 1 {
		step, inner, transposed = len(g), outer, true
	}
	for at := 0; at < len(g); at += step {
		block := g[at : at+step]
		kernel.Gemm(work[:d*d], block, block, d, d, inner, transposed, !transposed)
		for k := range h {
			h[k] += T(w * work[k])
		}
	}
}

// alongAxis writes to dst the product of a matrix of d×d, or its transpose, with every
// vector of g along axis i, which has d elements.
func alongAxis[T tensor.Float](dst, g, matrix []T, transpose bool, i int, shape tensor.Shape) {
	d := axis(shape, i)
	inner, outer := around(shape, i)
	if inner == 1 {
		kernel.Gemm(dst, g, matrix, outer, d, d, false, !transpose)
		return
	}
	for at := 0; at < len(g); at += d * inner {
		kernel.Gemm(dst[at:at+d*inner], matrix, g[at:at+d*inner], d, inner, d, transpose, false)
	}
}

// blocked is the number of columns that gonum's tridiagonalization works on at once.
const blocked = 32

// eigenWork returns the memory that eigen and inverseRoot need.
func eigenWork(d int) int { return 2*d*d + d + (blocked+2)*d }

// eigen returns the eigenvalues of the symmetric h of d×d, from the lowest, and the
// matrix whose columns are the eigenvectors, both in work, and false if they are not to
// be had, as for infinite elements.
func eigen[T tensor.Float](h []T, work []float64, d int) (values, vectors, rest []float64, ok bool) {
	vectors, values, rest = work[:d*d], work[2*d*d:2*d*d+d], work[2*d*d+d:]
	for k, v := range h {
		if !finite(float64(v)) {
			return nil, nil, nil, false
		}
		vectors[k] = float64(v)
	}
	a := blas64.Symmetric{N: d, Stride: d, Data: vectors, Uplo: blas.Upper}
	ok = lapack64.Syev(lapack.EVCompute, a, values, rest, len(rest))
	return values, vectors, work[d*d : 2*d*d], ok
}

// inverseRoot writes (h + εI)^power to root. Negative eigenvalues, of round-off, count as
// zero. A matrix without eigenvalues makes NaN.
func inverseRoot[T tensor.Float](root, h []T, work []float64, d int, eps, power float64) {
	values, v, scaled, ok := eigen(h, work, d)
	if !ok {
		for k := range root {
			root[k] = T(math.NaN())
		}
		return
	}
	for k := range d {
		values[k] = math.Pow(max(values[k], 0)+eps, power)
	}
	for k := range v {
		scaled[k] = v[k] * values[k%d]
	}
	for i := range d {
		for j := range d {
			root[i*d+j] = T(dot(scaled[i*d:(i+1)*d], v[j*d:(j+1)*d]))
		}
	}
}

// eigenvectors writes the eigenvectors of h to the columns of q, from that of the
// largest eigenvalue, or NaN if there are none.
func eigenvectors[T tensor.Float](q, h []T, work []float64, d int) {
	_, v, _, ok := eigen(h, work, d)
	for k := range q {
		q[k] = T(math.NaN())
		if ok {
			q[k] = T(v[k-k%d+d-1-k%d])
		}
	}
}

// orthogonalIteration replaces q by the orthogonal factor of hq, whose columns it
// sorts first by the estimates qⱼᵀhqⱼ of the eigenvalues, from the largest. It returns the
// old numbers of the new columns.
func orthogonalIteration[T tensor.Float](q, h []T, work []float64, d int) (order []float64) {
	product, sorted := work[:d*d], work[d*d:2*d*d]
	work = work[2*d*d:]
	value, order, tau, work := work[:d], work[d:2*d], work[2*d:3*d], work[3*d:]
	clear(value)
	ok := true
	for i := range d {
		for j := range d {
			sum := 0.0
			for k := range d {
				sum += float64(float64(h[i*d+k]) * float64(q[k*d+j]))
			}
			product[i*d+j] = sum
			value[j] += float64(float64(q[i*d+j]) * sum)
			ok = ok && finite(sum)
		}
	}
	for j := range order {
		k := j
		for ; k > 0 && value[int(order[k-1])] < value[j]; k-- {
			order[k] = order[k-1]
		}
		order[k] = float64(j)
	}
	for k := range sorted {
		sorted[k] = product[k-k%d+int(order[k%d])]
	}
	if ok {
		a := blas64.General{Rows: d, Cols: d, Stride: d, Data: sorted}
		lapack64.Geqrf(a, tau, work, len(work))
		lapack64.Orgqr(a, tau, work, len(work))
	}
	for k := range q {
		q[k] = T(math.NaN())
		if ok {
			q[k] = T(sorted[k])
		}
	}
	return order
}

// reorder puts the elements of x along axis i into another order. work is as large as x.
func reorder[T tensor.Float](x, work []T, order []float64, i int, shape tensor.Shape) {
	copy(work, x)
	inner, _ := around(shape, i)
	d := shape[i]
	for k := range x {
		j := k / inner % d
		x[k] = work[k+(int(order[j])-j)*inner]
	}
}
