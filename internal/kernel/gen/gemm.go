package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemm emits the inner loops of the matrix product for AVX2 with FMA and for AVX-512,
// and the transpositions that bring its operands into order.
func gemm() {
	mask := tailMasks()
	for _, t := range types {
		for _, vectors := range []int{2, 1} {
			panel512(t, vectors, product)
			panel256(t, vectors, product, mask)
		}
	}
	transpose32()
	transpose64()
}

// form is a kind of panels.
type form struct {
	name      string
	signature string
	doc       []string // after "writes, or adds to with more, the (rows, cols) block at c, of T, the"
	several   bool     // it adds up several products, as convolutions do
	copies    bool     // it may copy b for later rows; not for convolutions, which fetch nothing ahead
	gates     bool     // each row of c may have a bias of its own, or a gate
	sizes     [2][]int // the numbers of rows that there is code for, with AVX-512 and AVX2
}

var product = form{
	name:      "panel",
	signature: "func(rows, cols, k int, a *byte, rsa, csa int, b *byte, ldb int, c *byte, ldc int, more bool, bias *byte, ldbias int, then uint8, copy *byte)",
	doc: []string{
		"product of a, (rows, k), and b, (k, cols). Element (i, p) of a is i*rsa + p*csa bytes from its",
		"start, rows of b and c start ldb and ldc bytes apart.",
	},
	copies: true,
	gates:  true,
	sizes:  [2][]int{{12, 8, 4, 2, 1}, {6, 4, 2, 1}},
}

// begin starts the function of the form for a type, an instruction set, and vectors.
func (f form) begin(t elements, set string, lanes, vectors int) (name string) {
	width := lanes * vectors
	name = fmt.Sprintf("%s%s%sx%d", f.name, t.name, set, width)
	TEXT(name, NOSPLIT, f.signature)
	doc := []string{fmt.Sprintf("%s writes, or adds to with more, the (rows, cols) block at c, of %s, the", name, t.ty)}
	doc = append(doc, f.doc...)
	if f.gates {
		doc = append(doc,
			"With bias, rows like those of c, ldbias bytes apart, these are added in the end; with then = 1 the",
			"result is the larger of that and +0, or NaN; with then = 2 it is the sum, or +0 where bias <= 0.")
	} else {
		doc = append(doc,
			"With bias, a row like those of c, it is added to each row in the end, and with relu the",
			"result is the larger of that and +0, or NaN.")
	}
	switch {
	case f.copies && vectors > 1:
		doc = append(doc,
			"With copy, when cols and rows are enough for the largest block, its rows copy b to where its",
			"rows follow each other, and all others read it there.")
	case f.copies:
		doc = append(doc, "copy is not used.")
	}
	Doc(append(doc, fmt.Sprintf("%d < cols <= %d, rows and k are not 0.", lanes*(vectors-1), width))...)
	Pragma("noescape")
	return name
}

// elements is a type of elements, and the instructions for it.
type elements struct {
	name, ty  string
	size      int
	load      func(...Op)
	loadZ     func(...Op) // where a mask says so, else zero
	broadcast func(...Op)
	fma       func(...Op)
	fmaBcst   func(...Op)
	maskMove  func(...Op)
	add, max  func(...Op)
	compare   func(...Op)
}

var types = []elements{
	{"F32", "float32", 4, VMOVUPS, three(VMOVUPS_Z), VBROADCASTSS, VFMADD231PS, VFMADD231PS_BCST, three(VMASKMOVPS), VADDPS, VMAXPS, VCMPPS},
	{"F64", "float64", 8, VMOVUPD, three(VMOVUPD_Z), VBROADCASTSD, VFMADD231PD, VFMADD231PD_BCST, three(VMASKMOVPD), VADDPD, VMAXPD, VCMPPD},
}

func three(f func(a, b, c Op)) func(...Op) { return func(o ...Op) { f(o[0], o[1], o[2]) } }

// panel is what the code of both instruction sets shares: registers for the
// arguments, and the walk over the rows of a block.
type panel struct {
	elements
	form
	k, t     GPVirtual
	rsa, csa Register
	b, ldb   Register
	a        []Register // rows 0, 3, 6, ... of the block
	next     Register   // the row of a after the block
	c, ldc   Register
	rows     Register
	steps    Mem // products to go
	most     int // rows of a block
	bytes    int // of a row
}

