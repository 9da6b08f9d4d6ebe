package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// A rowFormula is several operations that one kernel computes, with the bits that they have
// one by one.
type rowFormula[T tensor.Float] struct {
	form form
	run  func(dst []T, x [][]T, cols int) // x are the leaves of the form, in order
}

// form is the tree of a formula: an operation and its arguments, or a leaf.
type form struct {
	is     func(Primitive) bool // nil for a leaf
	args   []form
	number bool // of leaves: one number for each row, or one for all
	matrix bool // of leaves: no single row that is the same for all
	it     bool // of leaves in sums: what is computed along, see sumFormula
}

var (
	anyRows  = form{} // a matrix, or one row that is the same for all
	aMatrix  = form{matrix: true}
	aNumber  = form{number: true}
	aProduct = formOf[mul](anyRows, anyRows)
	aScaled  = formOf[mul](anyRows, aNumber)
	aDivided = formOf[div](anyRows, aNumber)

	sumOfProduct = formOf[sum](formOf[mul](aMatrix, aMatrix))
)

func formOf[P Primitive](args ...form) form {
	return form{is: func(p Primitive) bool { _, ok := p.(P); return ok }, args: args}
}

// rowFormulas returns the formulas, of those that begin alike the longest first.
func rowFormulas[T tensor.Float]() []rowFormula[T] {
	return []rowFormula[T]{
		{formOf[add](formOf[mul](aScaled, anyRows), anyRows), func(dst []T, x [][]T, cols int) {
			kernel.MulMulAddByColumn(dst, x[0], x[2], x[3], x[1], cols)
		}},
		{formOf[add](formOf[mul](aProduct, aNumber), aScaled), func(dst []T, x [][]T, cols int) {
			kernel.MulMulMulAddByRow(dst, x[0], x[1], x[3], x[2], x[4], cols)
		}},
		{formOf[add](formOf[div](aProduct, aNumber), aScaled), func(dst []T, x [][]T, cols int) {
			kernel.DivMulMulAddByRow(dst, x[0], x[1], x[3], x[2], x[4], cols)
		}},
		{formOf[add](aScaled, aScaled), func(dst []T, x [][]T, cols int) {
			kernel.MulMulAddByRow(dst, x[0], x[2], x[1], x[3], cols)
		}},
		{formOf[add](aDivided, aScaled), func(dst []T, x [][]T, cols int) {
			kernel.DivMulAddByRow(dst, x[0], x[2], x[1], x[3], cols)
		}},
		{formOf[add](aProduct, anyRows), func(dst []T, x [][]T, cols int) {
			kernel.MulAddByColumn(dst, x[0], x[1], x[2], cols)
		}},
		{formOf[add](aScaled, aNumber), func(dst []T, x [][]T, cols int) { kernel.MulAddByRow(dst, x[0], x[1], x[2], cols) }},
		{formOf[sub](formOf[sub](aMatrix, aNumber), aNumber), func(dst []T, x [][]T, cols int) {
			kernel.SubSubByRow(dst, x[0], x[1], x[2], cols)
		}},
		{formOf[mul](formOf[sub](anyRows, aNumber), aNumber), func(dst []T, x [][]T, cols int) {
			kernel.SubMulByRow(dst, x[0], x[1], x[2], cols)
		}},
		{formOf[exp](formOf[sub](anyRows, aNumber)), func(dst []T, x [][]T, cols int) { kernel.ExpSubByRow(dst, x[0], x[1], cols) }},
		{formOf[add](anyRows, anyRows), func(dst []T, x [][]T, cols int) { kernel.AddByColumn(dst, x[0], x[1], cols) }},
		{formOf[sub](anyRows, anyRows), func(dst []T, x [][]T, cols int) { kernel.SubByColumn(dst, x[0], x[1], cols) }},
		{formOf[mul](anyRows, anyRows), func(dst []T, x [][]T, cols int) { kernel.MulByColumn(dst, x[0], x[1], cols) }},
		{formOf[sum](formOf[mul](formOf[sub](formOf[sub](anyRows, aNumber), aNumber), anyRows)), func(dst []T, x [][]T, cols int) {
			kernel.DotSubSub(dst, x[0], x[3], x[1], x[2], cols)
		}},
		{formOf[sum](formOf[mul](formOf[add](formOf[mul](aScaled, anyRows), anyRows), anyRows)), func(dst []T, x [][]T, cols int) {
			kernel.DotMulMulAdd(dst, x[0], x[2], x[3], x[4], x[1], cols)
		}},
		{formOf[sum](formOf[mul](formOf[add](aProduct, anyRows), anyRows)), func(dst []T, x [][]T, cols int) {
			kernel.DotMulAdd(dst, x[0], x[1], x[2], x[3], cols)
		}},
		{formOf[sum](formOf[mul](aProduct, aMatrix)), func(dst []T, x [][]T, cols int) {
			kernel.DotMul(dst, x[0], x[1], x[2], cols)
		}},
		{sumOfProduct, func(dst []T, x [][]T, cols int) { kernel.DotRows(dst, x[0], x[1], cols) }},
		{formOf[sum](formOf[mul](aMatrix, aNumber)), func(dst []T, x [][]T, cols int) { kernel.SumScaledRows(dst, x[0], x[1], cols) }},
	}
}

