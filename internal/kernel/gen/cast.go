package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// cast emits the conversions between float32 and float64.
func cast() {
	for _, wide := range []bool{false, true} {
		convert("widen", "float32", "float64", wide)
		convert("narrow", "float64", "float32", wide)
	}
}

// convert emits a loop over four vectors, and one over vectors.
func convert(name, from, to string, wide bool) {
	set, lanes := "AVX2", 4
	if wide {
		set, lanes = "AVX512", 8
	}
	TEXT(name+set, NOSPLIT, "func(n int, dst *"+to+", x *"+from+")")
	Doc(name + set + " converts n elements, which are whole vectors of float64.")
	Pragma("noescape")
	n := Load(Param("n"), GP64())
	dst := Load(Param("dst"), GP64())
	x := Load(Param("x"), GP64())
	at := GP64()
	XORQ(at, at)
	one := func(i int) {
		narrow, double := VecVirtual(XMM()), VecVirtual(YMM())
		if wide {
			narrow, double = YMM(), ZMM()
		}
		in := func(size uint8) Mem { return Mem{Base: x, Index: at, Scale: size, Disp: i * lanes * int(size)} }
		out := func(size uint8) Mem { return Mem{Base: dst, Index: at, Scale: size, Disp: i * lanes * int(size)} }
		switch {
		case name == "widen":
			VMOVUPS(in(4), narrow)
			VCVTPS2PD(narrow, double)
			VMOVUPD(double, out(8))
		case wide:
			VMOVUPD(in(8), double)
			VCVTPD2PS(double, narrow)
			VMOVUPS(narrow, out(4))
		default:
			VMOVUPD(in(8), double)
			VCVTPD2PSY(double, narrow)
			VMOVUPS(narrow, out(4))
		}
	}
	loop := func(label, after string, count int) {
		SUBQ(U32(count*lanes), n)
		JL(LabelRef(after))
		Label(label)
		for i := range count {
			one(i)
		}
		ADDQ(U32(count*lanes), at)
		SUBQ(U32(count*lanes), n)
		JGE(LabelRef(label))
		Label(after)
		ADDQ(U32(count*lanes), n)
	}
	loop("four", "few", 4)
	loop("one", "done", 1)
	VZEROUPPER()
	RET()
}
