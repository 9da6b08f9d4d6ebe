//go:build !purego

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// vectored has all operations that there is assembly for, as functions of as many
// arguments as any of them has.
func vectored[T Float]() [operations]func(dst, a, b, c []T) {
	one := func(f func(dst, x []T)) func(dst, a, b, c []T) {
		return func(dst, a, _, _ []T) { f(dst, a) }
	}
	two := func(f func(dst, a, b []T)) func(dst, a, b, c []T) {
		return func(dst, a, b, _ []T) { f(dst, a, b) }
	}
	return [operations]func(dst, a, b, c []T){
		opAdd: two(Add[T]), opSub: two(Sub[T]), opMul: two(Mul[T]), opDiv: two(Div[T]), opMax: two(Max[T]), opMin: two(Min[T]),
		opLt: two(Lt[T]), opLe: two(Le[T]), opGt: two(Gt[T]), opGe: two(Ge[T]), opEq: two(Eq[T]), opNe: two(Ne[T]),
		opWhere: Where[T], opLerp: Lerp[T],
		opNeg: one(Neg[T]), opAbs: one(Abs[T]), opSign: one(Sign[T]), opRelu: one(Relu[T]), opSqrt: one(Sqrt[T]),
		opFloor: one(Floor[T]), opCeil: one(Ceil[T]), opRound: one(Round[T]), opTrunc: one(Trunc[T]),
		opFill: func(dst, a, _, _ []T) {
			if len(dst) > 0 {
				Fill(dst, a[0])
			}
		},
	}
}

// TestVectored checks that every function of the assembly is run by a function of the
// table above, and that nothing is missing there.
func TestVectored(t *testing.T) {
	for op, f := range vectored[float32]() {
		require.NotNil(t, f, "%s has no row in vectored", operationNames[op])
	}
	source, err := os.ReadFile("arith_amd64.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^func (\w+)F(?:32|64)AVX`).FindAllSubmatch(source, -1)
	require.Len(t, names, 4*int(operations), "functions of arith_amd64.go, and the constants in vector.go")
	source, err = os.ReadFile("reduce_amd64.go")
	require.NoError(t, err)
	names = regexp.MustCompile(`(?m)^func (\w+)F(?:32|64)AVX`).FindAllSubmatch(source, -1)
	require.Len(t, names, 2*4*int(folds)+4*int(productSums), "functions of reduce_amd64.go, and the constants in reduce.go")
}

// TestVector compares all operations with the loops in Go, bit by bit.
func TestVector(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testVector[float64])
		t.Run("float32", testVector[float32])
	})
}

func testVector[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	for op, f := range vectored[T]() {
		for n := range 101 {
			shift := rng.IntN(4) // of the memory, so that vectors are not aligned
			a, b, c := values[T](rng, n+shift)[shift:], values[T](rng, n+2*shift)[2*shift:], values[T](rng, n+3)[3:]
			checkVector(t, operation(op), f, a, b, c)
		}
		checkVector(t, operation(op), f, pairs[T](0), pairs[T](1), pairs[T](2))
		n := 2*vectorMost + 37
		a, b, c := values[T](rng, n), values[T](rng, n), values[T](rng, n)
		checkVector(t, operation(op), f, a, b, c)
	}
}

// pairs returns argument i of two or three, which together go through all pairs of
// special values; the third is one of 0.3 and 0.6.
func pairs[T Float](i int) (x []T) {
	all := append([]float64{math.MaxFloat32, -math.MaxFloat32, math.MaxFloat64, 1.5, 2.5, -1.5, -2.5, 1 << 23, 1<<52 + 1}, specials...)
	for p := range all {
		for q := range all {
			x = append(x, T([]float64{all[p], all[q], []float64{0.3, 0.6, math.NaN()}[(p+q)%3]}[i]))
		}
	}
	return x
}

