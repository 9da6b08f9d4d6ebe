//go:build !purego

package kernel

// maxPoolPixels is MaxPoolPixels. It reports false for what there is no code for.
func maxPoolPixels[T Float](dst, x []T, rows, cols, width, channels int) bool {
	size := size[T]()
	next := width * channels * size
	switch {
	case isa == plain || channels < 16/size:
		return false
	case size == 4 && channels >= 8:
		maxPoolPixelsF32x8(rows, cols, channels, at(dst), next, at(x))
	case size == 4:
		maxPoolPixelsF32x4(rows, cols, channels, at(dst), next, at(x))
	case channels >= 4:
		maxPoolPixelsF64x4(rows, cols, channels, at(dst), next, at(x))
	default:
		maxPoolPixelsF64x2(rows, cols, channels, at(dst), next, at(x))
	}
	return true
}

// maxUnpoolPixels is MaxUnpoolPixels, where all that is in no window is 0 already.
func maxUnpoolPixels[T Float](dst, x, dy []T, relu bool, rows, cols, width, channels int) bool {
	size := size[T]()
	next := width * channels * size
	switch {
	case isa == plain || channels < 16/size:
		return false
	case size == 4 && channels >= 8:
		maxUnpoolPixelsF32x8(rows, cols, channels, at(dy), at(dst), next, at(x), relu)
	case size == 4:
		maxUnpoolPixelsF32x4(rows, cols, channels, at(dy), at(dst), next, at(x), relu)
	case channels >= 4:
		maxUnpoolPixelsF64x4(rows, cols, channels, at(dy), at(dst), next, at(x), relu)
	default:
		maxUnpoolPixelsF64x2(rows, cols, channels, at(dy), at(dst), next, at(x), relu)
	}
	return true
}
