package optim

import (
	"math"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// newtonSchulzWork returns the number of elements of X, of its next value, A and A².
func newtonSchulzWork(m, n int) int {
	k := min(m, n)
	return 2*m*n + 2*k*k
}

// newtonSchulz makes all singular values of X of m×n about 1, for [Muon]:
//
//	X ← X / max(‖X‖, ε)
//	k times
//	    A ← XXᵀ, X ← aX + (bA + cA²)X      if m <= n
//	    A ← XᵀX, X ← aX + X(bA + cA²)      if m > n, which is the same of Xᵀ
//
// with abc = [a b c]. It returns X, which lies in x or in the work, of the three other parts
// of newtonSchulzWork.
func newtonSchulz[T tensor.Float](x, work []T, m, n int, abc [3]T, eps T, k int) []T {
	d, tall := min(m, n), m > n
	next, gram, poly := work[:m*n], work[m*n:m*n+d*d], work[m*n+d*d:]
	a, b, c := abc[0], abc[1], abc[2]
	scale := max(T(math.Sqrt(squares(x, 1))), eps)
	for i := range x {
		x[i] /= scale
	}
	for range k {
		kernel.Gemm(gram, x, x, d, d, max(m, n), tall, !tall)
		kernel.Gemm(poly, gram, gram, d, d, d, false, false)
		for i := range poly {
			poly[i] = T(b*gram[i]) + T(c*poly[i])
		}
		if tall {
			kernel.Gemm(next, x, poly, m, n, d, false, false)
		} else {
			kernel.Gemm(next, poly, x, m, n, d, false, false)
		}
		for i := range next {
			next[i] += T(a * x[i])
		}
		x, next = next, x
	}
	return x
}
