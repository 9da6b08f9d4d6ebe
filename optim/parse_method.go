package optim

import (
	"reflect"
	"slices"
	"strings"
)

// methods has the default of every [Method] whose hyperparameters are all it needs, or
// that needs derivatives besides, in the order of [MethodNames].
var methods = []Method{
	DefaultLBFGS(), DefaultConjugateGradient(), DefaultNewton(), DefaultNewtonCG(), DefaultSophia(), DefaultProdigy(),
}

// MethodNames returns the names of the methods, as [ParseMethod] takes them: the names of
// their types in lower case.
func MethodNames() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = NameOf(m)
	}
	return names
}

// DefaultMethod returns the default of the method of that name. An unknown name is an
// error that wraps [ErrOption] and lists the known ones.
func DefaultMethod(name string) (Method, error) {
	i := slices.Index(MethodNames(), name)
	if i < 0 {
		return nil, optionErrorf("unknown method %q: want one of %s", name, strings.Join(MethodNames(), ", "))
	}
	return methods[i], nil
}

// ParseMethod returns the method that spec describes, in the form that [Parse] reads:
//
//	lbfgs:lr=1,strong_wolfe=true
//
// Functions that a method needs, as Newton its Hessian, are for the caller to set; the
// hyperparameters of such a method are checked by [NewMinimizer]. Errors are those of
// Parse.
func ParseMethod(spec string) (Method, error) {
	name, list, hasOptions := strings.Cut(spec, ":")
	name = strings.TrimSpace(name)
	method, err := DefaultMethod(name)
	if err != nil {
		return nil, err
	}
	b := builder{name, clone(method), map[string]bool{}}
	if hasOptions {
		if err := b.parse(list); err != nil {
			return nil, err
		}
	}
	method = b.value.Interface().(Method)
	if needsFunction(b.value) {
		return method, nil
	}
	return method, method.Check()
}

// needsFunction reports that a field is a function, which is not set.
func needsFunction(v reflect.Value) bool {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Func && f.IsNil() {
			return true
		}
	}
	return false
}
