package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// NewRand returns a random stream for [Uniform], [Normal] and everything else
// that takes a *rand.Rand: the PCG generator of math/rand/v2 with the 128-bit
// state (seed, 0x9e3779b97f4a7c15). Equal seeds give equal streams on every
// platform; they are not PyTorch's. A stream is for one goroutine at a time.
func NewRand(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, streamOf))
}

// streamOf is 2^64 divided by the golden ratio. It only has to be fixed and
// have no structure of its own.
const streamOf = 0x9e3779b97f4a7c15

// Uniform returns a tensor of the given shape with elements drawn from the
// uniform distribution on [lo, hi), like torch.empty(shape).uniform_(lo, hi):
//
//	x = lo + (hi - lo) u        u in [0, 1)
//
// Every element takes one draw u = rng.Float64() in row-major order, for
// float32 and float64 alike, so both dtypes see the same numbers up to
// rounding. A result that rounds up to hi becomes the number just below it.
// When lo equals hi, every element is lo.
//
// It returns an error that wraps [ErrNil] when rng is nil, [ErrShape] for a bad
// shape as in [FromSlice], and [ErrValue] when lo > hi or when lo, hi or their
// distance is not finite.
func Uniform[T Float](rng *rand.Rand, lo, hi T, shape ...int) (*Dense, error) {
	a, b := float64(lo), float64(hi)
	if !(a <= b) || !finite(b-a) {
		return nil, fmt.Errorf("tensor: %w: Uniform on [%v, %v): want finite bounds in ascending order", ErrValue, lo, hi)
	}
	below := max(lo, before(hi))
	return random(rng, shape, func() T {
		x := T(a + float64((b-a)*rng.Float64()))
		return min(x, below)
	})
}

// Normal returns a tensor of the given shape with elements drawn from the
// normal distribution, like torch.normal(mean, std, shape):
//
//	x = mean + std z        z standard normal
//
// Every element takes the next z = rng.NormFloat64() in row-major order, for
// float32 and float64 alike. When std is 0, every element is mean.
//
// It returns an error that wraps [ErrNil] when rng is nil, [ErrShape] for a bad
// shape as in [FromSlice], and [ErrValue] when std < 0 or when mean or std is
// not finite.
func Normal[T Float](rng *rand.Rand, mean, std T, shape ...int) (*Dense, error) {
	m, s := float64(mean), float64(std)
	if !finite(m) || !finite(s) || s < 0 {
		return nil, fmt.Errorf("tensor: %w: Normal with mean %v and std %v: want finite numbers and std >= 0", ErrValue, mean, std)
	}
	return random(rng, shape, func() T { return T(m + float64(s*rng.NormFloat64())) })
}

// random returns a tensor filled with draws, in row-major order.
func random[T Float](rng *rand.Rand, shape []int, draw func() T) (*Dense, error) {
	if rng == nil {
		return nil, fmt.Errorf("tensor: %w: the random stream is nil; NewRand makes one", ErrNil)
	}
	n, err := checkDims(shape)
	if err != nil {
		return nil, err
	}
	data := make([]T, n)
	for i := range data {
		data[i] = draw()
	}
	return FromSlice(data, shape...)
}

// before returns the largest T below x.
func before[T Float](x T) T {
	if DtypeOf[T]() == Float32 {
		return T(math.Nextafter32(float32(x), float32(math.Inf(-1))))
	}
	return T(math.Nextafter(float64(x), math.Inf(-1)))
}
