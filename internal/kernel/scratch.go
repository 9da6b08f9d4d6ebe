//go:build amd64 && !purego

package kernel

import "sync"

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
			s.makeBlock()
		}
	}
	for ; n > 0; n-- {
		s := newScratch()
		if padded {
			s.makeBlock()
		}
		s.next, scratches.free = scratches.free, s
	}
}

func newScratch() *scratch { return &scratch{b: make([]float64, panelBytes/8)} }

func (s *scratch) makeBlock() {
	if s.a == nil {
		s.a = make([]float64, blockBytes/8)
	}
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
