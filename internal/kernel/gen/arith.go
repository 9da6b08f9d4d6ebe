package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// An operation is elementwise. emit writes what precedes the loop and returns what
// writes the operation on vectors: it may change its arguments, and returns the
// register of the result.
type operation struct {
	name    string
	args    int
	formula string
	emit    func(v *vector) func(x []VecVirtual) VecVirtual
}

// operations has all, in the order of the constants in ../vector.go.
var operations = []operation{
	{"add", 2, "a + b", two(VADDPS, VADDPD)},
	{"sub", 2, "a - b", two(VSUBPS, VSUBPD)},
	{"mul", 2, "a b", two(VMULPS, VMULPD)},
	{"div", 2, "a / b", two(VDIVPS, VDIVPD)},
	{"max", 2, "max(a, b)", extremum(VMAXPS, VMAXPD, VANDPS, VANDPD, 5)},
	{"min", 2, "min(a, b)", extremum(VMINPS, VMINPD, VORPS, VORPD, 4)},
	{"lt", 2, "1 where a < b, else 0", comparison(less)},
	{"le", 2, "1 where a <= b, else 0", comparison(notMore)},
	{"gt", 2, "1 where a > b, else 0", comparison(more)},
	{"ge", 2, "1 where a >= b, else 0", comparison(notLess)},
	{"eq", 2, "1 where a = b, else 0", comparison(equal)},
	{"ne", 2, "1 where a ≠ b, else 0", comparison(notEqual)},
	{"where", 3, "b where a ≠ 0, else c", where},
	{"lerp", 3, "a + c(b - a), from the nearer end", lerp},
	{"neg", 1, "-a", bitwise(VXORPS, VXORPD, 1<<31, 1<<63)},
	{"abs", 1, "|a|", bitwise(VANDPS, VANDPD, 1<<31-1, 1<<63-1)},
	{"sign", 1, "the sign of a", sign},
	{"relu", 1, "max(a, 0)", relu},
	{"sqrt", 1, "√a", sqrt},
	{"floor", 1, "⌊a⌋", rounding(9)},
	{"ceil", 1, "⌈a⌉", rounding(10)},
	{"round", 1, "the nearest whole number, of two the even one", rounding(8)},
	{"trunc", 1, "a without its fraction", rounding(11)},
	{"fill", 0, "the number at a", fill},
}

// Predicates of comparisons. All but the last are false for NaN.
const less, notMore, more, notLess, equal, notEqual, unordered = 0x11, 0x12, 0x1e, 0x1d, 0, 4, 3

const elementwise = "func(which, n int, dst, a, b, c *byte)"

// arith emits the elementwise operations.
func arith() {
	mask := tailMasks()
	var names []string
	for _, o := range operations {
		for _, v := range kinds {
			names = append(names, o.name+v.name+v.set)
		}
	}
	jumpTable("elementwise", elementwise, names,
		"elementwise runs the operation of a number: 4 for each in the order of gen/arith.go, of them",
		"AVX2 with float32 and float64, then AVX-512. It writes n elements.")
	for _, o := range operations {
		for _, v := range kinds {
			o.function(v, mask)
		}
	}
}

// function emits a loop over four vectors, one over vectors, and the rest with a mask.
func (o operation) function(v vector, table Mem) {
	TEXT(o.name+v.name+v.set, NOSPLIT, elementwise)
	Doc(o.name + v.name + v.set + " writes " + o.formula + ".")
	Pragma("noescape")
	Load(Param("n"), RCX)
	dst := Load(Param("dst"), GP64())
	var args []Register
	for _, name := range []string{"a", "b", "c"}[:o.args] {
		args = append(args, Load(Param(name), GP64()))
	}
	body := o.emit(&v)
	at := GP64()
	XORQ(at, at)
	vectors := func(count int, load, store func(from, to Op)) {
		for i := range count {
			x := make([]VecVirtual, o.args)
			for k := range x {
				x[k] = v.register()
				load(Mem{Base: args[k], Index: at, Scale: 1, Disp: i * v.bytes}, x[k])
			}
			store(body(x), Mem{Base: dst, Index: at, Scale: 1, Disp: i * v.bytes})
		}
	}
	move := func(from, to Op) { v.load(from, to) }
	v.loops(func(count int) {
		vectors(count, move, move)
		ADDQ(U32(count*v.bytes), at)
	})
	JE(LabelRef("done"))
	v.first(table)
	vectors(1, func(from, to Op) { v.take(from.(Mem), to.(VecVirtual)) },
		func(from, to Op) { v.put(from.(VecVirtual), to.(Mem)) })
	Label("done")
	VZEROUPPER()
	RET()
}

type emitter = func(v *vector) func(x []VecVirtual) VecVirtual

// two is one instruction on two arguments.
func two(single, double func(...Op)) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		return func(x []VecVirtual) VecVirtual {
			v.pick(single, double)(x[1], x[0], x[0])
			return x[0]
		}
	}
}

