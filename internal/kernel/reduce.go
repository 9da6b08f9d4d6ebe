package kernel

import "math"

// SumAxis sums the middle axis of x: dst[o,i] = Σⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. The sum is
// pairwise, so that the rounding error grows as log n and not as n: halves are
// summed apart until at most 1024 terms remain, or 32 for inner > 1. Such a rest
// is added in order for inner > 1; for inner = 1 term j goes to partial sum
// j mod 32, and halves of the 32 are added until one is left. The sum of no terms is 0.
func SumAxis[T Float](dst, x []T, outer, n, inner int) { reduceAxis(foldSum, dst, x, outer, n, inner) }

// MaxAxis writes the maximum over the middle axis: dst[o,i] = maxⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. A NaN among
// the terms makes the maximum NaN, as torch.amax. With no terms it is -Inf.
func MaxAxis[T Float](dst, x []T, outer, n, inner int) { reduceAxis(foldMax, dst, x, outer, n, inner) }

// MinAxis writes the minimum over the middle axis: dst[o,i] = minⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. A NaN among
// the terms makes the minimum NaN, as torch.amin. With no terms it is +Inf.
func MinAxis[T Float](dst, x []T, outer, n, inner int) { reduceAxis(foldMin, dst, x, outer, n, inner) }

// A fold is what reduces an axis.
type fold int

// The order is that of gen/reduce.go.
const (
	foldSum fold = iota
	foldMax
	foldMin
	folds // their number
)

// A productSum is a reduction of rows of products, or of columns that are added to dst.
type productSum int

// The order is that of gen/reduce.go, rows first.
const (
	dotRows productSum = iota
	sumScaledRows
	addColumns
	addProductColumns
	addScaledColumns
	addProductAndColumns
	addScaledAndColumns
	productSums // their number
)

const (
	// leafRow is the number of terms of a row that are not split any further. With 32
	// partial sums it is 32 terms for each.
	leafRow = 1024
	// leafColumn is that of columns, which have one running sum. Parts of so many rows can
	// be summed apart.
	leafColumn = 32
	// lanes is the number of partial sums of a row: as many as registers hold.
	lanes = 32
	// width is the number of columns that reduceColumns keeps at once: the running sums
	// and one copy per level of the recursion stay in the first-level cache.
	width = 64
)

func reduceAxis[T Float](f fold, dst, x []T, outer, n, inner int) {
	dst, x = dst[:outer*inner], x[:outer*n*inner]
	switch {
	case inner == 1 && n <= leafRow && vectorRows(f, size[T](), outer, n, at(dst), at(x)):
	case inner == 1:
		for o := range dst {
			dst[o] = reduceRow(f, x[o*n:(o+1)*n])
		}
	case n <= leafColumn && vectorColumns(f, size[T](), outer, n, inner, inner, at(dst), at(x)):
	default:
		for o := range outer {
			d, x := dst[o*inner:(o+1)*inner], x[o*n*inner:(o+1)*n*inner]
			for i := 0; i < inner; i += width {
				reduceColumns(f, d[i:min(i+width, inner)], x[min(i, len(x)):], n, inner)
			}
		}
	}
}

// reduceRow returns the pairwise reduction of x.
func reduceRow[T Float](f fold, x []T) (y T) {
	if len(x) > leafRow {
		h := halfOfRow(len(x))
		a, b := reduceRow(f, x[:h]), reduceRow(f, x[h:])
		switch f {
		case foldSum:
			return a + b
		case foldMax:
			return max(a, b)
		}
		return min(a, b)
	}
	if vectorRow(f, &y, x) {
		return y
	}
	switch f {
	case foldSum:
		return sumRow(x)
	case foldMax:
		return maxRow(x)
	}
	return minRow(x)
}

// DotRows sums the products of each row: dst[r] = Σ a[r,c] b[r,c], in the order of
// [SumAxis]. The products are rounded. a and b are (len(dst), cols), both row-major.
func DotRows[T Float](dst, a, b []T, cols int) {
	a, b = a[:len(dst)*cols], b[:len(dst)*cols]
	if cols <= leafRow && vectorProduct(dotRows, size[T](), len(dst), cols, at(dst), nil, at(a), at(b), nil) {
		return
	}
	for r := range dst {
		dst[r] = inLeaves(r*cols, (r+1)*cols, func(i, j int) T { return dotLeaf(a[i:j], b[i:j]) })
	}
}

// SumScaledRows sums each row times a number: dst[r] = Σ a[r,c] s[r], in the order of [SumAxis]. The
// products are rounded. a is (len(dst), cols), row-major.
func SumScaledRows[T Float](dst, a, s []T, cols int) {
	a, s = a[:len(dst)*cols], s[:len(dst)]
	if cols <= leafRow && vectorProduct(sumScaledRows, size[T](), len(dst), cols, at(dst), nil, at(a), nil, at(s)) {
		return
	}
	for r := range dst {
		dst[r] = inLeaves(r*cols, (r+1)*cols, func(i, j int) T { return scaledLeaf(a[i:j], s[r:r+1]) })
	}
}

