package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// stream emits copies that write to memory and leave the caches as they are: lines of the
// destination are not read before, as they are for other stores.
func stream() {
	for _, v := range []vector{kinds[0], kinds[2]} {
		TEXT("stream"+v.set, NOSPLIT, "func(n int, dst, src *byte)")
		Doc("stream" + v.set + " copies 4 n vectors to an address that is a multiple of their size. n is not 0.")
		Pragma("noescape")
		n, dst, src := Load(Param("n"), GP64()), Load(Param("dst"), GP64()), Load(Param("src"), GP64())
		Label("loop")
		var x []VecVirtual
		for i := range 4 {
			x = append(x, v.register())
			v.load(Mem{Base: src, Disp: i * v.bytes}, x[i])
		}
		for i := range 4 {
			VMOVNTPS(x[i], Mem{Base: dst, Disp: i * v.bytes})
		}
		ADDQ(U32(4*v.bytes), src)
		ADDQ(U32(4*v.bytes), dst)
		DECQ(n)
		JNE(LabelRef("loop"))
		SFENCE() // others see it all when they see what is written next
		VZEROUPPER()
		RET()
	}
}
