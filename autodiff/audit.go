package autodiff

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// What [CheckGrad] finds, for errors.Is, besides [ErrNotFinite]. Other errors are those
// of [Grad].
var (
	ErrGradient = errors.New("wrong gradient") // it does not agree with differences of values
	ErrOutput   = errors.New("wrong value")    // two ways to compute it do not agree
)

// CheckGrad audits a graph with the values that its leaves have now, and returns nil
// or a [*GradError] that names the first operation, in the order of computing, whose
// value or gradient is wrong, and the line that made it. Without wrt it takes all
// leaves. For each operation between wrt and the loss, it compares
//
//	value     a float32 value with the same operation in float64; the value with
//	          that of a second run, and of elements one by one where it is Pointwise
//	gradient  ȳ·∂y/∂x by its own rule with ȳ·(y(x + ε) − y(x − ε))/2ε, for random ȳ
//	          and each input x at the values it has in this graph, in float64
//
// then the gradient of the whole loss with differences, along random directions, and
// the compiled program with the operations one by one. A [CustomGrad] is compared
// with differences of the expression whose gradient it replaces. Infinities and NaN
// are an error where the loss or its gradient is not finite.
//
// Kinks are no mistakes: where the slopes on both sides of an element differ, as for
// [Relu] at 0 or a tie of [Max], any gradient is accepted. Operations that read one half
// of a symmetric matrix are compared for symmetric changes. As in Grad, what a
// [StopGradient] holds counts as constant; random nodes keep their numbers.
//
// The graph stays as it is. The audit takes the time of some hundred evaluations of
// it, without compilation, and the memory of all of its values: use small batches.
// It is like torch.autograd.gradcheck, which says that a function is wrong, but not
// where. Package gradtest checks single operations, at second order too.
func CheckGrad(loss *Node, wrt ...*Node) error { return Audit{}.CheckGrad(loss, wrt...) }

// Audit says how to check. Fields that are zero have the defaults.
type Audit struct {
	Eps        float64 // step of the differences, relative to elements above 1; default 1e-5
	Tol        float64 // allowed error of a gradient, relative to the sizes of its terms; default 1e-6
	Tol32      float64 // allowed error of a float32 value, relative; default 1e-4
	Directions int     // random directions for the whole loss; default 2
	Seed       uint64  // seed of the random numbers; default 0
	Trust      []*Node // nodes whose gradient is another one on purpose, as of a straight-through estimator
}

// GradError is what [CheckGrad] found, and where.
type GradError struct {
	Node  *Node   // the operation, or the loss when only the gradient of the whole is wrong
	Pos   string  // the line that made the node, "" if unknown
	Op    string  // its name, as "MatMul"
	Input int     // the input, or, for the whole loss, the place in wrt; −1 for a value
	Index []int   // the element of the input or value; nil when it is about all elements
	Got   float64 // the value, or the gradient x̄ = ȳ·∂y/∂x for random ȳ
	Want  float64
	How   string // where Want is from, as "by differences"
	Err   error  // ErrGradient, ErrOutput or ErrNotFinite

	about *Node // the input, or the one of wrt
	in    []*Node
}

// Unwrap returns e.Err.
func (e *GradError) Unwrap() error { return e.Err }

// Error returns for example
//
//	train.go:41: autodiff.CheckGrad: wrong gradient: Bell (3) -> (3), input 0 "x" (3), element [1]: got 0.74, want 0.735758882 by differences
func (e *GradError) Error() string {
	var b strings.Builder
	if e.Pos != "" {
		b.WriteString(e.Pos + ": ")
	}
	shapes := make([]tensor.Shape, len(e.in))
	for i, x := range e.in {
		shapes[i] = x.Shape()
	}
	fmt.Fprintf(&b, "autodiff.CheckGrad: %v: %s", e.Err, e.Op)
	if len(shapes) > 0 {
		fmt.Fprintf(&b, " %s ->", listShapes(shapes))
	}
	fmt.Fprintf(&b, " %v", e.Node.Shape())
	if e.about != nil {
		fmt.Fprintf(&b, ", input %d %s", e.Input, nameOf(e.about))
	}
	if len(e.Index) > 0 {
		b.WriteString(", element [" + strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Index), " ", ", "), "[]") + "]")
	}
	fmt.Fprintf(&b, ": got %.9g", e.Got)
	if e.How != "" {
		fmt.Fprintf(&b, ", want %.9g %s", e.Want, e.How)
	}
	return b.String()
}

// nameOf describes an input: a leaf by its name, a node by its function and line.
func nameOf(n *Node) string {
	if n.IsVar() {
		return fmt.Sprintf("%q %v", n.Name(), n.Shape())
	}
	if pos := Position(n); pos != "" {
		return fmt.Sprintf("%v of %s %v", n.Op(), pos, n.Shape())
	}
	return fmt.Sprintf("%v %v", n.Op(), n.Shape())
}

