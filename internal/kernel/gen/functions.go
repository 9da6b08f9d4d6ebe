package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A function is computed by a formula from each element of one argument or two. body
// writes it for vectors. Its second result is the mask of the lanes that it does not
// know, or nil where it knows all.
type function struct {
	name string
	args int
	says string // what it writes
	in   precision
	body func(v formula, x []VecVirtual) (VecVirtual, mask)
}

// precision says in what type a function of float32 is computed.
type precision int

const (
	same    precision = iota // in float32
	widened                  // in float64, and rounded
)

// functionTable has all, in the order of the constants in ../functions.go.
var functionTable = []function{
	{"exp", 1, "eˣ", same, known(formula.exp)},
	{"sigmoid", 1, "1/(1 + e⁻ˣ)", same, known(formula.sigmoid)},
	{"tanh", 1, "tanh x", same, known(formula.tanh)},
	{"expm1", 1, "eˣ - 1", same, formula.expm1},
	{"exp2", 1, "2ˣ", same, known(formula.exp2)},
	{"log", 1, "ln x", same, known(formula.log)},
	{"log1p", 1, "ln(1 + x)", same, known(formula.log1p)},
	{"log2", 1, "the logarithm to base 2", same, known(formula.log2)},
	{"softplus", 1, "ln(1 + eˣ), x above 20", same, known(formula.softplus)},
	{"logSigmoid", 1, "-ln(1 + e⁻ˣ)", same, known(formula.logSigmoid)},
	{"sin", 1, "sin x", same, formula.sin},
	{"cos", 1, "cos x", same, formula.cos},
	{"erf", 1, "erf x", same, known(formula.erf)},
	{"sinh", 1, "sinh x", widened, formula.sinh},
	{"cosh", 1, "cosh x", widened, formula.cosh},
	{"pow", 2, "aᵇ", same, formula.pow},
	{"tan", 1, "tan x", same, formula.tan},
	{"log10", 1, "the logarithm to base 10", same, known(formula.log10)},
	{"erfc", 1, "1 - erf x", same, known(formula.erfc)},
	{"asinh", 1, "arsinh x", same, known(formula.asinh)},
	{"acosh", 1, "arcosh x", same, known(formula.acosh)},
	{"atanh", 1, "artanh x", same, known(formula.atanh)},
	{"atan", 1, "arctan x", same, known(formula.atan)},
	{"atan2", 2, "the angle of (b, a)", same, formula.atan2},
	{"asin", 1, "arcsin x", same, known(formula.asin)},
	{"acos", 1, "arccos x", same, known(formula.acos)},
}

// known is the body of a function of one argument that knows all lanes.
func known(f func(v formula, x VecVirtual) VecVirtual) func(formula, []VecVirtual) (VecVirtual, mask) {
	return func(v formula, x []VecVirtual) (VecVirtual, mask) { return f(v, x[0]), nil }
}

const functionSignature = "func(which, n int, dst, a, b *byte) (left int)"

// functions emits the functions of the table.
func functions() {
	tails := tailMasks()
	var names []string
	for _, f := range functionTable {
		for _, v := range formulas {
			names = append(names, f.name+v.name())
		}
	}
	jumpTable("functionOf", functionSignature, names,
		"functionOf runs the function of a number: 4 for each in the order of gen/functions.go, of them",
		"AVX2 with float32 and float64, then AVX-512. It writes elements from the first on, and returns",
		"how many of n are left: it stops at a vector that it cannot do.")
	for _, f := range functionTable {
		for _, v := range formulas {
			f.emit(v, tails)
		}
	}
}

