package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// transpose32 transposes blocks of 8×8: halves of two rows are put together as they
// are loaded, the rest is done within halves.
func transpose32() {
	TEXT("transposeF32", NOSPLIT, "func(blocks int, dst *byte, ldd int, src *byte, lds int)")
	Doc("transposeF32 writes a (8*blocks, 8) matrix of float32, the transpose of src. Rows start ldd and", "lds bytes apart. blocks is not 0.")
	Pragma("noescape")
	blocks := Load(Param("blocks"), GP64())
	dst := Load(Param("dst"), GP64())
	ldd := Load(Param("ldd"), GP64())
	src := Load(Param("src"), GP64())
	lds := Load(Param("lds"), GP64())
	Label("block")
	block32(dst, ldd, src, lds)
	ADDQ(Imm(32), src)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// block32 emits the transposition of one block of 8×8, and moves dst behind it.
func block32(dst, ldd, src, lds Register) {
	var r, t [8]VecVirtual
	low, high := GP64(), GP64()
	MOVQ(src, low)
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, high)
	for i := range 4 {
		r[i], r[i+4] = YMM(), YMM()
		VMOVUPS(Mem{Base: low}, r[i].AsX())
		VINSERTF128(U8(1), Mem{Base: high}, r[i], r[i]) // columns 0-3 of rows i and i+4
		VMOVUPS(Mem{Base: low, Disp: 16}, r[i+4].AsX())
		VINSERTF128(U8(1), Mem{Base: high, Disp: 16}, r[i+4], r[i+4]) // columns 4-7
		if i < 3 {
			ADDQ(lds, low)
			ADDQ(lds, high)
		}
	}
	for g := 0; g < 8; g += 4 {
		for i := range 4 {
			t[g+i] = YMM()
		}
		VUNPCKLPS(r[g+1], r[g], t[g])
		VUNPCKHPS(r[g+1], r[g], t[g+1])
		VUNPCKLPS(r[g+3], r[g+2], t[g+2])
		VUNPCKHPS(r[g+3], r[g+2], t[g+3])
		VUNPCKLPD(t[g+2], t[g], r[g])
		VUNPCKHPD(t[g+2], t[g], r[g+1])
		VUNPCKLPD(t[g+3], t[g+1], r[g+2])
		VUNPCKHPD(t[g+3], t[g+1], r[g+3])
	}
	for i := range 8 {
		VMOVUPS(r[i], Mem{Base: dst})
		ADDQ(ldd, dst)
	}
}

// transpose64 transposes blocks of 4×4.
func transpose64() {
	TEXT("transposeF64", NOSPLIT, "func(blocks int, dst *byte, ldd int, src *byte, lds int)")
	Doc("transposeF64 writes a (4*blocks, 4) matrix of float64, the transpose of src. Rows start ldd and", "lds bytes apart. blocks is not 0.")
	Pragma("noescape")
	blocks := Load(Param("blocks"), GP64())
	dst := Load(Param("dst"), GP64())
	ldd := Load(Param("ldd"), GP64())
	src := Load(Param("src"), GP64())
	lds := Load(Param("lds"), GP64())
	Label("block")
	block64(dst, ldd, src, lds)
	ADDQ(Imm(32), src)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// block64 emits the transposition of one block of 4×4, and moves dst behind it.
func block64(dst, ldd, src, lds Register) {
	var r [4]VecVirtual
	low, high := GP64(), GP64()
	MOVQ(src, low)
	LEAQ(Mem{Base: src, Index: lds, Scale: 2}, high)
	for i := range 2 {
		r[i], r[i+2] = YMM(), YMM()
		VMOVUPD(Mem{Base: low}, r[i].AsX())
		VINSERTF128(U8(1), Mem{Base: high}, r[i], r[i]) // columns 0, 1 of rows i and i+2
		VMOVUPD(Mem{Base: low, Disp: 16}, r[i+2].AsX())
		VINSERTF128(U8(1), Mem{Base: high, Disp: 16}, r[i+2], r[i+2]) // columns 2, 3
		if i < 1 {
			ADDQ(lds, low)
			ADDQ(lds, high)
		}
	}
	for g := 0; g < 4; g += 2 {
		t := YMM()
		VUNPCKLPD(r[g+1], r[g], t)
		VMOVUPD(t, Mem{Base: dst})
		ADDQ(ldd, dst)
		VUNPCKHPD(r[g+1], r[g], t)
		VMOVUPD(t, Mem{Base: dst})
		ADDQ(ldd, dst)
	}
}
