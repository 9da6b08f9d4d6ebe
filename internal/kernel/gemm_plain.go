//go:build !amd64 || purego

package kernel

// gemmPanels is never called.
func gemmPanels[T Float](dst, a, b, bias []T, relu bool, m, n, k int, transA, transB bool) {}
