package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Adagrad divides the gradient by the root of the sum of all its squares, as
// torch.optim.Adagrad. At step t, with g the gradient (-g if Maximize) plus λp,
//
//	s ← s + g²                              s starts at InitialAccumulator
//	p ← p - η/(1 + (t-1)κ) · g/(√s + ε)     g/√(s + ε) if EpsInside
//
// EpsInside is the form of Keras, optax and gorgonia.NewAdaGradSolver, whose other
// defaults [Keras] and [Optax] have; PyTorch has no such option.
//
// Difference from PyTorch: an infinite hyperparameter is refused.
//
// Reference: J. Duchi, E. Hazan, Y. Singer. Adaptive Subgradient Methods for
// Online Learning and Stochastic Optimization. JMLR 12, 2011.
type Adagrad struct {
	LR                 float64 `option:"lr"`                        // η >= 0
	LRDecay            float64 `option:"lr_decay"`                  // κ >= 0
	WeightDecay        float64 `option:"weight_decay"`              // λ >= 0, an L2 penalty
	InitialAccumulator float64 `option:"initial_accumulator_value"` // first value of s, >= 0
	Eps                float64 `option:"eps"`                       // ε >= 0
	EpsInside          bool    `option:"eps_inside"`                // ε under the root
	Maximize           bool    `option:"maximize"`                  // go uphill
}

// DefaultAdagrad returns the defaults of torch.optim.Adagrad: η = 0.01,
// ε = 1e-10.
func DefaultAdagrad() Adagrad { return Adagrad{LR: 1e-2, Eps: 1e-10} }

// State returns sum.
func (r Adagrad) State() []string { return []string{"sum"} }

// Fill returns InitialAccumulator.
func (r Adagrad) Fill(string) float64 { return r.InitialAccumulator }

// Check returns an error for every hyperparameter out of its range.
func (r Adagrad) Check() error {
	return errors.Join(
		nonNegative("Adagrad", "learning rate", r.LR),
		nonNegative("Adagrad", "lr_decay value", r.LRDecay),
		nonNegative("Adagrad", "weight_decay value", r.WeightDecay),
		nonNegative("Adagrad", "initial_accumulator_value value", r.InitialAccumulator),
		nonNegative("Adagrad", "epsilon value", r.Eps))
}

// Prepare computes η/(1 + (t-1)κ).
func (r Adagrad) Prepare(t int, s *Scalars) {
	s.V[0] = r.LR / (1 + float64(float64(t-1)*r.LRDecay))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Adagrad) Elementwise() {}

// Step32 takes one step in float32.
func (r Adagrad) Step32(s *Step[float32]) { adagrad(r, s) }

// Step64 takes one step in float64.
func (r Adagrad) Step64(s *Step[float64]) { adagrad(r, s) }

func adagrad[T tensor.Float](r Adagrad, s *Step[T]) {
	param, grads, sum := s.Param, s.Grad, s.State[0]
	lr, inside, outside := T(-s.Scalars.V[0]), T(0), T(r.Eps)
	if r.EpsInside {
		inside, outside = outside, 0
	}
	grad := gradient[T](r.Maximize, r.WeightDecay)
	i := 0
	if long(param) {
		i = adagradVectors(param, grads, sum, grad, lr, inside, outside)
	}
	for ; i < len(param); i++ {
		p := param[i]
		g := grad.at(grads[i], p)
		sum[i] += T(g * g)
		param[i] = p + lr*g/(sqrt(sum[i]+inside)+outside)
	}
}
