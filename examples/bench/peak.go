package main

import (
	"math"
	"sync"
	"time"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// peakOf returns how many additions and multiplications a second all processors do at most: in fused
// multiply-adds of vectors in registers, the best of some measurements of a tenth of a millisecond. It is 0
// without vector instructions.
func peakOf(dt tensor.Dtype) float64 {
	if dt == tensor.Float64 {
		return peak(kernel.MultiplyAdds[float64])
	}
	return peak(kernel.MultiplyAdds[float32])
}

func peak(run func() (flops float64)) float64 {
	const tries = 20
	best := 0.0
	for range tries {
		begin := time.Now()
		flops := run()
		best = max(best, flops/time.Since(begin).Seconds())
	}
	return best
}

// limit returns the work of a step that the machine bounds, and what measures how much of it the
// machine does in a second at most: flops, or bytes, or nothing.
func (c *benchCase) limit() (work float64, rate func() float64) {
	switch {
	case c.flops > 0:
		return c.flops, func() float64 { return peakOf(c.dtype) }
	case c.bytes > 0:
		return c.bytes, copyRate
	}
	return 0, nil
}

// inMemory returns the size of so many float32, or 0 if they fit into caches.
func inMemory(n int) float64 {
	const caches = 24 << 20
	if 4*n < caches {
		return 0
	}
	return 4 * float64(n)
}

// memory is what copyRate copies. It is written to once, or all its pages would be one page of zeros.
var memory = sync.OnceValue(func() (m [2][]float32) {
	for i := range m {
		m[i] = make([]float32, 8<<20)
		kernel.Fill(m[i], 1)
	}
	return m
})

// copyRate returns how many bytes a second all processors read and write, half of them each, in
// copies of 32 MiB past the caches: the best of some.
func copyRate() float64 {
	const part, tries = 1 << 17, 4
	dst, src := memory()[0], memory()[1]
	best := math.Inf(1)
	for range tries {
		begin := time.Now()
		kernel.Parallel(len(dst)/part, func(i int) {
			kernel.Stream(dst[i*part:(i+1)*part], src[i*part:])
			kernel.Fence()
		})
		best = min(best, time.Since(begin).Seconds())
	}
	return 8 * float64(len(dst)) / best
}
