//go:build !amd64 || purego

package kernel

// gemmPanels is never called.
func gemmPanels[T Float](dst, a, b, beside []T, then uint8, m, n, k int, transA, transB bool) {}
