package kernel

import "math/rand/v2"

// Uniform writes dst = lo + (hi − lo)·u with u from [0, 1), one draw of rng for
// each element, and top where that is more. top is the largest T below hi, which
// rounding can reach.
func Uniform[T Float](dst []T, rng *rand.Rand, lo, hi, top T) {
	a, b := float64(lo), float64(hi)
	for i := range dst {
		x := T(a + float64((b-a)*rng.Float64()))
		dst[i] = min(x, top)
	}
}

// Normal writes dst = mean + std·z with z from the standard normal distribution.
func Normal[T Float](dst []T, rng *rand.Rand, mean, std T) {
	m, s := float64(mean), float64(std)
	for i := range dst {
		dst[i] = T(m + float64(s*rng.NormFloat64()))
	}
}

// Bernoulli writes dst = 1 with probability p, else 0: 1 where u < p for u from
// [0, 1), one draw of rng for each element.
func Bernoulli[T Float](dst []T, rng *rand.Rand, p float64) {
	for i := range dst {
		dst[i] = T(bit(rng.Float64() < p))
	}
}
