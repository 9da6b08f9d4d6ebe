package optim

import "math"

// Functions on vectors in float64, for methods.

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
