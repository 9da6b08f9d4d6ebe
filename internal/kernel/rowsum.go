package kernel

// The functions in this file compute a matrix of rows of cols elements and, while they are in
// registers, the sum of each row, in the order of [SumAxis]. Those named Dot write nothing but sums. As in
// byrow.go, s and t have one number for each row, and a matrix beside the first may be one row that is the same
// for all. dst may be one of the matrices as long as itself, but not x.

// A rowSumOperation is one that there is assembly for.
type rowSumOperation int

// The order is that of gen/rowsum.go.
const (
	opSubSquares rowSumOperation = iota
	opMulDot
	opMulMulAddSum
	opDivMulAddSum
	opDivDotMulAdd
	opMulMulMulAddSum
	opDivMulMulAddSum
	opDotMul
	opDotSubSub
	opDotMulAdd
	opDotMulMulAdd
	rowSumOperations // their number
)

// SubSquares writes dst[r,c] = a[r,c] - s[r] and sums[r] = Σ dst[r,c]².
func SubSquares[T Float](dst, sums, a, s []T, cols int) {
	if vectorRowSum(opSubSquares, dst, sums, a, nil, nil, nil, s, s, cols) {
		return
	}
	SubByRow(dst, a, s, cols)
	DotRows(sums, dst, dst, cols)
}

// MulDot writes dst[r,c] = a[r,c] b[r,c] and sums[r] = Σ dst[r,c] x[r,c].
func MulDot[T Float](dst, sums, a, b, x []T, cols int) {
	if vectorRowSum(opMulDot, dst, sums, a, b, x, nil, nil, nil, cols) {
		return
	}
	MulByColumn(dst, a, b, cols)
	DotRows(sums, dst, x, cols)
}

// MulMulAddSum writes dst[r,c] = a[r,c] s[r] + b[r,c] t[r] and sums[r] = Σ dst[r,c].
func MulMulAddSum[T Float](dst, sums, a, b, s, t []T, cols int) {
	if vectorRowSum(opMulMulAddSum, dst, sums, a, b, nil, nil, s, t, cols) {
		return
	}
	MulMulAddByRow(dst, a, b, s, t, cols)
	SumAxis(sums, dst, len(sums), cols, 1)
}

// DivMulAddSum writes dst[r,c] = a[r,c] / s[r] + b[r,c] t[r] and sums[r] = Σ dst[r,c].
func DivMulAddSum[T Float](dst, sums, a, b, s, t []T, cols int) {
	if vectorRowSum(opDivMulAddSum, dst, sums, a, b, nil, nil, s, t, cols) {
		return
	}
	DivMulAddByRow(dst, a, b, s, t, cols)
	SumAxis(sums, dst, len(sums), cols, 1)
}

// DivDotMulAdd writes dst[r,c] = a[r,c] / s[r] and sums[r] = Σ (dst[r,c] b[r,c] + c[r,c]) x[r,c].
func DivDotMulAdd[T Float](dst, sums, a, b, c, x, s []T, cols int) {
	if vectorRowSum(opDivDotMulAdd, dst, sums, a, b, c, x, s, s, cols) {
		return
	}
	DivByRow(dst, a, s, cols)
	DotMulAdd(sums, dst, b, c, x, cols)
}

// MulMulMulAddSum writes dst[r,c] = (a[r,c] b[r,c]) s[r] + c[r,c] t[r] and sums[r] = Σ dst[r,c].
func MulMulMulAddSum[T Float](dst, sums, a, b, c, s, t []T, cols int) {
	if vectorRowSum(opMulMulMulAddSum, dst, sums, a, b, c, nil, s, t, cols) {
		return
	}
	MulMulMulAddByRow(dst, a, b, c, s, t, cols)
	SumAxis(sums, dst, len(sums), cols, 1)
}

// DivMulMulAddSum writes dst[r,c] = a[r,c] b[r,c] / s[r] + c[r,c] t[r] and sums[r] = Σ dst[r,c].
func DivMulMulAddSum[T Float](dst, sums, a, b, c, s, t []T, cols int) {
	if vectorRowSum(opDivMulMulAddSum, dst, sums, a, b, c, nil, s, t, cols) {
		return
	}
	DivMulMulAddByRow(dst, a, b, c, s, t, cols)
	SumAxis(sums, dst, len(sums), cols, 1)
}

// DotMul writes sums[r] = Σ (a[r,c] b[r,c]) x[r,c]. All that is computed is rounded.
func DotMul[T Float](sums, a, b, x []T, cols int) {
	if vectorRowSum(opDotMul, nil, sums, a, b, x, nil, nil, nil, cols) {
		return
	}
	for r := range sums {
		a, b, x := rowOf(a, r, len(sums), cols), rowOf(b, r, len(sums), cols), rowOf(x, r, len(sums), cols)
		sums[r] = inLeaves(0, cols, func(i, j int) T { return dotMulLeaf(a[i:j], b[i:j], x[i:j]) })
	}
}

