package autodiff

import (
	"math"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// blockSize is the number of elements that a chain of pointwise operations
// computes at a time: few enough that all results in between stay in the first
// level cache, many enough that the calls cost little.
const blockSize = 512

// A step is one pointwise operation of a chain. Slots below the number of
// inputs are inputs; the next ones are the results of the steps, in order.
type step struct {
	prim Pointwise
	src  []int
}

// partWork is the number of elements times operations that are worth a call of
// kernel.Parallel: a few microseconds.
const partWork = 1 << 16

// newChain returns the function that computes steps for all elements of dst. Long
// chains are cut into parts for several processors; elements are computed each on its
// own, so no bit depends on the cut.
func newChain[T tensor.Float](dst *tensor.Array[T], in []*tensor.Array[T], steps []step) func() {
	whole := newBlocks(dst, in, steps)
	n := tensor.Size(dst.Shape)
	parts := min(n*len(steps)/partWork, n/max(whole.size, 1), 64)
	if parts < 2 {
		return whole.run
	}
	each := (n/parts + whole.size - 1) / whole.size * whole.size
	whole.end = min(each, n)
	cut := []*blocks[T]{whole}
	for start := each; start < n; start += each {
		b := newBlocks(dst, in, steps)
		b.start, b.end = start, min(start+each, n)
		cut = append(cut, b)
	}
	run := func(i int) { cut[i].run() }
	return func() { kernel.Parallel(len(cut), run) }
}

// blocks runs a chain of pointwise operations over elements start to end of dst, block
// by block. Inputs are broadcast as they are read.
type blocks[T tensor.Float] struct {
	dst    *tensor.Array[T]
	start  int
	end    int
	inputs []blockInput[T]
	steps  []blockStep[T]
	slots  [][]T // what each slot holds for the current block
	temps  [][]T // memory for the results of all steps but the last
	size   int   // elements in a block
}

type blockStep[T tensor.Float] struct {
	apply func(dst []T, x [][]T)
	dst   int
	src   []int
	x     [][]T // the arguments of apply, filled in for each block
}

func newBlocks[T tensor.Float](dst *tensor.Array[T], in []*tensor.Array[T], steps []step) *blocks[T] {
	b := &blocks[T]{
		dst: dst, size: blockSize, slots: make([][]T, len(in)+len(steps)),
		inputs: make([]blockInput[T], len(in)), steps: make([]blockStep[T], len(steps)),
	}
	for i, x := range in {
		b.inputs[i] = newBlockInput(x, dst.Shape)
	}
	b.alignTo(b.inputs)
	b.end = tensor.Size(dst.Shape)
	b.size = min(b.size, b.end)
	for i := range b.inputs {
		b.inputs[i].prepare(b.size)
	}
	for i, s := range steps {
		b.steps[i] = blockStep[T]{apply: mapOf[T](s.prim), dst: len(in) + i, src: s.src, x: make([][]T, len(s.src))}
	}
	b.temps = shareTemps[T](steps, len(in), b.size)
	return b
}

// alignTo makes the block size a multiple of the longest period of an input that
// repeats within a block, as a bias does: it is then the same in all blocks.
func (b *blocks[T]) alignTo(inputs []blockInput[T]) {
	longest := 1
	for _, in := range inputs {
		if in.period <= blockSize {
			longest = max(longest, in.period)
		}
	}
	b.size = blockSize / longest * longest
}

// shareTemps returns memory for the result of each step but the last; steps
// whose results are never needed at once share it.
func shareTemps[T tensor.Float](steps []step, inputs, size int) [][]T {
	lastUse := make([]int, len(steps))
	for i, s := range steps {
		for _, slot := range s.src {
			if slot >= inputs {
				lastUse[slot-inputs] = i
			}
		}
	}
	temps := make([][]T, max(len(steps)-1, 0))
	var free [][]T
	for i := range temps {
		for j := range i {
			if lastUse[j] == i { // it may be overwritten by the step that reads it last
				free = append(free, temps[j])
			}
		}
		if len(free) == 0 {
			free = append(free, make([]T, size))
		}
		temps[i] = free[len(free)-1]
		free = free[:len(free)-1]
	}
	return temps
}

func (b *blocks[T]) run() {
	for i := range b.inputs {
		b.inputs[i].begin()
	}
	last := len(b.steps) - 1
	out := b.dst.Data
	for start := b.start; start < b.end; start += b.size {
		n := min(b.size, b.end-start)
		for i := range b.inputs {
			b.slots[i] = b.inputs[i].block(start, n)
		}
		for i := range b.steps {
			s := &b.steps[i]
			for k, slot := range s.src {
				s.x[k] = b.slots[slot]
			}
			dst := out[start : start+n]
			if i < last {
				dst = b.temps[i][:n]
			}
			s.apply(dst, s.x)
			b.slots[s.dst] = dst
		}
	}
}

// blockInput reads an array, broadcast to the shape of the result, in blocks.
type blockInput[T tensor.Float] struct {
	array   *tensor.Array[T]
	direct  bool // blocks are pieces of the array itself
	fixed   bool // every block has the same elements
	period  int  // number of elements after which the input repeats; 0 if it does not
	shape   []int
	strides []int
	index   []int
	scratch []T
	filled  uint64 // the bits of the scalar that scratch is full of
}

func newBlockInput[T tensor.Float](x *tensor.Array[T], to tensor.Shape) blockInput[T] {
	in := blockInput[T]{array: x}
	in.shape, in.strides = collapse(to, tensor.BroadcastStrides(x.Shape, to))
	in.index = make([]int, len(in.shape))
	switch rank := len(in.shape); {
	case rank == 0 || rank == 1 && in.strides[0] == 1:
		in.direct = true
	case rank == 1 && in.strides[0] == 0:
		in.period = 1
	case rank == 2 && in.strides[0] == 0 && in.strides[1] == 1:
		in.period = in.shape[1]
	}
	return in
}

// collapse drops dimensions of size 1 and joins neighbours that are walked as one.
func collapse(shape tensor.Shape, strides []int) (s, st []int) {
	for i, d := range shape {
		last := len(s) - 1
		switch {
		case d == 1:
		case last >= 0 && st[last] == strides[i]*d:
			s[last] *= d
			st[last] = strides[i]
		default:
			s, st = append(s, d), append(st, strides[i])
		}
	}
	return s, st
}

// prepare fixes the block size and allocates.
func (in *blockInput[T]) prepare(size int) {
	if !in.direct {
		in.fixed = in.period > 0 && size%in.period == 0
		in.scratch = make([]T, size)
	}
}

// begin is called once a run, since the memory of inputs changes between runs.
func (in *blockInput[T]) begin() {
	if !in.fixed {
		return
	}
	if in.period == 1 {
		x := in.array.Data[0]
		if bits := math.Float64bits(float64(x)); bits != in.filled {
			in.filled = bits
			kernel.Fill(in.scratch, x)
		}
		return
	}
	for i := 0; i < len(in.scratch); i += in.period {
		copy(in.scratch[i:], in.array.Data)
	}
}

// block returns elements start to start+n. Blocks are asked for in order.
func (in *blockInput[T]) block(start, n int) []T {
	switch {
	case in.direct:
		return in.array.Data[start : start+n]
	case !in.fixed:
		in.gather(in.scratch[:n], start)
	}
	return in.scratch[:n]
}

// gather copies len(dst) elements from number start on, a run of the last
// dimension at a time.
func (in *blockInput[T]) gather(dst []T, start int) {
	offset := 0
	for a := len(in.shape) - 1; a >= 0; a-- {
		in.index[a] = start % in.shape[a]
		start /= in.shape[a]
		offset += in.index[a] * in.strides[a]
	}
	last := len(in.shape) - 1
	for len(dst) > 0 {
		n := min(in.shape[last]-in.index[last], len(dst))
		if in.strides[last] == 0 {
			kernel.Fill(dst[:n], in.array.Data[offset])
		} else { // arrays are row-major, so it is 1
			copy(dst[:n], in.array.Data[offset:])
		}
		dst = dst[n:]
		offset += n * in.strides[last]
		in.index[last] += n
		for a := last; a > 0 && in.index[a] == in.shape[a]; a-- {
			offset += in.strides[a-1] - in.shape[a]*in.strides[a]
			in.index[a] = 0
			in.index[a-1]++
		}
	}
}
