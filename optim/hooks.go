package optim

import (
	"errors"
	"slices"
)

// ErrSkip is what a hook of [Optimizer.BeforeStep] returns, or wraps, to
// prevent the step: [Optimizer.Step] then changes nothing and returns nil.
var ErrSkip = errors.New("skip this step")

// A Hook is a function that an optimizer calls around each step.
type Hook struct{ remove func() }

// Remove takes the function away; it is not called any more. A second Remove
// does nothing.
func (h *Hook) Remove() {
	if h != nil && h.remove != nil {
		h.remove()
		h.remove = nil
	}
}

// BeforeStep makes [Optimizer.Step] call f before it looks at the gradients,
// which f may change:
//
//	opt.BeforeStep(func(o *optim.Optimizer) error {
//		_, err := optim.ClipGradNorm(o.Trainable(), 1, 2, false)
//		return err
//	})
//
// Functions are called in the order in which they were added. When one returns
// an error, those after it are not called, and Step changes nothing and returns
// the error; or nil, if it wraps [ErrSkip]. It is torch's
// register_step_pre_hook, where a hook cannot prevent the step.
func (o *Optimizer) BeforeStep(f func(*Optimizer) error) *Hook { return o.before.add(f) }

// AfterStep makes [Optimizer.Step] call f when it has stepped, as torch's
// register_step_post_hook. An error of f becomes that of Step; the step is not
// undone. A step that was prevented, or failed, does not call f.
func (o *Optimizer) AfterStep(f func(*Optimizer) error) *Hook { return o.after.add(f) }

// hooks are functions of an optimizer O.
type hooks[O any] []*func(O) error

// add returns a hook. The list is copied, so that a hook may add and remove
// hooks; they take effect at the next step.
func (l *hooks[O]) add(f func(O) error) *Hook {
	*l = append(slices.Clone(*l), &f)
	return &Hook{func() {
		*l = slices.DeleteFunc(slices.Clone(*l), func(other *func(O) error) bool { return other == &f })
	}}
}

func (l *hooks[O]) run(o O) error {
	for _, f := range *l {
		if *f == nil {
			return optionErrorf("a hook of the step is nil")
		}
		if err := (*f)(o); err != nil {
			return err
		}
	}
	return nil
}