// A columnFormula is one of a sum of columns, which is added to dst.
type columnFormula[T tensor.Float] struct {
	rowFormula[T]
	along []columnAdder[T] // what adds a leaf to another sum too, for each leaf; nil if there is no kernel
}

// columnAdder adds what a formula makes of its leaves x to dst, and one of them to along, if that is not nil.
type columnAdder[T tensor.Float] func(dst, along []T, x [][]T)

func columnFormulas[T tensor.Float]() []columnFormula[T] {
	return []columnFormula[T]{
		{rowFormula[T]{formOf[sum](formOf[mul](formOf[mul](aMatrix, aNumber), aMatrix)), func(dst []T, x [][]T, _ int) {
			kernel.AddScaledColumns(dst, x[0], x[2], x[1])
		}}, []columnAdder[T]{nil, nil, func(dst, along []T, x [][]T) {
			kernel.AddScaledAndColumns(dst, along, x[0], x[2], x[1])
		}}},
		{rowFormula[T]{sumOfProduct, func(dst []T, x [][]T, _ int) {
			kernel.AddProductColumns(dst, x[0], x[1], len(x[0])/len(dst))
		}}, []columnAdder[T]{func(dst, along []T, x [][]T) {
			kernel.AddProductAndColumns(dst, along, x[1], x[0], len(x[0])/len(dst))
		}, func(dst, along []T, x [][]T) {
			kernel.AddProductAndColumns(dst, along, x[0], x[1], len(x[0])/len(dst))
		}}},
	}
}

// rowMatch is a formula that computes a value, with the operations inside of it.
type rowMatch[T tensor.Float] struct {
	run    func(dst []T, x [][]T, cols int)
	along  []columnAdder[T]
	inside []*value
	leaves []rowLeaf
	it     *value // that a leaf of the form has to be; nil if there is none
}

// rowLeaf is argument i of v, as a number for each row or as more.
type rowLeaf struct {
	v      *value
	i      int
	number bool
}

// value returns the value that is read.
func (l rowLeaf) value() *value { return storageOf(l.v.args[l.i]) }

// findFormulas finds the formulas that compute values, and the values that need no step
// since all that read them compute them along.
func (c *rowCompiler[T]) findFormulas(values []*value) {
	needed := make(map[*value]bool) // with a step of their own
	for {
		c.matches = make(map[*value]*rowMatch[T])
		inside, read := make(map[*value]bool), make(map[*value]bool)
		for _, v := range slices.Backward(values) {
			if inside[v] {
				continue
			}
			m := c.match(v, needed)
			if m == nil {
				c.markRead(v, read)
				continue
			}
			c.matches[v] = m
			for _, x := range m.inside {
				inside[x] = true
			}
			for _, l := range m.leaves {
				read[l.value()] = true
			}
		}
		more := false
		for x := range inside {
			if read[x] {
				needed[x], more = true, true
			}
		}
		if more {
			continue
		}
		for x := range inside {
			c.lazy[x] = merged
		}
		return
	}
}

// markRead marks what v reads without a formula. Of what is only gathered, a difference or the
// like may be inside of a formula too: then its elements are computed from its arguments.
func (c *rowCompiler[T]) markRead(v *value, read map[*value]bool) {
	for i, a := range v.args {
		a := storageOf(a)
		if c.lazy[v] == gathered && c.unit[a] && c.lazy[a] == eager && isArithmetic(a) && c.d.reads(v, i) == byWide {
			c.markRead(a, read)
		} else {
			read[a] = true
		}
	}
}

