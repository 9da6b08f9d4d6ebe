//go:build !purego

package kernel

// widenVectors converts whole vectors, and returns how many elements that is.
func widenVectors(dst []float64, x []float32) int {
	n := convertible(len(dst))
	for i := 0; i < n; i += vectorMost {
		if part := min(vectorMost, n-i); isa == avx512 {
			widenAVX512(part, &dst[i], &x[i])
		} else {
			widenAVX2(part, &dst[i], &x[i])
		}
	}
	return n
}

// narrowVectors converts whole vectors, and returns how many elements that is.
func narrowVectors(dst []float32, x []float64) int {
	n := convertible(len(dst))
	for i := 0; i < n; i += vectorMost {
		if part := min(vectorMost, n-i); isa == avx512 {
			narrowAVX512(part, &dst[i], &x[i])
		} else {
			narrowAVX2(part, &dst[i], &x[i])
		}
	}
	return n
}

// convertible is how many of n elements are in whole vectors of float64.
func convertible(n int) int {
	switch isa {
	case avx512:
		return n &^ 7
	case avx2:
		return n &^ 3
	}
	return 0
}
