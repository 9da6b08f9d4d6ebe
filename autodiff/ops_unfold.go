package autodiff

import (
	"fmt"
	"math"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Im2colOptions says how the windows of [Im2col] and [Col2im] move; pairs are for
// height and width. A zero in Stride or Dilation is 1.
type Im2colOptions struct {
	Stride   [2]int // from one place of the window to the next
	Padding  [2]int // zeros put in on both sides
	Dilation [2]int // from one tap of the window to the next
}

// Im2col returns what a window sees of images x at all of its places, as columns.
//
//	y[n, (c, u, v), (i, j)] = x[n, c, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁]
//
// for stride s, padding p and dilation d, where x is 0 outside and pairs in
// parentheses are counted in row-major order. x is (n, channels, height, width) or
// (channels, height, width), and the result (n, channels·taps, places), without n if
// x has none, for the places of [Conv2d] with a kernel of that size.
//
//	x̄ = Col2im(ȳ)
//
// It matches torch.nn.functional.unfold. It records [ErrShape] for another rank, a
// window larger than the padded image, and numbers out of range as Conv2d's.
func Im2col(x *Node, taps [2]int, o Im2colOptions) *Node {
	const fn = "Im2col"
	if bad := firstInvalid(fn, x); bad != nil {
		return bad
	}
	s := x.Shape()
	fail := func(format string, a ...any) *Node {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, format, a...), s)
	}
	if len(s) != 3 && len(s) != 4 {
		return fail("want images (n, channels, height, width) or one (channels, height, width)")
	}
	image := [2]int(s[len(s)-2:])
	win, places, err := unfoldWindow(image, taps, o)
	if err != nil {
		return fail("%v", err)
	}
	if len(s) == 3 {
		x = Unsqueeze(x, 0)
	}
	y := apply(im2col{unfold{win, image, taps, places}}, x)
	if len(s) == 3 {
		y = Squeeze(y, 0)
	}
	return as(fn, y)
}

// Col2im adds up columns x into images of the given size: each element goes to the
// pixel that [Im2col] takes it from.
//
//	y[n, c, i·s₀ − p₀ + u·d₀, j·s₁ − p₁ + v·d₁] += x[n, (c, u, v), (i, j)]
//
// starting from 0; what falls outside is left out. x is (n, channels·taps, places) or
// (channels·taps, places), and the result (n, channels, size₀, size₁), without n if x
// has none.
//
//	x̄ = Im2col(ȳ)
//
// It matches torch.nn.functional.fold. It records [ErrShape] for another rank, rows
// that are no multiple of the taps, another number of columns than Im2col gives for
// this size, a window larger than the padded image, and numbers out of range as
// [Conv2d]'s.
func Col2im(x *Node, size, taps [2]int, o Im2colOptions) *Node {
	const fn = "Col2im"
	if bad := firstInvalid(fn, x); bad != nil {
		return bad
	}
	s := x.Shape()
	fail := func(format string, a ...any) *Node {
		return Invalid(x.Graph(), "autodiff."+fn, shapeError([]tensor.Shape{s}, format, a...), s)
	}
	if len(s) != 2 && len(s) != 3 {
		return fail("want columns (n, channels·taps, places) or (channels·taps, places)")
	}
	win, places, err := unfoldWindow(size, taps, o)
	if err != nil {
		return fail("%v", err)
	}
	if rows, n := s[len(s)-2], taps[0]*taps[1]; rows%n != 0 {
		return fail("%d rows, want a multiple of %d taps", rows, n)
	}
	if want := places[0] * places[1]; s[len(s)-1] != want {
		return fail("%d columns, want %d = %d·%d", s[len(s)-1], want, places[0], places[1])
	}
	if len(s) == 2 {
		x = Unsqueeze(x, 0)
	}
	y := apply(col2im{unfold{win, size, taps, places}}, x)
	if len(s) == 2 {
		y = Squeeze(y, 0)
	}
	return as(fn, y)
}

// unfoldWindow returns the window with options o, and the places of a kernel in an
// image.
func unfoldWindow(image, taps [2]int, o Im2colOptions) (win convWindow, places [2]int, err error) {
	win = convWindow{Stride: o.Stride, Padding: o.Padding, Dilation: o.Dilation}
	for _, v := range [][2]int{image, taps} {
		if v[0] < 1 || v[1] < 1 || v[0] > math.MaxInt/2/v[1] {
			return win, places, fmt.Errorf("%v, want two numbers of at least 1 with a product that is not too large", v)
		}
	}
	if err := win.normalize(); err != nil {
		return win, places, err
	}
	places, err = win.places(image, taps)
	return win, places, err
}

// unfold is how columns lie in images.
type unfold struct {
	convWindow
	Image, Taps, Places [2]int
}

// window returns the window of the kernel for a number of channels.
func (p unfold) window(channels int) *kernel.ConvWindow {
	return &kernel.ConvWindow{Image: p.Image, Kernel: p.Taps, Places: p.Places,
		Stride: p.Stride, Padding: p.Padding, Dilation: p.Dilation, Channels: channels, Next: channels * p.Image[0] * p.Image[1]}
}

type im2col struct{ unfold }

func (im2col) Name() string { return "Im2col" }

func (p im2col) Shape(in []tensor.Shape) (tensor.Shape, error) {
	n, channels, taps, places := in[0][0], in[0][1], p.Taps[0]*p.Taps[1], p.Places[0]*p.Places[1]
	if _, err := tensor.Broadcast(tensor.Shape{n, channels, taps, places}); err != nil {
		return nil, err
	}
	return tensor.Shape{n, channels * taps, places}, nil
}

func (p im2col) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{apply(col2im(p), dy)} }

func (p im2col) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindIm2col(p.unfold, dst, in[0])
}
func (p im2col) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindIm2col(p.unfold, dst, in[0])
}

func bindIm2col[T tensor.Float](p unfold, dst, x *tensor.Array[T]) func() {
	win, columns := p.window(x.Shape[1]), dst.Shape[2]
	size := dst.Shape[1] * columns
	return func() {
		for n := range dst.Shape[0] {
			kernel.Im2col(dst.Data[n*size:][:size], x.Data, win, n*columns, (n+1)*columns)
		}
	}
}

// col2im is the transpose of im2col.
type col2im struct{ unfold }

func (col2im) Name() string { return "Col2im" }

func (p col2im) Shape(in []tensor.Shape) (tensor.Shape, error) {
	return tensor.Shape{in[0][0], in[0][1] / (p.Taps[0] * p.Taps[1]), p.Image[0], p.Image[1]}, nil
}

func (p col2im) VJP(x []*Node, y, dy *Node) []*Node { return []*Node{apply(im2col(p), dy)} }

func (p col2im) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindCol2im(p.unfold, dst, in[0])
}
func (p col2im) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindCol2im(p.unfold, dst, in[0])
}

func bindCol2im[T tensor.Float](p unfold, dst, x *tensor.Array[T]) func() {
	win, columns := p.window(dst.Shape[1]), x.Shape[2]
	size := x.Shape[1] * columns
	return func() {
		kernel.Fill(dst.Data, 0)
		for n := range x.Shape[0] {
			kernel.Col2im(dst.Data, x.Data[n*size:][:size], win, n*columns, (n+1)*columns)
		}
	}
}
