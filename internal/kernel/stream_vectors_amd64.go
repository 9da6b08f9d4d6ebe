//go:build !purego

package kernel

// streamed copies the first elements past the caches, and returns their number.
func streamed[T Float](dst, src []T) int {
	if isa == plain || len(dst) == 0 {
		return 0
	}
	size := size[T]()
	first := 0
	if off := offLine(dst); off > 0 {
		first = min((line-off)/size, len(dst))
		copy(dst[:first], src)
	}
	group := 4 * VectorBytes() / size
	n := (len(dst) - first) / group
	most := vectorMost / group // in a call, while which the goroutine cannot be stopped
	for n > 0 {
		k := min(n, most)
		if isa == avx512 {
			streamAVX512(k, at(dst[first:]), at(src[first:]))
		} else {
			streamAVX2(k, at(dst[first:]), at(src[first:]))
		}
		n, first = n-k, first+k*group
	}
	return first
}