// dotMulLeaf returns the sum for one row of at most leafRow elements.
func dotMulLeaf[T Float](a, b, x []T) T {
	var y [1]T
	if vectorRowSum(opDotMul, nil, y[:], a, b, x, nil, nil, nil, len(a)) {
		return y[0]
	}
	var terms [leafRow]T
	for i, v := range a {
		terms[i] = T(v*b[i]) * x[i]
	}
	return sumRow(terms[:len(a)])
}

// DotSubSub writes sums[r] = Σ ((a[r,c] - s[r]) - t[r]) x[r,c]. All that is computed is rounded.
func DotSubSub[T Float](sums, a, x, s, t []T, cols int) {
	if vectorRowSum(opDotSubSub, nil, sums, a, x, nil, nil, s, t, cols) {
		return
	}
	for r := range sums {
		a, x, s, t := rowOf(a, r, len(sums), cols), rowOf(x, r, len(sums), cols), s[r:r+1], t[r:r+1]
		sums[r] = inLeaves(0, cols, func(i, j int) T { return dotSubSubLeaf(a[i:j], x[i:j], s, t) })
	}
}

// dotSubSubLeaf returns the sum for one row of at most leafRow elements.
func dotSubSubLeaf[T Float](a, x, s, t []T) T {
	var y [1]T
	if vectorRowSum(opDotSubSub, nil, y[:], a, x, nil, nil, s, t, len(a)) {
		return y[0]
	}
	var terms [leafRow]T
	for i, v := range a {
		terms[i] = T(v-s[0]-t[0]) * x[i]
	}
	return sumRow(terms[:len(a)])
}

// DotMulAdd writes sums[r] = Σ (a[r,c] b[r,c] + c[r,c]) x[r,c]. All that is computed is rounded.
func DotMulAdd[T Float](sums, a, b, c, x []T, cols int) {
	if vectorRowSum(opDotMulAdd, nil, sums, a, b, c, x, nil, nil, cols) {
		return
	}
	for r := range sums {
		a, b := rowOf(a, r, len(sums), cols), rowOf(b, r, len(sums), cols)
		c, x := rowOf(c, r, len(sums), cols), rowOf(x, r, len(sums), cols)
		sums[r] = inLeaves(0, cols, func(i, j int) T { return dotMulAddLeaf(a[i:j], b[i:j], c[i:j], x[i:j]) })
	}
}

// dotMulAddLeaf returns the sum for one row of at most leafRow elements.
func dotMulAddLeaf[T Float](a, b, c, x []T) T {
	var y [1]T
	if vectorRowSum(opDotMulAdd, nil, y[:], a, b, c, x, nil, nil, len(a)) {
		return y[0]
	}
	var terms [leafRow]T
	for i, v := range a {
		terms[i] = T(T(v*b[i])+c[i]) * x[i]
	}
	return sumRow(terms[:len(a)])
}

// DotMulMulAdd writes sums[r] = Σ ((a[r,c] s[r]) b[r,c] + c[r,c]) x[r,c]. All that is computed is rounded.
func DotMulMulAdd[T Float](sums, a, b, c, x, s []T, cols int) {
	if vectorRowSum(opDotMulMulAdd, nil, sums, a, b, c, x, s, s, cols) {
		return
	}
	for r := range sums {
		a, b, s := rowOf(a, r, len(sums), cols), rowOf(b, r, len(sums), cols), s[r:r+1]
		c, x := rowOf(c, r, len(sums), cols), rowOf(x, r, len(sums), cols)
		sums[r] = inLeaves(0, cols, func(i, j int) T { return dotMulMulAddLeaf(a[i:j], b[i:j], c[i:j], x[i:j], s) })
	}
}

// dotMulMulAddLeaf returns the sum for one row of at most leafRow elements.
func dotMulMulAddLeaf[T Float](a, b, c, x, s []T) T {
	var y [1]T
	if vectorRowSum(opDotMulMulAdd, nil, y[:], a, b, c, x, s, s, len(a)) {
		return y[0]
	}
	var terms [leafRow]T
	for i, v := range a {
		terms[i] = T(T(T(v*s[0])*b[i])+c[i]) * x[i]
	}
	return sumRow(terms[:len(a)])
}

// rowOf returns row r of x, which has rows of its own, or one for all.
func rowOf[T Float](x []T, r, rows, cols int) []T {
	return x[r*rowStep(x, rows, cols):][:cols]
}

// vectorRowSum computes rows with vector instructions, and reports whether it did: if they are no
// longer than what [SumAxis] sums in one go.
func vectorRowSum[T Float](op rowSumOperation, dst, sums, a, b, c, d, s, t []T, cols int) bool {
	rows := len(sums)
	if rows == 0 || cols == 0 || cols > leafRow {
		return false
	}
	if dst != nil {
		dst = dst[:rows*cols]
	}
	if s != nil {
		s, t = s[:rows], t[:rows]
	}
	m := rowMatrices{at(dst), at(a), at(b), at(c), at(d),
		rowStep(a, rows, cols), rowStep(b, rows, cols), rowStep(c, rows, cols), rowStep(d, rows, cols)}
	return vectorRowSums(op, size[T](), rows, cols, m, at(sums), at(s), at(t))
}
