package kernel

// StreamFrom is the least number of bytes of an array that is worth a [Stream]: more than the
// nearer caches have.
const StreamFrom = 8 << 20

// Stream copies src to dst, which nobody reads soon: past the caches, where that can be, so that what
// they have stays there, and lines of dst are not read before they are written. What is written goes to
// memory while other work is done; others see it after a [Fence] of the same goroutine.
func Stream[T Float](dst, src []T) {
	src = src[:len(dst)]
	start, end := streamed(dst, src)
	copy(dst[:start], src)
	copy(dst[end:], src[end:])
}
