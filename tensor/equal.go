package tensor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// AllClose returns nil when got and want have the same shape and every element
// satisfies torch.allclose's rule
//
//	|got - want| <= atol + rtol |want|
//
// Equal infinities are close; an infinity is close to nothing else, whatever
// the tolerances. NaN is close to nothing; see [AllCloseNaN]. Zero tolerances
// ask for equal values. PyTorch's defaults are rtol = 1e-5 and atol = 1e-8.
//
// Otherwise the error is a [*DiffError], which wraps [ErrNotClose] and tells
// how many elements differ, where, and by how much. Different shapes, a nil
// value, a wrong dtype and a negative tolerance are errors that wrap
// [ErrShape], [ErrNil], [ErrDtype] and [ErrValue].
//
// Unlike torch.allclose, it does not broadcast, it compares a float32 tensor
// with a float64 one, and it computes the bound in float64.
func AllClose(got, want Value, rtol, atol float64) error {
	return compare(got, want, rtol, atol, false)
}

// AllCloseNaN is [AllClose], with NaN close to NaN, as with equal_nan=True.
func AllCloseNaN(got, want Value, rtol, atol float64) error {
	return compare(got, want, rtol, atol, true)
}

// A Diff is one element that differs.
type Diff struct {
	Index     []int   // coordinates; empty for a scalar
	Got, Want float64 // the two values
	Distance  float64 // |Got - Want|; NaN when one of them is NaN
	Bound     float64 // atol + rtol |Want|
}

// A DiffError says where two tensors of one shape differ. It wraps [ErrNotClose].
type DiffError struct {
	Shape      Shape  // of both tensors
	Count      int    // how many elements differ
	Worst      Diff   // the element that exceeds its bound by most; NaN before all others
	First      []Diff // the first few in row-major order
	RTol, ATol float64
	got, want  Dtype
}

// firstDiffs is the length of [DiffError.First].
const firstDiffs = 5

// Unwrap returns [ErrNotClose].
func (e *DiffError) Unwrap() error { return ErrNotClose }

// Error describes the differences in one line for a scalar, else in several.
func (e *DiffError) Error() string {
	var b strings.Builder
	if len(e.Shape) == 0 {
		fmt.Fprintf(&b, "tensor: %v: %s", ErrNotClose, e.describe(e.Worst))
		return b.String()
	}
	fmt.Fprintf(&b, "tensor: %v: %d of %d elements of shape %v differ (rtol %g, atol %g)\n",
		ErrNotClose, e.Count, Size(e.Shape), e.Shape, e.RTol, e.ATol)
	fmt.Fprintf(&b, "  worst at %v: %s", Shape(e.Worst.Index), e.describe(e.Worst))
	if e.Count > 1 {
		for _, d := range e.First {
			fmt.Fprintf(&b, "\n  at %v: %s", Shape(d.Index), e.describe(d))
		}
	}
	if more := e.Count - len(e.First); more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

func (e *DiffError) describe(d Diff) string {
	return fmt.Sprintf("got %s, want %s, |got-want| = %.6g > %.6g",
		shortest(d.Got, e.got), shortest(d.Want, e.want), d.Distance, d.Bound)
}

// shortest prints x with as many digits as tell it apart in its own dtype.
func shortest(x float64, dt Dtype) string {
	bits := 64
	if dt == Float32 {
		bits = 32
	}
	return strconv.FormatFloat(x, 'g', -1, bits)
}

func compare(got, want Value, rtol, atol float64, equalNaN bool) error {
	if !(rtol >= 0) || !(atol >= 0) {
		return fmt.Errorf("tensor: %w: rtol %v and atol %v: want numbers >= 0", ErrValue, rtol, atol)
	}
	x, err := Float64s(got)
	if err != nil {
		return fmt.Errorf("got: %w", err)
	}
	y, err := Float64s(want)
	if err != nil {
		return fmt.Errorf("want: %w", err)
	}
	// Not Shape.Eq: for gorgonia the vector (2) equals the matrix (2, 1).
	if !slices.Equal(got.Shape(), want.Shape()) {
		return fmt.Errorf("tensor: %w: got shape %v, want %v", ErrShape, got.Shape(), want.Shape())
	}
	e := &DiffError{Shape: got.Shape().Clone(), RTol: rtol, ATol: atol, got: got.Dtype(), want: want.Dtype()}
	worst := math.Inf(-1)
	for i := range x {
		d := Diff{Got: x[i], Want: y[i], Distance: math.Abs(x[i] - y[i]), Bound: atol + math.Abs(rtol*y[i])}
		if d.close() || equalNaN && math.IsNaN(d.Got) && math.IsNaN(d.Want) {
			continue
		}
		e.Count++
		d.Index = coordinates(i, e.Shape)
		if len(e.First) < firstDiffs {
			e.First = append(e.First, d)
		}
		if s := d.severity(); s > worst {
			worst, e.Worst = s, d
		}
	}
	if e.Count == 0 {
		return nil
	}
	return e
}

// close is torch.isclose: an infinite distance is never within the bound.
func (d Diff) close() bool {
	return d.Got == d.Want || finite(d.Distance) && d.Distance <= d.Bound
}

// severity orders differences: by how far they exceed the bound, then infinite
// distances, then NaN.
func (d Diff) severity() float64 {
	switch {
	case math.IsNaN(d.Distance):
		return math.Inf(1)
	case math.IsInf(d.Distance, 0):
		return math.MaxFloat64
	}
	return d.Distance - d.Bound
}

// coordinates returns the coordinates of row-major element i of shape s.
func coordinates(i int, s Shape) []int {
	index := make([]int, len(s))
	for k := len(s) - 1; k >= 0; k-- {
		index[k] = i % s[k]
		i /= s[k]
	}
	return index
}
