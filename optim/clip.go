package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// ErrNonFinite: a gradient is NaN or infinite.
var ErrNonFinite = errors.New("non-finite gradient")

// ClipGradNorm scales all gradients by one factor, so that their norm as one
// vector g is at most maxNorm, as torch.nn.utils.clip_grad_norm_:
//
//	g ← g · min(1, maxNorm/(‖g‖ + 1e-6))
//
// and returns ‖g‖ before. normType is the p of the norm, 2 as a rule,
// math.Inf(1) for the largest absolute value. Parameters without a gradient are
// left out. A norm of NaN or infinity makes gradients NaN or zero as in PyTorch,
// or with errorIfNonFinite is an error that wraps [ErrNonFinite].
//
// It is for the time between the program and [Optimizer.Step], or for a hook of
// [Optimizer.BeforeStep], and allocates nothing. On an error no gradient has
// changed.
//
// Differences from PyTorch: maxNorm < 0 or NaN and normType <= 0 or NaN are refused;
// norms of float32 are added up in float64.
//
// Reference: R. Pascanu, T. Mikolov, Y. Bengio. On the difficulty of training
// recurrent neural networks. ICML 2013, Algorithm 1.
func ClipGradNorm(params []gorgonia.ValueGrad, maxNorm, normType float64, errorIfNonFinite bool) (float64, error) {
	if !(maxNorm >= 0) {
		return 0, invalid("ClipGradNorm", "max_norm", maxNorm)
	}
	total, err := GradNorm(params, normType)
	if err != nil {
		return total, err
	}
	if errorIfNonFinite && !finite(total) {
		return total, fmt.Errorf("optim: %w: The total norm of order %s for gradients from `parameters` is non-finite, so it cannot be clipped. "+
			"To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`", ErrNonFinite, pyFloat(normType))
	}
	c := min(1, maxNorm/(total+1e-6))
	if c == 1 {
		return total, nil
	}
	for i, vg := range params {
		g, err := gradOf(vg, i)
		if err != nil {
			return total, err
		}
		g.scale(c)
	}
	return total, nil
}

// GradNorm returns the p-norm of all gradients as one vector, as
// torch.nn.utils.get_total_norm. p is greater than zero, and may be infinite.
func GradNorm(params []gorgonia.ValueGrad, p float64) (float64, error) {
	if !(p > 0) {
		return 0, invalid("ClipGradNorm", "norm_type", p)
	}
	total := 0.0
	for i, vg := range params {
		g, err := gradOf(vg, i)
		if err != nil {
			return 0, err
		}
		if g.empty() {
			continue
		}
		switch n := g.norm(p); { // the norm of the norms
		case math.IsInf(p, 1):
			total = max(total, n)
		case p == 2:
			total += float64(n * n)
		case p == 1:
			total += n
		default:
			total += math.Pow(n, p)
		}
	}
	switch {
	case math.IsInf(p, 1) || p == 1:
		return total, nil
	case p == 2:
		return math.Sqrt(total), nil
	}
	return math.Pow(total, 1/p), nil
}

// ClipGradValue moves every element of the gradients into [-limit, limit], as
// torch.nn.utils.clip_grad_value_. NaN stays NaN. It allocates nothing.
//
// Difference from PyTorch: limit < 0 or NaN is refused.
func ClipGradValue(params []gorgonia.ValueGrad, limit float64) error {
	if !(limit >= 0) {
		return invalid("ClipGradValue", "clip_value", limit)
	}
	for i, vg := range params { // so that an error changes nothing
		if _, err := gradOf(vg, i); err != nil {
			return err
		}
	}
	for i, vg := range params {
		g, err := gradOf(vg, i)
		if err != nil {
			return err
		}
		clampTo(g.f32, float32(limit))
		clampTo(g.f64, limit)
	}
	return nil
}

