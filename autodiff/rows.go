package autodiff

import (
	"sync"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// rowBlock is the number of elements of a wide array that a row program computes at
// a time, if a row is not longer.
const rowBlock = 2048

// rowGrain is the number of elements, times steps, that are worth a call by
// [kernel.Parallel].
const rowGrain = 1 << 18

// rowProgram computes the values of a unit, some rows at a time: pointwise operations,
// reductions along the rows, and what reads the results of these for each element of
// a row, so that each array is read from memory once. Steps and their order are those
// of the operations on whole arrays, so the bits are.
type rowProgram[T tensor.Float] struct {
	d      rows
	steps  []rowStep[T]
	slots  []rowSlot[T]
	number map[slotKey]int // of slots, when compiling
	block  int             // rows at a time
	task   int             // rows in a call by kernel.Parallel, a multiple of block
	work   func(task int)

	mutex sync.Mutex
	free  []*rowLane[T] // that no call uses
}

// rowStep computes slot dst from the slots src for a number of rows.
type rowStep[T tensor.Float] struct {
	apply func(dst []T, x [][]T, rows int)
	dst   int
	src   []int

	inPlace bool // dst may be one of src
}

// rowSlot is where the rows of an array are for the block at hand: in an array, or in
// memory of the lane.
type rowSlot[T tensor.Float] struct {
	width int              // elements in a row
	array *tensor.Array[T] // nil if it is in the lane
	like  tensor.Shape     // that the array is broadcast to; nil if it has rows of its own
	temp  int              // which memory of the lane
}

// slotKey is a value as it is read.
type slotKey struct {
	v    *value
	how  access
	like *value // the reader, when it is read otherwise
}

// rowLane is what one processor needs for itself.
type rowLane[T tensor.Float] struct {
	temps  [][]T
	inputs []*blockInput[T] // of each slot; nil if it is no broadcast input
	slots  [][]T            // what each slot holds for the block at hand
	args   [][][]T          // of each step
}

func newRowProgram[T tensor.Float](u *unit, arrays map[*value]*tensor.Array[T]) *rowProgram[T] {
	p := &rowProgram[T]{d: *u.rows, number: make(map[slotKey]int)}
	inside, stored := make(map[*value]bool), make(map[*value]bool)
	for _, v := range u.values {
		inside[v] = true
	}
	for _, v := range u.stored {
		stored[v] = true
	}
	for _, v := range u.values {
		src := make([]int, len(v.args))
		for i, a := range v.args {
			src[i] = p.read(v, i, inside[storageOf(a)], arrays[a])
		}
		slot := rowSlot[T]{width: p.d.narrow()}
		how := byNarrow
		if v.size() == p.d.count*p.d.wide() {
			slot.width, how = p.d.wide(), byWide
		}
		if stored[v] {
			slot.array = arrays[v]
		}
		p.add(slotKey{v: v, how: how}, slot, applyOf[T](v, p.d), src...)
	}
	p.number = nil
	p.block = max(1, rowBlock/p.d.wide())
	p.shareTemps()
	perRow := p.d.wide() * len(p.steps)
	p.task = (rowGrain/perRow/p.block + 1) * p.block
	tasks := (p.d.count + p.task - 1) / p.task
	for range min(tasks, kernel.Workers()) {
		p.free = append(p.free, p.newLane())
	}
	p.work = p.runTask
	return p
}

// add appends a step, and the slot of its result.
func (p *rowProgram[T]) add(key slotKey, slot rowSlot[T], apply func([]T, [][]T, int), src ...int) int {
	n := len(p.slots)
	p.slots = append(p.slots, slot)
	p.number[key] = n
	p.steps = append(p.steps, rowStep[T]{apply: apply, dst: n, src: src, inPlace: isPointwise(key.v) && key.like == nil})
	return n
}

// read returns the slot in which v finds its argument i.
func (p *rowProgram[T]) read(v *value, i int, inside bool, array *tensor.Array[T]) int {
	a := storageOf(v.args[i])
	key := slotKey{v: a, how: p.d.reads(v, i)}
	width := p.d.narrow()
	if v.size() == p.d.count*p.d.wide() {
		width = p.d.wide()
	}
	var like tensor.Shape
	switch key.how {
	case otherwise:
		key.like, like = v, v.shape
	case byNarrow:
		width = p.d.narrow()
	case byWide:
		width = p.d.wide()
	}
	n, ok := p.number[key]
	if !ok { // it comes from outside
		n = len(p.slots)
		p.slots = append(p.slots, rowSlot[T]{width: width, array: array, like: like})
		p.number[key] = n
	}
	if _, across := v.prim.(scatter); across || key.how != byNarrow || v.size() != p.d.count*p.d.wide() {
		return n
	}
	repeated := slotKey{v: a, how: byNarrow, like: a}
	if n, ok := p.number[repeated]; ok {
		return n
	}
	d := p.d
	return p.add(repeated, rowSlot[T]{width: d.wide()}, func(dst []T, x [][]T, rows int) {
		kernel.Repeat(dst, x[0], rows, d.length, d.inner)
	}, n)
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
		return func(dst []T, x [][]T, rows int) {
			kernel.Gather(dst, x[0], x[1], rows, 1, d.length, d.inner, outside[T](p.Zero))
		}
	case scatter:
		return func(dst []T, x [][]T, rows int) {
			kernel.Scatter(dst, x[0], x[1], rows, 1, d.length, d.inner)
		}
	}
	panic("autodiff: no rows of " + v.prim.Name())
}