// match returns the first formula that computes v with nothing inside that is needed, or nil.
func (c *rowCompiler[T]) match(v *value, needed map[*value]bool) *rowMatch[T] {
	if c.lazy[v] != eager {
		return nil
	}
	free := func(a *value) bool {
		return c.unit[a] && !c.stored[a] && c.lazy[a] == eager && !needed[a] && c.d.isWide(a)
	}
	if i := c.scatterTerm(v); i >= 0 && c.lazy[storageOf(v.args[i])] == sparse {
		return c.matchScatter(v, i, free)
	}
	if c.d.sumsColumns(v) {
		for _, f := range c.columnFormulas {
			if m := c.matchFormula(v, f.rowFormula, free); m != nil {
				m.along = f.along
				return m
			}
		}
		return nil
	}
	if _, isSum := v.prim.(sum); !isSum && !c.d.isWide(v) {
		return nil
	}
	for _, f := range c.rowFormulas {
		if m := c.matchFormula(v, f, free); m != nil {
			return m
		}
	}
	return nil
}

// matchFormula is the match of v with f, or nil.
func (c *rowCompiler[T]) matchFormula(v *value, f rowFormula[T], free func(*value) bool) *rowMatch[T] {
	m := &rowMatch[T]{run: f.run}
	if f.form.is(v.prim) && c.matchArgs(v, f.form, m, free) && (len(m.inside) > 0 || c.hasColumn(m)) {
		return m
	}
	return nil
}

// hasColumn reports a leaf that is one row for all. Without one there are kernels that do
// not ask for rows.
func (c *rowCompiler[T]) hasColumn(m *rowMatch[T]) bool {
	return slices.ContainsFunc(m.leaves, func(l rowLeaf) bool { return c.d.isColumn(l.v, l.i) })
}

// matchScatter is the match of x·s + scatter, of which the scatter is argument i, or nil.
func (c *rowCompiler[T]) matchScatter(v *value, i int, free func(*value) bool) *rowMatch[T] {
	x := storageOf(v.args[1-i])
	if _, ok := x.prim.(mul); !ok || !free(x) || c.d.byRow(x) < 0 || c.d.reads(v, 1-i) != byWide {
		return nil
	}
	return &rowMatch[T]{inside: []*value{x}, leaves: []rowLeaf{{x, 0, false}, {x, 1, false}}}
}

// matchArgs matches the arguments of v, in both orders if that gives the same bits.
func (c *rowCompiler[T]) matchArgs(v *value, f form, m *rowMatch[T], free func(*value) bool) bool {
	inside, leaves := len(m.inside), len(m.leaves)
	for swap := range 2 {
		if swap > 0 && !commutes(v.prim) {
			break
		}
		m.inside, m.leaves = m.inside[:inside], m.leaves[:leaves]
		ok := true
		for k, arg := range f.args {
			i := k
			if swap > 0 {
				i = 1 - k
			}
			if ok = c.matchArg(v, i, arg, m, free); !ok {
				break
			}
		}
		if ok {
			return true
		}
	}
	return false
}

func (c *rowCompiler[T]) matchArg(v *value, i int, f form, m *rowMatch[T], free func(*value) bool) bool {
	isNumber, a := c.d.isNumber(v, i), storageOf(v.args[i])
	if f.is != nil {
		if c.d.reads(v, i) != byWide || !f.is(a.prim) || !free(a) {
			return false
		}
		m.inside = append(m.inside, a)
		return c.matchArgs(a, f, m, free)
	}
	if f.it || a == m.it {
		return f.it && a == m.it && c.d.reads(v, i) == byWide
	}
	m.leaves = append(m.leaves, rowLeaf{v, i, f.number})
	return f.number == isNumber && !(f.matrix && c.d.isColumn(v, i)) && !(c.lazy[a] != eager && c.unit[a])
}

// compileFormula adds the step of v, or its sum of columns, if a formula computes it.
func (c *rowCompiler[T]) compileFormula(v *value) bool {
	m := c.matches[v]
	if m == nil || m.run == nil {
		return false
	}
	src := c.readLeaves(m.leaves)
	if _, ok := v.prim.(exp); ok {
		c.slots[src[0]].fetched = true // by kernel.ExpSubByRow
	}
	if c.d.sumsColumns(v) {
		c.addSum(v, src, func(dst, _ []T, x [][]T) { m.run(dst, x, 0) }, m.along)
		return true
	}
	cols := c.d.length
	c.add(v, func(dst []T, x [][]T, _ int) { m.run(dst, x, cols) }, isPointwise(v), src...)
	return true
}

// readLeaves returns the slots of leaves.
func (c *rowCompiler[T]) readLeaves(leaves []rowLeaf) []int {
	var src []int
	for _, l := range leaves {
		switch {
		case l.number:
			src = append(src, c.readNumber(l.v, l.i))
		case c.d.isColumn(l.v, l.i):
			src = append(src, c.readColumn(l.v, l.i))
		default:
			src = append(src, c.read(l.v, l.i))
		}
	}
	return src
}
