package autodiff

import "github.com/downhill-go/downhill/internal/kernel"

const (
	// fetchFrom is the least number of elements of an array that is worth fetching. Some arrays of fewer
	// are in the third-level cache, where larger blocks gain more.
	fetchFrom = 1 << 20

	// fetchSteps is the least number of steps for each array that is fetched: with fewer there is
	// more on its way at once than a processor can wait for, and memory is fetched as fast where it is read.
	fetchSteps = 4
)

// areLarge reports that wide arrays are worth fetching.
func (d rows) areLarge() bool { return d.count*d.wide() >= fetchFrom }

// findFetched finds the arrays whose rows for the next block are fetched to the second-level cache while
// this one is computed: large ones, that a program of many steps reads.
func (p *rowProgram[T]) findFetched() {
	if !p.d.areLarge() {
		return
	}
	written := make(map[int]bool)
	for _, s := range p.steps {
		written[s.dst] = true
	}
	for i, s := range p.slots {
		if s.array != nil && s.like == nil && !s.column && !s.fetched && !written[i] && s.width == p.d.wide() {
			p.fetched = append(p.fetched, i)
		}
	}
	if len(p.steps) < fetchSteps*len(p.fetched) {
		p.fetched = nil
	}
	p.part = (p.block*p.d.wide() + len(p.steps) - 1) / len(p.steps)
}

// fetch fetches the part of n rows, from start on, that is done after step i. All steps together fetch all.
func (p *rowProgram[T]) fetch(start, n, i int) {
	for _, k := range p.fetched {
		s := &p.slots[k]
		x := s.array.Data[start*s.width : min(start+n, p.d.count)*s.width]
		from := min(i*p.part, len(x))
		kernel.Fetch(x[from:min(from+p.part, len(x))])
	}
}
