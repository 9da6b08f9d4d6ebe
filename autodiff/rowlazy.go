package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
)

// laziness says why a row program has no step for a value: all that read it do without.
type laziness byte

const (
	eager    laziness = iota // it has a step
	gathered                 // of its rows only the elements that are gathered are computed
	sparse                   // a scatter of one element of each row, or the negative of one
	merged                   // the one that reads it computes it, too
)

// findLazy finds the values that need no step. All that read a value come after it.
func (c *rowCompiler[T]) findLazy(values []*value) {
	c.lazy, c.unit = make(map[*value]laziness), make(map[*value]bool)
	if c.d.inner != 1 {
		return
	}
	users := make(map[*value][]*value)
	for _, v := range values {
		c.unit[v] = true
		for _, a := range v.args {
			users[storageOf(a)] = append(users[storageOf(a)], v)
		}
	}
	for _, l := range []laziness{gathered, sparse} {
		for _, v := range slices.Backward(values) {
			if c.stored[v] || len(users[v]) == 0 || !c.d.isWide(v) || c.lazy[v] != eager {
				continue
			}
			if !slices.ContainsFunc(users[v], func(w *value) bool { return !c.spares(w, v, l) }) {
				c.lazy[v] = l
			}
		}
	}
	c.findFormulas(values)
	c.findSums(values)
}

// spares reports that w, which reads v, does without its rows if v is of kind l.
func (c *rowCompiler[T]) spares(w, v *value, l laziness) bool {
	reads := func(i int) bool { return i >= 0 && storageOf(w.args[i]) == v }
	switch l {
	case gathered:
		if p, ok := w.prim.(gather); ok {
			return !p.Zero && !reads(1) && isArithmetic(v)
		}
		return c.lazy[w] == gathered && isArithmetic(v)
	case sparse:
		_, negative := w.prim.(neg)
		_, sums := w.prim.(sum)
		return c.scatterOf(v) != nil && (negative && c.lazy[w] == sparse || sums && !c.d.sumsColumns(w) || reads(c.scatterTerm(w)))
	}
	return false
}

// scatterTerm returns which argument of a sum or difference is a scatter that can be left
// out of the rows, and negative if none is.
func (c *rowCompiler[T]) scatterTerm(w *value) int {
	from := 0
	switch w.prim.(type) {
	case add:
	case sub:
		from = 1
	default:
		return -1
	}
	for i := from; i < 2; i++ {
		if c.lazy[w] == eager && c.scatterOf(storageOf(w.args[i])) != nil && c.d.reads(w, i) == byWide && c.d.reads(w, 1-i) != byNarrow &&
			storageOf(w.args[0]) != storageOf(w.args[1]) {
			return i
		}
	}
	return -1
}

// isArithmetic reports that each element of v is NaN where one of its wide arguments is,
// so that a gather beyond the row is the same before it and after.
func isArithmetic(v *value) bool {
	switch v.prim.(type) {
	case add, sub, mul, div, neg:
		return true
	}
	return false
}

// scatterOf returns the scatter in the program that v is or is the negative of. Else it is
// nil.
func (c *rowCompiler[T]) scatterOf(v *value) *value {
	if _, ok := v.prim.(neg); ok {
		v = storageOf(v.args[0])
	}
	if _, ok := v.prim.(scatter); ok && c.unit[v] {
		return v
	}
	return nil
}

// compileLazy adds the step of a v that reads values without a step of their own.
func (c *rowCompiler[T]) compileLazy(v *value) bool {
	switch p := v.prim.(type) {
	case gather:
		if a := storageOf(v.args[0]); c.lazy[a] == gathered {
			f := mapOf[T](a.prim.(Pointwise))
			c.add(v, func(dst []T, x [][]T, _ int) { f(dst, x) }, true, c.gatherArgs(a, p, c.read(v, 1))...)
			return true
		}
	case sum:
		if a := storageOf(v.args[0]); c.lazy[a] == sparse {
			s, negative, n := c.scatterOf(a), a != c.scatterOf(a), c.d.length
			c.add(v, func(dst []T, x [][]T, _ int) {
				kernel.SumScatter(dst, x[0], x[1], negative, n)
			}, false, c.read(s, 0), c.read(s, 1))
			return true
		}
	case add, sub:
		if i := c.scatterTerm(v); i >= 0 && c.lazy[storageOf(v.args[i])] == sparse {
			c.addScatter(v, i)
			return true
		}
	}
	return false
}

// addScatter adds the step of v, of which argument i is a scatter.
func (c *rowCompiler[T]) addScatter(v *value, i int) {
	a, x, n := storageOf(v.args[i]), storageOf(v.args[1-i]), c.d.length
	s := c.scatterOf(a)
	_, minus := v.prim.(sub)
	negative := minus != (a != s)
	index, src := c.read(s, 0), c.read(s, 1)
	if c.lazy[x] == merged {
		k := c.d.byRow(x)
		c.add(v, func(dst []T, x [][]T, _ int) {
			kernel.AddScatter(dst, x[0], x[1], x[2], x[3], negative, n)
		}, true, c.read(x, k), c.readNumber(x, 1-k), index, src)
		return
	}
	c.add(v, func(dst []T, x [][]T, _ int) {
		kernel.AddScatter(dst, x[0], nil, x[1], x[2], negative, n)
	}, true, c.read(v, 1-i), index, src)
}

// gatherArgs returns slots with the elements of the arguments of a that p gathers.
func (c *rowCompiler[T]) gatherArgs(a *value, p gather, index int) []int {
	narrow := rowSlot[T]{width: c.d.narrow()}
	src := make([]int, len(a.args))
	for i, x := range a.args {
		switch x := storageOf(x); {
		case c.d.reads(a, i) == byNarrow:
			src[i] = c.read(a, i)
		case (c.lazy[x] == gathered || c.lazy[x] == merged) && c.d.reads(a, i) == byWide:
			f := mapOf[T](x.prim.(Pointwise))
			src[i] = c.step(narrow, func(dst []T, x [][]T, _ int) { f(dst, x) }, true, c.gatherArgs(x, p, index)...)
		default:
			src[i] = c.step(narrow, gatherRows[T](p, c.d), false, c.read(a, i), index)
		}
	}
	return src
}
