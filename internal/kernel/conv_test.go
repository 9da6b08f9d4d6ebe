package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// columnsNaive is the definition of the matrix of columns: for each element where in
// x it comes from, and −1 for a zero.
func columnsNaive(w *ConvWindow, images int) (pixel []int, rows, cols int) {
	rows = w.Channels * w.Kernel[0] * w.Kernel[1]
	cols = images * w.Places[0] * w.Places[1]
	for r := range rows {
		c, u, v := r/(w.Kernel[0]*w.Kernel[1]), r/w.Kernel[1]%w.Kernel[0], r%w.Kernel[1]
		for q := range cols {
			n, i, j := q/(w.Places[0]*w.Places[1]), q/w.Places[1]%w.Places[0], q%w.Places[1]
			y := i*w.Stride[0] - w.Padding[0] + u*w.Dilation[0]
			x := j*w.Stride[1] - w.Padding[1] + v*w.Dilation[1]
			at := -1
			if 0 <= y && y < w.Image[0] && 0 <= x && x < w.Image[1] {
				at = n*w.Next + (c*w.Image[0]+y)*w.Image[1] + x
			}
			pixel = append(pixel, at)
		}
	}
	return pixel, rows, cols
}

// randomWindow returns a window, which may have more or fewer places than fit, and be
// in the padding alone.
func randomWindow(rng *rand.Rand) *ConvWindow {
	upTo := func(n int) [2]int { return [2]int{1 + rng.IntN(n), 1 + rng.IntN(n)} }
	w := &ConvWindow{Image: upTo(9), Kernel: upTo(4), Places: upTo(9), Stride: upTo(3), Dilation: upTo(3), Channels: 1 + rng.IntN(3)}
	w.Padding = [2]int{rng.IntN(5), rng.IntN(5)}
	w.Next = (w.Channels + rng.IntN(2)) * w.Image[0] * w.Image[1]
	return w
}

// TestColumns compares everything that reads or writes the matrix of columns with its
// definition, for random windows and ranges of columns.
func TestColumns(t *testing.T) {
	t.Run("float64", testColumns[float64])
	t.Run("float32", testColumns[float32])
}

func testColumns[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 3000 {
		checkColumns(t, rng, randomWindow(rng), 1+rng.IntN(3), func(n int) []T { return values[T](rng, n) })
	}
}

func checkColumns[T Float](t *testing.T, rng *rand.Rand, w *ConvWindow, images int, numbers func(n int) []T) {
	t.Helper()
	pixel, rows, cols := columnsNaive(w, images)
	x := numbers(images * w.Next)
	from := rng.IntN(cols)
	to := from + 1 + rng.IntN(cols-from)
	matrix := make([]T, 0, rows*(to-from))
	for r := range rows {
		for _, at := range pixel[r*cols:][from:to] {
			matrix = append(matrix, elementOr0(x, at))
		}
	}
	got, intact := framed[T](len(matrix))
	Im2col(got, x, w, from, to)
	intact(t)
	requireBits(t, matrix, got, "matrix of %+v", *w)

	sum, intact := framedCopy(x)
	want := slices.Clone(x)
	for r := range rows {
		for q := from; q < to; q++ {
			if at := pixel[r*cols+q]; at >= 0 {
				want[at] += matrix[r*(to-from)+q-from]
			}
		}
	}
	Col2im(sum, matrix, w, from, to)
	intact(t)
	requireBits(t, want, sum, "sums of %+v", *w)
}

// TestConvPlanes compares the products that make no matrix with those that do, for one
// channel, added in the same order.
func TestConvPlanes(t *testing.T) {
	t.Run("float64", testConvPlanes[float64])
	t.Run("float32", testConvPlanes[float32])
}

func testConvPlanes[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 34))
	for tested := 0; tested < 2000; {
		if win := randomPlane(rng); placesFit(win) {
			checkConvPlanes(t, win, func(n int) []T { return values[T](rng, n) })
			tested++
		}
	}
}

// randomPlane returns a window on one channel.
func randomPlane(rng *rand.Rand) *ConvWindow {
	w := randomWindow(rng)
	w.Channels, w.Next = 1, w.Image[0]*w.Image[1]
	return w
}

func checkConvPlanes[T Float](t *testing.T, win *ConvWindow, numbers func(n int) []T) {
	t.Helper()
	pixel, rows, cols := columnsNaive(win, 1)
	x, w, y := numbers(win.Next), numbers(rows), numbers(cols)
	p := NewConvPlanes(win, make([]int, rows))
	planes, intact := framedCopy(make([]T, p.Size))
	gotX, intactX := framed[T](len(x))
	gotW, intactW := framedCopy(w)
	gotY, intactY := framedCopy(y)
	PadPlanes(planes, x, &p)
	ConvPlane(gotY, w, planes, &p)
	ConvPlaneWeight(gotW, y, planes, &p)
	ConvPlaneInput(planes, w, y, &p)
	CropPlanes(gotX, planes, &p)
	for _, intact := range []func(*testing.T){intact, intactX, intactW, intactY} {
		intact(t)
	}
	wantX, wantW, wantY := slices.Clone(x), slices.Clone(w), slices.Clone(y)
	for i, at := range pixel {
		r, q, v := i/cols, i%cols, elementOr0(x, at)
		wantY[q] += T(w[r] * v)
		wantW[r] += T(y[q] * v)
	}
	for row := 0; row < cols; row += win.Places[1] {
		for r := range rows {
			for q := row; q < row+win.Places[1]; q++ {
				if at := pixel[r*cols+q]; at >= 0 {
					wantX[at] += T(w[r] * y[q])
				}
			}
		}
	}
	requireBits(t, wantY, gotY, "y of %+v", *win)
	requireBits(t, wantW, gotW, "w of %+v", *win)
	requireBits(t, wantX, gotX, "x of %+v", *win)
}

