//go:build !purego

package kernel

// sumPanels is sumOf with vector instructions.
func sumPanels[T Float](c, a, b []T, s *sums, more bool, bias []T, relu bool) {
	if size[T]() == 4 {
		s.panel32(at(c), at(a), at(b), more, at(bias), relu)
	} else {
		s.panel64(at(c), at(a), at(b), more, at(bias), relu)
	}
}

func (s *sums) panel32(c, a, b *byte, more bool, bias *byte, relu bool) {
	const size = 4
	rowA, colA, rowB, rowC := size*s.rowA, size*s.colA, size*s.rowB, size*s.rowC
	nextA, nextB := size*s.nextA-s.k*colA, size*s.nextB-s.k*rowB
	switch {
	case isa == avx512 && s.cols > 16:
		sumsF32AVX512x32(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	case isa == avx512 && s.cols > 8:
		sumsF32AVX512x16(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	case s.cols > 8:
		sumsF32AVX2x16(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	default:
		sumsF32AVX2x8(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	}
}

func (s *sums) panel64(c, a, b *byte, more bool, bias *byte, relu bool) {
	const size = 8
	rowA, colA, rowB, rowC := size*s.rowA, size*s.colA, size*s.rowB, size*s.rowC
	nextA, nextB := size*s.nextA-s.k*colA, size*s.nextB-s.k*rowB
	switch {
	case isa == avx512 && s.cols > 8:
		sumsF64AVX512x16(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	case isa == avx512 && s.cols > 4:
		sumsF64AVX512x8(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	case s.cols > 4:
		sumsF64AVX2x8(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	default:
		sumsF64AVX2x4(s.rows, s.cols, s.k, a, rowA, colA, b, rowB, c, rowC, more, bias, relu, s.steps, nextA, nextB)
	}
}

// sumCols returns the most columns of a sum.
func sumCols[T Float]() int { return isa.width() / size[T]() }

// transpose writes the transpose of a (rows, cols) matrix: rows of src and dst start lds
// and ldd elements apart.
func transpose[T Float](dst []T, ldd int, src []T, lds, rows, cols int) {
	size := size[T]()
	if block := 32 / size; isa == plain || rows < block || cols < block {
		pack(dst, ldd, src, lds, rows, cols)
		return
	}
	_, _ = dst[(cols-1)*ldd+rows-1], src[(rows-1)*lds+cols-1]
	if size == 4 {
		transposeAllF32(rows, cols, at(dst), ldd*size, at(src), lds*size)
	} else {
		transposeAllF64(rows, cols, at(dst), ldd*size, at(src), lds*size)
	}
}
