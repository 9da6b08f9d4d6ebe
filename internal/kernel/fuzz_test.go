package kernel

import (
	encoding "encoding/binary" // binary is a type of the tests
	"math"
	"math/rand/v2"
	"testing"
)

// extremes are what the bytes of a fuzzer choose among, by their values.
func extremes[T Float]() []T {
	tiny, least, most := math.SmallestNonzeroFloat32, 0x1p-126, math.MaxFloat32
	if size[T]() == 8 {
		tiny, least, most = math.SmallestNonzeroFloat64, 0x1p-1022, math.MaxFloat64
	}
	return []T{T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1)), 0, T(math.Copysign(0, -1)), T(tiny), T(-tiny), T(least), T(-least / 4),
		T(most), T(-most), T(most / 2), 1, -1, 2, 0.5}
}

// mixed returns a source of arguments: numbers that are normal, or of all sizes where the next byte of
// kinds is odd, and the extreme ones for the lowest bytes.
func mixed[T Float](seed uint64, kinds []byte) func(n int) []T {
	rng, special, next := rand.New(rand.NewPCG(seed, 1)), extremes[T](), 0
	return func(n int) []T {
		x := randoms[T](rng, n)
		for i := range x {
			if len(kinds) == 0 {
				break
			}
			k := int(kinds[next%len(kinds)])
			next++
			if k < len(special) {
				x[i] = special[k]
			} else if k%2 > 0 {
				x[i] *= T(math.Exp(20 * rng.NormFloat64()))
			}
		}
		return x
	}
}

// addKinds adds seeds with no extreme numbers, with some and with nothing else; add takes the bytes
// for mixed.
func addKinds(add func(kinds []byte)) {
	var some []byte
	for k := range extremes[float32]() {
		some = append(some, byte(k), 200, 201)
	}
	for _, kinds := range [][]byte{nil, some, {4}, {3, 4}, {12, 14, 13, 12}} {
		add(kinds)
	}
}

// floatsOf reads numbers of any bits.
func floatsOf[T Float](data []byte) []T {
	x := make([]T, len(data)/size[T]())
	if _, err := encoding.Decode(data, encoding.LittleEndian, x); err != nil {
		panic(err)
	}
	return x
}

// framed returns n numbers between others, and what fails if these are no longer as they were.
func framed[T Float](n int) (dst []T, intact func(t *testing.T)) {
	const room = 5 // an odd number: vectors are not aligned
	all := make([]T, n+2*room)
	for i := range all {
		all[i] = T(i) + 0.25
	}
	return all[room:][:n], func(t *testing.T) {
		t.Helper()
		for i, v := range all {
			if (i < room || i >= room+n) && v != T(i)+0.25 {
				t.Fatalf("%v is written %d elements from the start of %d", v, i-room, n)
			}
		}
	}
}

// framedCopy is framed with the numbers of x.
func framedCopy[T Float](x []T) (dst []T, intact func(t *testing.T)) {
	dst, intact = framed[T](len(x))
	copy(dst, x)
	return dst, intact
}
