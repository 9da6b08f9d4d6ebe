package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPool(t *testing.T) {
	t.Run("float64", testPool[float64])
	t.Run("float32", testPool[float32])
}

// testPool compares with the definitions, element by element, on whole numbers with
// ties, of which sums are exact.
func testPool[T Float](t *testing.T) {
	const planes, height, width = 3, 6, 9
	rng := rand.New(rand.NewPCG(21, 22))
	x, v := make([]T, planes*height*width), randoms[T](rng, planes*height*width)
	for i := range x {
		x[i] = T(rng.IntN(5))
		if rng.IntN(20) == 0 {
			x[i] = T(math.Inf(-1))
		}
	}
	rows := []PoolWindow{{0, 2, 1, 4}, {1, 6, 2, 2}, {5, 6, 1, 1}, {0, 6, 1, 8}}
	cols := []PoolWindow{{0, 3, 1, 2}, {2, 9, 3, 4}, {8, 9, 1, 1}}
	n := planes * len(rows) * len(cols)
	most, dy := make([]T, n), randoms[T](rng, n)
	MaxPool(most, x, v, rows, cols, height, width)
	back, wantBack := randoms[T](rng, len(x)), make([]T, len(x))
	MaxUnpool(back, x, dy, false, rows, cols, height, width)
	o := 0
	for p := range planes {
		for _, r := range rows {
			for _, c := range cols {
				at := -1
				for i := r.From; i < r.To; i += r.Step {
					for j := c.From; j < c.To; j += c.Step {
						if k := (p*height+i)*width + j; at < 0 || x[k] > x[at] {
							at = k
						}
					}
				}
				require.Equal(t, v[at], most[o])
				wantBack[at] += dy[o]
				o++
			}
		}
	}
	requireSame(t, wantBack, back)
	MaxUnpool(back, x, dy, true, rows, cols, height, width)
	for i, v := range x {
		if v <= 0 {
			wantBack[i] = 0
		}
	}
	requireSame(t, wantBack, back)
}

// TestPoolPairs compares the code for windows of 2×2 with that for all windows, bit for
// bit, for all widths, from any element on, and that nothing else is written.
func TestPoolPairs(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testPoolPairs[float64])
		t.Run("float32", testPoolPairs[float32])
	})
}

func testPoolPairs[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	windows := func(n int) []PoolWindow {
		w := make([]PoolWindow, n)
		for i := range w {
			w[i] = PoolWindow{2 * i, 2*i + 2, 1, 2}
		}
		return w
	}
	special := []T{T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN()), T(-math.NaN()), 0, T(math.Copysign(0, -1)), T(math.SmallestNonzeroFloat32)}
	some := func(n int) []T {
		x := wholeNumbers[T](rng, n)
		for i := range x {
			if rng.IntN(3) == 0 {
				x[i] = special[rng.IntN(len(special))]
			}
		}
		return x
	}
	const planes = 2
	for cols := 1; cols < 40; cols++ {
		for odd := range 4 {
			rows := 1 + rng.IntN(5)
			height, width, shift := 2*rows+odd%2, 2*cols+odd/2, rng.IntN(9)
			relu := rng.IntN(2) == 0
			x := some(planes*height*width + shift)[shift:]
			dy := some(planes*rows*cols + shift)[shift:]
			got, back := some(len(dy)+2*shift), some(len(x)+2*shift)
			beyond, beyondBack := slices.Clone(got), slices.Clone(back)
			MaxPool(got[shift:][:len(dy)], x, x, windows(rows), windows(cols), height, width)
			MaxUnpool(back[shift:][:len(x)], x, dy, relu, windows(rows), windows(cols), height, width)
			o := 0
			want, wantBack := beyond[shift:][:len(dy)], beyondBack[shift:][:len(x)]
			clear(wantBack)
			for p := range planes {
				for _, r := range windows(rows) {
					for _, c := range windows(cols) {
						at := p*height*width + largest(x[p*height*width:], width, r, c)
						want[o] = x[at]
						wantBack[at] += dy[o]
						if relu && x[at] <= 0 {
							wantBack[at] = 0
						}
						o++
					}
				}
			}
			requireBits(t, beyond, got, "%d×%d", height, width)
			requireBits(t, beyondBack, back, "back of %d×%d", height, width)
		}
	}
}

