//go:build amd64 && !purego

package kernel

import (
	"sync"
	"unsafe"
)

// A scratch is the memory in which a product of matrices puts its operands in
// order. There are as many as products have been computed at once.
type scratch struct {
	next *scratch
	b    []float64 // a panel of b
	a    []float64 // a block of a; few products need it
}

var scratches struct {
	sync.Mutex
	free *scratch
}

// prepareScratches makes room for n tiles at once, so that no later product of the kind
// allocates because its tiles happen to run at the same time.
func prepareScratches(n int, padded bool) {
	scratches.Lock()
	defer scratches.Unlock()
	for s := scratches.free; s != nil; s = s.next {
		n--
		if padded {
			s.block()
		}
	}
	for ; n > 0; n-- {
		s := newScratch()
		if padded {
			s.block()
		}
		s.next, scratches.free = scratches.free, s
	}
}

func newScratch() *scratch { return &scratch{b: Aligned[float64](panelBytes / 8)} }

// panel returns panelBytes bytes.
func (s *scratch) panel() *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(s.b))) }

// block returns room for blockBytes bytes in rows, which take a line or two more.
func (s *scratch) block() unsafe.Pointer {
	if s.a == nil {
		s.a = Aligned[float64]((blockBytes + blockBytes/8) / 8)
	}
	return unsafe.Pointer(unsafe.SliceData(s.a))
}

func takeScratch() *scratch {
	scratches.Lock()
	s := scratches.free
	if s != nil {
		scratches.free = s.next
	}
	scratches.Unlock()
	if s == nil {
		s = newScratch()
	}
	return s
}

func (s *scratch) release() {
	scratches.Lock()
	s.next = scratches.free
	scratches.free = s
	scratches.Unlock()
}
