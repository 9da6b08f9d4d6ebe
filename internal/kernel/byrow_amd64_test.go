//go:build !purego

package kernel

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

type byRowCase[T Float] struct {
	name string
	wide int // how many of a, b and c there are
	run  func(dst, a, b, c, s, t []T, cols int)
	each func(a, b, c, s, t T) T // of one element, by the elementwise kernels
}

// byRows has all operations on matrices with one number for each row or each column.
func byRows[T Float]() [byRowOperations]byRowCase[T] {
	of := func(f func(dst, a, b []T)) func(a, s T) T {
		return func(a, s T) T {
			y := []T{0}
			f(y, []T{a}, []T{s})
			return y[0]
		}
	}
	plus, minus, times := of(Add[T]), of(Sub[T]), of(Mul[T])
	number := func(name string, f func(dst, a, s []T, cols int), each func(a, s T) T) byRowCase[T] {
		return byRowCase[T]{name, 1, func(dst, a, _, _, s, _ []T, cols int) { f(dst, a, s, cols) },
			func(a, _, _, s, _ T) T { return each(a, s) }}
	}
	column := func(name string, f func(dst, a, b []T, cols int), each func(a, b T) T) byRowCase[T] {
		return byRowCase[T]{name, 2, func(dst, a, b, _, _, _ []T, cols int) { f(dst, a, b, cols) },
			func(a, b, _, _, _ T) T { return each(a, b) }}
	}
	reversed := func(f func(a, s T) T) func(a, s T) T { return func(a, s T) T { return f(s, a) } }
	return [byRowOperations]byRowCase[T]{
		opAddByRow:     number("AddByRow", AddByRow[T], plus),
		opSubByRow:     number("SubByRow", SubByRow[T], minus),
		opSubFromByRow: number("SubFromByRow", SubFromByRow[T], reversed(minus)),
		opMulByRow:     number("MulByRow", MulByRow[T], times),
		opDivByRow:     number("DivByRow", DivByRow[T], of(Div[T])),
		opDivIntoByRow: number("DivIntoByRow", DivIntoByRow[T], reversed(of(Div[T]))),
		opMaxByRow:     number("MaxByRow", MaxByRow[T], of(Max[T])),
		opMinByRow:     number("MinByRow", MinByRow[T], of(Min[T])),
		opEqByRow:      number("EqByRow", EqByRow[T], of(Eq[T])),
		opMulAddByRow: {"MulAddByRow", 1, func(dst, a, _, _, s, t []T, cols int) { MulAddByRow(dst, a, s, t, cols) },
			func(a, _, _, s, t T) T { return plus(times(a, s), t) }},
		opSubMulByRow: {"SubMulByRow", 1, func(dst, a, _, _, s, t []T, cols int) { SubMulByRow(dst, a, s, t, cols) },
			func(a, _, _, s, t T) T { return times(minus(a, s), t) }},
		opSubSubByRow: {"SubSubByRow", 1, func(dst, a, _, _, s, t []T, cols int) { SubSubByRow(dst, a, s, t, cols) },
			func(a, _, _, s, t T) T { return minus(minus(a, s), t) }},
		opExpSubByRow: number("ExpSubByRow", ExpSubByRow[T], func(a, s T) T {
			y := []T{minus(a, s)}
			Exp(y, y)
			return y[0]
		}),
		opMulMulAddByRow: {"MulMulAddByRow", 2, func(dst, a, b, _, s, t []T, cols int) { MulMulAddByRow(dst, a, b, s, t, cols) },
			func(a, b, _, s, t T) T { return plus(times(a, s), times(b, t)) }},
		opDivMulAddByRow: {"DivMulAddByRow", 2, func(dst, a, b, _, s, t []T, cols int) { DivMulAddByRow(dst, a, b, s, t, cols) },
			func(a, b, _, s, t T) T { return plus(of(Div[T])(a, s), times(b, t)) }},
		opMulMulMulAddByRow: {"MulMulMulAddByRow", 3, func(dst, a, b, c, s, t []T, cols int) { MulMulMulAddByRow(dst, a, b, c, s, t, cols) },
			func(a, b, c, s, t T) T { return plus(times(times(a, b), s), times(c, t)) }},
		opDivMulMulAddByRow: {"DivMulMulAddByRow", 3, func(dst, a, b, c, s, t []T, cols int) { DivMulMulAddByRow(dst, a, b, c, s, t, cols) },
			func(a, b, c, s, t T) T { return plus(of(Div[T])(times(a, b), s), times(c, t)) }},
		opAddByColumn: column("AddByColumn", AddByColumn[T], plus),
		opSubByColumn: column("SubByColumn", SubByColumn[T], minus),
		opMulByColumn: column("MulByColumn", MulByColumn[T], times),
		opMulAddByColumn: {"MulAddByColumn", 3, func(dst, a, b, c, _, _ []T, cols int) { MulAddByColumn(dst, a, b, c, cols) },
			func(a, b, c, _, _ T) T { return plus(times(a, b), c) }},
		opMulMulAddByColumn: {"MulMulAddByColumn", 3, func(dst, a, b, c, s, _ []T, cols int) { MulMulAddByColumn(dst, a, b, c, s, cols) },
			func(a, b, c, s, _ T) T { return plus(times(times(a, s), b), c) }},
	}
}

