//go:build !purego

package kernel

// multiplyAddLoops is how often the loop is run: for some microseconds, since the goroutine cannot be
// stopped meanwhile.
const multiplyAddLoops = 1 << 12

// multiplyAdds runs the loop for elements of a size in bytes.
func multiplyAdds(size int) {
	if isa == plain {
		return
	}
	switch kind(0, size) {
	case 0:
		multiplyAddF32AVX2(multiplyAddLoops)
	case 1:
		multiplyAddF64AVX2(multiplyAddLoops)
	case 2:
		multiplyAddF32AVX512(multiplyAddLoops)
	case 3:
		multiplyAddF64AVX512(multiplyAddLoops)
	}
}

// multiplyAddFlops is the number of additions and multiplications that it does.
func multiplyAddFlops(size int) float64 {
	const chains = 12 // of the loop
	return 2 * chains * multiplyAddLoops * float64(VectorBytes()/size)
}
