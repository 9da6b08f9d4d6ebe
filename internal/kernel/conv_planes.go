package kernel

// ConvPlanes says how one channel is laid out with its padding for a [ConvWindow], so
// that what a tap sees at a row of places is a part of a row. With strides there are
// several planes: pixel (y, x) of the padded channel is in plane
// (y mod Stride[0], x mod Stride[1]), at (y/Stride[0], x/Stride[1]).
//
// The functions on planes are products with those rows of the matrix of columns that
// belong to one channel, for one image and one row of weights w, without the matrix:
// where there are few rows of weights, making it would be most of the work.
type ConvPlanes struct {
	Size    int // elements of all planes
	win     *ConvWindow
	plane   [2]int // size of each
	offsets []int  // of the taps at place (0, 0)
}

// NewConvPlanes returns the layout for w, whose places are all in the padded image.
// It keeps offsets, which is memory for a number for each tap.
func NewConvPlanes(w *ConvWindow, offsets []int) ConvPlanes {
	p := ConvPlanes{win: w, offsets: offsets}
	for a := range p.plane {
		p.plane[a] = (w.Image[a]+2*w.Padding[a]-1)/w.Stride[a] + 1
	}
	p.Size = w.Stride[0] * w.Stride[1] * p.plane[0] * p.plane[1]
	for r := range offsets {
		offsets[r] = p.element(r/w.Kernel[1]*w.Dilation[0], r%w.Kernel[1]*w.Dilation[1])
	}
	return p
}

// element returns where pixel (y, x) of the padded channel is.
func (p *ConvPlanes) element(y, x int) int {
	s := p.win.Stride
	plane := y%s[0]*s[1] + x%s[1]
	return (plane*p.plane[0]+y/s[0])*p.plane[1] + x/s[1]
}

// PadPlanes copies channel x to its planes. Their padding stays as it is, zero.
func PadPlanes[T Float](planes, x []T, p *ConvPlanes) {
	w, s := p.win, p.win.Stride[1]
	for y := range w.Image[0] {
		row := x[y*w.Image[1]:][:w.Image[1]]
		for phase := range min(s, len(row)) {
			at := p.element(y+w.Padding[0], phase+w.Padding[1])
			copyRow(planes, at, 1, row, phase, s, (len(row)-1-phase)/s+1)
		}
	}
}

// CropPlanes copies channel x from its planes.
func CropPlanes[T Float](x, planes []T, p *ConvPlanes) {
	w, s := p.win, p.win.Stride[1]
	for y := range w.Image[0] {
		row := x[y*w.Image[1]:][:w.Image[1]]
		for phase := range min(s, len(row)) {
			at := p.element(y+w.Padding[0], phase+w.Padding[1])
			copyRow(row, phase, s, planes, at, 1, (len(row)-1-phase)/s+1)
		}
	}
}

// ConvPlane adds the product of w, a number for each tap, and the matrix to y:
//
//	y[q] += Σᵣ w[r] C[r,q]
func ConvPlane[T Float](y, w, planes []T, p *ConvPlanes) {
	o, cols := p.offsets, p.win.Places[1]
	for i := range p.win.Places[0] {
		d, x := y[i*cols:][:cols], planes[i*p.plane[1]:]
		r := 0
		for ; r+4 <= len(o); r += 4 {
			addRows4(d, x[o[r]:], x[o[r+1]:], x[o[r+2]:], x[o[r+3]:], w[r], w[r+1], w[r+2], w[r+3])
		}
		for ; r < len(o); r++ {
			addRow(d, x[o[r]:], w[r])
		}
	}
}

// ConvPlaneInput adds the product of w and y to the elements that the matrix is
// taken from:
//
//	planes[element of C[r,q]] += w[r] y[q]
func ConvPlaneInput[T Float](planes, w, y []T, p *ConvPlanes) {
	cols := p.win.Places[1]
	for i := range p.win.Places[0] {
		row, x := y[i*cols:][:cols], planes[i*p.plane[1]:]
		for r, o := range p.offsets {
			addRow(x[o:][:cols], row, w[r])
		}
	}
}

// ConvPlaneWeight adds the product of the matrix and y to w:
//
//	w[r] += Σ C[r,q] y[q]      over q
func ConvPlaneWeight[T Float](w, y, planes []T, p *ConvPlanes) {
	o, cols := p.offsets, p.win.Places[1]
	for i := range p.win.Places[0] {
		row, x := y[i*cols:][:cols], planes[i*p.plane[1]:]
		r := 0
		for ; r+3 <= len(o); r += 3 {
			dot3(w[r:], 1, x[o[r]:][:cols], x[o[r+1]:], x[o[r+2]:], row)
		}
		for ; r < len(o); r++ {
			dot1(&w[r], row, x[o[r]:])
		}
	}
}
