package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// byRowOperations are elementwise operations on matrices of which some arguments have
// one number for each row: after a, as many as numbers says. The order is that of the
// constants in ../byrow.go.
var byRowOperations = []struct {
	name    string
	numbers int
	formula string
	emit    func(v *vector) func(x []VecVirtual) VecVirtual
}{
	{"add", 1, "a + s", two(VADDPS, VADDPD)},
	{"sub", 1, "a - s", two(VSUBPS, VSUBPD)},
	{"subFrom", 1, "s - a", reversed(VSUBPS, VSUBPD)},
	{"mul", 1, "a s", two(VMULPS, VMULPD)},
	{"div", 1, "a / s", two(VDIVPS, VDIVPD)},
	{"divInto", 1, "s / a", reversed(VDIVPS, VDIVPD)},
	{"max", 1, "max(a, s)", extremum(VMAXPS, VMAXPD, VANDPS, VANDPD, 5)},
	{"min", 1, "min(a, s)", extremum(VMINPS, VMINPD, VORPS, VORPD, 4)},
	{"eq", 1, "1 where a = s, else 0", comparison(equal)},
	{"mulAdd", 2, "a s + t, rounded twice", mulAdd},
	{"subMul", 2, "(a - s) t", subMul},
}

const byRowSignature = "func(which, rows, cols int, dst, a, s, t *byte)"

// byRow emits the operations of the table.
func byRow() {
	mask := tailMasks()
	var names []string
	for _, o := range byRowOperations {
		for _, v := range kinds {
			names = append(names, o.name+"ByRow"+v.name+v.set)
		}
	}
	jumpTable("elementwiseByRow", byRowSignature, names,
		"elementwiseByRow runs the operation of a number: 4 for each in the order of gen/byrow.go, of them",
		"AVX2 with float32 and float64, then AVX-512. It writes rows of cols elements, and neither is 0.")
	for _, o := range byRowOperations {
		for _, v := range kinds {
			TEXT(o.name+"ByRow"+v.name+v.set, NOSPLIT, byRowSignature)
			Doc(o.name + "ByRow" + v.name + v.set + " writes " + o.formula + ".")
			Pragma("noescape")
			emitByRow(v, o.numbers, o.emit(&v), mask)
		}
	}
}

// emitByRow emits a loop over rows, in it one over four vectors and one over vectors, and
// the rest with a mask.
func emitByRow(v vector, numbers int, body func(x []VecVirtual) VecVirtual, table Mem) {
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	dst, a := Load(Param("dst"), GP64()), Load(Param("a"), GP64())
	var from []Register
	var number []VecVirtual
	for _, name := range []string{"s", "t"}[:numbers] {
		from, number = append(from, Load(Param(name), GP64())), append(number, v.register())
	}
	MOVQ(cols, RCX)
	ANDQ(U32(v.lanes()-1), RCX)
	v.first(table)
	Label("row")
	for i, p := range from {
		v.broadcast(Mem{Base: p}, number[i])
		ADDQ(U32(v.size), p)
	}
	MOVQ(cols, RCX)
	vectors := func(count int, load, store func(from, to Op)) {
		for i := range count {
			x := []VecVirtual{v.register()}
			load(Mem{Base: a, Disp: i * v.bytes}, x[0])
			for _, n := range number { // an operation may change its arguments
				c := v.register()
				VMOVAPS(n, c)
				x = append(x, c)
			}
			store(body(x), Mem{Base: dst, Disp: i * v.bytes})
		}
	}
	move := func(from, to Op) { v.load(from, to) }
	v.loops(func(count int) {
		vectors(count, move, move)
		ADDQ(U32(count*v.bytes), a)
		ADDQ(U32(count*v.bytes), dst)
	})
	JE(LabelRef("next"))
	vectors(1, func(from, to Op) { v.take(from.(Mem), to.(VecVirtual)) },
		func(from, to Op) { v.put(from.(VecVirtual), to.(Mem)) })
	LEAQ(Mem{Base: a, Index: RCX, Scale: uint8(v.size)}, a)
	LEAQ(Mem{Base: dst, Index: RCX, Scale: uint8(v.size)}, dst)
	Label("next")
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// reversed is one instruction on two arguments, the second first.
func reversed(single, double func(...Op)) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		return func(x []VecVirtual) VecVirtual {
			v.pick(single, double)(x[0], x[1], x[0])
			return x[0]
		}
	}
}

func mulAdd(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMULPS, VMULPD)(x[1], x[0], x[0])
		v.pick(VADDPS, VADDPD)(x[2], x[0], x[0])
		return x[0]
	}
}

func subMul(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VSUBPS, VSUBPD)(x[1], x[0], x[0])
		v.pick(VMULPS, VMULPD)(x[2], x[0], x[0])
		return x[0]
	}
}