// shareTemps numbers the memory of slots that have none; those that are not needed at
// once share it. A step may write over an argument that it is the last to read if it
// is pointwise, and no other may.
func (p *rowProgram[T]) shareTemps() {
	last := make([]int, len(p.slots))
	for i, s := range p.steps {
		for _, slot := range s.src {
			last[slot] = i
		}
	}
	type temp struct{ width, until int }
	var temps []temp
	for i, s := range p.steps {
		slot := &p.slots[s.dst]
		if slot.array != nil {
			continue
		}
		slot.temp = -1
		from := i
		if s.inPlace {
			from++
		}
		for k := range temps {
			if temps[k].width == slot.width && temps[k].until < from {
				slot.temp = k
			}
		}
		if slot.temp < 0 {
			slot.temp = len(temps)
			temps = append(temps, temp{width: slot.width})
		}
		temps[slot.temp].until = last[s.dst]
	}
}

// newLane makes the memory for one processor.
func (p *rowProgram[T]) newLane() *rowLane[T] {
	l := &rowLane[T]{slots: make([][]T, len(p.slots)), inputs: make([]*blockInput[T], len(p.slots))}
	rows := min(p.block, p.d.count)
	for i, s := range p.slots {
		switch {
		case s.like != nil:
			in := newBlockInput(s.array, s.like)
			in.prepare(rows * s.width)
			l.inputs[i] = &in
		case s.array == nil:
			for len(l.temps) <= s.temp {
				l.temps = append(l.temps, nil)
			}
			if l.temps[s.temp] == nil {
				l.temps[s.temp] = make([]T, rows*s.width)
			}
		}
	}
	for _, s := range p.steps {
		l.args = append(l.args, make([][]T, len(s.src)))
	}
	return l
}

func (p *rowProgram[T]) run() { kernel.Parallel((p.d.count+p.task-1)/p.task, p.work) }

// runTask computes the rows of one task, with memory that no other uses meanwhile.
func (p *rowProgram[T]) runTask(task int) {
	l := p.takeLane()
	for _, in := range l.inputs {
		if in != nil {
			in.begin()
		}
	}
	end := min((task+1)*p.task, p.d.count)
	for start := task * p.task; start < end; start += p.block {
		p.runBlock(l, start, min(p.block, end-start))
	}
	p.mutex.Lock()
	p.free = append(p.free, l)
	p.mutex.Unlock()
}

// takeLane returns a lane that nobody uses. One is made when there are more processors
// than there were.
func (p *rowProgram[T]) takeLane() *rowLane[T] {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	last := len(p.free) - 1
	if last < 0 {
		return p.newLane()
	}
	l := p.free[last]
	p.free = p.free[:last]
	return l
}

// runBlock computes rows start to start+n.
func (p *rowProgram[T]) runBlock(l *rowLane[T], start, n int) {
	for i := range p.slots {
		switch s := &p.slots[i]; {
		case l.inputs[i] != nil:
			l.slots[i] = l.inputs[i].block(start*s.width, n*s.width)
		case s.array != nil:
			l.slots[i] = s.array.Data[start*s.width : (start+n)*s.width]
		default:
			l.slots[i] = l.temps[s.temp][:n*s.width]
		}
	}
	for i := range p.steps {
		s, x := &p.steps[i], l.args[i]
		for k, slot := range s.src {
			x[k] = l.slots[slot]
		}
		s.apply(l.slots[s.dst], x, n)
	}
}
