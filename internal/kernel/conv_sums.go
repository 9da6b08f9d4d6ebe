package kernel

// sums is the shape of a sum of products of matrices, with the elements from each of
// its parts to the next:
//
//	c[i·rowC + j] = Σ a[i·rowA + p·colA + u·nextA] b[p·rowB + u·nextB + j]
//
// over 0 <= p < k and 0 <= u < steps, u first, for 0 <= i < rows and 0 <= j < cols. Rows of
// a and of b may overlap.
type sums struct {
	rows, cols, k, steps int
	rowA, colA, nextA    int
	rowB, nextB          int
	rowC                 int
}

// sumOf writes, or adds to with more, the sum to c. Then bias[j] is added to column j, and
// relu taken, as in [GemmBias], if bias is not nil. cols is at most sumCols[T]().
func sumOf[T Float](c, a, b []T, s *sums, more bool, bias []T, relu bool) {
	_ = c[(s.rows-1)*s.rowC+s.cols-1]
	_ = a[(s.rows-1)*s.rowA+(s.k-1)*s.colA+(s.steps-1)*s.nextA]
	_ = b[(s.k-1)*s.rowB+(s.steps-1)*s.nextB+s.cols-1]
	if bias != nil {
		bias = bias[:s.cols]
	}
	if isa != plain {
		sumPanels(c, a, b, s, more, bias, relu)
		return
	}
	sumGo(c, a, b, s, more, bias, relu)
}

// sumGo is the definition of sumOf, but for the rounding.
func sumGo[T Float](c, a, b []T, s *sums, more bool, bias []T, relu bool) {
	if !more {
		for i := range s.rows {
			clear(c[i*s.rowC:][:s.cols])
		}
	}
	for u := range s.steps {
		addBlock(c, s.rowC, a[u*s.nextA:], strides{s.rowA, s.colA}, b[u*s.nextB:], s.rowB, s.rows, s.cols, s.k)
	}
	for i := 0; i < s.rows && bias != nil; i++ {
		addBias(c[i*s.rowC:][:s.cols], bias, relu)
	}
}