// emit writes a loop over vectors. What is left is loaded and stored by a mask, with the
// same body; n is then negative.
func (f function) emit(v formula, tails Mem) {
	m := memory{formula: v, size: v.size(), tails: tails}
	m.double = v.double || f.in == widened
	m.narrow = m.double && m.size == 4
	TEXT(f.name+v.name(), NOSPLIT, functionSignature)
	Doc(fmt.Sprintf("%s%s writes %s.", f.name, v.name(), f.says))
	Pragma("noescape")
	n, dst := Load(Param("n"), GP64()), Load(Param("dst"), GP64())
	var at []Register
	var x []VecVirtual
	for _, a := range []string{"a", "b"}[:f.args] {
		at, x = append(at, Load(Param(a), GP64())), append(x, m.register())
	}
	lanes := m.lanes()
	m.formula = m.keep(f.name)
	Label("loop")
	SUBQ(Imm(uint64(lanes)), n)
	JL(LabelRef("tail"))
	for i := range x {
		m.load(Mem{Base: at[i]}, x[i], nil)
	}
	Label("body")
	y, rare := f.body(m.formula, x)
	if rare != nil {
		m.jumpIfAny(rare, "rare")
	}
	TESTQ(n, n)
	JL(LabelRef("storeTail"))
	m.store(y, Mem{Base: dst}, nil)
	for _, p := range append(at, dst) {
		ADDQ(Imm(uint64(lanes*m.size)), p)
	}
	JMP(LabelRef("loop"))
	Label("tail")
	CMPQ(n, I32(-lanes))
	JE(LabelRef("done"))
	part := m.tail(n)
	for i := range x {
		m.load(Mem{Base: at[i]}, x[i], part)
	}
	JMP(LabelRef("body"))
	Label("storeTail")
	m.store(y, Mem{Base: dst}, m.tail(n))
	Label("done")
	XORQ(n, n)
	Store(n, Return("left"))
	VZEROUPPER()
	RET()
	if rare != nil {
		Label("rare")
		ADDQ(Imm(uint64(lanes)), n)
		Store(n, Return("left"))
		VZEROUPPER()
		RET()
	}
}

// memory is a vector with its elements of size bytes in memory.
type memory struct {
	formula
	size  int
	tails Mem
}

// tail returns the mask of the first n + lanes lanes, with n < 0.
func (m memory) tail(n Register) Op {
	if m.avx512 {
		bits, k := GP64(), K()
		MOVQ(n, RCX)
		ADDQ(Imm(uint64(m.lanes())), RCX)
		MOVQ(I32(-1), bits)
		SHLQ(CL, bits)
		NOTQ(bits)
		KMOVW(bits.As32(), k)
		return k
	}
	at, back, part := GP64(), GP64(), m.register()
	LEAQ(m.tails, at)
	MOVQ(n, back)
	NEGQ(back) // the lanes that are missing
	LEAQ(Mem{Base: at, Index: back, Scale: uint8(m.size), Disp: 32 - m.lanes()*m.size}, at)
	if m.narrow {
		VMOVDQU(Mem{Base: at}, part.AsX())
		return part.AsX()
	}
	VMOVDQU(Mem{Base: at}, part)
	return part
}

func (m memory) load(from Mem, x VecVirtual, part Op) {
	switch {
	case m.narrow && part == nil:
		VCVTPS2PD(from, x)
	case m.narrow && m.avx512:
		VCVTPS2PD_Z(from, part, x)
	case m.narrow:
		half := XMM()
		VMASKMOVPS(from, part, half)
		VCVTPS2PD(half, x)
	case part == nil:
		VMOVUPS(from, x)
	case m.avx512 && m.double:
		VMOVUPD_Z(from, part, x)
	case m.avx512:
		VMOVUPS_Z(from, part, x)
	case m.double:
		VMASKMOVPD(from, part, x)
	default:
		VMASKMOVPS(from, part, x)
	}
}

func (m memory) store(y VecVirtual, to Mem, part Op) {
	var r Op = y
	if m.narrow {
		if m.avx512 {
			half := YMM()
			VCVTPD2PS(y, half)
			r = half
		} else {
			half := XMM()
			VCVTPD2PSY(y, half)
			r = half
		}
	}
	switch {
	case part == nil:
		VMOVUPS(r, to)
	case m.avx512 && m.double && !m.narrow:
		VMOVUPD(r, part, to)
	case m.avx512:
		VMOVUPS(r, part, to)
	case m.double && !m.narrow:
		VMASKMOVPD(r, part, to)
	default:
		VMASKMOVPS(r, part, to)
	}
}

// jumpIfAny jumps where a lane of the mask is set.
func (v formula) jumpIfAny(any mask, label string) {
	switch {
	case v.avx512:
		KORTESTW(any, any)
	case v.double:
		VTESTPD(any, any)
	default:
		VTESTPS(any, any)
	}
	JNE(LabelRef(label))
}
