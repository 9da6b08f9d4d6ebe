package optim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/optimize"
)

// Option is a hyperparameter under its PyTorch name. Value is a float64, a
// bool, a string, or a []float64 for a tuple such as betas.
type Option struct {
	Name  string
	Value any
}

// OptionList is a list of options in the order of the rule's fields.
type OptionList []Option

// Setting is a [Rule] or a [Method]: hyperparameters in a plain struct.
type Setting interface{ Check() error }

// Options returns the hyperparameters of a rule or a method under their PyTorch names. It
// is what PyTorch's constructor takes, and the few options that PyTorch lacks.
func Options(rule Setting) OptionList {
	var list OptionList
	for _, f := range fields(reflect.ValueOf(rule)) {
		if f.index < 0 {
			list = append(list, Option{f.name, optionValue(f.value)})
			continue
		}
		if f.index == 0 {
			list = append(list, Option{f.name, []float64(nil)})
		}
		last := &list[len(list)-1]
		last.Value = append(last.Value.([]float64), f.value.Float())
	}
	return list
}

// optionValue returns the value of an option: that of the field, or the name of a method of gonum.
func optionValue(v reflect.Value) any {
	if v.Kind() == reflect.Interface {
		m, _ := v.Interface().(optimize.Method)
		return gonumName(m)
	}
	return v.Interface()
}

// String returns the options in the form that [Parse] reads, as
// "lr=0.001,betas=0.9:0.999,amsgrad=false".
func (l OptionList) String() string {
	items := make([]string, len(l))
	for i, o := range l {
		items[i] = o.Name + "=" + formatOption(o.Value)
	}
	return strings.Join(items, ",")
}

func formatOption(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return cmp.Or(v, pyNone)
	}
	var items []string
	for _, e := range v.([]float64) {
		items = append(items, strconv.FormatFloat(e, 'g', -1, 64))
	}
	return strings.Join(items, ":")
}

// MarshalJSON returns a JSON object with the options in order.
func (l OptionList) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, o := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(o.Value)
		if err != nil {
			return nil, optionErrorf("%s: %v", o.Name, err)
		}
		b.WriteString(strconv.Quote(o.Name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// field is a hyperparameter of a rule: name is "betas" and index 1 for the tag
// "betas[1]", and index is -1 for a tag without brackets.
type field struct {
	tag   string
	name  string
	index int
	none  bool // PyTorch's None is its zero: it has a tag `none`
	value reflect.Value
}

const pyNone = "None"

// fields lists the tagged fields of a rule, a struct or a pointer to one.
func fields(rule reflect.Value) []field {
	rule = reflect.Indirect(rule)
	if rule.Kind() != reflect.Struct {
		return nil
	}
	var list []field
	for i := range rule.NumField() {
		tag := rule.Type().Field(i).Tag.Get("option")
		if tag == "" {
			continue
		}
		f := field{tag: tag, name: tag, index: -1, value: rule.Field(i)}
		_, f.none = rule.Type().Field(i).Tag.Lookup("none")
		if name, rest, ok := strings.Cut(tag, "["); ok {
			f.name = name
			f.index, _ = strconv.Atoi(strings.TrimSuffix(rest, "]"))
		}
		list = append(list, f)
	}
	return list
}

// numberField returns the float64 field with the given tag.
func numberField(rule reflect.Value, tag string) (reflect.Value, error) {
	var known []string
	for _, f := range fields(rule) {
		if f.value.Kind() != reflect.Float64 {
			continue
		}
		if f.tag == tag {
			return f.value, nil
		}
		known = append(known, f.tag)
	}
	only := ""
	if known != nil {
		only = ", only " + strings.Join(known, ", ")
	}
	return reflect.Value{}, optionErrorf("%s has no hyperparameter %q%s", typeName(rule), tag, only)
}

// with returns a copy of rule with one hyperparameter changed.
func with[R any](rule R, tag string, v float64) (R, error) {
	c := clone(rule)
	f, err := numberField(c, tag)
	if err != nil {
		return rule, err
	}
	f.SetFloat(v)
	return c.Interface().(R), nil
}

// clone returns an addressable copy of a rule.
func clone(rule any) reflect.Value {
	v := reflect.ValueOf(rule)
	if v.Kind() == reflect.Pointer {
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		return c
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func typeName(rule reflect.Value) string { return reflect.Indirect(rule).Type().Name() }