// extremum is max or min. The instruction returns its second argument for two zeros,
// so both orders are computed and of the signs the right one taken, by AND or OR. It does so for
// NaN too, which is put right at the end. AVX-512 has an instruction that knows zeros.
func extremum(single, double, both32, both64 func(...Op), which uint64) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		return func(x []VecVirtual) VecVirtual {
			a, b := x[0], x[1]
			if v.wide {
				nan := K()
				v.pick(VCMPPS, VCMPPD)(Imm(unordered), b, a, nan)
				r := v.register()
				v.pick(VRANGEPS, VRANGEPD)(Imm(which), b, a, r)
				v.pick(VADDPS, VADDPD)(b, a, nan, r)
				return r
			}
			r, nan := v.register(), v.register()
			v.pick(VCMPPS, VCMPPD)(Imm(unordered), b, a, nan)
			v.pick(single, double)(b, a, r)
			v.pick(single, double)(a, b, b)
			v.pick(both32, both64)(b, r, r)
			v.pick(VORPS, VORPD)(nan, r, r)
			return r
		}
	}
}

// comparison is 1 for true and 0 for false.
func comparison(predicate uint64) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		one := v.number(1)
		return func(x []VecVirtual) VecVirtual {
			v.where(predicate, x[0], x[1], one, x[0])
			return x[0]
		}
	}
}

// where sets r to value where a and b compare so, else to 0.
func (v *vector) where(predicate uint64, a, b, value, r VecVirtual) {
	if v.wide {
		k := K()
		v.pick(VCMPPS, VCMPPD)(Imm(predicate), b, a, k)
		v.pick(three(VMOVAPS_Z), three(VMOVAPD_Z))(value, k, r)
		return
	}
	v.pick(VCMPPS, VCMPPD)(Imm(predicate), b, a, r)
	v.pick(VANDPS, VANDPD)(value, r, r)
}

// choose sets no to yes where a and b compare so.
func (v *vector) choose(predicate uint64, a, b, yes, no VecVirtual) {
	if v.wide {
		k := K()
		v.pick(VCMPPS, VCMPPD)(Imm(predicate), b, a, k)
		v.pick(VMOVAPS, VMOVAPD)(yes, k, no)
		return
	}
	t := v.register()
	v.pick(VCMPPS, VCMPPD)(Imm(predicate), b, a, t)
	v.pick(four(VBLENDVPS), four(VBLENDVPD))(t, yes, no, no)
}

func four(f func(a, b, c, d Op)) func(...Op) { return func(o ...Op) { f(o[0], o[1], o[2], o[3]) } }

func where(v *vector) func(x []VecVirtual) VecVirtual {
	zero := v.number(0)
	return func(x []VecVirtual) VecVirtual {
		v.choose(notEqual, x[0], zero, x[1], x[2])
		return x[2]
	}
}

func lerp(v *vector) func(x []VecVirtual) VecVirtual {
	one, half, magnitude := v.number(1), v.number(0.5), v.bits(1<<31-1, 1<<63-1)
	return func(x []VecVirtual) VecVirtual {
		a, b, w := x[0], x[1], x[2]
		d, far := v.register(), v.register()
		v.pick(VSUBPS, VSUBPD)(a, b, d)
		v.pick(VSUBPS, VSUBPD)(w, one, far)
		v.pick(VMULPS, VMULPD)(far, d, far)
		v.pick(VSUBPS, VSUBPD)(far, b, far)
		v.pick(VMULPS, VMULPD)(d, w, d)
		v.pick(VADDPS, VADDPD)(d, a, d)
		v.pick(VANDPS, VANDPD)(magnitude, w, w)
		v.choose(less, w, half, d, far)
		return far
	}
}

// bitwise is one instruction with a constant.
func bitwise(single, double func(...Op), bits32 uint32, bits64 uint64) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		c := v.bits(bits32, bits64)
		return func(x []VecVirtual) VecVirtual {
			v.pick(single, double)(c, x[0], x[0])
			return x[0]
		}
	}
}

func sign(v *vector) func(x []VecVirtual) VecVirtual {
	zero, one, minus := v.number(0), v.number(1), v.number(-1)
	return func(x []VecVirtual) VecVirtual {
		r := v.register()
		v.where(more, x[0], zero, one, r)
		v.where(less, x[0], zero, minus, x[0])
		v.pick(VORPS, VORPD)(x[0], r, r)
		return r
	}
}

// relu is VMAXPS, which returns its second argument for NaN and for two zeros. Adding 0
// changes nothing but -0.
func relu(v *vector) func(x []VecVirtual) VecVirtual {
	zero := v.number(0)
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMAXPS, VMAXPD)(x[0], zero, x[0])
		v.pick(VADDPS, VADDPD)(zero, x[0], x[0])
		return x[0]
	}
}

func sqrt(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VSQRTPS, VSQRTPD)(x[0], x[0])
		return x[0]
	}
}

// rounding is to a whole number, in one of the four directions.
func rounding(direction uint64) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		round := v.pick(three(VROUNDPS), three(VROUNDPD))
		if v.wide {
			round = v.pick(VRNDSCALEPS, VRNDSCALEPD)
		}
		return func(x []VecVirtual) VecVirtual {
			round(Imm(direction), x[0], x[0])
			return x[0]
		}
	}
}

func fill(v *vector) func(x []VecVirtual) VecVirtual {
	at, value := Load(Param("a"), GP64()), v.register()
	v.broadcast(Mem{Base: at}, value)
	return func(x []VecVirtual) VecVirtual { return value }
}
