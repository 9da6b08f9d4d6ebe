package autodiff

import (
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
	xs, ws, ys     *tensor.Array[T]
	blockC, blockY []T
	weights        []T // W̄ of one block
}

func newBoundConv[T tensor.Float](p *convPlan, x, w, y *tensor.Array[T]) *boundConv[T] {
	b := &boundConv[T]{convPlan: p, xs: x, ws: w, ys: y}
	n := min(p.block, p.columns)
	if !p.sliceX {
		b.blockC = make([]T, p.depth*n)
	}
	if !p.sliceY {
		b.blockY = make([]T, p.rows*n)
	}
	return b
}

func bindConv[T tensor.Float](win convWindow, y, x, w *tensor.Array[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y).run
	}
	return newBoundConv(p, x, w, y).run
}

func bindConvInput[T tensor.Float](win convWindow, x, y, w *tensor.Array[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y).runInput
	}
	return newBoundConv(p, x, w, y).runInput
}

func bindConvWeight[T tensor.Float](win convWindow, w, x, y *tensor.Array[T]) func() {
	p := newConvPlan(win, x.Shape, w.Shape, y.Shape)
	if p.direct() {
		return newDirectConv(p, x, w, y).runWeight
	}
	b := newBoundConv(p, x, w, y)
	if p.block < p.columns {
		b.weights = make([]T, p.rows*p.depth)
	}
	return b.runWeight
}

// run computes Y = W·C.
func (b *boundConv[T]) run() {
	if !b.sliceY {
		kernel.Fill(b.ys.Data, 0)
	}
	for g := range b.groups {
		x, w, y := b.group(g)
		for from := 0; from < b.columns; from += b.block {
			to := min(from+b.block, b.columns)
			c := matrixOf(b.blockC, x, &b.x, b.sliceX, from, to)
			if b.sliceY {
				kernel.Gemm(imageOf(y, &b.y, from), w, c, b.rows, to-from, b.depth, false, false)
				continue
			}
			kernel.Gemm(b.blockY, w, c, b.rows, to-from, b.depth, false, false)
			kernel.Col2im(y, b.blockY, &b.y, from, to)
		}
	}
}

// runInput computes C̄ = Wᵀ·Ȳ.
func (b *boundConv[T]) runInput() {
	if !b.sliceX {
		kernel.Fill(b.xs.Data, 0)
	}
	for g := range b.groups {
		x, w, y := b.group(g)
		for from := 0; from < b.columns; from += b.block {
			to := min(from+b.block, b.columns)
			dy := matrixOf(b.blockY, y, &b.y, b.sliceY, from, to)
			if b.sliceX {
				kernel.Gemm(imageOf(x, &b.x, from), w, dy, b.depth, to-from, b.rows, true, false)
				continue
			}
			kernel.Gemm(b.blockC, w, dy, b.depth, to-from, b.rows, true, false)
			kernel.Col2im(x, b.blockC, &b.x, from, to)
		}
	}
}

// runWeight computes W̄ = Ȳ·Cᵀ.
func (b *boundConv[T]) runWeight() {
	for g := range b.groups {
		x, w, y := b.group(g)
		dst := w
		for from := 0; from < b.columns; from += b.block {
			to := min(from+b.block, b.columns)
			dy := matrixOf(b.blockY, y, &b.y, b.sliceY, from, to)
			c := matrixOf(b.blockC, x, &b.x, b.sliceX, from, to)
			kernel.Gemm(dst, dy, c, b.rows, b.depth, to-from, false, true)
			if from > 0 {
				kernel.Add(w, w, dst)
			}
			dst = b.weights
		}
	}
}

// group returns the parts of the arrays that belong to group g; of x and y, those
// of the first image, and all that follows.
func (b *boundConv[T]) group(g int) (x, w, y []T) {
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
