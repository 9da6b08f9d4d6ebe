package optim

import (
	"fmt"

	"gorgonia.org/gorgonia"
)

// FiniteGuard skips steps whose gradients are not finite, and stops a run in
// which too many follow each other:
//
//	guard := optim.NewFiniteGuard(5)
//	opt.BeforeStep(func(o *optim.Optimizer) error { return guard.Check(o.Trainable()) })
//
// A skipped step changes nothing, step counts included, as the step of a torch
// GradScaler that found infinities. optax.apply_if_finite has the same limit,
// max_consecutive_errors, but takes the steps beyond it, which makes parameters
// NaN; here they are an error.
type FiniteGuard struct {
	limit              int
	consecutive, total int
}

// NewFiniteGuard returns a guard that allows limit skips in a row: 0 stops at
// once, and a negative limit never.
func NewFiniteGuard(limit int) *FiniteGuard { return &FiniteGuard{limit: limit} }

// Check returns nil if all gradients are finite. Otherwise the error wraps
// [ErrNonFinite] and names the first parameter that has one that is not; it also
// wraps [ErrSkip] if fewer than limit steps in a row were skipped before. It
// allocates nothing while gradients are finite.
func (f *FiniteGuard) Check(params []gorgonia.ValueGrad) error {
	for i, vg := range params {
		g, err := gradOf(vg, i)
		if err != nil {
			return err
		}
		if g.finite() {
			continue
		}
		f.consecutive++
		f.total++
		label := newParam(vg, i).label
		if f.limit >= 0 && f.consecutive > f.limit {
			return fmt.Errorf("optim: %w: of parameter %s, %d in a row", ErrNonFinite, label, f.consecutive)
		}
		return fmt.Errorf("optim: %w: of parameter %s: %w", ErrNonFinite, label, ErrSkip)
	}
	f.consecutive = 0
	return nil
}

// Consecutive returns the number of the latest checks in a row that found a
// gradient that is not finite, and Total that of all.
func (f *FiniteGuard) Consecutive() int { return f.consecutive }

// Total returns the number of checks that found a gradient that is not finite.
func (f *FiniteGuard) Total() int { return f.total }
