package autodiff

import (
	"sort"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
)

// totalSum is the sum of all elements of a wide array, in the order of [kernel.SumAxis]: parts
// of the flat array are summed, and these sums are added. Parts do not end where rows do.
// One that lies in the rows of a block is summed there; else its elements are collected.
type totalSum[T tensor.Float] struct {
	src    []int // slot, or two whose product is summed
	dst    *tensor.Array[T]
	starts []int // of the parts, and the end
	joins  [][2]int
	sums   []T         // of the parts
	cut    map[int][]T // the elements of parts that lie in the rows of several tasks
}

// isTotal reports that v is the sum of all elements of a wide array. Nothing in the program
// reads it.
func (d rows) isTotal(v *value) bool {
	p, ok := v.prim.(sum)
	if !ok || v.size() != 1 || v.args[0].size() != d.count*d.wide() {
		return false
	}
	shape, first, last := v.args[0].shape, p.Axes[0], p.Axes[len(p.Axes)-1]
	return last-first == len(p.Axes)-1 && tensor.Size(shape[first:last+1]) == tensor.Size(shape)
}

// isWhole reports a sum that is there when the program has seen all rows.
func (d rows) isWhole(v *value) bool { return d.sumsColumns(v) || d.isTotal(v) }

func newTotal[T tensor.Float](src []int, dst *tensor.Array[T], size int) totalSum[T] {
	t := totalSum[T]{src: src, dst: dst}
	t.starts, t.joins = kernel.SumParts(size)
	t.sums = make([]T, len(t.starts)-1)
	return t
}

// longest returns the number of elements of the longest part.
func (t *totalSum[T]) longest() int {
	n := 0
	for i, start := range t.starts[1:] {
		n = max(n, start-t.starts[i])
	}
	return n
}

// cutAt makes room for the part in which a task ends and the next one begins.
func (t *totalSum[T]) cutAt(at int) {
	k := t.part(at)
	if t.starts[k] == at || t.cut[k] != nil {
		return
	}
	if t.cut == nil {
		t.cut = make(map[int][]T)
	}
	t.cut[k] = make([]T, t.starts[k+1]-t.starts[k])
}

// part returns which part an element is in.
func (t *totalSum[T]) part(at int) int { return sort.SearchInts(t.starts, at+1) - 1 }

// add takes the elements of x, or of the product of two, the first of which is number at. collected
// has those of a part whose end is in another block of the task; blocks of a task come in order.
func (t *totalSum[T]) add(at int, x [][]T, collected []T) {
	for k, i := t.part(at), 0; i < len(x[0]); k++ {
		start, end := t.starts[k], t.starts[k+1]
		n := min(end-at, len(x[0])-i)
		if n == end-start {
			t.sumPart(k, x, i, n)
		} else if all := t.cut[k]; all != nil {
			t.collect(all[at-start:][:n], x, i)
		} else {
			t.collect(collected[at-start:][:n], x, i)
			if at+n == end {
				kernel.SumAxis(t.sums[k:k+1], collected[:end-start], 1, end-start, 1)
			}
		}
		at, i = at+n, i+n
	}
}

// sumPart sums part k: n terms from number i on.
func (t *totalSum[T]) sumPart(k int, x [][]T, i, n int) {
	if len(x) > 1 {
		kernel.DotRows(t.sums[k:k+1], x[0][i:i+n], x[1][i:i+n], n)
	} else {
		kernel.SumAxis(t.sums[k:k+1], x[0][i:i+n], 1, n, 1)
	}
}

// collect writes the terms from number i on.
func (t *totalSum[T]) collect(to []T, x [][]T, i int) {
	if len(x) > 1 {
		kernel.Mul(to, x[0][i:], x[1][i:])
	} else {
		copy(to, x[0][i:])
	}
}

// finish adds the sums of the parts.
func (t *totalSum[T]) finish() {
	for k, all := range t.cut {
		kernel.SumAxis(t.sums[k:k+1], all, 1, len(all), 1)
	}
	for _, j := range t.joins {
		t.sums[j[0]] += t.sums[j[1]]
	}
	t.dst.Data[0] = t.sums[0]
}
