package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// poolsOfPixels emits the pools with windows of 2×2 that follow each other for an image whose channels
// lie side by side: there are no even and odd elements to take apart.
func poolsOfPixels(t pooled, bytes int) {
	maxPoolPixels(t, bytes)
	maxUnpoolPixels(t, bytes)
	maxPlacesPixels(t, bytes)
	unpoolPixels(t, bytes)
}

// pixelLoop goes over the windows of an image.
type pixelLoop struct {
	t      pooled
	lanes  int
	vector func() VecVirtual
	at     Register   // of the vector in a pixel
	width  Register   // bytes from a row of the image to the next
	pixel  Register   // bytes of a pixel
	top    Register   // these change with each use
	bottom Register   //
	image  []Register // where the window is in each image
	each   []Register // where its pixel is in what has one for each window
}

// newPixelLoop begins a function with the arguments rows, cols, channels and width.
func newPixelLoop(t pooled, bytes int, name, signature string, doc ...string) *pixelLoop {
	l := &pixelLoop{t: t, lanes: bytes / t.size, vector: YMM}
	if bytes == 16 {
		l.vector = XMM
	}
	name = fmt.Sprintf("%s%sx%d", name, t.name, l.lanes)
	TEXT(name, NOSPLIT, "func(rows, cols, channels, width int, "+signature+")")
	doc[0] = name + " " + doc[0]
	Doc(append(doc, fmt.Sprintf("Elements are of %s. Rows of images start width bytes apart. rows and cols are not 0, channels", t.ty),
		fmt.Sprintf("at least %d.", l.lanes))...)
	Pragma("noescape")
	return l
}

