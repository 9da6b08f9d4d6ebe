package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// pooled is what the pools need besides, for a type: of vectors a and b that follow each
// other, the elements at even and odd places, and the interleaving of those back into two.
// They are in the order of memory in vectors of 16 bytes. In those of 32 bytes the second
// quarter and the third are exchanged.
type pooled struct {
	elements
	even, odd       func(a, b, dst Op)
	interleave      [2]func(odd, even, dst Op)
	compare         func(kind uint64, x, y, dst Op)
	blend           func(mask, x, y, dst Op)
	and, andNot, or func(...Op)
}

func pooledTypes() []pooled {
	return []pooled{
		{
			elements: types[0],
			even:     func(a, b, dst Op) { VSHUFPS(U8(0x88), b, a, dst) },
			odd:      func(a, b, dst Op) { VSHUFPS(U8(0xDD), b, a, dst) },
			interleave: [2]func(odd, even, dst Op){
				func(odd, even, dst Op) { VUNPCKLPS(odd, even, dst) }, func(odd, even, dst Op) { VUNPCKHPS(odd, even, dst) }},
			compare: func(kind uint64, x, y, dst Op) { VCMPPS(U8(kind), y, x, dst) },
			blend:   func(mask, x, y, dst Op) { VBLENDVPS(mask, x, y, dst) },
			and:     VANDPS, andNot: VANDNPS, or: VORPS,
		},
		{
			elements: types[1],
			even:     func(a, b, dst Op) { VSHUFPD(U8(0), b, a, dst) },
			odd:      func(a, b, dst Op) { VSHUFPD(U8(15), b, a, dst) },
			interleave: [2]func(odd, even, dst Op){
				func(odd, even, dst Op) { VUNPCKLPD(odd, even, dst) }, func(odd, even, dst Op) { VUNPCKHPD(odd, even, dst) }},
			compare: func(kind uint64, x, y, dst Op) { VCMPPD(U8(kind), y, x, dst) },
			blend:   func(mask, x, y, dst Op) { VBLENDVPD(mask, x, y, dst) },
			and:     VANDPD, andNot: VANDNPD, or: VORPD,
		},
	}
}

// largest emits the search for the largest of best and next, in order, in best. larger is
// where each was larger than what was before it, or NaN.
func (t pooled) largest(best VecVirtual, next, larger [3]VecVirtual, nan VecVirtual) {
	for i, v := range next {
		t.compare(more, v, best, larger[i])
		t.compare(unordered, v, v, nan)
		t.or(nan, larger[i], larger[i])
		t.blend(larger[i], v, best, best)
	}
}

// place emits the choice of where a goes: to the last of the four places where there was a
// larger one, after largest. With ones in all it goes nowhere where best <= 0. The registers
// of best and next are those of the results.
func (t pooled) place(a, best VecVirtual, next, larger [3]VecVirtual, zero, all, mask VecVirtual) (at0, at1, at2, at3 VecVirtual) {
	t.add(zero, a, a) // as if added to zeros
	t.compare(notMore, best, zero, mask)
	t.and(all, mask, mask)
	t.andNot(a, mask, a)
	at3, at2, at1, at0 = next[2], next[1], next[0], best
	t.and(larger[2], a, at3)
	t.and(larger[1], a, at2)
	t.andNot(at2, larger[2], at2)
	t.or(larger[1], larger[2], larger[2])
	t.and(larger[0], a, at1)
	t.andNot(at1, larger[2], at1)
	t.or(larger[0], larger[2], larger[2])
	t.andNot(a, larger[2], at0)
	return at0, at1, at2, at3
}

// reluMask loads the argument relu: ones if it is true, else zeros.
func reluMask(all VecVirtual) {
	relu := GP64()
	MOVBQZX(argument("relu"), relu)
	NEGQ(relu)
	MOVQ(relu, all.AsX())
	spread64(all)
}

// spread64 copies the first 64 bits of v to all others.
func spread64(v VecVirtual) {
	if v.Size() == 32 {
		VPBROADCASTQ(v.AsX(), v)
	} else {
		VPUNPCKLQDQ(v, v, v)
	}
}

