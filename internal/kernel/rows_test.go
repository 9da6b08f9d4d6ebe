package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRepeat(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 1, 2}, {5, 10, 1}, {2, 31, 1}, {2, 32, 1}, {4, 100, 1}, {3, 7, 5}, {0, 3, 2}} {
		outer, n, inner := s[0], s[1], s[2]
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, dst := make([]float32, outer*inner), make([]float32, outer*n*inner+1)
			for i := range x {
				x[i] = float32(i + 1)
			}
			dst[outer*n*inner] = -1
			Repeat(dst, x, outer, n, inner)
			for o := range outer {
				for j := range n {
					for i := range inner {
						require.Equal(t, x[o*inner+i], dst[(o*n+j)*inner+i])
					}
				}
			}
			require.Equal(t, float32(-1), dst[outer*n*inner], "nothing behind the end")
		})
	}
}

// The parts of a sum of columns, added as ColumnParts says, are SumAxis to the bit.
func TestColumnParts(t *testing.T) {
	const inner = 5
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, 127, 128, 129, 200, 257, 300, 1000, 4096, 5001} {
		x := make([]float32, n*inner)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		want := make([]float32, inner)
		SumAxis(want, x, 1, n, inner)
		starts, joins := ColumnParts(n)
		parts := make([][]float32, len(starts)-1)
		for i := range parts {
			parts[i] = make([]float32, inner)
			AddColumns(parts[i], x[starts[i]*inner:], starts[i+1]-starts[i])
		}
		for _, j := range joins {
			Add(parts[j[0]], parts[j[0]], parts[j[1]])
		}
		require.Equal(t, want, parts[0], "%d rows", n)
	}
}

// Sums with scatters are those of the rows that Scatter writes, to the bit.
func TestAddScatter(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testAddScatter[float64])
		t.Run("float32", testAddScatter[float32])
	})
}

func testAddScatter[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range [][2]int{{0, 4}, {1, 1}, {5, 3}, {63, 10}, {64, 2}, {65, 33}, {200, 7}} {
		rows, cols := s[0], s[1]
		for _, negative := range []bool{false, true} {
			checkAddScatter(t, values[T](rng, rows*cols), values[T](rng, rows), values[T](rng, rows), placesBelow[T](rng, rows, cols), negative, cols)
		}
	}
}

func checkAddScatter[T Float](t *testing.T, x, factor, src, index []T, negative bool, cols int) {
	t.Helper()
	rows := len(index)
	sums, intactSums := framed[T](rows)
	dst, intact := framed[T](len(x))
	over, intactOver := framedCopy(x)
	SumScatter(sums, index, src, negative, cols)
	AddScatter(dst, x, nil, index, src, negative, cols)
	AddScatter(over, over, factor, index, src, negative, cols)
	intactSums(t)
	intact(t)
	intactOver(t)
	scattered, sum, product, wantSums := make([]T, len(x)), make([]T, len(x)), make([]T, len(x)), make([]T, rows)
	plainly(func() {
		Scatter(scattered, index, src, rows, 1, cols, 1)
		if negative {
			Neg(scattered, scattered)
		}
		SumAxis(wantSums, scattered, rows, cols, 1)
		Add(sum, x, scattered)
		Repeat(product, factor, rows, cols, 1)
		Mul(product, x, product)
		Add(product, product, scattered)
	})
	requireBits(t, wantSums, sums, "SumScatter, %d rows of %d", rows, cols)
	requireBits(t, sum, dst, "AddScatter, %d rows of %d", rows, cols)
	requireBits(t, product, over, "AddScatter with factors, over its argument, %d rows of %d", rows, cols)
}
