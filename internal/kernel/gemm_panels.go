//go:build amd64 && !purego

package kernel

import "unsafe"

// product is a product of matrices. dst is cut into tiles, which depend on nothing
// but the shapes, and b into panels of the width that the registers have.
type product[T Float] struct {
	dst, a, b      []T
	m, n, k        int
	transA, transB bool
	rows, cols     int // of a tile
	across         int // tiles in a row of them
}

const (
	// Products with fewer are one tile, and not worth asking for workers.
	tilesFrom = 1 << 20
	tileRows  = 128
	tileCols  = 128
	// With so many elements there are enough tiles of twice the rows.
	tallFrom = 1 << 19
	// deepest is the most terms that are summed in registers at once: a panel of b
	// of that height stays near.
	deepest = 256
	// panelBytes is the size of the largest panel of b, which is 128 bytes wide.
	panelBytes = deepest * 128
	// blockBytes is the size of the largest block of a, copied.
	blockBytes = 2 * tileRows * (8*deepest + 128)
	page       = 4096
	// Panels of b are copied when it does not fit into the first-level caches and
	// they are used for so many rows of a.
	copyFrom = 1 << 16
	copyRows = 48
)

// gemmPanels is Gemm with vector instructions, where nothing is 0.
func gemmPanels[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	if n == 1 { // dstᵀ = bᵀ op(a)ᵀ, and vectors are their own transposes
		a, b, m, n, transA, transB = b, a, 1, m, false, !transA
	}
	p := product[T]{dst: dst, a: a, b: b, m: m, n: n, k: k, transA: transA, transB: transB, rows: m, cols: n, across: 1}
	if m*n*k < tilesFrom {
		p.tile(0)
		return
	}
	p.rows = evenly(m, tileRows, 4)
	if m*n >= tallFrom {
		p.rows = evenly(m, 2*tileRows, 4)
	}
	p.cols = evenly(n, tileCols, 32)
	p.across = (n + p.cols - 1) / p.cols
	tiles := p.across * ((m + p.rows - 1) / p.rows)
	if tiles == 1 || !workers.take() {
		for i := range tiles {
			p.tile(i)
		}
		return
	}
	defer workers.release()
	switch p := any(&p).(type) {
	case *product[float32]:
		product32 = *p
		workers.run(tiles, tile32)
		product32 = product[float32]{}
	case *product[float64]:
		product64 = *p
		workers.run(tiles, tile64)
		product64 = product[float64]{}
	}
}

// What the workers compute. They belong to who has the workers.
var (
	product32 product[float32]
	product64 product[float64]
)

func tile32(i int) { product32.tile(i) }
func tile64(i int) { product64.tile(i) }

// evenly returns the size, a multiple of unit, of even parts of n that are about as
// large as most.
func evenly(n, most, unit int) int {
	parts := (n + most - 1) / most
	each := (n + parts - 1) / parts
	return (each + unit - 1) / unit * unit
}

// view is where a matrix starts, and the bytes from a row and a column to the next.
type view struct {
	at       unsafe.Pointer
	row, col int
}

func (p view) from(i, j int) view {
	p.at = unsafe.Add(p.at, i*p.row+j*p.col)
	return p
}

func viewOf[T Float](x []T, stride int, trans bool) view {
	size := size[T]()
	p := view{unsafe.Pointer(unsafe.SliceData(x)), stride * size, size}
	if trans {
		p.row, p.col = p.col, p.row
	}
	return p
}

func size[T Float]() int {
	var v T
	return int(unsafe.Sizeof(v))
}

