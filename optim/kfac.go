package optim

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// KFAC is K-FAC, natural gradient descent with a Fisher matrix that is a Kronecker product
// A⊗G for every layer, for fully connected layers s = Wa + b. With W̄ = [W b], ā = [a 1],
// and g the gradient by s of the loss of one example, at step k = 1, 2, ...
//
//	ε ← min(1 - 1/k, ε₀)
//	A ← εA + (1-ε) mean(āāᵀ)
//	G ← εG + (1-ε) mean(ggᵀ)
//	π ← √((tr A / dim A) / (tr G / dim G))
//	V ← (G + √λ/π·I)⁻¹ ∇W̄ (A + π√λ·I)⁻¹
//	δ ← -ηV + μδ
//	W̄ ← W̄ + δ
//
// The inverses are new at steps 1, 2 and 3 and at every multiple of TInv; in between the
// last ones serve. π is 1 where a trace is 0. For a layer of m inputs and n outputs A has
// (m+1)² elements, G has n², and an inverse takes time of order of the cube of its side.
//
// The paper draws the targets from the model's own distribution for g, which makes G part
// of the Fisher matrix: give as [KFACLayer].OutputGrad the gradients of such a loss. With
// the gradients of the loss itself it is what is called the empirical Fisher matrix.
//
// Of Algorithm 2 this is the block-diagonal version with the factored Tikhonov damping of
// section 6.3. The rescaling of section 6.4 is left out: η is given, and so are μ, which the
// paper takes from the same quadratic model (section 7), and λ, which it adapts (6.5); γ, which
// it adapts too (6.6), is √λ. There is no ℓ₂ penalty: add it to the loss. Values may be
// float32; all this is computed in float64, and the parameters are rounded.
//
// Run KFAC with [NewMinimizer] and the parameters of all Layers; others need an optimizer of
// their own. The closure is called once a step, and leaves the loss, the gradients, and the
// values of the Layers. An error leaves W̄ and all of the above as they were. PyTorch has no
// K-FAC. The names are those of KFACOptimizer of the repository KFAC-Pytorch, and so are the
// defaults but TInv, which is the paper's.
//
// Reference: J. Martens, R. Grosse. Optimizing Neural Networks with Kronecker-factored
// Approximate Curvature. ICML 2015, Algorithm 2. https://arxiv.org/abs/1503.05671
type KFAC struct {
	LR            float64 `option:"lr"`             // η >= 0
	Momentum      float64 `option:"momentum"`       // μ >= 0
	StatDecay     float64 `option:"stat_decay"`     // ε₀ in [0, 1)
	Damping       float64 `option:"damping"`        // λ >= 0; with 0 the factors must have inverses
	TInv          float64 `option:"TInv"`           // steps from inverses to inverses, a whole number >= 1
	BatchAveraged bool    `option:"batch_averaged"` // the loss is the mean over examples, not the sum

	Layers []KFACLayer
}

// KFACLayer is a fully connected layer. Input and OutputGrad have values after a run, as
// nodes do that autodiff.Keep was told to keep: the input of the layer, and the gradient
// that autodiff.Grad gives of a loss by the layer's output, before the activation function.
type KFACLayer struct {
	Weight     gorgonia.ValueGrad // W (out, in), as in nn.Linear
	Bias       gorgonia.ValueGrad // b (out), nil for a layer without one: ā is a then
	Input      gorgonia.Valuer    // a (n, in), of n examples
	OutputGrad gorgonia.Valuer    // (n, out): the gradient of the mean loss, which is g/n, or of the sum
}

// DefaultKFAC returns η = 0.001, μ = 0.9, ε₀ = 0.95, λ = 0.001 and inverses every 20 steps,
// for the mean of a loss, and layers that have to be given.
func DefaultKFAC() KFAC {
	return KFAC{LR: 1e-3, Momentum: 0.9, StatDecay: 0.95, Damping: 1e-3, TInv: 20, BatchAveraged: true}
}

// Check returns an error for every hyperparameter out of its range, and for layers that
// lack something.
func (r KFAC) Check() error {
	errs := []error{
		nonNegative("KFAC", "learning rate", r.LR),
		nonNegative("KFAC", "momentum value", r.Momentum),
		fraction("KFAC", "stat_decay value", r.StatDecay),
		nonNegative("KFAC", "damping", r.Damping),
		count("KFAC", "TInv value", r.TInv, 1),
	}
	bad := func(format string, args ...any) {
		errs = append(errs, &OptionError{Rule: "KFAC", Text: fmt.Sprintf(format, args...), bare: true})
	}
	if len(r.Layers) == 0 {
		bad("no layers are given")
	}
	for i, l := range r.Layers {
		for j, v := range []any{l.Weight, l.Input, l.OutputGrad} {
			if v == nil || nilPointer(v) {
				bad("layer %d has no %s", i, []string{"weight", "input", "output gradient"}[j])
			}
		}
	}
	return errors.Join(errs...)
}

