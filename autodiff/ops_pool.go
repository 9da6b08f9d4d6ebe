package autodiff

import (
	"fmt"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// maxPool is v at the places where x is largest, one for each window, for the
// inputs x and v. MaxPool is that with v = x, and only v has a gradient: its
// derivative in a direction is the direction at the same places.
type maxPool struct{ pooling }

func (maxPool) Name() string                  { return "MaxPool" }
func (maxPool) Differentiable(input int) bool { return input == 1 }

func (p maxPool) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !slices.Equal(in[0], in[1]) {
		return nil, shapeError(in, "differ")
	}
	return p.shrink(in[0])
}

// v̄ = ȳ at the places where x is largest, 0 elsewhere.
func (p maxPool) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{nil, apply(maxUnpool{pooling: p.pooling}, x[0], dy)}
}

func (p maxPool) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindPool(p.pooling, maxPoolOf[float32](p), dst, in)
}
func (p maxPool) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindPool(p.pooling, maxPoolOf[float64](p), dst, in)
}

// maxUnpool is the transpose of maxPool by v. Its inputs are x and a value for each
// window, and it has the shape of x. With Relu, which only programs have, what would go to
// x <= 0 is 0.
type maxUnpool struct {
	pooling
	Relu bool
}

func (maxUnpool) Name() string                  { return "MaxUnpool" }
func (maxUnpool) Differentiable(input int) bool { return input == 1 }

func (p maxUnpool) Shape(in []tensor.Shape) (tensor.Shape, error) {
	small, err := p.shrink(in[0])
	if err == nil && !slices.Equal(small, in[1]) {
		err = shapeError(in, "want %v for the second", small)
	}
	return in[0], err
}

func (p maxUnpool) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{nil, apply(maxPool{p.pooling}, x[0], dy)}
}

func (p maxUnpool) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindPool(p.pooling, maxUnpoolOf[float32](p), dst, in)
}
func (p maxUnpool) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindPool(p.pooling, maxUnpoolOf[float64](p), dst, in)
}

// avgPool is the sum over each window, divided by its number of elements.
type avgPool struct{ pooling }

func (avgPool) Name() string                                    { return "AvgPool" }
func (p avgPool) Shape(in []tensor.Shape) (tensor.Shape, error) { return p.shrink(in[0]) }
func (p avgPool) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{apply(avgUnpool(p), dy)} }
func (p avgPool) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindPool(p.pooling, avgPoolOf[float32](p), dst, in)
}
func (p avgPool) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindPool(p.pooling, avgPoolOf[float64](p), dst, in)
}

// avgUnpool is the transpose of avgPool.
type avgUnpool struct{ pooling }

func (avgUnpool) Name() string                                    { return "AvgUnpool" }
func (p avgUnpool) Shape(in []tensor.Shape) (tensor.Shape, error) { return p.grow(in[0]) }
func (p avgUnpool) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{apply(avgPool(p), dy)} }
func (p avgUnpool) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindPool(p.pooling, avgUnpoolOf[float32](p), dst, in)
}
func (p avgUnpool) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindPool(p.pooling, avgUnpoolOf[float64](p), dst, in)
}

// pooling is embedded in primitives that go over windows of the last two axes.
type pooling struct{ Rows, Cols poolAxis }

// shrink returns the shape of one element for each window.
func (p pooling) shrink(s tensor.Shape) (tensor.Shape, error) {
	return p.replace(s, p.Rows.In, p.Cols.In, p.Rows.Out, p.Cols.Out)
}

// grow returns the shape that shrink makes smaller.
func (p pooling) grow(s tensor.Shape) (tensor.Shape, error) {
	return p.replace(s, p.Rows.Out, p.Cols.Out, p.Rows.In, p.Cols.In)
}

func (p pooling) replace(s tensor.Shape, height, width, toHeight, toWidth int) (tensor.Shape, error) {
	lead := len(s) - 2
	if lead < 0 || s[lead] != height || s[lead+1] != width {
		return nil, shapeError([]tensor.Shape{s}, "want planes of %d×%d", height, width)
	}
	return append(slices.Clone(s[:lead]), toHeight, toWidth), nil
}

// planesAtOnce is the number of elements of x that are worth a call by kernel.Parallel.
const planesAtOnce = 1 << 15

// planesPool computes whole planes of a pool, from planes of its inputs, of which there may
// be one.
type planesPool[T tensor.Float] func(dst, x, v []T)

func maxPoolOf[T tensor.Float](p maxPool) planesPool[T] {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return func(dst, x, v []T) { kernel.MaxPool(dst, x, v, rows, cols, p.Rows.In, p.Cols.In) }
}

func maxUnpoolOf[T tensor.Float](p maxUnpool) planesPool[T] {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return func(dst, x, dy []T) { kernel.MaxUnpool(dst, x, dy, p.Relu, rows, cols, p.Rows.In, p.Cols.In) }
}

