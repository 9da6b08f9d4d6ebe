//go:build amd64 && !purego

package kernel

import "unsafe"

// product is a product of matrices, or that of some rows and terms of them. c is cut into
// tiles, and b into panels of the width that the registers have. No element depends on the cuts.
type product[T Float] struct {
	c, a, b    view
	transB     bool
	beside     view  // a number for each element; at is nil for none
	then       uint8 // what becomes of it and the sum
	m, n, k    int
	pads       bool // all rows of a start at the same place of a page: they are copied
	copies     bool // panels of b are copied
	rows, cols int  // of a tile
	down       int  // tiles in a column of them
	across     int  // and in a row
}

const (
	// Products with fewer multiply-adds are one tile, and not worth asking for workers: what they
	// would gain, the next operations lose, which fetch half of it from the other's cache.
	tilesFrom = 1 << 20
	// The workers want tilesEach tiles each, of leastTile multiply-adds or more.
	tilesEach = 4
	leastTile = 1 << 17
	leastRows = 48
	// A tile is of tileCols columns, and its block of a of tileBytes, so that it stays in the
	// second-level cache and leaves room there; or of padCols and blockBytes.
	tileCols, padCols     = 128, 512
	tileBytes, blockBytes = 200 << 10, 512 << 10
	// deepest is the most terms that are summed in registers at once, so that a panel
	// of b of that height stays in the second-level cache; and deepestCopy the most of
	// those that are copied.
	deepest, deepestCopy = 1024, 512
	// panelBytes is the size of the largest copied panel of b, which is 128 bytes wide.
	panelBytes = deepestCopy * 128
	page       = 4096
	// Panels of b are copied when it does not fit into the first-level caches and
	// they are used for so many rows of a.
	copyFrom = 1 << 16
	copyRows = 24
	// callRows is the most rows that are multiplied in one call, which nothing can
	// interrupt: less than a tenth of a millisecond. Multiples of 12 are quickest.
	callRows = 120
)

