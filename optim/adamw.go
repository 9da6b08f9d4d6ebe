package optim

// AdamW is Adam with decoupled weight decay, as torch.optim.AdamW. At step t,
// with g the gradient (-g if Maximize),
//
//	p ← (1 - ηλ)p
//	m ← m + (1-β₁)(g - m)
//	v ← β₂v + (1-β₂)g²
//	u ← max(u, v)                           if AMSGrad, else u = v
//	p ← p - η/(1-β₁ᵗ) · m / (√u/√(1-β₂ᵗ) + ε)
//
// This is [Adam] with DecoupledWeightDecay: the decay does not pass through the
// moments. It is multiplied by η, unlike in the paper, but as in PyTorch and optax.
//
// Difference from PyTorch: an infinite hyperparameter is refused.
//
// Reference: I. Loshchilov, F. Hutter. Decoupled Weight Decay Regularization.
// ICLR 2019, Algorithm 2. https://arxiv.org/abs/1711.05101
type AdamW struct {
	LR               float64 `option:"lr"`                 // η >= 0
	Beta1            float64 `option:"betas[0]"`           // β₁ in [0, 1): decay of the first moment
	Beta2            float64 `option:"betas[1]"`           // β₂ in [0, 1): decay of the second moment
	Eps              float64 `option:"eps"`                // ε >= 0, outside of the root
	WeightDecay      float64 `option:"weight_decay"`       // λ >= 0, decoupled
	AMSGrad          bool    `option:"amsgrad"`            // divide by the largest v so far
	NoBiasCorrection bool    `option:"no_bias_correction"` // leave out 1-βᵗ
	Maximize         bool    `option:"maximize"`           // go uphill
	EpsHat           bool    `option:"eps_hat"`            // ε before the bias correction, as in Adam
}

// DefaultAdamW returns the defaults of torch.optim.AdamW: those of Adam and
// λ = 0.01.
func DefaultAdamW() AdamW {
	return AdamW{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, WeightDecay: 1e-2}
}

// adam returns the same rule as an [Adam].
func (r AdamW) adam() *Adam {
	return &Adam{r.LR, r.Beta1, r.Beta2, r.Eps, r.WeightDecay, r.AMSGrad, r.NoBiasCorrection, r.Maximize, true, r.EpsHat}
}

// State returns exp_avg, exp_avg_sq, and max_exp_avg_sq if AMSGrad.
func (r AdamW) State() []string { return r.adam().State() }

// Check returns an error for every hyperparameter out of its range.
func (r AdamW) Check() error { return r.adam().check("AdamW") }

// Prepare computes the scalars of Adam.
func (r AdamW) Prepare(t int, s *Scalars) { r.adam().Prepare(t, s) }

// Elementwise says that large parameters may be stepped on in parts.
func (r AdamW) Elementwise() {}

// Step32 takes one step in float32.
func (r AdamW) Step32(s *Step[float32]) { adam(r.adam(), s) }

// Step64 takes one step in float64.
func (r AdamW) Step64(s *Step[float64]) { adam(r.adam(), s) }
