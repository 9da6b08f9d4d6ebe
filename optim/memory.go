package optim

import (
	"fmt"
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// elements are the elements of a value or a gradient: one of the slices, or
// neither if there is none.
type elements struct {
	f32   []float32
	f64   []float64
	shape tensor.Shape
}

func (e elements) empty() bool { return e.f32 == nil && e.f64 == nil }

// like reports whether shapes and dtypes are the same.
func (e elements) like(other elements) bool {
	return len(e.f32) == len(other.f32) && len(e.f64) == len(other.f64) && slices.Equal(e.shape, other.shape)
}

// valueOf returns the elements of the value of the parameter with the given
// index.
func valueOf(vg gorgonia.ValueGrad, index int) (elements, error) {
	if vg == nil || nilPointer(vg) {
		return elements{}, paramErrorf("%d: it is nil", index)
	}
	v := vg.Value()
	if missing(v) {
		return elements{}, newParam(vg, index).errorf(fmt.Errorf("%w: it has no value", tensor.ErrShape))
	}
	e, err := readElements(v)
	if err != nil {
		return e, newParam(vg, index).errorf(err)
	}
	return e, nil
}

// gradOf returns the elements of the gradient, which may be absent.
func gradOf(vg gorgonia.ValueGrad, index int) (elements, error) {
	if vg == nil || nilPointer(vg) {
		return elements{}, paramErrorf("%d: it is nil", index)
	}
	v, err := vg.Grad()
	if err != nil || missing(v) {
		return elements{}, nil
	}
	e, err := readElements(v)
	if err != nil {
		return e, newParam(vg, index).errorf(fmt.Errorf("gradient: %w", err))
	}
	return e, nil
}

func readElements(v gorgonia.Value) (e elements, err error) {
	e.shape = v.Shape()
	if v.Dtype() == tensor.Float32 {
		e.f32, err = tensor.Data[float32](v)
	} else {
		e.f64, err = tensor.Data[float64](v)
	}
	return e, err
}

// twin is memory beside a parameter, of its shape and dtype.
type twin struct {
	elements
	made bool
}

// fit allocates the twin when it is first used, and complains when the
// parameter has become another one.
func (t *twin) fit(e elements, vg gorgonia.ValueGrad, index int) error {
	if !t.made {
		t.made, t.shape = true, e.shape.Clone()
		t.f32, t.f64 = make([]float32, len(e.f32)), make([]float64, len(e.f64))
	}
	if !t.like(e) {
		return newParam(vg, index).errorf(fmt.Errorf("%w: its shape or dtype changed: %v now, %v before", tensor.ErrShape, e.shape, t.shape))
	}
	return nil
}

// twins returns one twin more for each parameter that came later.
func twins(list []*twin, n int) []*twin {
	for len(list) < n {
		list = append(list, &twin{})
	}
	return list
}

// copyOf makes the twin a copy of the parameter's value.
func (t *twin) copyOf(vg gorgonia.ValueGrad, index int) error {
	e, err := valueOf(vg, index)
	if err != nil {
		return err
	}
	if err := t.fit(e, vg, index); err != nil {
		return err
	}
	between(t.elements, e, 0, copyFrom[float32], copyFrom[float64])
	return nil
}

// between calls an operation on a and b, which are alike, with a number.
func between(a, b elements, w float64, f32 func(a, b []float32, w float64), f64 func(a, b []float64, w float64)) {
	if len(a.f32) > 0 {
		f32(a.f32, b.f32, w)
	}
	if len(a.f64) > 0 {
		f64(a.f64, b.f64, w)
	}
}

func swapWith[T tensor.Float](a, b []T, _ float64) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

func copyFrom[T tensor.Float](a, b []T, _ float64) { copy(a, b) }

// lerpTo is a ← a + w(b - a).
func lerpTo[T tensor.Float](a, b []T, w float64) {
	c, i := T(w), 0
	if long(a) {
		i = lerpToVectors(a, b, c)
	}
	for ; i < len(a); i++ {
		a[i] = lerp(a[i], b[i], c)
	}
}

// multiplyBy is a ← wa.
func multiplyBy[T tensor.Float](a []T, w float64) {
	c, i := T(w), 0
	if long(a) {
		i = multiplyByVectors(a, c)
	}
	for ; i < len(a); i++ {
		a[i] *= c
	}
}

func (e elements) scale(w float64) {
	multiplyBy(e.f32, w)
	multiplyBy(e.f64, w)
}

func (e elements) finite() bool { return allFinite(e.f32) && allFinite(e.f64) }

func allFinite[T tensor.Float](a []T) bool {
	for _, v := range a {
		if v-v != 0 { // NaN for NaN and infinities
			return false
		}
	}
	return true
}

// norm returns the p-norm, of the elements as float64.
func (e elements) norm(p float64) float64 {
	if e.f32 != nil {
		return pNorm(e.f32, p)
	}
	return pNorm(e.f64, p)
}

func pNorm[T tensor.Float](a []T, p float64) float64 {
	sum := 0.0
	switch {
	case math.IsInf(p, 1):
		for _, v := range a {
			sum = max(sum, math.Abs(float64(v)))
		}
		return sum
	case p == 2:
		for _, v := range a {
			sum += float64(float64(v) * float64(v))
		}
		return math.Sqrt(sum)
	case p == 1:
		for _, v := range a {
			sum += math.Abs(float64(v))
		}
		return sum
	}
	for _, v := range a {
		sum += math.Pow(math.Abs(float64(v)), p)
	}
	return math.Pow(sum, 1/p)
}
