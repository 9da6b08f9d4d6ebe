//go:build !purego

package kernel

// The functions below report false for what there is no code for. The names have the lanes of a vector.

func maxPoolPixels[T Float](dst, x []T, rows, cols, width, channels int) bool {
	next := width * channels * size[T]()
	switch pixelLanes[T](channels) {
	case f32x8:
		maxPoolPixelsF32x8(rows, cols, channels, next, at(x), at(dst))
	case f32x4:
		maxPoolPixelsF32x4(rows, cols, channels, next, at(x), at(dst))
	case f64x4:
		maxPoolPixelsF64x4(rows, cols, channels, next, at(x), at(dst))
	case f64x2:
		maxPoolPixelsF64x2(rows, cols, channels, next, at(x), at(dst))
	default:
		return false
	}
	return true
}

// maxUnpoolPixels is MaxUnpoolPixels, where all that is in no window is 0 already.
func maxUnpoolPixels[T Float](dst, x, dy []T, relu bool, rows, cols, width, channels int) bool {
	next := width * channels * size[T]()
	switch pixelLanes[T](channels) {
	case f32x8:
		maxUnpoolPixelsF32x8(rows, cols, channels, next, at(x), at(dst), at(dy), relu)
	case f32x4:
		maxUnpoolPixelsF32x4(rows, cols, channels, next, at(x), at(dst), at(dy), relu)
	case f64x4:
		maxUnpoolPixelsF64x4(rows, cols, channels, next, at(x), at(dst), at(dy), relu)
	case f64x2:
		maxUnpoolPixelsF64x2(rows, cols, channels, next, at(x), at(dst), at(dy), relu)
	default:
		return false
	}
	return true
}

func maxPlacesPixels[T Float](places, x []T, relu bool, rows, cols, width, channels int) bool {
	next := width * channels * size[T]()
	switch pixelLanes[T](channels) {
	case f32x8:
		maxPlacesPixelsF32x8(rows, cols, channels, next, at(x), at(places), relu)
	case f32x4:
		maxPlacesPixelsF32x4(rows, cols, channels, next, at(x), at(places), relu)
	case f64x4:
		maxPlacesPixelsF64x4(rows, cols, channels, next, at(x), at(places), relu)
	case f64x2:
		maxPlacesPixelsF64x2(rows, cols, channels, next, at(x), at(places), relu)
	default:
		return false
	}
	return true
}

// unpoolPixels is UnpoolPixels, where all that is in no window is 0 already.
func unpoolPixels[T Float](dst, places, dy []T, rows, cols, width, channels int) bool {
	next := width * channels * size[T]()
	switch pixelLanes[T](channels) {
	case f32x8:
		unpoolPixelsF32x8(rows, cols, channels, next, at(dst), at(dy), at(places))
	case f32x4:
		unpoolPixelsF32x4(rows, cols, channels, next, at(dst), at(dy), at(places))
	case f64x4:
		unpoolPixelsF64x4(rows, cols, channels, next, at(dst), at(dy), at(places))
	case f64x2:
		unpoolPixelsF64x2(rows, cols, channels, next, at(dst), at(dy), at(places))
	default:
		return false
	}
	return true
}

// What vectors a pixel is read in.
const (
	noLanes = iota
	f32x8
	f32x4
	f64x4
	f64x2
)

func pixelLanes[T Float](channels int) int {
	switch wide := size[T]() == 8; {
	case isa == plain:
	case !wide && channels >= 8:
		return f32x8
	case !wide && channels >= 4:
		return f32x4
	case wide && channels >= 4:
		return f64x4
	case wide && channels >= 2:
		return f64x2
	}
	return noLanes
}
