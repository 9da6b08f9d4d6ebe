package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSums compares with the loops of the definition, bit for bit: one chain of fused
// multiply-adds with vector instructions, then the bias and relu. All numbers of rows and columns, parts that
// start anywhere, and nothing else written.
func TestSums(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testSums[float64])
		t.Run("float32", testSums[float32])
	})
}

func testSums[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	kinds := []func(*rand.Rand, int) []T{randoms[T], values[T], denormals[T]}
	for rows := 1; rows <= 15; rows++ {
		for cols := 1; cols <= sumCols[T](); cols++ {
			s := &sums{rows: rows, cols: cols, k: 1 + rng.IntN(6), steps: 1 + rng.IntN(4)}
			s.colA = 1 + rng.IntN(3)
			s.rowA, s.nextA = rng.IntN(9), rng.IntN(20)
			s.rowB, s.nextB, s.rowC = cols+rng.IntN(3), rng.IntN(50), cols+rng.IntN(3)
			random := kinds[rng.IntN(len(kinds))]
			a := random(rng, (rows-1)*s.rowA+(s.k-1)*s.colA+(s.steps-1)*s.nextA+1)
			b := random(rng, (s.k-1)*s.rowB+(s.steps-1)*s.nextB+cols)
			shift := rng.IntN(9)
			c := random(rng, (rows-1)*s.rowC+cols+2*shift)
			for kind := range 6 {
				more, relu, bias := kind%2 > 0, kind >= 4, []T(nil)
				if kind >= 2 {
					bias = random(rng, cols)
				}
				want := slices.Clone(c)
				sumNaive(want[shift:], a, b, s, more)
				for i := 0; i < rows && bias != nil; i++ {
					addBias(want[shift+i*s.rowC:][:cols], bias, relu)
				}
				sumOf(c[shift:len(c)-shift], a, b, s, more, bias, relu)
				requireBits(t, want, c, "%+v, more: %v, bias: %v, relu: %v", *s, more, bias, relu)
			}
		}
	}
}

// sumNaive is the definition of sumOf.
func sumNaive[T Float](c, a, b []T, s *sums, more bool) {
	for i := range s.rows {
		for j := range s.cols {
			var sum T
			if more {
				sum = c[i*s.rowC+j]
			}
			for u := range s.steps {
				for p := range s.k {
					sum = plus(sum, a[i*s.rowA+p*s.colA+u*s.nextA], b[p*s.rowB+u*s.nextB+j])
				}
			}
			c[i*s.rowC+j] = sum
		}
	}
}

// plus is sum + x y as sumOf rounds it.
func plus[T Float](sum, x, y T) T {
	if isa == plain {
		return sum + T(x*y)
	}
	return fma(x, y, sum)
}

// TestTranspose compares all sizes with the definition; nothing else is written.
func TestTranspose(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testTranspose[float64])
		t.Run("float32", testTranspose[float32])
	})
}

func testTranspose[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(59, 60))
	for rows := 1; rows <= 35; rows++ {
		for cols := 1; cols <= 35; cols++ {
			lds, ldd, shift := cols+rng.IntN(3), rows+rng.IntN(3), rng.IntN(9)
			src := values[T](rng, (rows-1)*lds+cols)
			got := randoms[T](rng, (cols-1)*ldd+rows+2*shift)
			want := slices.Clone(got)
			for i := range rows {
				for j := range cols {
					want[shift+j*ldd+i] = src[i*lds+j]
				}
			}
			transpose(got[shift:len(got)-shift], ldd, src, lds, rows, cols)
			requireBits(t, want, got, "%d×%d", rows, cols)
		}
	}
}

// TestConvPixels compares with the matrix of columns, bit for bit: random windows, which may
// have more or fewer places than fit, in random bands.
func TestConvPixels(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testConvPixels[float64])
		t.Run("float32", testConvPixels[float32])
	})
}

func testConvPixels[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	kinds := []func(*rand.Rand, int) []T{randoms[T], values[T], denormals[T]}
	for k := range 1000 {
		win, out := randomWindow(rng), 1+rng.IntN(40)
		if rng.IntN(4) == 0 {
			win.Channels = 8 + rng.IntN(12)
		}
		win.Image[1] += rng.IntN(3) * 8
		win.Next = win.Channels * win.Image[0] * win.Image[1]
		checkConvPixels(t, rng, win, out, func(n int) []T { return kinds[k%3](rng, n) })
	}
}

// pixelsNaive is the definition of a convolution of pixels, in planes, and of the gradient of its
// weights: sums over the taps, and the channels of each, and sums over the places.
func pixelsNaive[T Float](x, w, y []T, win *ConvWindow, out int) (wantY, wantW []T) {
	pixel, rows, cols := columnsNaive(win, 1)
	wantY, wantW = make([]T, cols*out), make([]T, rows*out)
	taps := rows / win.Channels
	for i := range rows {
		r := i%win.Channels*taps + i/win.Channels // the row of tap i/Channels
		for q, at := range pixel[r*cols:][:cols] {
			v := elementOr0(x, at)
			for o := range out {
				wantY[o*cols+q] = plus(wantY[o*cols+q], w[o*rows+r], v)
				wantW[o*rows+r] = plus(wantW[o*rows+r], y[o*cols+q], v)
			}
		}
	}
	return wantY, wantW
}

