package kernel

// The functions in this file compute a matrix of rows of cols elements and, while they are in
// registers, the sum of each row, in the order of [SumAxis]. As in byrow.go, s and t have one number
// for each row, and a matrix beside the first may be one row that is the same for all. dst may be one of
// the matrices as long as itself, but not x.

// A rowSumOperation is one that there is assembly for.
type rowSumOperation int

// The order is that of gen/rowsum.go.
const (
	opSubSquares rowSumOperation = iota
	opMulDot
	opMulMulAddSum
	rowSumOperations // their number
)

// SubSquares writes dst[r,c] = a[r,c] - s[r] and sums[r] = Σ dst[r,c]².
func SubSquares[T Float](dst, sums, a, s []T, cols int) {
	if vectorRowSum(opSubSquares, dst, sums, a, nil, nil, s, s, cols) {
		return
	}
	SubByRow(dst, a, s, cols)
	DotRows(sums, dst, dst, cols)
}

// MulDot writes dst[r,c] = a[r,c] b[r,c] and sums[r] = Σ dst[r,c] x[r,c].
func MulDot[T Float](dst, sums, a, b, x []T, cols int) {
	if vectorRowSum(opMulDot, dst, sums, a, b, x, nil, nil, cols) {
		return
	}
	MulByColumn(dst, a, b, cols)
	DotRows(sums, dst, x, cols)
}

// MulMulAddSum writes dst[r,c] = a[r,c] s[r] + b[r,c] t[r] and sums[r] = Σ dst[r,c].
func MulMulAddSum[T Float](dst, sums, a, b, s, t []T, cols int) {
	if vectorRowSum(opMulMulAddSum, dst, sums, a, b, nil, s, t, cols) {
		return
	}
	MulMulAddByRow(dst, a, b, s, t, cols)
	SumAxis(sums, dst, len(sums), cols, 1)
}

// vectorRowSum computes rows with vector instructions, and reports whether it did: if they are no
// longer than what [SumAxis] sums in one go.
func vectorRowSum[T Float](op rowSumOperation, dst, sums, a, b, c, s, t []T, cols int) bool {
	rows := len(sums)
	if rows == 0 || cols == 0 || cols > leafRow {
		return false
	}
	dst = dst[:rows*cols]
	if s != nil {
		s, t = s[:rows], t[:rows]
	}
	m := rowMatrices{at(dst), at(a), at(b), at(c), rowStep(a, rows, cols), rowStep(b, rows, cols), rowStep(c, rows, cols)}
	return vectorRowSums(op, size[T](), rows, cols, m, at(sums), at(s), at(t))
}
