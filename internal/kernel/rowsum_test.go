package kernel

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type rowSumCase[T Float] struct {
	name string
	one  int // matrices that may be one row, by their bits: a is 1, b is 2, c is 4
	run  func(dst, sums, a, b, c, x, s, t []T, cols int)
	// What it is, one after the other.
	wide func(dst, a, b, c, s, t []T, cols int)
	sum  func(sums, dst, b, c, x []T, cols int)
	dots bool // it does not write dst
}

// rowSumCases has all operations that sum rows too.
func rowSumCases[T Float]() [rowSumOperations]rowSumCase[T] {
	sum := func(sums, dst, _, _, _ []T, cols int) { SumAxis(sums, dst, len(sums), cols, 1) }
	dot := func(sums, dst, _, _, x []T, cols int) { DotRows(sums, dst, x, cols) }
	return [rowSumOperations]rowSumCase[T]{
		opSubSquares: {"SubSquares", 1,
			func(dst, sums, a, _, _, _, s, _ []T, cols int) { SubSquares(dst, sums, a, s, cols) },
			func(dst, a, _, _, s, _ []T, cols int) { SubByRow(dst, a, s, cols) },
			func(sums, dst, _, _, _ []T, cols int) { DotRows(sums, dst, dst, cols) }, false},
		opMulDot: {"MulDot", 3,
			func(dst, sums, a, b, _, x, _, _ []T, cols int) { MulDot(dst, sums, a, b, x, cols) },
			func(dst, a, b, _, _, _ []T, cols int) { MulByColumn(dst, a, b, cols) }, dot, false},
		opMulMulAddSum: {"MulMulAddSum", 3,
			func(dst, sums, a, b, _, _, s, t []T, cols int) { MulMulAddSum(dst, sums, a, b, s, t, cols) },
			func(dst, a, b, _, s, t []T, cols int) { MulMulAddByRow(dst, a, b, s, t, cols) }, sum, false},
		opDivMulAddSum: {"DivMulAddSum", 3,
			func(dst, sums, a, b, _, _, s, t []T, cols int) { DivMulAddSum(dst, sums, a, b, s, t, cols) },
			func(dst, a, b, _, s, t []T, cols int) { DivMulAddByRow(dst, a, b, s, t, cols) }, sum, false},
		opDivDotMulAdd: {"DivDotMulAdd", 7,
			func(dst, sums, a, b, c, x, s, _ []T, cols int) { DivDotMulAdd(dst, sums, a, b, c, x, s, cols) },
			func(dst, a, _, _, s, _ []T, cols int) { DivByRow(dst, a, s, cols) },
			func(sums, dst, b, c, x []T, cols int) { DotMulAdd(sums, dst, b, c, x, cols) }, false},
		opMulMulMulAddSum: {"MulMulMulAddSum", 7,
			func(dst, sums, a, b, c, _, s, t []T, cols int) { MulMulMulAddSum(dst, sums, a, b, c, s, t, cols) },
			func(dst, a, b, c, s, t []T, cols int) { MulMulMulAddByRow(dst, a, b, c, s, t, cols) }, sum, false},
		opDivMulMulAddSum: {"DivMulMulAddSum", 7,
			func(dst, sums, a, b, c, _, s, t []T, cols int) { DivMulMulAddSum(dst, sums, a, b, c, s, t, cols) },
			func(dst, a, b, c, s, t []T, cols int) { DivMulMulAddByRow(dst, a, b, c, s, t, cols) }, sum, false},
		opDotMul: {"DotMul", 3,
			func(_, sums, a, b, _, x, _, _ []T, cols int) { DotMul(sums, a, b, x, cols) },
			func(dst, a, b, _, _, _ []T, cols int) { MulByColumn(dst, a, b, cols) }, dot, true},
		opDotSubSub: {"DotSubSub", 1,
			func(_, sums, a, _, _, x, s, t []T, cols int) { DotSubSub(sums, a, x, s, t, cols) },
			func(dst, a, _, _, s, t []T, cols int) { SubSubByRow(dst, a, s, t, cols) }, dot, true},
		opDotMulAdd: {"DotMulAdd", 7,
			func(_, sums, a, b, c, x, _, _ []T, cols int) { DotMulAdd(sums, a, b, c, x, cols) },
			func(dst, a, b, c, _, _ []T, cols int) { MulAddByColumn(dst, a, b, c, cols) }, dot, true},
		opDotMulMulAdd: {"DotMulMulAdd", 7,
			func(_, sums, a, b, c, x, s, _ []T, cols int) { DotMulMulAdd(sums, a, b, c, x, s, cols) },
			func(dst, a, b, c, s, _ []T, cols int) { MulMulAddByColumn(dst, a, b, c, s, cols) }, dot, true},
	}
}

