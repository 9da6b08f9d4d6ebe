package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemm emits the inner loops of the matrix product for AVX2 with FMA and for AVX-512,
// and the copies that bring its operands into order.
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
	copyRows()
}

// form is a kind of panels.
type form struct {
	name      string
	signature string
	doc       []string // after "writes, or adds to with more, the (rows, cols) block at c, of T, the"
	several   bool     // it adds up several products, as convolutions do
	sizes     [2][]int // the numbers of rows that there is code for, with AVX-512 and AVX2
}

var product = form{
	name:      "panel",
	signature: "func(rows, cols, k int, a *byte, rsa, csa int, b *byte, ldb int, c *byte, ldc int, more bool, bias *byte, relu bool)",
	doc: []string{
		"product of a, (rows, k), and b, (k, cols). Element (i, p) of a is i*rsa + p*csa bytes from its",
		"start, rows of b and c start ldb and ldc bytes apart.",
	},
	sizes: [2][]int{{12, 8, 4, 2, 1}, {6, 4, 2, 1}},
}

// begin starts the function of the form for a type, an instruction set, and vectors.
func (f form) begin(t elements, set string, lanes, vectors int) (name string) {
	width := lanes * vectors
	name = fmt.Sprintf("%s%s%sx%d", f.name, t.name, set, width)
	TEXT(name, NOSPLIT, f.signature)
	doc := []string{fmt.Sprintf("%s writes, or adds to with more, the (rows, cols) block at c, of %s, the", name, t.ty)}
	doc = append(doc, f.doc...)
	doc = append(doc,
		"With bias, a row like those of c, it is added to each row in the end, and with relu the",
		"result is the larger of that and +0, or NaN.")
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
}

var types = []elements{
	{"F32", "float32", 4, VMOVUPS, three(VMOVUPS_Z), VBROADCASTSS, VFMADD231PS, VFMADD231PS_BCST, three(VMASKMOVPS), VADDPS, VMAXPS},
	{"F64", "float64", 8, VMOVUPD, three(VMOVUPD_Z), VBROADCASTSD, VFMADD231PD, VFMADD231PD_BCST, three(VMASKMOVPD), VADDPD, VMAXPD},
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
}

