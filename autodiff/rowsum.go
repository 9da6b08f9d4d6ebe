package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// A sumFormula is an operation whose kernel sums the rows of the result too, while it has them in
// registers.
type sumFormula[T tensor.Float] struct {
	form form
	of   summand
	run  func(dst, sums []T, x [][]T, cols int) // x are the leaves of the form, then another factor
}

// summand says what is summed of each row.
type summand byte

const (
	itself     summand = iota
	squared            // with itself
	multiplied         // with another matrix
)

func sumFormulas[T tensor.Float]() []sumFormula[T] {
	return []sumFormula[T]{
		{formOf[sub](anyRows, aNumber), squared, func(dst, sums []T, x [][]T, cols int) {
			kernel.SubSquares(dst, sums, x[0], x[1], cols)
		}},
		{aProduct, multiplied, func(dst, sums []T, x [][]T, cols int) { kernel.MulDot(dst, sums, x[0], x[1], x[2], cols) }},
		{formOf[add](aScaled, aScaled), itself, func(dst, sums []T, x [][]T, cols int) {
			kernel.MulMulAddSum(dst, sums, x[0], x[2], x[1], x[3], cols)
		}},
		{formOf[add](aDivided, aScaled), itself, func(dst, sums []T, x [][]T, cols int) {
			kernel.DivMulAddSum(dst, sums, x[0], x[2], x[1], x[3], cols)
		}},
	}
}

// sumMatch is a formula that computes a value, and the sums of its rows.
type sumMatch[T tensor.Float] struct {
	sumFormula[T]
	match rowMatch[T]
	sum   *value
}

// findSums finds the sums that are computed along with what they sum.
func (c *rowCompiler[T]) findSums(values []*value) {
	c.sumMatches = make(map[*value]*sumMatch[T])
	formulas := sumFormulas[T]()
	for _, s := range values {
		if _, ok := s.prim.(sum); !ok || c.lazy[s] != eager || c.d.sumsColumns(s) {
			continue
		}
		v, t, other := c.termsOf(s)
		if v == nil || c.sumMatches[v] != nil {
			continue
		}
		for _, f := range formulas {
			if m := c.matchSum(v, f, t); m != nil {
				m.match.leaves, m.sum = append(m.match.leaves, other...), s
				c.sumMatches[v] = m
			}
		}
	}
}

// termsOf returns the last of the values of which s sums the rows, and what else it is multiplied
// with, or nil if the program has no step for it.
func (c *rowCompiler[T]) termsOf(s *value) (v *value, t summand, other []rowLeaf) {
	switch m := c.matches[s]; {
	case m == nil:
		v = storageOf(s.args[0])
	case len(m.leaves) > 2 || m.leaves[1].number: // more than a product of two matrices
		return nil, t, nil
	default:
		a, b := m.leaves[0].value(), m.leaves[1].value()
		switch {
		case a == b:
			v, t = a, squared
		case c.unit[a] && (!c.unit[b] || b.id < a.id):
			v, t, other = a, multiplied, m.leaves[1:]
		default:
			v, t, other = b, multiplied, m.leaves[:1]
		}
	}
	if !c.unit[v] || c.lazy[v] != eager {
		return nil, t, nil
	}
	return v, t, other
}

// matchSum is the match of v, as far as it is computed in one step, with f.
func (c *rowCompiler[T]) matchSum(v *value, f sumFormula[T], t summand) *sumMatch[T] {
	if f.of != t || !f.form.is(v.prim) {
		return nil
	}
	var inside []*value
	if m := c.matches[v]; m != nil {
		inside = m.inside
	}
	m := &sumMatch[T]{sumFormula: f}
	merged := func(a *value) bool { return slices.Contains(inside, a) }
	if !c.matchArgs(v, f.form, &m.match, merged) || len(m.match.inside) != len(inside) {
		return nil
	}
	return m
}

// compileWithSum adds the step of v and of the sums of its rows, if there is one for both.
func (c *rowCompiler[T]) compileWithSum(v *value) bool {
	m := c.sumMatches[v]
	if m == nil {
		return false
	}
	src := c.readLeaves(m.match.leaves)
	sums, cols, last := len(c.slots), c.d.length, len(src)
	c.slots = append(c.slots, c.slotOf(m.sum))
	n := c.step(c.slotOf(v), func(dst []T, x [][]T, _ int) { m.run(dst, x[last], x, cols) }, m.of != multiplied, append(src, sums)...)
	c.steps[len(c.steps)-1].sums = sums
	c.found(v, n)
	c.found(m.sum, sums)
	return true
}
