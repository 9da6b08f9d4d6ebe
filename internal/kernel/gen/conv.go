package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// conv emits the inner loops of convolutions and pools.
func conv() {
	mask := tailMasks()
	for _, t := range types {
		for _, vectors := range []int{2, 1} {
			panel512(t, vectors, sumOfProducts)
			panel256(t, vectors, sumOfProducts, mask)
		}
	}
	transposeAll(types[0], block32)
	transposeAll(types[1], block64)
	for _, t := range pooledTypes() {
		for _, bytes := range []int{32, 16} {
			maxPool2(t, bytes, false)
			maxPool2(t, bytes, true)
			poolsOfPixels(t, bytes)
		}
	}
}

// sumOfProducts is a product with a jump in the sum: from one row of pixels to the
// next.
var sumOfProducts = form{
	name:      "sums",
	signature: "func(rows, cols, k int, a *byte, rsa, csa int, b *byte, ldb int, c *byte, ldc int, more bool, bias *byte, relu bool, steps, nexta, nextb int)",
	doc: []string{
		"sum of products of a, (rows, k), and b, (k, cols). Element (i, p) of a is i*rsa + p*csa bytes",
		"from its start, rows of b and c start ldb and ldc bytes apart. There are steps products, not 0;",
		"the next a and b start nexta and nextb bytes after the end, k*csa and k*ldb, of the one before.",
	},
	several: true,
	// Places in a row are any number, and 14, 28 and 56 are the most common: no row is left
	// for short blocks, which wait for their own sums.
	sizes: [2][]int{{14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1}, {6, 5, 4, 3, 2, 1}},
}

// transposeAll emits the transposition of a matrix, in blocks of 32 bytes. The last of
// them overlap those before.
func transposeAll(t elements, emit func(dst, ldd, src, lds Register)) {
	n := 32 / t.size
	name := "transposeAll" + t.name
	TEXT(name, NOSPLIT, "func(rows, cols int, dst *byte, ldd int, src *byte, lds int)")
	Doc(fmt.Sprintf("%s writes the transpose of src, a (rows, cols) matrix of %s, to dst. Rows start lds and ldd", name, t.ty),
		fmt.Sprintf("bytes apart. rows and cols are at least %d.", n))
	Pragma("noescape")
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	dst, ldd := Load(Param("dst"), GP64()), Load(Param("ldd"), GP64())
	src, lds := Load(Param("src"), GP64()), Load(Param("lds"), GP64())
	SUBQ(Imm(uint64(n)), rows) // where the last blocks start
	SUBQ(Imm(uint64(n)), cols)
	i, j, from, to := GP64(), GP64(), GP64(), GP64()
	next := func(at, last Register, loop, end string) {
		CMPQ(at, last)
		JE(LabelRef(end))
		ADDQ(Imm(uint64(n)), at)
		CMPQ(at, last)
		CMOVQGT(last, at)
		JMP(LabelRef(loop))
		Label(end)
	}
	XORQ(i, i)
	Label("rows")
	XORQ(j, j)
	Label("cols")
	MOVQ(i, from) // src + i·lds + j
	IMULQ(lds, from)
	ADDQ(src, from)
	LEAQ(Mem{Base: from, Index: j, Scale: uint8(t.size)}, from)
	MOVQ(j, to) // dst + j·ldd + i
	IMULQ(ldd, to)
	ADDQ(dst, to)
	LEAQ(Mem{Base: to, Index: i, Scale: uint8(t.size)}, to)
	emit(to, ldd, from, lds)
	next(j, cols, "cols", "endCols")
	next(i, rows, "rows", "endRows")
	VZEROUPPER()
	RET()
}