// TestPoolPixels compares pools of pixels with those of the same image in planes, bit for
// bit, for all numbers of channels, and that nothing else is written.
func TestPoolPixels(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testPoolPixels[float64])
		t.Run("float32", testPoolPixels[float32])
	})
}

func testPoolPixels[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 28))
	windows := func(n int) (w []PoolWindow) {
		for i := range n {
			w = append(w, PoolWindow{2 * i, 2*i + 2, 1, 2})
		}
		return w
	}
	special := []T{T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN()), T(-math.NaN()), 0, T(math.Copysign(0, -1)), T(math.SmallestNonzeroFloat32)}
	some := func(n int) []T {
		x := wholeNumbers[T](rng, n)
		for i := range x {
			if rng.IntN(3) == 0 {
				x[i] = special[rng.IntN(len(special))]
			}
		}
		return x
	}
	planes := func(x []T, channels int) []T { // of (pixels, channels)
		y := make([]T, len(x))
		pack(y, len(x)/channels, x, channels, len(x)/channels, channels)
		return y
	}
	for channels := 1; channels < 40; channels++ {
		for kind := range 8 {
			rows, cols, relu := 1+rng.IntN(3), 1+rng.IntN(4), kind >= 4
			height, width, shift := 2*rows+kind%2, 2*cols+kind/2%2, rng.IntN(9)
			x := some(height*width*channels + shift)[shift:]
			dy := some(rows*cols*channels + shift)[shift:]
			got, back := some(len(dy)+2*shift), some(len(x)+2*shift)
			want, wantBack := slices.Clone(got), slices.Clone(back)
			pooled, unpooled := make([]T, len(dy)), make([]T, len(x))
			inPlanes := planes(x, channels)
			MaxPool(pooled, inPlanes, inPlanes, windows(rows), windows(cols), height, width)
			MaxUnpool(unpooled, inPlanes, planes(dy, channels), relu, windows(rows), windows(cols), height, width)
			pack(want[shift:], channels, pooled, rows*cols, channels, rows*cols)
			pack(wantBack[shift:], channels, unpooled, height*width, channels, height*width)
			MaxPoolPixels(got[shift:][:len(dy)], x, rows, cols, width, channels)
			MaxUnpoolPixels(back[shift:][:len(x)], x, dy, relu, rows, cols, height, width, channels)
			requireBits(t, want, got, "%d×%d, %d channels", height, width, channels)
			requireBits(t, wantBack, back, "back of %d×%d, %d channels", height, width, channels)
		}
	}
}

func TestAvgPool(t *testing.T) {
	t.Run("float64", testAvgPool[float64])
	t.Run("float32", testAvgPool[float32])
}

func testAvgPool[T Float](t *testing.T) {
	const planes, height, width = 2, 5, 7
	rng := rand.New(rand.NewPCG(23, 24))
	rows := []PoolWindow{{0, 2, 1, 4}, {1, 5, 1, 4}, {4, 5, 1, 2}}
	cols := []PoolWindow{{0, 3, 1, 8}, {2, 7, 1, 1}, {6, 7, 1, 1}}
	whole := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(64 * (rng.IntN(9) - 4))
		}
		return x
	}
	x, dy := whole(planes*height*width), whole(planes*len(rows)*len(cols))
	got, back, wantBack := whole(len(dy)), whole(len(x)), make([]T, len(x))
	AvgPool(got, x, rows, cols, height, width)
	AvgUnpool(back, dy, rows, cols, height, width)
	o := 0
	for p := range planes {
		for _, r := range rows {
			for _, c := range cols {
				var sum T
				for i := r.From; i < r.To; i++ {
					for j := c.From; j < c.To; j++ {
						sum += x[(p*height+i)*width+j]
						wantBack[(p*height+i)*width+j] += dy[o] / T(r.Count*c.Count)
					}
				}
				require.Equal(t, sum/T(r.Count*c.Count), got[o])
				o++
			}
		}
	}
	requireSame(t, wantBack, back)
}

