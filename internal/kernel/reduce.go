package kernel

import "math"

// leaf is the number of terms below which a sum is not split any further.
const leaf = 128

// SumAxis sums the middle axis of x: dst[o,i] = Σⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. The sum is
// pairwise: halves are summed apart until at most 128 terms remain, so the
// rounding error grows as log n and not as n. The sum of no terms is 0.
func SumAxis[T Float](dst, x []T, outer, n, inner int) {
	if inner == 1 {
		for o := range dst[:outer] {
			dst[o] = sum(x[o*n : (o+1)*n])
		}
		return
	}
	for o := range outer {
		d, x := dst[o*inner:(o+1)*inner], x[o*n*inner:(o+1)*n*inner]
		for i := 0; i < inner; i += width {
			sumRows(d[i:min(i+width, inner)], x[min(i, len(x)):], n, inner)
		}
	}
}

// sum returns the pairwise sum of x.
func sum[T Float](x []T) T {
	if len(x) > leaf {
		h := split(len(x))
		return sum(x[:h]) + sum(x[h:])
	}
	// Eight partial sums: the additions of one need not wait for another's.
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	for len(x) >= 8 {
		s0 += x[0]
		s1 += x[1]
		s2 += x[2]
		s3 += x[3]
		s4 += x[4]
		s5 += x[5]
		s6 += x[6]
		s7 += x[7]
		x = x[8:]
	}
	s := ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
	for _, v := range x {
		s += v
	}
	return s
}

// width is the number of columns that sumRows keeps at once: the running sums
// and one copy per level of the recursion stay in the first-level cache.
const width = 64

// sumRows writes to dst the pairwise sums of the first len(dst) columns of the
// n rows of x, which start stride elements apart. len(dst) is at most width.
func sumRows[T Float](dst, x []T, n, stride int) {
	if n > leaf {
		h := split(n)
		var right [width]T
		r := right[:len(dst)]
		sumRows(dst, x, h, stride)
		sumRows(r, x[h*stride:], n-h, stride)
		Add(dst, dst, r)
		return
	}
	clear(dst)
	for j := range n {
		row := x[j*stride:][:len(dst)]
		for i, v := range row {
			dst[i] += v
		}
	}
}

// split returns the length of the first half of n terms, a multiple of 8 so
// that no half starts inside a group of partial sums.
func split(n int) int { return n / 2 &^ 7 }

// MaxAxis writes the maximum over the middle axis: dst[o,i] = maxⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. A NaN among
// the terms makes the maximum NaN, as torch.amax. With no terms it is -Inf.
func MaxAxis[T Float](dst, x []T, outer, n, inner int) {
	for o := range outer {
		d, x := dst[o*inner:(o+1)*inner], x[o*n*inner:(o+1)*n*inner]
		if inner == 1 {
			d[0] = maxOf(x)
			continue
		}
		Fill(d, T(math.Inf(-1)))
		for len(x) > 0 {
			Max(d, d, x)
			x = x[len(d):]
		}
	}
}

// MinAxis writes the minimum over the middle axis: dst[o,i] = minⱼ x[o,j,i].
//
// x is (outer, n, inner) and dst (outer, inner), both row-major. A NaN among
// the terms makes the minimum NaN, as torch.amin. With no terms it is +Inf.
func MinAxis[T Float](dst, x []T, outer, n, inner int) {
	for o := range outer {
		d, x := dst[o*inner:(o+1)*inner], x[o*n*inner:(o+1)*n*inner]
		if inner == 1 {
			d[0] = minOf(x)
			continue
		}
		Fill(d, T(math.Inf(1)))
		for len(x) > 0 {
			Min(d, d, x)
			x = x[len(d):]
		}
	}
}

// maxOf returns the maximum of x, in four chains that do not wait for each other.
func maxOf[T Float](x []T) T {
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

// minOf returns the minimum of x, in four chains that do not wait for each other.
func minOf[T Float](x []T) T {
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
