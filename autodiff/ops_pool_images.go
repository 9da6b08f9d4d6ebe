package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Pools of the images of a block, in a pass over images.

// bindPoolImages computes the images of a block by f.
func bindPoolImages[T tensor.Float](f planesPool[T], dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	last := len(in) - 1
	x, v := in[0], in[last]
	return imageCall{some: func(b imageBlock) {
		f(imagesIn(b, dst, l.dst), imagesIn(b, x, l.in[0]), imagesIn(b, v, l.in[last]))
	}}
}

// maxPoolPixels is maxPool of x in pixels, for windows in pairs.
func maxPoolPixels[T tensor.Float](p pooling, dst, x *tensor.Array[T], l imageLayouts) imageCall {
	rows, cols, c := p.Rows.Out, p.Cols.Out, dst.Shape[1]
	scratch := newLanes(dst, !l.dst.pixels)
	size, smaller := tensor.Size(x.Shape[1:]), tensor.Size(dst.Shape[1:])
	return imageCall{some: func(b imageBlock) {
		xs, ys, s := imagesIn(b, x, l.in[0]), imagesIn(b, dst, l.dst), scratch.take()
		for n := range b.to - b.from {
			x, y := xs[n*size:][:size], ys[n*smaller:][:smaller]
			if l.dst.pixels {
				kernel.MaxPoolPixels(y, x, rows, cols, p.Cols.In, c)
				continue
			}
			kernel.MaxPoolPixels(s.c, x, rows, cols, p.Cols.In, c)
			kernel.ToPlanes(y, s.c, c, rows*cols)
		}
		scratch.put(s)
	}}
}

// maxPlacesPixels is maxPlaces of x in pixels.
func maxPlacesPixels[T tensor.Float](p maxPlaces, dst, x *tensor.Array[T], l imageLayouts) imageCall {
	size, smaller := tensor.Size(x.Shape[1:]), tensor.Size(dst.Shape[1:])
	return imageCall{some: func(b imageBlock) {
		xs, ys := imagesIn(b, x, l.in[0]), imagesIn(b, dst, l.dst)
		for n := range b.to - b.from {
			kernel.MaxPlacesPixels(ys[n*smaller:][:smaller], xs[n*size:][:size], p.Relu, p.Rows.Out, p.Cols.Out, p.Cols.In, dst.Shape[1])
		}
	}}
}

// maxUnpoolPixels is maxUnpool to pixels, of x in pixels.
func maxUnpoolPixels[T tensor.Float](p maxUnpool, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	c := dst.Shape[1]
	return unpoolImages(dst, in, l, func(dst, x, dy []T) {
		kernel.MaxUnpoolPixels(dst, x, dy, p.Relu, p.Rows.Out, p.Cols.Out, p.Rows.In, p.Cols.In, c)
	})
}

// unpoolPlacesPixels is unpoolPlaces to pixels, by places in pixels.
func unpoolPlacesPixels[T tensor.Float](p unpoolPlaces, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	c := dst.Shape[1]
	return unpoolImages(dst, in, l, func(dst, places, dy []T) {
		kernel.UnpoolPixels(dst, places, dy, p.Rows.Out, p.Cols.Out, p.Rows.In, p.Cols.In, c)
	})
}

// unpoolImages computes the images of a block by f, from those of in[0] and the gradients in[1], in pixels.
func unpoolImages[T tensor.Float](dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts, f func(dst, from, dy []T)) imageCall {
	scratch := newLanes(in[1], !l.in[1].pixels)
	channels, size, wide, smaller := dst.Shape[1], tensor.Size(dst.Shape[1:]), tensor.Size(in[0].Shape[1:]), tensor.Size(in[1].Shape[1:])
	return imageCall{some: func(b imageBlock) {
		xs, ys, to, s := imagesIn(b, in[0], l.in[0]), imagesIn(b, in[1], l.in[1]), imagesIn(b, dst, l.dst), scratch.take()
		for n := range b.to - b.from {
			dy := ys[n*smaller:][:smaller]
			if !l.in[1].pixels {
				kernel.ToPixels(s.c, dy, channels, smaller/channels)
				dy = s.c
			}
			f(to[n*size:][:size], xs[n*wide:][:wide], dy)
		}
		scratch.put(s)
	}}
}

// newLanes returns scratch memory for an image of a, if it is needed.
func newLanes[T tensor.Float](a *tensor.Array[T], needed bool) *lanes[T] {
	l, size := &lanes[T]{}, 0
	if needed {
		size = tensor.Size(a.Shape[1:])
	}
	l.prepare(min(kernel.Workers(), a.Shape[0]), size, 0)
	return l
}
