package optim

import (
	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// partSize is the number of elements of a part of a large parameter. Vector code runs
// for some microseconds on so many, in which the garbage collector cannot stop it.
const partSize = 1 << 15

// part is a part of a parameter.
type part[T tensor.Float] struct {
	Step[T]
	copies []T // of buffers without one element per element
}

// stepParts is a step of an [Elementwise] rule on a large parameter. The parts depend on its
// size alone, and each element on its part alone.
func (s *slotOf[T]) stepParts(rule Rule) {
	n := (len(s.Param) + partSize - 1) / partSize
	if len(s.parts) != n {
		s.parts = make([]part[T], n)
		s.stepPart = s.takePart
	}
	s.rule = rule
	kernel.Parallel(n, s.stepPart)
	s.rule = nil
	for k, b := range s.State {
		if len(b) != len(s.Param) {
			copy(b, s.parts[0].State[k])
		}
	}
}

// takePart steps on part i.
func (s *slotOf[T]) takePart(i int) {
	p, from, to := &s.parts[i], i*partSize, min((i+1)*partSize, len(s.Param))
	state, copies := p.State[:0], p.copies[:0]
	for _, b := range s.State {
		if len(b) == len(s.Param) {
			state = append(state, b[from:to])
			continue
		}
		copies = append(copies, b...)
		state = append(state, copies[len(copies)-len(b):])
	}
	p.copies = copies
	p.Step = Step[T]{
		T: s.T, Fresh: s.Fresh, Shape: s.Shape, Scalars: s.Scalars, State: state,
		Param: s.Param[from:to], Grad: s.Grad[from:to], At: s.At[from:to],
	}
	stepBy(s.rule, &p.Step)
}
