package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// rowCompiler makes the slots and the steps of a row program.
type rowCompiler[T tensor.Float] struct {
	*rowProgram[T]
	arrays []*tensor.Array[T]
	unit   map[*value]bool // the values of the program
	stored map[*value]bool
	shown  map[*value]bool // stored, and read by nothing else
	number map[slotKey]int // of slots
	broad  map[*value][]int
	lazy   map[*value]laziness

	// The formulas that there are, and those that compute values.
	rowFormulas    []rowFormula[T]
	columnFormulas []columnFormula[T]
	matches        map[*value]*rowMatch[T]
	sumMatches     map[*value]*sumMatch[T]
	adders         [][]columnAdder[T] // of each sum of columns
}

// slotKey is a value as it is read.
type slotKey struct {
	v        *value
	how      access
	repeated bool // a narrow one, as wide
}

func newRowProgram[T tensor.Float](u *unit, arrays []*tensor.Array[T]) *rowProgram[T] {
	p := &rowProgram[T]{d: *u.rows}
	c := &rowCompiler[T]{
		rowProgram: p, arrays: arrays, stored: make(map[*value]bool), shown: make(map[*value]bool),
		number: make(map[slotKey]int), broad: make(map[*value][]int),
		rowFormulas: rowFormulas[T](), columnFormulas: columnFormulas[T](),
	}
	for _, v := range u.stored {
		c.stored[v] = true
	}
	for _, v := range u.shown {
		c.shown[v] = true
	}
	c.findLazy(u.values)
	for _, v := range u.values {
		c.compile(v)
	}
	c.alongColumns()
	block := rowBytes / int(tensor.DtypeOf[T]().Size())
	if p.d.areLarge() {
		block = leastBlock
	}
	p.block = max(1, block/p.d.wide())
	last := p.lastReads()
	p.useResults(last)
	p.shareTemps(last)
	p.cut()
	p.findMoving()
	p.findFetched()
	for range min(p.tasks(), kernel.Workers()) {
		p.free = append(p.free, p.newLane())
	}
	p.work = p.runTask
	return p
}

// compile adds what computes v.
func (c *rowCompiler[T]) compile(v *value) {
	switch {
	case c.lazy[v] != eager || c.isCompiled(v):
		return
	case c.compileWithSum(v), c.compileFormula(v):
		return
	case c.d.sumsColumns(v):
		n := c.d.wide()
		c.addSum(v, []int{c.read(v, 0)}, func(dst, _ []T, x [][]T) { kernel.AddColumns(dst, x[0], len(x[0])/n) }, nil)
		return
	case c.compileLazy(v), c.compileByRow(v):
		return
	}
	src := make([]int, len(v.args))
	for i := range v.args {
		src[i] = c.read(v, i)
		_, across := v.prim.(scatter)
		if how := c.d.reads(v, i); how == byNarrow && c.d.isWide(v) && !across {
			src[i] = c.repeat(storageOf(v.args[i]), src[i])
		}
	}
	c.add(v, applyOf[T](v, c.d), isPointwise(v), src...)
}

// keyOf returns how v is read where it is an argument of the same rows.
func (c *rowCompiler[T]) keyOf(v *value) slotKey {
	if c.d.isWide(v) {
		return slotKey{v: v, how: byWide}
	}
	return slotKey{v: v, how: byNarrow}
}

func (c *rowCompiler[T]) isCompiled(v *value) bool {
	_, ok := c.number[c.keyOf(v)]
	return ok
}

// slotOf returns the slot that v, which the program computes, needs.
func (c *rowCompiler[T]) slotOf(v *value) rowSlot[T] {
	slot := rowSlot[T]{width: c.d.narrow()}
	if c.d.isWide(v) {
		slot.width = c.d.wide()
	}
	if c.stored[v] && !c.streams(v) {
		slot.array = c.arrays[v.id]
	}
	return slot
}

// add appends a step for v, and the slot of its result.
func (c *rowCompiler[T]) add(v *value, apply func([]T, [][]T, int), inPlace bool, src ...int) {
	c.found(v, c.step(c.slotOf(v), apply, inPlace, src...))
}

// found notes that v is in slot n after the steps that there are.
func (c *rowCompiler[T]) found(v *value, n int) {
	c.number[c.keyOf(v)] = n
	if c.streams(v) {
		c.fence = true
		c.step(rowSlot[T]{width: c.d.wide(), array: c.arrays[v.id]}, func(dst []T, x [][]T, _ int) { kernel.Stream(dst, x[0]) }, false, n)
	}
}

