package optim

import (
	"errors"

	"github.com/downhill-go/downhill/tensor"
)

// Lookahead lets an optimizer run ahead with fast weights p, and has slow
// weights φ follow. After every K steps of the optimizer,
//
//	φ ← φ + α(p - φ)
//	p ← φ
//
// φ starts at p. Between these steps the parameters are the fast weights; the
// paper evaluates the slow ones, which they are when [Lookahead.Synced]. A step
// that a hook skips counts, too. The state of the optimizer is kept, as in the paper's experiments and optax.
// PyTorch has no Lookahead. It is not the [LookAhead] of [Nesterov], which is
// about where the gradient is taken.
//
// Reference: M. Zhang, J. Lucas, G. Hinton, J. Ba. Lookahead Optimizer: k steps
// forward, 1 step back. NeurIPS 2019, Algorithm 1.
// https://arxiv.org/abs/1907.08610. optax.lookahead is the same.
type Lookahead struct {
	Stepper // the optimizer inside

	k     int
	alpha float64
	steps int
	slow  []*twin
}

// NewLookahead wraps an optimizer. k is at least 1 and alpha in (0, 1]; the
// paper recommends 5 and 0.5. Errors wrap [ErrOption].
func NewLookahead(inside Stepper, k int, alpha float64) (*Lookahead, error) {
	if missingStepper(inside) {
		return nil, optionErrorf("Lookahead: the optimizer is nil")
	}
	err := atLeastOne("Lookahead", "sync_period", k)
	if !(0 < alpha && alpha <= 1) {
		err = errors.Join(err, invalid("Lookahead", "slow_step_size", alpha))
	}
	if err != nil {
		return nil, err
	}
	return &Lookahead{Stepper: inside, k: k, alpha: alpha}, nil
}

// Step is the step of the optimizer, after every K-th of which the weights are
// synchronized. Slow weights of new parameters start at their values before
// their first step. Steps after the first do not allocate.
func (l *Lookahead) Step() error {
	if err := l.begin(); err != nil {
		l.Restore()
		return err
	}
	if err := l.Stepper.Step(); err != nil {
		return err
	}
	return l.end()
}

// Ahead is that of the optimizer inside.
func (l *Lookahead) Ahead() error {
	if err := l.begin(); err != nil {
		return err
	}
	return l.Stepper.Ahead()
}

// StepClosure calls StepClosure of the optimizer; see [Lookahead.Step].
func (l *Lookahead) StepClosure(f func() (float64, error)) (float64, error) {
	if err := l.begin(); err != nil {
		return 0, err
	}
	loss, err := l.Stepper.StepClosure(f)
	if err != nil {
		return loss, err
	}
	return loss, l.end()
}

// Synced reports whether the parameters are the slow weights: at the start and
// after every K-th step.
func (l *Lookahead) Synced() bool { return l.steps%l.k == 0 }

// Steps returns the number of steps so far.
func (l *Lookahead) Steps() int { return l.steps }

// begin records the slow weights of new parameters, and finds errors before the
// step.
func (l *Lookahead) begin() error {
	params := l.Params()
	l.slow = twins(l.slow, len(params))
	for i, t := range l.slow {
		if missing(params[i].Value()) && !t.made {
			continue // a parameter that has no value yet does not move
		}
		made := t.made
		p, err := valueOf(params[i], i)
		if err == nil {
			err = t.fit(p, params[i], i)
		}
		if err != nil {
			return err
		}
		if !made {
			between(t.elements, p, 0, copyFrom[float32], copyFrom[float64])
		}
	}
	return nil
}

func (l *Lookahead) end() error {
	l.steps++
	if !l.Synced() {
		return nil
	}
	params := l.Params()
	for pass := range 2 { // the first finds errors
		for i, vg := range params {
			if !l.slow[i].made {
				continue
			}
			p, err := valueOf(vg, i)
			if err == nil {
				err = l.slow[i].fit(p, vg, i)
			}
			if err != nil {
				return err
			}
			if pass == 1 {
				between(l.slow[i].elements, p, l.alpha, towards[float32], towards[float64])
				between(p, l.slow[i].elements, 0, copyFrom[float32], copyFrom[float64])
			}
		}
	}
	return nil
}

// towards is a ← a + w(b - a).
func towards[T tensor.Float](a, b []T, w float64) {
	c, i := T(w), 0
	if long(a) {
		i = towardsVectors(a, b, c)
	}
	for ; i < len(a); i++ {
		a[i] += T(c * (b[i] - a[i]))
	}
}
