package optim

import (
	"errors"
	"math"
)

// Prodigy is Adam with a learning rate that it finds itself: d grows to the distance
// from the first point x₀ to the solution. At step t, with g the gradient,
//
//	γ = dη √(1-β₂ᵗ)/(1-β₁ᵗ)
//	m ← β₁m + (1-β₁)dg
//	v ← β₂v + (1-β₂)d²g²
//	r ← β₃r + d/d₀·γ⟨g, x₀ - p⟩
//	s ← β₃s + d/d₀·γ'g            γ' = γ, or d if SafeguardWarmup
//	d ← max(d, κr/‖s‖₁)
//	p ← p - γ(λp + m/(√v + dε))
//
// β₃ = √β₂ if it is 0, as None is in the authors' code. There is one d for all
// parameters, so Prodigy is a [Method]: run it with [NewMinimizer]. It works in float64
// whatever the parameters are. It steps with γ of the old d and dε of the new one, and
// always corrects biases, as optax.contrib.prodigy; the authors' code has
// use_bias_correction, false by default. PyTorch has no Prodigy.
//
// Reference: K. Mishchenko, A. Defazio. Prodigy: An Expeditiously Adaptive Parameter-Free
// Learner. ICML 2024, the version for Adam. https://arxiv.org/abs/2306.06101
type Prodigy struct {
	LR              float64 `option:"lr"`               // η >= 0, what a schedule is to change
	Beta1           float64 `option:"betas[0]"`         // β₁ in [0, 1): decay of the first moment
	Beta2           float64 `option:"betas[1]"`         // β₂ in [0, 1): decay of the second moment
	Beta3           float64 `option:"beta3"`            // β₃ in [0, 1): decay of r and s; 0 is √β₂
	Eps             float64 `option:"eps"`              // ε >= 0, outside of the root
	D0              float64 `option:"d0"`               // d₀ > 0, first d, smaller than the distance
	DCoef           float64 `option:"d_coef"`           // κ > 0
	WeightDecay     float64 `option:"weight_decay"`     // λ >= 0, decoupled
	SafeguardWarmup bool    `option:"safeguard_warmup"` // for a schedule that starts low
}

// DefaultProdigy returns the defaults of the authors' code and of optax: η = 1,
// β₁ = 0.9, β₂ = 0.999, ε = 1e-8, d₀ = 1e-6, κ = 1, no decay.
func DefaultProdigy() Prodigy {
	return Prodigy{LR: 1, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, D0: 1e-6, DCoef: 1}
}

// Check returns an error for every hyperparameter out of its range.
func (r Prodigy) Check() error {
	return errors.Join(
		nonNegative("Prodigy", "learning rate", r.LR),
		fraction("Prodigy", "beta parameter at index 0", r.Beta1),
		fraction("Prodigy", "beta parameter at index 1", r.Beta2),
		fraction("Prodigy", "beta3 value", r.Beta3),
		nonNegative("Prodigy", "epsilon value", r.Eps),
		aboveZero("Prodigy", "d0 value", r.D0),
		aboveZero("Prodigy", "d_coef value", r.DCoef),
		nonNegative("Prodigy", "weight_decay value", r.WeightDecay))
}

// Start returns the method before its first step.
func (r Prodigy) Start(p *Problem) (Iteration, error) {
	n := len(p.X)
	vectors := make([]float64, 4*n)
	return &prodigy{Prodigy: r, d: r.D0,
		m: vectors[:n], v: vectors[n : 2*n], s: vectors[2*n : 3*n], x0: vectors[3*n:]}, nil
}

type prodigy struct {
	Prodigy
	t           int
	powers      Scalars
	d, r        float64
	m, v, s, x0 []float64
}

// Method returns the hyperparameters.
func (o *prodigy) Method() Method { return &o.Prodigy }

// Memory returns all but γ.
func (o *prodigy) Memory() Memory {
	return Memory{"step": &o.t, "powers": &o.powers, "d": &o.d, "d_numerator": &o.r,
		"exp_avg": o.m, "exp_avg_sq": o.v, "s": o.s, "p0": o.x0}
}

// Step takes one step.
func (o *prodigy) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil {
		return loss, err
	}
	if o.t == 0 {
		copy(o.x0, p.X)
	}
	o.t++
	d := o.d
	gamma := d * o.LR * math.Sqrt(1-o.powers.Pow(1, o.Beta2, o.t)) / (1 - o.powers.Pow(0, o.Beta1, o.t))
	beta3, weight := o.Beta3, d/o.D0
	if beta3 == 0 {
		beta3 = math.Sqrt(o.Beta2)
	}
	along, rate := 0.0, gamma
	if o.SafeguardWarmup {
		rate = d
	}
	for i, g := range p.G {
		along += float64(g * (o.x0[i] - p.X[i]))
		dg := float64(d * g)
		o.m[i] = float64(o.Beta1*o.m[i]) + float64((1-o.Beta1)*dg)
		o.v[i] = float64(o.Beta2*o.v[i]) + float64((1-o.Beta2)*dg*dg)
		o.s[i] = float64(beta3*o.s[i]) + float64(weight*rate*g)
	}
	o.r = float64(beta3*o.r) + float64(weight*gamma*along)
	if norm := sumAbs(o.s); norm > 0 {
		o.d = max(d, o.DCoef*o.r/norm)
	}
	for i, x := range p.X {
		if o.m[i] != 0 { // no gradient yet is no step
			x -= float64(gamma * (o.m[i] / (math.Sqrt(o.v[i]) + o.d*o.Eps)))
		}
		p.X[i] = x - float64(gamma*o.WeightDecay*p.X[i])
	}
	return loss, nil
}
