package main

import (
	"fmt"
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

type register = VecVirtual

// arithmetic is a type of elements, and the instructions for vectors of them.
type arithmetic struct {
	elements
	add, sub, mul, div, sqrt, max       func(...Op)
	and, andNot, or, xor, compare, pick func(...Op)
}

var arithmetics = []arithmetic{{
	elements: types[0],
	add:      VADDPS, sub: VSUBPS, mul: VMULPS, div: VDIVPS, sqrt: VSQRTPS, max: VMAXPS,
	and: VANDPS, andNot: VANDNPS, or: VORPS, xor: VXORPS, compare: VCMPPS, pick: four(VBLENDVPS),
}, {
	elements: types[1],
	add:      VADDPD, sub: VSUBPD, mul: VMULPD, div: VDIVPD, sqrt: VSQRTPD, max: VMAXPD,
	and: VANDPD, andNot: VANDNPD, or: VORPD, xor: VXORPD, compare: VCMPPD, pick: four(VBLENDVPD),
}}

func four(f func(a, b, c, d Op)) func(...Op) { return func(o ...Op) { f(o[0], o[1], o[2], o[3]) } }

// instructions are the functions that are more or less one instruction.
var instructions = map[string]func(e *emitter, in []register, out register){
	"sqrt": func(e *emitter, in []register, out register) { e.t.sqrt(in[0], out) },
	"abs":  func(e *emitter, in []register, out register) { e.t.andNot(in[0], e.sign(), out) },
	"max":  (*emitter).maximum,
	"sign": (*emitter).signum,
}

// emitter writes the code of a loop for one type of elements.
type emitter struct {
	*loop
	t       arithmetic
	vectors map[int]register
	bases   map[string]Register
	i       Register
	numbers []register // those that stay in registers
	flags   []Register
}

// inRegisters is how many numbers stay in registers; the others are read where they are used.
const inRegisters = 7

// emit writes the function of the loop for one type of elements.
func (l *loop) emit(t arithmetic) {
	name := l.name + t.name + "AVX2"
	TEXT(name, NOSPLIT, l.signature(t.ty))
	Doc(
		fmt.Sprintf("%s is the loop of %s for the first count elements, of %s. count is a multiple", name, l.name, t.ty),
		"of the elements of a vector, and not 0.",
	)
	Pragma("noescape")
	e := &emitter{loop: l, t: t, vectors: map[int]register{}, bases: map[string]Register{}}
	for _, s := range l.slices {
		e.bases[s] = Load(Param(s), GP64())
	}
	n := Load(Param("count"), GP64())
	for k := range min(inRegisters, len(l.numbers)) {
		r := YMM()
		e.t.broadcast(e.argument(numberName(k)), r)
		e.numbers = append(e.numbers, r)
	}
	for k := range l.flags {
		e.flags = append(e.flags, Load(Param(flagName(k)), GP8()))
	}
	e.i = GP64()
	XORQ(e.i, e.i)
	Label("vector")
	for _, f := range l.code {
		f(e)
	}
	ADDQ(Imm(uint64(32/t.size)), e.i)
	CMPQ(e.i, n)
	JLT(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

func numberName(k int) string { return fmt.Sprintf("x%d", k) }
func flagName(k int) string   { return fmt.Sprintf("if%d", k) }

// signature has the slices, then the numbers, then the conditions.
func (l *loop) signature(ty string) string {
	params := []string{"count int"}
	for _, s := range l.slices {
		params = append(params, s+" *"+ty)
	}
	for k := range l.numbers {
		params = append(params, numberName(k)+" "+ty)
	}
	for k := range l.flags {
		params = append(params, flagName(k)+" bool")
	}
	return "func(" + strings.Join(params, ", ") + ")"
}

// argument is the place of an argument.
func (e *emitter) argument(name string) Mem {
	b, err := Param(name).Resolve()
	check(err)
	return b.Addr
}

// vector returns the register of a vector.
func (e *emitter) vector(n int) register {
	if to, ok := e.renamed[n]; ok {
		return e.vector(to)
	}
	r, ok := e.vectors[n]
	if !ok {
		r = YMM()
		e.vectors[n] = r
	}
	return r
}

// in returns a register with the operand.
func (e *emitter) in(o operand) register {
	if o.vector != 0 {
		return e.vector(o.vector)
	}
	if o.number < len(e.numbers) {
		return e.numbers[o.number]
	}
	r := YMM()
	e.t.broadcast(e.argument(numberName(o.number)), r)
	return r
}

// element is the place of a vector of a slice.
func (e *emitter) element(slice string) Mem {
	return Mem{Base: e.bases[slice], Index: e.i, Scale: uint8(e.t.size)}
}

func (e *emitter) move(from, to register) { e.t.load(from, to) }

func (e *emitter) unless(flag int, label string) {
	TESTB(e.flags[flag], e.flags[flag])
	JEQ(e.labelRef(label))
}

func (e *emitter) jump(label string)              { JMP(e.labelRef(label)) }
func (e *emitter) label(label string)             { Label(label) }
func (e *emitter) labelRef(label string) LabelRef { return LabelRef(label) }

// sign returns a vector of bits of signs.
func (e *emitter) sign() register {
	r := YMM()
	e.t.broadcast(constants[e.t.name+"sign"], r)
	return r
}

func (e *emitter) negate(in []register, out register) { e.t.xor(e.sign(), in[0], out) }

// maximum is Go's max. The instruction returns its second argument when they are equal or
// one is NaN: what it does both ways is equal but for those cases. Then ±0 is +0 if
// one of them is, so the bits of both; and all bits make a NaN.
func (e *emitter) maximum(in []register, out register) {
	other, unordered := YMM(), YMM()
	e.t.compare(U8(3), in[1], in[0], unordered)
	e.t.max(in[0], in[1], other)
	e.t.max(in[1], in[0], out)
	e.t.and(other, out, out)
	e.t.or(unordered, out, out)
}

// signum is 1 with the sign of x where x is neither 0 nor NaN, else x.
func (e *emitter) signum(in []register, out register) {
	x, one, ones, nonzero := in[0], YMM(), YMM(), YMM()
	e.t.xor(nonzero, nonzero, nonzero)
	e.t.compare(U8(0x0C), nonzero, x, nonzero) // ≠, and both are numbers
	e.t.and(e.sign(), x, ones)
	e.t.broadcast(constants[e.t.name+"one"], one)
	e.t.or(one, ones, ones)
	e.t.pick(nonzero, ones, x, out)
}

// constants are in memory.
var constants map[string]Mem

func emitConstants() {
	constants = map[string]Mem{
		"F32sign": ConstData("signF32", U32(1<<31)),
		"F64sign": ConstData("signF64", U64(1<<63)),
		"F32one":  ConstData("oneF32", U32(math.Float32bits(1))),
		"F64one":  ConstData("oneF64", U64(math.Float64bits(1))),
	}
}
