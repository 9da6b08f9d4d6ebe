package autodiff

import (
	"sync"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// rowBytes is the most of a wide array that a row program computes at a time, if a row is not longer.
// leastBlock is the least number of elements in a call by [kernel.Parallel], and the most of arrays of fetchFrom
// elements and more, where it leaves room in the caches for the next block.
const rowBytes, leastBlock = 1 << 16, 1 << 12

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
	sums   []columnSum[T]
	block  int      // rows at a time
	starts []int    // of the parts that the rows are cut into, and the end
	joins  [][2]int // which parts of a sum of columns are added to which
	group  int      // parts in a call by kernel.Parallel
	fence  bool     // some steps are streams
	work   func(task int)
	moving []int    // slots that are elsewhere in each block
	moved  []rowArg // arguments in these

	fetched []int // slots whose rows are fetched for the next block
	part    int   // elements of each that are fetched after a step

	mutex sync.Mutex
	free  []*rowLane[T] // that no call uses
}

// rowStep computes slot dst from the slots src for a number of rows.
type rowStep[T tensor.Float] struct {
	apply func(dst []T, x [][]T, rows int)
	dst   int
	src   []int
	sums  int // a slot with the sums of the rows of dst, the last of src; negative if there is none

	inPlace bool // dst may be one of src
}

// columnSum is a sum of all rows of an array. Each part of the rows has a sum of its own;
// they are added in the order of [kernel.SumAxis].
type columnSum[T tensor.Float] struct {
	add   columnAdder[T] // adds the rows of the block; nil if another sum does
	along int            // the sum that it adds rows to too, see alongColumns; negative if there is none
	src   []int          // slots
	dst   *tensor.Array[T]
	parts [][]T // of all parts but the first, which has dst
}

func (c *columnSum[T]) part(i int) []T {
	if i == 0 {
		return c.dst.Data
	}
	return c.parts[i]
}

// rowSlot is where the rows of an array are for the block at hand: in an array, or in
// memory of the lane.
type rowSlot[T tensor.Float] struct {
	width int              // elements in a row
	array *tensor.Array[T] // nil if it is in the lane
	like  tensor.Shape     // that the array is broadcast to; nil if it has rows of its own
	temp  int              // which memory of the lane

	column  bool // the array is one row, for all blocks
	fetched bool // a kernel that reads it fetches its next rows
}

// rowArg is an argument of a step, and the slot it is in.
type rowArg struct{ step, arg, slot int }

// rowLane is what one processor needs for itself.
type rowLane[T tensor.Float] struct {
	temps  [][]T
	inputs []*blockInput[T] // of each slot; nil if it is no broadcast input
	slots  [][]T            // what each slot holds for the block at hand
	args   [][][]T          // of each step
	rows   int              // in the block at hand
	terms  [3][]T           // of a sum of columns
}

// cut divides the rows into parts, by shapes alone: as the order of sums of columns wants
// it, if there are any.
func (p *rowProgram[T]) cut() {
	perRow := p.d.wide() * (len(p.steps) + len(p.sums))
	if len(p.sums) > 0 {
		p.starts, p.joins = kernel.ColumnParts(p.d.count)
		p.group = rowGrain/(perRow*kernel.ColumnPart) + 1
		for i := range p.sums {
			p.sums[i].parts = make([][]T, len(p.starts)-1)
			for k := range p.sums[i].parts[1:] {
				p.sums[i].parts[k+1] = make([]T, p.d.wide())
			}
		}
		return
	}
	p.group = 1
	unit := max(1, leastBlock/p.d.wide())
	part := (rowGrain/perRow/unit + 1) * unit
	for start := 0; start < p.d.count; start += part {
		p.starts = append(p.starts, start)
	}
	p.starts = append(p.starts, p.d.count)
}

// tasks returns the number of calls by kernel.Parallel.
func (p *rowProgram[T]) tasks() int { return (len(p.starts) - 2 + p.group) / p.group }

