//go:build !purego

package kernel

// streamed copies the whole lines of dst past the caches, and returns where they start and end.
func streamed[T Float](dst, src []T) (start, end int) {
	if isa == plain || len(dst) == 0 {
		return 0, 0
	}
	perLine := line / size[T]()
	if off := offLine(dst); off > 0 {
		start = min((line-off)/size[T](), len(dst))
	}
	end = start
	for n := (len(dst) - start) / perLine; n > 0; {
		k := min(n, vectorMost/perLine) // in a call, while which the goroutine cannot be stopped
		if isa == avx512 {
			streamAVX512(k, at(dst[end:]), at(src[end:]))
		} else {
			streamAVX2(k, at(dst[end:]), at(src[end:]))
		}
		n, end = n-k, end+k*perLine
	}
	return start, end
}

// Fence makes what was written by [Stream] visible to others, before all that is written later.
func Fence() {
	if isa != plain {
		fence()
	}
}

// Fetch asks for x to be in the second-level cache, and does not wait for it.
func Fetch[T Float](x []T) {
	if n := (len(x)*size[T]() + line - 1) / line; n > 0 && isa != plain {
		fetch(n, at(x))
	}
}