func clampTo[T tensor.Float](a []T, limit T) {
	lower, i := -limit, 0
	if long(a) {
		i = clampToVectors(a, lower, limit)
	}
	for ; i < len(a); i++ {
		a[i] = min(max(a[i], lower), limit)
	}
}

// Units says which elements of a parameter are the weights of one unit.
type Units int

const (
	// UnitsFirst: a unit is an index of the first axis, as in the weights of
	// package nn and of PyTorch, (out, in) and (out, in, height, width).
	UnitsFirst Units = iota
	// UnitsLast: a unit is an index of the last axis, as in optax, (in, out) and
	// (height, width, in, out); for three axes, (in, heads, out), of the last
	// two.
	UnitsLast
)

// AdaptiveClip scales the gradient of every unit whose norm is large beside that
// of the weights, as optax.adaptive_grad_clip. With w the weights of a unit and
// g their gradient,
//
//	g ← g · λ max(‖w‖, ε)/‖g‖    if ‖g‖ >= λ max(‖w‖, ε)
//
// λ is clipping, 0.01 in the paper, and ε is eps, 1e-3 there, so that units that
// start at zero can move. A vector, or a tensor with one axis longer than 1, is
// one unit. It allocates nothing. On an error no gradient has changed.
//
// The paper does not clip the last layer: leave it out of params.
//
// Reference: A. Brock, S. De, S. Smith, K. Simonyan. High-Performance
// Large-Scale Image Recognition Without Normalization. ICML 2021, equation 3.
// https://arxiv.org/abs/2102.06171
func AdaptiveClip(params []gorgonia.ValueGrad, clipping, eps float64, units Units) error {
	switch {
	case !(clipping >= 0):
		return invalid("AdaptiveClip", "clipping", clipping)
	case !(eps >= 0):
		return invalid("AdaptiveClip", "eps", eps)
	case units != UnitsFirst && units != UnitsLast:
		return invalid("AdaptiveClip", "units", float64(units))
	}
	for pass := range 2 { // the first finds errors
		for i, vg := range params {
			g, err := gradOf(vg, i)
			if err != nil {
				return err
			}
			if g.empty() {
				continue
			}
			w, err := valueOf(vg, i)
			if err != nil {
				return err
			}
			if !g.like(w) {
				return newParam(vg, i).errorf(fmt.Errorf("gradient: %w: shape or dtype: %v, want %v", tensor.ErrShape, g.shape, w.shape))
			}
			if pass == 1 {
				clipUnits(w.f32, g.f32, w.shape, clipping, eps, units)
				clipUnits(w.f64, g.f64, w.shape, clipping, eps, units)
			}
		}
	}
	return nil
}

func clipUnits[T tensor.Float](w, g []T, shape tensor.Shape, clipping, eps float64, units Units) {
	n, next := 1, 1 // units, and the distance of a unit's elements
	if longAxes(shape) > 1 {
		switch {
		case units == UnitsFirst:
			n = shape[0]
		case len(shape) == 2 || len(shape) == 3:
			n = len(g) / shape[0]
			next = n
		default:
			n = shape[len(shape)-1]
			next = n
		}
	}
	if len(g) == 0 {
		return
	}
	size := len(g) / n
	for u := range n {
		first := u * size
		if next > 1 {
			first = u
		}
		top := float64(clipping * max(unitNorm(w, first, size, next), eps))
		if norm := unitNorm(g, first, size, next); !(norm < top) {
			c := T(top / max(norm, 1e-6))
			for i := range size {
				g[first+i*next] *= c
			}
		}
	}
}

// longAxes returns the number of axes longer than 1.
func longAxes(shape tensor.Shape) (n int) {
	for _, d := range shape {
		if d > 1 {
			n++
		}
	}
	return n
}

func unitNorm[T tensor.Float](a []T, first, size, next int) float64 {
	sum := 0.0
	for i := range size {
		v := float64(a[first+i*next])
		sum += float64(v * v)
	}
	return math.Sqrt(sum)
}
