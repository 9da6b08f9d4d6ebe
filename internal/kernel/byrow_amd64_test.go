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
	run  func(dst, a, s, t []T, cols int)
	each func(a, s, t T) T // of one element, by the elementwise kernels
}

// byRows has all operations with one number for each row.
func byRows[T Float]() [byRowOperations]byRowCase[T] {
	one := func(f func(dst, a, s []T, cols int)) func(dst, a, s, t []T, cols int) {
		return func(dst, a, s, _ []T, cols int) { f(dst, a, s, cols) }
	}
	of := func(f func(dst, a, b []T)) func(a, s, t T) T {
		return func(a, s, _ T) T {
			y := []T{0}
			f(y, []T{a}, []T{s})
			return y[0]
		}
	}
	return [byRowOperations]byRowCase[T]{
		opAddByRow:     {"AddByRow", one(AddByRow[T]), of(Add[T])},
		opSubByRow:     {"SubByRow", one(SubByRow[T]), of(Sub[T])},
		opSubFromByRow: {"SubFromByRow", one(SubFromByRow[T]), func(a, s, t T) T { return of(Sub[T])(s, a, t) }},
		opMulByRow:     {"MulByRow", one(MulByRow[T]), of(Mul[T])},
		opDivByRow:     {"DivByRow", one(DivByRow[T]), of(Div[T])},
		opDivIntoByRow: {"DivIntoByRow", one(DivIntoByRow[T]), func(a, s, t T) T { return of(Div[T])(s, a, t) }},
		opMaxByRow:     {"MaxByRow", one(MaxByRow[T]), of(Max[T])},
		opMinByRow:     {"MinByRow", one(MinByRow[T]), of(Min[T])},
		opEqByRow:      {"EqByRow", one(EqByRow[T]), of(Eq[T])},
		opMulAddByRow:  {"MulAddByRow", MulAddByRow[T], func(a, s, t T) T { return of(Add[T])(of(Mul[T])(a, s, t), t, t) }},
		opSubMulByRow:  {"SubMulByRow", SubMulByRow[T], func(a, s, t T) T { return of(Mul[T])(of(Sub[T])(a, s, t), t, t) }},
	}
}

// TestByRowTable checks that every function of the assembly has a row in the table above.
func TestByRowTable(t *testing.T) {
	for op, c := range byRows[float32]() {
		require.NotNil(t, c.run, "operation %d has no row in byRows", op)
	}
	source, err := os.ReadFile("byrow_amd64.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^func (\w+)ByRowF(?:32|64)AVX`).FindAllSubmatch(source, -1)
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
	for _, c := range byRows[T]() {
		for cols := range 101 {
			rows := rng.IntN(5)
			checkByRow(t, c, values[T](rng, rows*cols+1)[1:], values[T](rng, rows), values[T](rng, rows), cols)
		}
		for _, s := range [][2]int{{1, vectorMost + 37}, {2, vectorMost + 1}, {3, vectorMost/2 + 5}, {vectorMost + 3, 1}, {0, 7}, {7, 0}} {
			checkByRow(t, c, values[T](rng, s[0]*s[1]), values[T](rng, s[0]), values[T](rng, s[0]), s[1])
		}
		for i := range 3 {
			for j := range 3 {
				a, s := pairs[T](i), pairs[T](j)
				checkByRow(t, c, a, s, pairs[T](2), 1)
				slices.Reverse(s)
				checkByRow(t, c, a, s[:len(s)/8], a[:len(s)/8], 8)
			}
		}
	}
}

// checkByRow runs an operation into memory of its own and over its argument.
func checkByRow[T Float](t *testing.T, c byRowCase[T], a, s, u []T, cols int) {
	t.Helper()
	n := len(s) * cols
	want := make([]T, n)
	for i := range want {
		want[i] = c.each(a[i], s[i/cols], u[i/cols])
	}
	const room = 5
	dst := make([]T, n+2*room)
	for i := range dst {
		dst[i] = T(i) + 0.25
	}
	before := slices.Clone(dst)
	c.run(dst[room:][:n], a, s, u, cols)
	requireVector(t, c.name, want, dst[room:][:n])
	requireVector(t, c.name+", before", before[:room], dst[:room])
	requireVector(t, c.name+", after", before[room+n:], dst[room+n:])
	over := slices.Clone(a)
	c.run(over, over, s, u, cols)
	requireVector(t, c.name+", over a", want, over[:n])
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
				benchAgainstPlain(b, func() { c.run(dst, x, s[:rows], u[:rows], 1000/rows) })
			})
		}
	}
}
