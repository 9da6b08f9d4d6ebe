package autodiff

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// An imageCall computes one operation of a pass.
type imageCall struct {
	begin func() bool        // comes first; false if only whole can compute it, this time
	some  func(b imageBlock) // computes some images
	end   func()             // comes last
	whole func()             // computes all, alone, also when begin says no; nil if it never does
}

// imageBlock is block number index of the images, from <= n < to. In arrays that are local to
// the pass image n is at n + shift.
type imageBlock struct{ index, from, to, shift int }

// imagesIn returns the images of a block.
func imagesIn[T tensor.Float](b imageBlock, a *tensor.Array[T], l imageLayout) []T {
	shift := l.shift(b)
	return imagesOf(a, b.from+shift, b.to+shift)
}

// imagesOf returns the images from <= n < to of an array.
func imagesOf[T tensor.Float](a *tensor.Array[T], from, to int) []T {
	n := tensor.Size(a.Shape[1:])
	return a.Data[from*n : to*n]
}

// pass computes operations on n images, in blocks of at most each of them.
type pass[T tensor.Float] struct {
	calls           []imageCall
	apart           []func() // compute the operations one after another
	n, blocks, each int
	call            func(i int)
	locals          []*tensor.Array[T] // with memory for so many blocks as there are in free
	slots           int
	free            chan int
	full            [][]T // memory for all images of locals, if it was ever needed
}

// compilePass returns the function that computes units in one pass.
func (s *store[T]) compilePass(units []*unit) func() {
	p := &pass[T]{}
	for _, u := range units {
		v := u.result()
		p.calls = append(p.calls, imageCallOf(v.prim, s.arrays[v.id], s.inputs(v), layoutsOf(v)))
		if v.layout.local {
			p.locals = append(p.locals, s.arrays[v.id])
		}
		p.n = u.role.images[0].shape[0]
		if u.role.sum {
			p.blocks = sumBlocks
		}
	}
	if p.blocks == 0 {
		p.blocks = min(p.n, 4*sumBlocks)
	}
	p.each = (p.n + p.blocks - 1) / p.blocks
	p.call = p.block
	for i, c := range p.calls {
		if c.whole == nil {
			one := p.calls[i : i+1]
			inBlocks := func(i int) { some(one, imageBlock{i, i * p.n / p.blocks, (i + 1) * p.n / p.blocks, 0}) }
			c.whole = func() {
				kernel.Parallel(p.blocks, inBlocks)
				end(one)
			}
		}
		p.apart = append(p.apart, c.whole)
	}
	s.buffers += p.grow()
	return p.run
}

func some(calls []imageCall, b imageBlock) {
	for i := range calls {
		calls[i].some(b)
	}
}

func end(calls []imageCall) {
	for i := range calls {
		if calls[i].end != nil {
			calls[i].end()
		}
	}
}

// grow makes memory for as many blocks as are computed at once, and returns its elements.
func (p *pass[T]) grow() int {
	slots := min(p.blocks, kernel.Workers())
	if slots <= p.slots {
		return 0
	}
	p.slots, p.free = slots, make(chan int, slots)
	for i := range slots {
		p.free <- i
	}
	total := 0
	for _, a := range p.locals {
		a.Data = kernel.Aligned[T](slots * p.each * tensor.Size(a.Shape[1:]))
		total += len(a.Data)
	}
	return total
}

func (p *pass[T]) run() {
	ready := true
	for i := range p.calls {
		ready = (p.calls[i].begin == nil || p.calls[i].begin()) && ready
	}
	if !ready {
		p.runApart()
		return
	}
	p.grow()
	kernel.Parallel(p.blocks, p.call)
	end(p.calls)
}

func (p *pass[T]) block(i int) {
	slot := <-p.free
	defer func() { p.free <- slot }()
	from := i * p.n / p.blocks
	some(p.calls, imageBlock{i, from, (i + 1) * p.n / p.blocks, slot*p.each - from})
}

// runApart computes the operations one after another.
func (p *pass[T]) runApart() {
	if p.full == nil {
		for _, a := range p.locals {
			p.full = append(p.full, make([]T, tensor.Size(a.Shape)))
		}
	}
	swap := func() {
		for i, a := range p.locals {
			a.Data, p.full[i] = p.full[i], a.Data
		}
	}
	swap()
	defer swap()
	for _, f := range p.apart {
		f()
	}
}