// checkVector runs an operation into memory of its own and into that of its arguments.
func checkVector[T Float](t *testing.T, op operation, f func(dst, a, b, c []T), a, b, c []T) {
	t.Helper()
	n := len(a)
	want := make([]T, n)
	plainly(func() { f(want, a, b, c) })
	dst, intact := framed[T](n)
	f(dst, a, b, c)
	intact(t)
	what := operationNames[op]
	requireVector(t, what, want, dst, a, b, c)

	over := slices.Clone(a)
	f(over, over, b, c)
	requireVector(t, what+", over a", want, over, a, b, c)
	over = slices.Clone(b)
	f(over, a, over, c)
	requireVector(t, what+", over b", want, over, a, b, c)
	over = slices.Clone(c)
	f(over, a, b, over)
	requireVector(t, what+", over c", want, over, a, b, c)
}

func requireVector[T Float](t *testing.T, what string, want, got []T, args ...[]T) {
	t.Helper()
	for i := range want {
		if bitsOf(want[i]) == bitsOf(got[i]) {
			continue
		}
		var at []T
		for _, a := range args {
			at = append(at, a[i])
		}
		t.Fatalf("%s, element %d of %d: f(%v) = %v, want %v", what, i, len(want), at, got[i], want[i])
	}
}

// FuzzVector compares operations on numbers of any bits with the loops in Go.
func FuzzVector(f *testing.F) {
	f.Add(uint8(opMax), []byte("0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, op uint8, data []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzVector(t, op, floatsOf[float32](data))
			fuzzVector(t, op, floatsOf[float64](data))
		})
	})
}

func fuzzVector[T Float](t *testing.T, op uint8, x []T) {
	n, op := len(x)/3, op%uint8(operations)
	checkVector(t, operation(op), vectored[T]()[op], x[:n], x[n:2*n], x[2*n:3*n])
}

// BenchmarkVector runs each operation on 512 numbers, as chains of pointwise operations
// do, and says how many times as long the loop in Go takes:
//
//	go test ./internal/kernel -run '^$' -bench Vector
func BenchmarkVector(b *testing.B) {
	b.Run("float32", benchVector[float32])
	b.Run("float64", benchVector[float64])
}

func benchVector[T Float](b *testing.B) {
	const n = 512
	rng := rand.New(rand.NewPCG(65, 66))
	x, y, z, dst := randoms[T](rng, n), randoms[T](rng, n), randoms[T](rng, n), make([]T, n)
	for op, f := range vectored[T]() {
		b.Run(operationNames[op], func(b *testing.B) {
			benchAgainstPlain(b, func() { f(dst, x, y, z) })
		})
	}
}

func benchAgainstPlain(b *testing.B, f func()) {
	best, plainBest := time.Hour, time.Hour
	for b.Loop() {
		best = min(best, timed(f))
		plainly(func() { plainBest = min(plainBest, timed(f)) })
	}
	b.ReportMetric(float64(best)/100, "ns/call")
	b.ReportMetric(float64(plainBest)/float64(best), "times")
}

var operationNames = [operations]string{"Add", "Sub", "Mul", "Div", "Max", "Min", "Lt", "Le", "Gt", "Ge", "Eq", "Ne",
	"Where", "Lerp", "Neg", "Abs", "Sign", "Relu", "Sqrt", "Floor", "Ceil", "Round", "Trunc", "Fill"}

// BenchmarkFold reduces rows and columns, and says how many times as long the loops in Go
// take:
//
//	go test ./internal/kernel -run '^$' -bench Fold
func BenchmarkFold(b *testing.B) {
	b.Run("float32", benchFold[float32])
	b.Run("float64", benchFold[float64])
}

func benchFold[T Float](b *testing.B) {
	for f, reduce := range [folds]func(dst, x []T, outer, n, inner int){SumAxis[T], MaxAxis[T], MinAxis[T]} {
		for _, s := range [][3]int{{1, 6400, 1}, {200, 32, 1}, {640, 10, 1}, {1, 200, 32}, {1, 640, 10}, {1, 128, 512}, {64, 10, 10}} {
			x, dst := randoms[T](rand.New(rand.NewPCG(1, 2)), s[0]*s[1]*s[2]), make([]T, s[0]*s[2])
			run := func() { reduce(dst, x, s[0], s[1], s[2]) }
			b.Run(fmt.Sprintf("%s/%dx%dx%d", []string{"Sum", "Max", "Min"}[f], s[0], s[1], s[2]), func(b *testing.B) {
				benchAgainstPlain(b, run)
			})
		}
	}
}
