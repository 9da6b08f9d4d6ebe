package main

import (
	"fmt"
	"math"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A fold reduces an axis with an operation of two arguments.
type fold struct {
	name  string
	what  string
	start float64 // the result for no terms
	emit  emitter
}

// folds has all, in the order of the constants in ../reduce.go.
var folds = []fold{
	{"sum", "sums", 0, two(VADDPS, VADDPD)},
	{"max", "maxima", math.Inf(-1), extremum(VMAXPS, VMAXPD, VANDPS, VANDPD, 5)},
	{"min", "minima", math.Inf(1), extremum(VMINPS, VMINPD, VORPS, VORPD, 4)},
}

const (
	reduction = "func(which, outer, n, cols, stride int, dst, sums, x, y, s *byte)"
	rowLanes  = 32 // partial results of a row
)

// reduce emits the reductions of rows and of columns.
func reduce() {
	mask := tailMasks()
	var names []string
	for _, f := range folds {
		for _, shape := range []string{"Rows", "Columns"} {
			for _, v := range kinds {
				names = append(names, f.name+shape+v.name+v.set)
			}
		}
	}
	for _, p := range products {
		for _, v := range kinds {
			names = append(names, p.name+v.name+v.set)
		}
	}
	jumpTable("reduction", reduction, names,
		"reduction runs the function of a number: 8 for each fold in the order of gen/reduce.go, of them",
		"4 for rows and 4 for columns: AVX2 with float32 and float64, then AVX-512. Then come 4 for each of",
		"the products. Nothing is 0.")
	for _, f := range folds {
		for _, v := range kinds {
			name := f.name + "Rows" + v.name + v.set
			newReducer(f, v, name, fmt.Sprintf("%s writes the %s of outer rows of n elements, sums in %d parts. cols and stride are 1.", name, f.what, rowLanes)).rows(mask)
		}
		for _, v := range kinds {
			name := f.name + "Columns" + v.name + v.set
			newReducer(f, v, name, fmt.Sprintf("%s writes the %s of the first cols columns of outer matrices of n rows.", name, f.what),
				"Rows of x and of dst are stride elements long.").columns(mask)
		}
	}
	for _, p := range products {
		for _, v := range kinds {
			name := p.name + v.name + v.set
			r := newReducer(folds[0], v, name, name+" "+p.what, p.more)
			r.product(p.y, p.s)
			if p.columns {
				r.adds, r.both = true, p.both
				r.columns(mask)
			} else {
				r.rows(mask)
			}
		}
	}
}

// products has sums of products, in the order of the constants in ../reduce.go. Those of
// columns are added to dst.
var products = []struct {
	name       string
	columns    bool
	y, s       bool // the factors of x
	both       bool // y is summed too
	what, more string
}{
	{"dotRows", false, true, false, false, "writes the sums of x y over outer rows of n elements, in 32 parts.", "cols and stride are 1."},
	{"sumScaledRows", false, false, true, false, "writes the sums of x s over outer rows of n elements, in 32 parts; s has a number for", "each row. cols and stride are 1."},
	{"addColumns", true, false, false, false, "adds n rows of x to dst, of which the first cols columns.", "outer is 1. Rows are stride elements long."},
	{"addProductColumns", true, true, false, false, "adds n rows of x y to dst, of which the first cols columns.", "outer is 1. Rows are stride elements long."},
	{"addScaledColumns", true, true, true, false, "adds n rows of (x s) y to dst, of which the first cols columns; s has a number for", "each row. outer is 1. Rows are stride elements long."},
	{"addProductAndColumns", true, true, false, true, "adds n rows of x y to dst, and of y to sums, of which the first cols columns.", "outer is 1. Rows are stride elements long."},
	{"addScaledAndColumns", true, true, true, true, "adds n rows of (x s) y to dst, and of y to sums, of which the first cols columns; s", "has a number for each row. outer is 1. Rows are stride elements long."},
}

// reducer is what both shapes share.
type reducer struct {
	*vector
	fold
	join  func(x []VecVirtual) VecVirtual
	none  VecVirtual // the result for no terms
	sums  []VecVirtual
	outer Register
	dst   Register
	x     Register

	adds  bool       // columns are added to dst
	both  bool       // and those of y to sums
	toY   Register   // how far y is from x, if that is a factor
	scale VecVirtual // the element of s for a row, if that is a factor

	sumsOfY []VecVirtual // beside sums, if both are wanted
}

func newReducer(f fold, v vector, name string, doc ...string) *reducer {
	TEXT(name, NOSPLIT, reduction)
	Doc(doc...)
	Pragma("noescape")
	r := &reducer{vector: &v, fold: f}
	r.outer = Load(Param("outer"), GP64())
	r.dst = Load(Param("dst"), GP64())
	r.x = Load(Param("x"), GP64())
	r.join, r.none = f.emit(&v), v.number(f.start)
	return r
}

// product makes the terms those of a product of x with y, s, or both.
func (r *reducer) product(y, s bool) {
	if y { // it is found from the place in x
		r.toY = Load(Param("y"), GP64())
		SUBQ(r.x, r.toY)
	}
	if s {
		r.scale = r.register()
	}
}

// begin sets the first results to those of no terms.
func (r *reducer) begin(count int) {
	for i := range count {
		if i == len(r.sums) {
			r.sums = append(r.sums, r.register())
		}
		VMOVAPS(r.none, r.sums[i])
		if r.both && i == len(r.sumsOfY) {
			r.sumsOfY = append(r.sumsOfY, r.register())
		}
	}
}

// add joins what a load of m gives to result i.
func (r *reducer) add(i int, m Mem, masked bool) {
	x := r.register()
	switch {
	case !masked:
		r.load(m, x)
	case r.wide && r.start != 0:
		VMOVAPS(r.none, x)
		r.load(m, r.mask, x)
	default:
		r.take(m, x)
		if r.start != 0 {
			r.pick(four(VBLENDVPS), four(VBLENDVPD))(r.mask, x, r.none, x)
		}
	}
	if r.scale != nil {
		r.pick(VMULPS, VMULPD)(r.scale, x, x)
		if masked && !r.adds {
			r.only(x) // 0 times infinity is NaN
		}
	}
	if r.toY != nil {
		y := r.register()
		m.Index, m.Scale = r.toY, 1
		if masked {
			r.take(m, y)
		} else {
			r.load(m, y)
		}
		r.pick(VMULPS, VMULPD)(y, x, x)
		if r.both {
			r.pick(VADDPS, VADDPD)(y, r.sumsOfY[i], r.sumsOfY[i])
		}
	}
	r.to(i, r.join([]VecVirtual{r.sums[i], x}))
}

func (r *reducer) to(i int, x VecVirtual) {
	if x != r.sums[i] {
		VMOVAPS(x, r.sums[i])
	}
}

// rows emits a loop over rows. Term j of a sum goes to lane j % 32 of the results, which are
// joined in halves at the end.
func (r *reducer) rows(table Mem) {
	all := rowLanes / r.lanes()
	if r.name != "sum" { // the order does not matter, and what waits for the last result takes longer
		all = max(all, 4)
	}
	n := Load(Param("n"), GP64())
	MOVQ(n, RCX)
	ANDQ(U32(r.lanes()-1), RCX)
	r.first(table)
	var number Register
	if r.scale != nil {
		number = Load(Param("s"), GP64())
	}
	Label("row")
	r.begin(all)
	if r.scale != nil {
		r.broadcast(Mem{Base: number}, r.scale)
		ADDQ(U32(r.size), number)
	}
	MOVQ(n, RCX)
	r.spans(all, func(i, disp int, masked bool) {
		r.add(i, Mem{Base: r.x, Disp: disp}, masked)
		if masked {
			LEAQ(Mem{Base: r.x, Index: RCX, Scale: uint8(r.size)}, r.x)
		}
	}, r.x)
	for h := all / 2; h > 0; h /= 2 { // those that have no terms are left out
		after := fmt.Sprintf("joined%d", h)
		CMPQ(n, U32(h*r.lanes()))
		JLE(LabelRef(after))
		for i := range h {
			r.to(i, r.join([]VecVirtual{r.sums[i], r.sums[i+h]}))
		}
		Label(after)
	}
	result := r.across(r.sums[0])
	r.pick(func(o ...Op) { VMOVSS(o...) }, func(o ...Op) { VMOVSD(o...) })(result, Mem{Base: r.dst})
	ADDQ(U32(r.size), r.dst)
	DECQ(r.outer)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// across joins the halves of a vector until one element is left.
func (r *reducer) across(x VecVirtual) VecVirtual {
	v := *r.vector
	for v.bytes > v.size {
		half := v
		half.bytes = max(v.bytes/2, 16)
		low, high := half.register(), half.register()
		switch v.bytes {
		case 64:
			VMOVAPS(x.AsY(), low)
			VEXTRACTF64X4(U8(1), x, high)
		case 32:
			VMOVAPS(x.AsX(), low)
			VEXTRACTF128(U8(1), x, high)
		case 16:
			VMOVAPS(x, low)
			VPERMILPD(U8(1), x, high)
		case 8:
			VMOVAPS(x, low)
			VPERMILPS(U8(1), x, high)
		}
		x = r.emit(&half)([]VecVirtual{low, high})
		v.bytes /= 2
	}
	return x
}

// columns emits a loop over matrices, in it one over strips of columns, in it one over
// rows. The results of a strip are in registers.
func (r *reducer) columns(table Mem) {
	stride, next := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	SHLQ(U8(bits.TrailingZeros(uint(r.size))), stride) // in bytes
	IMULQ(stride, next)
	from, to, at, n := GP64(), GP64(), GP64(), GP64()
	var number, toSums Register // toSums is how far those of y are from dst
	if r.scale != nil {
		number = GP64()
	}
	if r.both {
		toSums = Load(Param("sums"), GP64())
		SUBQ(r.dst, toSums)
	}
	// move loads or stores the results.
	move := func(count int, masked bool, whole, part func(m Mem, sum VecVirtual)) {
		for i := range count {
			f, m := whole, Mem{Base: to, Disp: i * r.bytes}
			if masked && i+1 == count {
				f = part
			}
			f(m, r.sums[i])
			if r.both {
				m.Index, m.Scale = toSums, 1
				f(m, r.sumsOfY[i])
			}
		}
	}
	strips := []int{8, 4}
	if r.both && !r.wide {
		strips = strips[1:] // there are 16 registers
	}
	strip := func(count int, masked bool, label string) {
		r.begin(count)
		if r.adds {
			move(count, masked, func(m Mem, sum VecVirtual) { r.load(m, sum) }, r.take)
		}
		MOVQ(from, at)
		Load(Param("n"), n)
		if r.scale != nil {
			Load(Param("s"), number)
		}
		Label(label)
		if r.scale != nil {
			r.broadcast(Mem{Base: number}, r.scale)
			ADDQ(U32(r.size), number)
		}
		for i := range count {
			r.add(i, Mem{Base: at, Disp: i * r.bytes}, masked && i+1 == count)
		}
		ADDQ(stride, at)
		DECQ(n)
		JNZ(LabelRef(label))
		move(count, masked, func(m Mem, sum VecVirtual) { r.load(sum, m) }, func(m Mem, sum VecVirtual) { r.put(sum, m) })
	}
	Label("matrix")
	MOVQ(r.x, from)
	MOVQ(r.dst, to)
	Load(Param("cols"), RCX)
	for _, count := range strips {
		label, after := fmt.Sprintf("strip%d", count), fmt.Sprintf("less%d", count)
		Label(label)
		CMPQ(RCX, U32(count*r.lanes()))
		JL(LabelRef(after))
		strip(count, false, fmt.Sprintf("rows%d", count))
		ADDQ(U32(count*r.bytes), from)
		ADDQ(U32(count*r.bytes), to)
		SUBQ(U32(count*r.lanes()), RCX)
		JMP(LabelRef(label))
		Label(after)
	}
	TESTQ(RCX, RCX)
	JE(LabelRef("next"))
	for count := 1; count <= 4; count++ {
		after := fmt.Sprintf("over%d", count)
		if count < 4 {
			CMPQ(RCX, U32(count*r.lanes()))
			JG(LabelRef(after))
		}
		SUBQ(U32((count-1)*r.lanes()), RCX)
		r.first(table)
		strip(count, true, fmt.Sprintf("part%d", count))
		JMP(LabelRef("next"))
		Label(after)
	}
	Label("next")
	ADDQ(next, r.x)
	ADDQ(stride, r.dst)
	DECQ(r.outer)
	JNZ(LabelRef("matrix"))
	VZEROUPPER()
	RET()
}
