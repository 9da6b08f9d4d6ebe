package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// planBuffers gives memory to the results of all units of dtype T that have more
// than one element. Buffers are shared by results whose lives do not overlap; a
// chain may write over an input that it is the last to read. A result takes no
// buffer of more than twice its size from larger ones that may need it. What a pass over
// images reads and writes is there until its end. Kept results
// have memory of their own, for good. total is increased by the number of elements. What
// belongs to a value is at its number, below values, in the slices here.
func planBuffers[T tensor.Float](values int, units []*unit, kept map[*value]bool, total *int) [][]T {
	dt := tensor.DtypeOf[T]()
	last := lastUses(values, units)
	home := make([]*unit, values)
	for _, u := range units {
		for _, v := range u.values {
			home[v.id] = u
		}
	}
	planned := make([][]T, values)
	var free [][]T
	take := func(n, most int) []T {
		best := -1
		for i, f := range free {
			if cap(f) >= n && cap(f) <= most && (best < 0 || cap(f) < cap(free[best])) {
				best = i
			}
		}
		if best < 0 {
			*total += n
			return kernel.Aligned[T](n)
		}
		f := free[best]
		free = slices.Delete(free, best, best+1)
		return f[:n]
	}
	var released [][]T // in a pass over images
	for i, u := range units {
		if !u.joined {
			free, released = append(free, released...), nil
		}
		dying := dyingInputs(u, i, last, kept, home)
		for _, v := range u.stored {
			if v.dtype != dt || v.size() == 1 || u.local {
				continue
			}
			if x := overwritable(u, dying); x != nil && planned[x.id] != nil {
				planned[v.id] = planned[x.id]
				dying = slices.DeleteFunc(dying, func(d *value) bool { return d == x })
			} else {
				n, most := v.size(), 2*v.size()
				if kept[v] {
					most = n
				}
				planned[v.id] = take(n, most)
			}
		}
		for _, d := range dying {
			if f := planned[d.id]; f != nil {
				released = append(released, f[:cap(f)])
			}
		}
	}
	return planned
}

// lastUses returns the number of the last unit that reads the memory of each value.
func lastUses(values int, units []*unit) []int {
	last := make([]int, values)
	for i, u := range units {
		for _, v := range u.values {
			for _, a := range v.args {
				last[storageOf(a).id] = i
			}
		}
	}
	return last
}

// dyingInputs returns the values whose memory unit i is the last to read.
func dyingInputs(u *unit, i int, last []int, kept map[*value]bool, home []*unit) []*value {
	var dying []*value
	for _, v := range u.values {
		for _, a := range v.args {
			s := storageOf(a)
			if last[s.id] == i && !kept[s] && !needsNoWork(s) && home[s.id] != u && !slices.Contains(dying, s) {
				dying = append(dying, s)
			}
		}
	}
	return dying
}

// overwritable returns a dying input of a pointwise chain that has as many
// elements as the result: it is not broadcast, so each element is read for the last
// time when the same element of the result is computed, and may make room for it.
func overwritable(u *unit, dying []*value) *value {
	v := u.result()
	if !isPointwise(v) || u.rows != nil {
		return nil
	}
	for _, x := range dying {
		if x.size() == v.size() && x.dtype == v.dtype {
			return x
		}
	}
	return nil
}
