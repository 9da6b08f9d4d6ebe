package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPool(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testPool[float64])
		t.Run("float32", testPool[float32])
	})
}

func testPool[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for range 300 {
		checkPool(t, rng, func(n int) []T { return ties[T](rng, n) })
	}
}

// ties returns whole numbers, and special ones among them.
func ties[T Float](rng *rand.Rand, n int) []T {
	special := []T{T(math.Inf(1)), T(math.Inf(-1)), T(math.NaN()), T(-math.NaN()), 0, T(math.Copysign(0, -1)), T(math.SmallestNonzeroFloat32)}
	x := wholeNumbers[T](rng, n)
	for i := range x {
		if rng.IntN(3) == 0 {
			x[i] = special[rng.IntN(len(special))]
		}
	}
	return x
}

// windowsOf returns windows on n elements: pairs, or any, which may overlap and leave some out.
func windowsOf(rng *rand.Rand, n int) (windows []PoolWindow) {
	if rng.IntN(3) == 0 && n > 1 {
		return windowPairs(n / 2)
	}
	for range 1 + rng.IntN(4) {
		from := rng.IntN(n)
		windows = append(windows, PoolWindow{from, from + 1 + rng.IntN(n-from), 1 + rng.IntN(3), 1 + rng.IntN(9)})
	}
	return windows
}

// windowPairs returns n windows of two elements that follow each other.
func windowPairs(n int) (windows []PoolWindow) {
	for i := range n {
		windows = append(windows, PoolWindow{2 * i, 2*i + 2, 1, 2})
	}
	return windows
}

// checkPool compares with the definitions, element by element and bit for bit.
func checkPool[T Float](t *testing.T, rng *rand.Rand, numbers func(n int) []T) {
	t.Helper()
	planes, height, width := 1+rng.IntN(3), 1+rng.IntN(9), 1+rng.IntN(40)
	rows, cols, relu := windowsOf(rng, height), windowsOf(rng, width), rng.IntN(2) == 0
	x, dy := numbers(planes*height*width), numbers(planes*len(rows)*len(cols))
	v := x
	if rng.IntN(2) == 0 {
		v = numbers(len(x))
	}
	most, intactMost := framed[T](len(dy))
	mean, intactMean := framed[T](len(dy))
	back, intactBack := framed[T](len(x))
	spread, intactSpread := framed[T](len(x))
	MaxPool(most, x, v, rows, cols, height, width)
	MaxUnpool(back, x, dy, relu, rows, cols, height, width)
	AvgPool(mean, x, rows, cols, height, width)
	AvgUnpool(spread, dy, rows, cols, height, width)
	for _, intact := range []func(*testing.T){intactMost, intactMean, intactBack, intactSpread} {
		intact(t)
	}
	wantMost, wantMean := make([]T, len(dy)), make([]T, len(dy))
	wantBack, wantSpread := make([]T, len(x)), make([]T, len(x))
	o := 0
	for p := range planes {
		for _, r := range rows {
			for _, c := range cols {
				at, count := -1, T(r.Count*c.Count)
				for i := r.From; i < r.To; i += r.Step {
					for j := c.From; j < c.To; j += c.Step {
						if k := (p*height+i)*width + j; at < 0 || x[k] > x[at] || x[k] != x[k] {
							at = k
						}
					}
				}
				wantMost[o] = v[at]
				if wantBack[at] += dy[o]; relu && x[at] <= 0 {
					wantBack[at] = 0
				}
				for i := r.From; i < r.To; i++ {
					var sum T
					for j := c.From; j < c.To; j++ {
						sum += x[(p*height+i)*width+j]
						wantSpread[(p*height+i)*width+j] += dy[o] / count
					}
					wantMean[o] += sum
				}
				wantMean[o] /= count
				o++
			}
		}
	}
	what := fmt.Sprintf("%d×%d, rows %v, columns %v, relu %v", height, width, rows, cols, relu)
	requireBits(t, wantMost, most, "MaxPool of %s", what)
	requireBits(t, wantBack, back, "MaxUnpool of %s", what)
	requireBits(t, wantMean, mean, "AvgPool of %s", what)
	requireBits(t, wantSpread, spread, "AvgUnpool of %s", what)
}

// FuzzPool compares pools of planes and of pixels with their definitions.
func FuzzPool(f *testing.F) {
	addKinds(func(kinds []byte) {
		for seed := range uint64(4) {
			f.Add(seed, uint8(1+5*seed), uint8(seed), uint8(9*seed), kinds)
		}
	})
	f.Fuzz(func(t *testing.T, seed uint64, channels, height, width uint8, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzPool[float64](t, seed, int(channels), int(height), int(width), kinds)
			fuzzPool[float32](t, seed, int(channels), int(height), int(width), kinds)
		})
	})
}

