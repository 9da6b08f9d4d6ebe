//go:build !purego

package kernel

import "unsafe"

// Rows and columns of a tile of a transposition, in blocks of 32 bytes: the lines that it
// reads and writes stay in the cache until all of their elements have gone by.
const (
	blocksDown   = 16
	blocksAcross = 2
)

// transposePlane copies a plane whose rows follow each other in the destination and
// whose columns do in the source, block by block, and reports whether it did. What is left of blocks
// overlaps the last of them.
func transposePlane[T Float](dst []T, d int, src []T, s int, p *plane) bool {
	size := size[T]()
	block := 32 / size
	if isa == plain || p.rows < block || p.cols < block {
		return false
	}
	for _, r := range [2]int{0, p.rows - 1} { // all that is touched is between these
		for _, c := range [2]int{0, p.cols - 1} {
			_, _ = dst[d+r*p.dstRow+c], src[s+r+c*p.srcCol]
		}
	}
	to, from := view{unsafe.Pointer(&dst[d]), p.dstRow * size, size}, view{unsafe.Pointer(&src[s]), size, p.srcCol * size}
	for c := 0; c < p.cols; c += blocksAcross * block {
		for r := 0; r < p.rows; r += blocksDown * block {
			for k := c; k < min(c+blocksAcross*block, p.cols); k += block {
				transposeTile(to, from, r, min(k, p.cols-block), min(blocksDown*block, p.rows-r), p.rows, block, size)
			}
		}
	}
	return true
}

// transposeTile copies n rows from r on of the columns of a block.
func transposeTile(to, from view, r, c, n, rows, block, size int) {
	if n >= block {
		transposeBlocks(n/block, size, to.from(r, c), from.from(r, c))
	}
	if n%block > 0 {
		r = min(r+n, rows) - block
		transposeBlocks(1, size, to.from(r, c), from.from(r, c))
	}
}
