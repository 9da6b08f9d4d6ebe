package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// pixels reports that a convolution with this window and so many channels of the result
// is best computed by kernel.ConvPixels: there are enough channels for a vector, enough
// places in a row for the registers, and a row is not too long for a cache.
func (p *convPlan) pixels(win *kernel.ConvWindow, out int) bool {
	rows := (win.Kernel[0]-1)*win.Dilation[0] + 1
	band := (rows*(win.Image[1]+2*win.Padding[1])*win.Channels + win.Places[1]*out)
	return win.Kernel != [2]int{1, 1} && out >= 8 && win.Places[1] >= 4 && p.padsLittle() && band <= bandMost
}

// byPixels reports that y and w̄ are computed by pixels.
func (p *convPlan) byPixels() bool { return !p.direct() && p.pixels(&p.x, p.rows) }

// inputByPixels reports that x̄ is, and returns its window.
func (p *convPlan) inputByPixels() (*kernel.ConvWindow, bool) {
	win, ok := p.inputWindow()
	return win, ok && !p.direct() && p.pixels(win, p.x.Channels)
}

const (
	// bandElements is the size of the scratch memory for a band of rows, which is to stay
	// in a second-level cache.
	bandElements = 1 << 16
	// bandMost is the size of the largest band of one row.
	bandMost = 1 << 20
	// Gradients of weights are sums of blocks of so many multiply-adds, but not of more
	// blocks than sumBlocks, with no more elements than sumElements.
	sumWork     = 1 << 18
	sumBlocks   = 16
	sumElements = 1 << 20
)

// pixelConv is a convolution by kernel.ConvPixels, of images in bands of rows.
type pixelConv[T tensor.Float] struct {
	kernel.ConvPixels
	x, w, y       *tensor.Array[T]
	layoutX       imageLayout
	layoutY       imageLayout
	groups, items int // an item is a band of an image
	nextX, nextY  int // elements from a group to the next
	nextW         int
	bands, band   int // in an image, and rows of places in each
	weights       []T // packed
	lanes         lanes[T]
	after         epilogue[T]
	call          func(int) // computes an item of a group, or a part of the weights

	blocks      int // that the items are divided into
	part, parts int // channels of y are divided into
	sums        []T // a matrix for each group, block and part
	addBlocks   func()
}

func newPixelConv[T tensor.Float](p *convPlan, win *kernel.ConvWindow, x, w, y *tensor.Array[T]) *pixelConv[T] {
	c := &pixelConv[T]{ConvPixels: kernel.NewConvPixels[T](*win, y.Shape[1]/p.groups), x: x, w: w, y: y}
	rows := win.Places[0]
	c.groups, c.nextW = p.groups, p.rows*p.depth
	c.nextX, c.nextY = win.Channels*win.Image[0]*win.Image[1], c.Out*rows*win.Places[1]
	c.band = bandOf(&c.ConvPixels)
	c.bands = (rows + c.band - 1) / c.band
	c.items = p.images * c.bands
	return c
}

// bandOf returns the rows of places in a band.
func bandOf(c *kernel.ConvPixels) int {
	n := c.Win.Places[0]
	for n > 1 && c.SizeX(n)+c.SizeY(n) > bandElements {
		n = (n + 1) / 2
	}
	return n
}

func (c *pixelConv[T]) makeLanes(calls int) {
	sizeY := c.SizeY(c.band)
	if c.layoutY.pixels {
		sizeY = 0
	}
	c.lanes.prepare(min(kernel.Workers(), calls), c.SizeX(c.band), sizeY)
}

// item returns the image of an item, and its first row of places and their number.
func (c *pixelConv[T]) item(i int) (image, from, rows int) {
	from = i % c.bands * c.band
	return i / c.bands, from, min(c.band, c.Win.Places[0]-from)
}

// groupOf returns the planes of a group in an image.
func groupOf[T tensor.Float](a *tensor.Array[T], groups, next, image, group int) []T {
	return a.Data[(image*groups+group)*next:][:next]
}

// newPixelSum returns what computes y from x and w. run does it, with turned weights if w
// is that of the transpose; it reports false where w is not finite.
func newPixelSum[T tensor.Float](p *convPlan, win *kernel.ConvWindow, x, w, y *tensor.Array[T], after epilogue[T], l imageLayouts) *pixelConv[T] {
	c := newPixelConv(p, win, x, w, y)
	c.after, c.layoutX, c.layoutY = after, l.in[0], l.dst
	c.weights = make([]T, c.groups*c.SizeW())
	c.makeLanes(c.groups * c.items)
	c.call = c.computeItem
	return c
}

