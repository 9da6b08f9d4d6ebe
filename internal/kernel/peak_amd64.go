//go:build !purego

package kernel

// multiplyAdds calls the loop for elements of a size in bytes. Calls are short, since the goroutine
// cannot be stopped meanwhile.
func multiplyAdds(n, size int) (flops float64) {
	if isa == plain {
		return 0
	}
	const most = 1 << 12 // some microseconds
	loop := multiplyAddF32AVX2
	switch kind(0, size) {
	case 1:
		loop = multiplyAddF64AVX2
	case 2:
		loop = multiplyAddF32AVX512
	case 3:
		loop = multiplyAddF64AVX512
	}
	const chains = 12 // that the loop has
	flops = 2 * chains * float64(n) * float64(VectorBytes()/size)
	for ; n > 0; n -= most {
		loop(min(n, most))
	}
	return flops
}
