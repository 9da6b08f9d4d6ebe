package tensor

import (
	"fmt"
	"reflect"
	"unsafe"

	gt "gorgonia.org/tensor"
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
// Reading a *[Dense] or a scalar allocates nothing.
//
// It returns an error that wraps [ErrDtype] when v does not hold elements of
// type T, one that wraps [ErrShape] when they do not lie in row-major order
// without gaps, as after a transposition or in a slice of columns (call
// [Contiguous] first) or in a sparse matrix, and one that wraps [ErrNil] when v
// is nil.
func Data[T Float](v Value) ([]T, error) {
	if isNil(v) {
		return nil, fmt.Errorf("tensor: %w", ErrNil)
	}
	if got := v.Dtype(); got != DtypeOf[T]() {
		return nil, fmt.Errorf("tensor: %w: got %v, want %v", ErrDtype, got, DtypeOf[T]())
	}
	if d, ok := v.(*Dense); ok {
		if !isContiguous(d) {
			return nil, fmt.Errorf("tensor: %w: tensor of shape %v is not contiguous in row-major order", ErrShape, d.Shape())
		}
		return trim(memory[T](d), d.Shape())
	}
	if p, ok := v.(pointer); ok && len(v.Shape()) == 0 {
		return unsafe.Slice((*T)(p.Pointer()), 1), nil
	}
	x, ok := v.Data().([]T)
	if _, sparse := v.(*gt.CS); sparse || !ok {
		return nil, fmt.Errorf("tensor: %w: the elements of a %T cannot be read in row-major order", ErrShape, v)
	}
	return trim(x, v.Shape())
}

// Float64s returns a copy of the elements of v as float64, in row-major order,
// whatever the layout of v. It returns an error that wraps [ErrDtype] when v
// holds neither float32 nor float64, and [ErrNil] when v is nil.
func Float64s(v Value) ([]float64, error) {
	if isNil(v) {
		return nil, fmt.Errorf("tensor: %w", ErrNil)
	}
	if d, ok := v.(*Dense); ok {
		c, err := Contiguous(d)
		if err != nil {
			return nil, err
		}
		v = c
	}
	switch v.Dtype() {
	case Float64:
		x, err := Data[float64](v)
		return append([]float64(nil), x...), err
	case Float32:
		x, err := Data[float32](v)
		if err != nil {
			return nil, err
		}
		y := make([]float64, len(x))
		for i, e := range x {
			y[i] = float64(e)
		}
		return y, nil
	}
	return nil, fmt.Errorf("tensor: %w: %v is neither float32 nor float64", ErrDtype, v.Dtype())
}

// Item returns the only element of v as a float64, like torch's item().
// It returns an error that wraps [ErrShape] when v holds more than one.
// Other errors are those of [Float64s].
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
// gaps, and otherwise a copy that does, like torch's contiguous(). Slices,
// transposed and column-major tensors are read through their strides.
//
// It returns an error that wraps [ErrNil] when t is nil, and [ErrDtype] when t
// must be copied and holds neither float32 nor float64.
func Contiguous(t *Dense) (*Dense, error) {
	if t == nil {
		return nil, fmt.Errorf("tensor: %w", ErrNil)
	}
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

// repack copies the elements of t through its strides, in row-major order.
func repack[T Float](t *Dense) (*Dense, error) {
	src, shape, strides := memory[T](t), t.Shape(), t.Strides()
	last := 0 // offset of the last element
	for i, d := range shape {
		if len(strides) != len(shape) || strides[i] < 0 {
			return nil, fmt.Errorf("tensor: %w: shape %v with strides %v", ErrShape, shape, strides)
		}
		last += (d - 1) * strides[i]
	}
	if last >= len(src) {
		return nil, fmt.Errorf("tensor: %w: shape %v with strides %v reaches beyond %d elements", ErrShape, shape, strides, len(src))
	}
	dst := make([]T, 0, Size(shape))
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

// memory returns all elements that t's memory holds, in the order in which they
// lie there. t must hold elements of type T. Memory outside the process, as on
// a GPU, counts as empty.
func memory[T Float](t *Dense) []T {
	switch {
	case !t.IsNativelyAccessible():
		return nil
	case DtypeOf[T]() == Float32:
		return any(t.Float32s()).([]T)
	}
	return any(t.Float64s()).([]T)
}

// trim returns the first Size(s) elements of x. There can be more: gorgonia
// keeps the whole range of memory that a slice with a step was taken from.
func trim[T Float](x []T, s Shape) ([]T, error) {
	n := Size(s)
	if n < 1 || n > len(x) {
		return nil, fmt.Errorf("tensor: %w: shape %v over %d elements", ErrShape, s, len(x))
	}
	return x[:n:n], nil
}

// isContiguous reports whether t's strides are those of row-major order, where
// the stride of a dimension of 1 does not matter.
func isContiguous(t *Dense) bool {
	shape, strides := t.Shape(), t.Strides()
	if len(strides) != len(shape) {
		// gorgonia keeps a single stride for a column-major (n, 1) or (1, n).
		return len(shape) == 0 || len(strides) == 1 && strides[0] == 1
	}
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 && strides[i] != n {
			return false
		}
		n *= shape[i]
	}
	return true
}

// isNil reports whether v is nil or a nil pointer.
func isNil(v Value) bool {
	if v == nil {
		return true
	}
	if d, ok := v.(*Dense); ok {
		return d == nil || d.Dtype().Type == nil
	}
	p := reflect.ValueOf(v)
	return p.Kind() == reflect.Pointer && p.IsNil()
}
