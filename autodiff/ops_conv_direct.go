package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// direct reports that W has so few rows that making C would be most of the work, as
// for depthwise convolutions.
func (p *convPlan) direct() bool { return p.rows <= 2 && p.padsLittle() }

// padsLittle reports that a padded image is not much larger than the image is.
func (p *convPlan) padsLittle() bool {
	w := &p.x
	size, padded := 1.0, 1.0
	for a := range w.Image {
		size *= float64(w.Image[a])
		padded *= float64(w.Image[a] + 2*w.Padding[a] + w.Stride[a])
	}
	return padded <= 4*size+1<<12
}

// directConv is a convolution that computes one channel of x at a time, padded.
type directConv[T tensor.Float] struct {
	*convPlan
	xs, ws, ys *tensor.Array[T]
	after      epilogue[T]
	layout     kernel.ConvPlanes
	planes     []T
	weights    []T // the part of W̄ for one channel and image
}

func newDirectConv[T tensor.Float](p *convPlan, x, w, y *tensor.Array[T], after epilogue[T]) *directConv[T] {
	taps := p.x.Kernel[0] * p.x.Kernel[1]
	d := &directConv[T]{convPlan: p, xs: x, ws: w, ys: y, after: after, layout: kernel.NewConvPlanes(&p.x, make([]int, taps))}
	d.planes, d.weights = make([]T, d.layout.Size), make([]T, taps)
	return d
}

// run computes Y = W·C.
func (d *directConv[T]) run() {
	kernel.Fill(d.ys.Data, 0)
	for n := range d.images {
		for c := range d.groups * d.x.Channels {
			kernel.PadPlanes(d.planes, d.channel(n, c), &d.layout)
			for r := range d.rows {
				w, y := d.row(n, c, r)
				kernel.ConvPlane(y, w, d.planes, &d.layout)
			}
		}
	}
	d.after.planes(d.ys)
}

// runInput computes C̄ = Wᵀ·Ȳ.
func (d *directConv[T]) runInput() {
	for n := range d.images {
		for c := range d.groups * d.x.Channels {
			kernel.Fill(d.planes, 0)
			for r := range d.rows {
				w, y := d.row(n, c, r)
				kernel.ConvPlaneInput(d.planes, w, y, &d.layout)
			}
			kernel.CropPlanes(d.channel(n, c), d.planes, &d.layout)
			d.after.rows(d.channel(n, c), c, 1)
		}
	}
}

// runWeight computes W̄ = Ȳ·Cᵀ.
func (d *directConv[T]) runWeight() {
	kernel.Fill(d.ws.Data, 0)
	for n := range d.images {
		for c := range d.groups * d.x.Channels {
			kernel.PadPlanes(d.planes, d.channel(n, c), &d.layout)
			for r := range d.rows {
				w, y := d.row(n, c, r)
				kernel.Fill(d.weights, 0)
				kernel.ConvPlaneWeight(d.weights, y, d.planes, &d.layout)
				kernel.Add(w, w, d.weights)
			}
		}
	}
}

// channel returns channel c of image n of x.
func (d *directConv[T]) channel(n, c int) []T {
	size := d.x.Image[0] * d.x.Image[1]
	return d.xs.Data[n*d.x.Next+c*size:][:size]
}

// row returns, for row r of the group of channel c, the weights for that channel, and
// the channel of y in image n.
func (d *directConv[T]) row(n, c, r int) (w, y []T) {
	o, taps := c/d.x.Channels*d.rows+r, len(d.weights)
	w = d.ws.Data[o*d.depth+c%d.x.Channels*taps:][:taps]
	return w, d.ys.Data[n*d.y.Next+o*d.places:][:d.places]
}
