package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// shapesAfter returns the m, n, k of the products that something comes after.
func shapesAfter() [][3]int {
	shapes := [][3]int{{1, 1, 1}, {3, 1, 50}, {0, 5, 5}, {5, 0, 5}, {5, 5, 0}, {200, 300, 1500}, {150, 140, 512}, {513, 64, 40}}
	for m := range 14 {
		for n := range 35 {
			shapes = append(shapes, [3]int{m + 1, n + 1, 1 + (m*n)%9})
		}
	}
	return shapes
}

// TestGemmBias compares with the product, the sum and Relu apart, bit for bit.
func TestGemmBias(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testGemmBias[float64])
		t.Run("float32", testGemmBias[float32])
	})
}

func testGemmBias[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for _, s := range shapesAfter() {
		numbers := numbersAfter[T](rng, s)
		for trans := range 16 {
			checkGemmBias(t, numbers, s[0], s[1], s[2], trans)
		}
	}
}

// numbersAfter returns the source of arguments for a shape: for every third NaN, infinities and
// zeros of both signs are among them.
func numbersAfter[T Float](rng *rand.Rand, shape [3]int) func(n int) []T {
	random := randoms[T]
	if (shape[0]+shape[1])%3 == 0 {
		random = values[T]
	}
	return func(n int) []T { return random(rng, n) }
}

// checkGemmBias takes what is transposed from the first bits of kind, then whether there is Relu,
// and one bias for each column.
func checkGemmBias[T Float](t *testing.T, numbers func(n int) []T, m, n, k, kind int) {
	t.Helper()
	tA, tB, relu := kind&1 != 0, kind&2 != 0, kind&4 != 0
	a, b, bias := numbers(m*k), numbers(k*n), numbers(m*n)
	if kind&8 != 0 {
		bias = numbers(n)
	}
	got, intact := framed[T](m * n)
	GemmBias(got, a, b, bias, relu, m, n, k, tA, tB)
	intact(t)
	want := make([]T, m*n)
	Gemm(want, a, b, m, n, k, tA, tB)
	for i := range want {
		want[i] += bias[i%len(bias)]
		if relu {
			want[i] = max(want[i], 0)
		}
	}
	requireBits(t, want, got, "m, n, k = %d, %d, %d, transposes %02b, relu %v, %d biases", m, n, k, kind&3, relu, len(bias))
}

// TestGemmGate compares with the product, and then zeros, bit for bit.
func TestGemmGate(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testGemmGate[float64])
		t.Run("float32", testGemmGate[float32])
	})
}

func testGemmGate[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, s := range shapesAfter() {
		numbers := numbersAfter[T](rng, s)
		for trans := range 4 {
			checkGemmGate(t, numbers, values[T](rng, s[0]*s[1]), s[0], s[1], s[2], trans)
		}
	}
}

func checkGemmGate[T Float](t *testing.T, numbers func(n int) []T, gate []T, m, n, k, trans int) {
	t.Helper()
	tA, tB := trans&1 != 0, trans&2 != 0
	a, b := numbers(m*k), numbers(k*n)
	got, intact := framed[T](m * n)
	GemmGate(got, a, b, gate, m, n, k, tA, tB)
	intact(t)
	want := make([]T, m*n)
	Gemm(want, a, b, m, n, k, tA, tB)
	for i, g := range gate {
		if g <= 0 {
			want[i] = 0
		}
	}
	requireBits(t, want, got, "m, n, k = %d, %d, %d, transposes %02b", m, n, k, trans)
}

// FuzzGemmAfter compares products with what comes after them apart, for any shape.
func FuzzGemmAfter(f *testing.F) {
	addKinds(func(kinds []byte) {
		f.Add(uint64(1), uint8(3), uint8(20), uint8(40), uint8(2), kinds)
		f.Add(uint64(2), uint8(60), uint8(70), uint8(30), uint8(13), kinds)
	})
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k, kind uint8, kinds []byte) {
		forEachISA(t, func(t *testing.T) {
			fuzzGemmAfter[float64](t, seed, int(m)%100, int(n)%100, int(k)%100, int(kind), kinds)
			fuzzGemmAfter[float32](t, seed, int(m)%100, int(n)%100, int(k)%100, int(kind), kinds)
		})
	})
}

func fuzzGemmAfter[T Float](t *testing.T, seed uint64, m, n, k, kind int, kinds []byte) {
	numbers := mixed[T](seed, kinds)
	checkGemmBias(t, numbers, m, n, k, kind)
	checkGemmGate(t, numbers, numbers(m*n), m, n, k, kind&3)
}

// TestAddBias compares with one element at a time; nothing else is written.
func TestAddBias(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	for n := range 600 {
		y := values[float32](rng, n+2)
		for _, relu := range []bool{false, true} {
			want := slices.Clone(y)
			for i := 1; i <= n; i++ {
				addBias(want[i:][:1], []float32{-1.5}, relu)
			}
			AddBias(y[1:n+1], -1.5, relu)
			requireBits(t, want, y, "%d", n)
		}
	}
}
