package optim

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// defaults has the default of every rule, in the order of [Names].
var defaults = []Rule{
	DefaultSGD(), DefaultMomentum(), DefaultNesterov(), DefaultRMSprop(),
	DefaultAdam(), DefaultAdamW(), DefaultAdagrad(),
	DefaultNAdam(), DefaultRAdam(), DefaultAdamax(), DefaultAdadelta(),
	DefaultRprop(), DefaultASGD(), DefaultSparseAdam(), DefaultAdafactor(), DefaultMuon(), DefaultShampoo(), DefaultSOAP(),
	DefaultLion(), DefaultAdaBelief(), DefaultYogi(), DefaultLAMB(), DefaultLARS(), DefaultAdan(),
	DefaultSGDScheduleFree(), DefaultAdamWScheduleFree(),
}

// Names returns the names of the rules, as [Parse] takes them: the names of
// their types in lower case.
func Names() []string {
	names := make([]string, len(defaults))
	for i, r := range defaults {
		names[i] = NameOf(r)
	}
	return names
}

// NameOf returns the name of a rule or a method: its type in lower case, as "adamw".
func NameOf(rule Setting) string { return strings.ToLower(typeName(reflect.ValueOf(rule))) }

// Default returns the default of the rule of that name. An unknown name is an
// error that wraps [ErrOption] and lists the known ones.
func Default(name string) (Rule, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil, optionErrorf("unknown optimizer %q: want one of %s", name, strings.Join(Names(), ", "))
	}
	return defaults[i], nil
}

// Parse returns the rule that spec describes: a name, then optionally a colon
// and options with PyTorch's argument names; the others keep their defaults.
//
//	sgd
//	adam:lr=0.05,betas=0.9:0.999,amsgrad=true
//
// An unknown name or option is an error that lists the valid ones; a value
// that cannot be read, is out of range or given twice is named. All wrap
// [ErrOption].
func Parse(spec string) (Rule, error) {
	name, list, hasOptions := strings.Cut(spec, ":")
	name = strings.TrimSpace(name)
	rule, err := Default(name)
	if err != nil || !hasOptions {
		return rule, err
	}
	b := builder{name, clone(rule), map[string]bool{}}
	if err := b.parse(list); err != nil {
		return nil, err
	}
	return b.rule()
}

// Make returns the rule of the given name with the given options, under
// PyTorch's names; the others keep their defaults. Values are float64, int or
// bool, and slices of numbers for tuples: what encoding/json makes of PyTorch's
// arguments, nil for its None. Errors are those of [Parse].
func Make(name string, options map[string]any) (Rule, error) {
	rule, err := Default(name)
	if err != nil {
		return nil, err
	}
	b := builder{name, clone(rule), map[string]bool{}}
	keys := make([]string, 0, len(options))
	for key := range options {
		keys = append(keys, key)
	}
	slices.Sort(keys) // so that of two mistakes always the same is reported
	for _, key := range keys {
		if err := b.set(key, options[key]); err != nil {
			return nil, err
		}
	}
	return b.rule()
}

// builder sets options one after the other.
type builder struct {
	name  string
	value reflect.Value
	seen  map[string]bool
}

// parse sets the options of a list, "lr=0.05,amsgrad=true".
func (b *builder) parse(list string) error {
	for _, item := range strings.Split(list, ",") {
		key, value, ok := strings.Cut(item, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok {
			return optionErrorf("%s: %q is not of the form option=value", b.name, key)
		}
		if err := b.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) rule() (Rule, error) {
	rule := b.value.Interface().(Rule)
	if err := rule.Check(); err != nil {
		return nil, err
	}
	return rule, nil
}

func (b *builder) set(key string, value any) error {
	var into []field
	var known []string
	for _, f := range fields(b.value) {
		if f.name == key {
			into = append(into, f)
		}
		if !slices.Contains(known, f.name) {
			known = append(known, f.name)
		}
	}
	switch {
	case len(into) == 0:
		return optionErrorf("%s has no option %q: want one of %s", b.name, key, strings.Join(known, ", "))
	case b.seen[key]:
		return optionErrorf("%s: %s is given twice", b.name, key)
	}
	b.seen[key] = true
	if into[0].index < 0 {
		return b.assign(into[0], value)
	}
	items, ok := tuple(value)
	if !ok || len(items) != len(into) {
		var like []float64
		for _, f := range into {
			like = append(like, f.value.Float())
		}
		return optionErrorf("%s: %s: %v is not a tuple of %d numbers, as %s", b.name, key, quoted(value),
			len(into), formatOption(like))
	}
	for i, f := range into {
		if err := b.assign(f, items[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) assign(f field, value any) error {
	if f.none && (value == nil || value == pyNone) {
		f.value.SetZero()
		return nil
	}
	if f.value.Kind() == reflect.String {
		text, ok := value.(string)
		if !ok {
			return optionErrorf("%s: %s: %v is not a string", b.name, f.tag, value)
		}
		f.value.SetString(text) // Check knows which there are
		return nil
	}
	if f.value.Kind() == reflect.Interface {
		name, ok := value.(string)
		if !ok {
			return optionErrorf("%s: %s: %v is not a string", b.name, f.tag, value)
		}
		method, err := gonumMethod(name)
		if err == nil {
			f.value.Set(reflect.ValueOf(method))
		}
		return err
	}
	if f.value.Kind() == reflect.Bool {
		switch value {
		case true, "true", "True":
			f.value.SetBool(true)
		case false, "false", "False":
			f.value.SetBool(false)
		default:
			return optionErrorf("%s: %s: %v is neither true nor false", b.name, f.tag, quoted(value))
		}
		return nil
	}
	switch v := value.(type) {
	case float64:
		f.value.SetFloat(v)
		return nil
	case int:
		f.value.SetFloat(float64(v))
		return nil
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			f.value.SetFloat(n)
			return nil
		}
	}
	return optionErrorf("%s: %s: %v is not a number", b.name, f.tag, quoted(value))
}

// tuple splits a value for a tuple option into its items.
func tuple(value any) (items []any, ok bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []float64:
		for _, e := range v {
			items = append(items, e)
		}
		return items, true
	case string:
		for _, e := range strings.Split(v, ":") {
			items = append(items, strings.TrimSpace(e))
		}
		return items, true
	}
	return nil, false
}

func quoted(v any) any {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return v
}