func checkConvPixels[T Float](t *testing.T, rng *rand.Rand, win *ConvWindow, out int, numbers func(n int) []T) {
	t.Helper()
	rows, cols := win.Channels*win.Kernel[0]*win.Kernel[1], win.Places[0]*win.Places[1]
	x, w, y := numbers(win.Next), numbers(rows*out), numbers(cols*out)
	wantY, wantW := pixelsNaive(x, w, y, win, out)
	bias, relu := []T(nil), rng.IntN(2) == 0
	if rng.IntN(2) == 0 {
		bias = numbers(out)
		for o, b := range bias {
			AddBias(wantY[o*cols:][:cols], b, relu)
		}
	}
	p := NewConvPixels[T](*win, out)
	band := 1 + rng.IntN(win.Places[0])
	xs, intactX := framed[T](p.SizeX(band))
	ys, intactY := framed[T](p.SizeY(band))
	packed, intactW := framed[T](p.SizeW())
	gotY, intactPlanes := framed[T](len(y))
	gotW, intactUnpacked := framed[T](len(w))
	sum, intactSum := framed[T](len(w))
	finite := true
	for _, v := range w {
		finite = finite && v-v == 0
	}
	require.Equal(t, finite, PackWeights(packed, w, &p, false))
	from, pixels := rng.IntN(out), win.Image[0]*win.Image[1]
	for i := 0; i < win.Places[0]; i += band {
		n := min(band, win.Places[0]-i)
		Pixels(xs, x, true, &p, i, n)
		inPixels := make([]T, len(x))
		transpose(inPixels, win.Channels, x, pixels, win.Channels, pixels)
		again := make([]T, p.SizeX(n))
		Pixels(again, inPixels, false, &p, i, n)
		requireBits(t, xs[:len(again)], again, "pixels of %+v", *win)
		ConvRows(ys, xs, packed, bias, relu, &p, n)
		PlanesOf(gotY, ys, &p, i, n)
		for _, part := range [][2]int{{0, from}, {from, out}} {
			if size := part[1] - part[0]; size > 0 {
				PixelsOf(ys, y, &p, i, n, part[0], part[1])
				sums := sum[part[0]*rows:][:size*rows]
				before := slices.Clone(sums)
				ConvRowsWeight(sums, xs, ys, &p, size, size, n, i > 0)
				all := make([]T, p.SizeY(n))
				PixelsOf(all, y, &p, i, n, 0, out)
				ConvRowsWeight(before, xs, all[part[0]:], &p, size, out, n, i > 0)
				requireBits(t, sums, before, "weights of channels from %d of %+v to %d", part[0], *win, out)
			}
		}
	}
	if from > 0 {
		UnpackWeights(gotW, sum, &p, from)
	}
	UnpackWeights(gotW[from*rows:], sum[from*rows:], &p, out-from)
	for _, intact := range []func(*testing.T){intactX, intactY, intactW, intactPlanes, intactUnpacked, intactSum} {
		intact(t)
	}
	requireBits(t, wantY, gotY, "y of %+v to %d channels", *win, out)
	requireBits(t, wantW, gotW, "w of %+v to %d channels", *win, out)
}

// TestPackTurned: the transpose of a convolution is one with weights turned around.
func TestPackTurned(t *testing.T) {
	win := ConvWindow{Image: [2]int{2, 2}, Kernel: [2]int{2, 3}, Places: [2]int{3, 4}, Stride: [2]int{1, 1}, Padding: [2]int{1, 2}, Dilation: [2]int{1, 1}, Channels: 2, Next: 8}
	const out = 3
	rng := rand.New(rand.NewPCG(55, 56))
	w, x := wholeNumbers[float64](rng, 2*out*6), wholeNumbers[float64](rng, 8) // w is (channels of x, out, taps)
	p := NewConvPixels[float64](win, out)
	packed, xs, ys, got := make([]float64, p.SizeW()), make([]float64, p.SizeX(3)), make([]float64, p.SizeY(3)), make([]float64, 12*out)
	require.True(t, PackWeights(packed, w, &p, true))
	Pixels(xs, x, true, &p, 0, 3)
	ConvRows(ys, xs, packed, nil, false, &p, 3)
	PlanesOf(got, ys, &p, 0, 3)
	want := make([]float64, 12*out)
	for c := range 2 {
		for o := range out {
			for i := range 4 {
				for tap := range 6 {
					want[o*12+(i/2+tap/3)*4+i%2+tap%3] += w[(c*out+o)*6+tap] * x[c*4+i]
				}
			}
		}
	}
	require.Equal(t, want, got)
	for _, v := range []float64{1, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		w[7] = v
		require.Equal(t, v-v == 0, PackWeights(packed, w, &p, true), v)
	}
}
