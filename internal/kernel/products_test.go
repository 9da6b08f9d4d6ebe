package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

type productCase[T Float] struct {
	name    string
	columns bool
	run     func(dst, x, y, s []T, cols int)
	term    func(x, y, s T) T // rounded as the elementwise kernels do
}

// productRows has all sums of products.
func productRows[T Float]() [productSums]productCase[T] {
	return [productSums]productCase[T]{
		dotRows: {"DotRows", false, func(dst, x, y, _ []T, cols int) { DotRows(dst, x, y, cols) },
			func(x, y, _ T) T { return x * y }},
		addColumns: {"AddColumns", true, func(dst, x, _, s []T, _ int) { AddColumns(dst, x, len(s)) },
			func(x, _, _ T) T { return x }},
		addProductColumns: {"AddProductColumns", true, func(dst, x, y, s []T, _ int) { AddProductColumns(dst, x, y, len(s)) },
			func(x, y, _ T) T { return x * y }},
		addScaledColumns: {"AddScaledColumns", true, func(dst, x, y, s []T, _ int) { AddScaledColumns(dst, x, y, s) },
			func(x, y, s T) T { return T(x*s) * y }},
	}
}

// Sums of products are those of arrays of products, to the bit.
func TestProducts(t *testing.T) {
	for p, c := range productRows[float32]() {
		require.NotNil(t, c.run, "sum %d has no row in productRows", p)
	}
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testProducts[float64])
		t.Run("float32", testProducts[float32])
	})
}

func testProducts[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 82))
	shapes := [][2]int{{0, 5}, {5, 0}, {1, 1 << 17}, {3, 1<<16 + 7}, {1 << 16, 3}, {33, 1025}, {2, 3000}, {70, 1024}}
	for cols := range 140 {
		shapes = append(shapes, [2]int{rng.IntN(6), cols})
	}
	for _, numbers := range []func(*rand.Rand, int) []T{randoms[T], values[T]} { // values of any kind, too
		for _, c := range productRows[T]() {
			for _, size := range shapes {
				rows, cols := size[0], size[1]
				x, y, s := numbers(rng, rows*cols+1)[1:], numbers(rng, rows*cols), numbers(rng, rows)
				checkProduct(t, c, x, y, s, cols)
			}
		}
	}
}

func checkProduct[T Float](t *testing.T, c productCase[T], x, y, s []T, cols int) {
	t.Helper()
	rows := len(s)
	terms := make([]T, rows*cols)
	for i := range terms {
		terms[i] = c.term(x[i], y[i], s[i/cols])
	}
	var want, got []T
	if c.columns {
		want = randoms[T](rand.New(rand.NewPCG(1, 1)), cols)
		got = append(make([]T, 0, cols+1), want...)
		for r := range rows {
			Add(want, want, terms[r*cols:(r+1)*cols])
		}
	} else {
		want, got = make([]T, rows), make([]T, rows, rows+1)
		SumAxis(want, terms, rows, cols, 1)
	}
	behind := got[:len(got)+1]
	behind[len(got)] = 7
	c.run(got, x, y, s, cols)
	require.Equal(t, T(7), behind[len(got)], "nothing behind the end")
	for i, w := range want {
		if g := got[i]; bitsOf(w) != bitsOf(g) && (w == w || g == g) {
			require.Fail(t, "other bits", "%s of %dx%d: result %d is %v, want %v", c.name, rows, cols, i, g, w)
		}
	}
}

// FuzzProducts compares sums of products with those of arrays of products.
func FuzzProducts(f *testing.F) {
	f.Add(uint64(1), uint16(3), uint16(33))
	f.Fuzz(func(t *testing.T, seed uint64, rows, cols uint16) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r, n := int(rows)%9, int(cols)%3000
		for _, c := range productRows[float32]() {
			checkProduct(t, c, values[float32](rng, r*n), values[float32](rng, r*n), values[float32](rng, r), n)
		}
		for _, c := range productRows[float64]() {
			checkProduct(t, c, values[float64](rng, r*n), values[float64](rng, r*n), values[float64](rng, r), n)
		}
	})
}

// BenchmarkSumsOfProducts is sums of products of 4 rows of 1000 numbers.
//
//	go test ./internal/kernel -run '^$' -bench SumsOfProducts
func BenchmarkSumsOfProducts(b *testing.B) {
	rng := rand.New(rand.NewPCG(83, 84))
	x, y, s := randoms[float32](rng, 4000), randoms[float32](rng, 4000), randoms[float32](rng, 4)
	for _, c := range productRows[float32]() {
		b.Run(fmt.Sprint(c.name), func(b *testing.B) {
			dst := make([]float32, map[bool]int{false: 4, true: 1000}[c.columns])
			for b.Loop() {
				c.run(dst, x, y, s, 1000)
			}
		})
	}
}
