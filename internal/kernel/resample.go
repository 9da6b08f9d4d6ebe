package kernel

// Tap is how one element of an interpolated axis is made of two neighbours:
// Lo·x[At] + Hi·x[At+1]. With a Hi of 0 it is x[At], and there is no neighbour.
type Tap[T Float] struct {
	At     int
	Lo, Hi T
}

// Resample interpolates the middle axis of x: dst[o,i] = Lo·x[o,At] + Hi·x[o,At+1]
// with the numbers of taps[i].
//
// x is (outer, n, inner) and dst (outer, len(taps), inner).
func Resample[T Float](dst, x []T, taps []Tap[T], outer, n, inner int) {
	for range outer {
		for _, t := range taps {
			d, lo := dst[:inner], x[t.At*inner:][:inner]
			dst = dst[inner:]
			if t.Hi == 0 {
				copy(d, lo)
				continue
			}
			hi := x[(t.At+1)*inner:][:inner]
			for i := range d {
				d[i] = T(t.Lo*lo[i]) + T(t.Hi*hi[i])
			}
		}
		x = x[n*inner:]
	}
}

// ResampleBack is the transpose of [Resample]: it adds Lo·dy[o,i] to dst[o,At] and
// Hi·dy[o,i] to dst[o,At+1].
//
// dst is (outer, n, inner) and dy (outer, len(taps), inner).
func ResampleBack[T Float](dst, dy []T, taps []Tap[T], outer, n, inner int) {
	clear(dst)
	for range outer {
		for _, t := range taps {
			d, lo := dy[:inner], dst[t.At*inner:][:inner]
			dy = dy[inner:]
			if t.Hi == 0 {
				Add(lo, lo, d)
				continue
			}
			hi := dst[(t.At+1)*inner:][:inner]
			for i := range d {
				lo[i] += T(t.Lo * d[i])
				hi[i] += T(t.Hi * d[i])
			}
		}
		dst = dst[n*inner:]
	}
}
