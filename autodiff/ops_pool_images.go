package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Pools of the images of a block, in a pass over images.

func maxPoolImages[T tensor.Float](p pooling, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	if l.in[0].pixels {
		return maxPoolPixels(p, dst, in[0], l)
	}
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return imageCall{some: func(b imageBlock) {
		x, v := imagesIn(b, in[0], l.in[0]), imagesIn(b, in[1], l.in[1])
		kernel.MaxPool(imagesIn(b, dst, l.dst), x, v, rows, cols, p.Rows.In, p.Cols.In)
	}}
}

func maxUnpoolImages[T tensor.Float](p maxUnpool, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	if l.in[0].pixels {
		return maxUnpoolPixels(p, dst, in, l)
	}
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return imageCall{some: func(b imageBlock) {
		x, dy := imagesIn(b, in[0], l.in[0]), imagesIn(b, in[1], l.in[1])
		kernel.MaxUnpool(imagesIn(b, dst, l.dst), x, dy, p.Relu, rows, cols, p.Rows.In, p.Cols.In)
	}}
}

func avgPoolImages[T tensor.Float](p pooling, dst, x *tensor.Array[T], l imageLayouts) imageCall {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return imageCall{some: func(b imageBlock) {
		kernel.AvgPool(imagesIn(b, dst, l.dst), imagesIn(b, x, l.in[0]), rows, cols, p.Rows.In, p.Cols.In)
	}}
}

func avgUnpoolImages[T tensor.Float](p pooling, dst, dy *tensor.Array[T], l imageLayouts) imageCall {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return imageCall{some: func(b imageBlock) {
		kernel.AvgUnpool(imagesIn(b, dst, l.dst), imagesIn(b, dy, l.in[0]), rows, cols, p.Rows.In, p.Cols.In)
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

// maxUnpoolPixels is maxUnpool to pixels, of x in pixels.
func maxUnpoolPixels[T tensor.Float](p maxUnpool, dst *tensor.Array[T], in []*tensor.Array[T], l imageLayouts) imageCall {
	rows, cols, c := p.Rows.Out, p.Cols.Out, dst.Shape[1]
	scratch := newLanes(in[1], !l.in[1].pixels)
	size, smaller := tensor.Size(dst.Shape[1:]), tensor.Size(in[1].Shape[1:])
	return imageCall{some: func(b imageBlock) {
		xs, ys, to, s := imagesIn(b, in[0], l.in[0]), imagesIn(b, in[1], l.in[1]), imagesIn(b, dst, l.dst), scratch.take()
		for n := range b.to - b.from {
			dy := ys[n*smaller:][:smaller]
			if !l.in[1].pixels {
				kernel.ToPixels(s.c, dy, c, rows*cols)
				dy = s.c
			}
			kernel.MaxUnpoolPixels(to[n*size:][:size], xs[n*size:][:size], dy, p.Relu, rows, cols, p.Rows.In, p.Cols.In, c)
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
