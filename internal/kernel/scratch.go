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

func takeScratch() *scratch {
	scratches.Lock()
	s := scratches.free
	if s != nil {
		scratches.free = s.next
	}
	scratches.Unlock()
	if s == nil {
		s = &scratch{b: make([]float64, panelBytes/8)}
	}
	return s
}

func (s *scratch) release() {
	scratches.Lock()
	s.next = scratches.free
	scratches.free = s
	scratches.Unlock()
}
