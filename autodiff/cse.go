package autodiff

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/downhill-go/downhill/tensor"
)

// What is asked for twice is computed once: the builder knows its values by their keys.

// valueKey identifies what a value computes: a primitive by its type and the text of its
// fields, applied to arguments. Constants of one element are known by their bits.
type valueKey struct {
	prim   reflect.Type
	fields string // and the arguments for which args has no place
	bits   uint64
	args   [3]int32
	single bool // float32
}

func (v *value) key() valueKey {
	k := valueKey{prim: reflect.TypeOf(v.prim), single: v.dtype == tensor.Float32}
	if x, ok := v.number(); ok {
		k.bits = math.Float64bits(x)
		if len(v.shape) > 0 {
			k.fields = fmt.Sprint(v.shape)
		}
		return k
	}
	if k.prim.Size() > 0 {
		k.fields = string(appendFields(make([]byte, 0, 48), reflect.ValueOf(v.prim)))
	}
	for i, a := range v.args {
		if i < len(k.args) {
			k.args[i] = int32(a.id + 1)
		} else {
			k.fields += fmt.Sprint(" ", a.id)
		}
	}
	return k
}

// appendFields appends what tells x from others of its type; pointers by where they point.
// It is for keys: samePrimitive has the last word.
func appendFields(text []byte, x reflect.Value) []byte {
	switch {
	case x.CanInt():
		return strconv.AppendInt(text, x.Int(), 10)
	case x.CanUint():
		return strconv.AppendUint(text, x.Uint(), 10)
	case x.CanFloat():
		return strconv.AppendUint(text, math.Float64bits(x.Float()), 16)
	}
	switch x.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(text, x.Bool())
	case reflect.String:
		return strconv.AppendQuote(text, x.String())
	case reflect.Pointer, reflect.Func:
		return strconv.AppendUint(text, uint64(x.Pointer()), 16)
	case reflect.Interface:
		if !x.IsNil() {
			text = appendFields(append(text, x.Elem().Type().String()...), x.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range x.Len() {
			text = append(appendFields(text, x.Index(i)), ',')
		}
	case reflect.Struct:
		for i := range x.NumField() {
			text = append(appendFields(text, x.Field(i)), ';')
		}
	}
	return text
}

// samePrimitive reports that v and w, of one key, compute the same. The key of a
// primitive may not tell its fields: it can hold maps, or functions, of which no two are
// known to be equal.
func samePrimitive(v, w *value) bool {
	_, isNumber := v.number()
	return isNumber || slices.Equal(v.shape, w.shape) && reflect.DeepEqual(v.prim, w.prim)
}
