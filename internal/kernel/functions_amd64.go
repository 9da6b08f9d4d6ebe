//go:build !purego

package kernel

// functionMost is the most elements that assembly writes in one call: while it runs, the
// goroutine cannot be stopped.
const functionMost = 1 << 14

// functionsOn runs a function on elements of a size in bytes, from the first of n on; b is
// that of functions of two arguments. It returns how many it has done, and how many of the
// next at most the caller should do itself before it asks again.
func functionsOn(fn function, size, n int, dst, a, b *byte) (done, most int) {
	if isa == plain || n < functionFrom {
		return 0, n
	}
	part := min(n, functionMost)
	left := functionOf(kind(int(fn), size), part, dst, a, b)
	if left > 0 {
		most = 64 / size // a vector, of the longest
	}
	return part - left, most
}
