package kernel

// ConvPixels is a convolution of images whose channels lie side by side, pixel after
// pixel: (height, width, channels) in memory. There, what a row of the kernel sees at a
// place is one piece of memory, and from a place to the next is a fixed step: a
// convolution is a sum of matrix products, one for each row of the kernel, of x as it
// is. Images that come as planes are copied first, with their padding, and the result
// afterwards; that is little beside the products, unless channels are few.
//
// Images are computed in bands of rows, as many as the caller likes.
type ConvPixels struct {
	Win   ConvWindow
	Out   int // channels of y
	width int // pixels in a padded row
	cols  int // of a panel of w
}

// NewConvPixels returns the convolution of images as w says to out channels.
func NewConvPixels[T Float](w ConvWindow, out int) ConvPixels {
	return ConvPixels{Win: w, Out: out, cols: sumCols[T](),
		width: (w.Places[1]-1)*w.Stride[1] + (w.Kernel[1]-1)*w.Dilation[1] + 1}
}

// SizeX returns the elements of x for a band of n rows of places.
func (p *ConvPixels) SizeX(n int) int { return p.rows(n) * p.width * p.Win.Channels }

// SizeY returns the elements of y for a band of n rows of places.
func (p *ConvPixels) SizeY(n int) int { return n * p.Win.Places[1] * p.Out }

// SizeW returns the elements of packed weights.
func (p *ConvPixels) SizeW() int {
	return (p.Out + p.cols - 1) / p.cols * p.cols * p.depth()
}

// rows returns how many rows of pixels n rows of places see.
func (p *ConvPixels) rows(n int) int {
	return (n-1)*p.Win.Stride[0] + (p.Win.Kernel[0]-1)*p.Win.Dilation[0] + 1
}

func (p *ConvPixels) taps() int  { return p.Win.Kernel[0] * p.Win.Kernel[1] }
func (p *ConvPixels) depth() int { return p.taps() * p.Win.Channels }

// Pixels copies what the rows of places first, ..., first+n-1 see of x, one image, to dst.
// x is in planes, or in pixels already.
func Pixels[T Float](dst, x []T, planes bool, p *ConvPixels, first, n int) {
	w, c := &p.Win, p.Win.Channels
	left := min(w.Padding[1], p.width)
	inside := max(0, min(w.Image[1], p.width-left))
	top := first*w.Stride[0] - w.Padding[0]
	for y := top; y < top+p.rows(n); y++ {
		row := dst[:p.width*c]
		dst = dst[len(row):]
		if y < 0 || y >= w.Image[0] || inside == 0 {
			clear(row)
			continue
		}
		clear(row[:left*c])
		clear(row[(left+inside)*c:])
		if c == 1 || !planes {
			copy(row[left*c:], x[y*w.Image[1]*c:][:inside*c])
			continue
		}
		transpose(row[left*c:], c, x[y*w.Image[1]:], w.Image[0]*w.Image[1], c, inside)
	}
}

// PlanesOf copies y, the pixels of n rows of places from first on, to planes of one image.
func PlanesOf[T Float](dst, y []T, p *ConvPixels, first, n int) {
	cols := p.Win.Places[1]
	transpose(dst[first*cols:], p.Win.Places[0]*cols, y, p.Out, n*cols, p.Out)
}

// PixelsOf copies channels from <= o < to of planes of y to pixels, the inverse of
// PlanesOf.
func PixelsOf[T Float](dst, y []T, p *ConvPixels, first, n, from, to int) {
	cols, places := p.Win.Places[1], p.Win.Places[0]*p.Win.Places[1]
	transpose(dst, to-from, y[from*places+first*cols:], places, to-from, n*cols)
}

// ToPlanes writes an image of n pixels, (n, channels), to planes, (channels, n).
func ToPlanes[T Float](dst, x []T, channels, n int) { transpose(dst, n, x, channels, n, channels) }

// ToPixels is the inverse of ToPlanes.
func ToPixels[T Float](dst, x []T, channels, n int) { transpose(dst, channels, x, n, channels, n) }

