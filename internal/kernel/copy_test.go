package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// stridedNaive is the definition of StridedCopy, an odometer over all axes.
func stridedNaive[T Float](dst []T, ds []int, do int, src []T, ss []int, so int, shape []int) {
	if len(shape) == 0 {
		dst[do] = src[so]
		return
	}
	for i := range shape[0] {
		stridedNaive(dst, ds[1:], do+i*ds[0], src, ss[1:], so+i*ss[0], shape[1:])
	}
}

// layout is a random view of a slice: strides, offset and the slice's length.
type layout struct {
	strides []int
	offset  int
	size    int
}

// newLayout lays shape out in a random order of axes, some of them reversed,
// with random gaps and, if repeat, some strides 0.
func newLayout(rng *rand.Rand, shape []int, repeat bool) layout {
	l := layout{strides: make([]int, len(shape)), size: 1}
	order := rng.Perm(len(shape))
	if rng.IntN(2) == 0 {
		slices.Sort(order)
		slices.Reverse(order)
	}
	for _, a := range order {
		if repeat && rng.IntN(4) == 0 {
			continue
		}
		l.strides[a] = l.size
		l.size *= max(shape[a], 1)
		if rng.IntN(5) == 0 {
			l.size += rng.IntN(3)
		}
		if rng.IntN(5) == 0 {
			l.offset += (shape[a] - 1) * l.strides[a]
			l.strides[a] = -l.strides[a]
		}
	}
	return l
}

func checkStridedCopy[T Float](t *testing.T, seed uint64, rank, longest int) {
	rng := rand.New(rand.NewPCG(seed, 15))
	shape := make([]int, rank)
	for a := range shape {
		shape[a] = 1 + rng.IntN(longest)
	}
	d, s := newLayout(rng, shape, false), newLayout(rng, shape, true)
	src := randoms[T](rng, s.size)
	got := randoms[T](rng, d.size)
	want := slices.Clone(got) // the gaps stay as they are
	stridedNaive(want, d.strides, d.offset, src, s.strides, s.offset, shape)
	StridedCopy(got, d.strides, d.offset, src, s.strides, s.offset, shape)
	require.Equal(t, want, got, "shape %v, to %v, from %v", shape, d, s)
}

func TestStridedCopy(t *testing.T) {
	for seed := range uint64(300) {
		for rank := range 6 {
			checkStridedCopy[float64](t, seed, rank, 7)
			checkStridedCopy[float32](t, seed, rank, 4)
		}
		checkStridedCopy[float64](t, seed, 2, 70)
		checkStridedCopy[float32](t, seed, 11, 2)
	}
}

// TestTransposition copies planes and permutations that the blocks of the assembly do not fit.
func TestTransposition(t *testing.T) {
	forEachISA(t, func(t *testing.T) {
		for seed := range uint64(150) {
			for rank, longest := range []int{2: 90, 3: 30, 4: 14} {
				if rank >= 2 {
					checkStridedCopy[float64](t, seed, rank, longest)
					checkStridedCopy[float32](t, seed, rank, longest)
				}
			}
		}
		checkStridedCopy[float64](t, 1, 2, 900)
		checkStridedCopy[float32](t, 2, 2, 900)
		for rows := range 70 {
			for _, cols := range []int{1, 3, 4, 5, 7, 8, 9, 12, 16, 17, 31, 33, 65} {
				checkTransposition[float64](t, rows, cols)
				checkTransposition[float32](t, rows, cols)
			}
		}
	})
}

func checkTransposition[T Float](t *testing.T, rows, cols int) {
	src := randoms[T](rand.New(rand.NewPCG(uint64(rows), uint64(cols))), rows*cols)
	got, want := make([]T, rows*cols), make([]T, rows*cols)
	to, from, shape := []int{cols, 1}, []int{1, rows}, []int{rows, cols}
	stridedNaive(want, to, 0, src, from, 0, shape)
	StridedCopy(got, to, 0, src, from, 0, shape)
	require.Equal(t, want, got, shape)
}

func FuzzStridedCopy(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(seed), uint8(2+seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, rank, longest uint8) {
		r := int(rank) % 10
		limit := []int{1, 100, 30, 12, 8, 6, 4, 3, 3, 3}[r]
		forEachISA(t, func(t *testing.T) {
			checkStridedCopy[float64](t, seed, r, 1+int(longest)%limit)
			checkStridedCopy[float32](t, seed, r, 1+int(longest)%limit)
		})
	})
}

func TestStridedCopyCases(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		name    string
		shape   []int
		strides []int
		offset  int
		want    []float64
	}{
		{"scalar", nil, nil, 3, []float64{4}},
		{"all", []int{2, 3}, []int{3, 1}, 0, x},
		{"transpose", []int{3, 2}, []int{1, 3}, 0, []float64{1, 4, 2, 5, 3, 6}},
		{"reverse", []int{6}, []int{-1}, 5, []float64{6, 5, 4, 3, 2, 1}},
		{"repeat one", []int{2, 2}, []int{0, 0}, 1, []float64{2, 2, 2, 2}},
		{"repeat row", []int{2, 3}, []int{0, 1}, 3, []float64{4, 5, 6, 4, 5, 6}},
		{"repeat column", []int{2, 3}, []int{3, 0}, 0, []float64{1, 1, 1, 4, 4, 4}},
		{"every second", []int{3}, []int{2}, 1, []float64{2, 4, 6}},
		{"unit axes", []int{1, 6, 1}, []int{99, 1, -99}, 0, x},
		{"empty", []int{3, 0}, []int{1, 1}, 0, []float64{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			packed := make([]int, len(c.shape))
			n := 1
			for a := len(c.shape) - 1; a >= 0; a-- {
				packed[a] = n
				n *= c.shape[a]
			}
			got := make([]float64, n)
			StridedCopy(got, packed, 0, x, c.strides, c.offset, c.shape)
			require.Equal(t, c.want, got)
		})
	}
}
