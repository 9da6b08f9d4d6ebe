package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// gemmNaive is the definition of Gemm: three loops.
func gemmNaive[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	for i := range m {
		for j := range n {
			var s T
			for p := range k {
				x, y := i*k+p, p*n+j
				if transA {
					x = p*m + i
				}
				if transB {
					y = j*k + p
				}
				s += T(a[x] * b[y])
			}
			dst[i*n+j] = s
		}
	}
}

// fma is a*b + c, rounded once. In float32 the sum in float64 is rounded to odd,
// so that rounding it again gives what rounding once does.
func fma[T Float](a, b, c T) T {
	if _, double := any(a).(float64); double {
		return T(math.FMA(float64(a), float64(b), float64(c)))
	}
	p, q := float64(a)*float64(b), float64(c)
	s := p + q
	t := s - p
	lost := (p - (s - t)) + (q - t)
	if bits := math.Float64bits(s); bits&1 == 0 && (lost < 0 || lost > 0) {
		if (lost > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return T(s)
}

// gemmFused is the three loops with one rounding for a product and its sum.
func gemmFused[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	x, y := element(m, k, transA), element(k, n, transB)
	for i := range m {
		for j := range n {
			var s T
			for p := range k {
				s = fma(a[i*x.i+p*x.p], b[p*y.i+j*y.p], s)
			}
			dst[i*n+j] = s
		}
	}
}

// gemmExact is what Gemm equals bit for bit.
func gemmExact[T Float](dst, a, b []T, m, n, k int, transA, transB bool) {
	if isa == plain || m*n*k < panelsFrom {
		gemmNaive(dst, a, b, m, n, k, transA, transB)
	} else {
		gemmFused(dst, a, b, m, n, k, transA, transB)
	}
}

func TestFMA(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 100_000 {
		v := [3]float32{}
		for i := range v {
			v[i] = float32(math.Ldexp(rng.Float64()-0.5, rng.IntN(60)-30))
		}
		a, b, c := v[0], v[1], v[2]
		var exact, prod big.Float
		exact.SetPrec(500).Add(prod.SetPrec(500).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b))), big.NewFloat(float64(c)))
		want, _ := exact.Float32()
		require.Equal(t, want, fma(a, b, c))
	}
}

// TestGemm compares with the three loops, bit for bit, all small shapes and
// many of the others.
func TestGemm(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testGemm[float64])
		t.Run("float32", testGemm[float32])
	})
}

func testGemm[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 19))
	for m := range 6 {
		for n := range 6 {
			for k := range 6 {
				checkGemm(t, randoms[T], m, n, k)
			}
		}
	}
	sizes := []int{1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 33, 64, 127, 129, 257, 300, 400}
	for tested := 0; tested < 100; {
		m, n, k := sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
		if m*n*k <= 1<<18 {
			checkGemm(t, randoms[T], m, n, k)
			tested++
		}
	}
	// An Inf or NaN reaches its row or column and nothing else; small numbers stay.
	for _, n := range []int{1, 2, 7, 20} {
		checkGemm(t, values[T], n, 9, 11)
		checkGemm(t, values[T], 9, n, 11)
		checkGemm(t, values[T], 9, 11, n)
		checkGemm(t, denormals[T], n, 19, 11)
	}
	// Several tiles, panels in several parts, rows that start at the same place of a page.
	for _, s := range [][3]int{{140, 150, 61}, {30, 40, 1000}, {129, 257, 129}, {40, 40, 1024}} {
		checkGemm(t, randoms[T], s[0], s[1], s[2])
	}
}

// denormals are numbers whose products are too small for T, or nearly.
func denormals[T Float](rng *rand.Rand, n int) []T {
	x, exponent := make([]T, n), -72
	if _, double := any(T(0)).(float64); double {
		exponent = -530
	}
	for i := range x {
		x[i] = T(math.Ldexp(rng.NormFloat64(), exponent))
	}
	return x
}

