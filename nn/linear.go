package nn

import (
	"fmt"
	"math"

	ad "github.com/downhill-go/downhill/autodiff"
)

// Linear is an affine map of the last axis, as torch.nn.Linear:
//
//	y = x·Wᵀ + b        x (..., In), W (Out, In), b (Out), y (..., Out)
//
// The parameters are "weight" and "bias". Both start uniform on ±1/√In, which is
// PyTorch's default (kaiming_uniform_ with a = √5 for the weight), unless Weight
// or Bias name another [Init].
//
// In and Out are at least 1: a smaller size is an error that wraps [ErrLayer]
// where PyTorch warns about a layer without elements. An input of another last
// dimension or dtype is an error that wraps autodiff.ErrShape or ErrDtype.
type Linear struct {
	In, Out int
	NoBias  bool // leave out b: PyTorch's bias=False
	Weight  Init // nil for the default
	Bias    Init // nil for the default
}

// Build makes the module.
func (l Linear) Build(s *Scope) Module {
	if l.In < 1 || l.Out < 1 {
		return s.Invalid("nn.Linear", fmt.Errorf("%w: In is %d and Out is %d, want at least 1", ErrLayer, l.In, l.Out))
	}
	if l.NoBias && l.Bias != nil {
		return s.Invalid("nn.Linear", fmt.Errorf("%w: it has NoBias and an initialiser for the bias", ErrLayer))
	}
	def := Uniform(-1/math.Sqrt(float64(l.In)), 1/math.Sqrt(float64(l.In)))
	m := &linear{scope: *s, in: l.In, weight: s.Param("weight", orElse(l.Weight, def), l.Out, l.In)}
	if ad.Err(m.weight) != nil {
		return invalid{m.weight}
	}
	if !l.NoBias {
		m.bias = s.Param("bias", orElse(l.Bias, def), l.Out)
	}
	return m
}

func orElse(init, def Init) Init {
	if init != nil {
		return init
	}
	return def
}

// linear is a built [Linear].
type linear struct {
	scope        Scope
	in           int
	weight, bias *ad.Node // bias is nil without one
}

func (m *linear) Params() []Param {
	params := []Param{{"weight", m.weight}}
	if m.bias != nil {
		params = append(params, Param{"bias", m.bias})
	}
	return params
}

func (m *linear) Forward(x *ad.Node) *ad.Node {
	if ad.Err(x) != nil {
		return invalidInput(m.scope.graph, "nn.Linear", x)
	}
	if err := m.check(x); err != nil {
		return ad.Invalid(m.scope.graph, "nn.Linear", m.scope.locate(err), x.Shape(), m.weight.Shape())
	}
	y := ad.MatMul(x, ad.Transpose(m.weight))
	if m.bias != nil {
		y = ad.Add(y, m.bias)
	}
	return y
}

// check reports an input that the weight does not fit.
func (m *linear) check(x *ad.Node) error {
	switch {
	case ad.Rank(x) == 0:
		return fmt.Errorf("%w: the input is a scalar, want (..., %d)", ad.ErrShape, m.in)
	case ad.Dim(x, -1) != m.in:
		return fmt.Errorf("%w: the input has shape %v, want (..., %d) for a weight of %v",
			ad.ErrShape, x.Shape(), m.in, m.weight.Shape())
	case x.Dtype() != m.weight.Dtype():
		return fmt.Errorf("%w: the input is %v, the weight %v", ad.ErrDtype, x.Dtype(), m.weight.Dtype())
	}
	return nil
}

// invalidInput returns the invalid node x, or one made from a nil x.
func invalidInput(g *ad.Graph, op string, x *ad.Node) *ad.Node {
	if x == nil {
		return ad.Invalid(g, op, fmt.Errorf("%w: the input", ad.ErrNil))
	}
	return x
}
