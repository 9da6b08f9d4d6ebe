package autodiff

import (
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// target is a result of a program: the value of from, which is published on to
// unless that is nil, and given to after, unless that is nil, at the end of each run.
type target struct {
	from, to   *Node
	grad       bool // it is the gradient of to, and not its value
	accumulate bool // and added to the gradient that is there
	shared     bool // it may have memory that another target shows
	after      func(gorgonia.Value) error
}

// assemble makes the program that computes targets.
func (im *importer) assemble(targets []target) (*Program, error) {
	nodes := make([]*Node, len(targets))
	for i, t := range targets {
		nodes[i] = t.from
	}
	order, err := im.topological(nodes...)
	for _, t := range im.updates { // of which topological has found the last
		targets = append(targets, t)
		nodes = append(nodes, t.from)
	}
	if err == nil && len(im.updates) > 0 {
		order, err = im.topological(nodes...)
	}
	if err != nil {
		return nil, err
	}
	b := newBuilder(max(0, len(order.nodes)-len(im.refs)))
	b.eval, b.seed = im.eval, im.seed
	values := b.lower(im, order)
	kept := make(map[*value]bool)
	outputs := make([]*value, len(targets))
	for i, t := range targets {
		v := values[order.place[t.from]]
		if needsNoWork(v) || kept[v] && !t.shared { // it has no memory of its own to publish
			v = b.add(&value{prim: stopGradient{}, args: []*value{v}, shape: v.shape, dtype: v.dtype})
		}
		outputs[i], kept[v] = v, true
	}
	p := &Program{loss: outputs[0], watch: im.watch}
	schedule := schedule(outputs)
	if im.watch != nothing {
		p.names = namesOf(order.nodes, values)
		for _, v := range schedule {
			kept[v] = true
		}
	}
	p.build(schedule, kept, im.watch == nothing && !im.noRows)
	for i, t := range targets {
		if outputs[i].dtype == tensor.Float32 {
			publish(p, p.f32, t, outputs[i])
		} else {
			publish(p, p.f64, t, outputs[i])
		}
	}
	return p, nil
}

// publish makes p show the value v as t says.
func publish[T tensor.Float](p *Program, s *store[T], t target, v *value) {
	after := t.after
	switch {
	case t.to == nil:
	case isFloat(t.to.Dtype()):
		s.publish(t.to, v, t.grad, t.accumulate)
	default:
		after = func(x gorgonia.Value) error { return gorgonia.UnsafeLet(t.to, x) }
	}
	if after == nil {
		return
	}
	x := wrap(s.arrays[v.id])
	if isFloat(t.from.Dtype()) {
		p.after = append(p.after, func() error { return after(x) })
		return
	}
	p.after = append(p.after, func() error {
		b, err := asBools(t.from, x)
		if err != nil {
			return err
		}
		return after(b)
	})
}

// build turns a schedule into functions over planned memory.
func (p *Program) build(order []*value, kept map[*value]bool, rows bool) {
	order = numbered(fuseEpilogues(numbered(order), kept))
	users := usersOf(order, func(a *value) *value { return a })
	units := fuse(order, users, kept, rows)
	if rows {
		units = passImages(units, users, kept)
		chooseLayouts(units, users, kept)
		order, units = rememberPlaces(order, units, users, kept)
	}
	p.order, p.units = order, units
	p.f32 = newStore[float32](order, units, kept)
	p.f64 = newStore[float64](order, units, kept)
	for i := 0; i < len(units); {
		n := max(scalarRun(units[i:]), joinedRun(units[i:]))
		p.code = append(p.code, p.compile(units[i:i+n]))
		p.spans = append(p.spans, n)
		i += n
	}
}

// numbered gives each value its place in order, and returns order.
func numbered(order []*value) []*value {
	for i, v := range order {
		v.id = i
	}
	return order
}

// compile returns the function that runs units, as compile of the store of their
// dtype does.
func (p *Program) compile(units []*unit) func() {
	v := units[0].result()
	_, isCast := v.prim.(cast)
	switch {
	case isCast && v.dtype == tensor.Float32:
		return bindCast(p.f32.arrays[v.id], p.f64.arrays[v.args[0].id])
	case isCast:
		return bindCast(p.f64.arrays[v.id], p.f32.arrays[v.args[0].id])
	}
	if f, ok := v.prim.(foreign); ok {
		return p.guard(f, v)
	}
	if v.dtype == tensor.Float32 {
		return p.f32.compile(units)
	}
	return p.f64.compile(units)
}

// guard returns the function that runs an operation of another package. The first
// that fails in a run is the error of the run.
func (p *Program) guard(f foreign, v *value) func() {
	var run func() error
	if v.dtype == tensor.Float32 {
		run = bindForeign(f, p.f32.arrays[v.id], p.f32.inputs(v))
	} else {
		run = bindForeign(f, p.f64.arrays[v.id], p.f64.inputs(v))
	}
	return func() {
		if p.failed == nil {
			p.failed = run()
		}
	}
}

// scalarRun returns how many of the first units make one register program; 1 if
// the first is something else.
func scalarRun(units []*unit) int {
	n := 0
	for n < len(units) && isRegisterOp(units[n].result()) && units[n].result().dtype == units[0].result().dtype {
		n++
	}
	return max(n, 1)
}

func isRegisterOp(v *value) bool { return isPointwise(v) && v.size() == 1 }

// compile returns the function that runs units, which are a run of scalar
// operations, a pass over images, or one other unit.
func (s *store[T]) compile(units []*unit) func() {
	v := units[0].result()
	if joinedRun(units) > 1 || layoutsOf(v) != (imageLayouts{}) {
		return s.compilePass(units)
	}
	if units[0].rows != nil {
		return newRowProgram(units[0], s.arrays).run
	}
	if isRegisterOp(v) {
		p := &registers[T]{r: s.r}
		for _, u := range units {
			p.add(u.result(), s.register)
		}
		return p.run
	}
	if isPointwise(v) {
		return s.compileChain(units[0])
	}
	return bind(v.prim, s.arrays[v.id], s.inputs(v))
}

// inputs returns the arrays that v is computed from.
func (s *store[T]) inputs(v *value) []*tensor.Array[T] {
	in := make([]*tensor.Array[T], len(v.args))
	for i, a := range v.args {
		in[i] = s.arrays[a.id]
	}
	return in
}

// compileChain numbers the inputs and steps of a chain.
func (s *store[T]) compileChain(u *unit) func() {
	var from []*value
	var in []*tensor.Array[T]
	for _, v := range u.values {
		for _, a := range v.args {
			if !slices.Contains(u.values, a) && !slices.Contains(from, a) {
				from, in = append(from, a), append(in, s.arrays[a.id])
			}
		}
	}
	steps := make([]step, len(u.values))
	for i, v := range u.values {
		steps[i] = step{prim: v.prim.(Pointwise), src: make([]int, len(v.args))}
		for k, a := range v.args {
			if steps[i].src[k] = slices.Index(from, a); steps[i].src[k] < 0 {
				steps[i].src[k] = len(from) + slices.Index(u.values, a)
			}
		}
	}
	return newChain(s.arrays[u.result().id], in, steps)
}
