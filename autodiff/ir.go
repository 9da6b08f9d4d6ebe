package autodiff

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// value is one result of a program in static single assignment form: a leaf, or
// a primitive applied to values. Shapes and dtypes are fixed.
type value struct {
	id    int
	prim  Primitive // nil for a leaf
	args  []*value
	shape tensor.Shape
	dtype tensor.Dtype
	leaf  *Node
	born  uint32 // the number of the first op that is this value; see schedule
	site  site   // where that was made, for profiles
}

func (v *value) size() int { return tensor.Size(v.shape) }

// number returns the constant that v is, if it is one with one element.
func (v *value) number() (float64, bool) {
	if c, ok := v.prim.(constant); ok && len(*c.data) == 1 {
		return (*c.data)[0], true
	}
	return 0, false
}

func (v *value) isConst() bool { _, ok := v.prim.(constant); return ok }

// builder makes values. It simplifies, computes constants, and returns the
// value it has when asked for the same one twice.
type builder struct {
	byKey  map[valueKey]*value
	leaves map[leafKey]*value
	count  int
	now    uint32 // the number of the op that is being lowered
	eval   bool   // for inference
	seed   uint64 // of all random numbers; 0 for each node's own
}

// leafKey is a leaf, and the dtype that it is read in.
type leafKey struct {
	node  *Node
	dtype tensor.Dtype
}

// newBuilder returns a builder for about as many values as nodes.
func newBuilder(nodes int) *builder {
	return &builder{byKey: make(map[valueKey]*value, nodes), leaves: make(map[leafKey]*value)}
}

// lower returns the values of nodes, which topological has put in order.
func (b *builder) lower(im *importer, nodes []*Node) map[*Node]*value {
	values := make(map[*Node]*value, len(nodes))
	var args []*value
	for _, n := range nodes {
		o, _ := im.op(n) // topological has seen the errors
		if o == nil {
			b.now = 0
			values[n] = b.leaf(n, n.Dtype())
			continue
		}
		if _, ok := o.prim.(asFloat); ok {
			b.now = 0
			values[n] = b.leaf(o.in[0], o.dtype)
			continue
		}
		args = args[:0]
		for _, x := range o.in {
			args = append(args, values[x])
		}
		b.now = o.id
		prim := o.prim
		if r, ok := prim.(seeded); ok && b.seed != 0 {
			prim = r.reseeded(b.seed)
		}
		v := b.emit(prim, o.shape, o.dtype, args...)
		if v.site.pc == 0 {
			v.site = im.siteOf(o)
		}
		values[n] = v
	}
	return values
}

func (b *builder) leaf(n *Node, dt tensor.Dtype) *value {
	key := leafKey{n, dt}
	v := b.leaves[key]
	if v == nil {
		v = b.add(&value{shape: n.Shape(), dtype: dt, leaf: n})
		b.leaves[key] = v
	}
	return v
}

// emit returns the value p(args...), in its simplest form.
func (b *builder) emit(p Primitive, shape tensor.Shape, dt tensor.Dtype, args ...*value) *value {
	args = slices.Clone(args)
	v := &value{prim: p, args: args, shape: shape, dtype: dt}
	if s := b.simplify(v); s != nil {
		return s
	}
	if s := b.fold(v); s != nil {
		v = s
	}
	key := v.key()
	have, ok := b.byKey[key]
	switch {
	case !ok:
		b.byKey[key] = v
	case samePrimitive(have, v):
		have.born = min(have.born, b.now)
		return have
	}
	return b.add(v)
}

func (b *builder) add(v *value) *value {
	v.id, v.born = b.count, b.now
	b.count++
	return v
}

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
		k.fields = fmt.Sprintf("%+v", v.prim)
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

// samePrimitive reports that v and w, of one key, compute the same. The text of a
// primitive may not tell its fields: it can have a String method, or hold functions,
// of which no two are known to be equal.
func samePrimitive(v, w *value) bool {
	_, isNumber := v.number()
	return isNumber || slices.Equal(v.shape, w.shape) && reflect.DeepEqual(v.prim, w.prim)
}

// maxFold is the largest constant that is computed when compiling.
const maxFold = 64

// fold returns v as a constant when its arguments are constants, or nil.
func (b *builder) fold(v *value) *value {
	if _, isForeign := v.prim.(foreign); isForeign || len(v.args) == 0 || v.size() > maxFold {
		return nil
	}
	for _, a := range v.args {
		if !a.isConst() {
			return nil
		}
	}
	var data []float64
	if v.dtype == tensor.Float32 {
		data = foldTyped[float32](v)
	} else {
		data = foldTyped[float64](v)
	}
	return &value{prim: constant{&data}, shape: v.shape, dtype: v.dtype}
}

func foldTyped[T tensor.Float](v *value) []float64 {
	in := make([]*tensor.Array[T], len(v.args))
	for i, a := range v.args {
		in[i] = &tensor.Array[T]{Shape: a.shape, Data: convert[T](*a.prim.(constant).data)}
	}
	return convert[float64](evaluate(v.prim, v.shape, in).Data)
}

func convert[To, From tensor.Float](x []From) []To {
	y := make([]To, len(x))
	for i, e := range x {
		y[i] = To(e)
	}
	return y
}

// schedule returns the values that outputs need, each after its arguments, in the
// order in which their nodes were made. Gradients are made from the last operation to
// the first, those of parameters in between: so what a step back needs is free
// after it, as in PyTorch, and not when the gradients of all parameters are done. The
// numbers of ops start again from 0 after 2³²; only memory suffers then.
func schedule(outputs []*value) []*value {
	last := slices.MaxFunc(outputs, func(v, w *value) int { return v.id - w.id }).id // arguments have lower numbers
	order := make([]*value, 0, last+1)
	seen := make([]bool, last+1)
	var visit func(v *value)
	visit = func(v *value) {
		if seen[v.id] {
			return
		}
		seen[v.id] = true
		for _, a := range v.args {
			visit(a)
			v.born = max(v.born, a.born)
		}
		order = append(order, v)
	}
	for _, v := range outputs {
		visit(v)
	}
	slices.SortFunc(order, func(v, w *value) int { return cmp.Or(cmp.Compare(v.born, w.born), v.id-w.id) })
	return withoutBarriers(order, outputs)
}