// TestByRowTable checks that every function of the assembly has a row in the table above.
func TestByRowTable(t *testing.T) {
	for op, c := range byRows[float32]() {
		require.NotNil(t, c.run, "operation %d has no row in byRows", op)
	}
	source, err := os.ReadFile("byrow_amd64.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^func (\w+)F(?:32|64)AVX`).FindAllSubmatch(source, -1)
	require.Len(t, names, 4*int(byRowOperations), "functions of byrow_amd64.go, and the constants in byrow.go")
}

// TestByRow compares all operations with the elementwise ones, bit by bit: rows of any
// length, one that is cut, and all pairs of special numbers.
func TestByRow(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testByRow[float64])
		t.Run("float32", testByRow[float32])
	})
}

func testByRow[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	checkOf := func(numbers func(rng *rand.Rand, n int) []T, c byRowCase[T], rows, cols int) {
		matrix := func() []T { return numbers(rng, rows*cols+1)[1:] }
		checkByRow(t, c, [3][]T{matrix(), matrix(), matrix()}, numbers(rng, rows), numbers(rng, rows), cols)
	}
	check := func(c byRowCase[T], rows, cols int) { checkOf(values[T], c, rows, cols) }
	for _, c := range byRows[T]() {
		for cols := range 101 {
			check(c, rng.IntN(5), cols)
		}
		for _, cols := range []int{64, 100, 257} { // with no special values, as most rows are divided
			checkOf(randoms[T], c, 7, cols)
		}
		for _, s := range [][2]int{{1, vectorMost + 37}, {2, vectorMost + 1}, {3, vectorMost/2 + 5}, {3, functionMost/2 + 5}, {vectorMost + 3, 1}, {0, 7}, {7, 0}} {
			check(c, s[0], s[1])
		}
		for i := range 3 {
			for j := range 3 {
				a, s := pairs[T](i), pairs[T](j)
				checkByRow(t, c, [3][]T{a, s, pairs[T](2)}, s, pairs[T](2), 1)
				slices.Reverse(s)
				checkByRow(t, c, [3][]T{a, s, pairs[T](2)}, s[:len(s)/8], a[:len(s)/8], 8)
			}
		}
	}
}

// checkByRow runs an operation into memory of its own and over its argument, on matrices
// x, and with one row of them for all rows.
func checkByRow[T Float](t *testing.T, c byRowCase[T], x [3][]T, s, u []T, cols int) {
	t.Helper()
	n := len(s) * cols
	for same := range 1 << c.wide { // bit k: matrix k is one row
		if same > 0 && c.wide == 1 {
			break
		}
		x := x
		for k := range x {
			if x[k] = x[k][:n]; same>>k&1 > 0 {
				x[k] = x[k][:min(cols, n)]
			}
		}
		of := func(k, i int) T { return x[k][i%len(x[k])] }
		want := make([]T, n)
		plainly(func() {
			for i := range want {
				want[i] = c.each(of(0, i), of(1, i), of(2, i), s[i/cols], u[i/cols])
			}
		})
		dst, intact := framed[T](n)
		c.run(dst, x[0], x[1], x[2], s, u, cols)
		requireVector(t, c.name, want, dst)
		intact(t)
		if same&1 == 0 {
			over := slices.Clone(x[0])
			c.run(over, over, x[1], x[2], s, u, cols)
			requireVector(t, c.name+", over a", want, over)
		}
	}
}

// FuzzByRow compares operations on matrices of any shape with the elementwise ones.
func FuzzByRow(f *testing.F) {
	addKinds(func(kinds []byte) { f.Add(uint64(1), uint8(len(kinds)), uint8(3), uint16(33), kinds) })
	f.Fuzz(func(t *testing.T, seed uint64, op, rows uint8, cols uint16, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzByRow[float64](t, seed, op, rows, cols, kinds)
			fuzzByRow[float32](t, seed, op, rows, cols, kinds)
		})
	})
}

func fuzzByRow[T Float](t *testing.T, seed uint64, op, rows uint8, cols uint16, kinds []byte) {
	r, n, numbers := int(rows)%9, int(cols)%200, mixed[T](seed, kinds)
	x := [3][]T{numbers(r * n), numbers(r * n), numbers(r * n)}
	checkByRow(t, byRows[T]()[op%uint8(byRowOperations)], x, numbers(r), numbers(r), n)
}

// BenchmarkByRow runs operations on 10 rows of 100 numbers, and on 100 of 10, and says how
// many times as long the loop in Go takes:
//
//	go test ./internal/kernel -run '^$' -bench ByRow
func BenchmarkByRow(b *testing.B) {
	b.Run("float32", benchByRow[float32])
	b.Run("float64", benchByRow[float64])
}

func benchByRow[T Float](b *testing.B) {
	rng := rand.New(rand.NewPCG(73, 74))
	x, s, u, dst := randoms[T](rng, 1000), randoms[T](rng, 100), randoms[T](rng, 100), make([]T, 1000)
	for _, c := range byRows[T]() {
		for _, rows := range []int{10, 100} {
			b.Run(c.name+"/"+map[int]string{10: "10x100", 100: "100x10"}[rows], func(b *testing.B) {
				benchAgainstPlain(b, func() { c.run(dst, x, x, x, s[:rows], u[:rows], 1000/rows) })
			})
		}
	}
}
