//go:build !purego

package kernel

import "unsafe"

const (
	// Shorter slices are left to the loops in Go, which start sooner.
	vectorFrom = 8
	// vectorMost is the most elements that assembly writes in one call: while it runs,
	// the goroutine cannot be stopped, and the collector of garbage waits.
	vectorMost = 1 << 16
)

// vector1 runs an operation on n elements of a size in bytes, with vector instructions,
// and reports whether it did. Pointers instead of slices fit into registers: calls are
// a quarter of the time that a block of elements takes.
func vector1(op operation, size int, n int, dst, a *byte) bool {
	return vector3(op, size, n, dst, a, a, a)
}

func vector2(op operation, size int, n int, dst, a, b *byte) bool {
	return vector3(op, size, n, dst, a, b, b)
}

func vector3(op operation, size int, n int, dst, a, b, c *byte) bool {
	if isa == plain || n < vectorFrom {
		return false
	}
	which := kind(int(op), size)
	for n > vectorMost {
		elementwise(which, vectorMost, dst, a, b, c)
		n -= vectorMost
		step := size * vectorMost
		dst, a, b, c = after(dst, step), after(a, step), after(b, step), after(c, step)
	}
	elementwise(which, n, dst, a, b, c)
	return true
}

// vectorFill is Fill with vector instructions.
func vectorFill[T Float](dst []T, v T) bool {
	if isa == plain || len(dst) < vectorFrom {
		return false
	}
	which, value := kind(int(opFill), size[T]()), (*byte)(unsafe.Pointer(&v))
	for len(dst) > vectorMost {
		elementwise(which, vectorMost, at(dst), value, nil, nil)
		dst = dst[vectorMost:]
	}
	elementwise(which, len(dst), at(dst), value, nil, nil)
	return true
}

// kind is the number, in a table of functions, of the one for elements of a size and
// the instructions there are.
func kind(function int, size int) int {
	return function*4 + int(isa-avx2)*2 + size/8
}

func after(p *byte, bytes int) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(p), bytes)) }
