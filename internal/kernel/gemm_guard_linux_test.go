package kernel

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestGemmGuard places the operands at the end of memory, and at its start: reading
// or writing one byte beyond them ends the program.
func TestGemmGuard(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testGemmGuard[float64])
		t.Run("float32", testGemmGuard[float32])
	})
}

func testGemmGuard[T Float](t *testing.T) {
	const most, room = 45, 1 << 18
	dst, a, b, bias := guarded[T](t, room), guarded[T](t, room), guarded[T](t, room), guarded[T](t, room)
	rng := rand.New(rand.NewPCG(39, 40))
	copy(a, randoms[T](rng, len(a)))
	copy(b, randoms[T](rng, len(b)))
	for range 3000 {
		m, n, k := 1+rng.IntN(most), 1+rng.IntN(most), 1+rng.IntN(most)
		for trans := range 4 {
			tA, tB := trans&1 != 0, trans&2 != 0
			Gemm(dst[len(dst)-m*n:], a[len(a)-m*k:], b[len(b)-k*n:], m, n, k, tA, tB)
			Gemm(dst, a, b, m, n, k, tA, tB)
			for _, biases := range []int{n, m * n} {
				GemmBias(dst, a, b, bias[len(bias)-biases:], true, m, n, k, tA, tB)
				GemmBias(dst, a, b, bias[:biases], true, m, n, k, tA, tB)
			}
			GemmGate(dst, a, b, bias[len(bias)-m*n:], m, n, k, tA, tB)
			GemmGate(dst, a, b, bias, m, n, k, tA, tB)
		}
	}
	m, n, k := 60, 160, 110 // panels are copied
	Gemm(dst[len(dst)-m*n:], a[len(a)-m*k:], b[len(b)-k*n:], m, n, k, false, false)
	m, n, k = 30, 31, 512 // blocks are copied, in float64
	Gemm(dst[len(dst)-m*n:], a[len(a)-m*k:], b[len(b)-k*n:], m, n, k, false, false)
}

// guarded returns memory between two pages that must not be touched.
func guarded[T Float](t *testing.T, bytes int) []T {
	page := syscall.Getpagesize()
	bytes = (bytes + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, bytes+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Munmap(all) })
	require.NoError(t, syscall.Mprotect(all[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(all[page+bytes:], syscall.PROT_NONE))
	var v T
	return unsafe.Slice((*T)(unsafe.Pointer(&all[page])), bytes/int(unsafe.Sizeof(v)))
}
