package kernel

import "math"

// Float is an element type the kernels are defined for.
type Float interface{ float32 | float64 }

// Add writes dst = a + b.
func Add[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opAdd, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

// Sub writes dst = a - b.
func Sub[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opSub, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

// Mul writes dst = a b, element by element.
func Mul[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opMul, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

// Div writes dst = a / b with the IEEE results for b = 0: ±Inf, or NaN for 0/0.
func Div[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opDiv, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

// Max writes dst = max(a, b). NaN in either argument gives NaN, as torch.maximum.
func Max[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opMax, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

// Min writes dst = min(a, b). NaN in either argument gives NaN, as torch.minimum.
func Min[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opMin, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

// Lt writes 1 where a < b, else 0.
func Lt[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opLt, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] < b[i]))
	}
}

// Le writes 1 where a <= b, else 0.
func Le[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opLe, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] <= b[i]))
	}
}

// Gt writes 1 where a > b, else 0.
func Gt[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opGt, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] > b[i]))
	}
}

// Ge writes 1 where a >= b, else 0.
func Ge[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opGe, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] >= b[i]))
	}
}

// Eq writes 1 where a = b, else 0.
func Eq[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opEq, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] == b[i]))
	}
}

// Ne writes 1 where a ≠ b, else 0. NaN differs from everything, itself included.
func Ne[T Float](dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vector2(opNe, size[T](), len(dst), at(dst), at(a), at(b)) {
		return
	}
	for i := range dst {
		dst[i] = T(bit(a[i] != b[i]))
	}
}

// Where writes dst = a where c ≠ 0, else b. A NaN in c counts as true, as in
// torch's conversion to bool.
func Where[T Float](dst, c, a, b []T) {
	c, a, b = c[:len(dst)], a[:len(dst)], b[:len(dst)]
	if vector3(opWhere, size[T](), len(dst), at(dst), at(c), at(a), at(b)) {
		return
	}
	for i := range dst {
		// Selecting between integers compiles to a conditional move; between
		// floats it would be a branch, which a random mask mispredicts.
		y := math.Float64bits(float64(b[i]))
		if x := math.Float64bits(float64(a[i])); c[i] != 0 {
			y = x
		}
		dst[i] = T(math.Float64frombits(y))
	}
}

// Fill writes v to every element of dst.
func Fill[T Float](dst []T, v T) {
	if vectorFill(dst, v) {
		return
	}
	for i := range dst {
		dst[i] = v
	}
}

// bit is 1 for true and 0 for false, without a branch.
func bit(c bool) int {
	n := 0
	if c {
		n = 1
	}
	return n
}
