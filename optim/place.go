package optim

import (
	"slices"
	"unsafe"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// place is where a value is. To read its elements allocates, so they are kept while
// the value is the same, and has its memory in the same order.
type place struct {
	scalar         unsafe.Pointer // the value, if it is a scalar
	dense          *tensor.Dense  // the value, if it is a tensor
	base           uintptr
	shape, strides []int // of dense
}

// has reports whether v is there.
func (p *place) has(v gorgonia.Value) bool {
	switch v := v.(type) {
	case *gorgonia.F64:
		return v != nil && unsafe.Pointer(v) == p.scalar
	case *gorgonia.F32:
		return v != nil && unsafe.Pointer(v) == p.scalar
	case *tensor.Dense:
		return v != nil && v == p.dense && p.unmoved()
	}
	return false
}

// unmoved reports whether dense has the memory and the order that it had.
func (p *place) unmoved() bool {
	return p.dense.Uintptr() == p.base && slices.Equal(p.dense.Shape(), p.shape) && slices.Equal(p.dense.Strides(), p.strides)
}

// set makes it the place of v.
func (p *place) set(v gorgonia.Value) {
	p.forget()
	switch v := v.(type) {
	case *gorgonia.F64:
		p.scalar = unsafe.Pointer(v)
	case *gorgonia.F32:
		p.scalar = unsafe.Pointer(v)
	case *tensor.Dense:
		p.dense, p.base = v, v.Uintptr()
		p.shape, p.strides = append(p.shape, v.Shape()...), append(p.strides, v.Strides()...)
	}
}

// forget makes it the place of no value.
func (p *place) forget() { *p = place{shape: p.shape[:0], strides: p.strides[:0]} }
