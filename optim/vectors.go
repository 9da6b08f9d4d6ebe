package optim

import (
	"unsafe"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

//go:generate go -C ../internal/kernel/gen run . -group update -out ../../../optim/update_amd64.s -stubs ../../../optim/update_amd64.go -pkg optim

// vectorized says that the processor has the instructions that the assembly uses.
var vectorized = kernel.AVX2()

// whole returns how many elements of param are in whole vectors; 0 if there is no code for them.
func whole[T tensor.Float](param []T) int {
	if !vectorized {
		return 0
	}
	return len(param) &^ (32/size[T]() - 1)
}

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
