package autodiff

import (
	"sync"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// convPlan says how y = w·x, a convolution, is computed with matrix products, as are
// x from y and w, and w from x and y. For one group, C is the matrix of columns, of
// kernel.ConvWindow: what each tap sees of x, at all places in all images. w is a
// matrix of rows·depth elements, and y has a row for each row of w:
//
//	Y = W·C, C̄ = Wᵀ·Ȳ, W̄ = Ȳ·Cᵀ
//
// C is made block by block, with some of its columns at a time.
type convPlan struct {
	groups, rows, depth int
	columns, block      int               // columns of C, and of a block
	x, y                kernel.ConvWindow // how C is taken from x, and Y from y
	nextX, nextY        int               // elements from a group to the next
	images, places      int               // columns = images·places
	// A block is one image, so that its Y is a part of y, and the same for C and x,
	// which then are the same.
	sliceY, sliceX bool
}

// The elements of a block of C, which with its part of Y stays in a second-level cache
// of 512 KiB, and the fewest and most of its columns. From a quarter to twice of these
// the speed is the same.
const (
	convBlock   = 1 << 16
	convColumns = 64
	convMost    = 1024
)

// The most elements of the sums of blocks that are computed at once.
const convSums = 1 << 18

func newConvPlan(win convWindow, x, w, y tensor.Shape) *convPlan {
	image, taps, places := [2]int(x[2:]), [2]int(w[2:]), [2]int(y[2:])
	p := &convPlan{groups: win.Groups, rows: w[0] / win.Groups, depth: tensor.Size(w[1:]), images: x[0], places: tensor.Size(y[2:])}
	one, flat := [2]int{1, 1}, [2]int{1, p.places}
	p.sliceX = taps == one && win.Stride == one && win.Padding == [2]int{} && places == image
	if p.sliceX {
		image, places = flat, flat // rows of pixels follow each other, one long row is faster
	}
	p.x = kernel.ConvWindow{Image: image, Kernel: taps, Places: places,
		Stride: win.Stride, Padding: win.Padding, Dilation: win.Dilation, Channels: w[1], Next: tensor.Size(x[1:])}
	p.y = kernel.ConvWindow{Image: flat, Kernel: one, Places: flat,
		Stride: one, Dilation: one, Channels: p.rows, Next: tensor.Size(y[1:])}
	p.nextX, p.nextY = w[1]*image[0]*image[1], p.rows*p.places
	p.columns = p.images * p.places
	most := min(max(convBlock/p.depth, convColumns), convMost)
	switch {
	case p.places < convColumns: // several images
		p.block = max(most/p.places, 1) * p.places
	case p.places <= most || p.sliceX:
		p.block = p.places
	default: // parts of an image
		p.block = most
	}
	p.sliceY = p.block == p.places
	p.sliceX = p.sliceX && p.sliceY
	return p
}

// boundConv is a convolution with its arrays and scratch memory. One of the arrays is
// the result.
type boundConv[T tensor.Float] struct {
	*convPlan
	xs, ws, ys *tensor.Array[T]
	blocks     int      // of columns, in a group
	whole      bool     // images, in every block
	lanes      lanes[T] // for the blocks that are computed at once
	group, at  int      // where runWeight is
	sums       [][]T    // W̄ of single blocks
	after      epilogue[T]
	call       func(int) // computes a block, or more
}

// A lane is the scratch memory of one block.
type lane[T tensor.Float] struct{ c, y []T }

// lanes are those that are not in use. The last to come is the first to go, so that
// one worker alone uses one. More are made if there are more workers than there were.
type lanes[T tensor.Float] struct {
	sync.Mutex
	free  []lane[T]
	sizeC int
	sizeY int
}

// prepare makes n lanes of the given sizes.
func (l *lanes[T]) prepare(n, sizeC, sizeY int) {
	l.sizeC, l.sizeY = sizeC, sizeY
	for range n {
		l.free = append(l.free, l.another())
	}
}

func (l *lanes[T]) another() lane[T] { return lane[T]{make([]T, l.sizeC), make([]T, l.sizeY)} }

func (l *lanes[T]) take() lane[T] {
	l.Lock()
	defer l.Unlock()
	last := len(l.free) - 1
	if last < 0 {
		return l.another()
	}
	x := l.free[last]
	l.free = l.free[:last]
	return x
}

func (l *lanes[T]) put(x lane[T]) {
	l.Lock()
	defer l.Unlock()
	l.free = append(l.free, x)
}

func newBoundConv[T tensor.Float](p *convPlan, x, w, y *tensor.Array[T]) *boundConv[T] {
	b := &boundConv[T]{convPlan: p, xs: x, ws: w, ys: y}
	b.blocks = (p.columns + p.block - 1) / max(p.block, 1)
	b.whole = p.block%max(p.places, 1) == 0
	n := min(p.block, p.columns)
	sizeC, sizeY := p.depth*n, p.rows*n
	if p.sliceX {
		sizeC = 0
	}
	if p.sliceY {
		sizeY = 0
	}
	b.lanes.prepare(b.atOnce(b.groups*b.blocks), sizeC, sizeY)
	return b
}

// atOnce is how many of n blocks are computed at once.
func (b *boundConv[T]) atOnce(n int) int {
	if b.rows*b.depth*b.columns*b.groups < 2*kernel.Grain {
		return min(n, 1)
	}
	return min(n, kernel.Workers())
}

// each makes the calls call(0), ..., call(n-1), at once if they are worth it.
func (b *boundConv[T]) each(n int) {
	if b.atOnce(n) > 1 {
		kernel.Parallel(n, b.call)
		return
	}
	for i := range n {
		b.call(i)
	}
}

func bindConv[T tensor.Float](win convWindow, y, x, w *tensor.Array[T], after epilogue[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y, after).run
	}
	if p.byPixels() {
		return bindConvPixels(p, y, x, w, after, imageLayouts{}).whole
	}
	b := newBoundConv(p, x, w, y)
	b.after = after
	b.call = b.forward
	return b.run
}

