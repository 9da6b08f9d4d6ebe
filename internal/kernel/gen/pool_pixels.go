package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maxPoolPixels emits the max pool of maxPool2, or its transpose, for an image whose
// channels lie side by side: there are no even and odd elements to take apart.
func maxPoolPixels(t pooled, bytes int, transposed bool) {
	lanes := bytes / t.size
	vector := YMM
	if bytes == 16 {
		vector = XMM
	}
	if transposed {
		name := fmt.Sprintf("maxUnpoolPixels%sx%d", t.name, lanes)
		TEXT(name, NOSPLIT, "func(rows, cols, channels int, small *byte, large *byte, width int, x *byte, relu bool)")
		Doc(fmt.Sprintf("%s writes small, (rows, cols, channels) of %s, to the first of the largest elements in", name, t.ty),
			"each window of 2×2 pixels of x, in large, and zeros around it; with relu zeros there, too, where x <= 0.",
			fmt.Sprintf("The rows of x and large start width bytes apart. rows and cols are not 0, channels at least %d.", lanes))
	} else {
		name := fmt.Sprintf("maxPoolPixels%sx%d", t.name, lanes)
		TEXT(name, NOSPLIT, "func(rows, cols, channels int, small *byte, width int, x *byte)")
		Doc(fmt.Sprintf("%s writes the largest element in each window of 2×2 pixels of x to small, (rows, cols,", name),
			fmt.Sprintf("channels) of %s. The rows of x start width bytes apart. rows and cols are not 0, channels at", t.ty),
			fmt.Sprintf("least %d.", lanes))
	}
	Pragma("noescape")
	rows, small := Load(Param("rows"), GP64()), Load(Param("small"), GP64())
	width, x := Load(Param("width"), GP64()), Load(Param("x"), GP64())
	channels := Load(Param("channels"), GP64())
	last, pixel := GP64(), GP64()
	LEAQ(Mem{Base: channels, Disp: -lanes}, last) // where the last vector of a pixel starts
	MOVQ(channels, pixel)
	SHLQ(Imm(uint64(t.size/4+1)), pixel) // bytes
	var large Register
	zero, all := vector(), vector()
	VXORPS(zero, zero, zero)
	if transposed {
		large = Load(Param("large"), GP64())
		reluMask(all, bytes)
	}
	at, window, left, top, bottom := GP64(), GP64(), GP64(), GP64(), GP64()
	var to Register
	if transposed {
		to = GP64()
	}
	Label("row")
	Load(Param("cols"), left)
	MOVQ(x, window)
	if transposed {
		MOVQ(large, to)
	}
	Label("window")
	XORQ(at, at)
	Label("vector")
	best, a, nan, mask := vector(), vector(), vector(), vector()
	next := [3]VecVirtual{vector(), vector(), vector()}
	larger := [3]VecVirtual{mask, mask, mask}
	if transposed {
		larger = [3]VecVirtual{vector(), vector(), vector()}
	}
	four := func(base Register) [4]Mem { // the pixels of a window
		LEAQ(Mem{Base: base, Index: at, Scale: uint8(t.size)}, top)
		LEAQ(Mem{Base: top, Index: width, Scale: 1}, bottom)
		return [4]Mem{{Base: top}, {Base: top, Index: pixel, Scale: 1}, {Base: bottom}, {Base: bottom, Index: pixel, Scale: 1}}
	}
	from := four(window)
	t.load(from[0], best)
	for i := range next {
		t.load(from[i+1], next[i])
	}
	t.largest(best, next, larger, nan)
	here := Mem{Base: small, Index: at, Scale: uint8(t.size)}
	if transposed {
		t.load(here, a)
		at0, at1, at2, at3 := t.place(a, best, next, larger, zero, all, mask)
		for i, v := range four(to) {
			t.load([4]VecVirtual{at0, at1, at2, at3}[i], v)
		}
	} else {
		t.load(best, here)
	}
	CMPQ(at, last)
	JE(LabelRef("end"))
	ADDQ(Imm(uint64(lanes)), at)
	CMPQ(at, last)
	CMOVQGT(last, at) // the last vector overlaps
	JMP(LabelRef("vector"))
	Label("end")
	ADDQ(pixel, small)
	LEAQ(Mem{Base: window, Index: pixel, Scale: 2}, window)
	if transposed {
		LEAQ(Mem{Base: to, Index: pixel, Scale: 2}, to)
	}
	DECQ(left)
	JNZ(LabelRef("window"))
	LEAQ(Mem{Base: x, Index: width, Scale: 2}, x)
	if transposed {
		LEAQ(Mem{Base: large, Index: width, Scale: 2}, large)
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
