package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// Cast returns x in another dtype, float32 or float64. It is the one function whose
// result has another dtype than its argument, for graphs of mixed precision.
//
//	x̄ = ȳ in the dtype of x
//
// It matches Tensor.to(dtype). It records [ErrDtype] for any other dtype.
func Cast(x *Node, dt tensor.Dtype) *Node {
	if nodeErr(x) != nil {
		return firstInvalid("Cast", x)
	}
	err := checkDtype(x, x)
	if err == nil && dt != tensor.Float32 && dt != tensor.Float64 {
		err = fmt.Errorf("%w: %v is neither float32 nor float64", ErrDtype, dt)
	}
	if err != nil {
		return Invalid(x.Graph(), "autodiff.Cast", err, x.Shape())
	}
	if x.Dtype() == dt {
		return x
	}
	return newNode(x.Graph(), cast{}, []*Node{x}, x.Shape(), dt)
}

// cast is its input in the other dtype. Programs copy between their two memories;
// the methods below serve constants, whose elements are converted before.
type cast struct{}

func (cast) Name() string                                  { return "Cast" }
func (cast) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (cast) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{Cast(dy, x[0].Dtype())} }

func (cast) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (cast) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}

// bindCast returns the function that copies x to dst, on several processors if it is long.
func bindCast[To, From tensor.Float](dst *tensor.Array[To], x *tensor.Array[From]) func() {
	return inParts(tensor.Size(dst.Shape), copyPart, func(from, to int) { kernel.Cast(dst.Data[from:to], x.Data[from:to]) })
}

// copyPart is the number of elements that are worth a call of kernel.Parallel where they are only moved.
const copyPart = 1 << 16
