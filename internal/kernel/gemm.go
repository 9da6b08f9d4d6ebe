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
	case transB || n < narrow && m > n:
		gemmPacked(dst, a, b, m, n, k, transA, transB)
	case transA:
		gemmRows(dst, a, b, m, n, k, 1, m)
	default:
		gemmRows(dst, a, b, m, n, k, k, 1)
	}
}

// A block of b of this size stays in the first-level cache of 32 KiB while the
// rows of dst go by: blockRows rows of b with blockCols elements each.
const (
	blockRows = 8
	blockCols = 256
)

// gemmRows adds op(a) b to dst, where op(a)[i,p] = a[i*ai+p*ap].
//
// Rows of b are scaled and added to rows of dst. Four rows of b at a time go to
// two rows of dst, so that one load of b serves two products and one load and
// store of dst four. The loops are in functions of their own, where they find
// enough registers.
func gemmRows[T Float](dst, a, b []T, m, n, k, ai, ap int) {
	for j := 0; j < n; j += blockCols {
		cols := min(blockCols, n-j)
		for p := 0; p < k; p += blockRows {
			rows := min(blockRows, k-p)
			gemmBlock(dst[j:], a[p*ap:], b[p*n+j:], m, n, cols, rows, ai, ap)
		}
	}
}

// gemmBlock adds the product of the first k columns of op(a) and the first k
// rows of b to dst, in cols columns. Rows of dst and b start n elements apart.
func gemmBlock[T Float](dst, a, b []T, m, n, cols, k, ai, ap int) {
	for i := 0; i < m; i += 2 {
		d, x := dst[i*n:][:cols], a[i*ai:]
		var e, y []T
		if i+1 < m {
			e, y = dst[(i+1)*n:][:cols], a[(i+1)*ai:]
		}
		p := 0
		for ; p+4 <= k; p += 4 {
			b0, b1, b2, b3 := b[p*n:], b[(p+1)*n:], b[(p+2)*n:], b[(p+3)*n:]
			p0, p1, p2, p3 := p*ap, (p+1)*ap, (p+2)*ap, (p+3)*ap
			if e == nil {
				addRows4(d, b0, b1, b2, b3, x[p0], x[p1], x[p2], x[p3])
				continue
			}
			addRows4x2(d, e, b0, b1, b2, b3, x[p0], x[p1], x[p2], x[p3], y[p0], y[p1], y[p2], y[p3])
		}
		for ; p+2 <= k; p += 2 {
			addRows2(d, b[p*n:], b[(p+1)*n:], x[p*ap], x[(p+1)*ap])
			if e != nil {
				addRows2(e, b[p*n:], b[(p+1)*n:], y[p*ap], y[(p+1)*ap])
			}
		}
		if p < k {
			addRow(d, b[p*n:], x[p*ap])
			if e != nil {
				addRow(e, b[p*n:], y[p*ap])
			}
		}
	}
}

// addRows4x2 adds x0 b0 + x1 b1 + x2 b2 + x3 b3 to d and the same with y to e.
func addRows4x2[T Float](d, e, b0, b1, b2, b3 []T, x0, x1, x2, x3, y0, y1, y2, y3 T) {
	e, b0, b1, b2, b3 = e[:len(d)], b0[:len(d)], b1[:len(d)], b2[:len(d)], b3[:len(d)]
	for j := range d {
		b := b0[j]
		s := d[j] + T(x0*b)
		t := e[j] + T(y0*b)
		b = b1[j]
		s += T(x1 * b)
		t += T(y1 * b)
		b = b2[j]
		s += T(x2 * b)
		t += T(y2 * b)
		b = b3[j]
		s += T(x3 * b)
		t += T(y3 * b)
		d[j] = s
		e[j] = t
	}
}

// addRows4 adds x0 b0 + x1 b1 + x2 b2 + x3 b3 to d.
func addRows4[T Float](d, b0, b1, b2, b3 []T, x0, x1, x2, x3 T) {
	b0, b1, b2, b3 = b0[:len(d)], b1[:len(d)], b2[:len(d)], b3[:len(d)]
	for j := range d {
		s := d[j] + T(x0*b0[j])
		s += T(x1 * b1[j])
		s += T(x2 * b2[j])
		s += T(x3 * b3[j])
		d[j] = s
	}
}

// addRows2 adds x0 b0 + x1 b1 to d.
func addRows2[T Float](d, b0, b1 []T, x0, x1 T) {
	b0, b1 = b0[:len(d)], b1[:len(d)]
	for j := range d {
		d[j] = d[j] + T(x0*b0[j]) + T(x1*b1[j])
	}
}

// addRow adds x b to d.
func addRow[T Float](d, b []T, x T) {
	b = b[:len(d)]
	for j := range d {
		d[j] += T(x * b[j])
	}
}
