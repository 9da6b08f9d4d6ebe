package main

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowSums are operations by row that sum each row of their result too, or of its product with
// something: what is in registers is not read again. Some are for these sums alone and do not write
// the result. The order is that of the constants in ../rowsum.go.
var rowSums = []struct {
	name    string
	wide    int // a, b, c, d
	numbers int // s, t
	formula string
	terms   string
	emit    emitter // of the wide ones and the numbers
	times   int     // the factor of the terms: that wide one, or the result itself, or none
	writes  bool    // the result
	divides int     // this many factors by s, for most rows without a division
	then    emitter // of the result and the wide ones after the first: what is summed, before the factor; nil for the result
}{
	{"subSquares", 1, 1, "a - s", "its squares", two(VSUBPS, VSUBPD), itself, true, 0, nil},
	{"mulDot", 3, 0, "a b", "a b c", two(VMULPS, VMULPD), 2, true, 0, nil},
	{"mulMulAddSum", 2, 2, "a s + b t", "it", mulMulAdd, none, true, 0, nil},
	{"divMulAddSum", 2, 2, "a / s + b t", "it", divMulAdd, none, true, 1, nil},
	{"divDotMulAdd", 4, 1, "a / s", "it times b + c, times d", divFirst, 3, true, 1, mulAdd},
	{"mulMulMulAddSum", 3, 2, "(a b) s + c t", "it", mulMulMulAdd, none, true, 0, nil},
	{"divMulMulAddSum", 3, 2, "a b / s + c t", "it", divMulMulAdd, none, true, 2, nil},
	{"dotMul", 3, 0, "a b", "it times c", two(VMULPS, VMULPD), 2, false, 0, nil},
	{"dotSubSub", 2, 2, "(a - s) - t", "it times b", subSub, 1, false, 0, nil},
	{"dotMulAdd", 4, 0, "a b + c", "it times d", mulAdd, 3, false, 0, nil},
	{"dotMulMulAdd", 4, 1, "(a s) b + c", "it times d", mulMulAddByColumn, 3, false, 0, nil},
}

const itself, none = -1, -2

const rowSumSignature = "func(which, rows, cols int, dst, sums, a, b, c, d, s, t *byte, nextA, nextB, nextC, nextD int)"

// rowSum emits the operations of the table.
func rowSum() {
	mask := tailMasks()
	var names []string
	for _, o := range rowSums {
		for _, v := range kinds {
			names = append(names, o.name+v.name+v.set)
		}
	}
	jumpTable("elementwiseRowSum", rowSumSignature, names,
		"elementwiseRowSum runs the operation of a number: 4 for each in the order of gen/rowsum.go, of them",
		"AVX2 with float32 and float64, then AVX-512. It writes rows of cols elements, if dst is not nil, and",
		"a sum of each row, in 32 parts. The next rows of a, b, c and d begin so many bytes after the last.")
	for _, o := range rowSums {
		for _, v := range kinds {
			TEXT(o.name+v.name+v.set, NOSPLIT, rowSumSignature)
			what := fmt.Sprintf("writes %s, and the sums of %s", o.formula, o.terms)
			if !o.writes {
				what = fmt.Sprintf("writes the sums of %s, %s", o.formula, o.terms)
			}
			Doc(o.name + v.name + v.set + " " + what + ".")
			Pragma("noescape")
			r := &rowSummer{vector: v, times: o.times, divides: o.divides}
			if o.then != nil {
				r.then = o.then(&r.vector)
			}
			if o.writes {
				r.dst = Load(Param("dst"), GP64())
			}
			r.begin([]string{"a", "b", "c", "d"}[:o.wide], []string{"s", "t"}[:o.numbers], mask)
			r.rows(o.emit(&r.vector))
		}
	}
}

// rowSummer has what the parts of the loops share.
type rowSummer struct {
	vector
	times    int
	divides  int
	then     func(x []VecVirtual) VecVirtual
	rowsLeft Register
	cols     Register
	dst      Register // nil if only the sums are written
	to       Register // of the sums
	at       Register
	names    []string
	matrices []Register
	from     []Register // the numbers of the rows
	number   []VecVirtual
	sums     []VecVirtual
}

