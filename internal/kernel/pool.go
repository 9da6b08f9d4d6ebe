package kernel

import "math"

// PoolWindow is the part of an axis that one element of a pool is made of: the
// elements From, From+Step, ... below To, at least one. Count is the number of
// elements that it stands for in an average, padding included or not.
type PoolWindow struct{ From, To, Step, Count int }

// MaxPool writes, for each plane and each pair of windows, the element of v where
// x has the largest of its elements in the windows: dst[p,i,j] = v[p,argmax x].
//
// x and v are (planes, height, width) and dst is (planes, len(rows), len(cols)). Of
// equal elements the first is the largest, and a NaN is larger than any number; of
// several NaN the last one is taken. It is as in PyTorch.
func MaxPool[T Float](dst, x, v []T, rows, cols []PoolWindow, height, width int) {
	if inPairs(rows) && inPairs(cols) && len(dst) > 0 && &x[0] == &v[0] && maxPool2(dst, x, len(rows), len(cols), height, width) {
		return
	}
	for o := 0; o < len(dst); {
		for _, r := range rows {
			for _, c := range cols {
				dst[o] = v[largest(x, width, r, c)]
				o++
			}
		}
		x, v = x[height*width:], v[height*width:]
	}
}

// MaxUnpool is the transpose of [MaxPool] by v: it adds each element of dy to the
// place in dst, of the shape of x, that MaxPool takes it from. The rest is 0, and with relu
// all where x <= 0: x is a result of [Relu], and dst the gradient of what that was taken of.
func MaxUnpool[T Float](dst, x, dy []T, relu bool, rows, cols []PoolWindow, height, width int) {
	if inPairs(rows) && inPairs(cols) {
		if 2*len(rows) < height || 2*len(cols) < width {
			clear(dst)
		}
		if maxUnpool2(dst, x, dy, relu, len(rows), len(cols), height, width) {
			return
		}
	}
	clear(dst)
	for o := 0; o < len(dy); {
		for _, r := range rows {
			for _, c := range cols {
				if at := largest(x, width, r, c); !relu || !(x[at] <= 0) {
					dst[at] += dy[o]
				}
				o++
			}
		}
		x, dst = x[height*width:], dst[height*width:]
	}
}

// inPairs reports that windows are of two elements that follow each other, and that the
// windows do, too, from the first element on.
func inPairs(windows []PoolWindow) bool {
	for i, w := range windows {
		if w.From != 2*i || w.To != 2*i+2 || w.Step != 1 {
			return false
		}
	}
	return true
}

// largest returns the index of the largest element of a plane in two windows.
func largest[T Float](x []T, width int, r, c PoolWindow) int {
	at := r.From*width + c.From
	best := T(math.Inf(-1))
	for i := r.From; i < r.To; i += r.Step {
		for j := i*width + c.From; j < i*width+c.To; j += c.Step {
			if v := x[j]; v > best || v != v {
				best, at = v, j
			}
		}
	}
	return at
}

// AvgPool writes, for each plane and each pair of windows, the sum of the elements
// in them divided by the product of their counts. Steps are taken as 1.
//
// x is (planes, height, width) and dst is (planes, len(rows), len(cols)). The sum of
// a window is that of the sums of its rows.
func AvgPool[T Float](dst, x []T, rows, cols []PoolWindow, height, width int) {
	for o := 0; o < len(dst); {
		for _, r := range rows {
			for _, c := range cols {
				var total T
				for i := r.From; i < r.To; i++ {
					var s T
					for _, v := range x[i*width+c.From : i*width+c.To] {
						s += v
					}
					total += s
				}
				dst[o] = total / T(r.Count*c.Count)
				o++
			}
		}
		x = x[height*width:]
	}
}

// AvgUnpool is the transpose of [AvgPool]: it adds each element of dy, divided by
// the product of the counts, to all places in dst that AvgPool takes it from.
func AvgUnpool[T Float](dst, dy []T, rows, cols []PoolWindow, height, width int) {
	clear(dst)
	for o := 0; o < len(dy); {
		for _, r := range rows {
			for _, c := range cols {
				v := dy[o] / T(r.Count*c.Count)
				for i := r.From; i < r.To; i++ {
					row := dst[i*width+c.From : i*width+c.To]
					for j := range row {
						row[j] += v
					}
				}
				o++
			}
		}
		dst = dst[height*width:]
	}
}
