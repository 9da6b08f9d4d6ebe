package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// The gradient of a max pool reads four elements for each that it writes back, to see which of them was the
// largest. Where these come from a convolution in a pass over images, nothing else may need them after the
// pass: it then notes which was the largest, one number instead of four, and the elements need no memory but that
// of a block. They would be written to memory, and read from it, when they are no longer in a cache.

// maxPlaces says which element of x is the largest in each window of 2×2, as 0, 1, 2 or 3; with
// Relu as 4 where that is not above 0. Only programs have it, in passes over images.
type maxPlaces struct {
	pooling
	Relu bool
}

// unpoolPlaces is maxUnpool by what maxPlaces gives of x. Only programs have it, in passes over images.
type unpoolPlaces struct{ pooling }

func (maxPlaces) Name() string    { return "MaxPlaces" }
func (unpoolPlaces) Name() string { return "MaxUnpool" }

func (p maxPlaces) Shape(in []tensor.Shape) (tensor.Shape, error)    { return p.shrink(in[0]) }
func (p unpoolPlaces) Shape(in []tensor.Shape) (tensor.Shape, error) { return p.grow(in[0]) }
func (maxPlaces) VJP(_ []*Node, _, _ *Node) []*Node                  { return []*Node{nil} }
func (unpoolPlaces) VJP(_ []*Node, _, _ *Node) []*Node               { return []*Node{nil, nil} }

// rememberPlaces makes the gradients of max pools read maxPlaces, where that spares their pass over images
// the memory of what was pooled. It returns the schedule and the units with those of maxPlaces.
func rememberPlaces(order []*value, units []*unit, users [][]*value, kept map[*value]bool) ([]*value, []*unit) {
	if !slices.ContainsFunc(order, func(v *value) bool { _, ok := v.prim.(maxUnpool); return ok }) {
		return order, units
	}
	home, pass := make(map[*value]*unit), make(map[*unit]int)
	for i, u := range units {
		for _, v := range u.values {
			home[v] = u
		}
		if pass[u] = i; u.joined {
			pass[u] = pass[units[i-1]]
		}
	}
	added := make(map[*unit][]*unit) // after a unit
	for _, u := range units {
		x := u.result()
		later := slices.DeleteFunc(slices.Clone(users[x.id]), func(w *value) bool { return home[w] != nil && pass[home[w]] == pass[u] })
		if u.local || kept[x] || len(u.role.images) == 0 || u.role.sum || !x.layout.pixels || len(later) == 0 ||
			slices.ContainsFunc(later, func(w *value) bool { return !unpoolsPairs(w, x) }) {
			continue
		}
		u.local, x.layout.local = true, true
		places := make(map[bool]*value)
		for _, w := range later {
			p := w.prim.(maxUnpool)
			at := places[p.Relu]
			if at == nil {
				at = &value{id: len(order), prim: maxPlaces(p), args: []*value{x}, shape: w.args[1].shape, dtype: x.dtype, site: x.site}
				at.layout.pixels = true
				places[p.Relu], order = at, append(order, at)
				added[u] = append(added[u], &unit{values: []*value{at}, stored: []*value{at}, joined: true, role: imageRole{images: at.args}})
			}
			w.prim, w.args = unpoolPlaces{p.pooling}, []*value{at, w.args[1]}
			home[w].role.images = w.args
		}
	}
	if len(added) == 0 {
		return order, units
	}
	var out []*unit
	for _, u := range units {
		out = append(append(out, u), added[u]...)
	}
	return order, out
}

// unpoolsPairs reports that v is the gradient of a max pool of x with windows in pairs, in pixels.
func unpoolsPairs(v, x *value) bool {
	p, ok := v.prim.(maxUnpool)
	return ok && p.inPairs() && v.layout.pixels && v.args[0] == x && v.args[1] != x
}
