package optim

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"gonum.org/v1/gonum/optimize"
)

// methods has the default of every [Method] whose hyperparameters are all it needs, or
// that needs derivatives besides, in the order of [MethodNames].
var methods = []Method{
	DefaultLBFGS(), DefaultConjugateGradient(), DefaultNewton(), DefaultNewtonCG(), DefaultSophia(), DefaultProdigy(),
	Gonum{Method: &optimize.BFGS{}},
}

// gonumMethods makes gonum's methods, each for one minimization, with gonum's own defaults. The first is that of
// the default Gonum.
var gonumMethods = []func() optimize.Method{
	func() optimize.Method { return &optimize.BFGS{} },
	func() optimize.Method { return &optimize.LBFGS{} },
	func() optimize.Method { return &optimize.CG{} },
	func() optimize.Method { return &optimize.GradientDescent{} },
	func() optimize.Method { return &optimize.Newton{} },
	func() optimize.Method { return &optimize.NelderMead{} },
	func() optimize.Method { return &optimize.CmaEsChol{Src: rand.NewPCG(1, 1)} },
}

// GonumMethodNames returns the methods that "gonum:method=" takes: gonum's types in lower case.
func GonumMethodNames() []string {
	names := make([]string, len(gonumMethods))
	for i, f := range gonumMethods {
		names[i] = gonumName(f())
	}
	return names
}

// gonumMethod returns a new method by its name.
func gonumMethod(name string) (optimize.Method, error) {
	i := slices.Index(GonumMethodNames(), name)
	if i < 0 {
		return nil, optionErrorf("gonum: unknown method %q: want one of %s", name, strings.Join(GonumMethodNames(), ", "))
	}
	return gonumMethods[i](), nil
}

func gonumName(m optimize.Method) string {
	if m == nil {
		return ""
	}
	return strings.ToLower(typeName(reflect.ValueOf(m)))
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

// DefaultMethod returns the default of the method of that name; that of [Gonum] is BFGS. An
// unknown name is an error that wraps [ErrOption] and lists the known ones. [KFAC] is not
// among them, since text cannot name the layers that it needs.
func DefaultMethod(name string) (Method, error) {
	i := slices.Index(MethodNames(), name)
	switch {
	case name == NameOf(KFAC{}):
		return nil, optionErrorf("KFAC needs the linear layers of a network, with their inputs and gradients: set its Layers in a program")
	case i < 0:
		return nil, optionErrorf("unknown method %q: want one of %s", name, strings.Join(MethodNames(), ", "))
	}
	if _, ok := methods[i].(Gonum); ok {
		return Gonum{Method: gonumMethods[0]()}, nil
	}
	return methods[i], nil
}

// ParseMethod returns the method that spec describes, in the form that [Parse] reads:
//
//	lbfgs:lr=1,strong_wolfe=true
//	gonum:method=neldermead
//
// The method of [Gonum] is one of [GonumMethodNames], with gonum's defaults and for one minimization; cmaeschol
// draws the same random numbers each time.
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
