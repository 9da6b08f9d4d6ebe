package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
)

// rows is what a row program works on: arrays of shape (count, length, inner) that it
// computes a few of the count rows at a time, and arrays of shape (count, inner), which
// have one number where the others have length of them. The former are called wide, the
// latter narrow. Of reductions over the last axis inner is 1.
type rows struct {
	count, length, inner int
	dtype                tensor.Dtype
}

func (d rows) wide() int   { return d.length * d.inner } // elements of a row
func (d rows) narrow() int { return d.inner }

// isWide reports a value that is wide.
func (d rows) isWide(v *value) bool { return v.size() == d.count*d.wide() }

// maxRow is the largest number of elements in a row: a few rows must fit in the
// second level cache.
const maxRow = 1 << 14

// rowsOf returns the rows that a reduction of x over axes works on.
func rowsOf(x *value, axes []int) (d rows, ok bool) {
	d = rows{1, 1, 1, x.dtype}
	behind := false // the reduced axes
	for a, n := range x.shape {
		switch reduced := slices.Contains(axes, a); {
		case reduced && behind && n > 1:
			return d, false
		case reduced:
			d.length *= n
		case d.length > 1:
			d.inner *= n
			behind = true
		default:
			d.count *= n
		}
	}
	return d, d.count > 1 && d.length > 1 && d.wide() <= maxRow
}

// reducedAxes returns the axes that a sum, a maximum or a minimum reduces.
func reducedAxes(p Primitive) ([]int, bool) {
	switch p := p.(type) {
	case sum:
		return p.Axes, true
	case extremum:
		return p.Axes, true
	}
	return nil, false
}

// acrossRow reports a primitive that makes wide arrays narrow or narrow ones wide.
func acrossRow(p Primitive) bool {
	switch p.(type) {
	case sum, extremum, gather, scatter:
		return true
	}
	return false
}

// computes reports that a row program on d can have v, if a pointwise v with as many
// elements as narrow ones have is one of them: see [rowFuser.find].
func (d rows) computes(v *value) bool {
	if v.dtype != d.dtype {
		return false
	}
	n := v.size()
	switch p := v.prim.(type) {
	case Pointwise, expand:
		return n == d.count*d.wide() || n == d.count*d.narrow()
	case sum:
		r, ok := rowsOf(v.args[0], p.Axes)
		return ok && r == d || d.sumsColumns(v)
	case extremum:
		r, ok := rowsOf(v.args[0], p.Axes)
		return ok && r == d
	case gather:
		outer, m, inner := around(v.shape, p.Axis)
		return m == 1 && d == rows{outer, v.args[0].shape[p.Axis], inner, d.dtype}
	case scatter:
		outer, n, inner := around(v.shape, p.Axis)
		return v.args[0].shape[p.Axis] == 1 && d == rows{outer, n, inner, d.dtype}
	}
	return false
}

// sumsColumns reports that v is the sum of all rows of a wide array. It is there when the
// program has seen all rows, so nothing in the program reads it.
func (d rows) sumsColumns(v *value) bool {
	p, ok := v.prim.(sum)
	if !ok || v.size() != d.wide() || v.args[0].size() != d.count*d.wide() {
		return false
	}
	first, last := p.Axes[0], p.Axes[len(p.Axes)-1]
	return last-first == len(p.Axes)-1 && tensor.Size(v.args[0].shape[:first]) == 1 // the first axes
}

// access is how a value reads an argument.
type access byte

const (
	otherwise access = iota // across rows, or broadcast over them
	byWide                  // element by element
	byNarrow                // one number for each row
)

