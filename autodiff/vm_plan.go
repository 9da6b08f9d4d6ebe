package autodiff

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// vmPlan finds out what a machine has to compute.
type vmPlan struct {
	vm      *VM
	im      *importer
	nodes   []*Node           // of the graph
	users   map[*Node][]*Node // who uses them
	left    map[*Node]bool    // what gorgonia.Grad left behind
	first   int64             // the number of the oldest node that it was called on
	seeded  []*Node           // costs whose gradients start from a computed node
	shown   map[*Node]bool    // that a target is the value of
	targets []target
}

func (vm *VM) compile() error {
	p := &vmPlan{vm: vm, im: newDraftImporter(), nodes: vm.options.nodes,
		users: make(map[*Node][]*Node), shown: make(map[*Node]bool)}
	p.im.eval, p.im.seed, p.im.watch = vm.options.eval, vm.options.compile.seed, vm.options.watch
	if p.nodes == nil {
		if vm.nodes == nil {
			vm.nodes = slices.Clone(vm.g.AllNodes())
		}
		p.nodes = vm.nodes
	}
	vm.modes = p.im.modes
	if err := vm.options.check(vm); err != nil {
		return vm.fail(err)
	}
	for _, n := range p.nodes {
		if err := Err(n); err != nil {
			return vm.fail(err)
		}
		for _, x := range inputsOf(n) {
			p.users[x] = append(p.users[x], n)
		}
	}
	p.left = p.leftByGrad()
	p.findSeeded()
	for n, users := range p.users {
		p.users[n] = slices.DeleteFunc(users, func(u *Node) bool { return p.left[u] })
	}
	if err := p.addGradients(); err != nil {
		return vm.fail(err)
	}
	if err := p.addStatements(); err != nil {
		return vm.fail(err)
	}
	p.addValues()
	if len(p.targets) == 0 {
		return nil
	}
	prog, err := p.im.assemble(p.targets)
	if err != nil {
		return vm.fail(err)
	}
	prog.after = append(prog.after, vm.after...)
	vm.prog = prog
	return nil
}

// inputsOf returns the inputs of a node of any maker, for looking at only.
func inputsOf(n *Node) []*Node {
	if o, ok := n.Op().(*op); ok {
		return o.in
	}
	return childrenOf(n)
}

// leftByGrad returns the nodes that gorgonia.Grad made: those that it marked, and
// those in between, which only such nodes use. What was there before it is not among
// them, though it may use it: sin x, where it differentiates cos x.
func (p *vmPlan) leftByGrad() map[*Node]bool {
	p.first = p.oldestCost()
	left := make(map[*Node]bool)
	for _, n := range slices.Backward(p.nodes) {
		if n.IsVar() || isConstant(n) || n.Deriv() != nil || n.ID() < p.first {
			continue
		}
		if len(n.DerivOf()) > 0 || isMarked(n) {
			left[n] = true
			continue
		}
		users := p.users[n]
		left[n] = len(users) > 0 && !slices.ContainsFunc(users, func(u *Node) bool { return !left[u] })
	}
	return left
}

// oldestCost returns the number of the oldest node that has a gradient and that no node
// with one uses. All that gorgonia.Grad makes is newer.
func (p *vmPlan) oldestCost() int64 {
	first := int64(math.MaxInt64)
	for _, n := range p.nodes {
		if n.Deriv() != nil && !isConstant(n) && !slices.ContainsFunc(p.users[n], func(u *Node) bool { return u.Deriv() != nil }) {
			first = min(first, n.ID())
		}
	}
	return first
}

// isMarked reports that gorgonia.Grad put n in its group of gradients, or of those
// that have no use.
func isMarked(n *Node) bool {
	f := reflect.ValueOf(n).Elem().FieldByName("group")
	return f.Kind() == reflect.String && (f.String() == "gradients" || f.String() == "undifferentiated nodes")
}