func newPanel(t elements, f form, rows int) *panel {
	p := &panel{elements: t, form: f, k: GP64(), t: GP64()}
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

// finish adds the bias to the sums, and takes the larger of them and +0. It is for the
// end of a panel, when v, and zero, are free. label is its own.
func (p *panel) finish(label string, sum [][]VecVirtual, v []VecVirtual, zero VecVirtual, load func(Mem, []VecVirtual)) {
	done := "finished" + label
	Load(Param("bias"), p.t)
	TESTQ(p.t, p.t)
	JE(LabelRef(done))
	load(Mem{Base: p.t}, v)
	for _, row := range sum {
		for j, s := range row {
			p.add(v[j], s, s)
		}
	}
	Load(Param("relu"), p.t.As8())
	TESTB(p.t.As8(), p.t.As8())
	JE(LabelRef(done))
	VXORPS(zero.AsY(), zero.AsY(), zero.AsY())
	for _, row := range sum {
		for _, s := range row {
			p.add(zero, s, s) // -0 becomes +0
			p.max(s, zero, s) // the first of the two if one is NaN
		}
	}
	Label(done)
}

func panel512(t elements, vectors int, f form) {
	lanes := 64 / t.size
	f.begin(t, "AVX512", lanes, vectors)
	p := newPanel(t, f, f.sizes[0][0])
	// The last vector has cols - lanes*(vectors-1) elements: so many ones in mask.
	mask := K()
	Load(Param("cols"), RCX)
	if vectors > 1 {
		SUBQ(Imm(uint64(lanes*(vectors-1))), RCX)
	}
	MOVQ(I32(-1), p.t)
	SHLQ(CL, p.t)
	NOTQ(p.t)
	KMOVW(p.t.As32(), mask)
	sum := make([][]VecVirtual, f.sizes[0][0])
	for i := range sum {
		for range vectors {
			sum[i] = append(sum[i], ZMM())
		}
	}
	bv := []VecVirtual{ZMM(), ZMM()}[:vectors]
	av := []VecVirtual{ZMM(), ZMM()}
	load := func(m Mem, v []VecVirtual) {
		for j := range v {
			m := m.Offset(64 * j)
			if j+1 < vectors {
				t.load(m, v[j])
			} else {
				t.loadZ(m, mask, v[j])
			}
		}
	}
	p.blocks(f.sizes[0], func(rows int) {
		p.sums(rows, func(i int) {
			for _, s := range sum[i] {
				VPXORQ(s, s, s)
			}
		}, func(i int, at Register) { load(Mem{Base: at}, sum[i]) })
		p.start(rows)
		p.loop(rows, fmt.Sprintf("loop%d", rows), func() {
			load(Mem{Base: p.b}, bv)
			ADDQ(p.ldb, p.b)
			for i := range rows {
				if vectors == 1 {
					t.fmaBcst(p.element(i), bv[0], sum[i][0])
					continue
				}
				t.broadcast(p.element(i), av[i%2])
				for j := range vectors {
					t.fma(av[i%2], bv[j], sum[i][j])
				}
			}
		})
		p.finish(fmt.Sprint(rows), sum[:rows], bv, av[0], load)
		for i := range rows {
			for j, s := range sum[i] {
				if j+1 < vectors {
					t.load(s, Mem{Base: p.c, Disp: 64 * j})
				} else {
					t.load(s, mask, Mem{Base: p.c, Disp: 64 * j})
				}
			}
			ADDQ(p.ldc, p.c)
		}
	})
}

func panel256(t elements, vectors int, f form, table Mem) {
	lanes := 32 / t.size
	f.begin(t, "AVX2", lanes, vectors)
	p := newPanel(t, f, f.sizes[1][0])
	sum := make([][]VecVirtual, f.sizes[1][0])
	for i := range sum {
		for range vectors {
			sum[i] = append(sum[i], YMM())
		}
	}
	bv := []VecVirtual{YMM(), YMM()}[:vectors]
	av := []VecVirtual{YMM(), YMM()} // the second is mask when columns are missing
	mask := av[1]
	// The mask of the last vector is found in a table of ones and zeros.
	maskAt := GP64()
	loadMask := func() {
		LEAQ(table, maskAt)
		Load(Param("cols"), p.t)
		NEGQ(p.t)
		LEAQ(Mem{Base: maskAt, Index: p.t, Scale: uint8(t.size), Disp: 32 * vectors}, maskAt)
		VMOVDQU(Mem{Base: maskAt}, mask)
	}
	loadMasked := func(m Mem, v []VecVirtual) {
		for j := range v {
			m := m.Offset(32 * j)
			if j+1 < vectors {
				t.load(m, v[j])
			} else {
				t.maskMove(m, mask, v[j])
			}
		}
	}
	whole := GP64()
	Load(Param("cols"), whole)
	SUBQ(Imm(uint64(lanes*vectors)), whole)
	p.blocks(f.sizes[1], func(rows int) {
		loadMask()
		p.sums(rows, func(i int) {
			for _, s := range sum[i] {
				VXORPS(s, s, s)
			}
		}, func(i int, at Register) { loadMasked(Mem{Base: at}, sum[i]) })
		p.start(rows)
		part, loop, store, end := fmt.Sprintf("part%d", rows), fmt.Sprintf("loop%d", rows), fmt.Sprintf("store%d", rows), fmt.Sprintf("end%d", rows)
		body := func(label string, av []VecVirtual, load func(Mem, []VecVirtual)) {
			p.loop(rows, label, func() {
				load(Mem{Base: p.b}, bv)
				ADDQ(p.ldb, p.b)
				for i := range rows {
					a := av[i%len(av)]
					t.broadcast(p.element(i), a)
					for j := range vectors {
						t.fma(a, bv[j], sum[i][j])
					}
				}
			})
		}
		TESTQ(whole, whole)
		JNE(LabelRef(part))
		loadWhole := func(m Mem, v []VecVirtual) {
			for j := range v {
				t.load(m.Offset(32*j), v[j])
			}
		}
		body(loop, av, loadWhole)
		p.finish(fmt.Sprint("Whole", rows), sum[:rows], bv, av[0], loadWhole)
		for i := range rows {
			for j, s := range sum[i] {
				t.load(s, Mem{Base: p.c, Disp: 32 * j})
			}
			ADDQ(p.ldc, p.c)
		}
		JMP(LabelRef(end))
		body(part, av[:1], loadMasked)
		p.finish(fmt.Sprint("Part", rows), sum[:rows], bv, av[0], loadMasked)
		Label(store)
		for i := range rows {
			for j, s := range sum[i] {
				if j+1 < vectors {
					t.load(s, Mem{Base: p.c, Disp: 32 * j})
				} else {
					t.maskMove(s, mask, Mem{Base: p.c, Disp: 32 * j})
				}
			}
			ADDQ(p.ldc, p.c)
		}
		Label(end)
	})
}
