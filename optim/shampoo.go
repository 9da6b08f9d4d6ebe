package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Shampoo is the optimizer of Gupta, Koren and Singer: AdaGrad with a full matrix for every
// axis of a parameter. At each step, with G the gradient of a matrix (-G if Maximize) plus
// λP,
//
//	L ← L + GGᵀ
//	R ← R + GᵀG
//	P ← P - η (L + εI)^(-1/4) G (R + εI)^(-1/4)
//
// A parameter of k axes has a matrix Hᵢ ← Hᵢ + GᵢGᵢᵀ for each axis i, with Gᵢ the gradient
// as a matrix of one row per index of that axis, and G is multiplied along each by
// (Hᵢ + εI)^(-1/2k). For a vector that is full-matrix AdaGrad, for a scalar AdaGrad.
// An axis of d elements takes 2d² numbers, and time of order d³ at every step that computes
// roots: the first, and every PreconditioningComputeSteps-th after it. In between the last
// roots serve. The state buffers are pre_cond, the Hᵢ of all axes one after the other, and
// inv_pre_cond, their roots.
//
// PyTorch has no Shampoo. The names and defaults are those of pytorch_optimizer, which,
// when roots are not computed at every step, does not move before the first ones, and
// which takes plain gradient steps for scalars. It has a momentum that neither paper
// nor this has. Eigenvalues are computed in float64.
//
// Reference: V. Gupta, T. Koren, Y. Singer. Shampoo: Preconditioned Stochastic Tensor
// Optimization. ICML 2018, Algorithms 1 and 2. https://arxiv.org/abs/1802.09568
type Shampoo struct {
	LR                          float64 `option:"lr"`                            // η >= 0
	WeightDecay                 float64 `option:"weight_decay"`                  // λ >= 0, an L2 penalty
	PreconditioningComputeSteps float64 `option:"preconditioning_compute_steps"` // steps from roots to roots, a whole number >= 1
	Eps                         float64 `option:"matrix_eps"`                    // ε > 0
	Maximize                    bool    `option:"maximize"`                      // go uphill
}

// DefaultShampoo returns η = 0.001, ε = 1e-6, and roots at every step.
func DefaultShampoo() Shampoo {
	return Shampoo{LR: 1e-3, PreconditioningComputeSteps: 1, Eps: 1e-6}
}

// State returns pre_cond and inv_pre_cond.
func (r Shampoo) State() []string { return []string{"pre_cond", "inv_pre_cond"} }

// Size returns the sum of the squares of the axes.
func (r Shampoo) Size(state string, shape tensor.Shape) int {
	n := 0
	for i := range max(1, len(shape)) {
		d := axis(shape, i)
		n += d * d
	}
	return n
}

// Work returns the size of two gradients and a matrix.
func (r Shampoo) Work(shape tensor.Shape) int {
	d := longest(shape)
	return 2*tensor.Size(shape) + d*d
}

// Work64 returns the size of what the eigenvectors of a matrix need.
func (r Shampoo) Work64(shape tensor.Shape) int { return eigenWork(longest(shape)) }

// Check returns an error for every hyperparameter out of its range.
func (r Shampoo) Check() error {
	return errors.Join(
		nonNegative("Shampoo", "learning rate", r.LR),
		nonNegative("Shampoo", "weight_decay value", r.WeightDecay),
		count("Shampoo", "preconditioning_compute_steps value", r.PreconditioningComputeSteps, 1),
		aboveZero("Shampoo", "matrix_eps value", r.Eps))
}

// Step32 takes one step in float32.
func (r Shampoo) Step32(s *Step[float32]) { shampoo(r, s) }

// Step64 takes one step in float64.
func (r Shampoo) Step64(s *Step[float64]) { shampoo(r, s) }

func shampoo[T tensor.Float](r Shampoo, s *Step[T]) {
	size, axes := len(s.Param), max(1, len(s.Shape))
	g, next, matrix := s.Work[:size], s.Work[size:2*size], s.Work[2*size:]
	grad := gradient[T](r.Maximize, r.WeightDecay)
	for k, p := range s.Param {
		g[k] = grad.at(s.Grad[k], p)
	}
	// Statistics are of the gradient itself, so all of them come first.
	h := s.State[0]
	for i := range axes {
		d := axis(s.Shape, i)
		addGram(h[:d*d], g, matrix, 1, 1, i, s.Shape)
		h = h[d*d:]
	}
	h, roots := s.State[0], s.State[1]
	for i := range axes {
		d := axis(s.Shape, i)
		if s.Fresh || (s.T-1)%int(r.PreconditioningComputeSteps) == 0 {
			inverseRoot(roots[:d*d], h[:d*d], s.Work64, d, r.Eps, -0.5/float64(axes))
		}
		alongAxis(next, g, roots[:d*d], false, i, s.Shape)
		g, next = next, g
		h, roots = h[d*d:], roots[d*d:]
	}
	lr := T(-r.LR)
	for k := range s.Param {
		s.Param[k] += T(lr * g[k])
	}
}
