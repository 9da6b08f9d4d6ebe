package autodiff

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// store is the memory of a program for one dtype: a register for each value of
// one element, buffers for the others, the leaves it reads and what it publishes.
type store[T tensor.Float] struct {
	r        []T
	register []int              // of each value, by its number; -1 for none
	arrays   []*tensor.Array[T] // of each value, by its number
	leaves   []*leafReader[T]
	outputs  []*publication[T]
	results  []span // the memory of outputs, in order
	buffers  int    // elements in planned buffers
}

// newStore makes room for the values of order that have elements of type T.
func newStore[T tensor.Float](order []*value, units []*unit, kept map[*value]bool) *store[T] {
	s := &store[T]{}
	dt := tensor.DtypeOf[T]()
	values := len(order)
	order = slices.DeleteFunc(slices.Clone(order), func(v *value) bool { return v.dtype != dt })
	if len(order) == 0 {
		return s
	}
	s.register, s.arrays = make([]int, values), make([]*tensor.Array[T], values)
	s.r = make([]T, s.assignRegisters(order))
	buffers := planBuffers[T](values, units, kept, &s.buffers)
	arrays := make([]tensor.Array[T], len(order))
	for i, v := range order {
		a := &arrays[i]
		a.Shape, s.arrays[v.id] = v.shape, a
		switch i := s.register[v.id]; {
		case i >= 0:
			a.Data = s.r[i : i+1]
		case v.isConst():
			a.Data = make([]T, v.size())
		case v.prim == nil: // bound when the program runs
		case buffers[v.id] != nil:
			a.Data = buffers[v.id]
		case needsNoWork(v):
			a.Data = s.arrays[v.args[0].id].Data
		}
		if v.isConst() {
			bind(v.prim, a, nil)()
		}
	}
	sharing := make(map[*value][]*tensor.Array[T]) // the arrays in the memory of a leaf
	for _, v := range order {
		if leaf := storageOf(v); leaf.leaf != nil {
			sharing[leaf] = append(sharing[leaf], s.arrays[v.id])
		}
	}
	for _, v := range order {
		if v.leaf != nil {
			s.leaves = append(s.leaves, s.newLeafReader(v, sharing[v]))
		}
	}
	return s
}

// assignRegisters numbers the values of one element and returns their number. A
// reshape has the register of its argument.
func (s *store[T]) assignRegisters(order []*value) int {
	n := 0
	for _, v := range order {
		s.register[v.id] = -1
		if v.size() != 1 {
			continue
		}
		if _, ok := v.prim.(reshape); ok {
			s.register[v.id] = s.register[v.args[0].id]
			continue
		}
		s.register[v.id] = n
		n++
	}
	return n
}

// storageOf returns the value whose memory v uses.
func storageOf(v *value) *value {
	for {
		if _, ok := v.prim.(reshape); !ok {
			return v
		}
		v = v.args[0]
	}
}

// leafReader brings the value of a leaf into a program. Tensors are read where
// they are; scalars are copied into their register.
type leafReader[T tensor.Float] struct {
	node    *Node
	shape   tensor.Shape
	layout  tensor.Shape       // of the value; gorgonia binds (n, 1) to (n)
	bound   gorgonia.Value     // what the node held in the last run
	base    uintptr            // where a tensor had its elements then
	src     []T                // its elements
	arrays  []*tensor.Array[T] // the arrays that share its memory
	scalar  []T                // the register, for leaves of one element
	strided *tensor.Dense      // a value that is not contiguous, and copied in each run
	own     []T                // a value that the program writes, copied to src in each run
	convert bool               // the node holds integers
	store   *store[T]
}

func (s *store[T]) newLeafReader(v *value, arrays []*tensor.Array[T]) *leafReader[T] {
	l := &leafReader[T]{node: v.leaf, shape: v.shape, store: s, convert: v.leaf.Dtype() != v.dtype}
	if i := s.register[v.id]; i >= 0 {
		l.scalar = s.r[i : i+1]
	} else {
		l.arrays = arrays
	}
	return l
}

// load is called at the start of every run.
func (l *leafReader[T]) load() error {
	v := l.node.Value()
	if v == nil {
		return fmt.Errorf("%w: leaf %q; give it one with autodiff.Let", ErrNoValue, l.node.Name())
	}
	if l.convert {
		return l.loadIntegers(v)
	}
	d, isDense := v.(*tensor.Dense)
	if v != l.bound || l.strided != nil || isDense && (d.Uintptr() != l.base || !sameLayout(d, l.layout)) {
		if err := l.bind(v); err != nil {
			return fmt.Errorf("leaf %q: %w", l.node.Name(), err)
		}
	}
	if l.scalar != nil {
		l.scalar[0] = l.src[0]
	}
	copy(l.src, l.own)
	return nil
}

// loadIntegers reads a value of integers, which are few: indices and lengths.
func (l *leafReader[T]) loadIntegers(v gorgonia.Value) error {
	x, err := integers(v)
	if err == nil && len(x) != tensor.Size(l.shape) {
		err = fmt.Errorf("%w: the value has shape %v, the node %v", ErrShape, v.Shape(), l.shape)
	}
	if err != nil {
		return fmt.Errorf("leaf %q: %w", l.node.Name(), err)
	}
	if l.src == nil {
		l.src = make([]T, len(x))
		for _, a := range l.arrays {
			a.Data = l.src
		}
	}
	for i, e := range x {
		l.src[i] = T(e)
	}
	if l.scalar != nil {
		l.scalar[0] = l.src[0]
	}
	return nil
}

