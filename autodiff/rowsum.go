package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// A sumFormula is an operation whose kernel sums the rows of the result too, or of a formula of it, while it has
// them in registers.
type sumFormula[T tensor.Float] struct {
	form form
	sum  form                                   // in which [it] is the result
	run  func(dst, sums []T, x [][]T, cols int) // x are the leaves of the form, then those of the sum
}

// it is, in the form of a sum, what is computed along.
var it = form{it: true}

func sumFormulas[T tensor.Float]() []sumFormula[T] {
	sumOfIt := formOf[sum](it)
	return []sumFormula[T]{
		{formOf[sub](anyRows, aNumber), formOf[sum](formOf[mul](it, it)), func(dst, sums []T, x [][]T, cols int) {
			kernel.SubSquares(dst, sums, x[0], x[1], cols)
		}},
		{aProduct, formOf[sum](formOf[mul](it, aMatrix)), func(dst, sums []T, x [][]T, cols int) {
			kernel.MulDot(dst, sums, x[0], x[1], x[2], cols)
		}},
		{formOf[add](formOf[mul](aProduct, aNumber), aScaled), sumOfIt, func(dst, sums []T, x [][]T, cols int) {
			kernel.MulMulMulAddSum(dst, sums, x[0], x[1], x[3], x[2], x[4], cols)
		}},
		{formOf[add](formOf[div](aProduct, aNumber), aScaled), sumOfIt, func(dst, sums []T, x [][]T, cols int) {
			kernel.DivMulMulAddSum(dst, sums, x[0], x[1], x[3], x[2], x[4], cols)
		}},
		{formOf[add](aScaled, aScaled), sumOfIt, func(dst, sums []T, x [][]T, cols int) {
			kernel.MulMulAddSum(dst, sums, x[0], x[2], x[1], x[3], cols)
		}},
		{formOf[add](aDivided, aScaled), sumOfIt, func(dst, sums []T, x [][]T, cols int) {
			kernel.DivMulAddSum(dst, sums, x[0], x[2], x[1], x[3], cols)
		}},
		{aDivided, formOf[sum](formOf[mul](formOf[add](formOf[mul](it, anyRows), anyRows), anyRows)), func(dst, sums []T, x [][]T, cols int) {
			kernel.DivDotMulAdd(dst, sums, x[0], x[2], x[3], x[4], x[1], cols)
		}},
	}
}

// sumMatch is a formula that computes a value, and the sums of its rows.
type sumMatch[T tensor.Float] struct {
	sumFormula[T]
	match rowMatch[T]
	of    *value    // the sum
	terms []rowLeaf // what it reads beside the value
}

// findSums finds the sums that are computed along with what they sum.
func (c *rowCompiler[T]) findSums(values []*value) {
	c.sumMatches = make(map[*value]*sumMatch[T])
	formulas := sumFormulas[T]()
	for _, s := range values {
		if _, ok := s.prim.(sum); !ok || c.lazy[s] != eager || c.d.sumsColumns(s) {
			continue
		}
		v := c.lastTerm(s)
		if v == nil || c.sumMatches[v] != nil {
			continue
		}
		for _, f := range formulas {
			m, terms := &sumMatch[T]{sumFormula: f, of: s}, rowMatch[T]{it: v}
			if c.matchWhole(v, f.form, &m.match) && c.matchWhole(s, f.sum, &terms) {
				m.terms = terms.leaves
				c.sumMatches[v] = m
			}
		}
	}
}

// lastTerm returns the last value that the step of s, a sum of rows, reads, if the program has a step for it: what
// else s reads is there then. Else it is nil.
func (c *rowCompiler[T]) lastTerm(s *value) *value {
	last := storageOf(s.args[0])
	if m := c.matches[s]; m != nil {
		last = slices.MaxFunc(m.leaves, func(a, b rowLeaf) int { return c.order(a.value()) - c.order(b.value()) }).value()
	}
	if !c.unit[last] || c.lazy[last] != eager || !c.d.isWide(last) {
		return nil
	}
	return last
}

// order is larger for later values, and for those from outside least.
func (c *rowCompiler[T]) order(v *value) int {
	if c.unit[v] {
		return v.id
	}
	return -1
}

// matchWhole matches v, as far as it is computed in one step, with a form.
func (c *rowCompiler[T]) matchWhole(v *value, f form, m *rowMatch[T]) bool {
	if !f.is(v.prim) {
		return false
	}
	var inside []*value
	if m := c.matches[v]; m != nil {
		inside = m.inside
	}
	merged := func(a *value) bool { return slices.Contains(inside, a) }
	return c.matchArgs(v, f, m, merged) && len(m.inside) == len(inside)
}

// compileWithSum adds the step of v and of the sums of its rows, if there is one for both.
func (c *rowCompiler[T]) compileWithSum(v *value) bool {
	m := c.sumMatches[v]
	if m == nil {
		return false
	}
	src := append(c.readLeaves(m.match.leaves), c.readLeaves(m.terms)...)
	sums, cols, last := len(c.slots), c.d.length, len(src)
	c.slots = append(c.slots, c.slotOf(m.of))
	n := c.step(c.slotOf(v), func(dst []T, x [][]T, _ int) { m.run(dst, x[last], x, cols) }, len(m.terms) == 0, append(src, sums)...)
	c.steps[len(c.steps)-1].sums = sums
	c.found(v, n)
	c.found(m.of, sums)
	return true
}

// addSum adds a sum of columns. The adders are for its slots, nil if there are none.
func (c *rowCompiler[T]) addSum(v *value, src []int, add columnAdder[T], adders []columnAdder[T]) {
	c.sums = append(c.sums, columnSum[T]{add: add, along: -1, src: src, dst: c.arrays[v.id]})
	c.adders = append(c.adders, adders)
}

// alongColumns lets sums of columns with several factors add the columns of one of these along, where its sum is
// wanted too: it is read once.
func (c *rowCompiler[T]) alongColumns() {
	for i, adders := range c.adders {
		for k, add := range adders {
			j := slices.IndexFunc(c.sums, func(s columnSum[T]) bool { return len(s.src) == 1 && s.src[0] == c.sums[i].src[k] && s.add != nil })
			if add != nil && j >= 0 {
				c.sums[i].add, c.sums[i].along, c.sums[j].add = add, j, nil
				break
			}
		}
	}
}