// Start returns the method with no statistics yet. It is an error if a parameter is in no
// layer, or a layer's is not among them.
func (r KFAC) Start(p *Problem) (Iteration, error) {
	o := &kfac{KFAC: r, delta: make([]float64, len(p.X))}
	return o, o.match(p)
}

type kfac struct {
	KFAC
	k      int
	delta  []float64
	blocks []*kfacBlock // of the layers
}

// Method returns the hyperparameters.
func (o *kfac) Method() Method { return &o.KFAC }

// Memory returns k, δ, and the factors of all layers with their inverses.
func (o *kfac) Memory() Memory {
	m := Memory{"steps": &o.k, "delta": o.delta}
	for i, b := range o.blocks {
		for name, matrix := range map[string]*mat.SymDense{"A": b.a, "G": b.g, "A_inv": b.invA, "G_inv": b.invG} {
			m[fmt.Sprintf("layer %d %s", i, name)] = matrix.RawSymmetric().Data
		}
	}
	return m
}

// Step makes one move.
func (o *kfac) Step(p *Problem) (float64, error) {
	loss, err := p.Eval()
	if err != nil {
		return loss, err
	}
	k := o.k + 1
	invert := k <= 3 || math.Mod(float64(k), o.TInv) == 0
	for _, b := range o.blocks {
		if err = b.estimate(&o.KFAC, k); err == nil && invert {
			err = b.invert(o.Damping)
		}
		if err != nil {
			return loss, fmt.Errorf("optim: KFAC: %w: layer %d: %w", ErrParam, b.layer, err)
		}
	}
	o.k = k
	for _, b := range o.blocks {
		b.a, b.nextA, b.g, b.nextG = b.nextA, b.a, b.nextG, b.g
		if invert {
			b.invA, b.newA, b.invG, b.newG = b.newA, b.invA, b.newG, b.invG
		}
		b.exchange(p.G, b.grad, false)
		b.tmp.Mul(b.invG, b.grad)
		b.v.Mul(b.tmp, b.invA)
		b.exchange(p.G, b.v, true)
	}
	for i, v := range p.G {
		o.delta[i] = float64(-o.LR*v) + float64(o.Momentum*o.delta[i])
		p.X[i] += o.delta[i]
	}
	return loss, nil
}

// match finds the parameters of the layers in the vector of all elements.
func (o *kfac) match(p *Problem) error {
	used := make([]bool, len(p.params))
	find := func(vg gorgonia.ValueGrad) (start int, ok bool) {
		for i, q := range p.params {
			if same(q.of, vg) {
				ok, used[i] = !used[i], true
				return start, ok
			}
			start += tensor.Size(q.of.Value().Shape())
		}
		return -1, false
	}
	for i, l := range o.Layers {
		bad := func(format string, args ...any) error {
			return fmt.Errorf("optim: KFAC: %w: layer %d: "+format, append([]any{ErrParam, i}, args...)...)
		}
		b := &kfacBlock{layer: i, bias: -1}
		var ok bool
		if b.weight, ok = find(l.Weight); !ok {
			return bad("the weight is not one of the parameters, or is in two layers")
		}
		shape := l.Weight.Value().Shape()
		if len(shape) != 2 {
			return bad("%w: the weight has shape %v, want (out, in)", tensor.ErrShape, shape)
		}
		b.out, b.in = shape[0], shape[1]
		da := b.in
		if l.Bias != nil && !nilPointer(l.Bias) {
			if b.bias, ok = find(l.Bias); !ok {
				return bad("the bias is not one of the parameters, or is in two layers")
			}
			if shape := l.Bias.Value().Shape(); len(shape) != 1 || shape[0] != b.out {
				return bad("%w: the bias has shape %v, want (%d)", tensor.ErrShape, shape, b.out)
			}
			da++
		}
		b.allocate(da)
		o.blocks = append(o.blocks, b)
	}
	for i, q := range p.params {
		if !used[i] {
			return q.errorf(errors.New("it is in no layer of KFAC"))
		}
	}
	return nil
}
