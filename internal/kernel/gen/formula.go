package main

import (
	"cmp"
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// formula emits the arithmetic of a formula on vectors of one type of elements, in one
// set of instructions. Each method writes its result to a new register. An argument is a
// register, a number, or the bits of one: the type word.
type formula struct {
	avx512 bool                  // else AVX2
	double bool                  // float64, else float32
	narrow bool                  // float64 that is float32 in memory
	kept   map[uint64]VecVirtual // constants in registers, by their bits
}

type word uint64

// formulas are all kinds, in the order of a jump table.
var formulas = []formula{{}, {double: true}, {avx512: true}, {avx512: true, double: true}}

// name is the end of the name of a function.
func (v formula) name() string {
	return map[bool]string{false: "F32", true: "F64"}[v.double] + map[bool]string{false: "AVX2", true: "AVX512"}[v.avx512]
}

func (v formula) bytes() int { return map[bool]int{false: 32, true: 64}[v.avx512] }

func (v formula) size() int { return map[bool]int{false: 4, true: 8}[v.double] }

func (v formula) lanes() int { return v.bytes() / v.size() }

func (v formula) register() VecVirtual {
	if v.avx512 {
		return ZMM()
	}
	return YMM()
}

// constants are those of the file that is being written. Each stands in memory as
// often as a vector of AVX2 wants it; AVX-512 repeats the first by itself.
var constants = map[string]Mem{}

func (v formula) constant(bits uint64) Mem {
	name := fmt.Sprintf("word%d_%x", 8*v.size(), bits)
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for at := 0; at < 32; at += v.size() {
		if v.double {
			DATA(at, U64(bits))
		} else {
			DATA(at, U32(bits))
		}
	}
	constants[name] = m
	return m
}

// bitsOf returns the bits of a number as an element.
func (v formula) bitsOf(x any) uint64 {
	switch x := x.(type) {
	case word:
		return uint64(x)
	case int:
		return v.bitsOf(float64(x))
	case float64:
		if v.double {
			return math.Float64bits(x)
		}
		return uint64(math.Float32bits(float32(x)))
	}
	panic(fmt.Sprintf("%T is no number", x))
}

// keep loads constants of a function of float32 into registers, all with AVX-512 and some with
// AVX2, which has half as many. Where the formula that it returns has one of them, that is
// the register.
func (v formula) keep(function string) formula {
	if v.double {
		return v
	}
	numbers := constants32[function]
	if !v.avx512 {
		numbers = numbers[:min(cmp.Or(fewer[function], 6), len(numbers))]
	}
	kept := map[uint64]VecVirtual{}
	for _, x := range numbers {
		kept[v.bitsOf(x)] = v.own(x)
	}
	v.kept = kept
	return v
}

// constants32 has the constants of functions of float32, first those that no instruction
// would take from memory.
var constants32 = map[string][]any{
	"exp": expConstants, "sigmoid": expConstants, "tanh": expConstants, "expm1": expConstants, "exp2": exp2Constants,
	"erf": erfConstants, "erfc": erfcConstants, "log": logConstants,
	"log1p": log1pConstants, "log2": log2Constants, "log10": log10Constants, "softplus": softplusConstants, "logSigmoid": softplusConstants,
	"pow": powConstants, "asinh": asinhConstants, "acosh": asinhConstants, "atanh": asinhConstants,
	"sin": sinConstants, "cos": sinConstants, "tan": sinConstants,
	"atan": atanConstants, "atan2": atan2Constants, "asin": asinConstants, "acos": asinConstants,
}

// fewer has how many AVX2 keeps of a function that needs more registers for itself than others do.
var fewer = map[string]int{"erfc": 3, "pow": 5}

// keeper returns the register that has x already, or nil.
func (v formula) keeper(x any) VecVirtual {
	if r, ok := x.(VecVirtual); ok {
		return r
	}
	return v.kept[v.bitsOf(x)]
}

// in returns x in a register.
func (v formula) in(x any) VecVirtual {
	if r := v.keeper(x); r != nil {
		return r
	}
	return v.own(x)
}

// own returns x in a register that has no other use.
func (v formula) own(x any) VecVirtual {
	r := v.register()
	if from := v.keeper(x); from != nil {
		VMOVAPS(from, r)
		return r
	}
	m := v.constant(v.bitsOf(x))
	switch {
	case v.avx512 && v.double:
		VBROADCASTSD(m, r)
	case v.avx512:
		VBROADCASTSS(m, r)
	default:
		VMOVUPS(m, r)
	}
	return r
}

// pair has an instruction for each type of elements, and the same with its first
// operand a number in memory that AVX-512 repeats.
type pair struct{ ps, pd, psRepeat, pdRepeat func(...Op) }

// op emits y = a op b.
func (v formula) op(p pair, a, b any) VecVirtual {
	x, y := v.in(a), v.register()
	v.emit(p, b, x, y)
	return y
}

// emit emits an instruction of which the first operand may be a number.
func (v formula) emit(p pair, first any, others ...Op) {
	plain, repeat := p.ps, p.psRepeat
	if v.double {
		plain, repeat = p.pd, p.pdRepeat
	}
	if r := v.keeper(first); r != nil {
		plain(append([]Op{r}, others...)...)
		return
	}
	if !v.avx512 {
		repeat = plain
	}
	repeat(append([]Op{v.constant(v.bitsOf(first))}, others...)...)
}

func (v formula) add(a, b any) VecVirtual {
	return v.op(pair{VADDPS, VADDPD, VADDPS_BCST, VADDPD_BCST}, a, b)
}

func (v formula) sub(a, b any) VecVirtual {
	return v.op(pair{VSUBPS, VSUBPD, VSUBPS_BCST, VSUBPD_BCST}, a, b)
}

func (v formula) mul(a, b any) VecVirtual {
	return v.op(pair{VMULPS, VMULPD, VMULPS_BCST, VMULPD_BCST}, a, b)
}

// mulAdd emits a b + c. In float32 it is rounded once, in float64 twice.
func (v formula) mulAdd(a VecVirtual, b, c any) VecVirtual {
	if v.double {
		return v.add(v.mul(a, b), c)
	}
	if c, ok := c.(VecVirtual); ok {
		y := v.own(c)
		v.emit(pair{ps: VFMADD231PS, psRepeat: VFMADD231PS_BCST}, b, a, y)
		return y
	}
	y := v.own(b)
	v.emit(pair{ps: VFMADD213PS, psRepeat: VFMADD213PS_BCST}, c, a, y)
	return y
}

// subMul emits c - a b. In float32 it is rounded once, in float64 twice.
func (v formula) subMul(c, a VecVirtual, b any) VecVirtual {
	if v.double {
		return v.sub(c, v.mul(a, b))
	}
	y := v.own(c)
	v.emit(pair{ps: VFNMADD231PS, psRepeat: VFNMADD231PS_BCST}, b, a, y)
	return y
}

func (v formula) div(a, b any) VecVirtual {
	return v.op(pair{VDIVPS, VDIVPD, VDIVPS_BCST, VDIVPD_BCST}, a, b)
}

// min is b where either is NaN.
func (v formula) min(a, b any) VecVirtual {
	return v.op(pair{VMINPS, VMINPD, VMINPS_BCST, VMINPD_BCST}, a, b)
}

// max is b where either is NaN.
func (v formula) max(a, b any) VecVirtual {
	return v.op(pair{VMAXPS, VMAXPD, VMAXPS_BCST, VMAXPD_BCST}, a, b)
}

func (v formula) and(a, b any) VecVirtual {
	return v.op(pair{VANDPS, VANDPD, VANDPS_BCST, VANDPD_BCST}, a, b)
}

func (v formula) or(a, b any) VecVirtual {
	return v.op(pair{VORPS, VORPD, VORPS_BCST, VORPD_BCST}, a, b)
}

func (v formula) xor(a, b any) VecVirtual {
	return v.op(pair{VXORPS, VXORPD, VXORPS_BCST, VXORPD_BCST}, a, b)
}

// addWords and subWords are of integers as wide as an element.
func (v formula) addWords(a, b any) VecVirtual {
	return v.op(pair{VPADDD, VPADDQ, VPADDD_BCST, VPADDQ_BCST}, a, b)
}

func (v formula) subWords(a, b any) VecVirtual {
	return v.op(pair{VPSUBD, VPSUBQ, VPSUBD_BCST, VPSUBQ_BCST}, a, b)
}

// left and right shift the bits of each element.
func (v formula) left(a VecVirtual, n int) VecVirtual {
	y := v.register()
	if v.double {
		VPSLLQ(U8(n), a, y)
	} else {
		VPSLLD(U8(n), a, y)
	}
	return y
}

func (v formula) right(a VecVirtual, n int) VecVirtual {
	y := v.register()
	if v.double {
		VPSRLQ(U8(n), a, y)
	} else {
		VPSRLD(U8(n), a, y)
	}
	return y
}

// right32 shifts signed words of 32 bits, whatever the elements are.
func (v formula) right32(a VecVirtual, n int) VecVirtual {
	y := v.register()
	VPSRAD(U8(n), a, y)
	return y
}

// fromInt32 converts words of 32 bits to float32.
func (v formula) fromInt32(a VecVirtual) VecVirtual {
	y := v.register()
	VCVTDQ2PS(a, y)
	return y
}

// A mask says yes or no to each lane: a register of AVX-512 made for it, or a vector
// of ones and zeros.
type mask Op

// notAtMost is the predicate of a comparison that is true for NaN.
const notAtMost = 0x16

// compare emits the mask of a ? b.
func (v formula) compare(a any, how uint64, b any) mask {
	p := pair{VCMPPS, VCMPPD, VCMPPS_BCST, VCMPPD_BCST}
	shift := func(f func(...Op)) func(...Op) { // the operand that may be a number comes second
		return func(o ...Op) { f(append([]Op{Imm(how)}, o...)...) }
	}
	p = pair{shift(p.ps), shift(p.pd), shift(p.psRepeat), shift(p.pdRepeat)}
	var m Op = v.register()
	if v.avx512 {
		m = K()
	}
	v.emit(p, b, v.in(a), m)
	return m
}

// either is the mask of a or b.
func (v formula) either(a, b mask) mask {
	if !v.avx512 {
		return v.or(a.(VecVirtual), b.(VecVirtual))
	}
	m := K()
	KORW(a, b, m)
	return m
}

// choose emits yes where the mask is set, else no.
func (v formula) choose(m mask, yes, no any) VecVirtual {
	y := v.register()
	if v.avx512 {
		v.emit(pair{VBLENDMPS, VBLENDMPD, VBLENDMPS_BCST, VBLENDMPD_BCST}, yes, v.in(no), m, y)
		return y
	}
	p := pair{ps: func(o ...Op) { VBLENDVPS(m, o[0], o[1], o[2]) }, pd: func(o ...Op) { VBLENDVPD(m, o[0], o[1], o[2]) }}
	v.emit(p, yes, v.in(no), y)
	return y
}

// abs and sign split a number into |a| and the bit of its sign.
func (v formula) abs(a any) VecVirtual { return v.and(a, word(1<<(8*v.size()-1)-1)) }

func (v formula) sign(a any) VecVirtual { return v.and(a, word(1<<(8*v.size()-1))) }

// series emits c[0] + c[1] x + c[2] x² + ..., in pairs: (c0 + c1 x) + x² ((c2 + c3 x) + ...).
// x2 is x².
func (v formula) series(x, x2 VecVirtual, c []float64) VecVirtual {
	last := (len(c) - 1) / 2 * 2
	var y VecVirtual
	for i := last; i >= 0; i -= 2 {
		var t any = c[i]
		if i+1 < len(c) {
			t = v.mulAdd(x, c[i+1], c[i])
		}
		if i < last {
			t = v.mulAdd(x2, y, t)
		}
		y = v.in(t)
	}
	return y
}
