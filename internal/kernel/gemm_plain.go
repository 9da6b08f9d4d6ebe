//go:build !amd64 || purego

package kernel

type instructions int

const plain instructions = 0

// isa is the set of vector instructions that there is code for.
const isa = plain

// gemmPanels is Gemm with vector instructions.
func gemmPanels[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	gemmGo(dst, a, b, m, n, k, transA, transB)
}
