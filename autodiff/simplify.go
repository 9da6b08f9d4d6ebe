package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// simplify returns a value equal to v that needs less work, or nil. It may also
// change v itself to an equal form. Every rule holds bit by bit for all floats,
// infinities, NaN and signed zeros too; so x·0 and x + 0 stay.
func (b *builder) simplify(v *value) *value {
	switch p := v.prim.(type) {
	case dropout:
		return b.simplifyDropout(v)
	case Pointwise:
		for i, a := range v.args {
			v.args[i] = unexpand(a)
		}
		if s := b.shrink(v); s != nil {
			return s
		}
		return b.simplifyPointwise(v)
	case reshape:
		x := v.args[0]
		if _, ok := x.prim.(reshape); ok {
			return b.emit(p, v.shape, v.dtype, x.args[0])
		}
		if _, ok := x.prim.(expand); ok && x.args[0].size() == 1 {
			return b.emit(expand{v.shape}, v.shape, v.dtype, b.emit(reshape{tensor.Shape{}}, tensor.Shape{}, v.dtype, x.args[0]))
		}
		return sameShape(v, x)
	case expand:
		x := v.args[0]
		if _, ok := x.prim.(expand); ok {
			return b.emit(p, v.shape, v.dtype, x.args[0])
		}
		return sameShape(v, x)
	case customGrad, ref, checkpoint:
		return v.args[0]
	case barrier:
		return b.simplifyBarrier(v)
	case transpose:
		return b.simplifyTranspose(v, p)
	case sum:
		if s := b.negativeSum(v); s != nil {
			return s
		}
		if s := b.sumOfRows(v, p); s != nil {
			return s
		}
		return b.simplifyReduction(v)
	case extremum:
		return b.simplifyReduction(v)
	case matMul:
		v.prim = matMulOfTransposes(p, v.args)
	}
	return nil
}

// shrink returns v computed in the shape that its arguments broadcast to, and repeated, if
// that has fewer elements.
func (b *builder) shrink(v *value) *value {
	shapes := make([]tensor.Shape, len(v.args))
	for i, a := range v.args {
		if a.size() == v.size() { // as of most
			return nil
		}
		shapes[i] = a.shape
	}
	to, err := tensor.Broadcast(shapes...)
	if err != nil || tensor.Size(to) >= v.size() {
		return nil
	}
	return b.emit(expand{v.shape}, v.shape, v.dtype, b.emit(v.prim, to, v.dtype, v.args...))
}

// unexpand returns what a pointwise operation can read in place of a: it
// broadcasts by itself.
func unexpand(a *value) *value {
	for {
		if _, ok := a.prim.(expand); !ok {
			return a
		}
		a = a.args[0]
	}
}

// sameShape returns x if it has the shape of v.
func sameShape(v, x *value) *value {
	if slices.Equal(x.shape, v.shape) {
		return x
	}
	return nil
}

func (b *builder) simplifyPointwise(v *value) *value {
	is := func(i int, want float64) bool { x, ok := v.args[i].number(); return ok && x == want }
	isNeg := func(i int) bool { return isNegation(v.args[i]) }
	again := func(p Primitive, args ...*value) *value { return b.emit(p, v.shape, v.dtype, args...) }
	switch v.prim.(type) {
	case add:
		if isNeg(1) {
			return again(sub{}, v.args[0], v.args[1].args[0])
		}
		if isNeg(0) {
			return again(sub{}, v.args[1], v.args[0].args[0])
		}
	case sub:
		if x, ok := v.args[1].number(); ok && x == 0 && !math.Signbit(x) {
			return sameShape(v, v.args[0])
		}
		if isNeg(1) {
			return again(add{}, v.args[0], v.args[1].args[0])
		}
	case mul:
		for i := range 2 {
			if is(i, 1) {
				return sameShape(v, v.args[1-i])
			}
			if is(i, -1) {
				return again(neg{}, v.args[1-i])
			}
		}
	case div:
		if is(1, 1) {
			return sameShape(v, v.args[0])
		}
	case neg:
		if isNeg(0) {
			return sameShape(v, v.args[0].args[0])
		}
	case stopGradient:
		return sameShape(v, v.args[0])
	}
	if commutes(v.prim) && v.args[0].id > v.args[1].id {
		slices.Reverse(v.args)
	}
	return nil
}

// commutes reports that both orders of the arguments give the same bits.
func commutes(p Primitive) bool {
	switch p.(type) {
	case add, mul, maximum, minimum, eq, ne:
		return true
	}
	return false
}

func (b *builder) simplifyTranspose(v *value, p transpose) *value {
	x := v.args[0]
	if inner, ok := x.prim.(transpose); ok {
		perm := make([]int, len(p.Perm))
		for i, a := range p.Perm {
			perm[i] = inner.Perm[a]
		}
		return b.emit(transpose{perm}, v.shape, v.dtype, x.args[0])
	}
	if slices.IsSorted(p.Perm) {
		return x
	}
	// Moving only axes of size 1 leaves the elements where they are.
	var moved []int
	for _, a := range p.Perm {
		if x.shape[a] != 1 {
			moved = append(moved, a)
		}
	}
	if slices.IsSorted(moved) {
		return b.emit(reshape{v.shape}, v.shape, v.dtype, x)
	}
	return nil
}

// simplifyReduction returns the argument when the reduced axes have size 1: the
// sum, largest and smallest of one element are that element.
func (b *builder) simplifyReduction(v *value) *value {
	if v.args[0].size() != v.size() {
		return nil
	}
	return b.emit(reshape{v.shape}, v.shape, v.dtype, v.args[0])
}

func isNegation(v *value) bool { _, ok := v.prim.(neg); return ok }

// negativeSum returns the sum of -x as 0 minus that of x, or nil if v is none: roundings are the same,
// and no sum is -0.
func (b *builder) negativeSum(v *value) *value {
	negative := v.args[0]
	if !isNegation(negative) || negative.size() == v.size() || sameShape(negative, negative.args[0]) == nil {
		return nil
	}
	zero := b.emit(constant{&[]float64{0}}, tensor.Shape{}, v.dtype)
	return b.emit(sub{}, v.shape, v.dtype, zero, b.emit(v.prim, v.shape, v.dtype, negative.args[0]))
}

// sumOfRows returns the sum of all elements as the sum of the sums of the rows, which has the same bits, or nil if
// there are no rows.
func (b *builder) sumOfRows(v *value, p sum) *value {
	x := v.args[0]
	first := rowAxis(p.Axes, x.shape)
	if first == 0 {
		return nil
	}
	rows := b.emit(sum{reduction{Axes: p.Axes[first:]}}, x.shape[:first], v.dtype, x)
	return b.emit(sum{reduction{Axes: p.Axes[:first], Keep: p.Keep}}, v.shape, v.dtype, rows)
}

// matMulOfTransposes takes the transpositions of the last two axes out of args
// and into the product.
func matMulOfTransposes(p matMul, args []*value) matMul {
	for i, flag := range []*bool{&p.TransA, &p.TransB} {
		if t, ok := args[i].prim.(transpose); ok && swapsLastTwo(t.Perm) {
			args[i] = args[i].args[0]
			*flag = !*flag
		}
	}
	return p
}

func swapsLastTwo(perm []int) bool {
	n := len(perm)
	return n >= 2 && slices.IsSorted(perm[:n-2]) && (n == 2 || perm[n-3] == n-3) && perm[n-2] == n-1 && perm[n-1] == n-2
}