func (r *rowSummer) begin(wide, numbers []string, table Mem) {
	r.rowsLeft, r.cols = Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	r.to, r.at = Load(Param("sums"), GP64()), GP64()
	r.names = wide
	for _, name := range wide {
		r.matrices = append(r.matrices, Load(Param(name), GP64()))
	}
	for _, name := range numbers {
		r.from, r.number = append(r.from, Load(Param(name), GP64())), append(r.number, r.register())
	}
	for range rowLanes / r.lanes() {
		r.sums = append(r.sums, r.register())
	}
	MOVQ(r.cols, RCX)
	ANDQ(U32(r.lanes()-1), RCX)
	r.first(table)
}

// rows emits a loop over rows, in it one over vectors. Term j of a sum goes to lane j % 32.
func (r *rowSummer) rows(body func(x []VecVirtual) VecVirtual) {
	Label("row")
	for i, p := range r.from {
		r.broadcast(Mem{Base: p}, r.number[i])
		ADDQ(U32(r.size), p)
	}
	for _, s := range r.sums {
		r.clear(s)
	}
	XORQ(r.at, r.at)
	MOVQ(r.cols, RCX)
	span := max(4, len(r.sums))
	term := func(i, disp int, masked bool) { r.term(body, i, disp, masked) }
	if r.divides > 0 && r.size == 8 && r.wide { // float32 waits for the caches, and AVX2 has too few registers
		r.undivided(r.number[0], r.matrices[:r.divides], r.at, span, func() { r.whole(span, term, r.at) })
	}
	r.spans(span, term, r.at)
	for h := len(r.sums) / 2; h > 0; h /= 2 {
		for i := range h {
			r.pick(VADDPS, VADDPD)(r.sums[i+h], r.sums[i], r.sums[i])
		}
	}
	result := (&reducer{vector: &r.vector, fold: folds[0]}).across(r.sums[0])
	r.pick(func(o ...Op) { VMOVSS(o...) }, func(o ...Op) { VMOVSD(o...) })(result, Mem{Base: r.to})
	ADDQ(U32(r.size), r.to)
	for i, m := range r.matrices {
		ADDQ(Load(Param("next"+strings.ToUpper(r.names[i])), GP64()), m)
	}
	if r.dst != nil {
		LEAQ(Mem{Base: r.dst, Index: r.cols, Scale: uint8(r.size)}, r.dst)
	}
	DECQ(r.rowsLeft)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// term computes the vector disp bytes after the place at hand, and adds what it is to sum i.
func (r *rowSummer) term(body func(x []VecVirtual) VecVirtual, i, disp int, masked bool) {
	load := func(m Register) VecVirtual {
		x, at := r.register(), Mem{Base: m, Index: r.at, Scale: 1, Disp: disp}
		if masked {
			r.take(at, x)
		} else {
			r.load(at, x)
		}
		return x
	}
	var x []VecVirtual
	var factor VecVirtual // loaded before dst, which may be it, is written
	for k, m := range r.matrices {
		if y := load(m); k == r.times {
			factor = y
		} else {
			x = append(x, y)
		}
	}
	y := body(append(slices.Clone(x), r.number...))
	if r.dst != nil {
		to := Mem{Base: r.dst, Index: r.at, Scale: 1, Disp: disp}
		if masked {
			r.put(y, to)
		} else {
			r.load(y, to)
		}
	}
	if r.then != nil {
		y = r.then(append([]VecVirtual{y}, x[1:]...))
	}
	if r.times == itself {
		factor = y
	}
	if factor != nil {
		r.pick(VMULPS, VMULPD)(factor, y, y)
	}
	if masked {
		r.only(y) // other lanes have what 0 gives
	}
	sum := r.sums[i%len(r.sums)]
	r.pick(VADDPS, VADDPD)(y, sum, sum)
}
