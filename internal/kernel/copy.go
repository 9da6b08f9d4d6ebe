package kernel

// maxRank is the largest number of axes StridedCopy walks without recursion.
const maxRank = 8

// StridedCopy copies between two strided layouts of one shape:
//
//	dst[dstOff + Σ iₐ dstStrides[a]] = src[srcOff + Σ iₐ srcStrides[a]]
//
// for every index i with 0 <= iₐ < shape[a]. Strides count elements. A source
// stride may be 0, which repeats (broadcasting), or negative, which reverses;
// a destination stride may be negative too. dst and src must not overlap.
//
// It is fast when the last axis of the destination has stride 1: runs are
// copied, repeats are filled and transpositions, whichever axis of the source has
// stride 1, go block by block in vector registers. The shape may have any number of axes, and zero
// of them copies one element.
func StridedCopy[T Float](dst []T, dstStrides []int, dstOff int, src []T, srcStrides []int, srcOff int, shape []int) {
	if len(shape) > maxRank {
		for i := range shape[0] {
			StridedCopy(dst, dstStrides[1:], dstOff+i*dstStrides[0],
				src, srcStrides[1:], srcOff+i*srcStrides[0], shape[1:])
		}
		return
	}
	w := walk{rank: 2, shape: [maxRank + 2]int{1, 1}}
	for a, n := range shape {
		if n == 0 {
			return
		}
		w.push(n, dstStrides[a], srcStrides[a])
	}
	// The last two axes are a plane; an odometer counts the axes before them.
	w.transpose()
	last := w.rank - 2
	p := plane{
		rows: w.shape[last], cols: w.shape[last+1],
		dstRow: w.dst[last], dstCol: w.dst[last+1],
		srcRow: w.src[last], srcCol: w.src[last+1],
	}
	var index [maxRank + 2]int
	for {
		copyPlane(dst, dstOff, src, srcOff, &p)
		a := last - 1
		for ; a >= 0; a-- {
			index[a]++
			dstOff += w.dst[a]
			srcOff += w.src[a]
			if index[a] < w.shape[a] {
				break
			}
			dstOff -= index[a] * w.dst[a]
			srcOff -= index[a] * w.src[a]
			index[a] = 0
		}
		if a < 0 {
			return
		}
	}
}

// walk is a pair of layouts of one shape, with axes of length 1 left out and
// neighbours that both layouts walk in one stride merged. It starts with two
// axes of length 1, so that there always is a plane.
type walk struct {
	rank            int
	shape, dst, src [maxRank + 2]int
}

// push appends an axis of length n inside those already there.
func (w *walk) push(n, dst, src int) {
	if n == 1 {
		return
	}
	a := w.rank - 1
	if w.shape[a] != 1 && w.dst[a] == n*dst && w.src[a] == n*src {
		w.shape[a], w.dst[a], w.src[a] = w.shape[a]*n, dst, src
		return
	}
	w.shape[w.rank], w.dst[w.rank], w.src[w.rank] = n, dst, src
	w.rank++
}

// transpose makes the last two axes those along which the source and the destination
// have stride 1, if they are two: the order of the others does not matter.
func (w *walk) transpose() {
	last := w.rank - 1
	if w.dst[last] != 1 || w.src[last] == 1 {
		return
	}
	for a := range last - 1 {
		if w.src[a] == 1 && w.shape[a] > 1 {
			b := last - 1
			w.shape[a], w.shape[b] = w.shape[b], w.shape[a]
			w.dst[a], w.dst[b] = w.dst[b], w.dst[a]
			w.src[a], w.src[b] = w.src[b], w.src[a]
			return
		}
	}
}

// plane holds the lengths and strides of two axes.
type plane struct {
	rows, cols     int
	dstRow, dstCol int
	srcRow, srcCol int
}

// tile is the number of columns of a transposition copied at once: as many
// cache lines of the source are read along while the rows go by.
const tile = 16

// copyPlane copies one plane that starts at dst[d] and src[s].
func copyPlane[T Float](dst []T, d int, src []T, s int, p *plane) {
	if p.dstCol == 1 && p.srcRow == 1 && p.srcCol != 1 && transposePlane(dst, d, src, s, p) {
		return
	}
	step := p.cols
	if p.srcCol != 1 && p.srcCol != 0 && p.rows > 1 {
		step = tile
	}
	for c := 0; c < p.cols; c += step {
		n := min(step, p.cols-c)
		for r := range p.rows {
			copyRow(dst, d+r*p.dstRow+c*p.dstCol, p.dstCol, src, s+r*p.srcRow+c*p.srcCol, p.srcCol, n)
		}
	}
}

// copyRow copies n elements from src[s], src[s+srcStride], ... to dst[d], ...
func copyRow[T Float](dst []T, d, dstStride int, src []T, s, srcStride, n int) {
	switch {
	case dstStride == 1 && srcStride == 1:
		copy(dst[d:d+n], src[s:s+n])
	case dstStride == 1 && srcStride == 0:
		Fill(dst[d:d+n], src[s])
	case dstStride == 1:
		row := dst[d : d+n]
		for i := range row {
			row[i] = src[s]
			s += srcStride
		}
	default:
		for range n {
			dst[d] = src[s]
			d += dstStride
			s += srcStride
		}
	}
}
