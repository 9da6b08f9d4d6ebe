package optim

import (
	"math"

	"github.com/downhill-go/downhill/tensor"
)

// Functions on vectors, added up in float64.

// dot returns Σ aᵢbᵢ.
func dot(a, b []float64) float64 {
	s := 0.0
	for i, x := range a {
		s += float64(x * b[i])
	}
	return s
}

// axpy adds t·x to y.
func axpy(t float64, x, y []float64) {
	for i, e := range x {
		y[i] += float64(t * e)
	}
}

// maxAbs returns the largest |xᵢ|, NaN if one is.
func maxAbs(x []float64) float64 {
	m := 0.0
	for _, e := range x {
		m = max(m, math.Abs(e))
	}
	return m
}

func sumAbs(x []float64) float64 {
	s := 0.0
	for _, e := range x {
		s += math.Abs(e)
	}
	return s
}

// squares returns the sum of the squares of every stride-th element of x.
func squares[T tensor.Float](x []T, stride int) float64 {
	sum := 0.0
	for i := 0; i < len(x); i += stride {
		sum += float64(float64(x[i]) * float64(x[i]))
	}
	return sum
}