// gemmPanels is Gemm with vector instructions, where nothing is 0, or GemmBias or GemmGate with
// numbers beside it, n where n is not 1, or m·n.
func gemmPanels[T Float](dst, a, b, beside []T, then uint8, m, n, k int, transA, transB bool) {
	if k == 1 { // vectors are their own transposes
		transA, transB = false, false
	}
	if n == 1 { // dstᵀ = bᵀ op(a)ᵀ
		a, b, m, n, transA, transB = b, a, 1, m, false, !transA
	}
	p := product[T]{
		c: viewOf(dst, n, false), a: viewOf(a, element(m, k, transA).longest(), transA), b: viewOf(b, element(k, n, transB).longest(), transB),
		beside: viewOf(beside, n, false), then: then, transB: transB, m: m, n: n, k: k, rows: m, cols: n, down: 1, across: 1,
	}
	if len(beside) < m*n { // all rows have the same
		p.beside.row = 0
	}
	p.copies = len(b)*size[T]() >= copyFrom
	p.pads = p.a.row%page == 0 && m > 8 && n > isa.width()/size[T]()
	if m*n*k < tilesFrom && !p.pads {
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
	if transB || p.copies || p.pads {
		prepareScratches(Workers(), p.pads)
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

// cut chooses the tiles, and returns how many there are. If there are more rows than columns, one
// row of tiles comes after the other, else columns: neighbours are computed by the same worker,
// so that of the larger operand each reads a part.
func (g *product[T]) cut(workers int) int {
	wide := isa.width() / size[T]()
	most, deep, cols := tileBytes, min(g.k, deepest), tileCols
	if g.transB { // each tile transposes its columns of b
		most = blockBytes
	}
	if g.pads { // each tile copies its rows of a
		most, deep, cols = blockBytes, min(g.k, deepestCopy), padCols
	}
	rows, enough := most/(deep*size[T]()), tilesEach*workers
	down, across := parts(g.m, max(rows, leastRows)), parts(g.n, cols)
	for workers > 1 && down*across < enough && g.m*g.n*g.k >= 2*leastTile*down*across {
		if !g.pads && g.n > across*wide {
			across *= 2
		} else if g.m >= 2*leastRows*down {
			down *= 2
		} else {
			break
		}
	}
	if g.pads && down > 1 { // as much for each worker
		down = min(parts(down, workers)*workers, parts(g.m, leastRows))
	}
	g.rows, g.cols = parts(parts(g.m, down), 4)*4, parts(parts(g.n, across), wide)*wide
	g.down, g.across = parts(g.m, g.rows), parts(g.n, g.cols)
	return g.down * g.across
}

// What the workers compute. They belong to who has the workers.
var (
	product32 product[float32]
	product64 product[float64]
)

func tile32(i int) { product32.tile(i) }
func tile64(i int) { product64.tile(i) }

// parts returns how many parts of a size make n, or the size of so many parts.
func parts(n, size int) int { return (n + size - 1) / size }

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

// tile computes tile i of c, panel by panel.
func (g *product[T]) tile(i int) {
	size := size[T]()
	wide := isa.width() / size
	i0, j0 := i%g.down*g.rows, i/g.down*g.cols
	if g.m > g.n {
		i0, j0 = i/g.across*g.rows, i%g.across*g.cols
	}
	rows, cols := min(g.rows, g.m-i0), min(g.cols, g.n-j0)
	a, b, c := g.a.from(i0, 0), g.b.from(0, j0), g.c.from(i0, j0)
	depth, copies := deepest, g.copies && rows >= copyRows
	var s *scratch
	var room *byte
	if g.transB || copies || g.pads {
		s = takeScratch()
		room = s.panel()
		depth = deepestCopy
	}
	depth = parts(g.k, parts(g.k, depth)) // as deep each time
	for p := 0; p < g.k; p += depth {
		deep, block := min(depth, g.k-p), a.from(0, p)
		if g.pads {
			block = padBlock[T](s.block(), block, rows, deep)
		}
		for j := 0; j < cols; j += wide {
			w := min(wide, cols-j)
			panel := b.from(p, j)
			var to *byte // where the first rows copy the panel
			switch {
			case g.transB:
				panel = packPanel[T](room, panel, deep, w, wide)
			case copies && w == wide:
				to = room
			}
			last := g.beside.at != nil && p+deep == g.k
			for i := 0; i < rows; i += callRows {
				var beside view // with the last of the terms
				if last {
					beside = g.beside.from(i0+i, j0+j)
				}
				multiply[T](isa, c.from(i, j), block.from(i, 0), panel, min(callRows, rows-i), w, deep, p > 0, beside, g.then, to)
				if to != nil { // the first rows have copied the panel
					panel, to = view{unsafe.Pointer(room), wide * size, size}, nil
				}
			}
		}
	}
	if s != nil {
		s.release()
	}
}

// packPanel transposes a (deep, cols) panel of b into rows that follow each other.
func packPanel[T Float](room *byte, b view, deep, cols, wide int) view {
	dst := view{unsafe.Pointer(room), wide * size[T](), size[T]()}
	transposePanel[T](dst, b, deep, cols)
	return dst
}

// padBlock copies a (rows, deep) block of a whose rows all start at the same place of
// a page, and so take each other's place in the cache, to where they do not.
func padBlock[T Float](room unsafe.Pointer, a view, rows, deep int) view {
	bytes := deep * size[T]()
	dst := view{room, (bytes+line-1)/line*line + line, size[T]()}
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
// finishes with the numbers beside it, if there are some.
func multiply[T Float](set instructions, c, a, b view, rows, cols, k int, more bool, beside view, then uint8, to *byte) {
	dst, x, y, z := (*byte)(c.at), (*byte)(a.at), (*byte)(b.at), (*byte)(beside.at)
	if size[T]() == 4 {
		switch {
		case set == avx512 && cols > 16:
			panelF32AVX512x32(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
		case set == avx512 && cols > 8:
			panelF32AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
		case cols > 8:
			panelF32AVX2x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
		default:
			panelF32AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
		}
		return
	}
	switch {
	case set == avx512 && cols > 8:
		panelF64AVX512x16(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
	case set == avx512 && cols > 4:
		panelF64AVX512x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
	case cols > 4:
		panelF64AVX2x8(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
	default:
		panelF64AVX2x4(rows, cols, k, x, a.row, a.col, y, b.row, dst, c.row, more, z, beside.row, then, to)
	}
}
