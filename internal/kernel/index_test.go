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
		got, sums := randoms[T](rng, outer*m*inner), randoms[T](rng, outer*n*inner)
		src := randoms[T](rng, outer*m*inner)
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
		Gather(got, x, at, outer, m, n, inner, 9)
		Scatter(sums, at, src, outer, m, n, inner)
		requireSame(t, want, got)
		requireSame(t, wantSums, sums)
		requireNoAllocs(t, "Gather", func() { Gather(got, x, at, outer, m, n, inner, 9) })
		requireNoAllocs(t, "Scatter", func() { Scatter(sums, at, src, outer, m, n, inner) })
	}
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
		var all []T
		for range outer {
			for _, v := range at {
				all = append(all, slices.Repeat([]T{v}, inner)...)
			}
		}
		got, want := randoms[T](rng, outer*m*inner), make([]T, outer*m*inner)
		Take(got, x, at, outer, m, n, inner, 9)
		Gather(want, x, all, outer, m, n, inner, 9)
		requireSame(t, want, got)
		sums, wantSums := randoms[T](rng, len(x)), make([]T, len(x))
		AddRows(sums, at, src, outer, m, n, inner)
		Scatter(wantSums, all, src, outer, m, n, inner)
		requireSame(t, wantSums, sums)
		requireNoAllocs(t, "Take", func() { Take(got, x, at, outer, m, n, inner, 9) })
		requireNoAllocs(t, "AddRows", func() { AddRows(sums, at, src, outer, m, n, inner) })
	}
}