func isConstant(n *Node) bool {
	if o, ok := n.Op().(*op); ok {
		_, ok = o.prim.(constant)
		return ok
	}
	return n.Op() != nil && isStockConstant(n)
}

// addGradients differentiates the costs, and makes the results stand in for what
// gorgonia.Grad left behind.
func (p *vmPlan) addGradients() error {
	claims, err := p.claims()
	if err != nil {
		return err
	}
	bound := make(map[*Node]bool)
	for _, c := range claims {
		grads, err := p.gradients(c)
		if err != nil {
			return err
		}
		for i, x := range c.wrt {
			if p.isBound(x) && !bound[x] {
				bound[x] = true
				p.bind(x, grads[i])
			}
			p.replace(x.Deriv(), grads[i])
		}
	}
	return nil
}

// replace makes grad what d is, the gradient by gorgonia.Grad. Gorgonia may give it
// another shape. Rules of other packages may give the same node to us as to gorgonia.
func (p *vmPlan) replace(d, grad *Node) {
	if d == nil || isConstant(d) || d.IsVar() || d.ID() < p.first || tensor.Size(d.Shape()) != tensor.Size(grad.Shape()) {
		return
	}
	if slices.ContainsFunc(p.seeded, func(c *Node) bool { return c.Deriv() == d }) { // given by the user
		return
	}
	if !slices.Equal(d.Shape(), grad.Shape()) {
		grad = Reshape(grad, d.Shape()...)
	}
	if behind(grad) != d {
		if p.im.standIn == nil {
			p.im.standIn = make(map[*Node]*Node)
		}
		p.im.standIn[d] = grad
	}
	if !p.shown[d] {
		p.show(grad, d, true)
	}
}

// isBound reports that the user wants the gradient of x on it.
func (p *vmPlan) isBound(x *Node) bool {
	o := &p.vm.options
	if len(o.bound) > 0 {
		return slices.Contains(o.bound, x)
	}
	return o.bind
}

func (p *vmPlan) bind(x, grad *Node) {
	o := &p.vm.options.compile
	if !x.IsVar() && !isConstant(x) { // gorgonia keeps a gradient beside a value
		p.targets = append(p.targets, target{from: x, to: x})
		p.shown[x] = true
	}
	p.targets = append(p.targets, target{from: grad, to: x, grad: true, accumulate: !slices.Contains(o.params, x) || o.accumulate})
}

// addStatements does the reads and sets, which have no value themselves.
func (p *vmPlan) addStatements() error {
	for _, n := range p.nodes {
		if n.Op() == nil {
			continue
		}
		kids := inputsOf(n)
		switch name := stockName(n.Op()); {
		case name == "readOp" && len(kids) == 1:
			into := (*gorgonia.Value)(reflect.ValueOf(n.Op()).FieldByName("into").UnsafePointer())
			p.atEnd(kids[0], func(v gorgonia.Value) error { return readInto(into, v) })
		case name == "letOp" && len(kids) == 2:
			if !kids[0].IsVar() {
				return fmt.Errorf("%w: Set of %v, which is not a leaf", ErrParam, kids[0])
			}
			p.atEnd(kids[1], func(v gorgonia.Value) error { return setValue(kids[0], v) })
		}
	}
	return nil
}

// atEnd calls do with the value of n at the end of each run. Programs have no integers:
// those of leaves and constants are taken from the node.
func (p *vmPlan) atEnd(n *Node, do func(gorgonia.Value) error) {
	if isFloat(n.Dtype()) || !n.IsVar() && !isConstant(n) {
		p.targets = append(p.targets, target{from: n, after: do})
		return
	}
	p.vm.after = append(p.vm.after, func() error {
		if n.Value() == nil {
			return p.vm.fail(fmt.Errorf("%w: leaf %q; give it one with autodiff.Let", ErrNoValue, n.Name()))
		}
		return do(n.Value())
	})
}