// streams reports that v is copied to its array past the caches, where it would only displace what is
// read again: it is large, and nothing else in the program reads it.
func (c *rowCompiler[T]) streams(v *value) bool {
	return c.shown[v] && c.d.isWide(v) && bytesOf(v) >= kernel.StreamFrom && kernel.VectorBytes() > 0
}

// step appends a step, and the slot of its result, which it returns.
func (c *rowCompiler[T]) step(slot rowSlot[T], apply func([]T, [][]T, int), inPlace bool, src ...int) int {
	n := len(c.slots)
	c.slots = append(c.slots, slot)
	c.steps = append(c.steps, rowStep[T]{apply: apply, dst: n, src: src, sums: -1, inPlace: inPlace})
	return n
}

// read returns the slot in which v finds its argument i.
func (c *rowCompiler[T]) read(v *value, i int) int {
	a, array := storageOf(v.args[i]), c.arrays[v.args[i].id]
	how := c.d.reads(v, i)
	slot := rowSlot[T]{width: c.d.narrow(), array: array}
	if how == byWide || how == otherwise && c.d.isWide(v) {
		slot.width = c.d.wide()
	}
	if how == otherwise {
		slot.like = v.shape
		return c.broadcast(v.args[i], slot)
	}
	key := slotKey{v: a, how: how}
	n, ok := c.number[key]
	if !ok { // it comes from outside
		n = len(c.slots)
		c.slots = append(c.slots, slot)
		c.number[key] = n
	}
	return n
}

// broadcast returns the slot of a, broadcast.
func (c *rowCompiler[T]) broadcast(a *value, slot rowSlot[T]) int {
	for _, n := range c.broad[a] {
		if slices.Equal(c.slots[n].like, slot.like) && c.slots[n].column == slot.column {
			return n
		}
	}
	n := len(c.slots)
	c.slots = append(c.slots, slot)
	c.broad[a] = append(c.broad[a], n)
	return n
}

// repeat returns a slot in which the narrow a, in slot n, is repeated along the rows.
func (c *rowCompiler[T]) repeat(a *value, n int) int {
	key, d := slotKey{v: a, repeated: true}, c.d
	if n, ok := c.number[key]; ok {
		return n
	}
	c.number[key] = c.step(rowSlot[T]{width: d.wide()}, func(dst []T, x [][]T, rows int) {
		kernel.Repeat(dst, x[0], rows, d.length, d.inner)
	}, false, n)
	return c.number[key]
}

// compileByRow adds the step of a wide v with an argument that has one number for each
// row, or for all of them, if there is a kernel for it.
func (c *rowCompiler[T]) compileByRow(v *value) bool {
	wide := c.d.byRow(v)
	if wide < 0 {
		return false
	}
	f := byRowOf[T](v.prim, wide)
	if f == nil {
		return false
	}
	n := c.d.length
	c.add(v, func(dst []T, x [][]T, _ int) { f(dst, x[0], x[1], n) }, true, c.read(v, wide), c.readNumber(v, 1-wide))
	return true
}

// byRow returns which of the two arguments of a wide v has more than one number for each
// row, if only one has. Else it is negative.
func (d rows) byRow(v *value) int {
	if !isPointwise(v) || len(v.args) != 2 || d.inner != 1 || !d.isWide(v) {
		return -1
	}
	switch {
	case d.isNumber(v, 1) && !d.isNumber(v, 0):
		return 0
	case d.isNumber(v, 0) && !d.isNumber(v, 1):
		return 1
	}
	return -1
}

// isNumber reports that a wide v has for argument i one number for each row, or one for all.
func (d rows) isNumber(v *value, i int) bool {
	return d.reads(v, i) == byNarrow || v.args[i].size() == 1
}

// isColumn reports that a wide v has for argument i one row, the same for all rows.
func (d rows) isColumn(v *value, i int) bool {
	a := v.args[i]
	if d.reads(v, i) != otherwise || a.size() != d.wide() {
		return false
	}
	shape, strides := collapse(v.shape, tensor.BroadcastStrides(a.shape, v.shape))
	return slices.Equal(shape, []int{d.count, d.wide()}) && slices.Equal(strides, []int{0, 1})
}

// readColumn returns the slot in which v finds its argument i, which is one row for all.
func (c *rowCompiler[T]) readColumn(v *value, i int) int {
	a := v.args[i]
	return c.broadcast(a, rowSlot[T]{width: c.d.wide(), array: c.arrays[a.id], column: true})
}

