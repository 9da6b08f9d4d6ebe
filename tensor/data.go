package tensor

import (
	"fmt"
	"unsafe"
)

// Value is what the functions here read: *[Dense], and the scalars
// *gorgonia.F64 and *gorgonia.F32. Every gorgonia.Value is one.
type Value interface {
	Shape() Shape
	Dtype() Dtype
	Data() any
}

// Array is a row-major array as kernels see it: a shape and the elements.
type Array[T Float] struct {
	Shape Shape
	Data  []T
}

// pointer is implemented by gorgonia's scalars, whose Data is a copy.
type pointer interface{ Pointer() unsafe.Pointer }

// Data returns the elements of v in row-major order. The slice shares v's
// memory: writing to it changes v. Scalars give a slice of length 1.
//
// It returns an error that wraps [ErrDtype] when v does not hold elements of
// type T, and one that wraps [ErrShape] when they are not contiguous, as after
// a transposition or in a slice of columns; call [Contiguous] first.
func Data[T Float](v Value) ([]T, error) {
	if v == nil {
		return nil, fmt.Errorf("tensor: %w: no value", ErrShape)
	}
	if d, ok := v.(*Dense); ok && d != nil && !isContiguous(d) {
		return nil, fmt.Errorf("tensor: %w: tensor of shape %v is not contiguous in row-major order", ErrShape, d.Shape())
	}
	switch data := v.Data().(type) {
	case []T:
		return data, nil
	case T:
		if p, ok := v.(pointer); ok {
			// A scalar's Data is a copy of its element; this is the element itself.
			return unsafe.Slice((*T)(p.Pointer()), 1), nil
		}
	}
	return nil, fmt.Errorf("tensor: %w: %v, want %v", ErrDtype, v.Dtype(), DtypeOf[T]())
}

// Float64s returns a copy of the elements of v as float64, in row-major order,
// whatever the layout of v. It returns an error that wraps [ErrDtype] when v
// holds neither float32 nor float64.
func Float64s(v Value) ([]float64, error) {
	if d, ok := v.(*Dense); ok && d != nil && !isContiguous(d) {
		c, err := Contiguous(d)
		if err != nil {
			return nil, err
		}
		v = c
	}
	if x, err := Data[float64](v); err == nil {
		return append([]float64(nil), x...), nil
	}
	x, err := Data[float32](v)
	if err != nil {
		return nil, fmt.Errorf("tensor: %w: want float32 or float64", ErrDtype)
	}
	y := make([]float64, len(x))
	for i, e := range x {
		y[i] = float64(e)
	}
	return y, nil
}

// Item returns the only element of v as a float64, like torch's item().
// It returns an error when v holds more than one.
func Item(v Value) (float64, error) {
	x, err := Float64s(v)
	if err != nil {
		return 0, err
	}
	if len(x) != 1 {
		return 0, fmt.Errorf("tensor: %w: Item of a tensor of shape %v", ErrShape, v.Shape())
	}
	return x[0], nil
}

// Contiguous returns t itself when its elements lie in row-major order without
// gaps, and otherwise a copy that does.
func Contiguous(t *Dense) (*Dense, error) {
	if isContiguous(t) {
		return t, nil
	}
	switch t.Dtype() {
	case Float32:
		return repack[float32](t)
	case Float64:
		return repack[float64](t)
	}
	return nil, fmt.Errorf("tensor: %w: %v is neither float32 nor float64", ErrDtype, t.Dtype())
}

func repack[T Float](t *Dense) (*Dense, error) {
	src, ok := t.Data().([]T)
	if !ok {
		return nil, fmt.Errorf("tensor: %w: %v", ErrDtype, t.Dtype())
	}
	dst := make([]T, 0, Size(t.Shape()))
	shape, strides := t.Shape(), t.Strides()
	var walk func(axis, offset int)
	walk = func(axis, offset int) {
		if axis == len(shape) {
			dst = append(dst, src[offset])
			return
		}
		for i := range shape[axis] {
			walk(axis+1, offset+i*strides[axis])
		}
	}
	walk(0, 0)
	return FromSlice(dst, shape...)
}

func isContiguous(t *Dense) bool {
	if t.Dims() == 0 {
		return true
	}
	strides := t.Strides()
	if len(strides) != t.Dims() {
		return len(strides) == 1 && strides[0] == 1 // a vector shape with one stride
	}
	for i, s := range Strides(t.Shape()) {
		if t.Shape()[i] > 1 && strides[i] != s {
			return false
		}
	}
	return true
}
