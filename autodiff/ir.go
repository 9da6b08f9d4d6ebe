package autodiff

import (
	"github.com/downhill-go/downhill/tensor"
)

// value is one result of a program in static single assignment form: a leaf, or
// a primitive applied to values. Shapes and dtypes are fixed.
type value struct {
	id     int
	prim   Primitive // nil for a leaf
	args   []*value
	shape  tensor.Shape
	dtype  tensor.Dtype
	leaf   *Node
	born   uint32      // the number of the first op that is this value; see schedule
	site   site        // where that was made, for profiles
	layout imageLayout // of its memory; see images_pixels.go
	near   [2]*value   // where emit keeps a few args
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

// lower returns the values of nodes, which topological has put in order, in that order.
func (b *builder) lower(im *importer, all ordered) []*value {
	values := make([]*value, len(all.nodes))
	var args []*value
	for at, n := range all.nodes {
		o, _ := im.op(n) // topological has seen the errors
		if o == nil {
			b.now = 0
			values[at] = b.leaf(n, n.Dtype())
			continue
		}
		switch o.prim.(type) {
		case ref:
			values[at] = values[all.place[o.in[0]]]
		case asFloat:
			b.now = 0
			values[at] = b.leaf(o.in[0], o.dtype)
		default:
			args = args[:0]
			for _, x := range o.in {
				args = append(args, values[all.place[x]])
			}
			values[at] = b.lowerOp(im, o, args)
		}
	}
	return values
}

// lowerOp returns the value of o for args.
func (b *builder) lowerOp(im *importer, o *op, args []*value) *value {
	b.now = o.id
	p := o.prim
	if r, ok := p.(seeded); ok && b.seed != 0 {
		p = r.reseeded(b.seed)
	}
	v := b.emit(p, o.shape, o.dtype, args...)
	if v.site.pc == 0 {
		v.site = im.siteOf(o)
	}
	return v
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
	v := &value{prim: p, shape: shape, dtype: dt}
	v.args = append(v.near[:0], args...)
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
