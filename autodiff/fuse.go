package autodiff

import "slices"

// unit is what a program does in one go: a kernel, a chain of pointwise operations
// that ends in its last value, or a row program. Of a chain only the last value is
// stored, of a row program those that others need.
type unit struct {
	values []*value // in order; one for a kernel
	last   int      // the place of the last of them in the schedule
	rows   *rows    // what a row program works on, else nil
	stored []*value
	shown  []*value // of a row program: those of them that nothing else reads
	joined bool     // it is computed in one pass over images with the unit before it
	local  bool     // only its pass over images needs its result
	role   imageRole
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

// fuse groups the values of a numbered schedule into units: first into row programs, then
// what is left into chains. A pointwise value joins the chain of its users when all
// of them are in that one chain, have its shape, and it is not kept: then it never
// needs to be stored. Scalars stay apart, they become register programs. users are those of
// all values.
func fuse(order []*value, users [][]*value, kept map[*value]bool, rows bool) []*unit {
	home := make(map[*value]*unit, len(order)) // unit of each value
	if rows {
		home = fuseRows(order, kept)
	}
	for _, v := range slices.Backward(order) {
		if needsNoWork(v) || home[v] != nil {
			continue
		}
		u := chainOf(v, users[v.id], home)
		if u == nil || kept[v] || v.size() == 1 || !isPointwise(v) {
			u = &unit{stored: order[v.id : v.id+1 : v.id+1]}
		}
		u.values = append(u.values, v)
		home[v] = u
	}
	units := inOrder(order, home)
	for _, u := range units {
		if u.rows == nil {
			slices.Reverse(u.values)
		}
	}
	return units
}

// usersOf returns the values of a numbered schedule, or of a part of one, that read each
// value, by its number; those that read several arguments for which of gives the same value
// are users of that.
func usersOf(order []*value, of func(*value) *value) [][]*value {
	count := make([]int, numbers(order))
	total := 0
	for _, v := range order {
		for _, a := range v.args {
			count[of(a).id]++
		}
		total += len(v.args)
	}
	users, all := make([][]*value, len(count)), make([]*value, total)
	for i, n := range count {
		users[i], all = all[:0:n], all[n:]
	}
	for _, v := range order {
		for _, a := range v.args {
			i := of(a).id
			users[i] = append(users[i], v)
		}
	}
	return users
}

// numbers returns one more than the highest number in order, a numbered schedule or a part of one.
func numbers(order []*value) int {
	if len(order) == 0 {
		return 0
	}
	return order[len(order)-1].id + 1
}

// chainOf returns the one chain that holds all users of v and works on its shape, or
// nil.
func chainOf(v *value, users []*value, home map[*value]*unit) *unit {
	var u *unit
	for _, w := range users {
		switch h := home[w]; {
		case h == nil || u != nil && h != u:
			return nil
		case h.rows != nil || !isPointwise(w) || !slices.Equal(w.shape, v.shape):
			return nil
		default:
			u = h
		}
	}
	return u
}

// inOrder returns the units, each after those that it reads, and otherwise by the
// place of their last value in order.
func inOrder(order []*value, home map[*value]*unit) []*unit {
	for _, v := range order {
		if u := home[v]; u != nil {
			u.last = v.id
		}
	}
	units, seen := make([]*unit, 0, len(order)), make([]bool, numbers(order))
	var visit func(u *unit)
	visit = func(u *unit) {
		if seen[u.last] {
			return
		}
		seen[u.last] = true
		for _, v := range u.values {
			for _, a := range v.args {
				if h := home[storageOf(a)]; h != nil {
					visit(h)
				}
			}
		}
		units = append(units, u)
	}
	for _, v := range order {
		if u := home[v]; u != nil && u.last == v.id {
			visit(u)
		}
	}
	return units
}