// readInto does what gorgonia.Read asks for: the first time it makes a value, and
// then writes into it.
func readInto(into *gorgonia.Value, v gorgonia.Value) error {
	if *into != nil && *into != v {
		if _, err := gorgonia.Copy(*into, v); err == nil {
			return nil
		}
	}
	c, err := gorgonia.CloneValue(v)
	*into = c
	return err
}

// addValues publishes the values of the nodes that the user may hold.
func (p *vmPlan) addValues() {
	for _, n := range p.nodes {
		if p.shown[n] || !p.isWanted(n) {
			continue
		}
		p.show(n, n, false)
	}
	p.addLog()
}

// show makes the value of from that of the node to.
func (p *vmPlan) show(from, to *Node, shared bool) {
	t := target{from: from, to: to, shared: shared}
	if p.vm.options.trace {
		t = target{from: from, after: func(v gorgonia.Value) error { return letCopy(to, v) }}
	}
	p.shown[to] = true
	p.targets = append(p.targets, t)
}

// isWanted reports that a run is to leave a value on n.
func (p *vmPlan) isWanted(n *Node) bool {
	if n.IsVar() || isConstant(n) || n.Type() == nil || p.left[n] {
		return false
	}
	if p.vm.options.limit {
		return len(p.users[n]) == 0 || slices.Contains(p.vm.options.only, n)
	}
	return !p.isInside(n)
}

// isInside reports a node inside of one of gorgonia's composite functions, which
// nobody holds: the sizes and repetitions of a broadcast or mean, and the test of a
// rectifier.
func (p *vmPlan) isInside(n *Node) bool {
	users := p.users[n]
	switch stockName(n.Op()) {
	case "sizeOp", "repeatOp":
		return true
	}
	if p.im.historyOf(n.Graph()).calls[n] > 1 { // another call made it too: the user's, perhaps; gorgonia.Grad forgets that
		return false
	}
	switch stockName(n.Op()) {
	case "reshapeOp", "im2colOp", "linAlgBinOp":
		return p.inConvolution(n)
	case "elemBinOp":
		x := rectified(n)
		return len(users) == 1 && x != nil && operator(users[0], "⊙") != nil && slices.Contains(inputsOf(users[0]), x)
	}
	return false
}

// rectified returns x where n is the test x >= 0 that gorgonia.Rectify made, and else nil.
func rectified(n *Node) *Node {
	test := operator(n, ">=")
	if test == nil || !isNumber(test[1], 0) {
		return nil
	}
	for _, g := range n.Groups() {
		if g.Name == "Rectify" {
			return test[0]
		}
	}
	return nil
}

// inConvolution reports that all that uses n is on the way to a convolution.
func (p *vmPlan) inConvolution(n *Node) bool {
	users := p.users[n]
	if len(users) == 0 {
		return false
	}
	for _, u := range users {
		switch stockName(u.Op()) {
		case "transposeOp":
			if p.im.convolution(u) == nil {
				return false
			}
		case "reshapeOp", "linAlgBinOp":
			if !p.inConvolution(u) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// letCopy gives n a value of its own, which no later run changes.
func letCopy(n *Node, v gorgonia.Value) error {
	c, err := gorgonia.CloneValue(v)
	if err != nil {
		return err
	}
	return gorgonia.UnsafeLet(n, c)
}

// addLog writes the values of the watched nodes to the logger after each run.
func (p *vmPlan) addLog() {
	o := &p.vm.options
	if o.logger == nil {
		return
	}
	watched := o.watched
	if watched == nil {
		watched = slices.DeleteFunc(slices.Clone(p.nodes), func(n *Node) bool { return !p.isWanted(n) })
	}
	for _, n := range watched {
		if n.Type() == nil || !isFloat(n.Dtype()) {
			continue
		}
		p.targets = append(p.targets, target{from: n, after: func(v gorgonia.Value) error {
			o.logger.Printf("%v = "+o.valueFmt, n, v)
			return nil
		}})
	}
}