// inLeaves returns the sum of the terms from one to another, in the order of reduceRow, of which leaf sums at
// most leafRow.
func inLeaves[T Float](from, to int, leaf func(from, to int) T) T {
	if n := to - from; n > leafRow {
		h := halfOfRow(n)
		return inLeaves(from, from+h, leaf) + inLeaves(from+h, to, leaf)
	}
	return leaf(from, to)
}

// dotLeaf returns the sum of a b, at most leafRow terms.
func dotLeaf[T Float](a, b []T) T {
	var y [1]T
	if vectorProduct(dotRows, size[T](), 1, len(a), at(y[:]), nil, at(a), at(b), nil) {
		return y[0]
	}
	var ab [leafRow]T
	Mul(ab[:len(a)], a, b)
	return sumRow(ab[:len(a)])
}

// scaledLeaf returns the sum of a s[0], at most leafRow terms.
func scaledLeaf[T Float](a, s []T) T {
	var y [1]T
	if vectorProduct(sumScaledRows, size[T](), 1, len(a), at(y[:]), nil, at(a), nil, at(s)) {
		return y[0]
	}
	var as [leafRow]T
	for i, x := range a {
		as[i] = x * s[0]
	}
	return sumRow(as[:len(a)])
}

// reduceColumns writes to dst the pairwise reductions of the first len(dst) columns of
// the n rows of x, which start stride elements apart. len(dst) is at most width.
func reduceColumns[T Float](f fold, dst, x []T, n, stride int) {
	if n > leafColumn {
		h := halfOfColumns(n)
		var right [width]T
		r := right[:len(dst)]
		reduceColumns(f, dst, x, h, stride)
		reduceColumns(f, r, x[h*stride:], n-h, stride)
		join(f, dst, r)
		return
	}
	if vectorColumns(f, size[T](), 1, n, len(dst), stride, at(dst), at(x)) {
		return
	}
	switch f {
	case foldSum:
		clear(dst)
	case foldMax:
		Fill(dst, T(math.Inf(-1)))
	case foldMin:
		Fill(dst, T(math.Inf(1)))
	}
	for j := range n {
		join(f, dst, x[j*stride:][:len(dst)])
	}
}

// halfOfRow returns how many of n elements are in the first half, which is reduced apart. No
// half starts inside a group of partial sums.
func halfOfRow(n int) int { return n / 2 &^ (lanes - 1) }

// halfOfColumns returns how many of n rows are in the first half, which is reduced apart.
func halfOfColumns(n int) int { return n / 2 &^ 7 }

// join reduces dst and x to dst.
func join[T Float](f fold, dst, x []T) {
	switch f {
	case foldSum:
		Add(dst, dst, x)
	case foldMax:
		Max(dst, dst, x)
	case foldMin:
		Min(dst, dst, x)
	}
}

// sumRow returns the sum of x, in 32 partial sums. Eight of them at a time are in registers.
func sumRow[T Float](x []T) T {
	var s [lanes / 8][8]T
	for l := range s {
		if len(x) < 8*l+8 {
			break
		}
		var s0, s1, s2, s3, s4, s5, s6, s7 T
		for y := x[8*l:]; len(y) >= 8; y = y[min(lanes, len(y)):] {
			s0 += y[0]
			s1 += y[1]
			s2 += y[2]
			s3 += y[3]
			s4 += y[4]
			s5 += y[5]
			s6 += y[6]
			s7 += y[7]
		}
		p := &s[l]
		p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7] = s0, s1, s2, s3, s4, s5, s6, s7
	}
	last := len(x) &^ 7
	p := &s[last%lanes/8]
	for i, v := range x[last:] {
		p[i&7] += v
	}
	t := &s[0]
	if len(x) > 8 { // else the others are 0
		for i := range t {
			t[i] = (t[i] + s[2][i]) + (s[1][i] + s[3][i])
		}
	}
	return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]))
}

// maxRow returns the maximum of x, in four chains that do not wait for each other.
func maxRow[T Float](x []T) T {
	m := T(math.Inf(-1))
	m0, m1, m2, m3 := m, m, m, m
	for len(x) >= 4 {
		m0 = max(m0, x[0])
		m1 = max(m1, x[1])
		m2 = max(m2, x[2])
		m3 = max(m3, x[3])
		x = x[4:]
	}
	for _, v := range x {
		m = max(m, v)
	}
	return max(m, m0, m1, m2, m3)
}

// minRow returns the minimum of x, in four chains that do not wait for each other.
func minRow[T Float](x []T) T {
	m := T(math.Inf(1))
	m0, m1, m2, m3 := m, m, m, m
	for len(x) >= 4 {
		m0 = min(m0, x[0])
		m1 = min(m1, x[1])
		m2 = min(m2, x[2])
		m3 = min(m3, x[3])
		x = x[4:]
	}
	for _, v := range x {
		m = min(m, v)
	}
	return min(m, m0, m1, m2, m3)
}
