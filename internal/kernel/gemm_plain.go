//go:build !amd64 || purego

package kernel

// gemmPanels is Gemm with vector instructions.
func gemmPanels[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	gemmGo(dst, a, b, m, n, k, transA, transB)
}
