package autodiff

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// asFloat returns input i, indices or lengths that gorgonia keeps as integers, as
// numbers of dtype dt. It must be a leaf or a constant.
func (s *stockNode) asFloat(i int, dt tensor.Dtype) *Node {
	x := s.kids[i]
	g := s.node.Graph()
	if x.IsVar() {
		return s.im.make(g, asFloat{}, []*Node{x}, x.Shape(), dt)
	}
	data, err := floats(x.Value())
	switch {
	case !isStockConstant(x):
		err = fmt.Errorf("%w: %v of %v is neither a leaf nor a constant", ErrDtype, x, x.Dtype())
	case err == nil:
		return s.im.make(g, constant{&data}, nil, x.Shape(), dt)
	}
	return Invalid(g, "gorgonia."+stockName(s.op), err)
}

// asFloat is a leaf of integers, as numbers. Programs convert when they load it.
type asFloat struct{}

func (asFloat) Name() string                                  { return "AsFloat" }
func (asFloat) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (asFloat) Differentiable(int) bool                       { return false }
func (asFloat) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{nil} }

func (asFloat) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (asFloat) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}

// integers returns the elements of a value of integers or booleans, in row-major
// order.
func integers(v gorgonia.Value) ([]float64, error) {
	if d, ok := v.(*tensor.Dense); ok && d.RequiresIterator() {
		v = d.Materialize().(gorgonia.Value)
	}
	switch x := v.Data().(type) {
	case int:
		return []float64{float64(x)}, nil
	case int64:
		return []float64{float64(x)}, nil
	case int32:
		return []float64{float64(x)}, nil
	case uint8:
		return []float64{float64(x)}, nil
	case bool:
		return fromBools([]bool{x}), nil
	case []int:
		return fromIntegers(x), nil
	case []int64:
		return fromIntegers(x), nil
	case []int32:
		return fromIntegers(x), nil
	case []uint8:
		return fromIntegers(x), nil
	case []bool:
		return fromBools(x), nil
	}
	return nil, fmt.Errorf("%w: %v holds no numbers", ErrDtype, v.Dtype())
}

func fromIntegers[I int | int32 | int64 | uint8](x []I) []float64 {
	y := make([]float64, len(x))
	for i, e := range x {
		y[i] = float64(e)
	}
	return y
}

func fromBools(x []bool) []float64 {
	y := make([]float64, len(x))
	for i, e := range x {
		if e {
			y[i] = 1
		}
	}
	return y
}

// asBools returns the value v of n, a node of booleans, as such: programs compute them
// as numbers.
func asBools(n *Node, v gorgonia.Value) (gorgonia.Value, error) {
	if n.Dtype() != stock.Bool {
		return nil, fmt.Errorf("%w: %v is of %v", ErrDtype, n, n.Dtype())
	}
	x, err := floats(v)
	if err != nil {
		return nil, err
	}
	if n.IsScalar() {
		return gorgonia.NewB(x[0] != 0), nil
	}
	data := make([]bool, len(x))
	for i, e := range x {
		data[i] = e != 0
	}
	return stock.New(stock.WithShape(n.Shape()...), stock.WithBacking(data)), nil
}
