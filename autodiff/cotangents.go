package autodiff

import (
	"cmp"
	"slices"
)

// cotangents are the gradients of the nodes that are to get one, as far as their terms
// have come.
type cotangents struct {
	place  map[*Node]int // of each node in terms
	wanted []bool
	terms  []cotangent
}

// newCotangents returns the empty gradients of the wanted ones of the nodes that have a place.
func newCotangents(place map[*Node]int, wanted []bool) cotangents {
	return cotangents{place, wanted, make([]cotangent, len(wanted))}
}

// at returns the gradient of n, nil if n is to get none.
func (c cotangents) at(n *Node) *cotangent {
	if at, ok := c.place[n]; ok && c.wanted[at] {
		return &c.terms[at]
	}
	return nil
}

// wantWhole says that the gradient of n, if it is to get one, is asked for: all terms have to be in it.
func (c cotangents) wantWhole(n *Node) {
	if t := c.at(n); t != nil {
		t.whole = true
	}
}

// passes reports that n gets a gradient only to pass it on, so that terms may go around it.
func (c cotangents) passes(n *Node) bool { t := c.at(n); return t != nil && !t.whole }

// add adds d, unless it is nil, to the gradient of n, if n is to get one.
func (c cotangents) add(n, d *Node) {
	if t := c.at(n); t != nil && d != nil {
		t.add(d)
	}
}

// of returns the sum of all terms of the gradient of n, nil if there are none.
func (c cotangents) of(n *Node) *Node {
	t := c.at(n)
	if t == nil {
		return nil
	}
	waiting := t.slices
	t.slices = nil
	if whole := sideBySide(waiting); whole != nil {
		waiting = []*Node{whole}
	}
	for _, d := range waiting {
		t.addToSum(d)
	}
	return t.sum
}

// cotangent is one gradient. Those of slices wait until all are there: to add each to the
// rest, in zeros, would take as many walks over the whole as there are slices.
type cotangent struct {
	sum    *Node // of the other terms, nil if there are none
	slices []*Node
	whole  bool // see wantWhole
}

func (t *cotangent) add(d *Node) {
	if o, ok := d.Op().(*op); ok {
		if p, ok := o.prim.(spread); ok && p.Step == 1 && (len(t.slices) == 0 || spreadOf(t.slices[0]).Axis == p.Axis) {
			t.slices = append(t.slices, d)
			return
		}
	}
	t.addToSum(d)
}

func (t *cotangent) addToSum(d *Node) {
	if t.sum == nil {
		t.sum = d
	} else {
		t.sum = Add(t.sum, d)
	}
}

func spreadOf(n *Node) spread { return n.Op().(*op).prim.(spread) }

// sideBySide returns the sum of spreads along one axis, made by laying what they spread
// beside each other, with zeros between. It is nil if there are fewer than two, or two
// overlap.
func sideBySide(spreads []*Node) *Node {
	if len(spreads) < 2 {
		return nil
	}
	sorted := slices.Clone(spreads)
	slices.SortStableFunc(sorted, func(a, b *Node) int { return cmp.Compare(spreadOf(a).Start, spreadOf(b).Start) })
	first := spreadOf(sorted[0])
	axis, end := first.Axis, first.Start
	var parts []*Node
	for _, n := range sorted {
		p, x := spreadOf(n), n.Op().(*op).in[0]
		if p.Start < end {
			return nil
		}
		if p.Start > end {
			gap := shapeOf(x).Clone()
			gap[axis] = p.Start - end
			parts = append(parts, Expand(ConstLike(x, 0), gap...))
		}
		parts, end = append(parts, x), p.Start+p.Len
	}
	whole := Concat(axis, parts...)
	if end-first.Start < first.Size {
		whole = apply(spread{slice{Axis: axis, Start: first.Start, Step: 1, Len: end - first.Start}, first.Size}, whole)
	}
	return whole
}
