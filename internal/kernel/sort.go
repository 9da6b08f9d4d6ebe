package kernel

import "math"

// Keyed is an element of a line to be sorted: a number in the order of the elements
// and its place. Sorting needs two slices of them as scratch memory.
type Keyed struct {
	key uint64
	at  int
}

// Argsort writes the places of the elements of the middle axis of x in the order of
// their size: x[o, dst[o,0,i], i] ≤ x[o, dst[o,1,i], i] ≤ ..., or ≥ when descending.
//
// x and dst are (outer, n, inner), both row-major; a and b have at least n elements.
// Equal elements stay in the order they have, −0 equals 0, and NaN is above +Inf.
// The time is linear in the size of x.
func Argsort[T Float](dst, x []T, outer, n, inner int, descending bool, a, b []Keyed) {
	a, b = a[:n], b[:n]
	for o := range outer {
		for i := range inner {
			line := o*n*inner + i
			for j := range a {
				a[j] = Keyed{order(x[line+j*inner], descending), j}
			}
			for j, e := range sorted(a, b) {
				dst[line+j*inner] = T(e.at)
			}
		}
	}
}

// order returns a number that is smaller the earlier v comes.
func order[T Float](v T, descending bool) uint64 {
	f := float64(v) + 0 // −0 becomes 0
	key := math.Float64bits(f)
	switch {
	case f != f:
		key = math.MaxUint64
	case key>>63 != 0: // negative: the larger the bits, the smaller the number
		key = ^key
	default:
		key |= 1 << 63
	}
	if descending {
		return ^key
	}
	return key
}

// few is the number of elements up to which insertion is faster than counting.
const few = 64

// sorted sorts a by key and returns it, in the memory of a or of b. Equal keys stay
// in order. It counts the values of each byte of the keys, the lowest byte first.
func sorted(a, b []Keyed) []Keyed {
	if len(a) <= few {
		insert(a)
		return a
	}
	var counts [8][256]int
	for _, e := range a {
		for p := range counts {
			counts[p][byte(e.key>>(8*p))]++
		}
	}
	for p := range counts {
		c := &counts[p]
		if c[byte(a[0].key>>(8*p))] == len(a) {
			continue // the byte is the same in all keys
		}
		start := 0
		for v, n := range c {
			c[v] = start
			start += n
		}
		for _, e := range a {
			v := byte(e.key >> (8 * p))
			b[c[v]] = e
			c[v]++
		}
		a, b = b, a
	}
	return a
}

// insert sorts a by insertion.
func insert(a []Keyed) {
	for i := 1; i < len(a); i++ {
		e, j := a[i], i
		for ; j > 0 && a[j-1].key > e.key; j-- {
			a[j] = a[j-1]
		}
		a[j] = e
	}
}

// ArgMax writes the place of the largest element over the middle axis of x, the
// first of several that are equal, and the first NaN if there is one.
//
// x is (outer, n, inner) and dst (outer, inner), both row-major; n is at least 1.
func ArgMax[T Float](dst, x []T, outer, n, inner int) { argBest(dst, x, outer, n, inner, 1) }

// ArgMin writes the place of the smallest element, as [ArgMax] does of the largest.
func ArgMin[T Float](dst, x []T, outer, n, inner int) { argBest(dst, x, outer, n, inner, -1) }

// argBest writes the place of the largest sign·x.
func argBest[T Float](dst, x []T, outer, n, inner int, sign T) {
	for o := range outer {
		for i := 0; i < inner; i += width {
			cols := min(width, inner-i)
			argBestColumns(dst[o*inner+i:][:cols], x[o*n*inner+i:], n, inner, sign)
		}
	}
}

// argBestColumns is argBest for the first len(dst) columns of the n rows of x, which
// start stride elements apart. len(dst) is at most width.
func argBestColumns[T Float](dst, x []T, n, stride int, sign T) {
	if len(dst) == 1 {
		dst[0] = T(argBestLine(x, n, stride, sign))
		return
	}
	var top [width]T
	best := top[:len(dst)]
	for i, v := range x[:len(dst)] {
		best[i], dst[i] = sign*v, 0
	}
	for j := 1; j < n; j++ {
		for i, v := range x[j*stride:][:len(dst)] {
			if v := sign * v; v > best[i] || v != v && best[i] == best[i] {
				best[i], dst[i] = v, T(j)
			}
		}
	}
}

// argBestLine is argBest for n elements of x that are stride apart.
func argBestLine[T Float](x []T, n, stride int, sign T) int {
	place, best := 0, sign*x[0]
	for j := range n {
		v := sign * x[j*stride]
		if v != v {
			return j
		}
		if v > best {
			place, best = j, v
		}
	}
	return place
}
