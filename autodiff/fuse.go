package autodiff

import "slices"

// unit is what a program does in one go: a kernel, or a chain of pointwise
// operations that ends in its last value. Only that value is stored.
type unit struct {
	values []*value // in order; one for a kernel
}

func (u *unit) result() *value { return u.values[len(u.values)-1] }

func isPointwise(v *value) bool { _, ok := v.prim.(Pointwise); return ok }

// needsNoWork reports values that are there without computing: leaves,
// constants, reshapes, which share the memory of their argument, and barriers.
func needsNoWork(v *value) bool {
	switch v.prim.(type) {
	case nil, constant, reshape, barrier:
		return true
	}
	return false
}

// fuse groups the values of a schedule into units. A pointwise value joins the
// chain of its users when all of them are in that one chain, have its shape,
// and it is not kept: then it never needs to be stored. Scalars stay apart,
// they become register programs.
func fuse(order []*value, kept map[*value]bool) []*unit {
	users := make(map[*value][]*value)
	for _, v := range order {
		for _, a := range v.args {
			users[a] = append(users[a], v)
		}
	}
	home := make(map[*value]*unit) // unit of each value
	var units []*unit
	for _, v := range slices.Backward(order) {
		if needsNoWork(v) {
			continue
		}
		u := chainOf(v, users[v], home)
		if u == nil || kept[v] || v.size() == 1 || !isPointwise(v) {
			u = &unit{}
			units = append(units, u)
		}
		u.values = append(u.values, v)
		home[v] = u
	}
	slices.Reverse(units)
	for _, u := range units {
		slices.Reverse(u.values)
	}
	return units
}

// chainOf returns the one pointwise unit that holds all users of v and works
// on its shape, or nil.
func chainOf(v *value, users []*value, home map[*value]*unit) *unit {
	var u *unit
	for _, w := range users {
		switch h := home[w]; {
		case h == nil || u != nil && h != u:
			return nil
		case !isPointwise(w) || !slices.Equal(w.shape, v.shape):
			return nil
		default:
			u = h
		}
	}
	return u
}
