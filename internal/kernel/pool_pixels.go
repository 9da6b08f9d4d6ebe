package kernel

// MaxPoolPixels is [MaxPool] of v = x for windows of 2×2 that follow each other, in one image
// whose channels lie side by side: x is (height, width, channels) and dst (rows, cols,
// channels), where 2·rows <= height and 2·cols <= width.
func MaxPoolPixels[T Float](dst, x []T, rows, cols, width, channels int) {
	_, _ = dst[rows*cols*channels-1], x[((2*rows-1)*width+2*cols)*channels-1]
	if maxPoolPixels(dst, x, rows, cols, width, channels) {
		return
	}
	eachWindow(rows, cols, width, channels, func(o, at int) {
		dst[o] = x[largestPixel(x, at, width, channels)]
	})
}

// MaxUnpoolPixels is [MaxUnpool] for the same; dst is (height, width, channels).
func MaxUnpoolPixels[T Float](dst, x, dy []T, relu bool, rows, cols, height, width, channels int) {
	if 2*rows < height || 2*cols < width {
		clear(dst[:height*width*channels])
	}
	last := ((2*rows-1)*width+2*cols)*channels - 1
	_, _, _ = dy[rows*cols*channels-1], x[last], dst[last]
	if maxUnpoolPixels(dst, x, dy, relu, rows, cols, width, channels) {
		return
	}
	eachWindow(rows, cols, width, channels, func(o, at int) {
		for _, p := range [4]int{at, at + channels, at + width*channels, at + (width+1)*channels} {
			dst[p] = 0
		}
		if best := largestPixel(x, at, width, channels); !relu || !(x[best] <= 0) {
			dst[best] += dy[o]
		}
	})
}

// MaxPlacesPixels writes which element of each window [MaxPoolPixels] takes, as the number 0, 1, 2 or 3
// in the order of memory, to places, (rows, cols, channels). With relu it is 4 where the element is <= 0.
func MaxPlacesPixels[T Float](places, x []T, relu bool, rows, cols, width, channels int) {
	_, _ = places[rows*cols*channels-1], x[((2*rows-1)*width+2*cols)*channels-1]
	if maxPlacesPixels(places, x, relu, rows, cols, width, channels) {
		return
	}
	eachWindow(rows, cols, width, channels, func(o, at int) {
		best := largestPixel(x, at, width, channels)
		places[o] = T((best-at)/(width*channels)*2 + (best-at)%(width*channels)/channels)
		if relu && x[best] <= 0 {
			places[o] = 4
		}
	})
}

// UnpoolPixels is [MaxUnpoolPixels] by what [MaxPlacesPixels] gives of x.
func UnpoolPixels[T Float](dst, places, dy []T, rows, cols, height, width, channels int) {
	if 2*rows < height || 2*cols < width {
		clear(dst[:height*width*channels])
	}
	last := rows*cols*channels - 1
	_, _, _ = dy[last], places[last], dst[((2*rows-1)*width+2*cols)*channels-1]
	if unpoolPixels(dst, places, dy, rows, cols, width, channels) {
		return
	}
	eachWindow(rows, cols, width, channels, func(o, at int) {
		for k, p := range [4]int{at, at + channels, at + width*channels, at + (width+1)*channels} {
			if dst[p] = 0; places[o] == T(k) {
				dst[p] += dy[o]
			}
		}
	})
}

// eachWindow calls f for each element of the result, with the first of its window.
func eachWindow(rows, cols, width, channels int, f func(o, at int)) {
	for i := range rows {
		for j := range cols {
			for c := range channels {
				f((i*cols+j)*channels+c, (2*i*width+2*j)*channels+c)
			}
		}
	}
}

// largestPixel returns the index of the largest element of the window that starts at at.
func largestPixel[T Float](x []T, at, width, channels int) int {
	best := at
	for _, p := range [3]int{at + channels, at + width*channels, at + (width+1)*channels} {
		if v := x[p]; v > x[best] || v != v {
			best = p
		}
	}
	return best
}
