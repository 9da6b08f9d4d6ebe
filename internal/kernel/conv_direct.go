package kernel

// The functions in this file are products with the matrix of columns that do not
// make it. They are for one image and one row of weights, where making it would be
// most of the work.

// ConvRow adds the product of w, a row with the length of a column, and the matrix
// to y, for the columns from <= q < to of one image:
//
//	y[q] += Σᵣ w[r] C[r,q]
func ConvRow[T Float](y, w, x []T, win *ConvWindow, from, to int) {
	pixels, taps := win.Image[0]*win.Image[1], win.Kernel[0]*win.Kernel[1]
	y = y[from:to]
	for c := range win.Channels {
		for tap, e := range w[c*taps:][:taps] {
			done, zero := 0, T(e*0) // NaN if e is infinite
			for r := win.runs(tap, from, to); r.next(); done = r.at + r.n {
				addTo(y[done:r.at], zero)
				addStrided(y[r.at:], 1, x[c*pixels+r.pixel:], win.Stride[1], r.n, e)
			}
			addTo(y[done:], zero)
		}
	}
}

// ConvRowInput adds the product of column w and row y to the pixels that the
// matrix is taken from, for the columns from <= q < to of one image:
//
//	x[pixel of C[r,q]] += w[r] y[q]
func ConvRowInput[T Float](x, w, y []T, win *ConvWindow, from, to int) {
	pixels, taps := win.Image[0]*win.Image[1], win.Kernel[0]*win.Kernel[1]
	for c := range win.Channels {
		for tap, e := range w[c*taps:][:taps] {
			for r := win.runs(tap, from, to); r.next(); {
				addStrided(x[c*pixels+r.pixel:], win.Stride[1], y[from+r.at:], 1, r.n, e)
			}
		}
	}
}

// ConvRowWeight adds the product of the matrix and y to w, for the columns
// from <= q < to of one image:
//
//	w[r] += Σ C[r,q] y[q]      over q
func ConvRowWeight[T Float](w, y, x []T, win *ConvWindow, from, to int) {
	pixels, taps := win.Image[0]*win.Image[1], win.Kernel[0]*win.Kernel[1]
	y = y[from:to]
	for c := range win.Channels {
		for tap := range taps {
			done, s := 0, w[c*taps+tap]
			for r := win.runs(tap, from, to); r.next(); done = r.at + r.n {
				s += timesZero(y[done:r.at])
				s += dotStrided(y[r.at:], x[c*pixels+r.pixel:], win.Stride[1], r.n)
			}
			w[c*taps+tap] = s + timesZero(y[done:])
		}
	}
}

// addStrided adds n elements of src times e, ss apart, to elements of dst, ds apart.
func addStrided[T Float](dst []T, ds int, src []T, ss, n int, e T) {
	if ds == 1 && ss == 1 {
		addRow(dst[:n], src, e)
		return
	}
	for i := range n {
		dst[i*ds] += T(src[i*ss] * e)
	}
}

// addTo adds e to each element of dst.
func addTo[T Float](dst []T, e T) {
	for i := range dst {
		dst[i] += e
	}
}

// timesZero returns Σ 0·y: 0, or NaN when an element is not finite.
func timesZero[T Float](y []T) T {
	var s T
	for _, e := range y {
		s += T(e * 0)
	}
	return s
}

// dotStrided returns the sum of n products of y with elements of x, step apart. It
// has four partial sums, so that one addition need not wait for another.
func dotStrided[T Float](y, x []T, step, n int) T {
	var s0, s1, s2, s3 T
	y = y[:n]
	for len(y) >= 4 {
		x0, x1, x2, x3 := x[0], x[step], x[2*step], x[3*step]
		s0 += T(y[0] * x0)
		s1 += T(y[1] * x1)
		s2 += T(y[2] * x2)
		s3 += T(y[3] * x3)
		y = y[4:]
		x = x[min(4*step, len(x)):]
	}
	for i, e := range y {
		s0 += T(e * x[i*step])
	}
	return T(s0+s1) + T(s2+s3)
}
