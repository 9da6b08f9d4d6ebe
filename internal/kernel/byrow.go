package kernel

// The functions in this file work on matrices dst and a, row-major, with rows of cols
// elements. s and t have one number for each row.

// A byRowOperation is one that there is assembly for.
type byRowOperation int

// The order is that of gen/byrow.go.
const (
	opAddByRow byRowOperation = iota
	opSubByRow
	opSubFromByRow
	opMulByRow
	opDivByRow
	opDivIntoByRow
	opMaxByRow
	opMinByRow
	opEqByRow
	opMulAddByRow
	opSubMulByRow
	byRowOperations // their number
)

// AddByRow writes dst[r,c] = a[r,c] + s[r].
func AddByRow[T Float](dst, a, s []T, cols int) {
	byRow(opAddByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = x + s
		}
	})
}

// SubByRow writes dst[r,c] = a[r,c] - s[r].
func SubByRow[T Float](dst, a, s []T, cols int) {
	byRow(opSubByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = x - s
		}
	})
}

// SubFromByRow writes dst[r,c] = s[r] - a[r,c].
func SubFromByRow[T Float](dst, a, s []T, cols int) {
	byRow(opSubFromByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = s - x
		}
	})
}

// MulByRow writes dst[r,c] = a[r,c] s[r].
func MulByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMulByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = x * s
		}
	})
}

// DivByRow writes dst[r,c] = a[r,c] / s[r].
func DivByRow[T Float](dst, a, s []T, cols int) {
	byRow(opDivByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = x / s
		}
	})
}

// DivIntoByRow writes dst[r,c] = s[r] / a[r,c].
func DivIntoByRow[T Float](dst, a, s []T, cols int) {
	byRow(opDivIntoByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = s / x
		}
	})
}

// MaxByRow writes dst[r,c] = max(a[r,c], s[r]), with NaN as [Max] has it.
func MaxByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMaxByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = max(x, s)
		}
	})
}

// MinByRow writes dst[r,c] = min(a[r,c], s[r]), with NaN as [Min] has it.
func MinByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMinByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = min(x, s)
		}
	})
}

// EqByRow writes 1 where a[r,c] = s[r], else 0.
func EqByRow[T Float](dst, a, s []T, cols int) {
	byRow(opEqByRow, dst, a, s, s, cols, func(dst, a []T, s, _ T) {
		for i, x := range a {
			dst[i] = T(bit(x == s))
		}
	})
}

// MulAddByRow writes dst[r,c] = a[r,c] s[r] + t[r]. The product is rounded.
func MulAddByRow[T Float](dst, a, s, t []T, cols int) {
	byRow(opMulAddByRow, dst, a, s, t, cols, func(dst, a []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x*s) + t
		}
	})
}

// SubMulByRow writes dst[r,c] = (a[r,c] - s[r]) t[r]. The difference is rounded.
func SubMulByRow[T Float](dst, a, s, t []T, cols int) {
	byRow(opSubMulByRow, dst, a, s, t, cols, func(dst, a []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x-s) * t
		}
	})
}

// byRow computes one row after the other.
func byRow[T Float](op byRowOperation, dst, a, s, t []T, cols int, row func(dst, a []T, s, t T)) {
	rows := len(s)
	dst, a, t = dst[:rows*cols], a[:rows*cols], t[:rows]
	if vectorByRow(op, size[T](), rows, cols, at(dst), at(a), at(s), at(t)) {
		return
	}
	for r := range s {
		row(dst[r*cols:(r+1)*cols], a[r*cols:(r+1)*cols], s[r], t[r])
	}
}