func bindConvInput[T tensor.Float](win convWindow, x, y, w *tensor.Array[T], after epilogue[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y, after).runInput
	}
	if win, ok := p.inputByPixels(); ok {
		return bindConvInputPixels(p, win, x, y, w, after, imageLayouts{}).whole
	}
	return bindConvInputColumns(p, x, y, w, after)
}

func bindConvInputColumns[T tensor.Float](p *convPlan, x, y, w *tensor.Array[T], after epilogue[T]) func() {
	b := newBoundConv(p, x, w, y)
	b.after = after
	b.call = b.backward
	return b.runInput
}

func bindConvWeight[T tensor.Float](win convWindow, w, x, y *tensor.Array[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y, epilogue[T]{}).runWeight
	}
	if p.byPixels() {
		return bindConvWeightPixels(p, w, x, y, imageLayouts{}).whole
	}
	b := newBoundConv(p, x, w, y)
	b.call = b.sumBlock
	few := max(1, convSums/(p.rows*p.depth))
	for range min(b.blocks, few, 2*b.atOnce(b.blocks)) {
		b.sums = append(b.sums, make([]T, p.rows*p.depth))
	}
	return b.runWeight
}

// run computes Y = W·C.
func (b *boundConv[T]) run() {
	if !b.sliceY {
		kernel.Fill(b.ys.Data, 0)
	}
	b.each(b.groups * b.blocks)
}

