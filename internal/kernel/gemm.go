package kernel

// Gemm writes the matrix product dst = op(a) op(b).
//
//	dst[i,j] = Σₚ op(a)[i,p] op(b)[p,j]      0 <= i < m, 0 <= j < n, 0 <= p < k
//
// All matrices are row-major without gaps. dst is (m, n) and overwritten; a is
// (m, k), or (k, m) with transA; b is (k, n), or (n, k) with transB. dst must
// not overlap a or b. For k = 0 the product is zero.
//
// Every element is summed over p in ascending order, each product and each sum
// rounded to T: the result is that of the three plain loops, bit for bit.
func Gemm[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	dst, a, b = dst[:m*n], a[:m*k], b[:k*n]
	clear(dst)
	switch {
	case transB && !transA:
		gemmDot(dst, a, b, m, n, k)
	case transB || n < narrow:
		gemmPacked(dst, a, b, m, n, k, transA, transB)
	case transA:
		gemmRows(dst, a, b, m, n, k, 1, m)
	default:
		gemmRows(dst, a, b, m, n, k, k, 1)
	}
}

// gemmRows adds op(a) b to dst, where op(a)[i,p] = a[i*ai+p*ap].
//
// Rows of b are scaled and added to a row of dst, eight at a time, so that one
// load and one store of dst serve eight products. Blocks of columns keep those
// eight rows in the first-level cache while the rows of dst go by.
func gemmRows[T Float](dst, a, b []T, m, n, k, ai, ap int) {
	for j := 0; j < n; j += blockCols {
		cols := min(blockCols, n-j)
		p := 0
		for ; p+8 <= k; p += 8 {
			addRows8(dst[j:], a[p*ap:], b[p*n+j:], m, n, cols, ai, ap)
		}
		for ; p+2 <= k; p += 2 {
			addRows2(dst[j:], a[p*ap:], b[p*n+j:], m, n, cols, ai, ap)
		}
		if p < k {
			addRow(dst[j:], a[p*ap:], b[p*n+j:], m, n, cols, ai)
		}
	}
}

const blockCols = 256

func addRows8[T Float](dst, a, b []T, m, n, cols, ai, ap int) {
	b0, b1, b2, b3 := b[:cols], b[n:][:cols], b[2*n:][:cols], b[3*n:][:cols]
	b4, b5, b6, b7 := b[4*n:][:cols], b[5*n:][:cols], b[6*n:][:cols], b[7*n:][:cols]
	for i := range m {
		x := a[i*ai:]
		a0, a1, a2, a3 := x[0], x[ap], x[2*ap], x[3*ap]
		a4, a5, a6, a7 := x[4*ap], x[5*ap], x[6*ap], x[7*ap]
		d := dst[i*n:][:cols]
		b0, b1, b2, b3 := b0[:len(d)], b1[:len(d)], b2[:len(d)], b3[:len(d)]
		b4, b5, b6, b7 := b4[:len(d)], b5[:len(d)], b6[:len(d)], b7[:len(d)]
		for j := range d {
			s := d[j] + T(a0*b0[j])
			s += T(a1 * b1[j])
			s += T(a2 * b2[j])
			s += T(a3 * b3[j])
			s += T(a4 * b4[j])
			s += T(a5 * b5[j])
			s += T(a6 * b6[j])
			s += T(a7 * b7[j])
			d[j] = s
		}
	}
}

func addRows2[T Float](dst, a, b []T, m, n, cols, ai, ap int) {
	b0, b1 := b[:cols], b[n:][:cols]
	for i := range m {
		x := a[i*ai:]
		a0, a1 := x[0], x[ap]
		d := dst[i*n:][:cols]
		b0, b1 := b0[:len(d)], b1[:len(d)]
		for j := range d {
			d[j] = d[j] + T(a0*b0[j]) + T(a1*b1[j])
		}
	}
}

func addRow[T Float](dst, a, b []T, m, n, cols, ai int) {
	b0 := b[:cols]
	for i := range m {
		a0 := a[i*ai]
		d := dst[i*n:][:cols]
		b0 := b0[:len(d)]
		for j := range d {
			d[j] += T(a0 * b0[j])
		}
	}
}
