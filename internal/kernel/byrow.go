package kernel

// The functions in this file work on matrices, row-major, with rows of cols elements. s and
// t have one number for each row. A matrix b or c, or an a beside one, may be shorter than
// dst: then it is one row, and that is the same for all. dst may be one of the matrices as
// long as itself.

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
	opSubSubByRow
	opExpSubByRow
	opMulMulAddByRow
	opDivMulAddByRow
	opMulMulMulAddByRow
	opDivMulMulAddByRow
	opAddByColumn
	opSubByColumn
	opMulByColumn
	opMulAddByColumn
	opMulMulAddByColumn
	byRowOperations // their number
)

// AddByRow writes dst[r,c] = a[r,c] + s[r].
func AddByRow[T Float](dst, a, s []T, cols int) {
	byRow(opAddByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = x + s
		}
	})
}

// SubByRow writes dst[r,c] = a[r,c] - s[r].
func SubByRow[T Float](dst, a, s []T, cols int) {
	byRow(opSubByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = x - s
		}
	})
}

// SubFromByRow writes dst[r,c] = s[r] - a[r,c].
func SubFromByRow[T Float](dst, a, s []T, cols int) {
	byRow(opSubFromByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = s - x
		}
	})
}

// MulByRow writes dst[r,c] = a[r,c] s[r].
func MulByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMulByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = x * s
		}
	})
}

// DivByRow writes dst[r,c] = a[r,c] / s[r].
func DivByRow[T Float](dst, a, s []T, cols int) {
	byRow(opDivByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = x / s
		}
	})
}

// DivIntoByRow writes dst[r,c] = s[r] / a[r,c].
func DivIntoByRow[T Float](dst, a, s []T, cols int) {
	byRow(opDivIntoByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = s / x
		}
	})
}

// MaxByRow writes dst[r,c] = max(a[r,c], s[r]), with NaN as [Max] has it.
func MaxByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMaxByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = max(x, s)
		}
	})
}

// MinByRow writes dst[r,c] = min(a[r,c], s[r]), with NaN as [Min] has it.
func MinByRow[T Float](dst, a, s []T, cols int) {
	byRow(opMinByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = min(x, s)
		}
	})
}

// EqByRow writes 1 where a[r,c] = s[r], else 0.
func EqByRow[T Float](dst, a, s []T, cols int) {
	byRow(opEqByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = T(bit(x == s))
		}
	})
}

// MulAddByRow writes dst[r,c] = a[r,c] s[r] + t[r]. The product is rounded.
func MulAddByRow[T Float](dst, a, s, t []T, cols int) {
	byRow(opMulAddByRow, dst, a, nil, nil, s, t, cols, func(dst, a, _, _ []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x*s) + t
		}
	})
}

// SubMulByRow writes dst[r,c] = (a[r,c] - s[r]) t[r]. The difference is rounded.
func SubMulByRow[T Float](dst, a, s, t []T, cols int) {
	byRow(opSubMulByRow, dst, a, nil, nil, s, t, cols, func(dst, a, _, _ []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x-s) * t
		}
	})
}

// SubSubByRow writes dst[r,c] = (a[r,c] - s[r]) - t[r]. Both differences are rounded.
func SubSubByRow[T Float](dst, a, s, t []T, cols int) {
	byRow(opSubSubByRow, dst, a, nil, nil, s, t, cols, func(dst, a, _, _ []T, s, t T) {
		for i, x := range a {
			dst[i] = x - s - t
		}
	})
}

// ExpSubByRow writes dst[r,c] = exp(a[r,c] - s[r]).
func ExpSubByRow[T Float](dst, a, s []T, cols int) {
	byRow(opExpSubByRow, dst, a, nil, nil, s, s, cols, func(dst, a, _, _ []T, s, _ T) {
		for i, x := range a {
			dst[i] = x - s
		}
		Exp(dst, dst)
	})
}

// MulMulAddByRow writes dst[r,c] = a[r,c] s[r] + b[r,c] t[r]. The products are rounded.
func MulMulAddByRow[T Float](dst, a, b, s, t []T, cols int) {
	byRow(opMulMulAddByRow, dst, a, b, nil, s, t, cols, func(dst, a, b, _ []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x*s) + T(b[i]*t)
		}
	})
}

// DivMulAddByRow writes dst[r,c] = a[r,c] / s[r] + b[r,c] t[r]. The quotient and the product are rounded.
func DivMulAddByRow[T Float](dst, a, b, s, t []T, cols int) {
	byRow(opDivMulAddByRow, dst, a, b, nil, s, t, cols, func(dst, a, b, _ []T, s, t T) {
		for i, x := range a {
			dst[i] = x/s + T(b[i]*t)
		}
	})
}

