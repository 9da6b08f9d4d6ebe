package optim

import (
	"unsafe"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

//go:generate go -C ../internal/kernel/gen run . -group update -out ../../../optim/update_amd64.s -stubs ../../../optim/update_amd64.go -pkg optim

// vectorBytes is the size of the vectors that the assembly uses; 0 if there is none.
var vectorBytes = kernel.VectorBytes()

// narrowBelow is the number of elements below which vectors are of 32 bytes at most: what
// is not a whole vector is left to Go.
var narrowBelow = 256

// long reports whether param may have a whole vector. It is inlined, so that a parameter of few
// elements does not pay for a call with many arguments.
func long[T tensor.Float](param []T) bool { return len(param) >= 4 && vectorBytes > 0 }

// whole returns the kind of vectors to use for param, and how many elements are in whole ones.
func whole[T tensor.Float](param []T) (count, kind int) {
	bytes := vectorBytes
	if len(param) < narrowBelow {
		bytes = min(bytes, 32)
	}
	return len(param) &^ (bytes/size[T]() - 1), bytes + size[T]()
}

// Kinds of vectors.
const (
	f32AVX2   = 32 + 4
	f64AVX2   = 32 + 8
	f32AVX512 = 64 + 4
	f64AVX512 = 64 + 8
)

// size returns the size of an element in bytes.
func size[T tensor.Float]() int {
	var x T
	return int(unsafe.Sizeof(x))
}

// first returns the place of the first of n elements, which are of type E; nil if s is empty,
// as buffers are that the settings do not need.
func first[E, T tensor.Float](s []T, n int) *E {
	if len(s) == 0 {
		return nil
	}
	_ = s[n-1]
	return (*E)(unsafe.Pointer(&s[0]))
}