// maxPool2 emits the max pool with windows of 2×2 that follow each other, or with its
// transpose, for vectors of 32 or 16 bytes.
func maxPool2(t pooled, bytes int, transposed bool) {
	lanes := bytes / t.size
	name := fmt.Sprintf("maxPool2%sx%d", t.name, lanes)
	if transposed {
		name = fmt.Sprintf("maxUnpool2%sx%d", t.name, lanes)
	}
	vector, natural := YMM, func(v, dst Op) { VPERMPD(U8(0xD8), v, dst) }
	if bytes == 16 {
		vector, natural = XMM, func(v, dst Op) { t.load(v, dst) }
	}
	signature := "rows, cols int, small *byte, large *byte, width int, x *byte"
	if transposed {
		signature += ", relu bool"
	}
	TEXT(name, NOSPLIT, "func("+signature+")")
	if transposed {
		Doc(fmt.Sprintf("%s writes small, a (rows, cols) matrix of %s, to the first of the largest elements in", name, t.ty),
			"each window of 2×2 of x, in large, and zeros around it; with relu zeros there, too, where x <= 0.",
			fmt.Sprintf("The rows of x and large start width bytes apart. rows is not 0, cols at least %d.", lanes))
	} else {
		Doc(fmt.Sprintf("%s writes the largest element in each window of 2×2 of x to small, a (rows, cols) matrix of", name),
			fmt.Sprintf("%s. The rows of x start width bytes apart. large is not used. rows is not 0, cols at least", t.ty),
			fmt.Sprintf("%d.", lanes))
	}
	Pragma("noescape")
	rows := Load(Param("rows"), GP64())
	small := Load(Param("small"), GP64())
	var large Register
	if transposed {
		large = Load(Param("large"), GP64())
	}
	width := Load(Param("width"), GP64())
	x := Load(Param("x"), GP64())
	cols := Load(Param("cols"), GP64())
	last, at := GP64(), GP64()
	zero := vector()
	VXORPS(zero, zero, zero)
	LEAQ(Mem{Base: cols, Disp: -lanes}, last)
	all := vector() // ones with relu, else zeros
	if transposed {
		reluMask(all)
	}
	Label("row")
	XORQ(at, at)
	Label("vector")
	// at is where in a row of small; pairs are twice as far.
	from := GP64()
	twice := func(base Register) {
		LEAQ(Mem{Base: base, Index: at, Scale: uint8(t.size)}, from)
		LEAQ(Mem{Base: from, Index: at, Scale: uint8(t.size)}, from)
	}
	twice(x)
	a, b := vector(), vector()
	best, mask, nan := vector(), vector(), vector()
	var next [3]VecVirtual // what best is compared with, in order
	for i := range next {
		next[i] = vector()
	}
	t.load(Mem{Base: from}, a)
	t.load(Mem{Base: from, Disp: bytes}, b)
	t.even(a, b, best)
	t.odd(a, b, next[0])
	t.load(Mem{Base: from, Index: width, Scale: 1}, a)
	t.load(Mem{Base: from, Index: width, Scale: 1, Disp: bytes}, b)
	t.even(a, b, next[1])
	t.odd(a, b, next[2])
	larger := [3]VecVirtual{mask, mask, mask}
	if transposed {
		larger = [3]VecVirtual{vector(), vector(), vector()}
	}
	t.largest(best, next, larger, nan)
	out := Mem{Base: small, Index: at, Scale: uint8(t.size)}
	if !transposed {
		natural(best, best)
		t.load(best, out)
	} else {
		natural(out, a)
		at0, at1, at2, at3 := t.place(a, best, next, larger, zero, all, mask)
		twice(large)
		for half := range 2 {
			t.interleave[half](at1, at0, b)
			t.load(b, Mem{Base: from, Disp: bytes * half})
			t.interleave[half](at3, at2, b)
			t.load(b, Mem{Base: from, Index: width, Scale: 1, Disp: bytes * half})
		}
	}
	CMPQ(at, last)
	JE(LabelRef("end"))
	ADDQ(Imm(uint64(lanes)), at)
	CMPQ(at, last)
	CMOVQGT(last, at) // the last vector overlaps
	JMP(LabelRef("vector"))
	Label("end")
	LEAQ(Mem{Base: x, Index: width, Scale: 2}, x)
	if transposed {
		LEAQ(Mem{Base: large, Index: width, Scale: 2}, large)
	}
	LEAQ(Mem{Base: small, Index: cols, Scale: uint8(t.size)}, small)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