func (c *pixelConv[T]) pack(turned bool) (finite bool) {
	finite = true
	for g := range c.groups {
		ok := kernel.PackWeights(c.weights[g*c.SizeW():], c.w.Data[g*c.nextW:], &c.ConvPixels, turned)
		finite = finite && ok
	}
	return finite
}

func (c *pixelConv[T]) run() { kernel.Parallel(c.groups*c.items, c.call) }

// some computes the images of a block.
func (c *pixelConv[T]) some(b imageBlock) {
	for g := range c.groups {
		for i := b.from * c.bands; i < b.to*c.bands; i++ {
			c.compute(g, i, b)
		}
	}
}

func (c *pixelConv[T]) computeItem(i int) { c.compute(i/c.items, i%c.items, imageBlock{}) }

// compute computes an item of a group.
func (c *pixelConv[T]) compute(g, item int, b imageBlock) {
	image, from, rows := c.item(item)
	l := c.lanes.take()
	x, y := groupOf(c.x, c.groups, c.nextX, image+c.layoutX.shift(b), g), groupOf(c.y, c.groups, c.nextY, image+c.layoutY.shift(b), g)
	kernel.Pixels(l.c, x, !c.layoutX.pixels, &c.ConvPixels, from, rows)
	band := l.y
	if c.layoutY.pixels {
		band = y[c.SizeY(from):]
	}
	kernel.ConvRows(band, l.c, c.weights[g*c.SizeW():], c.after.of(g*c.Out, c.Out), c.after.relu, &c.ConvPixels, rows)
	if !c.layoutY.pixels {
		kernel.PlanesOf(y, band, &c.ConvPixels, from, rows)
	}
	c.lanes.put(l)
}

func bindConvPixels[T tensor.Float](p *convPlan, y, x, w *tensor.Array[T], after epilogue[T], l imageLayouts) imageCall {
	c := newPixelSum(p, &p.x, x, w, y, after, l)
	begin := func() bool {
		c.pack(false)
		return true
	}
	return imageCall{begin: begin, some: c.some, whole: func() {
		begin()
		c.run()
	}}
}

// inputWindow returns the window by which x̄ is a convolution of ȳ with weights turned
// around. It must be that of a convolution with places 1 apart, with no more padding than
// the kernel reaches, and not with so few places that most of what it sees is padding.
func (p *convPlan) inputWindow() (win *kernel.ConvWindow, ok bool) {
	w := p.x
	win = &kernel.ConvWindow{Image: w.Places, Kernel: w.Kernel, Places: w.Image, Stride: w.Stride, Dilation: w.Dilation, Channels: p.rows}
	ok = w.Stride == [2]int{1, 1} && w.Image[0]*w.Image[1] <= 2*w.Places[0]*w.Places[1]
	for a := range win.Padding {
		win.Padding[a] = (w.Kernel[a]-1)*w.Dilation[a] - w.Padding[a]
		ok = ok && win.Padding[a] >= 0
	}
	return win, ok
}

// bindConvInputPixels computes x̄. The zeros around ȳ are not in its definition, so they
// must not meet weights that are not finite.
func bindConvInputPixels[T tensor.Float](p *convPlan, win *kernel.ConvWindow, x, y, w *tensor.Array[T], after epilogue[T], l imageLayouts) imageCall {
	c := newPixelSum(p, win, y, w, x, after, l)
	var columns func()
	begin := func() bool { return c.pack(true) }
	return imageCall{begin: begin, some: c.some, whole: func() {
		switch {
		case begin():
			c.run()
		case columns == nil:
			columns = inPlanes(x, y, l, func(x, y *tensor.Array[T]) func() { return bindConvInputColumns(p, x, y, w, after) })
			fallthrough
		default:
			columns()
		}
	}}
}

// inPlanes returns what computes dst from x by f, which is for planes.
func inPlanes[T tensor.Float](dst, x *tensor.Array[T], l imageLayouts, f func(dst, x *tensor.Array[T]) func()) func() {
	from, to := x, dst
	if l.in[0].pixels {
		from = &tensor.Array[T]{Shape: x.Shape, Data: make([]T, tensor.Size(x.Shape))}
	}
	if l.dst.pixels {
		to = &tensor.Array[T]{Shape: dst.Shape, Data: make([]T, tensor.Size(dst.Shape))}
	}
	call := f(to, from)
	return func() {
		for n := 0; n < x.Shape[0] && l.in[0].pixels; n++ {
			kernel.ToPlanes(imagesOf(from, n, n+1), imagesOf(x, n, n+1), x.Shape[1], tensor.Size(x.Shape[2:]))
		}
		call()
		for n := 0; n < x.Shape[0] && l.dst.pixels; n++ {
			kernel.ToPixels(imagesOf(dst, n, n+1), imagesOf(to, n, n+1), dst.Shape[1], tensor.Size(dst.Shape[2:]))
		}
	}
}