// sameLayout reports that d is still a row-major tensor of the given shape:
// gorgonia lets a tensor be reshaped or transposed in place.
func sameLayout(d *tensor.Dense, shape tensor.Shape) bool {
	if len(shape) == 0 {
		return d.Dims() == 0
	}
	if !slices.Equal(d.Shape(), shape) {
		return false
	}
	n := 1
	strides := d.Strides()
	for i := len(shape) - 1; i >= 0; i-- {
		if i >= len(strides) || strides[i] != n && shape[i] != 1 {
			return false
		}
		n *= shape[i]
	}
	return true
}

func (l *leafReader[T]) bind(v gorgonia.Value) error {
	l.layout = v.Shape().Clone()
	isEqual := slices.Equal(l.layout, l.shape)
	if vectors := tensor.Size(l.layout) == tensor.Size(l.shape) && l.layout.Eq(l.shape); !isEqual && !vectors {
		return fmt.Errorf("%w: the value has shape %v, the node %v", ErrShape, v.Shape(), l.shape)
	}
	l.strided = nil
	if d, ok := v.(*tensor.Dense); ok {
		l.base = d.Uintptr()
		c, err := tensor.Contiguous(d)
		if err != nil {
			return err
		}
		if c != d {
			l.strided = d
		}
		v = c
	}
	src, err := tensor.Data[T](v)
	if err != nil {
		return err
	}
	l.own = nil
	if l.scalar == nil && l.store.publishes(src) { // as after Let(state, next.Value())
		l.own, src = src, make([]T, len(src))
	}
	l.bound, l.src = v, src
	if l.strided != nil {
		l.bound = l.strided
	}
	for _, a := range l.arrays {
		a.Data = src
	}
	return nil
}

// publication shows a result on a node, as its value or its gradient. The memory
// is handed over once and then written in place.
type publication[T tensor.Float] struct {
	node     *Node
	value    gorgonia.Value
	data     []T // its elements
	grad     bool
	attach   gorgonia.NodeConsOpt // sets the gradient; nil for a value
	src, sum []T                  // when gradients accumulate: what is added in each run, and to what
	onNode   gorgonia.Value       // the gradient on the node whose elements are sum
	add      func()               // adds src to sum
}

func (s *store[T]) publish(n *Node, v *value, grad, accumulate bool) {
	a := s.arrays[v.id]
	p := &publication[T]{node: n, grad: grad}
	if accumulate {
		p.src = a.Data
		p.add = inParts(len(p.src), partWork, func(from, to int) { kernel.Add(p.sum[from:to], p.sum[from:to], p.src[from:to]) })
		a = &tensor.Array[T]{Shape: a.Shape, Data: make([]T, len(a.Data))}
	}
	p.value, p.data = wrap(a), a.Data
	if grad {
		p.attach = gorgonia.WithGrad(p.value)
	}
	s.outputs = append(s.outputs, p)
	at := spanOf(p.data)
	i, _ := slices.BinarySearchFunc(s.results, at, span.compare)
	s.results = slices.Insert(s.results, i, at)
}

// span is a piece of memory.
type span struct{ start, end uintptr }

func spanOf[T tensor.Float](x []T) span {
	start := reflect.ValueOf(&x[0]).Pointer()
	return span{start, start + uintptr(len(x))*reflect.TypeFor[T]().Size()}
}

// compare orders spans that do not overlap; those that do are equal.
func (s span) compare(t span) int {
	switch {
	case s.end <= t.start:
		return -1
	case s.start >= t.end:
		return 1
	}
	return 0
}

// publishes reports that x shares memory with a result that the user holds.
func (s *store[T]) publishes(x []T) bool {
	_, overlaps := slices.BinarySearchFunc(s.results, spanOf(x), span.compare)
	return overlaps
}

// show is called at the end of every run.
func (p *publication[T]) show() error {
	if p.src != nil {
		return p.accumulate()
	}
	if !p.grad {
		if p.node.Value() != p.value {
			return gorgonia.UnsafeLet(p.node, p.value)
		}
		return nil
	}
	if have, err := p.node.Grad(); err != nil || have != p.value {
		return p.attachGrad()
	}
	return nil
}

func (p *publication[T]) attachGrad() error {
	if v, isDense := p.node.Value().(*tensor.Dense); isDense && v.Dims() == 0 {
		return fmt.Errorf("%w: %q holds a tensor of rank 0, and gorgonia cannot give it a gradient; use autodiff.Let", ErrShape, p.node.Name())
	}
	p.attach(p.node)
	return nil
}

// accumulate adds to the gradient that the node has, whoever put it there, so
// that several programs add up to one sum.
func (p *publication[T]) accumulate() error {
	have, err := p.node.Grad()
	if d := p.node.Deriv(); d != nil && have == d.Value() { // not on the node: Grad falls back to it
		have = nil
	}
	if err != nil || have == nil {
		if err := p.attachGrad(); err != nil {
			return err
		}
		have = p.value
	}
	if have != p.onNode {
		sum, err := tensor.Data[T](have)
		if err != nil || len(sum) != len(p.src) {
			return fmt.Errorf("%w: %q has a gradient of %v and %v, which cannot be added to", ErrShape, p.node.Name(), have.Dtype(), have.Shape())
		}
		p.onNode, p.sum = have, sum
	}
	p.add()
	return nil
}

func (s *store[T]) load() error {
	for _, l := range s.leaves {
		if err := l.load(); err != nil {
			return err
		}
	}
	return nil
}

func (s *store[T]) show() error {
	for _, p := range s.outputs {
		if err := p.show(); err != nil {
			return err
		}
	}
	return nil
}
