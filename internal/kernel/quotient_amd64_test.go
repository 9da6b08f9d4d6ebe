//go:build !purego

package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestQuotients compares quotients that are computed without a division with those that are: the operations of
// gen/quotient.go, on rows long enough for it.
func TestQuotients(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		t.Run("float64", testQuotients[float64])
		t.Run("float32", testQuotients[float32])
	})
}

func testQuotients[T Float](t *testing.T) {
	t.Run("random", func(t *testing.T) { testRandomQuotients[T](t) })
	t.Run("hard", func(t *testing.T) { testHardQuotients[T](t) })
	t.Run("limits", func(t *testing.T) { testQuotientsAtLimits[T](t) })
	t.Run("one among many", func(t *testing.T) { testOneQuotient[T](t) })
}

// TestQuotientFormula tries the formula on all pairs of mantissas of up to 10 digits. Products and sums of them are exact
// in float64, and so rounded once.
func TestQuotientFormula(t *testing.T) {
	for digits := 2; digits <= 10; digits++ {
		round := func(x float64) float64 {
			f, e := math.Frexp(x)
			return math.Ldexp(math.RoundToEven(math.Ldexp(f, digits)), e-digits)
		}
		unit := 1 << (digits - 1)
		for i := range unit {
			s := float64(unit + i)
			y := round(1 / s)
			for k := range unit {
				x := float64(unit + k)
				q := round(x * y)
				if want, got := round(x/s), round(q-round(q*s-x)*y); want != got {
					require.FailNow(t, "another quotient", "%v / %v is %v, not %v, with %d digits", x, s, want, got, digits)
				}
			}
		}
	}
}

// digitsOf returns how many bits a mantissa has, and the largest exponent.
func digitsOf[T Float]() (digits, most int) {
	if size[T]() == 4 {
		return 24, 127
	}
	return 53, 1023
}

// checkQuotients divides all x by each s, as one row, in steps of 256 numbers.
func checkQuotients[T Float](t *testing.T, x, s []T) {
	t.Helper()
	const step = 256
	for len(x)%step != 0 {
		x = append(slices.Clip(x), 1)
	}
	cols, numbers := step, len(x)/step
	b, want, got := make([]T, len(x)), make([]T, len(x)), make([]T, len(x))
	for i := range b {
		b[i] = T(i%7) - 3
	}
	wantSums, gotSums, each := make([]T, numbers), make([]T, numbers), make([]T, numbers)
	half, ones := slices.Repeat([]T{0.5}, numbers), slices.Repeat([]T{1}, cols)
	for _, s := range s {
		Fill(each, s)
		for i, v := range x {
			want[i] = v / s
		}
		DivByRow(got, x, each, cols)
		requireQuotients(t, want, got, x, s)
		plainly(func() { DotMulAdd(wantSums, want, b, b, b, cols) })
		DivDotMulAdd(got, gotSums, x, b, b, b, each, cols)
		requireQuotients(t, want, got, x, s)
		requireBits(t, wantSums, gotSums, "sums of products, s = %x", s)
		for i, v := range want {
			want[i] = v + T(b[i]*half[0])
		}
		DivMulAddByRow(got, x, b, each, half, cols)
		requireQuotients(t, want, got, x, s)
		plainly(func() { SumAxis(wantSums, want, numbers, cols, 1) })
		DivMulAddSum(got, gotSums, x, b, each, half, cols)
		requireQuotients(t, want, got, x, s)
		requireBits(t, wantSums, gotSums, "sums, s = %x", s)
		DivMulMulAddByRow(got, x, ones, b, each, half, cols)
		requireQuotients(t, want, got, x, s)
		DivMulMulAddSum(got, gotSums, ones, x, b, each, half, cols)
		requireQuotients(t, want, got, x, s)
		requireBits(t, wantSums, gotSums, "sums of a quotient of a product, s = %x", s)
	}
}