// run emits the loop: images and each are arguments, and body computes a vector of a window.
func (l *pixelLoop) run(images, each []string, body func()) {
	rows, channels := Load(Param("rows"), GP64()), Load(Param("channels"), GP64())
	l.width = Load(Param("width"), GP64())
	var start []Register
	for _, name := range images {
		start = append(start, Load(Param(name), GP64()))
		l.image = append(l.image, GP64())
	}
	for _, name := range each {
		l.each = append(l.each, Load(Param(name), GP64()))
	}
	last := GP64()
	l.pixel = GP64()
	LEAQ(Mem{Base: channels, Disp: -l.lanes}, last) // where the last vector of a pixel starts
	MOVQ(channels, l.pixel)
	SHLQ(Imm(uint64(l.t.size/4+1)), l.pixel)
	left := GP64()
	l.at, l.top, l.bottom = GP64(), GP64(), GP64()
	Label("row")
	Load(Param("cols"), left)
	for i := range start {
		MOVQ(start[i], l.image[i])
	}
	Label("window")
	XORQ(l.at, l.at)
	Label("vector")
	body()
	CMPQ(l.at, last)
	JE(LabelRef("end"))
	ADDQ(Imm(uint64(l.lanes)), l.at)
	CMPQ(l.at, last)
	CMOVQGT(last, l.at) // the last vector overlaps
	JMP(LabelRef("vector"))
	Label("end")
	for i := range l.each {
		ADDQ(l.pixel, l.each[i])
	}
	for i := range l.image {
		LEAQ(Mem{Base: l.image[i], Index: l.pixel, Scale: 2}, l.image[i])
	}
	DECQ(left)
	JNZ(LabelRef("window"))
	for i := range start {
		LEAQ(Mem{Base: start[i], Index: l.width, Scale: 2}, start[i])
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// here is the vector of what has one pixel for each window.
func (l *pixelLoop) here(i int) Mem { return Mem{Base: l.each[i], Index: l.at, Scale: uint8(l.t.size)} }

// four are the vectors of a window of an image.
func (l *pixelLoop) four(i int) [4]Mem {
	LEAQ(Mem{Base: l.image[i], Index: l.at, Scale: uint8(l.t.size)}, l.top)
	LEAQ(Mem{Base: l.top, Index: l.width, Scale: 1}, l.bottom)
	return [4]Mem{{Base: l.top}, {Base: l.top, Index: l.pixel, Scale: 1}, {Base: l.bottom}, {Base: l.bottom, Index: l.pixel, Scale: 1}}
}

// largest is the search of [pooled] in the window of image 0.
func (l *pixelLoop) largest(larger [3]VecVirtual) (best VecVirtual, next [3]VecVirtual) {
	best = l.vector()
	from := l.four(0)
	l.t.load(from[0], best)
	for i := range next {
		next[i] = l.vector()
		l.t.load(from[i+1], next[i])
	}
	l.t.largest(best, next, larger, l.vector())
	return best, next
}

// vectors returns three registers.
func (l *pixelLoop) vectors() [3]VecVirtual { return [3]VecVirtual{l.vector(), l.vector(), l.vector()} }

// number returns a register with x in all lanes.
func (l *pixelLoop) number(x float64) VecVirtual {
	v, bits := l.vector(), GP64()
	if l.t.size == 4 {
		MOVL(U32(math.Float32bits(float32(x))), bits.As32())
	} else {
		MOVQ(U64(math.Float64bits(x)), bits)
	}
	MOVQ(bits, v.AsX())
	if l.t.size == 4 {
		VBROADCASTSS(v.AsX(), v)
	} else {
		spread64(v)
	}
	return v
}

func maxPoolPixels(t pooled, bytes int) {
	l := newPixelLoop(t, bytes, "maxPoolPixels", "x *byte, y *byte", "writes the largest element in each window of 2×2 pixels of x to y.")
	l.run([]string{"x"}, []string{"y"}, func() {
		mask := l.vector()
		best, _ := l.largest([3]VecVirtual{mask, mask, mask})
		t.load(best, l.here(0))
	})
}

func maxUnpoolPixels(t pooled, bytes int) {
	l := newPixelLoop(t, bytes, "maxUnpoolPixels", "x *byte, dst *byte, dy *byte, relu bool",
		"writes dy, one pixel for each window of 2×2 pixels of x, to the place of the first of the largest",
		"elements of it in dst, and zeros around it; with relu zeros there, too, where x <= 0.")
	zero, all := l.vector(), l.vector()
	VXORPS(zero, zero, zero)
	reluMask(all)
	l.run([]string{"x", "dst"}, []string{"dy"}, func() {
		larger := l.vectors()
		best, next := l.largest(larger)
		a := l.vector()
		t.load(l.here(0), a)
		at0, at1, at2, at3 := t.place(a, best, next, larger, zero, all, l.vector())
		for i, v := range l.four(1) {
			t.load([4]VecVirtual{at0, at1, at2, at3}[i], v)
		}
	})
}

func maxPlacesPixels(t pooled, bytes int) {
	l := newPixelLoop(t, bytes, "maxPlacesPixels", "x *byte, places *byte, relu bool",
		"writes the number of the first of the largest elements in each window of 2×2 pixels of x, 0 to 3, to",
		"places; with relu 4 where it is <= 0.")
	zero, all := l.vector(), l.vector()
	VXORPS(zero, zero, zero)
	reluMask(all)
	number := [5]VecVirtual{1: l.number(1), 2: l.number(2), 3: l.number(3), 4: l.number(4)}
	l.run([]string{"x"}, []string{"places"}, func() {
		larger := l.vectors()
		best, _ := l.largest(larger)
		t.compare(notMore, best, zero, best)
		t.and(all, best, best)
		place := larger[0]
		t.and(number[1], larger[0], place)
		t.blend(larger[1], number[2], place, place)
		t.blend(larger[2], number[3], place, place)
		t.blend(best, number[4], place, place)
		t.load(place, l.here(0))
	})
}

func unpoolPixels(t pooled, bytes int) {
	l := newPixelLoop(t, bytes, "unpoolPixels", "dst *byte, dy *byte, places *byte",
		"writes dy, one pixel for each window of 2×2 pixels of dst, to the place with the number in places,",
		"and zeros around it.")
	number := [4]VecVirtual{l.vector(), l.number(1), l.number(2), l.number(3)}
	VXORPS(number[0], number[0], number[0])
	l.run([]string{"dst"}, []string{"dy", "places"}, func() {
		a, place := l.vector(), l.vector()
		t.load(l.here(0), a)
		t.load(l.here(1), place)
		t.add(number[0], a, a) // as if added to zeros
		for i, to := range l.four(0) {
			mask := l.vector()
			t.compare(equal, place, number[i], mask)
			t.and(a, mask, mask)
			t.load(mask, to)
		}
	})
}
