//go:build amd64 && !purego

package kernel

import "unsafe"

// product is a product of matrices. dst is cut into tiles, and b into panels of the
// width that the registers have. No element depends on the cuts.
type product[T Float] struct {
	dst, a, b      []T
	bias           []T // of each column, added in the end; nil for none
	relu           bool
	m, n, k        int
	transA, transB bool
	rows, cols     int // of a tile
	across         int // tiles in a row of them
}

const (
	// Products with fewer multiply-adds are one tile, and not worth asking for workers.
	tilesFrom = 1 << 20
	// The largest tile, and the smallest that is cut for the workers' sake, who want
	// tilesEach tiles each.
	tileRows, leastRows = 512, 64
	tileCols, leastCols = 128, 32
	tilesEach           = 4
	// deepest is the most terms that are summed in registers at once, so that a panel
	// of b of that height stays in the second-level cache; and deepestCopy the most of
	// those that are copied.
	deepest     = 1024
	deepestCopy = 512
	// panelBytes is the size of the largest copied panel of b, which is 128 bytes wide.
	panelBytes = deepestCopy * 128
	// blockBytes is the size of the largest copied block of a.
	blockBytes = tileRows * (8*deepestCopy + 128)
	page       = 4096
	// Panels of b are copied when it does not fit into the first-level caches and
	// they are used for so many rows of a.
	copyFrom = 1 << 16
	copyRows = 256
	// callRows is the most rows that are multiplied in one call, which nothing can
	// interrupt: less than a tenth of a millisecond. Multiples of 12 are quickest.
	callRows = 120
)

// gemmPanels is Gemm with vector instructions, where nothing is 0, or GemmBias with a
// bias, where n is not 1.
func gemmPanels[T Float](dst, a, b, bias []T, relu bool, m, n, k int, transA, transB bool) {
	if k == 1 { // vectors are their own transposes
		transA, transB = false, false
	}
	if n == 1 { // dstᵀ = bᵀ op(a)ᵀ
		a, b, m, n, transA, transB = b, a, 1, m, false, !transA
	}
	p := product[T]{dst: dst, a: a, b: b, bias: bias, relu: relu, m: m, n: n, k: k, transA: transA, transB: transB, rows: m, cols: n, across: 1}
	if m*n*k < tilesFrom {
		p.tile(0)
		return
	}
	tiles := p.cut(Workers())
	if tiles == 1 || !workers.take() {
		for i := range tiles {
			p.tile(i)
		}
		return
	}
	defer workers.release()
	if p.padsA() || p.packs(p.rows) {
		prepareScratches(Workers(), p.padsA())
	}
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

// cut chooses the tiles, and returns how many there are.
func (g *product[T]) cut(workers int) int {
	rows, cols := tileRows, tileCols
	if g.padsA() {
		cols = tileRows // each tile copies its rows of a
	}
	for {
		g.rows, g.cols = evenly(g.m, rows, 4), evenly(g.n, cols, leastCols)
		g.across = (g.n + g.cols - 1) / g.cols
		tiles := g.across * ((g.m + g.rows - 1) / g.rows)
		switch {
		case workers < 2 || tiles >= tilesEach*workers:
			return tiles
		case rows > leastRows && (g.padsA() || cols <= leastCols): // rows of a are copied once
			rows /= 2
		case cols > leastCols:
			cols /= 2
		default:
			return tiles
		}
	}
}

// padsA reports that all rows of a start at the same place of a page.
func (g *product[T]) padsA() bool { return !g.transA && g.k*size[T]()%page == 0 }

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
	packed, padded := g.packs(rows), g.padsA() && cols > wide
	var s *scratch
	depth := evenly(g.k, deepest, 1)
	if packed || padded {
		depth = evenly(g.k, deepestCopy, 1)
	}
	for p := 0; p < g.k; p += depth {
		deep := min(depth, g.k-p)
		block := a.from(0, p)
		if padded {
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
			var bias *byte // with the last of the terms
			if g.bias != nil && p+deep == g.k {
				bias = (*byte)(unsafe.Pointer(&g.bias[j0+j]))
			}
			for i := 0; i < rows; i += callRows {
				multiply[T](isa, c.from(i, j), block.from(i, 0), panel, min(callRows, rows-i), w, deep, p > 0, bias, g.relu)
			}
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
	s.makeBlock()
	bytes := deep * size[T]()
	dst := view{unsafe.Pointer(unsafe.SliceData(s.a)), (bytes+63)/64*64 + 64, size[T]()}
	for i := range rows {
		copy(unsafe.Slice((*byte)(dst.from(i, 0).at), bytes), unsafe.Slice((*byte)(a.from(i, 0).at), bytes))
	}
	return dst
}

// transposePanel copies a (deep, cols) panel whose columns follow each other.
func transposePanel[T Float](dst, src view, deep, cols int) {
	ldd, lds := dst.row/size[T](), src.col/size[T]()
	to, from := unsafe.Slice((*T)(dst.at), ldd*deep), unsafe.Slice((*T)(src.at), (cols-1)*lds+deep)
	transpose(to, ldd, from, lds, cols, deep)
}

func transposeBlocks(blocks, size int, dst, src view) {
	if size == 4 {
		transposeF32(blocks, (*byte)(dst.at), dst.row, (*byte)(src.at), src.col)
	} else {
		transposeF64(blocks, (*byte)(dst.at), dst.row, (*byte)(src.at), src.col)
	}
}

// multiply writes, or adds to with more, the (rows, cols) product of a and b to c, and
// finishes with the bias, if there is one.
func multiply[T Float](set instructions, c, a, b view, rows, cols, k int, more bool, bias *byte, relu bool) {
	dst, x, y := (*byte)(c.at), (*byte)(a.at), (*byte)(b.at)
	if size[T]() == 4 {
		switch {
		case set == avx512 && cols > 16:
			panelF32AVX512x32(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
		case set == avx512 && cols > 8:
			panelF32AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
		case cols > 8:
			panelF32AVX2x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
		default:
			panelF32AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
		}
		return
	}
	switch {
	case set == avx512 && cols > 8:
		panelF64AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
	case set == avx512 && cols > 4:
		panelF64AVX512x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
	case cols > 4:
		panelF64AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
	default:
		panelF64AVX2x4(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, bias, relu)
	}
}