// PackWeights writes w, (out, channels, taps), in panels of some of the columns of the
// matrix (taps, channels, out), and reports that all are finite. With turned it is for the
// transpose of a convolution: w is (channels, out, taps), and the last tap is the first.
func PackWeights[T Float](dst, w []T, p *ConvPixels, turned bool) (finite bool) {
	taps, c := p.taps(), p.Win.Channels
	nextQ, nextC := c*taps, taps
	if turned {
		nextQ, nextC = taps, p.Out*taps
	}
	next := c * p.cols // elements of a tap
	for from := 0; from < p.Out; from += p.cols {
		panel := dst[from*p.depth():][:taps*next]
		for i := range c {
			transpose(panel[i*p.cols:], next, w[from*nextQ+i*nextC:], nextQ, min(p.cols, p.Out-from), taps)
		}
		for r := 0; turned && 2*r < taps-1; r++ {
			first, last := panel[r*next:][:next], panel[(taps-1-r)*next:][:next]
			for k, v := range first {
				first[k], last[k] = last[k], v
			}
		}
	}
	return allFinite(w[:p.Out*c*taps])
}

// allFinite sums x - x in four chains, so that no sum waits for the one before it.
func allFinite[T Float](x []T) bool {
	var a, b, c, d T
	for ; len(x) >= 4; x = x[4:] {
		a += x[0] - x[0]
		b += x[1] - x[1]
		c += x[2] - x[2]
		d += x[3] - x[3]
	}
	for _, v := range x {
		a += v - v
	}
	return a+b+c+d == 0
}

// ConvRows computes n rows of y from pixels x and packed weights. With a bias that is not
// nil, its number for each channel is added, and then relu is taken with relu.
func ConvRows[T Float](y, x, w, bias []T, relu bool, p *ConvPixels, n int) {
	win := &p.Win
	s, next := p.sums(n)
	s.rows, s.rowA, s.colA = win.Places[1], win.Stride[1]*win.Channels, 1
	s.rowB, s.nextB, s.rowC = p.cols, s.k*p.cols, p.Out
	for from := 0; from < p.Out; from += p.cols {
		s.cols = min(p.cols, p.Out-from)
		for i := range n {
			a, b := x[i*win.Stride[0]*p.width*win.Channels:], w[from*p.depth():]
			for u := 0; u < win.Kernel[0]; u += next {
				var add []T
				if bias != nil && u+next == win.Kernel[0] {
					add = bias[from:]
				}
				sumOf(y[i*win.Places[1]*p.Out+from:], a[u*win.Dilation[0]*p.width*win.Channels:], b[u*win.Kernel[1]*win.Channels*p.cols:], &s, u > 0, add, relu)
			}
		}
	}
}

// sums returns how the taps are summed: in one, where the taps of a row of the kernel
// follow each other, else row by row of the kernel. next is the rows of the kernel in one.
func (p *ConvPixels) sums(n int) (s sums, next int) {
	win := &p.Win
	if win.Dilation[1] == 1 || win.Kernel[1] == 1 {
		return sums{k: win.Kernel[1] * win.Channels, steps: win.Kernel[0], nextA: win.Dilation[0] * p.width * win.Channels}, win.Kernel[0]
	}
	return sums{k: win.Channels, steps: win.Kernel[1], nextA: win.Dilation[1] * win.Channels}, 1
}

// ConvRowsWeight writes, or adds to with more, what n rows of pixels x and y, of which out
// channels count and the next pixel starts after next elements, give to the gradient of the
// weights, a matrix (taps, channels, out).
func ConvRowsWeight[T Float](w, x, y []T, p *ConvPixels, out, next, n int, more bool) {
	win := &p.Win
	c := win.Channels
	s := sums{k: win.Places[1], steps: n, rows: win.Kernel[1] * c, rowA: 1, colA: win.Stride[1] * c,
		nextA: win.Stride[0] * p.width * c, rowB: next, nextB: win.Places[1] * next, rowC: out}
	across := 1
	if win.Dilation[1] > 1 {
		across, s.rows = win.Kernel[1], c
	}
	for from := 0; from < out; from += p.cols {
		s.cols = min(p.cols, out-from)
		for u := range win.Kernel[0] {
			for v := range across {
				a, r := x[(u*win.Dilation[0]*p.width+v*win.Dilation[1])*c:], u*win.Kernel[1]+v
				sumOf(w[r*c*out+from:], a, y[from:], &s, more, nil, false)
			}
		}
	}
}

// UnpackWeights writes channels of weights, (out, channels, taps), from a matrix (taps,
// channels, out).
func UnpackWeights[T Float](w, src []T, p *ConvPixels, out int) {
	taps, c := p.taps(), p.Win.Channels
	for i := range c {
		transpose(w[i*taps:], c*taps, src[i*out:], c*out, taps, out)
	}
}