// Every NaN is larger than what was before it.
func TestMaxPoolNaN(t *testing.T) {
	x := []float64{1, nan, inf, nan, 7, inf, 2, -inf, -inf, -inf}
	v := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	got := make([]float64, 4)
	MaxPool(got, x, v, []PoolWindow{{0, 1, 1, 1}}, []PoolWindow{{0, 5, 1, 5}, {0, 3, 1, 3}, {4, 7, 1, 3}, {7, 10, 1, 3}}, 1, 10)
	require.Equal(t, []float64{3, 1, 5, 7}, got)
}

func TestResample(t *testing.T) {
	t.Run("float64", testResample[float64])
	t.Run("float32", testResample[float32])
}

func testResample[T Float](t *testing.T) {
	taps := []Tap[T]{{0, 1, 0}, {0, 0.25, 0.75}, {1, 0.5, 0.5}, {1, 0.125, 0.875}, {2, 1, 0}}
	const n = 3
	rng := rand.New(rand.NewPCG(25, 26))
	for _, s := range [][2]int{{1, 1}, {4, 1}, {1, 5}, {2, 3}} {
		outer, inner := s[0], s[1]
		x, dy := randoms[T](rng, outer*n*inner), randoms[T](rng, outer*len(taps)*inner)
		got, back := randoms[T](rng, len(dy)), randoms[T](rng, len(x))
		want, wantBack := make([]T, len(dy)), make([]T, len(x))
		Resample(got, x, taps, outer, n, inner)
		ResampleBack(back, dy, taps, outer, n, inner)
		for o := range outer {
			for k, tap := range taps {
				for i := range inner {
					y, lo := (o*len(taps)+k)*inner+i, (o*n+tap.At)*inner+i
					want[y] = tap.Lo * x[lo]
					wantBack[lo] += T(tap.Lo * dy[y])
					if tap.Hi != 0 {
						want[y] = T(tap.Lo*x[lo]) + T(tap.Hi*x[lo+inner])
						wantBack[lo+inner] += T(tap.Hi * dy[y])
					}
				}
			}
		}
		requireSame(t, want, got)
		requireSame(t, wantBack, back)
	}
}

func TestPoolNoAllocation(t *testing.T) {
	w := []PoolWindow{{0, 2, 1, 2}, {1, 3, 1, 2}}
	x, y := make([]float32, 9), make([]float32, 4)
	taps := []Tap[float32]{{0, 1, 0}, {1, 0.5, 0.5}}
	label, steps, wide := make([]float32, 3), make([]float32, 9), make([]float32, 27)
	requireNoAllocs(t, "pools", func() {
		MaxPool(y, x, x, w, w, 3, 3)
		MaxUnpool(x, x, y, true, w, w, 3, 3)
		MaxPoolPixels(y, wide, 1, 1, 3, 3)
		MaxUnpoolPixels(wide, wide, y, true, 1, 1, 3, 3, 3)
		AvgPool(y, x, w, w, 3, 3)
		AvgUnpool(x, y, w, w, 3, 3)
		Resample(y, x, taps, 1, 3, 2)
		ResampleBack(x, y, taps, 1, 3, 2)
		CTCAlpha(x, steps, label, 3, 1, 3)
		BandScan(x, wide, steps, 3, 1, 3)
		BandScanBack(x, wide, steps, 3, 1, 3)
	})
}
