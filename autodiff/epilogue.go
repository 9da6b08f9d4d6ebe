package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// linear is a product of matrices with what follows it in a layer: a bias for each
// column, and relu. Only programs have it.
type linear struct {
	matMul
	Relu bool
}

func (linear) Name() string { return "Linear" }

func (p linear) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return bindMatMul(p.matMul, dst, in[0], in[1], in[2], p.Relu)
}
func (p linear) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return bindMatMul(p.matMul, dst, in[0], in[1], in[2], p.Relu)
}

// fuseEpilogues puts the sum with a bias, and relu after it, into the products that they
// follow, where nobody else needs what lies between. It returns the schedule, which is
// numbered, without what has gone. The bits stay the same.
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
		p, ok := v.prim.(matMul)
		if !ok {
			continue
		}
		product, sum := v, next(v)
		if sum != nil && splitsRows(sum, v) {
			product, sum = sum, next(sum)
		}
		bias := biasOf(sum, product)
		if bias == nil {
			continue
		}
		gone[v.id], gone[product.id] = true, true
		last, fused := sum, linear{matMul: p}
		if r := next(sum); r != nil {
			if _, fused.Relu = r.prim.(relu); fused.Relu {
				gone[sum.id], last = true, r
			}
		}
		last.prim, last.args = fused, []*value{v.args[0], v.args[1], bias}
	}
	return slices.DeleteFunc(order, func(v *value) bool { return gone[v.id] })
}

// splitsRows reports that v is a reshape of product that leaves its columns: the product of
// all matrices of a batch with one is a product of one matrix.
func splitsRows(v, product *value) bool {
	_, ok := v.prim.(reshape)
	return ok && len(v.shape) > 0 && v.shape[len(v.shape)-1] == product.shape[len(product.shape)-1]
}

// biasOf returns what sum adds to each row of product, or nil.
func biasOf(sum, product *value) *value {
	if sum == nil || !slices.Equal(sum.shape, product.shape) {
		return nil
	}
	if _, ok := sum.prim.(add); !ok {
		return nil
	}
	bias := sum.args[0]
	if bias == product {
		bias = sum.args[1]
	}
	n := product.shape[len(product.shape)-1]
	rank := len(bias.shape)
	if n == 1 || rank == 0 || bias.shape[rank-1] != n || bias.size() != n {
		return nil
	}
	return bias
}