func fuzzPool[T Float](t *testing.T, seed uint64, channels, height, width int, kinds []byte) {
	numbers, relu := mixed[T](seed, kinds), seed%2 > 0
	checkPool(t, rand.New(rand.NewPCG(seed, 2)), numbers)
	checkPoolPairs(t, numbers, 2+height%10, 2+width%60, relu)
	checkPoolPixels(t, numbers, 2+height%10, 2+width%20, 1+channels%60, relu)
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
	some := func(n int) []T { return ties[T](rng, n) }
	for cols := 1; cols < 40; cols++ {
		for odd := range 4 {
			checkPoolPairs(t, some, 2+2*rng.IntN(5)+odd%2, 2*cols+odd/2, rng.IntN(2) == 0)
		}
	}
}

func checkPoolPairs[T Float](t *testing.T, numbers func(n int) []T, height, width int, relu bool) {
	t.Helper()
	const planes = 2
	rows, cols := windowPairs(height/2), windowPairs(width/2)
	x, dy := numbers(planes*height*width), numbers(planes*len(rows)*len(cols))
	got, intact := framed[T](len(dy))
	back, intactBack := framed[T](len(x))
	MaxPool(got, x, x, rows, cols, height, width)
	MaxUnpool(back, x, dy, relu, rows, cols, height, width)
	intact(t)
	intactBack(t)
	want, wantBack := make([]T, len(dy)), make([]T, len(x))
	o := 0
	for p := range planes {
		for _, r := range rows {
			for _, c := range cols {
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
	requireBits(t, want, got, "%d×%d", height, width)
	requireBits(t, wantBack, back, "back of %d×%d, relu %v", height, width, relu)
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
	some := func(n int) []T { return ties[T](rng, n) }
	for channels := 1; channels < 40; channels++ {
		for kind := range 8 {
			checkPoolPixels(t, some, 2+2*rng.IntN(3)+kind%2, 2+2*rng.IntN(4)+kind/2%2, channels, kind >= 4)
		}
	}
}

func checkPoolPixels[T Float](t *testing.T, numbers func(n int) []T, height, width, channels int, relu bool) {
	t.Helper()
	rows, cols := height/2, width/2
	x, dy := numbers(height*width*channels), numbers(rows*cols*channels)
	got, intact := framed[T](len(dy))
	back, intactBack := framed[T](len(x))
	MaxPoolPixels(got, x, rows, cols, width, channels)
	MaxUnpoolPixels(back, x, dy, relu, rows, cols, height, width, channels)
	intact(t)
	intactBack(t)
	places, intactPlaces := framed[T](len(dy))
	byPlaces, intactByPlaces := framed[T](len(x))
	MaxPlacesPixels(places, x, relu, rows, cols, width, channels)
	UnpoolPixels(byPlaces, places, dy, rows, cols, height, width, channels)
	intactPlaces(t)
	intactByPlaces(t)
	planes := func(x []T) []T { // of (pixels, channels)
		y := make([]T, len(x))
		pack(y, len(x)/channels, x, channels, len(x)/channels, channels)
		return y
	}
	pooled, unpooled, inPlanes := make([]T, len(dy)), make([]T, len(x)), planes(x)
	plainly(func() {
		MaxPool(pooled, inPlanes, inPlanes, windowPairs(rows), windowPairs(cols), height, width)
		MaxUnpool(unpooled, inPlanes, planes(dy), relu, windowPairs(rows), windowPairs(cols), height, width)
	})
	requireBits(t, pooled, planes(got), "%d×%d, %d channels", height, width, channels)
	requireBits(t, unpooled, planes(back), "back of %d×%d, %d channels, relu %v", height, width, channels, relu)
	requireBits(t, unpooled, planes(byPlaces), "back by places of %d×%d, %d channels, relu %v", height, width, channels, relu)
	plainly(func() {
		want := make([]T, len(places))
		MaxPlacesPixels(want, x, relu, rows, cols, width, channels)
		requireBits(t, want, places, "places of %d×%d, %d channels, relu %v", height, width, channels, relu)
	})
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
		MaxPlacesPixels(y, wide, true, 1, 1, 3, 3)
		UnpoolPixels(wide, y, y, 1, 1, 3, 3, 3)
		AvgPool(y, x, w, w, 3, 3)
		AvgUnpool(x, y, w, w, 3, 3)
		Resample(y, x, taps, 1, 3, 2)
		ResampleBack(x, y, taps, 1, 3, 2)
		CTCAlpha(x, steps, label, 3, 1, 3)
		BandScan(x, wide, steps, 3, 1, 3)
		BandScanBack(x, wide, steps, 3, 1, 3)
	})
}