// newLane makes the memory for one processor.
func (p *rowProgram[T]) newLane() *rowLane[T] {
	l := &rowLane[T]{slots: make([][]T, len(p.slots)), inputs: make([]*blockInput[T], len(p.slots))}
	rows := min(p.block, p.d.count)
	for i, s := range p.slots {
		switch {
		case s.like != nil:
			in := newBlockInput(s.array, s.like)
			in.prepare(rows * s.width)
			if in.fixed && s.width%in.period != 0 && len(p.sums) > 0 { // parts begin at any row
				in.fixed = false
			}
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

func (p *rowProgram[T]) run() {
	kernel.Parallel(p.tasks(), p.work)
	for i := range p.sums {
		c := &p.sums[i]
		for _, j := range p.joins {
			kernel.Add(c.part(j[0]), c.part(j[0]), c.part(j[1]))
		}
	}
}

// runTask computes the rows of one task, with memory that no other uses meanwhile.
func (p *rowProgram[T]) runTask(task int) {
	l := p.takeLane()
	for _, in := range l.inputs {
		if in != nil {
			in.begin()
		}
	}
	for part := task * p.group; part < min((task+1)*p.group, len(p.starts)-1); part++ {
		for i := range p.sums {
			clear(p.sums[i].part(part))
		}
		end := p.starts[part+1]
		for start := p.starts[part]; start < end; start += p.block {
			n := min(p.block, end-start)
			p.runBlock(l, start, n)
			for i := range p.sums {
				p.addColumns(l, &p.sums[i], part)
			}
		}
	}
	if p.fence {
		kernel.Fence()
	}
	p.mutex.Lock()
	p.free = append(p.free, l)
	p.mutex.Unlock()
}

// addColumns adds the rows of the block to a part of a sum.
func (p *rowProgram[T]) addColumns(l *rowLane[T], c *columnSum[T], part int) {
	if c.add == nil {
		return
	}
	var along []T
	if c.along >= 0 {
		along = p.sums[c.along].part(part)
	}
	c.add(c.part(part), along, l.read(c.src))
}

// read returns what slots hold, until it is called again.
func (l *rowLane[T]) read(src []int) [][]T {
	for k, slot := range src {
		l.terms[k] = l.slots[slot]
	}
	return l.terms[:len(src)]
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
	if n != l.rows {
		p.placeTemps(l, n)
	}
	for _, i := range p.moving {
		switch s := &p.slots[i]; {
		case l.inputs[i] != nil:
			l.slots[i] = l.inputs[i].block(start*s.width, n*s.width)
		case s.column:
			l.slots[i] = s.array.Data
		default:
			l.slots[i] = s.array.Data[start*s.width : (start+n)*s.width]
		}
	}
	for _, a := range p.moved {
		l.args[a.step][a.arg] = l.slots[a.slot]
	}
	for i := range p.steps {
		s := &p.steps[i]
		s.apply(l.slots[s.dst], l.args[i], n)
		if len(p.fetched) > 0 && start+n < p.d.count {
			p.fetch(start+n, n, i)
		}
	}
}

// findMoving finds what changes from block to block.
func (p *rowProgram[T]) findMoving() {
	for i, s := range p.slots {
		if s.array != nil {
			p.moving = append(p.moving, i)
		}
	}
	for i, s := range p.steps {
		for k, slot := range s.src {
			if p.slots[slot].array != nil {
				p.moved = append(p.moved, rowArg{i, k, slot})
			}
		}
	}
}

// placeTemps places what stays where it is as long as blocks have n rows.
func (p *rowProgram[T]) placeTemps(l *rowLane[T], n int) {
	l.rows = n
	for i, s := range p.slots {
		if s.array == nil {
			l.slots[i] = l.temps[s.temp][:n*s.width]
		}
	}
	for i, s := range p.steps {
		for k, slot := range s.src {
			l.args[i][k] = l.slots[slot]
		}
	}
}
