//go:build !purego

package kernel

import "unsafe"

const (
	// Shorter slices are left to the loops in Go, which start sooner.
	vectorFrom = 8
	// vectorMost is the most elements that assembly writes in one call: while it runs,
	// the goroutine cannot be stopped, and the collector of garbage waits.
	vectorMost = 1 << 16
)

// vector1 runs an operation on n elements of a size in bytes, with vector instructions,
// and reports whether it did. Pointers instead of slices fit into registers: calls are
// a quarter of the time that a block of elements takes.
func vector1(op operation, size int, n int, dst, a *byte) bool {
	return vector3(op, size, n, dst, a, a, a)
}

func vector2(op operation, size int, n int, dst, a, b *byte) bool {
	return vector3(op, size, n, dst, a, b, b)
}

func vector3(op operation, size int, n int, dst, a, b, c *byte) bool {
	if isa == plain || n < vectorFrom {
		return false
	}
	which := kind(int(op), size)
	for n > vectorMost {
		elementwise(which, vectorMost, dst, a, b, c)
		n -= vectorMost
		step := size * vectorMost
		dst, a, b, c = after(dst, step), after(a, step), after(b, step), after(c, step)
	}
	elementwise(which, n, dst, a, b, c)
	return true
}

// vectorFill is Fill with vector instructions.
func vectorFill[T Float](dst []T, v T) bool {
	if isa == plain || len(dst) < vectorFrom {
		return false
	}
	which, value := kind(int(opFill), size[T]()), (*byte)(unsafe.Pointer(&v))
	for len(dst) > vectorMost {
		elementwise(which, vectorMost, at(dst), value, nil, nil)
		dst = dst[vectorMost:]
	}
	elementwise(which, len(dst), at(dst), value, nil, nil)
	return true
}

// vectorByRow runs an operation on rows of cols elements of a size in bytes. s and t have
// one element for each row.
func vectorByRow(op byRowOperation, size, rows, cols int, m rowMatrices, s, t *byte) bool {
	if isa == plain || rows*cols == 0 {
		return false
	}
	which, most := kind(int(op), size), vectorMost
	if op == opExpSubByRow {
		most = functionMost
	}
	if rows*cols <= most {
		elementwiseByRow(which, rows, cols, m.dst, m.a, m.b, m.c, s, t, m.nextA*size, m.nextB*size, m.nextC*size)
		return true
	}
	c := min(cols, most)
	n := most / c
	for r := 0; r < rows; r += n {
		for i := 0; i < cols; i += c { // a row that is cut is the only one
			elementwiseByRow(which, min(n, rows-r), min(c, cols-i), after(m.dst, (r*cols+i)*size),
				after(m.a, (r*m.nextA+i)*size), after(m.b, (r*m.nextB+i)*size), after(m.c, (r*m.nextC+i)*size),
				after(s, r*size), after(t, r*size), m.nextA*size, m.nextB*size, m.nextC*size)
		}
	}
	return true
}

// vectorRowSums runs an operation on rows of cols elements of a size in bytes, at most leafRow, and
// sums them.
func vectorRowSums(op rowSumOperation, size, rows, cols int, m rowMatrices, sums, s, t *byte) bool {
	if isa == plain {
		return false
	}
	n := max(1, vectorMost/cols)
	for r := 0; r < rows; r += n {
		elementwiseRowSum(kind(int(op), size), min(n, rows-r), cols, after(m.dst, r*cols*size), after(sums, r*size),
			after(m.a, r*m.nextA*size), after(m.b, r*m.nextB*size), after(m.c, r*m.nextC*size), after(m.d, r*m.nextD*size),
			after(s, r*size), after(t, r*size), m.nextA*size, m.nextB*size, m.nextC*size, m.nextD*size)
	}
	return true
}

// vectorRow reduces a row of at most leafRow elements with vector instructions.
func vectorRow[T Float](f fold, y *T, x []T) bool {
	return vectorRows(f, size[T](), 1, len(x), (*byte)(unsafe.Pointer(y)), at(x))
}

// vectorRows reduces outer rows of n elements, at most leafRow, with vector instructions.
func vectorRows(f fold, size, outer, n int, dst, x *byte) bool {
	return reduce(2*int(f), size, outer, n, 1, 1, dst, x)
}

// vectorColumns reduces the first columns of outer matrices of n rows, at most
// leafColumn, with vector instructions. Rows are stride elements long.
func vectorColumns(f fold, size, outer, n, cols, stride int, dst, x *byte) bool {
	return reduce(2*int(f)+1, size, outer, n, cols, stride, dst, x)
}

// reduce cuts a reduction into calls of at most vectorMost elements.
func reduce(function, size, outer, n, cols, stride int, dst, x *byte) bool {
	if isa == plain || outer*n*cols == 0 {
		return false
	}
	which := kind(function, size)
	if outer*n*cols <= vectorMost {
		reduction(which, outer, n, cols, stride, dst, nil, x, nil, nil)
		return true
	}
	c := min(cols, vectorMost/n)
	rows := vectorMost / (n * c)
	for o := 0; o < outer; o += rows {
		for i := 0; i < cols; i += c {
			reduction(which, min(rows, outer-o), n, min(c, cols-i), stride,
				after(dst, (o*stride+i)*size), nil, after(x, (o*n*stride+i)*size), nil, nil)
		}
	}
	return true
}

// vectorProduct runs a product on rows of cols elements.
func vectorProduct(p productSum, size, rows, cols int, dst, sums, x, y, s *byte) bool {
	if isa == plain || rows*cols == 0 {
		return false
	}
	which := kind(2*int(folds)+int(p), size)
	if p <= sumScaledRows {
		n := max(1, vectorMost/cols)
		for r := 0; r < rows; r += n {
			step := r * cols * size
			reduction(which, min(n, rows-r), cols, 1, 1, after(dst, r*size), nil, after(x, step), after(y, step), after(s, r*size))
		}
		return true
	}
	c := min(cols, vectorMost)
	n := vectorMost / c
	for r := 0; r < rows; r += n {
		for i := 0; i < cols; i += c {
			step := (r*cols + i) * size
			reduction(which, 1, min(n, rows-r), min(c, cols-i), cols, after(dst, i*size), after(sums, i*size), after(x, step), after(y, step), after(s, r*size))
		}
	}
	return true
}

// kind is the number, in a table of functions, of the one for elements of a size and
// the instructions there are.
func kind(function int, size int) int {
	return function*4 + int(isa-avx2)*2 + size/8
}

// after returns the address so many bytes after p, if there is a p.
func after(p *byte, bytes int) *byte {
	if p == nil {
		return nil
	}
	return (*byte)(unsafe.Add(unsafe.Pointer(p), bytes))
}
