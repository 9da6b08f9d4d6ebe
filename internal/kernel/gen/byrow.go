package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// byRowOperations are elementwise operations on matrices: as many as wide says, of which
// each may be one row that is the same for all rows, and as many columns of one number for
// each row as numbers says. The order is that of the constants in ../byrow.go.
var byRowOperations = []struct {
	name    string
	wide    int // a, b, c
	numbers int // s, t
	formula string
	emit    func(v *vector) func(x []VecVirtual) VecVirtual // of the wide ones, which it may change, then the numbers
	kind    loopKind
}{
	{"addByRow", 1, 1, "a + s", two(VADDPS, VADDPD), simple},
	{"subByRow", 1, 1, "a - s", two(VSUBPS, VSUBPD), simple},
	{"subFromByRow", 1, 1, "s - a", reversed(VSUBPS, VSUBPD), simple},
	{"mulByRow", 1, 1, "a s", two(VMULPS, VMULPD), simple},
	{"divByRow", 1, 1, "a / s", div, divides},
	{"divIntoByRow", 1, 1, "s / a", reversed(VDIVPS, VDIVPD), simple},
	{"maxByRow", 1, 1, "max(a, s)", swapped(extremum(VMAXPS, VMAXPD, VANDPS, VANDPD, 5)), simple},
	{"minByRow", 1, 1, "min(a, s)", swapped(extremum(VMINPS, VMINPD, VORPS, VORPD, 4)), simple},
	{"eqByRow", 1, 1, "1 where a = s, else 0", comparison(equal), simple},
	{"mulAddByRow", 1, 2, "a s + t, rounded twice", mulAdd, simple},
	{"subMulByRow", 1, 2, "(a - s) t", subMul, simple},
	{"subSubByRow", 1, 2, "(a - s) - t", subSub, simple},
	{"expSubByRow", 1, 1, "exp(a - s)", expSub, fetches},
	{"mulMulAddByRow", 2, 2, "a s + b t", mulMulAdd, simple},
	{"divMulAddByRow", 2, 2, "a / s + b t", divMulAdd, divides},
	{"mulMulMulAddByRow", 3, 2, "(a b) s + c t", mulMulMulAdd, simple},
	{"divMulMulAddByRow", 3, 2, "a b / s + c t", divMulMulAdd, dividesProduct},
	{"addByColumn", 2, 0, "a + b", two(VADDPS, VADDPD), simple},
	{"subByColumn", 2, 0, "a - b", two(VSUBPS, VSUBPD), simple},
	{"mulByColumn", 2, 0, "a b", two(VMULPS, VMULPD), simple},
	{"mulAddByColumn", 3, 0, "a b + c, rounded twice", mulAdd, simple},
	{"mulMulAddByColumn", 3, 1, "(a s) b + c", mulMulAddByColumn, simple},
}

// loopKind is what a loop does beside its operation.
type loopKind int

const (
	simple         loopKind = iota
	fetches                 // what it reads next: it computes so long that memory has time
	divides                 // a by s, for most rows without a division
	dividesProduct          // a b by s
)

const byRowSignature = "func(which, rows, cols int, dst, a, b, c, s, t *byte, nextA, nextB, nextC int)"

// byRow emits the operations of the table.
func byRow() {
	mask := tailMasks()
	var names []string
	for _, o := range byRowOperations {
		for _, v := range kinds {
			names = append(names, o.name+v.name+v.set)
		}
	}
	jumpTable("elementwiseByRow", byRowSignature, names,
		"elementwiseByRow runs the operation of a number: 4 for each in the order of gen/byrow.go, of them",
		"AVX2 with float32 and float64, then AVX-512. It writes rows of cols elements, and neither is 0.",
		"The next rows of a, b and c begin so many bytes after the last: 0 for one that is the same for all.")
	for _, o := range byRowOperations {
		for _, v := range kinds {
			TEXT(o.name+v.name+v.set, NOSPLIT, byRowSignature)
			Doc(o.name + v.name + v.set + " writes " + o.formula + ".")
			Pragma("noescape")
			emitByRow(&v, []string{"a", "b", "c"}[:o.wide], []string{"s", "t"}[:o.numbers], o.emit(&v), o.kind, mask)
		}
	}
}

