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
		m, n, k := s[0], s[1], s[2]
		random := randoms[T]
		if (m+n)%3 == 0 {
			random = values[T] // NaN, infinities and zeros of both signs
		}
		a, b, all := random(rng, m*k), random(rng, k*n), random(rng, m*n)
		got, want := randoms[T](rng, m*n), make([]T, m*n)
		for trans := range 16 {
			tA, tB, relu, bias := trans&1 != 0, trans&2 != 0, trans&4 != 0, all
			if trans&8 != 0 {
				bias = random(rng, n)
			}
			GemmBias(got, a, b, bias, relu, m, n, k, tA, tB)
			Gemm(want, a, b, m, n, k, tA, tB)
			for i := range want {
				want[i] += bias[i%len(bias)]
				if relu {
					want[i] = max(want[i], 0)
				}
			}
			requireBits(t, want, got, "m, n, k = %v, transposes %02b, relu %v, %d biases", s, trans&3, relu, len(bias))
		}
	}
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
		m, n, k := s[0], s[1], s[2]
		random := randoms[T]
		if (m+n)%3 == 0 {
			random = values[T]
		}
		a, b, gate := random(rng, m*k), random(rng, k*n), values[T](rng, m*n) // NaN, infinities and zeros of both signs
		got, want := randoms[T](rng, m*n), make([]T, m*n)
		for trans := range 4 {
			tA, tB := trans&1 != 0, trans&2 != 0
			GemmGate(got, a, b, gate, m, n, k, tA, tB)
			Gemm(want, a, b, m, n, k, tA, tB)
			for i, g := range gate {
				if g <= 0 {
					want[i] = 0
				}
			}
			requireBits(t, want, got, "m, n, k = %v, transposes %02b", s, trans)
		}
	}
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
