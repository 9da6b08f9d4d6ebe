package kernel

import "unsafe"

// line is the size of a line of the cache, and of the longest vector, in bytes.
const line = 64

// Aligned returns n zeros that start at a line of the cache: no vector of them lies in
// two lines, which would take two loads.
func Aligned[T Float](n int) []T {
	x := make([]T, n)
	if n == 0 || offLine(x) == 0 { // as Go's allocator gives most sizes
		return x
	}
	x = make([]T, n+line/size[T]())
	skip := 0
	if off := offLine(x); off > 0 {
		skip = (line - off) / size[T]()
	}
	return x[skip:][:n:n]
}

// offLine returns how many bytes behind the start of a line x starts.
func offLine[T Float](x []T) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(x))) % line)
}
