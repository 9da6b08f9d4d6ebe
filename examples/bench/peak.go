package main

import (
	"math"
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

func peak(run func(n int) float64) float64 {
	const each, tasks, tries = 1 << 12, 8, 20
	n := tasks * kernel.Workers()
	flops, best := run(each)*float64(n), math.Inf(1)
	for range tries {
		begin := time.Now()
		kernel.Parallel(n, func(int) { run(each) })
		best = min(best, time.Since(begin).Seconds())
	}
	return flops / best
}

// share returns the median of the rounds' shares of the peak.
func share(flops float64, seconds, peaks []float64) float64 {
	shares := make([]float64, 0, len(seconds))
	for i, t := range seconds {
		if peaks[i] > 0 {
			shares = append(shares, flops/t/peaks[i])
		}
	}
	if len(shares) == 0 {
		return 0
	}
	return quantile(shares, 0.5)
}
