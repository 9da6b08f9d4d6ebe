package kernel

// Gemm writes the matrix product dst = op(a) op(b).
//
//	dst[i,j] = Σₚ op(a)[i,p] op(b)[p,j]      0 <= i < m, 0 <= j < n, 0 <= p < k
//
// All matrices are row-major without gaps. dst is (m, n) and overwritten; a is
// (m, k), or (k, m) with transA; b is (k, n), or (n, k) with transB. dst must
// not overlap a or b. For k = 0 the product is zero.
//
// Every element is summed over p in ascending order, and depends neither on the
// shapes of the blocks chosen here nor on the number of processors. The definition
// is plain Go: the three plain loops, each product and each sum rounded to T. On
// processors with AVX2 and FMA, or AVX-512, products that are not tiny round once
// for both, sums fma(op(a)[i,p], op(b)[p,j], sum), whichever the instructions.
// With the build tag purego the definition is all there is.
//
// Large products are computed on several processors, as [Parallel] does.
func Gemm[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	dst, a, b = dst[:m*n], a[:m*k], b[:k*n]
	if isa != plain && m*n*k >= panelsFrom {
		gemmPanels(dst, a, b, nil, addThen, m, n, k, transA, transB)
		return
	}
	gemmGo(dst, a, b, m, n, k, transA, transB)
}

// GemmBias is [Gemm], then bias[j] added to column j, then, with relu, [Relu]: the same
// bits, without another pass over dst. If bias has m·n numbers, each element has its own;
// dst must not overlap it.
//
//	dst[i,j] = Σₚ op(a)[i,p] op(b)[p,j] + bias[j]
func GemmBias[T Float](dst, a, b, bias []T, relu bool, m, n, k int, transA, transB bool) {
	dst, a, b = dst[:m*n], a[:m*k], b[:k*n]
	if len(bias) != m*n {
		bias = bias[:n]
	}
	if isa != plain && m*n*k >= panelsFrom && (n > 1 || len(bias) == m) {
		then := addThen
		if relu {
			then = addThenRelu
		}
		gemmPanels(dst, a, b, bias, then, m, n, k, transA, transB)
		return
	}
	Gemm(dst, a, b, m, n, k, transA, transB)
	addBias(dst, bias, relu)
}

// GemmGate is [Gemm], then +0 where gate is 0 or less, which may not overlap dst: the same bits,
// without another pass over dst. With what [Relu] returned as the gate it is the gradient of Relu.
//
//	dst[i,j] = 0 if gate[i,j] <= 0, else Σₚ op(a)[i,p] op(b)[p,j]
func GemmGate[T Float](dst, a, b, gate []T, m, n, k int, transA, transB bool) {
	dst, a, b, gate = dst[:m*n], a[:m*k], b[:k*n], gate[:m*n]
	if isa != plain && m*n*k >= panelsFrom {
		gemmPanels(dst, a, b, gate, shutGate, m, n, k, transA, transB)
		return
	}
	Gemm(dst, a, b, m, n, k, transA, transB)
	for i, g := range gate {
		if g <= 0 {
			dst[i] = 0
		}
	}
}

// What becomes of a sum with the number beside it.
const (
	addThen     = uint8(iota) // they are added
	addThenRelu               // and the result is the larger of that and +0, or NaN
	shutGate                  // the result is +0 where the number is 0 or less
)

// addBias adds bias to every piece of dst as long as it, and applies Relu with relu.
func addBias[T Float](dst, bias []T, relu bool) {
	for i := 0; i < len(dst); i += len(bias) {
		row := dst[i:][:len(bias)]
		Add(row, row, bias)
	}
	if relu {
		Relu(dst, dst)
	}
}

// AddBias adds b to every element of y, and then takes [Relu] with relu, piece by piece.
func AddBias[T Float](y []T, b T, relu bool) {
	var bias [256]T
	Fill(bias[:min(len(bias), len(y))], b)
	for len(y) > 0 {
		n := min(len(bias), len(y))
		addBias(y[:n], bias[:n], relu)
		y = y[n:]
	}
}

// panelsFrom is the number of multiply-adds from which vector instructions are worth
// the call.
const panelsFrom = 64

// gemmGo is the definition of Gemm.
func gemmGo[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	clear(dst)
	switch {
	case m*n*k == 0:
	case !transA && transB && k >= shallow:
		gemmDot(dst, a, b, m, n, k)
	case !transA && !transB && n < narrow && m > n:
		gemmDotPacked(dst, a, b, m, n, k)
	case transA && n < narrow && m > n:
		gemmColumns(dst, a, b, m, n, k, transB)
	case transB:
		gemmRowsPacked(dst, a, b, m, n, k, transA)
	default:
		gemmRows(dst, a, b, m, n, k, transA)
	}
}

// Where each of the ways to order the loops stops paying, found by measuring.
const (
	shallow = 8  // with fewer terms, dot products spend their time on setting out
	narrow  = 16 // with fewer columns, so do sums of rows
)

// pack transposes a (rows, cols) matrix: src has rows that start lds elements
// apart, dst has columns as rows that start ldd elements apart.
func pack[T Float](dst []T, ldd int, src []T, lds, rows, cols int) {
	for i := range rows {
		d := dst[i:]
		for j, v := range src[i*lds:][:cols] {
			d[j*ldd] = v
		}
	}
}
