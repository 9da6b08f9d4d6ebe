package nn

import (
	"fmt"

	ad "github.com/downhill-go/downhill/autodiff"
)

// The activations have no parameters: each is its own module.

// Identity returns its input, as torch.nn.Identity.
type Identity struct{}

// Build returns l itself.
func (l Identity) Build(*Scope) Module { return l }

// Forward returns x.
func (Identity) Forward(x *ad.Node) *ad.Node { return x }

// Params returns none.
func (Identity) Params() []Param { return nil }

// ReLU is max(x, 0), elementwise, as torch.nn.ReLU. Its gradient at 0 is 0.
type ReLU struct{}

// Build returns l itself.
func (l ReLU) Build(*Scope) Module { return l }

// Forward returns max(x, 0).
func (ReLU) Forward(x *ad.Node) *ad.Node { return ad.Relu(x) }

// Params returns none.
func (ReLU) Params() []Param { return nil }

// Sigmoid is 1/(1 + e⁻ˣ), elementwise, as torch.nn.Sigmoid. Before a binary
// cross-entropy leave it out and use [BCEWithLogitsLoss].
type Sigmoid struct{}

// Build returns l itself.
func (l Sigmoid) Build(*Scope) Module { return l }

// Forward returns 1/(1 + e⁻ˣ).
func (Sigmoid) Forward(x *ad.Node) *ad.Node { return ad.Sigmoid(x) }

// Params returns none.
func (Sigmoid) Params() []Param { return nil }

// Tanh is tanh x, elementwise, as torch.nn.Tanh.
type Tanh struct{}

// Build returns l itself.
func (l Tanh) Build(*Scope) Module { return l }

// Forward returns tanh x.
func (Tanh) Forward(x *ad.Node) *ad.Node { return ad.Tanh(x) }

// Params returns none.
func (Tanh) Params() []Param { return nil }

// Softplus is ln(1 + e^(βx))/β, and x itself where βx > 20, elementwise, as
// torch.nn.Softplus with its default threshold. A β below 0 is an error that
// wraps [ErrLayer].
type Softplus struct {
	Beta float64 // β > 0; 0 stands for PyTorch's default, 1
}

// Build returns l itself.
func (l Softplus) Build(s *Scope) Module {
	if !(l.Beta >= 0) {
		return s.Invalid("nn.Softplus", fmt.Errorf("%w: Beta is %v, want a positive number", ErrLayer, l.Beta))
	}
	return l
}

// Forward returns ln(1 + e^(βx))/β.
func (l Softplus) Forward(x *ad.Node) *ad.Node {
	if l.Beta == 0 || l.Beta == 1 {
		return ad.Softplus(x)
	}
	return ad.Div(ad.Softplus(ad.Mul(x, l.Beta)), l.Beta)
}

// Params returns none.
func (Softplus) Params() []Param { return nil }

// Softmax is e^(x - max x) divided by its sum along an axis, as torch.nn.Softmax.
// Before a cross-entropy leave it out: [CrossEntropyLoss] takes logits. An axis
// that the input lacks is an error that wraps autodiff.ErrShape.
type Softmax struct {
	Dim int // the axis; -1 is the last. PyTorch has no default for it, here it is 0
}

// Build returns l itself.
func (l Softmax) Build(*Scope) Module { return l }

// Forward returns the softmax of x.
func (l Softmax) Forward(x *ad.Node) *ad.Node { return ad.Softmax(x, l.Dim) }

// Params returns none.
func (Softmax) Params() []Param { return nil }

// LogSoftmax is the logarithm of [Softmax], exact also where the softmax rounds
// to 0, as torch.nn.LogSoftmax. Errors are those of Softmax.
type LogSoftmax struct {
	Dim int // the axis; -1 is the last. PyTorch has no default for it, here it is 0
}

// Build returns l itself.
func (l LogSoftmax) Build(*Scope) Module { return l }

// Forward returns the logarithm of the softmax of x.
func (l LogSoftmax) Forward(x *ad.Node) *ad.Node { return ad.LogSoftmax(x, l.Dim) }

// Params returns none.
func (LogSoftmax) Params() []Param { return nil }
