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
	run     func(dst, sums, x, y, s []T, cols int)
	term    func(x, y, s T) T // rounded as the elementwise kernels do
	both    bool              // y is summed too
}

// productRows has all sums of products.
func productRows[T Float]() [productSums]productCase[T] {
	return [productSums]productCase[T]{
		dotRows: {"DotRows", false, func(dst, _, x, y, _ []T, cols int) { DotRows(dst, x, y, cols) },
			func(x, y, _ T) T { return x * y }, false},
		sumScaledRows: {"SumScaledRows", false, func(dst, _, x, _, s []T, cols int) { SumScaledRows(dst, x, s, cols) },
			func(x, _, s T) T { return x * s }, false},
		addColumns: {"AddColumns", true, func(dst, _, x, _, s []T, _ int) { AddColumns(dst, x, len(s)) },
			func(x, _, _ T) T { return x }, false},
		addProductColumns: {"AddProductColumns", true, func(dst, _, x, y, s []T, _ int) { AddProductColumns(dst, x, y, len(s)) },
			func(x, y, _ T) T { return x * y }, false},
		addScaledColumns: {"AddScaledColumns", true, func(dst, _, x, y, s []T, _ int) { AddScaledColumns(dst, x, y, s) },
			func(x, y, s T) T { return T(x*s) * y }, false},
		addProductAndColumns: {"AddProductAndColumns", true, func(dst, sums, x, y, s []T, _ int) { AddProductAndColumns(dst, sums, x, y, len(s)) },
			func(x, y, _ T) T { return x * y }, true},
		addScaledAndColumns: {"AddScaledAndColumns", true, func(dst, sums, x, y, s []T, _ int) { AddScaledAndColumns(dst, sums, x, y, s) },
			func(x, y, s T) T { return T(x*s) * y }, true},
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
	want := make([]T, rows)
	var wantSums []T
	rng := rand.New(rand.NewPCG(1, 1))
	if c.columns {
		want = randoms[T](rng, cols)
	}
	if c.both {
		wantSums = randoms[T](rng, cols)
	}
	got, intact := framedCopy(want)
	sums, intactSums := framedCopy(wantSums)
	plainly(func() {
		if !c.columns {
			SumAxis(want, terms, rows, cols, 1)
			return
		}
		for r := range rows {
			Add(want, want, terms[r*cols:(r+1)*cols])
			if c.both {
				Add(wantSums, wantSums, y[r*cols:(r+1)*cols])
			}
		}
	})
	c.run(got, sums, x, y, s, cols)
	intact(t)
	intactSums(t)
	requireBits(t, wantSums, sums, "other sums of %s of %dx%d", c.name, rows, cols)
	requireBits(t, want, got, "%s of %dx%d", c.name, rows, cols)
}

// FuzzProducts compares sums of products with those of arrays of products.
func FuzzProducts(f *testing.F) {
	addKinds(func(kinds []byte) { f.Add(uint64(1), uint8(3), uint16(33), kinds) })
	f.Fuzz(func(t *testing.T, seed uint64, rows uint8, cols uint16, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzProducts[float64](t, seed, int(rows)%9, int(cols)%3000, kinds)
			fuzzProducts[float32](t, seed, int(rows)%9, int(cols)%3000, kinds)
		})
	})
}

func fuzzProducts[T Float](t *testing.T, seed uint64, rows, cols int, kinds []byte) {
	numbers := mixed[T](seed, kinds)
	x, y, s := numbers(rows*cols), numbers(rows*cols), numbers(rows)
	for _, c := range productRows[T]() {
		checkProduct(t, c, x, y, s, cols)
	}
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
			sums := make([]float32, len(dst))
			for b.Loop() {
				c.run(dst, sums, x, y, s, 1000)
			}
		})
	}
}
