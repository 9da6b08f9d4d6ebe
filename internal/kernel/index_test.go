package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlace(t *testing.T) {
	t.Run("float64", testPlace[float64])
	t.Run("float32", testPlace[float32])
	require.Equal(t, -1, place(float32(1<<24), 1<<24), "the length is no place")
	require.Equal(t, 1<<24-1, place(float32(1<<24-1), 1<<24))
	require.Equal(t, -1, place(float32(1<<25), 1<<25-1), "which float32 rounds up")
}

func testPlace[T Float](t *testing.T) {
	for _, v := range append([]float64{1e30, -1e30, 1 << 31, 1 << 32, 1 << 63, -1 << 63, 4, 1.5, -1, math.Nextafter(4, 0)}, specials...) {
		want := -1
		for i := range 4 {
			if T(i) == T(v) {
				want = i
			}
		}
		require.Equal(t, want, place(T(v), 4), v)
	}
}

// placesBelow returns whole numbers below n, and some that are no place.
func placesBelow[T Float](rng *rand.Rand, size, n int) []T {
	at := make([]T, size)
	for i := range at {
		at[i] = T(rng.IntN(n))
		if rng.IntN(6) == 0 {
			at[i] = []T{-1, T(n), 0.5, T(math.NaN()), T(math.Inf(1))}[rng.IntN(5)]
		}
	}
	return at
}

var indexLayouts = [][4]int{ // outer, m, n, inner
	{1, 1, 1, 1}, {1, 5, 3, 1}, {3, 2, 7, 1}, {2, 9, 4, 3}, {1, 6, 2, 5}, {4, 1, 3, 2}, {2, 3, 1, 65}, {0, 3, 2, 2}, {2, 0, 3, 1}, {3, 0, 2, 2},
}

func TestGatherScatter(t *testing.T) {
	t.Run("float64", testGatherScatter[float64])
	t.Run("float32", testGatherScatter[float32])
}

func testGatherScatter[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 19))
	for _, l := range indexLayouts {
		outer, m, n, inner := l[0], l[1], l[2], l[3]
		x, at := randoms[T](rng, outer*n*inner), placesBelow[T](rng, outer*m*inner, n)
		src := randoms[T](rng, outer*m*inner)
		checkGatherScatter(t, x, at, src, l)
		got, sums := make([]T, len(src)), make([]T, len(x))
		requireNoAllocs(t, "Gather", func() { Gather(got, x, at, outer, m, n, inner, 9) })
		requireNoAllocs(t, "Scatter", func() { Scatter(sums, at, src, outer, m, n, inner) })
	}
}

func checkGatherScatter[T Float](t *testing.T, x, at, src []T, l [4]int) {
	t.Helper()
	outer, m, n, inner := l[0], l[1], l[2], l[3]
	got, intact := framed[T](len(src))
	sums, intactSums := framed[T](len(x))
	Gather(got, x, at, outer, m, n, inner, 9)
	Scatter(sums, at, src, outer, m, n, inner)
	intact(t)
	intactSums(t)
	want, wantSums := make([]T, len(got)), make([]T, len(sums))
	for i := range want {
		want[i] = 9
		o, col := i/(m*inner), i%inner
		for k := range n {
			if at[i] == T(k) {
				want[i] = x[(o*n+k)*inner+col]
				wantSums[(o*n+k)*inner+col] += src[i]
			}
		}
	}
	requireBits(t, want, got, "Gather of %v", l)
	requireBits(t, wantSums, sums, "Scatter of %v", l)
}

// Take and AddRows are Gather and Scatter with an index that is the same for all of
// a row.
func TestTakeAddRows(t *testing.T) {
	t.Run("float64", testTakeAddRows[float64])
	t.Run("float32", testTakeAddRows[float32])
}

func testTakeAddRows[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 21))
	for _, l := range indexLayouts {
		outer, m, n, inner := l[0], l[1], l[2], l[3]
		x, at, src := randoms[T](rng, outer*n*inner), placesBelow[T](rng, m, n), randoms[T](rng, outer*m*inner)
		checkTakeAddRows(t, x, at, src, l)
		got, sums := make([]T, len(src)), make([]T, len(x))
		requireNoAllocs(t, "Take", func() { Take(got, x, at, outer, m, n, inner, 9) })
		requireNoAllocs(t, "AddRows", func() { AddRows(sums, at, src, outer, m, n, inner) })
	}
}

func checkTakeAddRows[T Float](t *testing.T, x, at, src []T, l [4]int) {
	t.Helper()
	outer, m, n, inner := l[0], l[1], l[2], l[3]
	got, intact := framed[T](len(src))
	sums, intactSums := framed[T](len(x))
	Take(got, x, at, outer, m, n, inner, 9)
	AddRows(sums, at, src, outer, m, n, inner)
	intact(t)
	intactSums(t)
	var all []T
	for range outer {
		for _, v := range at {
			all = append(all, slices.Repeat([]T{v}, inner)...)
		}
	}
	want, wantSums := make([]T, len(src)), make([]T, len(x))
	plainly(func() {
		Gather(want, x, all, outer, m, n, inner, 9)
		Scatter(wantSums, all, src, outer, m, n, inner)
	})
	requireBits(t, want, got, "Take of %v", l)
	requireBits(t, wantSums, sums, "AddRows of %v", l)
}

// FuzzScatter compares all that takes elements from places and adds them there with its definition.
func FuzzScatter(f *testing.F) {
	addKinds(func(kinds []byte) {
		f.Add(uint64(1), uint8(2), uint8(9), uint8(4), uint8(3), kinds)
		f.Add(uint64(2), uint8(5), uint8(3), uint8(33), uint8(1), kinds)
	})
	f.Fuzz(func(t *testing.T, seed uint64, outer, m, n, inner uint8, kinds []byte) {
		l := [4]int{int(outer) % 20, int(m) % 20, 1 + int(n)%40, int(inner) % 40}
		forEachISA(t, func(t *testing.T) {
			fuzzScatter[float64](t, seed, l, kinds)
			fuzzScatter[float32](t, seed, l, kinds)
		})
	})
}

func fuzzScatter[T Float](t *testing.T, seed uint64, l [4]int, kinds []byte) {
	rng, numbers := rand.New(rand.NewPCG(seed, 2)), mixed[T](seed, kinds)
	outer, m, n, inner := l[0], l[1], l[2], l[3]
	x, src := numbers(outer*n*inner), numbers(outer*m*inner)
	checkGatherScatter(t, x, placesBelow[T](rng, len(src), n), src, l)
	checkTakeAddRows(t, x, placesBelow[T](rng, m, n), src, l)
	rows := outer * m
	checkAddScatter(t, numbers(rows*n), numbers(rows), numbers(rows), placesBelow[T](rng, rows, n), seed%2 > 0, n)
}
