package autodiff

import (
	"math/bits"
	"sync"
	"time"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// peaks is how fast this machine is, measured when it is first asked.
var peaks = &machinePeaks{copies: make(map[int]float64)}

type machinePeaks struct {
	mu       sync.Mutex
	products [2]float64      // flops per second, at most, in float32 and float64
	copies   map[int]float64 // bytes per second of a copy that touches 2ⁱ bytes
}

// product returns how long flops take at least, in a matrix product.
func (p *machinePeaks) product(flops float64, dt tensor.Dtype) time.Duration {
	if flops == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := 0
	if dt == tensor.Float64 {
		i = 1
	}
	if p.products[i] == 0 {
		if i == 0 {
			p.products[i] = productRate[float32]()
		} else {
			p.products[i] = productRate[float64]()
		}
	}
	return seconds(flops / p.products[i])
}

// copy returns how long it takes to read and write as many bytes, half of them each.
func (p *machinePeaks) copy(bytes float64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := min(max(bits.Len(uint(bytes)), smallestCopy), largestCopy)
	if p.copies[i] == 0 {
		p.copies[i] = copyRate(1 << i)
	}
	return seconds(bytes / p.copies[i])
}

// Copies are measured from 4 KiB, which the call does not dominate, to 64 MiB, which no
// cache holds.
const smallestCopy, largestCopy = 12, 26

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// productRate returns the flops per second of all processors: in fused multiply-adds of vectors in
// registers, or where there are none in a large matrix product.
func productRate[T tensor.Float]() float64 {
	if flops := kernel.MultiplyAdds[T](); flops > 0 {
		return flops / fastest(func() { kernel.MultiplyAdds[T]() })
	}
	const n = 384
	dst, a, b := make([]T, n*n), make([]T, n*n), make([]T, n*n)
	for i := range a {
		a[i], b[i] = 1, 1
	}
	return 2 * n * n * n / fastest(func() { kernel.Gemm(dst, a, b, n, n, n, false, false) })
}

// copyRate copies by parts of 64 KiB, on all processors where there are several.
func copyRate(bytes int) float64 {
	const part = 64 << 10
	half := bytes / 2
	dst, src := make([]byte, half), make([]byte, half)
	parts := (half + part - 1) / part
	copyPart := func(i int) { copy(dst[i*part:min((i+1)*part, half)], src[i*part:]) }
	return float64(bytes) / fastest(func() { kernel.Parallel(parts, copyPart) })
}

// fastest returns the seconds of a call of f: the best of several measurements that take
// some milliseconds together.
func fastest(f func()) float64 {
	const each = 200 * time.Microsecond
	n := 1
	var best time.Duration
	for tries := 0; tries < 10; {
		begin := time.Now()
		for range n {
			f()
		}
		t := time.Since(begin)
		if t < each && n < 1<<20 {
			n *= 2
			continue
		}
		if t /= time.Duration(n); best == 0 || t < best {
			best = t
		}
		tries++
	}
	return max(best.Seconds(), 1e-9)
}