// readNumber returns the slot in which a wide v finds its argument i, of which there is
// one number for each row or for all.
func (c *rowCompiler[T]) readNumber(v *value, i int) int {
	a := v.args[i]
	if a.size() > 1 {
		return c.read(v, i)
	}
	return c.broadcast(a, rowSlot[T]{width: 1, array: c.arrays[a.id], like: tensor.Shape{c.d.count}})
}

// byRowOf returns the kernel of p for matrices of which argument wide is one, and the
// other has a number for each row. It is nil if there is none.
func byRowOf[T tensor.Float](p Primitive, wide int) func(dst, a, s []T, cols int) {
	switch p.(type) {
	case add:
		return kernel.AddByRow[T]
	case sub:
		if wide == 0 {
			return kernel.SubByRow[T]
		}
		return kernel.SubFromByRow[T]
	case mul:
		return kernel.MulByRow[T]
	case div:
		if wide == 0 {
			return kernel.DivByRow[T]
		}
		return kernel.DivIntoByRow[T]
	case maximum:
		return kernel.MaxByRow[T]
	case minimum:
		return kernel.MinByRow[T]
	case eq:
		return kernel.EqByRow[T]
	}
	return nil
}

// applyOf returns the function that computes some rows of v, which d computes.
func applyOf[T tensor.Float](v *value, d rows) func(dst []T, x [][]T, rows int) {
	reduce := func(f axisReducer[T]) func([]T, [][]T, int) {
		return func(dst []T, x [][]T, rows int) { f(dst, x[0], rows, d.length, d.inner) }
	}
	switch p := v.prim.(type) {
	case Pointwise:
		f := mapOf[T](p)
		return func(dst []T, x [][]T, _ int) { f(dst, x) }
	case expand:
		return func(dst []T, x [][]T, _ int) { copy(dst, x[0]) }
	case sum:
		return reduce(kernel.SumAxis[T])
	case extremum:
		if p.Smallest {
			return reduce(kernel.MinAxis[T])
		}
		return reduce(kernel.MaxAxis[T])
	case gather:
		return gatherRows[T](p, d)
	case scatter:
		return func(dst []T, x [][]T, rows int) {
			kernel.Scatter(dst, x[0], x[1], rows, 1, d.length, d.inner)
		}
	}
	panic("autodiff: no rows of " + v.prim.Name())
}

func gatherRows[T tensor.Float](p gather, d rows) func(dst []T, x [][]T, rows int) {
	return func(dst []T, x [][]T, rows int) {
		kernel.Gather(dst, x[0], x[1], rows, 1, d.length, d.inner, outside[T](p.Zero))
	}
}

// lastReads returns the last step that reads each slot; the number of steps if a sum of columns does.
func (p *rowProgram[T]) lastReads() []int {
	last := make([]int, len(p.slots))
	for i, s := range p.steps {
		for _, slot := range s.src {
			last[slot] = i
		}
	}
	for _, c := range p.sums {
		for _, slot := range c.src {
			last[slot] = len(p.steps)
		}
	}
	return last
}

// inPlaceFrom is the least length of rows that are computed in place. To read a short row waits until the
// one before it, whose last vector overlaps it, is written.
const inPlaceFrom = 64

// useResults puts what a step is the last to read, and may write over, into the array of its result:
// there is less to keep in the nearest caches, and the array comes to them while more is computed.
func (p *rowProgram[T]) useResults(last []int) {
	for i, s := range p.steps {
		dst := p.slots[s.dst]
		if !s.inPlace || dst.array == nil || dst.width < inPlaceFrom {
			continue
		}
		for _, k := range s.src {
			if x := &p.slots[k]; x.array == nil && x.width == dst.width && last[k] == i {
				x.array = dst.array
				break
			}
		}
	}
}

// shareTemps numbers the memory of slots that have none; those that are not needed at
// once share it. A step may write over an argument that it is the last to read if it
// says so.
func (p *rowProgram[T]) shareTemps(last []int) {
	type temp struct{ width, until int }
	var temps []temp
	share := func(n, from int) { // a slot that is written in a step, with what is free from a step on
		slot := &p.slots[n]
		if slot.array != nil {
			return
		}
		slot.temp = -1
		for k := range temps {
			if temps[k].width == slot.width && temps[k].until < from {
				slot.temp = k
			}
		}
		if slot.temp < 0 {
			slot.temp = len(temps)
			temps = append(temps, temp{width: slot.width})
		}
		temps[slot.temp].until = last[n]
	}
	for i, s := range p.steps {
		if s.inPlace && p.slots[s.dst].width >= inPlaceFrom {
			share(s.dst, i+1)
		} else {
			share(s.dst, i)
		}
		if s.sums >= 0 {
			share(s.sums, i)
		}
	}
}
