package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const line = 64 // bytes, of a line of the cache

// stream emits copies that write to memory and leave the caches as they are: lines of the
// destination are not read before, as they are for other stores.
func stream() {
	for _, v := range []vector{kinds[0], kinds[2]} {
		TEXT("stream"+v.set, NOSPLIT, "func(n int, dst, src *byte)")
		Doc("stream" + v.set + " copies n lines of the cache to the start of a line. n is not 0.")
		Pragma("noescape")
		n, dst, src := Load(Param("n"), GP64()), Load(Param("dst"), GP64()), Load(Param("src"), GP64())
		Label("loop")
		var x []VecVirtual
		for at := 0; at < line; at += v.bytes {
			x = append(x, v.register())
			v.load(Mem{Base: src, Disp: at}, x[len(x)-1])
		}
		for i := range x {
			VMOVNTPS(x[i], Mem{Base: dst, Disp: i * v.bytes})
		}
		ADDQ(Imm(line), src)
		ADDQ(Imm(line), dst)
		DECQ(n)
		JNE(LabelRef("loop"))
		VZEROUPPER()
		RET()
	}
	TEXT("fetch", NOSPLIT, "func(n int, p *byte)")
	Doc("fetch asks for n lines of the cache, to be in the second-level cache. n is not 0.")
	Pragma("noescape")
	n, p := Load(Param("n"), GP64()), Load(Param("p"), GP64())
	Label("loop")
	PREFETCHT1(Mem{Base: p})
	ADDQ(Imm(line), p)
	DECQ(n)
	JNE(LabelRef("loop"))
	RET()
	TEXT("fence", NOSPLIT, "func()")
	Doc("fence waits until what streams wrote is where others read.")
	SFENCE()
	RET()
}