// FuzzConv compares the convolutions by way of columns and planes, and those of pixels, with
// their definitions, for any window.
func FuzzConv(f *testing.F) {
	addKinds(func(kinds []byte) {
		f.Add(uint64(len(kinds)), uint8(2), uint8(11), uint8(9), uint8(20), kinds)
		f.Add(uint64(len(kinds)), uint8(14), uint8(3), uint8(5), uint8(39), kinds)
	})
	f.Fuzz(func(t *testing.T, seed uint64, channels, height, width, out uint8, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzConv[float64](t, seed, int(channels), int(height), int(width), int(out), kinds)
			fuzzConv[float32](t, seed, int(channels), int(height), int(width), int(out), kinds)
		})
	})
}

func fuzzConv[T Float](t *testing.T, seed uint64, channels, height, width, out int, kinds []byte) {
	rng, numbers := rand.New(rand.NewPCG(seed, 2)), mixed[T](seed, kinds)
	win := randomWindow(rng)
	win.Channels, win.Image = 1+channels%20, [2]int{1 + height%12, 1 + width%30}
	win.Next = (win.Channels + rng.IntN(2)) * win.Image[0] * win.Image[1]
	checkColumns(t, rng, win, 1+rng.IntN(3), numbers)
	win.Next = win.Channels * win.Image[0] * win.Image[1]
	checkConvPixels(t, rng, win, 1+out%40, numbers)
	if win.Channels, win.Next = 1, win.Image[0]*win.Image[1]; placesFit(win) {
		checkConvPlanes(t, win, numbers)
	}
}

// placesFit reports that all places of w are in the padded image.
func placesFit(w *ConvWindow) bool {
	for a := range w.Image {
		if (w.Places[a]-1)*w.Stride[a]+(w.Kernel[a]-1)*w.Dilation[a] >= w.Image[a]+2*w.Padding[a] {
			return false
		}
	}
	return true
}

func elementOr0[T Float](x []T, i int) T {
	if i < 0 {
		return 0
	}
	return x[i]
}

// wholeNumbers returns n whole numbers from −4 to 4.
func wholeNumbers[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.IntN(9) - 4)
	}
	return x
}

// The zeros around an image are factors: with an infinite one they make NaN.
func TestConvPlanesOfInf(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	win := &ConvWindow{Image: [2]int{1, 3}, Kernel: [2]int{1, 3}, Places: [2]int{1, 3},
		Stride: [2]int{1, 1}, Padding: [2]int{0, 1}, Dilation: [2]int{1, 1}, Channels: 1, Next: 3}
	p := NewConvPlanes(win, make([]int, 3))
	planes, x, w := make([]float64, p.Size), []float64{1, 2, 3}, []float64{inf, 1, 1}
	PadPlanes(planes, x, &p)
	y, dw, dx := make([]float64, 3), make([]float64, 3), make([]float64, 3)
	ConvPlane(y, w, planes, &p)
	requireSame(t, []float64{nan, inf, inf}, y)
	ConvPlaneWeight(dw, []float64{inf, 1, 1}, planes, &p)
	requireSame(t, []float64{nan, inf, inf}, dw)
	clear(planes)
	ConvPlaneInput(planes, w, []float64{1, 1, 1}, &p)
	CropPlanes(dx, planes, &p)
	requireSame(t, []float64{inf, inf, 2}, dx)
}

func TestConvDoesNotAllocate(t *testing.T) {
	win := &ConvWindow{Image: [2]int{9, 9}, Kernel: [2]int{3, 3}, Places: [2]int{9, 9},
		Stride: [2]int{1, 1}, Padding: [2]int{1, 1}, Dilation: [2]int{1, 1}, Channels: 2, Next: 162}
	x, cols, w, y := make([]float64, 324), make([]float64, 18*162), make([]float64, 18), make([]float64, 81)
	requireNoAllocs(t, "Im2col", func() { Im2col(cols, x, win, 0, 162) })
	requireNoAllocs(t, "Col2im", func() { Col2im(x, cols, win, 0, 162) })
	offsets := make([]int, 9)
	requireNoAllocs(t, "ConvPlanes", func() {
		p := NewConvPlanes(win, offsets)
		PadPlanes(cols, x, &p)
		ConvPlane(y, w, cols, &p)
		ConvPlaneWeight(w, y, cols, &p)
		ConvPlaneInput(cols, w, y, &p)
		CropPlanes(x, cols, &p)
	})
}