func requireQuotients[T Float](t *testing.T, want, got, x []T, s T) {
	t.Helper()
	for i := range want {
		if bitsOf(want[i]) != bitsOf(got[i]) {
			require.FailNow(t, "another quotient", "%x / %x is %x, not %x: element %d", x[i], s, want[i], got[i], i)
		}
	}
}

// mantissas returns n random numbers from 1 to 2, of which some have almost all bits 0 or 1.
func mantissas[T Float](rng *rand.Rand, n int) []T {
	digits, _ := digitsOf[T]()
	ulp := math.Ldexp(1, 1-digits)
	x := make([]T, n)
	for i := range x {
		x[i] = T(1 + rng.Float64())
		switch rng.IntN(8) {
		case 0:
			x[i] = T(1 + float64(rng.IntN(8))*ulp)
		case 1:
			x[i] = T(2 - float64(1+rng.IntN(8))*ulp)
		case 2:
			x[i] = T(1 + float64(rng.IntN(16))/16)
		}
	}
	return x
}

// testRandomQuotients takes numbers of all sizes that are divided without division, and some others.
func testRandomQuotients[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(81, 82))
	digits, most := digitsOf[T]()
	for range 40 {
		x, s := mantissas[T](rng, 1<<12), mantissas[T](rng, 16)
		for i := range x {
			x[i] = T(math.Ldexp(float64(x[i]), rng.IntN(2*(most-digits-5))-(most-digits-5)) * float64(1-2*rng.IntN(2)))
			if rng.IntN(20) == 0 {
				x[i] = T(math.Copysign(0, float64(x[i])))
			}
		}
		for i := range s {
			s[i] = T(math.Ldexp(float64(s[i]), rng.IntN(2*digits+4)-digits-2))
		}
		s[0] = -s[0]
		checkQuotients(t, x, s)
	}
}

// testHardQuotients takes quotients that are almost halfway between two numbers, or almost a number. Of whole numbers
// X and S with p digits, S odd, X 2ⁿ is c more than a multiple of S, for small c: the quotient X 2ⁿ / S is c/S from a
// whole number of p digits (n = p), or p + 1 (n = p + 1), and an odd one of these is halfway between two. X is found as
// c halved n times modulo S.
func testHardQuotients[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(83, 84))
	digits, _ := digitsOf[T]()
	unit := uint64(1) << (digits - 1)
	var odd []uint64
	for k := range uint64(64) {
		odd = append(odd, 2*unit-1-2*k, unit+1+2*k, unit+unit/2+1+2*k, (unit+rng.Uint64N(unit))|1, (unit+rng.Uint64N(unit))|1)
	}
	for _, s := range odd {
		var x []T
		for n := digits - 1; n <= digits+1; n++ {
			for c := range uint64(40) {
				y := c / 2
				if c%2 > 0 { // -c
					y = s - 1 - y
				}
				for range n {
					if y%2 > 0 {
						y += s
					}
					y /= 2
				}
				for ; y < 2*unit; y += s { // as much more changes the quotient by a power of two
					x = append(x, T(y), -T(y))
				}
			}
		}
		for k := uint64(1); k < 20; k++ { // beside s, where a y has the largest error
			x = append(x, T(max(s-k, unit)), T(min(s+k, 2*unit-1)))
		}
		checkQuotients(t, x, []T{T(s), T(s) / T(2*unit), T(s) / T(unit) / 1024})
	}
}

