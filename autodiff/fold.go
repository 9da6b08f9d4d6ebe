package autodiff

import "github.com/downhill-go/downhill/tensor"

// maxFold is the largest constant that is computed when compiling.
const maxFold = 64

// fold returns v as a constant when its arguments are constants, or nil.
func (b *builder) fold(v *value) *value {
	if _, isForeign := v.prim.(foreign); isForeign || len(v.args) == 0 || v.size() > maxFold {
		return nil
	}
	for _, a := range v.args {
		if !a.isConst() {
			return nil
		}
	}
	var data []float64
	if v.dtype == tensor.Float32 {
		data = foldTyped[float32](v)
	} else {
		data = foldTyped[float64](v)
	}
	return &value{prim: constant{&data}, shape: v.shape, dtype: v.dtype}
}

func foldTyped[T tensor.Float](v *value) []float64 {
	in := make([]*tensor.Array[T], len(v.args))
	for i, a := range v.args {
		in[i] = &tensor.Array[T]{Shape: a.shape, Data: convert[T](*a.prim.(constant).data)}
	}
	return convert[float64](evaluate(v.prim, v.shape, in).Data)
}

func convert[To, From tensor.Float](x []From) []To {
	y := make([]To, len(x))
	for i, e := range x {
		y[i] = To(e)
	}
	return y
}
