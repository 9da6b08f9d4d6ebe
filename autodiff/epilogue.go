package autodiff

import (
	"math"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// linear is a product with what follows it in a layer: a bias, and relu. It has one number
// for each column of a product of matrices, and for each channel of a convolution; or one for
// each element of a product of matrices, as where gradients or a recurrent network add
// products up. Only programs have it.
type linear struct {
	product
	Relu bool
}

// product is implemented by primitives of two inputs that have code for what follows them.
type product interface {
	Primitive
	counted
	bind32(dst *tensor.Array[float32], in []*tensor.Array[float32], after epilogue[float32]) func()
	bind64(dst *tensor.Array[float64], in []*tensor.Array[float64], after epilogue[float64]) func()
}

func (p linear) Name() string {
	if _, ok := p.product.(matMul); ok {
		return "Linear"
	}
	return p.product.Name()
}

func (p linear) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return p.bind32(dst, in, epilogue[float32]{in[2], p.Relu})
}
func (p linear) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return p.bind64(dst, in, epilogue[float64]{in[2], p.Relu})
}

// gated is a product of matrices and what follows it in the gradient of a layer: zeros where the
// third operand, the result of relu, is not above 0. Only programs have it.
type gated struct{ product }

func (gated) Name() string { return "MatMul gate" }

func (p gated) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindGated(p.product.(matMul), dst, in)
}
func (p gated) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindGated(p.product.(matMul), dst, in)
}

func bindGated[T tensor.Float](p matMul, dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	return bindMatrices(p, dst, in[0], in[1], in[2], func(y, a, b, gate []T, m, n, k int) {
		kernel.GemmGate(y, a, b, gate, m, n, k, p.TransA, p.TransB)
	})
}

// epilogue is what follows a product: nothing without a bias.
type epilogue[T tensor.Float] struct {
	bias *tensor.Array[T]
	relu bool
}

// of returns the bias of n channels from first on, nil if there is none.
func (e epilogue[T]) of(first, n int) []T {
	if e.bias == nil {
		return nil
	}
	return e.bias.Data[first:][:n]
}

// rows applies e to y, which has n rows, for channels from first on.
func (e epilogue[T]) rows(y []T, first, n int) {
	size := len(y) / max(n, 1)
	for i, b := range e.of(first, n) {
		kernel.AddBias(y[i*size:][:size], b, e.relu)
	}
}

// planes applies e to all images of y.
func (e epilogue[T]) planes(y *tensor.Array[T]) {
	if e.bias == nil {
		return
	}
	n := tensor.Size(y.Shape[1:])
	for i := range y.Shape[0] {
		e.rows(y.Data[i*n:][:n], 0, y.Shape[1])
	}
}

// fuseEpilogues puts the sum with a bias, and relu after it, into the products that they
// follow, and the gradient of relu into the product or the gradient of a max pool before it,
// where nobody else needs what lies between. It returns the schedule, which is numbered, without what has
// gone. The bits stay the same.
func fuseEpilogues(order []*value, kept map[*value]bool) []*value {
	user, uses := make([]*value, len(order)), make([]int, len(order))
	for _, v := range order {
		for _, a := range v.args {
			user[a.id] = v
			uses[a.id]++
		}
	}
	// next returns the one operation that uses v, nil if there are others.
	next := func(v *value) *value {
		if uses[v.id] != 1 || kept[v] {
			return nil
		}
		return user[v.id]
	}
	gone := make([]bool, len(order))
	for _, v := range order {
		switch p := v.prim.(type) {
		case linear, gated: // have what they can
		case product:
			fuseBias(v, p, next, gone)
			if p, ok := p.(matMul); ok && !gone[v.id] {
				fuseGate(v, p, next, gone)
			}
		case maxUnpool:
			fuseMask(v, p, next, gone)
		}
	}
	return slices.DeleteFunc(order, func(v *value) bool { return gone[v.id] })
}

