package optim

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/downhill-go/downhill/tensor"
)

// TestVectorsGuard places parameters, gradients and buffers at the end of memory, and at its start:
// reading or writing one byte beyond them ends the program.
func TestVectorsGuard(t *testing.T) {
	defer func(bytes, below int) { vectorBytes, narrowBelow = bytes, below }(vectorBytes, narrowBelow)
	narrowBelow = 0
	for _, vectorBytes = range vectorSizes() {
		for _, rule := range elementwise() {
			t.Run(fmt.Sprintf("%s/%d", NameOf(rule), vectorBytes), func(t *testing.T) {
				testVectorsGuard[float32](t, rule)
				testVectorsGuard[float64](t, rule)
			})
		}
	}
}

func testVectorsGuard[T tensor.Float](t *testing.T, rule Rule) {
	const most = 40
	for _, end := range []bool{false, true} {
		var memory [][]T
		for range 8 { // as many as any rule has
			memory = append(memory, guarded[T](t))
		}
		for n := range most {
			next := 0
			s := makeStep(rule, 2, n, 1, func(n int) []T {
				m := memory[next]
				next++
				if end {
					return m[len(m)-n:]
				}
				return m[:n]
			})
			stepBy(rule, s)
			if r, ok := rule.(LookAhead); ok {
				aheadBy(r, s)
			}
		}
	}
}

// guarded returns a page of memory between two that must not be touched.
func guarded[T tensor.Float](t *testing.T) []T {
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	require.NoError(t, syscall.Mprotect(all[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(all[2*page:], syscall.PROT_NONE))
	return unsafe.Slice((*T)(unsafe.Pointer(&all[page])), page/size[T]())
}
