package kernel

// Products as inner products of rows: dst[i,j] = Σₚ a[i,p] bᵀ[j,p].

// blockDeep is the number of terms taken at once: the rows of a in use and a
// good part of those of b then stay in the first-level cache.
const blockDeep = 128

// gemmDot adds a bᵀ to dst: both operands have p along their rows.
func gemmDot[T Float](dst, a, b []T, m, n, k int) {
	for p := 0; p < k; p += blockDeep {
		dotBlock(dst, n, a[p:], k, b[p:], k, m, n, min(blockDeep, k-p))
	}
}

// gemmDotPacked adds a b to dst, which has fewer than narrow columns,
// transposing b block by block.
func gemmDotPacked[T Float](dst, a, b []T, m, n, k int) {
	var panel [narrow * blockDeep]T
	for p := 0; p < k; p += blockDeep {
		deep := min(blockDeep, k-p)
		pack(panel[:], blockDeep, b[p*n:], n, deep, n)
		dotBlock(dst, n, a[p:], k, panel[:], blockDeep, m, n, deep)
	}
}

// dotBlock adds to dst the products of m rows of a with n rows of b, of k terms
// each. Rows of dst, a and b start ldd, lda and ldb elements apart.
func dotBlock[T Float](dst []T, ldd int, a []T, lda int, b []T, ldb, m, n, k int) {
	i := 0
	for ; i+3 <= m; i += 3 {
		d := dst[i*ldd:]
		a0, a1, a2 := a[i*lda:][:k], a[(i+1)*lda:][:k], a[(i+2)*lda:][:k]
		j := 0
		for ; j+2 <= n; j += 2 {
			dot3x2(d[j:], ldd, 1, a0, a1, a2, b[j*ldb:], b[(j+1)*ldb:])
		}
		if j < n {
			dot3(d[j:], ldd, a0, a1, a2, b[j*ldb:])
		}
	}
	// One or two rows are left: a and b change places.
	j := 0
	for ; i < m && j+3 <= n; j += 3 {
		d, x := dst[i*ldd+j:], a[i*lda:]
		b0, b1, b2 := b[j*ldb:][:k], b[(j+1)*ldb:][:k], b[(j+2)*ldb:][:k]
		if i+2 == m {
			dot3x2(d, 1, ldd, b0, b1, b2, x, x[lda:])
		} else {
			dot3(d, 1, b0, b1, b2, x)
		}
	}
	for ; i < m; i++ {
		for q := j; q < n; q++ {
			dot1(&dst[i*ldd+q], a[i*lda:][:k], b[q*ldb:])
		}
	}
}

// dot3x2 adds the products of three rows with two to dst[r*dr+c*dc].
func dot3x2[T Float](dst []T, dr, dc int, a0, a1, a2, b0, b1 []T) {
	a1, a2, b0, b1 = a1[:len(a0)], a2[:len(a0)], b0[:len(a0)], b1[:len(a0)]
	s00, s10, s20 := dst[0], dst[dr], dst[2*dr]
	s01, s11, s21 := dst[dc], dst[dr+dc], dst[2*dr+dc]
	for p := range a0 {
		x, y := b0[p], b1[p]
		s00 += T(a0[p] * x)
		s01 += T(a0[p] * y)
		s10 += T(a1[p] * x)
		s11 += T(a1[p] * y)
		s20 += T(a2[p] * x)
		s21 += T(a2[p] * y)
	}
	dst[0], dst[dr], dst[2*dr] = s00, s10, s20
	dst[dc], dst[dr+dc], dst[2*dr+dc] = s01, s11, s21
}

// dot3 adds the products of three rows with b to dst[0], dst[dr], dst[2*dr].
func dot3[T Float](dst []T, dr int, a0, a1, a2, b []T) {
	a1, a2, b = a1[:len(a0)], a2[:len(a0)], b[:len(a0)]
	s0, s1, s2 := dst[0], dst[dr], dst[2*dr]
	for p, x := range b {
		s0 += T(a0[p] * x)
		s1 += T(a1[p] * x)
		s2 += T(a2[p] * x)
	}
	dst[0], dst[dr], dst[2*dr] = s0, s1, s2
}

// dot1 adds the product of a and b to s.
func dot1[T Float](s *T, a, b []T) {
	b = b[:len(a)]
	t := *s
	for p, x := range a {
		t += T(x * b[p])
	}
	*s = t
}