func (b *boundConv[T]) forward(i int) {
	g := i / b.blocks
	x, w, y := b.ofGroup(g)
	from, to := b.columnsOf(i % b.blocks)
	l := b.lanes.take()
	c := matrixOf(l.c, x, &b.x, b.sliceX, from, to)
	block := l.y
	if b.sliceY {
		block = imageOf(y, &b.y, from)
	}
	block = block[:b.rows*(to-from)]
	kernel.Gemm(block, w, c, b.rows, to-from, b.depth, false, false)
	b.after.rows(block, g*b.rows, b.rows)
	if !b.sliceY {
		kernel.Col2im(y, block, &b.y, from, to)
	}
	b.lanes.put(l)
}

// runInput computes C̄ = Wᵀ·Ȳ.
func (b *boundConv[T]) runInput() {
	if !b.sliceX {
		kernel.Fill(b.xs.Data, 0)
	}
	if b.whole {
		b.each(b.groups * b.blocks)
	} else { // blocks add to the same pixels
		b.each(b.groups)
	}
	b.after.planes(b.xs)
}

func (b *boundConv[T]) backward(i int) {
	if b.whole {
		b.backwardBlock(i/b.blocks, i%b.blocks)
		return
	}
	for n := range b.blocks {
		b.backwardBlock(i, n)
	}
}

func (b *boundConv[T]) backwardBlock(g, n int) {
	x, w, y := b.ofGroup(g)
	from, to := b.columnsOf(n)
	l := b.lanes.take()
	dy := matrixOf(l.y, y, &b.y, b.sliceY, from, to)
	if b.sliceX {
		kernel.Gemm(imageOf(x, &b.x, from), w, dy, b.depth, to-from, b.rows, true, false)
	} else {
		kernel.Gemm(l.c, w, dy, b.depth, to-from, b.rows, true, false)
		kernel.Col2im(x, l.c, &b.x, from, to)
	}
	b.lanes.put(l)
}

// runWeight computes W̄ = Ȳ·Cᵀ. The sums of blocks are added in order.
func (b *boundConv[T]) runWeight() {
	for b.group = range b.groups {
		_, w, _ := b.ofGroup(b.group)
		for b.at = 0; b.at < b.blocks; b.at += len(b.sums) {
			n := min(len(b.sums), b.blocks-b.at)
			b.each(n)
			for i, sum := range b.sums[:n] {
				if b.at+i > 0 {
					kernel.Add(w, w, sum)
				}
			}
		}
	}
}

func (b *boundConv[T]) sumBlock(i int) {
	x, dst, y := b.ofGroup(b.group)
	from, to := b.columnsOf(b.at + i)
	if from > 0 {
		dst = b.sums[i]
	}
	l := b.lanes.take()
	dy := matrixOf(l.y, y, &b.y, b.sliceY, from, to)
	c := matrixOf(l.c, x, &b.x, b.sliceX, from, to)
	kernel.Gemm(dst, dy, c, b.rows, b.depth, to-from, false, true)
	b.lanes.put(l)
}

// columnsOf returns the columns from <= q < to of a block.
func (b *boundConv[T]) columnsOf(n int) (from, to int) {
	return n * b.block, min((n+1)*b.block, b.columns)
}

// ofGroup returns the parts of the arrays that belong to group g; of x and y, those
// of the first image, and all that follows.
func (b *boundConv[T]) ofGroup(g int) (x, w, y []T) {
	n := b.rows * b.depth
	return b.xs.Data[g*b.nextX:], b.ws.Data[g*n:][:n], b.ys.Data[g*b.nextY:]
}

// matrixOf returns columns from <= q < to of the matrix that win takes from data: a
// part of data if they are that, else a copy in scratch.
func matrixOf[T tensor.Float](scratch, data []T, win *kernel.ConvWindow, isPart bool, from, to int) []T {
	if isPart {
		return imageOf(data, win, from)
	}
	kernel.Im2col(scratch, data, win, from, to)
	return scratch
}

// imageOf returns the channels of the image that column from is the first of.
func imageOf[T tensor.Float](data []T, win *kernel.ConvWindow, from int) []T {
	n := win.Image[0] * win.Image[1]
	return data[from/n*win.Next:][:win.Channels*n]
}