// testQuotientsAtLimits takes all exponents around those where the division begins, those of results that overflow or
// are not normal, and special numbers.
func testQuotientsAtLimits[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(85, 86))
	digits, most := digitsOf[T]()
	with := func(exponents []int, n int) (x []T) {
		for _, e := range exponents {
			for _, m := range mantissas[T](rng, n) {
				x = append(x, T(math.Ldexp(float64(m), e)))
			}
		}
		return x
	}
	around := func(centers ...int) (all []int) {
		for _, c := range centers {
			for e := c - 5; e <= c+5; e++ {
				all = append(all, e)
			}
		}
		return all
	}
	special := append(extremes[T](), T(math.Ldexp(1, 1-most)), T(math.Ldexp(1, most-digits-3)), T(math.Ldexp(1, digits+3-most)))
	s := append(with(around(-2*digits, -digits, 0, digits, 2*digits, most-digits, digits-most, most-3, 3-most), 2), special...)
	for _, exponent := range around(-most, digits-most, most-digits, most-5, 0) {
		x := with([]int{exponent}, 256)
		for i := range x {
			if rng.IntN(2) > 0 {
				x[i] = -x[i]
			}
		}
		checkQuotients(t, x, s)
	}
	for e := range 3 * digits { // quotients halfway between two that are not normal
		s, x := T(math.Ldexp(5, e)), []T{}
		for _, n := range []int{9, digits - 6} {
			for k := range 256 {
				x = append(x, T(math.Ldexp(5*float64(1<<n+2*k+1), e+1-most-digits)))
			}
		}
		checkQuotients(t, x, []T{s, s / 5 * 3})
	}
	for _, v := range special {
		x := with([]int{0}, 256)
		x[rng.IntN(256)] = v
		checkQuotients(t, append(x, slices.Repeat([]T{v}, 256)...), s)
	}
}

// testOneQuotient puts one element that is to be divided at every place of a row.
func testOneQuotient[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(87, 88))
	_, most := digitsOf[T]()
	tiny := math.Ldexp(1.3, -most-5) // not normal
	x := mantissas[T](rng, 256)
	x[17], x[133] = 0, T(math.Copysign(0, -1))
	s := []T{3, T(0.7), T(1.1) / 1024}
	for place := range x {
		for _, v := range []float64{tiny, math.Inf(1), math.NaN(), -math.Ldexp(1.7, most), math.Ldexp(1.9, 1-most)} {
			was := x[place]
			x[place] = T(v)
			checkQuotients(t, x, s)
			x[place] = was
		}
	}
}

// BenchmarkQuotients divides 64 rows of 256 numbers, and says how many times as long that takes as products with
// another number for each row:
//
//	go test ./internal/kernel -run '^$' -bench Quotients
func BenchmarkQuotients(b *testing.B) {
	defer func(best instructions) { isa = best }(isa)
	for ; isa >= avx2; isa-- {
		set := []string{"AVX2", "AVX-512"}[isa-avx2]
		b.Run(set+"/float32", benchQuotients[float32])
		b.Run(set+"/float64", benchQuotients[float64])
	}
}

func benchQuotients[T Float](b *testing.B) {
	const rows, cols = 64, 256
	rng := rand.New(rand.NewPCG(89, 90))
	x, y, dst := randoms[T](rng, rows*cols), randoms[T](rng, rows*cols), make([]T, rows*cols)
	s, u, sums := mantissas[T](rng, rows), randoms[T](rng, rows), make([]T, rows)
	for _, c := range []struct {
		name                string
		quotients, products func()
	}{
		{"DivByRow", func() { DivByRow(dst, x, s, cols) }, func() { MulByRow(dst, x, s, cols) }},
		{"DivMulAddByRow", func() { DivMulAddByRow(dst, x, y, s, u, cols) }, func() { MulMulAddByRow(dst, x, y, s, u, cols) }},
		{"DivMulAddSum", func() { DivMulAddSum(dst, sums, x, y, s, u, cols) }, func() { MulMulAddSum(dst, sums, x, y, s, u, cols) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			best, products := time.Hour, time.Hour
			for b.Loop() {
				best, products = min(best, timed(c.quotients)), min(products, timed(c.products))
			}
			b.ReportMetric(float64(best)/(100*rows*cols), "ns/element")
			b.ReportMetric(float64(best)/float64(products), "times")
		})
	}
}