// bindConvWeightPixels computes w̄ from x and ȳ.
func bindConvWeightPixels[T tensor.Float](p *convPlan, w, x, y *tensor.Array[T], l imageLayouts) imageCall {
	c := newPixelConv(p, &p.x, x, w, y)
	c.layoutX, c.layoutY = l.in[0], l.in[1]
	c.blocks = p.sums(c.items)
	c.part, c.parts = p.rows, 1
	if c.blocks < sumBlocks/2 && c.nextW > sumElements/sumBlocks {
		c.part = (p.rows/sumBlocks + 31) / 32 * 32
		c.parts = (p.rows + c.part - 1) / c.part
	}
	c.sums = make([]T, c.groups*c.blocks*c.nextW)
	c.makeLanes(c.groups * c.blocks * c.parts)
	c.call = c.sumPart
	c.addBlocks = inParts(c.nextW, addAtOnce, c.addSome)
	return imageCall{some: c.someWeight, end: c.endWeight, whole: func() {
		kernel.Parallel(c.groups*c.blocks*c.parts, c.call)
		c.endWeight()
	}}
}

// addAtOnce is the number of elements of w̄ that are worth a call by kernel.Parallel.
const addAtOnce = 1 << 10

// addSome adds elements from <= i < to of all blocks of all groups to those of the first, in
// order.
func (c *pixelConv[T]) addSome(from, to int) {
	for g := range c.groups {
		sums := c.sums[g*c.blocks*c.nextW:]
		for i := 1; i < c.blocks; i++ {
			kernel.Add(sums[from:to], sums[from:to], sums[i*c.nextW+from:i*c.nextW+to])
		}
	}
}

// sums returns the number of blocks that w̄ is the sum of.
func (p *convPlan) sums(items int) int {
	return max(1, min(p.rows*p.depth*p.columns/sumWork, items, sumBlocks, sumElements/(p.rows*p.depth)))
}

// sumsImages reports that w̄ is the sum of sumBlocks blocks of whole images.
func (p *convPlan) sumsImages() bool {
	c := kernel.NewConvPixels[float64](p.x, p.rows) // bands are the same for all types
	bands := (p.x.Places[0] + bandOf(&c) - 1) / bandOf(&c)
	return p.sums(p.images*bands) == sumBlocks && (bands == 1 || p.images%sumBlocks == 0)
}

// someWeight computes the sums of a block.
func (c *pixelConv[T]) someWeight(b imageBlock) {
	for g := range c.groups {
		for part := range c.parts {
			c.sum((g*c.blocks+b.index)*c.parts+part, b)
		}
	}
}

// endWeight adds the sums of the blocks, and writes w̄.
func (c *pixelConv[T]) endWeight() {
	c.addBlocks()
	for g := range c.groups {
		sums, n := c.sums[g*c.blocks*c.nextW:], c.nextW
		depth := n / c.Out
		for from := 0; from < c.Out; from += c.part {
			out := min(c.part, c.Out-from)
			kernel.UnpackWeights(c.w.Data[g*n+from*depth:], sums[from*depth:], &c.ConvPixels, out)
		}
	}
}

func (c *pixelConv[T]) sumPart(i int) { c.sum(i, imageBlock{}) }

func (c *pixelConv[T]) sum(i int, b imageBlock) {
	from := i % c.parts * c.part
	to := min(from+c.part, c.Out)
	i /= c.parts
	g, block := i/c.blocks, i%c.blocks
	sum := c.sums[i*c.nextW+from*(c.nextW/c.Out):]
	l := c.lanes.take()
	first, last := block*c.items/c.blocks, (block+1)*c.items/c.blocks
	for item := first; item < last; item++ {
		image, row, rows := c.item(item)
		x, y := groupOf(c.x, c.groups, c.nextX, image+c.layoutX.shift(b), g), groupOf(c.y, c.groups, c.nextY, image+c.layoutY.shift(b), g)
		kernel.Pixels(l.c, x, !c.layoutX.pixels, &c.ConvPixels, row, rows)
		band, next := l.y, to-from
		if c.layoutY.pixels {
			band, next = y[c.SizeY(row)+from:], c.Out
		} else {
			kernel.PixelsOf(band, y, &c.ConvPixels, row, rows, from, to)
		}
		kernel.ConvRowsWeight(sum, l.c, band, &c.ConvPixels, to-from, next, rows, item > first)
	}
	c.lanes.put(l)
}