// TestRowSumTable checks that every function of the assembly has a row in the table above.
func TestRowSumTable(t *testing.T) {
	source, err := os.ReadFile("gen/rowsum.go")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\t\{"\w+", \d, \d, `).FindAll(source, -1)
	require.Len(t, rows, int(rowSumOperations))
	for op, c := range rowSumCases[float32]() {
		require.NotEmpty(t, c.name, "operation %d", op)
	}
}

// TestRowSum compares with the operation and the sum one after the other, bit by bit.
func TestRowSum(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testRowSum[float64])
		t.Run("float32", testRowSum[float32])
	})
}

func testRowSum[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(75, 76))
	lengths := []int{127, 128, 129, 250, 256, 1000, leafRow - 1, leafRow, leafRow + 1, 2500}
	for cols := range 101 {
		lengths = append(lengths, cols)
	}
	for _, c := range rowSumCases[T]() {
		for _, cols := range lengths {
			random := values[T]
			if cols%2 == 0 {
				random = randoms[T] // with values most sums are NaN
			}
			rows := rng.IntN(5)
			if cols == leafRow {
				rows = vectorMostRows
			}
			x := [4][]T{random(rng, rows*cols), random(rng, rows*cols), random(rng, rows*cols), random(rng, rows*cols)}
			checkRowSum(t, c, x, random(rng, rows), random(rng, rows), cols)
		}
	}
}

// vectorMostRows is a number of rows that are more than one call of assembly.
const vectorMostRows = 70

func checkRowSum[T Float](t *testing.T, c rowSumCase[T], x [4][]T, s, u []T, cols int) {
	t.Helper()
	rows, n := len(s), len(s)*cols
	for same := range 8 {
		if same&^c.one > 0 {
			continue
		}
		x := x
		for k := range x {
			if same>>k&1 > 0 {
				x[k] = x[k][:min(cols, n)]
			}
		}
		want, wantSums := make([]T, n), make([]T, rows)
		plainly(func() {
			c.wide(want, x[0], x[1], x[2], s, u, cols)
			c.sum(wantSums, want, x[1], x[2], x[3], cols)
		})
		dst, intact := framed[T](n)
		sums, intactSums := framed[T](rows)
		c.run(dst, sums, x[0], x[1], x[2], x[3], s, u, cols)
		if !c.dots {
			requireBits(t, want, dst, "%s, %d rows of %d, one row: %b", c.name, rows, cols, same)
		}
		requireBits(t, wantSums, sums, "sums of %s, %d rows of %d, one row: %b", c.name, rows, cols, same)
		intact(t)
		intactSums(t)
		if same&1 == 0 && !c.dots {
			over := slices.Clone(x[0])
			clear(sums)
			c.run(over, sums, over, x[1], x[2], x[3], s, u, cols)
			requireBits(t, want, over, "%s over its argument", c.name)
			requireBits(t, wantSums, sums, "sums of %s over its argument", c.name)
		}
	}
}

// FuzzRowSum compares with the operation and the sum one after the other, for any shape.
func FuzzRowSum(f *testing.F) {
	addKinds(func(kinds []byte) { f.Add(uint64(1), uint8(len(kinds)), uint8(3), uint16(133), kinds) })
	f.Fuzz(func(t *testing.T, seed uint64, op, rows uint8, cols uint16, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzRowSum[float64](t, seed, op, rows, cols, kinds)
			fuzzRowSum[float32](t, seed, op, rows, cols, kinds)
		})
	})
}

func fuzzRowSum[T Float](t *testing.T, seed uint64, op, rows uint8, cols uint16, kinds []byte) {
	r, n, numbers := int(rows)%9, int(cols)%1200, mixed[T](seed, kinds)
	x := [4][]T{numbers(r * n), numbers(r * n), numbers(r * n), numbers(r * n)}
	checkRowSum(t, rowSumCases[T]()[op%uint8(rowSumOperations)], x, numbers(r), numbers(r), n)
}

// BenchmarkRowSum runs operations on 16 rows of 256 numbers, and says how many times as long the
// operation and the sum take one after the other:
//
//	go test ./internal/kernel -run '^$' -bench RowSum
func BenchmarkRowSum(b *testing.B) {
	b.Run("float32", benchRowSum[float32])
	b.Run("float64", benchRowSum[float64])
}

func benchRowSum[T Float](b *testing.B) {
	const rows, cols = 16, 256
	rng := rand.New(rand.NewPCG(77, 78))
	x, y, z, w, dst := randoms[T](rng, rows*cols), randoms[T](rng, rows*cols), randoms[T](rng, rows*cols), randoms[T](rng, rows*cols), make([]T, rows*cols)
	s, u, sums := randoms[T](rng, rows), randoms[T](rng, rows), make([]T, rows)
	for _, c := range rowSumCases[T]() {
		b.Run(c.name, func(b *testing.B) {
			best, apart := time.Hour, time.Hour
			for b.Loop() {
				best = min(best, timed(func() { c.run(dst, sums, x, y, z, w, s, u, cols) }))
				apart = min(apart, timed(func() {
					c.wide(dst, x, y, z, s, u, cols)
					c.sum(sums, dst, y, z, w, cols)
				}))
			}
			b.ReportMetric(float64(best)/100, "ns/call")
			b.ReportMetric(float64(apart)/float64(best), "apart/this")
		})
	}
}
