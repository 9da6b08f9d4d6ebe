package nn

import (
	"strconv"

	ad "github.com/downhill-go/downhill/autodiff"
)

// Sequential is a chain of layers, each on the result of the one before, as
// torch.nn.Sequential:
//
//	nn.Sequential{nn.Linear{In: 2, Out: 32}, nn.ReLU{}, nn.Linear{In: 32, Out: 1}}
//
// Its parts are named by their place, so that this one has the parameters
// "0.weight", "0.bias", "2.weight" and "2.bias". An empty Sequential returns its
// input. A nil layer is an error that wraps [ErrLayer].
type Sequential []Layer

// Build makes the module.
func (l Sequential) Build(s *Scope) Module {
	m := make(sequential, len(l))
	for i, part := range l {
		m[i] = s.Build(strconv.Itoa(i), part)
	}
	return m
}

// sequential is a built [Sequential].
type sequential []Module

func (m sequential) Forward(x *ad.Node) *ad.Node {
	for _, part := range m {
		x = part.Forward(x)
	}
	return x
}

func (m sequential) Params() []Param {
	var params []Param
	for i, part := range m {
		params = append(params, Under(strconv.Itoa(i), part)...)
	}
	return params
}
