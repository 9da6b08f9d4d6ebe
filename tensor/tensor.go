package tensor

import (
	"errors"
	"fmt"
	"math"

	gt "gorgonia.org/tensor"
)

// Dense is gorgonia's dense tensor. The name is an alias, so tensors made here
// can be given to any gorgonia function and the other way round.
type Dense = gt.Dense

// Dtype is the type of a tensor's elements, [Float32] or [Float64].
type Dtype = gt.Dtype

// The element types that Downhill computes with.
var (
	Float32 = gt.Float32
	Float64 = gt.Float64
)

// Float is the constraint of every generic function here.
type Float interface{ float32 | float64 }

// Every error of this package wraps one of these.
var (
	ErrShape    = errors.New("bad shape")     // a shape, an axis or a layout
	ErrDtype    = errors.New("bad dtype")     // an element type
	ErrValue    = errors.New("bad value")     // a number outside its range
	ErrNil      = errors.New("nil value")     // a missing tensor or random stream
	ErrNotClose = errors.New("values differ") // a comparison that failed
)

// DtypeOf returns the Dtype of T.
func DtypeOf[T Float]() Dtype {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return Float32
	}
	return Float64
}

// Scalar returns a rank-0 tensor.
func Scalar[T Float](v T) *Dense { return gt.New(gt.FromScalar(v)) }

// Of returns the vector of the given values, shape (len(v)). It copies v.
// Of is for values written in the program, and panics when there are none. For
// a slice that may be empty use [FromSlice], which returns an error.
func Of[T Float](v ...T) *Dense { return Must(FromSlice(append([]T(nil), v...), len(v))) }

// FromSlice returns a tensor of the given shape over data, in row-major order.
// The tensor shares data: writing to one changes the other. Without a shape,
// data must hold one element and the tensor is a scalar.
//
// It returns an error that wraps [ErrShape] when a dimension is below 1 or the
// shape does not hold exactly len(data) elements. Tensors without elements
// cannot be represented by gorgonia and are refused.
func FromSlice[T Float](data []T, shape ...int) (*Dense, error) {
	n, err := checkDims(shape)
	if err != nil {
		return nil, err
	}
	if n != len(data) {
		return nil, fmt.Errorf("tensor: %w: %d values do not fill shape %v of %d", ErrShape, len(data), Shape(shape), n)
	}
	return gt.New(gt.WithShape(shape...), gt.WithBacking(data)), nil
}

// Full returns a tensor of the given shape with every element v.
// Errors are those of [FromSlice].
func Full[T Float](v T, shape ...int) (*Dense, error) {
	n, err := checkDims(shape)
	if err != nil {
		return nil, err
	}
	data := make([]T, n)
	if v != 0 || math.Signbit(float64(v)) {
		for i := range data {
			data[i] = v
		}
	}
	return FromSlice(data, shape...)
}

// Zeros returns a tensor of zeros. Errors are those of [FromSlice].
func Zeros[T Float](shape ...int) (*Dense, error) { return Full[T](0, shape...) }

// Ones returns a tensor of ones. Errors are those of [FromSlice].
func Ones[T Float](shape ...int) (*Dense, error) { return Full[T](1, shape...) }

// ZerosOf returns a tensor of zeros of a dtype known only at run time.
func ZerosOf(dt Dtype, shape ...int) (*Dense, error) {
	switch dt {
	case Float32:
		return Zeros[float32](shape...)
	case Float64:
		return Zeros[float64](shape...)
	}
	return nil, fmt.Errorf("tensor: %w: %s is neither float32 nor float64", ErrDtype, dtypeName(dt))
}

// dtypeName is dt.String, which panics for the zero Dtype.
func dtypeName(dt Dtype) string {
	if dt.Type == nil {
		return "no dtype"
	}
	return dt.String()
}

// Must returns t and panics if err is not nil. It is for examples, tests and
// package variables, where a failure is a mistake in the program.
func Must(t *Dense, err error) *Dense {
	if err != nil {
		panic(err)
	}
	return t
}

// maxElements is the largest number of elements of a tensor: 2^40, or 2^27
// where int has 32 bits. Larger sizes could not be allocated anyway.
const maxElements = 1 << (27 + 13*(^uint(0)>>63))

// checkDims returns the number of elements of a shape, or an error when a
// dimension is not positive or there are more than maxElements.
func checkDims(shape []int) (int, error) {
	n := 1
	for i, d := range shape {
		if d < 1 {
			return 0, fmt.Errorf("tensor: %w: dimension %d of %v is %d, want at least 1", ErrShape, i, Shape(shape), d)
		}
		if n > maxElements/d {
			return 0, fmt.Errorf("tensor: %w: %v has more than %d elements", ErrShape, Shape(shape), maxElements)
		}
		n *= d
	}
	return n, nil
}
