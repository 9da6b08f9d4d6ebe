//go:build !amd64 || purego

package kernel

// sumCols returns the most columns of a sum.
func sumCols[T Float]() int { return 32 }

func sumPanels[T Float](c, a, b []T, s *sums, more bool, bias []T, relu bool) {
	sumGo(c, a, b, s, more, bias, relu)
}

// transpose writes the transpose of a (rows, cols) matrix: rows of src and dst start lds
// and ldd elements apart.
func transpose[T Float](dst []T, ldd int, src []T, lds, rows, cols int) {
	pack(dst, ldd, src, lds, rows, cols)
}
