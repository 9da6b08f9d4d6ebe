package kernel

import "math"

// The scans go along the middle axis of arrays (outer, n, inner), row-major, from
// the first element to the last, or from the last to the first when reverse. The
// running value is a float64, also for float32, as in torch on CPUs.

// CumSum writes the sums of the elements so far: dst[o,j,i] = Σ x[o,k,i] over k ≤ j,
// over k ≥ j when reverse.
func CumSum[T Float](dst, x []T, outer, n, inner int, reverse bool) {
	scan(outer, n, inner, reverse, func(at, step, cols int) {
		if cols == 1 {
			acc := 0.0
			for range n {
				acc += float64(x[at])
				dst[at] = T(acc)
				at += step
			}
			return
		}
		var memory [width]float64
		acc := memory[:cols]
		for range n {
			d := dst[at:][:cols]
			for i, v := range x[at:][:cols] {
				acc[i] += float64(v)
				d[i] = T(acc[i])
			}
			at += step
		}
	})
}

// CumProd writes the products of the elements so far: dst[o,j,i] = Π x[o,k,i] over
// k ≤ j.
func CumProd[T Float](dst, x []T, outer, n, inner int) {
	scan(outer, n, inner, false, func(at, step, cols int) {
		if cols == 1 {
			acc := 1.0
			for range n {
				acc *= float64(x[at])
				dst[at] = T(acc)
				at += step
			}
			return
		}
		var memory [width]float64
		acc := memory[:cols]
		Fill(acc, 1)
		for range n {
			d := dst[at:][:cols]
			for i, v := range x[at:][:cols] {
				acc[i] *= float64(v)
				d[i] = T(acc[i])
			}
			at += step
		}
	})
}

// LogCumSumExp writes the logarithms of the sums of the exponentials so far:
// dst[o,j,i] = ln Σ exp x[o,k,i] over k ≤ j, without overflow.
func LogCumSumExp[T Float](dst, x []T, outer, n, inner int) {
	scan(outer, n, inner, false, func(at, step, cols int) {
		var memory [width]float64
		acc := memory[:cols]
		Fill(acc, math.Inf(-1))
		for range n {
			d := dst[at:][:cols]
			for i, v := range x[at:][:cols] {
				acc[i] = logAddExp(acc[i], float64(v))
				d[i] = T(acc[i])
			}
			at += step
		}
	})
}

// logAddExp returns ln(eᵃ + eᵇ).
func logAddExp(a, b float64) float64 {
	if a == b && math.IsInf(a, 0) {
		return a
	}
	return max(a, b) + log1p(ExpOf(-math.Abs(a-b)))
}

// Recur writes the recurrence dst[o,j,i] = a[o,j,i]·dst[o,j−1,i] + b[o,j,i], with
// j+1 in place of j−1 when reverse. The first element is that of b, whatever a has.
func Recur[T Float](dst, a, b []T, outer, n, inner int, reverse bool) {
	scan(outer, n, inner, reverse, func(at, step, cols int) {
		if cols == 1 {
			acc := float64(b[at])
			dst[at] = b[at]
			for range n - 1 {
				at += step
				acc = float64(float64(a[at])*acc) + float64(b[at])
				dst[at] = T(acc)
			}
			return
		}
		var memory [width]float64
		acc := memory[:cols]
		for i, v := range b[at:][:cols] {
			acc[i], dst[at+i] = float64(v), v
		}
		for range n - 1 {
			at += step
			d, b := dst[at:][:cols], b[at:][:cols]
			for i, v := range a[at:][:cols] {
				acc[i] = float64(float64(v)*acc[i]) + float64(b[i])
				d[i] = T(acc[i])
			}
		}
	})
}

// scan calls walk for groups of neighbouring lines, at most width of them: the
// first elements of the lines start at a place, and the next ones step further.
func scan(outer, n, inner int, reverse bool, walk func(at, step, cols int)) {
	first, step := 0, inner
	if reverse {
		first, step = (n-1)*inner, -inner
	}
	for o := range outer {
		for i := 0; i < inner; i += width {
			walk(o*n*inner+first+i, step, min(width, inner-i))
		}
	}
}