func newPanel(t elements, f form, rows, bytes int) *panel {
	p := &panel{elements: t, form: f, k: GP64(), t: GP64(), most: rows, bytes: bytes}
	if f.several {
		p.steps = AllocLocal(8)
	}
	p.rows = Load(Param("rows"), GP64())
	p.next = Load(Param("a"), GP64())
	p.rsa = Load(Param("rsa"), GP64())
	p.csa = Load(Param("csa"), GP64())
	p.ldb = Load(Param("ldb"), GP64())
	p.c = Load(Param("c"), GP64())
	p.ldc = Load(Param("ldc"), GP64())
	p.b = GP64()
	for range (rows + 2) / 3 {
		p.a = append(p.a, GP64())
	}
	return p
}

// element is the place of a[i, p] for the present p.
func (p *panel) element(i int) Mem {
	m := Mem{Base: p.a[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = p.rsa, uint8(i%3)
	}
	return m
}

// start sets the registers to the first p of a block of rows.
func (p *panel) start(rows int) {
	if p.several {
		Load(Param("steps"), p.k)
		MOVQ(p.k, p.steps)
	}
	Load(Param("b"), p.b)
	Load(Param("k"), p.k)
	MOVQ(p.next, p.a[0])
	for i := 1; 3*i < rows; i++ {
		LEAQ(Mem{Base: p.a[i-1], Index: p.rsa, Scale: 2}, p.a[i])
		ADDQ(p.rsa, p.a[i])
	}
}

// loop emits body for each p, of each product.
func (p *panel) loop(rows int, label string, body func()) {
	Label(label)
	body()
	if p.copies { // the next rows of a transposed a are there
		PREFETCHT0(Mem{Base: p.a[0], Disp: 64})
	}
	for i := 0; 3*i < rows; i++ {
		ADDQ(p.csa, p.a[i])
	}
	DECQ(p.k)
	JNZ(LabelRef(label))
	if p.several {
		for i := 0; 3*i < rows; i++ {
			ADDQ(argument("nexta"), p.a[i])
		}
		ADDQ(argument("nextb"), p.b)
		Load(Param("k"), p.k)
		DECQ(p.steps)
		JNZ(LabelRef(label))
	}
}

// copying emits, before the loop, another that copies b, a vector of v after the other, to
// where argument copy says, and leaves the copy as b for the blocks to come. It is for blocks
// of the most rows and two vectors. b is then read for the first time: what comes is fetched,
// some rows ahead, and that of the next panel. It returns what sets the label after both loops.
func (p *panel) copying(rows int, suffix string, v []VecVirtual, body func(label string, each func())) (after func()) {
	if !p.copies || rows != p.most || len(v) < 2 {
		return func() {}
	}
	Load(Param("copy"), p.t)
	TESTQ(p.t, p.t)
	JE(LabelRef("loop" + suffix))
	bytes := int(v[0].Size())
	body("copy"+suffix, func() {
		for j, x := range v {
			p.load(x, Mem{Base: p.t, Disp: bytes * j})
		}
		for at := 0; at < p.bytes; at += 64 {
			PREFETCHT0(Mem{Base: p.b, Index: p.ldb, Scale: 8, Disp: at})
			PREFETCHT1(Mem{Base: p.b, Disp: at + p.bytes})
		}
		ADDQ(Imm(uint64(p.bytes)), p.t)
	})
	Load(Param("copy"), p.t)
	MOVQ(p.t, argument("b"))
	MOVQ(I32(0), argument("copy"))
	MOVQ(I32(p.bytes), p.ldb)
	JMP(LabelRef("summed" + suffix))
	return func() { Label("summed" + suffix) }
}

// argument is where an argument is in memory.
func argument(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// blocks emits the code for each number of rows, largest first, which is run while
// there are as many.
func (p *panel) blocks(sizes []int, emit func(rows int)) {
	for n, rows := range sizes {
		label := fmt.Sprintf("rows%d", rows)
		Label(label)
		after := "done"
		if n+1 < len(sizes) {
			after = fmt.Sprintf("rows%d", sizes[n+1])
		}
		CMPQ(p.rows, Imm(uint64(rows)))
		JL(LabelRef(after))
		emit(rows)
		// a and c of the next block
		for range rows / 2 {
			LEAQ(Mem{Base: p.next, Index: p.rsa, Scale: 2}, p.next)
		}
		if rows%2 > 0 {
			ADDQ(p.rsa, p.next)
		}
		SUBQ(Imm(uint64(rows)), p.rows)
		JMP(LabelRef(label))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// sums zeroes the sums or loads them from c.
func (p *panel) sums(rows int, zero func(i int), load func(i int, at Register)) {
	from, done := fmt.Sprintf("sums%d", rows), fmt.Sprintf("start%d", rows)
	Load(Param("more"), p.t.As8())
	TESTB(p.t.As8(), p.t.As8())
	JNE(LabelRef(from))
	for i := range rows {
		zero(i)
	}
	p.fetchC(rows)
	JMP(LabelRef(done))
	Label(from)
	MOVQ(p.c, p.t)
	for i := range rows {
		load(i, p.t)
		if i+1 < rows {
			ADDQ(p.ldc, p.t)
		}
	}
	Label(done)
}

// fetchC asks for a block of c, to be there when its sums are done.
func (p *panel) fetchC(rows int) {
	if !p.copies {
		return
	}
	MOVQ(p.c, p.t)
	for i := range rows {
		for at := 0; at < p.bytes; at += 64 {
			PREFETCHT0(Mem{Base: p.t, Disp: at})
		}
		if i+1 < rows {
			ADDQ(p.ldc, p.t)
		}
	}
}

// store writes the sums to c, the last vector of each row as last does.
func (p *panel) store(sum [][]VecVirtual, last func(s VecVirtual, m Mem)) {
	for _, row := range sum {
		for j, s := range row {
			m := Mem{Base: p.c, Disp: int(s.Size()) * j}
			if j+1 < len(row) {
				p.load(s, m)
			} else {
				last(s, m)
			}
		}
		ADDQ(p.ldc, p.c)
	}
}

// finish adds the bias to the sums, and takes the larger of them and +0, or lets them through a
// gate. It is for the end of a panel, when v, and zero, are free. label is its own.
func (p *panel) finish(label string, sum [][]VecVirtual, v []VecVirtual, zero VecVirtual, load func(Mem, []VecVirtual)) {
	done, add := "finished"+label, "add"+label
	Load(Param("bias"), p.t)
	TESTQ(p.t, p.t)
	JE(LabelRef(done))
	if p.gates {
		CMPB(argument("then"), U8(2))
		JNE(LabelRef(add))
		p.gate(sum, v, zero, load)
		JMP(LabelRef(done))
		Label(add)
	}
	for i, row := range sum {
		if i == 0 || p.gates {
			load(Mem{Base: p.t}, v)
		}
		for j, s := range row {
			p.add(v[j], s, s)
		}
		if p.gates {
			ADDQ(argument("ldbias"), p.t)
		}
	}
	if p.gates {
		MOVQ(p.t, argument("bias")) // of the next block
		CMPB(argument("then"), U8(1))
		JNE(LabelRef(done))
	} else {
		Load(Param("relu"), p.t.As8())
		TESTB(p.t.As8(), p.t.As8())
		JE(LabelRef(done))
	}
	VXORPS(zero.AsY(), zero.AsY(), zero.AsY())
	for _, row := range sum {
		for _, s := range row {
			p.add(zero, s, s) // -0 becomes +0
			p.max(s, zero, s) // the first of the two if one is NaN
		}
	}
	Label(done)
}

// gate makes sums +0 where the numbers at t are 0 or less.
func (p *panel) gate(sum [][]VecVirtual, v []VecVirtual, zero VecVirtual, load func(Mem, []VecVirtual)) {
	const above = 6 // or NaN
	VXORPS(zero.AsY(), zero.AsY(), zero.AsY())
	for _, row := range sum {
		load(Mem{Base: p.t}, v)
		for j, s := range row {
			if s.Size() == 64 {
				open := K()
				p.compare(U8(above), zero, v[j], open)
				p.loadZ(s, open, s)
			} else {
				p.compare(U8(above), zero, v[j], v[j])
				VANDPS(v[j], s, s)
			}
		}
		ADDQ(argument("ldbias"), p.t)
	}
	MOVQ(p.t, argument("bias")) // of the next block
}
