package kernel

import "math"

// The loops of the CTC loss go over arrays of shape (steps, rows, states).
// In a step, a state is reached from itself and from the two before it.

// CTCAlpha writes the logarithms of the forward variables of connectionist
// temporal classification,
//
//	dst[t,n,s] = x[t,n,s] + ln Σₖ exp dst[t−1,n,s−k], k = 0, 1, and 2 where skip[n,s] ≠ 0
//
// where dst[−1,n,0] is 0, and −Inf for the other states and those that do not exist.
func CTCAlpha[T Float](dst, x, skip []T, steps, rows, states int) {
	for t := range steps {
		for n := range rows {
			at := (t*rows + n) * states
			for s := range states {
				a, b, c := math.Inf(-1), math.Inf(-1), math.Inf(-1)
				skips := s > 1 && skip[n*states+s] != 0
				if t > 0 {
					last := dst[at-rows*states:][:states]
					a = float64(last[s])
					if s > 0 {
						b = float64(last[s-1])
					}
					if skips {
						c = float64(last[s-2])
					}
				} else if s < 2 || s == 2 && skips {
					a = 0
				}
				dst[at+s] = T(float64(x[at+s]) + logSum(a, b, c))
			}
		}
	}
}

// logSum returns ln(eᵃ + eᵇ + eᶜ).
func logSum(a, b, c float64) float64 {
	top := max(a, b, c)
	if math.IsInf(top, 0) {
		return top
	}
	return top + LogOf(ExpOf(a-top)+ExpOf(b-top)+ExpOf(c-top))
}

// bands is the number of states that one is reached from.
const bands = 3

// BandScan writes dst[t,n,s] = b[t,n,s] + Σₖ w[t,n,s,k]·dst[t−1,n,s−k] for k = 0, 1,
// 2, without the terms that do not exist. w is (steps, rows, states, 3).
func BandScan[T Float](dst, w, b []T, steps, rows, states int) {
	copy(dst, b)
	for t := 1; t < steps; t++ {
		for n := range rows {
			at := (t*rows + n) * states
			last := dst[at-rows*states:][:states]
			for s := range states {
				for k := range min(bands, s+1) {
					dst[at+s] += T(w[(at+s)*bands+k] * last[s-k])
				}
			}
		}
	}
}

// BandScanBack is the transpose of [BandScan] by b, and goes from the last step to
// the first: dst[t,n,s] = b[t,n,s] + Σₖ w[t+1,n,s+k,k]·dst[t+1,n,s+k].
func BandScanBack[T Float](dst, w, b []T, steps, rows, states int) {
	copy(dst, b)
	for t := steps - 1; t > 0; t-- {
		for n := range rows {
			at := (t*rows + n) * states
			before := dst[at-rows*states:][:states]
			for s := range states {
				for k := range min(bands, s+1) {
					before[s-k] += T(w[(at+s)*bands+k] * dst[at+s])
				}
			}
		}
	}
}