// MulMulMulAddByRow writes dst[r,c] = (a[r,c] b[r,c]) s[r] + c[r,c] t[r]. The products are rounded.
func MulMulMulAddByRow[T Float](dst, a, b, c, s, t []T, cols int) {
	byRow(opMulMulMulAddByRow, dst, a, b, c, s, t, cols, func(dst, a, b, c []T, s, t T) {
		for i, x := range a {
			dst[i] = T(T(x*b[i])*s) + T(c[i]*t)
		}
	})
}

// DivMulMulAddByRow writes dst[r,c] = a[r,c] b[r,c] / s[r] + c[r,c] t[r]. The products and the quotient are rounded.
func DivMulMulAddByRow[T Float](dst, a, b, c, s, t []T, cols int) {
	byRow(opDivMulMulAddByRow, dst, a, b, c, s, t, cols, func(dst, a, b, c []T, s, t T) {
		for i, x := range a {
			dst[i] = T(x*b[i])/s + T(c[i]*t)
		}
	})
}

// AddByColumn writes dst[r,c] = a[r,c] + b[r,c].
func AddByColumn[T Float](dst, a, b []T, cols int) {
	byRow(opAddByColumn, dst, a, b, nil, nil, nil, cols, func(dst, a, b, _ []T, _, _ T) { Add(dst, a, b) })
}

// SubByColumn writes dst[r,c] = a[r,c] - b[r,c].
func SubByColumn[T Float](dst, a, b []T, cols int) {
	byRow(opSubByColumn, dst, a, b, nil, nil, nil, cols, func(dst, a, b, _ []T, _, _ T) { Sub(dst, a, b) })
}

// MulByColumn writes dst[r,c] = a[r,c] b[r,c].
func MulByColumn[T Float](dst, a, b []T, cols int) {
	byRow(opMulByColumn, dst, a, b, nil, nil, nil, cols, func(dst, a, b, _ []T, _, _ T) { Mul(dst, a, b) })
}

// MulAddByColumn writes dst[r,c] = a[r,c] b[r,c] + c[r,c]. The product is rounded.
func MulAddByColumn[T Float](dst, a, b, c []T, cols int) {
	byRow(opMulAddByColumn, dst, a, b, c, nil, nil, cols, func(dst, a, b, c []T, _, _ T) {
		for i, x := range a {
			dst[i] = T(x*b[i]) + c[i]
		}
	})
}

// MulMulAddByColumn writes dst[r,c] = (a[r,c] s[r]) b[r,c] + c[r,c]. The products are rounded.
func MulMulAddByColumn[T Float](dst, a, b, c, s []T, cols int) {
	byRow(opMulMulAddByColumn, dst, a, b, c, s, s, cols, func(dst, a, b, c []T, s, _ T) {
		for i, x := range a {
			dst[i] = T(T(x*s)*b[i]) + c[i]
		}
	})
}

// byRow computes one row after the other. Arguments that an operation has not are nil.
func byRow[T Float](op byRowOperation, dst, a, b, c, s, t []T, cols int, row func(dst, a, b, c []T, s, t T)) {
	if cols == 0 {
		return
	}
	rows := len(dst) / cols
	if s != nil {
		rows = len(s)
		t = t[:rows]
	}
	dst = dst[:rows*cols]
	m := rowMatrices{dst: at(dst), a: at(a), b: at(b), c: at(c),
		nextA: rowStep(a, rows, cols), nextB: rowStep(b, rows, cols), nextC: rowStep(c, rows, cols)}
	if vectorByRow(op, size[T](), rows, cols, m, at(s), at(t)) {
		return
	}
	of := func(x []T, step, r int) []T {
		if x == nil {
			return nil
		}
		return x[r*step : r*step+cols]
	}
	var sr, tr T
	for r := range rows {
		if s != nil {
			sr, tr = s[r], t[r]
		}
		row(dst[r*cols:(r+1)*cols], of(a, m.nextA, r), of(b, m.nextB, r), of(c, m.nextC, r), sr, tr)
	}
}

// rowMatrices is the matrices of a byRowOperation or a rowSumOperation, and how many elements after one
// row of them the next begins.
type rowMatrices struct {
	dst, a, b, c, d            *byte
	nextA, nextB, nextC, nextD int
}

// rowStep returns that of x, which has rows of its own, or one for all.
func rowStep[T Float](x []T, rows, cols int) int {
	if x == nil {
		return 0
	}
	if len(x) < rows*cols {
		_ = x[cols-1]
		return 0
	}
	return cols
}
