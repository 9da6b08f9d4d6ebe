package autodiff

import (
	"cmp"
	"slices"
)

// schedule returns the values that outputs need, each after its arguments, in the
// order in which their nodes were made. Gradients are made from the last operation to
// the first, those of parameters in between: so what a step back needs is free
// after it, as in PyTorch, and not when the gradients of all parameters are done. The
// numbers of ops start again from 0 after 2³²; only memory suffers then.
func schedule(outputs []*value) []*value {
	last := slices.MaxFunc(outputs, func(v, w *value) int { return v.id - w.id }).id // arguments have lower numbers
	order := make([]*value, 0, last+1)
	seen := make([]bool, last+1)
	var visit func(v *value)
	visit = func(v *value) {
		if seen[v.id] {
			return
		}
		seen[v.id] = true
		for _, a := range v.args {
			visit(a)
			v.born = max(v.born, a.born)
		}
		order = append(order, v)
	}
	for _, v := range outputs {
		visit(v)
	}
	slices.SortFunc(order, func(v, w *value) int { return cmp.Or(cmp.Compare(v.born, w.born), v.id-w.id) })
	return withoutBarriers(order, outputs)
}