// mistake returns the error for an element of n, or of its input i if that is not −1.
func (a *auditor) mistake(kind error, n *Node, i, element int, got, want float64, how string) *GradError {
	e := &GradError{Node: n, Pos: Position(n), Input: i, Got: got, Want: want, How: how, Err: kind}
	if o, _ := a.im.op(n); o != nil { // topological has seen the errors
		e.Op, e.in = o.prim.Name(), o.in
	} else {
		e.Op = fmt.Sprintf("%q", n.Name())
	}
	about := n
	if i >= 0 {
		e.about = e.in[i]
		about = e.about
	}
	if element >= 0 {
		e.Index = unravel(element, about.Shape())
	}
	return e
}

// unravel returns the index of element i of a row-major array.
func unravel(i int, shape tensor.Shape) []int {
	index := make([]int, len(shape))
	for k, d := range slices.Backward(shape) {
		index[k] = i % d
		i /= d
	}
	return index
}

// CheckGrad is the function [CheckGrad] with options.
func (o Audit) CheckGrad(loss *Node, wrt ...*Node) error {
	a := &auditor{Audit: o.withDefaults(), im: newDraftImporter()}
	if err := a.prepare(loss, wrt); err != nil {
		return named("CheckGrad", err)
	}
	for _, n := range a.order {
		if err := a.checkNode(n); err != nil {
			return named("CheckGrad", err)
		}
	}
	return named("CheckGrad", a.checkWhole())
}

func (o Audit) withDefaults() Audit {
	for _, d := range []struct {
		field *float64
		value float64
	}{{&o.Eps, 1e-5}, {&o.Tol, 1e-6}, {&o.Tol32, 1e-4}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Directions == 0 {
		o.Directions = 2
	}
	return o
}

// auditor is one audit of a graph.
type auditor struct {
	Audit
	im     *importer
	loss   *Node
	wrt    []*Node
	order  []*Node        // what the loss depends on, inputs first
	path   map[*Node]bool // those on paths from wrt
	trust  map[*Node]bool
	values values // of order, computed in the dtype of the graph
	kinks  bool   // differences of the whole need not agree with the gradient
}

// values are the elements of nodes. Those of float32 are held exactly.
type values map[*Node]*tensor.Array[float64]

// prepare checks the arguments and reads the leaves.
func (a *auditor) prepare(loss *Node, wrt []*Node) error {
	if err := Err(loss); err != nil {
		return err
	}
	order, err := a.im.topological(loss)
	if err != nil {
		return err
	}
	a.loss, a.order, a.values = loss, order.nodes, make(values, len(order.nodes))
	a.path, a.trust = make(map[*Node]bool), make(map[*Node]bool)
	for _, n := range a.Trust {
		a.trust[n] = true
	}
	for _, n := range order.nodes {
		if !n.IsVar() {
			continue
		}
		if a.values[n], err = leafValue(n); err != nil {
			return &Error{Op: "autodiff", Pos: callerPos(), Err: err}
		}
		if len(wrt) == 0 && isFloat(n.Dtype()) {
			a.wrt = append(a.wrt, n)
		}
	}
	a.wrt = append(a.wrt, wrt...)
	if _, err := a.im.grad(loss, a.wrt); err != nil {
		return err
	}
	all, onPath, err := a.im.pathsTo(loss, a.wrt)
	for i, on := range onPath {
		a.path[all.nodes[i]] = on
	}
	return err
}

// leafValue returns a copy of the elements of a leaf.
func leafValue(n *Node) (*tensor.Array[float64], error) {
	v := n.Value()
	if v == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoValue, n.Name())
	}
	data, err := floats(v)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", n.Name(), err)
	}
	if !slices.Equal(v.Shape(), n.Shape()) {
		return nil, fmt.Errorf("%w: %q has shape %v, the value %v", ErrShape, n.Name(), n.Shape(), v.Shape())
	}
	return &tensor.Array[float64]{Shape: n.Shape(), Data: data}, nil
}

// checkNode computes n, and checks its value and its gradient rule.
func (a *auditor) checkNode(n *Node) error {
	o, err := a.im.op(n)
	if o == nil || err != nil {
		return err
	}
	if err := a.checkValue(n, o); err != nil {
		return err
	}
	if !a.path[n] || a.trust[n] {
		return nil
	}
	return a.checkRule(n, o, a.direction(0, tensor.Size(n.Shape())))
}

// checkRule checks the gradient rule of n for the gradient dy.
func (a *auditor) checkRule(n *Node, o *op, dy []float64) error {
	l, err := a.newLocal(n, o, dy)
	if l == nil || err != nil {
		return err
	}
	for i, x := range o.in {
		if a.path[x] && isDifferentiable(o.prim, i) {
			if err := l.checkInput(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func finite(x []float64) bool { return !slices.ContainsFunc(x, notFinite) }