func avgPoolOf[T tensor.Float](p avgPool) planesPool[T] {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return func(dst, x, _ []T) { kernel.AvgPool(dst, x, rows, cols, p.Rows.In, p.Cols.In) }
}

func avgUnpoolOf[T tensor.Float](p avgUnpool) planesPool[T] {
	rows, cols := p.Rows.windows(), p.Cols.windows()
	return func(dst, dy, _ []T) { kernel.AvgUnpool(dst, dy, rows, cols, p.Rows.In, p.Cols.In) }
}

// bindPool returns the function that computes dst by f, some planes at a time.
func bindPool[T tensor.Float](p pooling, f planesPool[T], dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	x, v := in[0], in[len(in)-1]
	planes := tensor.Size(dst.Shape[:len(dst.Shape)-2])
	return inParts(planes, max(planesAtOnce/(p.Rows.In*p.Cols.In), 1), func(from, to int) {
		f(planesOf(dst, from, to), planesOf(x, from, to), planesOf(v, from, to))
	})
}

// planesOf returns planes from <= i < to of an array.
func planesOf[T tensor.Float](a *tensor.Array[T], from, to int) []T {
	n := tensor.Size(a.Shape[len(a.Shape)-2:])
	return a.Data[from*n : to*n]
}

// poolAxis says where the Out windows of an axis of In elements are. With a Kernel
// of 0 they divide the axis evenly.
type poolAxis struct {
	In, Out                           int
	Kernel, Stride, Padding, Dilation int
	ExcludePad                        bool
}

// fit returns a with the number of windows that an axis of a.In elements has room
// for, counted as PyTorch does, and with the defaults for what is 0.
func (a poolAxis) fit(ceil bool) (poolAxis, error) {
	if a.Stride == 0 {
		a.Stride = a.Kernel
	}
	if a.Dilation == 0 {
		a.Dilation = 1
	}
	fail := func(format string, args ...any) (poolAxis, error) {
		return a, fmt.Errorf("%w: %s", ErrShape, fmt.Sprintf(format, args...))
	}
	const most = 1 << 29 // no sum below overflows
	switch {
	case a.Kernel < 1 || a.Kernel > most:
		return fail("kernel of size %d, want at least 1", a.Kernel)
	case a.Stride < 1 || a.Stride > most:
		return fail("stride %d, want at least 1", a.Stride)
	case a.Dilation < 1 || a.Dilation > most/a.Kernel:
		return fail("dilation %d, want at least 1, of a kernel of size %d", a.Dilation, a.Kernel)
	case a.Padding < 0 || a.Padding > a.Kernel/2:
		return fail("padding %d, want from 0 to half of the kernel of size %d", a.Padding, a.Kernel)
	}
	room := a.In + 2*a.Padding - a.Dilation*(a.Kernel-1) - 1 // how far the last window can be from the first
	if ceil {
		room += a.Stride - 1
	}
	if room < 0 {
		return fail("a kernel of size %d with dilation %d does not fit into %d elements with padding %d", a.Kernel, a.Dilation, a.In, a.Padding)
	}
	a.Out = room/a.Stride + 1
	if ceil && (a.Out-1)*a.Stride >= a.In+a.Padding { // the last window starts behind the elements
		a.Out--
	}
	for i, w := range a.windows() {
		if w.From >= w.To {
			return fail("window %d of size %d with dilation %d and padding %d has none of %d elements", i, a.Kernel, a.Dilation, a.Padding, a.In)
		}
	}
	return a, nil
}

// windows returns which elements are in each window, without the padding.
func (a poolAxis) windows() []kernel.PoolWindow {
	out := make([]kernel.PoolWindow, a.Out)
	for i := range out {
		if a.Kernel == 0 {
			out[i] = a.part(i)
			continue
		}
		start := i*a.Stride - a.Padding
		w := kernel.PoolWindow{From: start, To: min(start+a.Dilation*(a.Kernel-1)+1, a.In), Step: a.Dilation}
		if start < 0 { // the padding is left out
			w.From += (a.Dilation - 1 - start) / a.Dilation * a.Dilation
		}
		w.Count = min(start+a.Kernel, a.In+a.Padding) - start
		if a.ExcludePad {
			w.Count = w.To - w.From
		}
		out[i] = w
	}
	return out
}

// part returns window i of an axis divided evenly: ⌊i·In/Out⌋ to ⌈(i+1)·In/Out⌉.
func (a poolAxis) part(i int) kernel.PoolWindow {
	at, n, parts := int64(i), int64(a.In), int64(a.Out)
	from, to := int(at*n/parts), int(((at+1)*n+parts-1)/parts)
	return kernel.PoolWindow{From: from, To: to, Step: 1, Count: to - from}
}
