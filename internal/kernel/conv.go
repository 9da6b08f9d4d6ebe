package kernel

// A ConvWindow says how a convolution looks at images. Each pair is a height and a
// width. At place (i, j), tap (u, v) of the kernel is on the pixel
//
//	(i·Stride[0] − Padding[0] + u·Dilation[0], j·Stride[1] − Padding[1] + v·Dilation[1])
//
// and on a zero where the image has no such pixel. The matrix of columns has a row
// for each (c, u, v), channel and tap, and a column for each (n, i, j), image and
// place, both counted in row-major order.
type ConvWindow struct {
	Image, Kernel, Places     [2]int // how many pixels, taps and places
	Stride, Padding, Dilation [2]int
	Channels                  int // in the matrix; an image can have others, too
	Next                      int // elements from an image to the next
}

// Im2col writes the columns from <= q < to of the matrix to dst, which has the
// shape (Channels·taps, to − from). x starts at the first channel of image 0.
func Im2col[T Float](dst, x []T, w *ConvWindow, from, to int) {
	pixels, n := w.Image[0]*w.Image[1], to-from
	for c := range w.Channels {
		for tap := range w.Kernel[0] * w.Kernel[1] {
			row, done := dst[:n], 0
			for r := w.runs(tap, from, to); r.next(); done = r.at + r.n {
				clear(row[done:r.at])
				copyRow(row, r.at, 1, x, c*pixels+r.pixel, w.Stride[1], r.n)
			}
			clear(row[done:])
			dst = dst[n:]
		}
	}
}

// Col2im adds each element of the matrix to the pixel that [Im2col] takes it from.
// cols has the columns from <= q < to.
func Col2im[T Float](x, cols []T, w *ConvWindow, from, to int) {
	pixels, n := w.Image[0]*w.Image[1], to-from
	for c := range w.Channels {
		for tap := range w.Kernel[0] * w.Kernel[1] {
			for r := w.runs(tap, from, to); r.next(); {
				addSpread(x[c*pixels+r.pixel:], w.Stride[1], cols[r.at:][:r.n])
			}
			cols = cols[n:]
		}
	}
}

// runs walks over the columns from <= q < to in the row of one tap, and stops at
// each run of them that is on pixels. All others are on zeros.
type runs struct {
	at, n int // the run is columns from+at to from+at+n
	pixel int // element of the first; the next is Stride[1] further

	w           *ConvWindow
	top, left   int // pixel of the tap at place (0, 0)
	first, last int // it is on pixels for first <= j < last
	image, i, j int // where the walk is
	q, end      int
}

func (w *ConvWindow) runs(tap, from, to int) runs {
	u, v := tap/w.Kernel[1], tap%w.Kernel[1]
	r := runs{w: w, end: to - from, top: u*w.Dilation[0] - w.Padding[0], left: v*w.Dilation[1] - w.Padding[1]}
	if s := w.Stride[1]; r.left < w.Image[1] {
		r.first = max(0, s-1-r.left) / s
		r.last = min(w.Places[1], (w.Image[1]-1-r.left)/s+1)
	}
	row := from / w.Places[1]
	r.image, r.i, r.j = row/w.Places[0], row%w.Places[0], from%w.Places[1]
	return r
}

// next goes to the next run, if there is one.
func (r *runs) next() bool {
	w := r.w
	for r.q < r.end {
		start, y := r.q-r.j, r.top+r.i*w.Stride[0]
		from, to := max(r.first, r.j), min(r.last, r.j+r.end-r.q)
		image := r.image
		r.q += min(w.Places[1]-r.j, r.end-r.q)
		r.j = 0
		if r.i++; r.i == w.Places[0] {
			r.i = 0
			r.image++
		}
		if from < to && 0 <= y && y < w.Image[0] {
			r.at, r.n = start+from, to-from
			r.pixel = image*w.Next + y*w.Image[1] + r.left + from*w.Stride[1]
			return true
		}
	}
	return false
}

// addSpread adds the elements of src to elements of dst, step apart.
func addSpread[T Float](dst []T, step int, src []T) {
	if step == 1 {
		Add(dst[:len(src)], dst, src)
		return
	}
	for q, v := range src {
		dst[q*step] += v
	}
}
