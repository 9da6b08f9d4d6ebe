package kernel

// place returns v as an index below n, and −1 when v is not a whole number in [0, n).
func place[T Float](v T, n int) int {
	// What a conversion to int makes of NaN or of a large number depends on the
	// machine, but converted back it never is v.
	if i := int(v); i >= 0 && i < n && T(i) == v {
		return i
	}
	return -1
}

// Gather takes elements of x at places along its middle axis:
//
//	dst[o,j,i] = x[o, index[o,j,i], i]
//
// x is (outer, n, inner), dst and index are (outer, m, inner), all row-major. Where
// index is not a whole number in [0, n), dst is outside.
func Gather[T Float](dst, x, index []T, outer, m, n, inner int, outside T) {
	rows, width, step := m, inner, 1
	if inner == 1 { // the axis is the row
		rows, width, step = 1, m, 0
	}
	for o := range outer {
		x := x[o*n*inner : (o+1)*n*inner]
		for j := range rows {
			at := (o*rows + j) * width
			d := dst[at:][:width]
			for i, v := range index[at:][:width] {
				d[i] = outside
				if k := place(v, n); k >= 0 {
					d[i] = x[k*inner+i*step]
				}
			}
		}
	}
}

// Scatter is the transpose of [Gather]: it adds each element of src where Gather
// would take it from, in zeros:
//
//	dst[o,k,i] = Σⱼ src[o,j,i] over the j with index[o,j,i] = k
//
// dst is (outer, n, inner), index and src are (outer, m, inner). Terms are added
// from the first to the last. Where index is no place, nothing is added.
func Scatter[T Float](dst, index, src []T, outer, m, n, inner int) {
	rows, width, step := m, inner, 1
	if inner == 1 {
		rows, width, step = 1, m, 0
	}
	clear(dst[:outer*n*inner])
	for o := range outer {
		d := dst[o*n*inner : (o+1)*n*inner]
		for j := range rows {
			at := (o*rows + j) * width
			s := src[at:][:width]
			for i, v := range index[at:][:width] {
				if k := place(v, n); k >= 0 {
					d[k*inner+i*step] += s[i]
				}
			}
		}
	}
}

// Take takes whole rows of x along its middle axis:
//
//	dst[o,j,i] = x[o, index[j], i]
//
// x is (outer, n, inner), index has m elements and dst is (outer, m, inner). Where
// index is not a whole number in [0, n), the row is filled with outside.
func Take[T Float](dst, x, index []T, outer, m, n, inner int, outside T) {
	for o := range outer {
		d, x := dst[o*m*inner:(o+1)*m*inner], x[o*n*inner:(o+1)*n*inner]
		if inner == 1 {
			Gather(d, x, index, 1, m, n, 1, outside)
			continue
		}
		for j, v := range index[:m] {
			row := d[j*inner : (j+1)*inner]
			if k := place(v, n); k >= 0 {
				copy(row, x[k*inner:(k+1)*inner])
			} else {
				Fill(row, outside)
			}
		}
	}
}

// AddRows is the transpose of [Take]: it adds each row of src where Take would take
// it from, in zeros:
//
//	dst[o,k,i] = Σⱼ src[o,j,i] over the j with index[j] = k
//
// dst is (outer, n, inner), index has m elements and src is (outer, m, inner).
// Terms are added from the first to the last. Where index is no place, nothing is
// added.
func AddRows[T Float](dst, index, src []T, outer, m, n, inner int) {
	clear(dst[:outer*n*inner])
	for o := range outer {
		d, s := dst[o*n*inner:(o+1)*n*inner], src[o*m*inner:(o+1)*m*inner]
		if inner == 1 {
			Scatter(d, index, s, 1, m, n, 1)
			continue
		}
		for j, v := range index[:m] {
			if k := place(v, n); k >= 0 {
				row := d[k*inner : (k+1)*inner]
				Add(row, row, s[j*inner:(j+1)*inner])
			}
		}
	}
}
