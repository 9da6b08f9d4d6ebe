package kernel

const (
	narrow    = 8   // with fewer columns, rows of dst are too short for gemmRows
	blockDeep = 128 // terms of the sum taken at once
)

// gemmDot adds a bᵀ to dst: both operands have p along their rows.
func gemmDot[T Float](dst, a, b []T, m, n, k int) {
	for p := 0; p < k; p += blockDeep {
		q := min(p+blockDeep, k)
		i := 0
		for ; i+4 <= m; i += 4 {
			dotRows(dst[i*n:], n, a[i*k+p:i*k+q], a[(i+1)*k+p:(i+1)*k+q], a[(i+2)*k+p:(i+2)*k+q], a[(i+3)*k+p:(i+3)*k+q], b[p:], n, k)
		}
		for ; i < m; i++ {
			dotRow(dst[i*n:], a[i*k+p:i*k+q], b[p:], n, k)
		}
	}
}

// gemmPacked is Gemm for operands of which p runs along columns: it copies
// them, block by block, to rows.
func gemmPacked[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	var scratch [(narrow + 4) * blockDeep]T
	strips, panel := scratch[:4*blockDeep], scratch[4*blockDeep:]
	for p := 0; p < k; p += blockDeep {
		deep := min(blockDeep, k-p)
		rows, stride := b[min(p, len(b)):], k
		if !transB {
			pack(panel, b[p*n:], deep, n, n)
			rows, stride = panel, blockDeep
		}
		i := 0
		for ; i < m; i += 4 {
			r := min(4, m-i)
			x, s := a[i*k+p:], k
			if transA {
				pack(strips, a[p*m+i:], deep, r, m)
				x, s = strips, blockDeep
			}
			if r == 4 {
				dotRows(dst[i*n:], n, x[:deep], x[s:s+deep], x[2*s:2*s+deep], x[3*s:3*s+deep], rows, n, stride)
				continue
			}
			for q := range r {
				dotRow(dst[(i+q)*n:], x[q*s:q*s+deep], rows, n, stride)
			}
		}
	}
}

// pack transposes deep rows of n elements, stride apart, to n rows of blockDeep.
func pack[T Float](dst, src []T, deep, n, stride int) {
	for p := range deep {
		row := src[p*stride:][:n]
		d := dst[p:]
		for j, v := range row {
			d[j*blockDeep] = v
		}
	}
}

// dotRows adds to four rows of dst the products of a0..a3 with n rows of b.
func dotRows[T Float](dst []T, ld int, a0, a1, a2, a3, b []T, n, stride int) {
	a1, a2, a3 = a1[:len(a0)], a2[:len(a0)], a3[:len(a0)]
	j := 0
	for ; j+2 <= n; j += 2 {
		b0 := b[j*stride:][:len(a0)]
		b1 := b[(j+1)*stride:][:len(a0)]
		d0, d1, d2, d3 := dst[j:j+2], dst[ld+j:ld+j+2], dst[2*ld+j:2*ld+j+2], dst[3*ld+j:3*ld+j+2]
		s00, s01 := d0[0], d0[1]
		s10, s11 := d1[0], d1[1]
		s20, s21 := d2[0], d2[1]
		s30, s31 := d3[0], d3[1]
		for p := range a0 {
			x0, x1 := b0[p], b1[p]
			y := a0[p]
			s00 += T(y * x0)
			s01 += T(y * x1)
			y = a1[p]
			s10 += T(y * x0)
			s11 += T(y * x1)
			y = a2[p]
			s20 += T(y * x0)
			s21 += T(y * x1)
			y = a3[p]
			s30 += T(y * x0)
			s31 += T(y * x1)
		}
		d0[0], d0[1] = s00, s01
		d1[0], d1[1] = s10, s11
		d2[0], d2[1] = s20, s21
		d3[0], d3[1] = s30, s31
	}
	if j < n {
		dot4(dst[j:], ld, a0, a1, a2, a3, b[j*stride:])
	}
}

// dotRow adds to a row of dst the products of a with n rows of b.
func dotRow[T Float](dst, a, b []T, n, stride int) {
	j := 0
	for ; j+4 <= n; j += 4 {
		x := b[j*stride:]
		dot4(dst[j:], 1, x[:len(a)], x[stride:], x[2*stride:], x[3*stride:], a)
	}
	for ; j < n; j++ {
		s := dst[j]
		x := b[j*stride:][:len(a)]
		for p, y := range a {
			s += T(y * x[p])
		}
		dst[j] = s
	}
}

// dot4 adds the products of four rows with x to dst[0], dst[step], ...
func dot4[T Float](dst []T, step int, a0, a1, a2, a3, x []T) {
	a1, a2, a3, x = a1[:len(a0)], a2[:len(a0)], a3[:len(a0)], x[:len(a0)]
	s0, s1, s2, s3 := dst[0], dst[step], dst[2*step], dst[3*step]
	for p, y := range x {
		s0 += T(a0[p] * y)
		s1 += T(a1[p] * y)
		s2 += T(a2[p] * y)
		s3 += T(a3[p] * y)
	}
	dst[0], dst[step], dst[2*step], dst[3*step] = s0, s1, s2, s3
}
