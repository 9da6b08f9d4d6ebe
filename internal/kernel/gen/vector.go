package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vector is a kind of vectors: a type of elements and a set of instructions.
type vector struct {
	elements
	set   string
	wide  bool     // of AVX-512, with masks in registers of their own
	bytes int      // of a register
	mask  Register // of a vector that is not full

	reciprocal VecVirtual // of what a row is divided by, where that is known
}

// kinds has all, in the order of a jump table.
var kinds = []vector{
	{elements: types[0], set: "AVX2", bytes: 32},
	{elements: types[1], set: "AVX2", bytes: 32},
	{elements: types[0], set: "AVX512", wide: true, bytes: 64},
	{elements: types[1], set: "AVX512", wide: true, bytes: 64},
}

func (v *vector) lanes() int { return v.bytes / v.size }

func (v *vector) register() VecVirtual {
	switch v.bytes {
	case 64:
		return ZMM()
	case 32:
		return YMM()
	}
	return XMM()
}

// pick returns the instruction for the type of elements.
func (v *vector) pick(single, double func(...Op)) func(...Op) {
	if v.size == 4 {
		return single
	}
	return double
}

// bits returns a vector that repeats an element, given by its bits.
func (v *vector) bits(single uint32, double uint64) VecVirtual {
	r, t := v.register(), GP64()
	if v.size == 4 {
		MOVL(U32(single), t.As32())
		VMOVD(t.As32(), r.AsX())
		VPBROADCASTD(r.AsX(), r)
	} else {
		MOVQ(U64(double), t)
		VMOVQ(t, r.AsX())
		VPBROADCASTQ(r.AsX(), r)
	}
	return r
}

// number returns a vector that repeats x.
func (v *vector) number(x float64) VecVirtual {
	if x == 0 && !math.Signbit(x) {
		r := v.register()
		v.clear(r)
		return r
	}
	return v.bits(math.Float32bits(float32(x)), math.Float64bits(x))
}

func (v *vector) clear(r VecVirtual) { VXORPS(r.AsX(), r.AsX(), r.AsX()) }

// take loads the elements at m that mask selects, and zeros.
func (v *vector) take(m Mem, r VecVirtual) {
	if v.wide {
		v.loadZ(m, v.mask, r)
	} else {
		v.maskMove(m, v.mask, r)
	}
}

// put stores the elements of r that mask selects.
func (v *vector) put(r VecVirtual, m Mem) {
	if v.wide {
		v.load(r, v.mask, m)
	} else {
		v.maskMove(r, v.mask, m)
	}
}

// only sets the elements of r that mask does not select to 0.
func (v *vector) only(r VecVirtual) {
	if v.wide {
		v.pick(three(VMOVAPS_Z), three(VMOVAPD_Z))(r, v.mask, r)
	} else {
		VANDPS(v.mask, r, r)
	}
}

// first sets the mask to the first elements, as many as CX says: one to lanes.
func (v *vector) first(table Mem) {
	if v.wide {
		one := GP64()
		MOVL(U32(1), one.As32())
		SHLL(CL, one.As32())
		DECL(one.As32())
		v.mask = K()
		KMOVW(one.As32(), v.mask)
		return
	}
	at, less := GP64(), GP64()
	LEAQ(table, at)
	MOVQ(RCX, less)
	NEGQ(less)
	v.mask = YMM()
	VMOVDQU(Mem{Base: at, Index: less, Scale: uint8(v.size), Disp: 32}, v.mask)
}

// loops emits a loop over four vectors and one over one, whose bodies go on by count
// vectors. RCX has the number of elements, and afterwards what is left.
func (v *vector) loops(body func(count int)) {
	loop := func(label, after string, count int) {
		SUBQ(U32(count*v.lanes()), RCX)
		JL(LabelRef(after))
		Label(label)
		body(count)
		SUBQ(U32(count*v.lanes()), RCX)
		JGE(LabelRef(label))
		Label(after)
		ADDQ(U32(count*v.lanes()), RCX)
	}
	loop("four", "few", 4)
	loop("one", "part", 1)
}

// spans emits a loop over the elements of which RCX has the number, span vectors at a time, then one, then the rest with a mask.
// term is for vector i of a span, disp bytes after the place that at moves on to. RCX has the number that is
// left, and the code after it starts at label "joined".
func (v *vector) spans(span int, term func(i, disp int, masked bool), at Register) {
	SUBQ(U32(span*v.lanes()), RCX)
	JL(LabelRef("rest"))
	Label("whole")
	v.whole(span, term, at)
	SUBQ(U32(span*v.lanes()), RCX)
	JGE(LabelRef("whole"))
	Label("rest")
	ADDQ(U32(span*v.lanes()), RCX)
	part := func(i int) string { return fmt.Sprintf("part%d", i) }
	for i := range span - 1 { // a last one that is full would have made it whole
		CMPQ(RCX, U32(v.lanes()))
		JL(LabelRef(part(i)))
		term(i, 0, false)
		ADDQ(U32(v.bytes), at)
		SUBQ(U32(v.lanes()), RCX)
	}
	for i := span - 1; i >= 0; i-- {
		Label(part(i))
		TESTQ(RCX, RCX)
		JE(LabelRef("joined"))
		term(i, 0, true)
		JMP(LabelRef("joined"))
	}
	Label("joined")
}

// whole emits the terms of one span.
func (v *vector) whole(span int, term func(i, disp int, masked bool), at Register) {
	for i := range span {
		term(i, i*v.bytes, false)
	}
	ADDQ(U32(span*v.bytes), at)
}

// jumpTable emits a function that goes on as the one of the table that its first
// argument says. All have its signature.
func jumpTable(name, signature string, functions []string, doc ...string) {
	table := GLOBL(name+"Table", RODATA|NOPTR)
	for i, f := range functions {
		DATA(8*i, address{U64(0), f})
	}
	TEXT(name, NOSPLIT, signature)
	Doc(doc...)
	Pragma("noescape")
	at := GP64()
	LEAQ(table, at)
	which := Load(Param("which"), GP64())
	MOVQ(Mem{Base: at, Index: which, Scale: 8}, at)
	Instruction(&ir.Instruction{Opcode: "JMP", Operands: []Op{at}, Inputs: []Op{at}, IsTerminal: true})
}

// address is that of a function.
type address struct {
	Constant
	name string
}

func (a address) Asm() string { return fmt.Sprintf("$·%s(SB)", a.name) }
