package tensor

import (
	"fmt"
	"math"
)

// Arange returns the vector start, start+step, start+2 step, ... up to but not
// including stop, like torch.arange. It has
//
//	n = ceil((stop - start) / step)
//
// elements; element i is start + i*step, computed in float64 and rounded once.
// As n depends on rounding, a step that is no whole number may give one element
// more than expected; [Linspace] does not have that problem.
//
// It returns an error that wraps [ErrValue] when step is 0, when it leads away
// from stop, or when an argument is not finite, and one that wraps [ErrShape]
// when the vector would be empty (stop equal to start, which torch allows) or
// too long.
func Arange[T Float](start, stop, step T) (*Dense, error) {
	a, b, s := float64(start), float64(stop), float64(step)
	switch {
	case !finite(a) || !finite(b) || !finite(s):
		return nil, fmt.Errorf("tensor: %w: Arange from %v to %v by %v: want finite numbers", ErrValue, start, stop, step)
	case s == 0:
		return nil, fmt.Errorf("tensor: %w: Arange from %v to %v: the step is 0", ErrValue, start, stop)
	case a < b && s < 0, a > b && s > 0:
		return nil, fmt.Errorf("tensor: %w: Arange from %v to %v: the step %v leads away", ErrValue, start, stop, step)
	case a == b:
		return nil, fmt.Errorf("tensor: %w: Arange from %v to %v has no elements", ErrShape, start, stop)
	}
	n := math.Ceil((b - a) / s)
	if n > maxElements {
		return nil, fmt.Errorf("tensor: %w: Arange from %v to %v by %v has too many elements", ErrShape, start, stop, step)
	}
	// A step that is larger than the whole range still leaves the first element.
	data := make([]T, max(1, int(n)))
	for i := range data {
		data[i] = T(a + float64(s*float64(i)))
	}
	return FromSlice(data, len(data))
}

// Linspace returns the vector of n evenly spaced numbers from start to stop,
// both included, like torch.linspace. With
//
//	step = (stop - start) / (n - 1)
//
// element i is start + i*step in the first half and stop - (n-1-i)*step in the
// second, computed in float64 and rounded once. A vector of one element holds
// start; stop may be below start.
//
// It returns an error that wraps [ErrShape] when n is below 1 or too large, and
// one that wraps [ErrValue] when start, stop or their difference is not finite.
func Linspace[T Float](start, stop T, n int) (*Dense, error) {
	if _, err := checkDims([]int{n}); err != nil {
		return nil, err
	}
	a, b := float64(start), float64(stop)
	if !finite(a) || !finite(b) || !finite(b-a) {
		return nil, fmt.Errorf("tensor: %w: Linspace from %v to %v: want finite numbers a finite distance apart", ErrValue, start, stop)
	}
	data := make([]T, n)
	step := (b - a) / float64(max(1, n-1))
	for i := range data {
		if i == 0 || i < n/2 {
			data[i] = T(a + float64(step*float64(i)))
		} else {
			data[i] = T(b - float64(step*float64(n-1-i)))
		}
	}
	return FromSlice(data, n)
}

// Eye returns the (n, n) identity matrix, like torch.eye. It returns an error
// that wraps [ErrShape] when n is below 1 or too large.
func Eye[T Float](n int) (*Dense, error) {
	size, err := checkDims([]int{n, n})
	if err != nil {
		return nil, err
	}
	data := make([]T, size)
	for i := 0; i < size; i += n + 1 {
		data[i] = 1
	}
	return FromSlice(data, n, n)
}

// Convert returns a row-major copy of v with elements of type dt, [Float32] or
// [Float64]. A float64 becomes the nearest float32; beyond the largest one it
// becomes an infinity. Unlike torch's Tensor.to, it copies even when v already
// has that dtype, so the result never shares memory with v.
//
// It returns an error that wraps [ErrDtype] when dt or v's dtype is any other.
func Convert(v Value, dt Dtype) (*Dense, error) {
	if dt != Float32 && dt != Float64 {
		return nil, fmt.Errorf("tensor: %w: %v is neither float32 nor float64", ErrDtype, dt)
	}
	x, err := Float64s(v)
	if err != nil {
		return nil, err
	}
	if dt == Float64 {
		return FromSlice(x, v.Shape()...)
	}
	y := make([]float32, len(x))
	for i, e := range x {
		y[i] = float32(e)
	}
	return FromSlice(y, v.Shape()...)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