// reads returns how v, which d computes, reads its argument i.
func (d rows) reads(v *value, i int) access {
	a := v.args[i]
	switch v.prim.(type) {
	case sum, extremum:
		return byWide
	case gather:
		return [...]access{byWide, byNarrow}[i]
	case scatter:
		return byNarrow
	}
	isWide := d.isWide(v)
	switch {
	case a.size() == v.size() && isWide:
		return byWide
	case a.size() == v.size():
		return byNarrow
	case isWide && a.size() == d.count*d.narrow():
		shape, strides := collapse(v.shape, tensor.BroadcastStrides(a.shape, v.shape))
		if d.inner == 1 && slices.Equal(shape, []int{d.count, d.length}) && slices.Equal(strides, []int{1, 0}) ||
			slices.Equal(shape, []int{d.count, d.length, d.inner}) && slices.Equal(strides, []int{d.inner, 0, 1}) {
			return byNarrow
		}
	}
	return otherwise
}

// fuseRows returns the unit of each value that is part of a row program. Programs are
// found for the rows of one reduction after the other.
func fuseRows(order []*value, kept map[*value]bool) map[*value]*unit {
	home := make(map[*value]*unit)
	var all []rows
	for _, v := range order {
		if axes, ok := reducedAxes(v.prim); ok {
			if d, ok := rowsOf(v.args[0], axes); ok && !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
	}
	if len(all) == 0 {
		return home
	}
	f := &rowFuser{order: order, kept: kept, home: home}
	f.users = usersOf(slices.DeleteFunc(slices.Clone(order), needsNoWork), storageOf)
	for _, d := range all {
		f.fuse(d)
	}
	for _, u := range f.units {
		for _, v := range u.values {
			read := slices.ContainsFunc(f.users[v.id], func(w *value) bool { return home[w] != u })
			if kept[v] || read {
				u.stored = append(u.stored, v)
			}
			if kept[v] && !read {
				u.shown = append(u.shown, v)
			}
		}
	}
	return home
}

// rowFuser makes the row programs of a schedule.
type rowFuser struct {
	order []*value
	kept  map[*value]bool
	users [][]*value       // without reshapes, which are seen through
	home  map[*value]*unit // of values in row programs
	units []*unit

	// For the rows at hand:
	d     rows
	has   map[*value]bool // what may become part of a program
	stage map[*value]int
}

// fuse makes the row programs on d. Values that d computes are in one program when
// they have one stage, and one reads the other row by row, directly or through others
// of them. The stage grows where a result has to be whole before it is read: by what d
// does not compute, or across rows. So no path leads out of a program and back in.
func (f *rowFuser) fuse(d rows) {
	f.d, f.has, f.stage = d, make(map[*value]bool), make(map[*value]int)
	for _, v := range f.order {
		if d.isWide(v) || acrossRow(v.prim) {
			f.find(v)
		}
	}
	whole := make(map[*value]*unit, len(f.order))
	for _, v := range f.order {
		if u := f.home[v]; u != nil {
			whole[v] = u
		} else if !needsNoWork(v) {
			whole[v] = &unit{values: []*value{v}}
		}
	}
	sorted := inOrder(f.order, whole)
	for _, u := range sorted {
		n := 0
		for _, v := range u.values {
			for i, a := range v.args {
				if a := storageOf(a); !needsNoWork(a) && whole[a] != u {
					n = max(n, f.stage[a]+f.delay(a, v, i))
				}
			}
		}
		for _, v := range u.values {
			f.stage[v] = n
		}
	}
	for _, u := range slices.Backward(sorted) {
		if v := u.result(); f.has[v] && !f.kept[v] {
			f.postpone(v)
		}
	}
	f.collect()
}

// find notes that v may become part of a program on the rows at hand, if they compute it.
// With it go the pointwise values with one number for each row: those that are read so, are
// made of such, or are read along with such. Their number of elements does not say it: a
// square matrix has as many rows as a row has elements, and a scale is read along them.
func (f *rowFuser) find(v *value) {
	if f.has[v] || needsNoWork(v) || f.home[v] != nil || !f.d.computes(v) {
		return
	}
	f.has[v] = true
	for i, a := range v.args {
		if f.d.reads(v, i) == byNarrow {
			f.find(storageOf(a))
		}
	}
	if f.d.isWide(v) || f.d.sumsColumns(v) {
		return
	}
	for _, w := range f.users[v.id] {
		f.find(w)
	}
}

// delay returns how many stages after a, its argument i, v is computed at least.
func (f *rowFuser) delay(a, v *value, i int) int {
	if !f.has[a] || f.has[v] && f.inRow(a, v, i) {
		return 0
	}
	return 1
}

// inRow reports that v, which the rows at hand have, reads a, its argument i, row by row.
func (f *rowFuser) inRow(a, v *value, i int) bool {
	return f.d.reads(v, i) != otherwise && !f.d.sumsColumns(a)
}

// postpone moves v to the stage where it is read first, if all that read it are row
// programs of later stages and no more arrays have to be stored then: as when the
// gradient needs x − mean x, for which x is there anyway.
func (f *rowFuser) postpone(v *value) {
	first := -1
	for _, w := range f.users[v.id] {
		if !f.has[w] {
			return
		}
		for i, a := range w.args {
			if n := f.stage[w] - f.delay(v, w, i); storageOf(a) == v && (first < 0 || n < first) {
				first = n
			}
		}
	}
	if first <= f.stage[v] {
		return
	}
	more := 0
	for i, a := range v.args {
		s := storageOf(a)
		if f.has[s] && f.stage[s] == f.stage[v] && f.d.reads(v, i) == byWide && !slices.Contains(v.args[:i], a) && !f.outlives(s, v) {
			more++
		}
	}
	if more == 0 || more == 1 && f.d.isWide(v) {
		f.stage[v] = first
	}
}

// outlives reports that a is stored, or computed in a later stage, also when v is not
// computed in this one.
func (f *rowFuser) outlives(a, v *value) bool {
	return f.kept[a] || slices.ContainsFunc(f.users[a.id], func(w *value) bool {
		return w != v && (!f.has[w] || f.stage[w] > f.stage[v])
	})
}

// reader returns another value of the stage of v that reads the same array, if v is a sum of
// all rows of an array from outside. Else it is nil.
func (f *rowFuser) reader(v *value) *value {
	if !f.d.sumsColumns(v) {
		return nil
	}
	a := storageOf(v.args[0])
	for _, w := range f.users[a.id] {
		if w != v && f.has[w] && f.stage[w] == f.stage[v] {
			for i, b := range w.args {
				if storageOf(b) == a && f.d.reads(w, i) == byWide {
					return w
				}
			}
		}
	}
	return nil
}

// collect makes units of the values of one stage that hang together.
func (f *rowFuser) collect() {
	parent := make(map[*value]*value)
	var find func(v *value) *value
	find = func(v *value) *value {
		if p := parent[v]; p != nil && p != v {
			parent[v] = find(p)
			return parent[v]
		}
		return v
	}
	for _, v := range f.order {
		if !f.has[v] {
			continue
		}
		for i, a := range v.args {
			if a := storageOf(a); f.has[a] && f.stage[a] == f.stage[v] && f.inRow(a, v, i) {
				parent[find(a)] = find(v)
			}
		}
		if w := f.reader(v); w != nil {
			parent[find(w)] = find(v)
		}
	}
	parts := make(map[*value]*unit)
	var found []*unit
	for _, v := range f.order {
		if !f.has[v] {
			continue
		}
		u := parts[find(v)]
		if u == nil {
			u = &unit{rows: &f.d}
			parts[find(v)], found = u, append(found, u)
		}
		u.values = append(u.values, v)
	}
	for _, u := range found {
		if len(u.values) < 2 || !slices.ContainsFunc(u.values, func(v *value) bool { return acrossRow(v.prim) }) {
			continue
		}
		d := f.d
		u.rows = &d
		f.units = append(f.units, u)
		for _, v := range u.values {
			f.home[v] = u
		}
	}
}
