//go:build !purego

package kernel

// maxPool2 is MaxPool of v = x, for rows×cols windows of 2×2 that follow each other. It
// reports false for what there is no code for.
func maxPool2[T Float](dst, x []T, rows, cols, height, width int) bool {
	size := size[T]()
	if isa == plain || cols < 16/size {
		return false
	}
	for o := 0; o < len(dst); o += rows * cols {
		_, _ = dst[o+rows*cols-1], x[height*width-1]
		switch {
		case size == 4 && cols >= 8:
			maxPool2F32x8(rows, cols, at(dst[o:]), nil, width*size, at(x))
		case size == 4:
			maxPool2F32x4(rows, cols, at(dst[o:]), nil, width*size, at(x))
		case cols >= 4:
			maxPool2F64x4(rows, cols, at(dst[o:]), nil, width*size, at(x))
		default:
			maxPool2F64x2(rows, cols, at(dst[o:]), nil, width*size, at(x))
		}
		x = x[height*width:]
	}
	return true
}

// maxUnpool2 is MaxUnpool of the same, where all that is in no window is 0 already.
func maxUnpool2[T Float](dst, x, dy []T, relu bool, rows, cols, height, width int) bool {
	size := size[T]()
	if isa == plain || cols < 16/size {
		return false
	}
	for o := 0; o < len(dy); o += rows * cols {
		_, _, _ = dy[o+rows*cols-1], x[height*width-1], dst[height*width-1]
		switch {
		case size == 4 && cols >= 8:
			maxUnpool2F32x8(rows, cols, at(dy[o:]), at(dst), width*size, at(x), relu)
		case size == 4:
			maxUnpool2F32x4(rows, cols, at(dy[o:]), at(dst), width*size, at(x), relu)
		case cols >= 4:
			maxUnpool2F64x4(rows, cols, at(dy[o:]), at(dst), width*size, at(x), relu)
		default:
			maxUnpool2F64x2(rows, cols, at(dy[o:]), at(dst), width*size, at(x), relu)
		}
		x, dst = x[height*width:], dst[height*width:]
	}
	return true
}