// emitByRow emits a loop over rows, in it one over four vectors and one over vectors, and
// the rest with a mask. One that fetches brings the rows behind those of a, which a row program reads
// next, to the cache meanwhile.
func emitByRow(v *vector, wide, numbers []string, body func(x []VecVirtual) VecVirtual, kind loopKind, table Mem) {
	fetch := kind == fetches
	rows, cols, dst, at := Load(Param("rows"), GP64()), Load(Param("cols"), GP64()), Load(Param("dst"), GP64()), GP64()
	var from, matrices []Register
	var number []VecVirtual
	for _, name := range wide {
		matrices = append(matrices, Load(Param(name), GP64()))
	}
	for _, name := range numbers {
		from, number = append(from, Load(Param(name), GP64())), append(number, v.register())
	}
	var ahead Register // of a: the rows after these
	if fetch {
		ahead = GP64()
		MOVQ(rows, ahead)
		IMULQ(cols, ahead)
		LEAQ(Mem{Base: matrices[0], Index: ahead, Scale: uint8(v.size)}, ahead)
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
	XORQ(at, at)
	vectors := func(count int, load, store func(from, to Op)) {
		for i := range count {
			var x []VecVirtual
			if fetch && i*v.bytes%64 == 0 {
				PREFETCHT0(Mem{Base: ahead, Index: at, Scale: 1, Disp: i * v.bytes})
			}
			for _, m := range matrices {
				x = append(x, v.register())
				load(Mem{Base: m, Index: at, Scale: 1, Disp: i * v.bytes}, x[len(x)-1])
			}
			store(body(append(x, number...)), Mem{Base: dst, Index: at, Scale: 1, Disp: i * v.bytes})
		}
	}
	move := func(from, to Op) { v.load(from, to) }
	whole := func(count int) {
		vectors(count, move, move)
		ADDQ(U32(count*v.bytes), at)
	}
	factors := map[loopKind]int{divides: 1, dividesProduct: 2}[kind]
	if factors > 0 && (v.size == 8 || len(wide) == 1) { // two matrices of float32 are divided as fast as the caches give them
		v.undivided(number[0], matrices[:factors], at, 4, func() { whole(4) })
	}
	v.loops(whole)
	JE(LabelRef("next"))
	vectors(1, func(from, to Op) { v.take(from.(Mem), to.(VecVirtual)) },
		func(from, to Op) { v.put(from.(VecVirtual), to.(Mem)) })
	Label("next")
	for i, m := range matrices {
		ADDQ(Load(Param("next"+strings.ToUpper(wide[i])), GP64()), m)
	}
	LEAQ(Mem{Base: dst, Index: cols, Scale: uint8(v.size)}, dst)
	if fetch {
		LEAQ(Mem{Base: ahead, Index: cols, Scale: uint8(v.size)}, ahead)
	}
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

// swapped is an operation on two arguments, the second first.
func swapped(e emitter) emitter {
	return func(v *vector) func(x []VecVirtual) VecVirtual {
		body := e(v)
		return func(x []VecVirtual) VecVirtual { return body([]VecVirtual{x[1], x[0]}) }
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

func subSub(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VSUBPS, VSUBPD)(x[1], x[0], x[0])
		v.pick(VSUBPS, VSUBPD)(x[2], x[0], x[0])
		return x[0]
	}
}

func mulMulAdd(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMULPS, VMULPD)(x[2], x[0], x[0])
		v.pick(VMULPS, VMULPD)(x[3], x[1], x[1])
		v.pick(VADDPS, VADDPD)(x[1], x[0], x[0])
		return x[0]
	}
}

func div(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual { return v.quotient(x[0], x[1]) }
}

// divFirst is the first of several by the last.
func divFirst(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual { return v.quotient(x[0], x[len(x)-1]) }
}

func divMulMulAdd(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMULPS, VMULPD)(x[1], x[0], x[0])
		return divMulAdd(v)([]VecVirtual{x[0], x[2], x[3], x[4]})
	}
}

func mulMulMulAdd(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMULPS, VMULPD)(x[1], x[0], x[0])
		return mulMulAdd(v)([]VecVirtual{x[0], x[2], x[3], x[4]})
	}
}

func divMulAdd(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		q := v.quotient(x[0], x[2])
		v.pick(VMULPS, VMULPD)(x[3], x[1], x[1])
		v.pick(VADDPS, VADDPD)(x[1], q, q)
		return q
	}
}

func mulMulAddByColumn(v *vector) func(x []VecVirtual) VecVirtual {
	return func(x []VecVirtual) VecVirtual {
		v.pick(VMULPS, VMULPD)(x[3], x[0], x[0])
		v.pick(VMULPS, VMULPD)(x[1], x[0], x[0])
		v.pick(VADDPS, VADDPD)(x[2], x[0], x[0])
		return x[0]
	}
}

func expSub(v *vector) func(x []VecVirtual) VecVirtual {
	f := formula{avx512: v.wide, double: v.size == 8}.keep("exp")
	return func(x []VecVirtual) VecVirtual {
		v.pick(VSUBPS, VSUBPD)(x[1], x[0], x[0])
		return f.exp(x[0])
	}
}
