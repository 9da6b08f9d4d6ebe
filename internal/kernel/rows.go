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

// ColumnPart is the number of rows that the sum of columns by [SumAxis] adds in order.
const ColumnPart = 128

// ColumnParts returns how [SumAxis] sums columns of n rows: part i goes from row
// starts[i] to starts[i+1], and is added in order to zeros; then the sum of part
// joins[k][1] is added to that of part joins[k][0], for k from 0 on, and that of part
// 0 is the result.
func ColumnParts(n int) (starts []int, joins [][2]int) {
	var split func(start, n int) int
	split = func(start, n int) int {
		if n <= ColumnPart {
			starts = append(starts, start)
			return len(starts) - 1
		}
		h := n / 2 &^ 7
		left, right := split(start, h), split(start+h, n-h)
		joins = append(joins, [2]int{left, right})
		return left
	}
	split(0, n)
	return append(starts, n), joins
}

// AddColumns adds each of n rows of x to dst, one after the other.
func AddColumns[T Float](dst, x []T, n int) {
	for range n {
		Add(dst, dst, x)
		x = x[len(dst):]
	}
}
