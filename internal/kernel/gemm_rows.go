package kernel

// Products as sums of scaled rows: dst[i,:] = Σₚ a[i,p] b[p,:]. They read a one
// element at a time, so that its layout does not matter, and b in whole rows.

// A block of b of this size stays in the first-level cache of 32 KiB while the
// rows of dst go by: blockRows rows of b with blockCols elements each.
const (
	blockRows = 8
	blockCols = 256
)

// gemmRows adds op(a) b to dst.
func gemmRows[T Float](dst, a, b []T, m, n, k int, transA bool) {
	x := element(m, k, transA)
	for j := 0; j < n; j += blockCols {
		cols := min(blockCols, n-j)
		for p := 0; p < k; p += blockRows {
			addBlock(dst[j:], n, a[p*x.p:], x, b[p*n+j:], n, m, cols, min(blockRows, k-p))
		}
	}
}

// gemmRowsPacked adds op(a) bᵀ to dst, transposing b block by block.
func gemmRowsPacked[T Float](dst, a, b []T, m, n, k int, transA bool) {
	var block [blockRows * blockCols]T
	x := element(m, k, transA)
	for j := 0; j < n; j += blockCols {
		cols := min(blockCols, n-j)
		for p := 0; p < k; p += blockRows {
			rows := min(blockRows, k-p)
			pack(block[:], blockCols, b[j*k+p:], k, cols, rows)
			addBlock(dst[j:], n, a[p*x.p:], x, block[:], blockCols, m, cols, rows)
		}
	}
}

// gemmColumns adds aᵀ op(b) to dst, which has fewer than narrow columns. It
// computes the transpose, op(b)ᵀ a, whose rows are long, block by block.
func gemmColumns[T Float](dst, a, b []T, m, n, k int, transB bool) {
	var block [narrow * blockCols]T
	y := element(n, k, !transB)
	for i := 0; i < m; i += blockCols {
		rows := min(blockCols, m-i)
		clear(block[:])
		for p := 0; p < k; p += blockRows {
			addBlock(block[:], blockCols, b[p*y.p:], y, a[p*m+i:], m, n, rows, min(blockRows, k-p))
		}
		for j := range n {
			d := dst[i*n+j:]
			for q, v := range block[j*blockCols:][:rows] {
				d[q*n] = v
			}
		}
	}
}

// strides says where element (i, p) of a matrix is: at i*s.i + p*s.p.
type strides struct{ i, p int }

// element returns the strides of op(a), an (m, k) matrix.
func element(m, k int, trans bool) strides {
	if trans {
		return strides{1, m}
	}
	return strides{k, 1}
}

// longest returns the larger of the strides: from one row, or column, to the next.
func (s strides) longest() int { return max(s.i, s.p) }

// addBlock adds to the (m, n) matrix dst the product of a, which is (m, k), and
// b, which is (k, n). Rows of dst and b start ldd and ldb elements apart. Four
// rows of b at a time are added to two of dst, so that a load of b serves two
// products, and a load and a store of dst four. The loops are in functions of
// their own: there the compiler finds a register for every operand.
func addBlock[T Float](dst []T, ldd int, a []T, s strides, b []T, ldb, m, n, k int) {
	i := 0
	for ; i+2 <= m; i += 2 {
		d, e := dst[i*ldd:][:n], dst[(i+1)*ldd:][:n]
		x, y := a[i*s.i:], a[(i+1)*s.i:]
		p := 0
		for ; p+4 <= k; p += 4 {
			b0, b1, b2, b3 := b[p*ldb:], b[(p+1)*ldb:], b[(p+2)*ldb:], b[(p+3)*ldb:]
			p0, p1, p2, p3 := p*s.p, (p+1)*s.p, (p+2)*s.p, (p+3)*s.p
			addRows4x2(d, e, b0, b1, b2, b3, x[p0], x[p1], x[p2], x[p3], y[p0], y[p1], y[p2], y[p3])
		}
		if p+2 <= k {
			p0, p1 := p*s.p, (p+1)*s.p
			addRows2x2(d, e, b[p*ldb:], b[(p+1)*ldb:], x[p0], x[p1], y[p0], y[p1])
			p += 2
		}
		if p < k {
			addRow(d, b[p*ldb:], x[p*s.p])
			addRow(e, b[p*ldb:], y[p*s.p])
		}
	}
	if i < m {
		addRows(dst[i*ldd:][:n], a[i*s.i:], s.p, b, ldb, k)
	}
}

// addRows adds to d the first k rows of b, scaled by a[0], a[ap], ...
func addRows[T Float](d, a []T, ap int, b []T, ldb, k int) {
	p := 0
	for ; p+4 <= k; p += 4 {
		addRows4(d, b[p*ldb:], b[(p+1)*ldb:], b[(p+2)*ldb:], b[(p+3)*ldb:],
			a[p*ap], a[(p+1)*ap], a[(p+2)*ap], a[(p+3)*ap])
	}
	for ; p < k; p++ {
		addRow(d, b[p*ldb:], a[p*ap])
	}
}

// addRows4x2 adds x0 b0 + x1 b1 + x2 b2 + x3 b3 to d, and the same with y to e.
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

// addRows2x2 adds x0 b0 + x1 b1 to d, and the same with y to e.
func addRows2x2[T Float](d, e, b0, b1 []T, x0, x1, y0, y1 T) {
	e, b0, b1 = e[:len(d)], b0[:len(d)], b1[:len(d)]
	for j := range d {
		b, c := b0[j], b1[j]
		d[j] = d[j] + T(x0*b) + T(x1*c)
		e[j] = e[j] + T(y0*b) + T(y1*c)
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

// addRow adds x b to d.
func addRow[T Float](d, b []T, x T) {
	b = b[:len(d)]
	for j := range d {
		d[j] += T(x * b[j])
	}
}