// fuseBias puts what follows v, the product p, into it.
func fuseBias(v *value, p product, next func(*value) *value, gone []bool) {
	out, sum := v, next(v)
	_, isMatMul := p.(matMul)
	if isMatMul && sum != nil && splitsRows(sum, v) {
		out, sum = sum, next(sum)
	}
	bias := biasOf(sum, out, isMatMul)
	if bias == nil {
		return
	}
	gone[v.id], gone[out.id] = true, true
	last, fused := sum, linear{product: p}
	r := next(sum)
	view := r // the sum in another shape, as for a signal, or one image
	if r != nil && isReshape(r) {
		r = next(r)
	}
	if r != nil {
		_, fused.Relu = r.prim.(relu)
	}
	switch {
	case fused.Relu && r == view:
		gone[sum.id], last = true, r
	case fused.Relu: // comes before the reshape
		gone[view.id] = true
		r.prim, r.args = view.prim, []*value{sum}
	}
	last.prim, last.args = fused, []*value{v.args[0], v.args[1], bias}
}

func isReshape(v *value) bool { _, ok := v.prim.(reshape); return ok }

// splitsRows reports that v is a reshape of product that leaves its columns: the product of
// all matrices of a batch with one is a product of one matrix.
func splitsRows(v, product *value) bool {
	return isReshape(v) && len(v.shape) > 0 && v.shape[len(v.shape)-1] == product.shape[len(product.shape)-1]
}

// biasOf returns what sum adds to each column of out, or to each channel, or nil. If there
// are columns, it may also add to each element.
func biasOf(sum, out *value, columns bool) *value {
	if sum == nil || !slices.Equal(sum.shape, out.shape) {
		return nil
	}
	if _, ok := sum.prim.(add); !ok {
		return nil
	}
	bias := sum.args[0]
	if bias == out {
		bias = sum.args[1]
	}
	if columns && bias != out && slices.Equal(bias.shape, out.shape) {
		return bias
	}
	after := 2 // axes of an image
	if columns {
		after = 0
	}
	rank, n := len(bias.shape), out.shape[len(out.shape)-1-after]
	if n == 1 || rank <= after || bias.shape[rank-1-after] != n || bias.size() != n {
		return nil
	}
	return bias
}

// fuseGate puts the gradient of relu after v, a product of matrices, into it.
func fuseGate(v *value, p matMul, next func(*value) *value, gone []bool) {
	out := v
	if rows := next(v); rows != nil && splitsRows(rows, v) {
		out = rows
	}
	mask, below := gateOf(out, next)
	if mask == nil || !slices.Equal(below.args[0].shape, out.shape) {
		return
	}
	gone[v.id], gone[out.id], gone[below.id] = true, true, true
	mask.prim, mask.args = gated{p}, []*value{v.args[0], v.args[1], below.args[0]}
}

// fuseMask puts the gradient of relu after v, that of a max pool of what relu gave, into it:
// what goes to places where the largest is not above 0 is 0.
func fuseMask(v *value, p maxUnpool, next func(*value) *value, gone []bool) {
	mask, below := gateOf(v, next)
	if mask == nil || below.args[0] != v.args[0] || p.Relu {
		return
	}
	p.Relu = true
	gone[v.id], gone[below.id] = true, true
	mask.prim, mask.args = p, v.args
}

// gateOf returns what makes v zero where something is not above 0, and the comparison, which is
// for that alone, or nil.
func gateOf(v *value, next func(*value) *value) (mask, below *value) {
	mask = next(v)
	if mask == nil || !slices.Equal(mask.shape, v.shape) {
		return nil, nil
	}
	if _, ok := mask.prim.(where); !ok || mask.args[2] != v {
		return nil, nil
	}
	below, zero := mask.args[0], mask.args[1]
	if _, ok := below.prim.(le); !ok || next(below) != mask {
		return nil, nil
	}
	limit, isLimit := below.args[1].number()
	x, isZero := zero.number()
	if !isLimit || limit != 0 || !isZero || x != 0 || math.Signbit(x) {
		return nil, nil
	}
	return mask, below
}