// tile computes tile i of dst, panel by panel.
func (g *product[T]) tile(i int) {
	size := size[T]()
	wide := isa.width() / size
	i0, j0 := i/g.across*g.rows, i%g.across*g.cols
	rows, cols := min(g.rows, g.m-i0), min(g.cols, g.n-j0)
	lda, ldb := g.k, g.n
	if g.transA {
		lda = g.m
	}
	if g.transB {
		ldb = g.k
	}
	a := viewOf(g.a, lda, g.transA).from(i0, 0)
	b := viewOf(g.b, ldb, g.transB).from(0, j0)
	c := viewOf(g.dst, g.n, false).from(i0, j0)
	packed := g.packs(rows)
	var s *scratch
	depth := evenly(g.k, deepest, 1)
	for p := 0; p < g.k; p += depth {
		deep := min(depth, g.k-p)
		block := a.from(0, p)
		if block.row%page == 0 && cols > wide && rows <= 2*tileRows {
			if s == nil {
				s = takeScratch()
			}
			block = padBlock[T](s, block, rows, deep)
		}
		for j := 0; j < cols; j += wide {
			w := min(wide, cols-j)
			panel := b.from(p, j)
			if g.transB || packed && w == wide {
				if s == nil {
					s = takeScratch()
				}
				panel = packPanel[T](s, panel, deep, w, wide, g.transB)
			}
			multiply[T](isa, c.from(0, j), block, panel, rows, w, deep, p > 0)
		}
	}
	if s != nil {
		s.release()
	}
}

// packs reports that panels of b, of the full width, are copied before they are used.
func (g *product[T]) packs(rows int) bool {
	return g.transB || rows >= copyRows && len(g.b) >= copyFrom/size[T]()
}

// packPanel copies a (deep, cols) panel of b into rows that follow each other.
func packPanel[T Float](s *scratch, b view, deep, cols, wide int, trans bool) view {
	size := size[T]()
	dst := view{unsafe.Pointer(unsafe.SliceData(s.b)), wide * size, size}
	if trans {
		transposePanel[T](dst, b, deep, cols)
	} else {
		copyLines(deep, wide*size/64, (*byte)(dst.at), dst.row, (*byte)(b.at), b.row)
	}
	return dst
}

// padBlock copies a (rows, deep) block of a whose rows all start at the same place of
// a page, and so take each other's place in the cache, to where they do not.
func padBlock[T Float](s *scratch, a view, rows, deep int) view {
	if s.a == nil {
		s.a = make([]float64, blockBytes/8)
	}
	bytes := deep * size[T]()
	dst := view{unsafe.Pointer(unsafe.SliceData(s.a)), (bytes+63)/64*64 + 64, size[T]()}
	for i := range rows {
		copy(unsafe.Slice((*byte)(dst.from(i, 0).at), bytes), unsafe.Slice((*byte)(a.from(i, 0).at), bytes))
	}
	return dst
}

// transposePanel copies a (deep, cols) panel whose columns follow each other. What
// is left of blocks overlaps the last of them.
func transposePanel[T Float](dst, src view, deep, cols int) {
	size := size[T]()
	block := 32 / size
	if cols < block || deep < block {
		to, from := unsafe.Slice((*T)(dst.at), dst.row/size*deep), unsafe.Slice((*T)(src.at), (cols-1)*(src.col/size)+deep)
		pack(to, dst.row/size, from, src.col/size, cols, deep)
		return
	}
	for j := 0; ; j += block {
		j = min(j, cols-block)
		transposeBlocks(deep/block, size, dst.from(0, j), src.from(0, j))
		if deep%block > 0 {
			transposeBlocks(1, size, dst.from(deep-block, j), src.from(deep-block, j))
		}
		if j == cols-block {
			break
		}
	}
}

func transposeBlocks(blocks, size int, dst, src view) {
	if size == 4 {
		transposeF32(blocks, (*byte)(dst.at), dst.row, (*byte)(src.at), src.col)
	} else {
		transposeF64(blocks, (*byte)(dst.at), dst.row, (*byte)(src.at), src.col)
	}
}

// multiply writes, or adds to with more, the (rows, cols) product of a and b to c.
func multiply[T Float](set instructions, c, a, b view, rows, cols, k int, more bool) {
	dst, x, y := (*byte)(c.at), (*byte)(a.at), (*byte)(b.at)
	if size[T]() == 4 {
		switch {
		case set == avx512 && cols > 16:
			panelF32AVX512x32(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
		case set == avx512 && cols > 8:
			panelF32AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
		case cols > 8:
			panelF32AVX2x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
		default:
			panelF32AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
		}
		return
	}
	switch {
	case set == avx512 && cols > 8:
		panelF64AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
	case set == avx512 && cols > 4:
		panelF64AVX512x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
	case cols > 4:
		panelF64AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
	default:
		panelF64AVX2x4(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more)
	}
}