func checkGemm[T Float](t *testing.T, random func(*rand.Rand, int) []T, m, n, k int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(m*n+k), 20))
	a, b := random(rng, m*k), random(rng, k*n)
	for trans := range 4 {
		tA, tB := trans&1 != 0, trans&2 != 0
		got, want := random(rng, m*n), make([]T, m*n)
		Gemm(got, a, b, m, n, k, tA, tB)
		gemmExact(want, a, b, m, n, k, tA, tB)
		requireBits(t, want, got, "Gemm of m, n, k = %d, %d, %d, transposes %02b", m, n, k, trans)
		if isa == plain {
			continue
		}
		gemmGo(got, a, b, m, n, k, tA, tB)
		gemmNaive(want, a, b, m, n, k, tA, tB)
		requireBits(t, want, got, "gemmGo of m, n, k = %d, %d, %d, transposes %02b", m, n, k, trans)
	}
}

func requireBits[T Float](t *testing.T, want, got []T, format string, args ...any) {
	t.Helper()
	for i := range want {
		if bitsOf(want[i]) != bitsOf(got[i]) {
			t.Fatalf(format+": element %d is %v, want %v", append(args, i, got[i], want[i])...)
		}
	}
}

// TestGemmSizes compares all sizes to 40. The four transposes with each other, bit
// for bit, and with the definition.
func TestGemmSizes(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", func(t *testing.T) { testGemmSizes[float64](t, math.Ldexp(1, -53)) })
		t.Run("float32", func(t *testing.T) { testGemmSizes[float32](t, math.Ldexp(1, -24)) })
	})
}

func testGemmSizes[T Float](t *testing.T, eps float64) {
	const most = 40
	rng := rand.New(rand.NewPCG(33, 34))
	x, y := randoms[T](rng, most*most), randoms[T](rng, most*most)
	aT, bT := make([]T, most*most), make([]T, most*most)
	first, got, want := make([]T, most*most), make([]T, most*most), make([]T, most*most)
	step := 1
	if testing.Short() || isa == plain {
		step = 5
	}
	for m := 0; m <= most; m += step {
		for n := range most + 1 {
			for k := range most + 1 {
				a, b := x[:m*k], y[:k*n]
				gemmGo(want, a, b, m, n, k, false, false)
				for trans := range 4 {
					a, b := a, b
					if trans&1 != 0 {
						pack(aT, m, a, k, m, k)
						a = aT
					}
					if trans&2 != 0 {
						pack(bT, k, b, n, k, n)
						b = bT
					}
					Gemm(got, a, b, m, n, k, trans&1 != 0, trans&2 != 0)
					for i := range m * n {
						// |x| < 6, so that the products of size 36 bound the error.
						if !(math.Abs(float64(got[i]-want[i])) <= 36*eps*float64(k*k)) || trans > 0 && got[i] != first[i] {
							t.Fatalf("m, n, k = %d, %d, %d, transposes %02b: element %d is %v, want %v", m, n, k, trans, i, got[i], want[i])
						}
					}
					if trans == 0 {
						copy(first, got[:m*n])
					}
				}
			}
		}
	}
}

// TestGemmWrites checks that slices may start anywhere, and that nothing else is
// written.
func TestGemmWrites(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testGemmWrites[float64])
		t.Run("float32", testGemmWrites[float32])
	})
}

func testGemmWrites[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for shift := range 9 {
		for _, s := range [][3]int{{5, 3, 7}, {13, 33, 9}, {70, 70, 70}, {12, 32, 8}, {1, 31, 5}} {
			m, n, k := s[0], s[1], s[2]
			a, b := randoms[T](rng, m*k+shift)[shift:], randoms[T](rng, k*n+2*shift)[2*shift:]
			dst, want := randoms[T](rng, m*n+2*shift+40), make([]T, m*n)
			before := slices.Clone(dst)
			Gemm(dst[shift:], a, b, m, n, k, shift&1 != 0, shift&2 != 0)
			gemmExact(want, a, b, m, n, k, shift&1 != 0, shift&2 != 0)
			requireBits(t, want, dst[shift:][:m*n], "%v, shift %d", s, shift)
			requireBits(t, before[:shift], dst[:shift], "before")
			requireBits(t, before[shift+m*n:], dst[shift+m*n:], "after")
		}
	}
}

