package kernel

// Gemm writes the matrix product dst = op(a) op(b).
//
//	dst[i,j] = Σₚ op(a)[i,p] op(b)[p,j]      0 <= i < m, 0 <= j < n, 0 <= p < k
//
// All matrices are row-major without gaps. dst is (m, n) and overwritten; a is
// (m, k), or (k, m) with transA; b is (k, n), or (n, k) with transB. dst must
// not overlap a or b. For k = 0 the product is zero.
func Gemm[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	ai, ap := k, 1
	if transA {
		ai, ap = 1, m
	}
	bp, bj := n, 1
	if transB {
		bp, bj = 1, k
	}
	for i := range m {
		for j := range n {
			var s T
			for p := range k {
				s += T(a[i*ai+p*ap] * b[p*bp+j*bj])
			}
			dst[i*n+j] = s
		}
	}
}
