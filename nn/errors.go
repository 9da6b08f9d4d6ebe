package nn

import (
	"errors"
	"reflect"
)

// The kinds of mistakes that this package reports besides those of autodiff and
// tensor, for errors.Is.
var (
	ErrLayer  = errors.New("bad layer")  // a missing layer, module or initialiser, or a size below 1
	ErrOption = errors.New("bad option") // an unknown reduction, fan mode or nonlinearity
	ErrLabel  = errors.New("bad label")  // a class label that is not a class
	ErrState  = errors.New("bad state")  // a state that does not fit a model
)

// isNil reports whether v is nil, a nil pointer or a nil function. A nil slice is
// a value: an empty [Sequential].
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return r.IsNil()
	}
	return false
}
