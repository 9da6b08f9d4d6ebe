package kernel

// Repeat writes each row of x n times, one after the other: dst[o,j,i] = x[o,i].
//
// dst is (outer, n, inner) and x (outer, inner), both row-major.
func Repeat[T Float](dst, x []T, outer, n, inner int) {
	const short = 32 // elements that are written sooner than a function is called
	switch {
	case inner == 1 && n < short:
		for _, v := range x[:outer] {
			row := dst[:n]
			for i := range row {
				row[i] = v
			}
			dst = dst[n:]
		}
		return
	case inner == 1:
		for o, v := range x[:outer] {
			Fill(dst[o*n:(o+1)*n], v)
		}
		return
	}
	for o := range outer {
		row := x[o*inner : (o+1)*inner]
		for j := range n {
			copy(dst[(o*n+j)*inner:], row)
		}
	}
}
