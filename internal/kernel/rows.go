package kernel

// Repeat writes each row of x n times, one after the other: dst[o,j,i] = x[o,i].
//
// dst is (outer, n, inner) and x (outer, inner), both row-major.
func Repeat[T Float](dst, x []T, outer, n, inner int) {
	const short = 32 // elements that are written sooner than a function is called
	switch {
	case inner == 1 && n < short:
		for _, v := range x[:outer] {
			row := dst[:n]
			for i := range row {
				row[i] = v
			}
			dst = dst[n:]
		}
		return
	case inner == 1:
		for o, v := range x[:outer] {
			Fill(dst[o*n:(o+1)*n], v)
		}
		return
	}
	for o := range outer {
		row := x[o*inner : (o+1)*inner]
		for j := range n {
			copy(dst[(o*n+j)*inner:], row)
		}
	}
}

// ColumnPart is the most rows that the sum of columns by [SumAxis] adds in order.
const ColumnPart = leafColumn

// ColumnParts returns how [SumAxis] sums columns of n rows: part i goes from row
// starts[i] to starts[i+1], and is added in order to zeros; then the sum of part
// joins[k][1] is added to that of part joins[k][0], for k from 0 on, and that of part
// 0 is the result.
func ColumnParts(n int) (starts []int, joins [][2]int) {
	var split func(start, n int) int
	split = func(start, n int) int {
		if n <= leafColumn {
			starts = append(starts, start)
			return len(starts) - 1
		}
		h := halfOfColumns(n)
		left, right := split(start, h), split(start+h, n-h)
		joins = append(joins, [2]int{left, right})
		return left
	}
	split(0, n)
	return append(starts, n), joins
}

// AddColumns adds each of n rows of x to dst, one after the other.
func AddColumns[T Float](dst, x []T, n int) {
	x = x[:n*len(dst)]
	if vectorProduct(addColumns, size[T](), n, len(dst), at(dst), nil, at(x), nil, nil) {
		return
	}
	for ; len(x) > 0; x = x[len(dst):] {
		Add(dst, dst, x[:len(dst)])
	}
}

// AddProductColumns adds each of n rows of x y to dst, one after the other. The products are
// rounded.
func AddProductColumns[T Float](dst, x, y []T, n int) {
	x, y = x[:n*len(dst)], y[:n*len(dst)]
	if vectorProduct(addProductColumns, size[T](), n, len(dst), at(dst), nil, at(x), at(y), nil) {
		return
	}
	for ; len(x) > 0; x, y = x[len(dst):], y[len(dst):] {
		for i := range dst {
			dst[i] += T(x[i] * y[i])
		}
	}
}

// AddScaledColumns adds each of len(s) rows of (x s) y to dst, one after the other. s has a
// number for each row. The products are rounded.
func AddScaledColumns[T Float](dst, x, y, s []T) {
	x, y = x[:len(s)*len(dst)], y[:len(s)*len(dst)]
	if vectorProduct(addScaledColumns, size[T](), len(s), len(dst), at(dst), nil, at(x), at(y), at(s)) {
		return
	}
	for r, v := range s {
		x, y := x[r*len(dst):], y[r*len(dst):]
		for i := range dst {
			dst[i] += T(T(x[i]*v) * y[i])
		}
	}
}

// AddProductAndColumns adds each of n rows of x y to dst, and of y to sums, one after the other, reading y once.
func AddProductAndColumns[T Float](dst, sums, x, y []T, n int) {
	x, y, sums = x[:n*len(dst)], y[:n*len(dst)], sums[:len(dst)]
	if vectorProduct(addProductAndColumns, size[T](), n, len(dst), at(dst), at(sums), at(x), at(y), nil) {
		return
	}
	AddProductColumns(dst, x, y, n)
	AddColumns(sums, y, n)
}

// AddScaledAndColumns adds each of len(s) rows of (x s) y to dst, and of y to sums, one after the other, reading y
// once.
func AddScaledAndColumns[T Float](dst, sums, x, y, s []T) {
	x, y, sums = x[:len(s)*len(dst)], y[:len(s)*len(dst)], sums[:len(dst)]
	if vectorProduct(addScaledAndColumns, size[T](), len(s), len(dst), at(dst), at(sums), at(x), at(y), at(s)) {
		return
	}
	AddScaledColumns(dst, x, y, s)
	AddColumns(sums, y, len(s))
}

// some is the number of rows for which a few numbers are kept on the stack.
const some = 64

// SumScatter writes the sums of the rows that [Scatter] makes of one element each, or of
// the negative ones: src where index is a whole number in [0, cols), else 0.
func SumScatter[T Float](dst, index, src []T, negative bool, cols int) {
	for r, v := range index[:len(dst)] {
		dst[r] = 0
		if place(v, cols) >= 0 {
			dst[r] += scattered(src[r], negative)
		}
	}
}

// scattered returns what [Scatter] makes of one element: -0 becomes 0.
func scattered[T Float](v T, negative bool) T {
	v += 0
	if negative {
		return -v
	}
	return v
}

// AddScatter adds to each row of a, times the element of s for it, what [Scatter] makes of
// one element of src, or the negative of that:
//
//	dst[r,c] = a[r,c] s[r] ± (src[r] where index[r] = c, else 0)
//
// With s = nil there is no product. dst may be a.
func AddScatter[T Float](dst, a, s, index, src []T, negative bool, cols int) {
	var rest, sums [some]T
	for i := range rest {
		rest[i] = scattered(T(0), negative)
	}
	for start := 0; start < len(index); start += some {
		end := min(start+some, len(index))
		d, a, index := dst[start*cols:end*cols], a[start*cols:end*cols], index[start:end]
		for r, v := range index { // before a is gone
			if k := place(v, cols); k >= 0 {
				x := a[r*cols+k]
				if s != nil {
					x *= s[start+r]
				}
				sums[r] = x + scattered(src[start+r], negative)
			}
		}
		if s == nil {
			AddByRow(d, a, rest[:len(index)], cols)
		} else {
			MulAddByRow(d, a, s[start:end], rest[:], cols)
		}
		for r, v := range index {
			if k := place(v, cols); k >= 0 {
				d[r*cols+k] = sums[r]
			}
		}
	}
}
