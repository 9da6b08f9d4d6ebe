package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Rprop uses nothing of the gradient but its sign, and gives every element a
// step of its own that grows until the sign changes, as torch.optim.Rprop. At
// each step, with g the gradient (-g if Maximize) and h that of the last step,
//
//	s ← η⁺s             if gh > 0
//	s ← η⁻s,  g ← 0     if gh < 0
//	s ← min(max(s, s₋), s₊)
//	p ← p - sign(g)s
//	h ← g
//
// h starts at 0 and s at η. So the first step is η long; after a change of sign
// the element rests for one step, and then goes on with s as it is, since gh = 0.
// The sign of NaN is 0: NaN gradients do not move p. Where gh is too small for
// the dtype it is 0, and s does not grow. A later change of η has no effect.
// A rule for whole batches: it takes noise of the gradient for a change of sign.
//
// The state buffers are PyTorch's: h is prev, s is step_size.
//
// Differences from PyTorch: an infinite or negative learning rate or limit of s
// is refused. If s₋ > s₊ then s = s₊, as in PyTorch.
//
// Reference: M. Riedmiller, H. Braun. A direct adaptive method for faster
// backpropagation learning: the RPROP algorithm. ICNN 1993. In this form, with
// g ← 0 and without undoing the last step, it is iRprop⁻ of C. Igel, M. Hüsken.
// Improving the Rprop Learning Algorithm. NC 2000.
type Rprop struct {
	LR       float64 `option:"lr"`            // η >= 0: the first s
	EtaMinus float64 `option:"etas[0]"`       // η⁻ in (0, 1)
	EtaPlus  float64 `option:"etas[1]"`       // η⁺ > 1
	MinStep  float64 `option:"step_sizes[0]"` // s₋ >= 0: least s
	MaxStep  float64 `option:"step_sizes[1]"` // s₊ >= 0: largest s
	Maximize bool    `option:"maximize"`      // go uphill
}

// DefaultRprop returns the defaults of torch.optim.Rprop: η = 0.01, η⁻ = 0.5,
// η⁺ = 1.2, s from 1e-6 to 50.
func DefaultRprop() Rprop {
	return Rprop{LR: 1e-2, EtaMinus: 0.5, EtaPlus: 1.2, MinStep: 1e-6, MaxStep: 50}
}

// State returns prev, step_size.
func (r Rprop) State() []string { return []string{"prev", "step_size"} }

// Fill returns η for step_size.
func (r Rprop) Fill(state string) float64 {
	if state == "step_size" {
		return r.LR
	}
	return 0
}

// Check returns an error for every hyperparameter out of its range.
func (r Rprop) Check() error {
	var etas error
	if !(0 < r.EtaMinus && r.EtaMinus < 1 && 1 < r.EtaPlus && finite(r.EtaPlus)) {
		text := "Invalid eta values: " + pyFloat(r.EtaMinus) + ", " + pyFloat(r.EtaPlus)
		etas = &OptionError{Rule: "Rprop", Text: text, bare: true}
	}
	return errors.Join(
		nonNegative("Rprop", "learning rate", r.LR),
		etas,
		nonNegative("Rprop", "step size at index 0", r.MinStep),
		nonNegative("Rprop", "step size at index 1", r.MaxStep))
}

// Elementwise says that large parameters may be stepped on in parts.
func (r Rprop) Elementwise() {}

// Step32 takes one step in float32.
func (r Rprop) Step32(s *Step[float32]) { rprop(r, s) }

// Step64 takes one step in float64.
func (r Rprop) Step64(s *Step[float64]) { rprop(r, s) }

func rprop[T tensor.Float](r Rprop, s *Step[T]) {
	h, size := s.State[0], s.State[1]
	minus, plus, least, most := T(r.EtaMinus), T(r.EtaPlus), T(r.MinStep), T(r.MaxStep)
	grad := gradient[T](r.Maximize, 0)
	for i, p := range s.Param {
		g := grad.at(s.Grad[i], p)
		switch gh := T(g * h[i]); {
		case gh > 0:
			size[i] *= plus
		case gh < 0:
			size[i] *= minus
			g = 0
		}
		size[i] = min(max(size[i], least), most)
		switch {
		case g > 0:
			s.Param[i] = p - size[i]
		case g < 0:
			s.Param[i] = p + size[i]
		}
		h[i] = g
	}
}
