package optim

import (
	"fmt"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// SAM is sharpness-aware minimization: an optimizer gets the gradient of the
// worst point nearby. With g the gradients of all parameters p as one vector,
//
//	e = ρ g/‖g‖₂              0 if g = 0
//	g ← ∇L(p + e)
//
// and the optimizer steps from p. A step needs two gradients. With
// [SAM.StepClosure] it calls the closure twice. Without a closure, run and Step
// come twice: the odd Steps climb to p + e and the even ones go back to p and
// step, so that one loop serves:
//
//	for range 2 * steps {
//		prog.Run()
//		sam.Step()
//	}
//
// Both closures may see the same mini-batch, as in the paper. Frozen parameters
// and those without a gradient do not move and do not count in the norm.
//
// It remembers nothing from step to step: save the optimizer inside, when it is not [SAM.Climbed].
//
// PyTorch has no SAM. optax.contrib.sam with optax.contrib.normalize and sgd(ρ)
// is the same; it divides by zero where g = 0.
//
// Reference: P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur. Sharpness-Aware
// Minimization for Efficiently Improving Generalization. ICLR 2021, Algorithm 1
// and equation 2 with p = 2. https://arxiv.org/abs/2010.01412
type SAM struct {
	Stepper // the optimizer inside

	rho     float64
	climbed bool
	params  []gorgonia.ValueGrad // at p + e
	saved   []*twin              // p

	closure, both func() (float64, error)
}

// NewSAM wraps an optimizer. rho is ρ >= 0, 0.05 in the paper. Errors wrap
// [ErrOption].
func NewSAM(inside Stepper, rho float64) (*SAM, error) {
	if missingStepper(inside) {
		return nil, optionErrorf("SAM: the optimizer is nil")
	}
	if err := nonNegative("SAM", "rho", rho); err != nil {
		return nil, err
	}
	s := &SAM{Stepper: inside, rho: rho}
	s.both = s.twice
	return s, nil
}

// Climbed reports whether the parameters are at p + e: between an odd and an
// even [SAM.Step].
func (s *SAM) Climbed() bool { return s.climbed }

// Step climbs and steps in turn. Hooks of the optimizer run in the second.
// Steps after the first two do not allocate.
func (s *SAM) Step() error {
	if !s.climbed {
		err := s.climb()
		if err != nil {
			s.Stepper.Restore()
		}
		return err
	}
	s.descend()
	return s.Stepper.Step()
}

// StepClosure calls f at p, then at p + e, then steps, and returns the first
// loss. On an error of f nothing has changed.
func (s *SAM) StepClosure(f func() (float64, error)) (float64, error) {
	if f == nil {
		return 0, optionErrorf("StepClosure: the closure is nil")
	}
	s.descend()
	s.closure = f
	defer func() { s.closure = nil }()
	return s.Stepper.StepClosure(s.both)
}

// twice leaves the gradient at p + e, and returns the loss at p.
func (s *SAM) twice() (float64, error) {
	loss, err := s.closure()
	if err != nil {
		return loss, err
	}
	if err := s.climb(); err != nil {
		return loss, err
	}
	_, err = s.closure()
	s.descend()
	return loss, err
}

// Ahead is that of the optimizer inside; between an odd and an even Step it does
// nothing.
func (s *SAM) Ahead() error {
	if s.climbed {
		return nil
	}
	return s.Stepper.Ahead()
}

// Restore moves the parameters back to p, and the next Step climbs.
func (s *SAM) Restore() {
	s.descend()
	s.Stepper.Restore()
}

// climb saves p and moves to p + e.
func (s *SAM) climb() error {
	params := s.Trainable()
	norm, err := GradNorm(params, 2)
	if err != nil {
		return err
	}
	c := 0.0
	if norm != 0 {
		c = s.rho / norm
	}
	s.params = s.params[:0]
	for _, vg := range params {
		i := len(s.params)
		g, err := gradOf(vg, i)
		if err == nil && g.empty() {
			continue
		}
		if err == nil {
			s.saved = twins(s.saved, i+1)
			err = s.saved[i].refit(vg, g, i)
		}
		if err != nil {
			s.params = s.params[:0]
			return err
		}
		s.params = append(s.params, vg)
	}
	for i, vg := range s.params {
		p, _ := valueOf(vg, i) // they were there in the loop above
		g, _ := gradOf(vg, i)
		between(p, g, c, plusTimes[float32], plusTimes[float64])
	}
	s.climbed = true
	return nil
}

// refit makes the twin a copy of the value, whatever it was before, and
// complains about a gradient of another kind.
func (t *twin) refit(vg gorgonia.ValueGrad, g elements, index int) error {
	p, err := valueOf(vg, index)
	if err != nil {
		return err
	}
	if !g.like(p) {
		return newParam(vg, index).errorf(fmt.Errorf("gradient: %w: shape or dtype: %v, want %v", tensor.ErrShape, g.shape, p.shape))
	}
	if !t.like(p) {
		*t = twin{}
	}
	return t.copyOf(vg, index)
}

// descend moves back to p.
func (s *SAM) descend() {
	if !s.climbed {
		return
	}
	s.climbed = false
	for i, vg := range s.params {
		if p, err := valueOf(vg, i); err == nil && s.saved[i].like(p) {
			between(p, s.saved[i].elements, 0, copyFrom[float32], copyFrom[float64])
		}
	}
}

// plusTimes is a ← a + wb.
func plusTimes[T tensor.Float](a, b []T, w float64) {
	c, i := T(w), 0
	if long(a) {
		i = plusTimesVectors(a, b, c)
	}
	for ; i < len(a); i++ {
		a[i] += T(c * b[i])
	}
}
