package optim

import (
	"errors"
	"math"
)

// Sophia is Newton's method with an estimate of the diagonal of the Hessian, clipped
// where that is small or negative. At step t, with g the gradient, and ĥ the estimate
// at every K-th step from the first on,
//
//	m ← β₁m + (1-β₁)g
//	h ← β₂h + (1-β₂)ĥ
//	p ← (1 - ηλ)p
//	p ← p - η clip(m / max(γh, ε), ρ)
//
// where clip limits every element to [-ρ, ρ]. With BiasCorrection m is divided by
// 1-β₁ᵗ, and with LateHessian h is of the step before, 0 at the first: optax.contrib.sophia is
// the rule with both.
//
// Hessian returns ĥ of all elements in the order of the parameters, at the parameters as
// they are: for Sophia-H run a program that keeps autodiff.HutchinsonDiagonal with a new
// probe, for Sophia-G return the squared gradient of labels drawn from the model, times
// the size of the batch. The rule works in float64 whatever the parameters are. Run it
// with [NewMinimizer]. PyTorch has no such optimizer.
//
// Reference: H. Liu, Z. Li, D. Hall, P. Liang, T. Ma. Sophia: A Scalable Stochastic
// Second-order Optimizer for Language Model Pre-training. ICLR 2024, Algorithm 3.
// https://arxiv.org/abs/2305.14342
type Sophia struct {
	LR             float64 `option:"lr"`              // η >= 0
	Beta1          float64 `option:"betas[0]"`        // β₁ in [0, 1): decay of the gradient
	Beta2          float64 `option:"betas[1]"`        // β₂ in [0, 1): decay of the diagonal
	Eps            float64 `option:"eps"`             // ε > 0, smallest γh
	Gamma          float64 `option:"gamma"`           // γ > 0: the larger, the fewer are clipped
	Rho            float64 `option:"rho"`             // ρ > 0, largest step over η
	K              float64 `option:"k"`               // steps from one estimate to the next, >= 1
	WeightDecay    float64 `option:"weight_decay"`    // λ >= 0, decoupled
	BiasCorrection bool    `option:"bias_correction"` // divide m by 1-β₁ᵗ
	LateHessian    bool    `option:"late_hessian"`    // step first, then update h

	Hessian func() ([]float64, error)
}

// DefaultSophia returns η = 0.0001, λ = 0.1 and β₁ = 0.965 of the authors' code, and
// β₂ = 0.99, γ = 0.01, ρ = 1, ε = 1e-12, K = 10 of the paper, for a Hessian that has to be
// given. Optax has ε = 1e-8 and λ = 0.0001.
func DefaultSophia() Sophia {
	return Sophia{LR: 1e-4, Beta1: 0.965, Beta2: 0.99, Eps: 1e-12, Gamma: 0.01, Rho: 1, K: 10, WeightDecay: 0.1}
}

// Check returns an error for every hyperparameter out of its range.
func (r Sophia) Check() error {
	return errors.Join(given("Sophia", "Hessian", r.Hessian),
		nonNegative("Sophia", "learning rate", r.LR),
		fraction("Sophia", "beta parameter at index 0", r.Beta1),
		fraction("Sophia", "beta parameter at index 1", r.Beta2),
		aboveZero("Sophia", "epsilon value", r.Eps),
		aboveZero("Sophia", "gamma value", r.Gamma),
		aboveZero("Sophia", "rho value", r.Rho),
		count("Sophia", "k value", r.K, 1),
		nonNegative("Sophia", "weight_decay value", r.WeightDecay))
}

// Start returns the method before its first step.
func (r Sophia) Start(p *Problem) (Iteration, error) {
	n := len(p.X)
	return &sophia{Sophia: r, m: make([]float64, n), h: make([]float64, n)}, nil
}

type sophia struct {
	Sophia
	t      int
	powers Scalars
	m, h   []float64
}

// Method returns the hyperparameters.
func (o *sophia) Method() Method { return &o.Sophia }

// Memory returns t, m, h and β₁ᵗ.
func (o *sophia) Memory() Memory {
	return Memory{"step": &o.t, "exp_avg": o.m, "hessian": o.h, "powers": &o.powers}
}

// Step takes one step.
func (o *sophia) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil {
		return loss, err
	}
	estimate, err := o.estimate(len(p.X))
	if err != nil {
		return loss, err
	}
	o.t++
	correction := 1.0
	if o.BiasCorrection {
		correction = 1 - o.powers.Pow(0, o.Beta1, o.t)
	}
	for i, g := range p.G {
		o.m[i] = float64(o.Beta1*o.m[i]) + float64((1-o.Beta1)*g)
		h := o.h[i]
		if estimate != nil {
			o.h[i] = float64(o.Beta2*h) + float64((1-o.Beta2)*estimate[i])
		}
		if !o.LateHessian {
			h = o.h[i]
		}
		u := o.m[i] / correction / max(o.Gamma*h, o.Eps)
		u = math.Min(math.Max(u, -o.Rho), o.Rho) // NaN if u is
		p.X[i] = float64(p.X[i]*(1-float64(o.LR*o.WeightDecay))) - float64(o.LR*u)
	}
	return loss, nil
}

// estimate returns the new diagonal, or nil at a step without one.
func (o *sophia) estimate(n int) ([]float64, error) {
	if o.t%int(o.K) != 0 {
		return nil, nil
	}
	x, err := o.Hessian()
	if err != nil {
		return nil, err
	}
	return x, wantElements("Sophia", "diagonal", x, n)
}