// TestConcurrentGemm checks products of several goroutines at once, with any number
// of workers: they are those of one.
func TestConcurrentGemm(t *testing.T) {
	const m, n, k = 300, 170, 90
	rng := rand.New(rand.NewPCG(37, 38))
	a, b, a32, b32 := randoms[float64](rng, m*k), randoms[float64](rng, k*n), randoms[float32](rng, m*k), randoms[float32](rng, k*n)
	want, want32 := make([]float64, m*n), make([]float32, m*n)
	gemmExact(want, a, b, m, n, k, true, false)
	gemmExact(want32, a32, b32, m, n, k, false, true)
	withHelpers(t, func(t *testing.T) {
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				got, got32 := make([]float64, m*n), make([]float32, m*n)
				for range 10 {
					Gemm(got, a, b, m, n, k, true, false)
					Gemm(got32, a32, b32, m, n, k, false, true)
				}
				if !slices.Equal(want, got) || !slices.Equal(want32, got32) {
					t.Errorf("%d workers", Workers())
				}
			})
		}
		group.Wait()
	})
}

func FuzzGemm(f *testing.F) {
	f.Add(uint8(3), uint8(20), uint8(40), uint8(2), uint64(1))
	f.Add(uint8(130), uint8(140), uint8(60), uint8(0), uint64(2))
	f.Fuzz(func(t *testing.T, m, n, k, trans uint8, seed uint64) {
		forEachISA(t, func(t *testing.T) {
			fuzzGemm[float64](t, int(m), int(n), int(k), trans, seed)
			fuzzGemm[float32](t, int(m), int(n), int(k), trans, seed)
		})
	})
}

func fuzzGemm[T Float](t *testing.T, m, n, k int, trans uint8, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	random := randoms[T]
	if seed%4 == 0 {
		random = values[T]
	}
	a, b := random(rng, m*k), random(rng, k*n)
	got, want := random(rng, m*n), make([]T, m*n)
	Gemm(got, a, b, m, n, k, trans&1 != 0, trans&2 != 0)
	gemmExact(want, a, b, m, n, k, trans&1 != 0, trans&2 != 0)
	requireBits(t, want, got, "m, n, k = %d, %d, %d, transposes %02b", m, n, k, trans&3)
}

// TestGemmGonum compares with gonum, whose sums have another order: both are
// off by at most k eps Σ|a||b|.
func TestGemmGonum(t *testing.T) {
	t.Run("float64", func(t *testing.T) { testGemmGonum(t, gonum64, math.Ldexp(1, -53)) })
	t.Run("float32", func(t *testing.T) { testGemmGonum(t, gonum32, math.Ldexp(1, -24)) })
}

func testGemmGonum[T Float](t *testing.T, other gemmFunc[T], eps float64) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, s := range [][3]int{{1, 1, 1}, {200, 32, 2}, {200, 2, 32}, {32, 2, 200}, {17, 33, 65}, {64, 64, 300}, {1, 100, 100}} {
		m, n, k := s[0], s[1], s[2]
		a, b := randoms[T](rng, m*k), randoms[T](rng, k*n)
		got, want, size := make([]T, m*n), make([]T, m*n), make([]T, m*n)
		absA, absB := make([]T, m*k), make([]T, k*n)
		Abs(absA, a)
		Abs(absB, b)
		for trans := range 4 {
			tA, tB := trans&1 != 0, trans&2 != 0
			Gemm(got, a, b, m, n, k, tA, tB)
			other(want, a, b, m, n, k, tA, tB)
			gemmNaive(size, absA, absB, m, n, k, tA, tB)
			for i := range want {
				require.InDelta(t, float64(want[i]), float64(got[i]), 2*float64(k)*eps*float64(size[i]), "m, n, k = %v, transposes %02b", s, trans)
			}
		}
	}
}
