package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func panel512(t elements, vectors int, f form) {
	lanes := 64 / t.size
	f.begin(t, "AVX512", lanes, vectors)
	p := newPanel(t, f, f.sizes[0][0], 64*vectors)
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
		body := func(label string, each func()) {
			p.loop(rows, label, func() {
				load(Mem{Base: p.b}, bv)
				ADDQ(p.ldb, p.b)
				each()
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
		}
		suffix := fmt.Sprint(rows)
		after := p.copying(rows, suffix, bv, body)
		body("loop"+suffix, func() {})
		after()
		p.finish(suffix, sum[:rows], bv, av[0], load)
		p.store(sum[:rows], func(s VecVirtual, m Mem) { t.load(s, mask, m) })
	})
}

func panel256(t elements, vectors int, f form, table Mem) {
	lanes := 32 / t.size
	f.begin(t, "AVX2", lanes, vectors)
	p := newPanel(t, f, f.sizes[1][0], 32*vectors)
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
		body := func(label string, av []VecVirtual, load func(Mem, []VecVirtual), each func()) {
			p.loop(rows, label, func() {
				load(Mem{Base: p.b}, bv)
				ADDQ(p.ldb, p.b)
				each()
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
		after := p.copying(rows, fmt.Sprint(rows), bv, func(label string, each func()) { body(label, av, loadWhole, each) })
		body(loop, av, loadWhole, func() {})
		after()
		p.finish(fmt.Sprint("Whole", rows), sum[:rows], bv, av[0], loadWhole)
		p.store(sum[:rows], func(s VecVirtual, m Mem) { t.load(s, m) })
		JMP(LabelRef(end))
		body(part, av[:1], loadMasked, func() {})
		p.finish(fmt.Sprint("Part", rows), sum[:rows], bv, av[0], loadMasked)
		Label(store)
		p.store(sum[:rows], func(s VecVirtual, m Mem) { t.maskMove(s, mask, m) })
		Label(end)
	})
}
