package optim

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The sentinels that every error of this package wraps; errors about shapes
// and dtypes also wrap tensor.ErrShape and tensor.ErrDtype.
var (
	// ErrOption: a hyperparameter or an option is unknown or out of range.
	ErrOption = errors.New("bad option")
	// ErrParam: a parameter, its value or its gradient cannot be optimized.
	ErrParam = errors.New("bad parameter")
)

// OptionError is a hyperparameter out of its range. It wraps [ErrOption].
type OptionError struct {
	Rule  string  // the rule, as "Adam"
	Text  string  // the complaint in PyTorch's words, as "Invalid learning rate"
	Value float64 // the value given; of no meaning if Text is a whole sentence
	bare  bool
}

// Error returns, for example, "optim: Adam: Invalid learning rate: -1.0".
func (e *OptionError) Error() string {
	if e.bare {
		return "optim: " + e.Rule + ": " + e.Text
	}
	return "optim: " + e.Rule + ": " + e.Text + ": " + pyFloat(e.Value)
}

// Unwrap returns [ErrOption].
func (e *OptionError) Unwrap() error { return ErrOption }

func invalid(rule, what string, v float64) error {
	return &OptionError{Rule: rule, Text: "Invalid " + what, Value: v}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// number, nonNegative, aboveZero and fraction return nil if v is finite, and in
// [0, Inf), (0, Inf) and [0, 1). PyTorch lets some NaN and Inf through; nothing here does.

func number(rule, what string, v float64) error {
	if !finite(v) {
		return invalid(rule, what, v)
	}
	return nil
}

func nonNegative(rule, what string, v float64) error {
	if !finite(v) || v < 0 {
		return invalid(rule, what, v)
	}
	return nil
}

func aboveZero(rule, what string, v float64) error {
	if !finite(v) || v <= 0 {
		return invalid(rule, what, v)
	}
	return nil
}

func fraction(rule, what string, v float64) error {
	if !(0 <= v && v < 1) {
		return invalid(rule, what, v)
	}
	return nil
}

// pyFloat prints v as Python's repr does: "-1.0", "1e-08", "nan".
func pyFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func optionErrorf(format string, args ...any) error {
	return fmt.Errorf("optim: %w: "+format, append([]any{ErrOption}, args...)...)
}

func paramErrorf(format string, args ...any) error {
	return fmt.Errorf("optim: %w: "+format, append([]any{ErrParam}, args...)...)
}

// maxCount is the largest count that is an int and exact as a float64.
const maxCount = min(1<<53, math.MaxInt)

// given returns nil unless a function that a method needs is nil.
func given(rule, what string, f any) error {
	if nilPointer(f) {
		return bare(rule, "no "+what+" is given")
	}
	return nil
}

// wantElements returns nil if what such a function returned has n elements.
func wantElements(rule, what string, x []float64, n int) error {
	if len(x) != n {
		return fmt.Errorf("optim: %s: %w: the %s has %d elements, want %d", rule, ErrParam, what, len(x), n)
	}
	return nil
}

// count returns nil if v is a whole number from least to maxCount.
func count(rule, what string, v, least float64) error {
	if !(least <= v && v <= maxCount) || v != math.Trunc(v) {
		return invalid(rule, what, v)
	}
	return nil
}

// atLeast returns nil if v is finite and at least least, in the words of Adafactor and Muon.
func atLeast(rule, what string, v, least float64) error {
	if !finite(v) || v < least {
		return &OptionError{Rule: rule, Text: fmt.Sprintf("%s should be >= %v but is", what, least), Value: v}
	}
	return nil
}
