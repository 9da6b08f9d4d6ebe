package autodiff

import (
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// evaluate computes one primitive alone. Programs do not use it to run: it
// serves stock machines and constant folding.
func evaluate[T tensor.Float](p Primitive, shape tensor.Shape, in []*tensor.Array[T]) *tensor.Array[T] {
	dst := &tensor.Array[T]{Shape: shape, Data: make([]T, tensor.Size(shape))}
	bind(p, dst, in)()
	return dst
}

// bind returns the function that computes dst = p(in...) in each run.
func bind[T tensor.Float](p Primitive, dst *tensor.Array[T], in []*tensor.Array[T]) func() {
	switch p := p.(type) {
	case Pointwise:
		slots := make([]int, len(in))
		for i := range slots {
			slots[i] = i
		}
		return newBlocks(dst, in, []step{{prim: p, src: slots}}).run
	case Kernel:
		if bind, ok := any(p.Bind64).(func(*tensor.Array[T], []*tensor.Array[T]) func()); ok {
			return bind(dst, in)
		}
		return any(p.Bind32).(func(*tensor.Array[T], []*tensor.Array[T]) func())(dst, in)
	}
	panic("autodiff: primitive " + p.Name() + " is neither a Pointwise nor a Kernel")
}

// mapOf returns the method of p that computes elements of type T.
func mapOf[T tensor.Float](p Pointwise) func(dst []T, x [][]T) {
	if f, ok := any(p.Map64).(func([]T, [][]T)); ok {
		return f
	}
	return any(p.Map32).(func([]T, [][]T))
}

// wrap returns an array as a value of gorgonia's that shares its memory.
func wrap[T tensor.Float](a *tensor.Array[T]) gorgonia.Value {
	if len(a.Shape) > 0 {
		return tensor.Must(tensor.FromSlice(a.Data, a.Shape...)) // the shape was checked when the node was made
	}
	switch p := any(&a.Data[0]).(type) {
	case *float32:
		return (*gorgonia.F32)(p)
	case *float64:
		return (*gorgonia.F64)(p)
	}
	panic("autodiff: element type is neither float32 nor float64")
}
