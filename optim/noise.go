package optim

import (
	"errors"
	"math"
	"math/rand/v2"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// GradientNoise adds normal noise to gradients, less with every step t = 0, 1,
// 2, ...:
//
//	σ² = η/(1 + t)^γ
//	g ← g + N(0, σ²)
//
// As a hook:
//
//	opt.BeforeStep(func(o *optim.Optimizer) error { return noise.Add(o.Trainable()) })
//
// The noise of step t depends on the seed and t alone, so that a run that is
// resumed with [GradientNoise.SetStep] goes on with the same numbers. float32
// and float64 get the same up to rounding. PyTorch has no such thing;
// optax.add_noise has the same variance, from another generator.
//
// Reference: A. Neelakantan et al. Adding Gradient Noise Improves Learning for
// Very Deep Networks. 2015, equation 1. https://arxiv.org/abs/1511.06807. There
// η is 0.01, 0.3 or 1, and γ = 0.55.
type GradientNoise struct {
	eta, gamma float64
	seed       uint64
	t          int
	source     *rand.PCG
	normal     *rand.Rand
}

// NewGradientNoise returns noise with η = eta >= 0 and γ = gamma >= 0. Errors
// wrap [ErrOption].
func NewGradientNoise(seed uint64, eta, gamma float64) (*GradientNoise, error) {
	err := errors.Join(nonNegative("GradientNoise", "eta", eta), nonNegative("GradientNoise", "gamma", gamma))
	if err != nil {
		return nil, err
	}
	source := rand.NewPCG(seed, 0)
	return &GradientNoise{eta: eta, gamma: gamma, seed: seed, source: source, normal: rand.New(source)}, nil
}

// Add adds the noise of step t to the gradients of params, in order, and goes to
// the next step. It allocates nothing. On an error nothing has changed.
func (n *GradientNoise) Add(params []gorgonia.ValueGrad) error {
	for i, vg := range params {
		if _, err := gradOf(vg, i); err != nil {
			return err
		}
	}
	sigma := math.Sqrt(n.eta / math.Pow(1+float64(n.t), n.gamma))
	n.source.Seed(n.seed, uint64(n.t))
	for i, vg := range params {
		g, err := gradOf(vg, i)
		if err != nil {
			return err
		}
		addNormal(n.normal, sigma, g.f32)
		addNormal(n.normal, sigma, g.f64)
	}
	n.t++
	return nil
}

func addNormal[T tensor.Float](normal *rand.Rand, sigma float64, g []T) {
	for i := range g {
		g[i] += T(sigma * normal.NormFloat64())
	}
}

// Step returns t, the number of calls of Add so far.
func (n *GradientNoise) Step() int { return n.t }

// SetStep sets t; a negative one counts as 0.
func (n *GradientNoise) SetStep(t int) { n.t = max(0, t) }
