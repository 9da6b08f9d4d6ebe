package autodiff

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// The kinds of mistakes that building functions record, for errors.Is.
var (
	ErrShape     = tensor.ErrShape                                   // shapes or axes do not fit
	ErrDtype     = tensor.ErrDtype                                   // element types differ, or are not floats
	ErrNil       = errors.New("nil node")                            // a *Node argument is nil
	ErrGraph     = errors.New("nodes of different graphs")           // or a node without a graph
	ErrName      = errors.New("bad name")                            // an empty or repeated name of a leaf
	ErrNotScalar = errors.New("not a scalar")                        // a loss with more than one element
	ErrForeign   = errors.New("operation that cannot be read")       // of gorgonia's or another package's
	ErrDamaged   = errors.New("damaged graph")                       // gorgonia merged or lost nodes
	ErrParam     = errors.New("bad parameter")                       // not a leaf, or given twice, in WithGrad
	ErrNoValue   = errors.New("no value")                            // a leaf that was never given a value
	ErrNoRule    = errors.New("no gradient rule for this operation") // a Primitive whose VJP failed
	ErrPrimitive = errors.New("bad primitive")                       // a Primitive that cannot be applied
	ErrNotFinite = errors.New("not a finite number")                 // found by a program that watches
	ErrBusy      = errors.New("program is running in another goroutine")
)

// Error is a mistake in a graph: which operation, given which shapes, called
// from where. Err says what is wrong and wraps one of the sentinel errors.
type Error struct {
	Op     string         // the function called, as "autodiff.MatMul"
	Shapes []tensor.Shape // shapes of the arguments
	Pos    string         // the caller's file:line, "" if unknown
	Err    error
}

// Error returns for example
//
//	train.go:41: autodiff.MatMul: bad shape: (3, 4) and (5, 2): inner dimensions 4 and 5 differ
func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos != "" {
		b.WriteString(e.Pos + ": ")
	}
	fmt.Fprintf(&b, "%s: %v", e.Op, e.Err)
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// shapeError reports shapes that an operation cannot take, with the reason.
func shapeError(in []tensor.Shape, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrShape, listShapes(in), fmt.Sprintf(format, args...))
}

func listShapes(in []tensor.Shape) string {
	s := make([]string, len(in))
	for i, shape := range in {
		s[i] = fmt.Sprint(shape)
	}
	return strings.Join(s, " and ")
}

// Invalid returns an invalid node: a node of g that stands for a mistake. Every
// operation on it returns it unchanged, and [Compile], [Grad] and [Err] return
// the error it carries, so that an expression needs no error checks. The error
// names op and the file:line of the first caller outside of Downhill.
//
// It is for packages that build expressions, as nn does. A nil g is allowed.
func Invalid(g *Graph, op string, err error, shapes ...tensor.Shape) *Node {
	if g == nil {
		g = NewGraph()
	}
	e := &Error{Op: op, Shapes: shapes, Pos: callerPos(), Err: err}
	return newNode(g, invalid{e}, nil, nil, tensor.Float64)
}

// Err returns the error that n carries, or nil for a valid node.
func Err(n *Node) error {
	if e := nodeErr(n); e != nil {
		return e
	}
	return nil
}

func nodeErr(n *Node) *Error {
	if n == nil {
		return &Error{Op: "autodiff", Pos: callerPos(), Err: ErrNil}
	}
	if n.Graph() == nil {
		return &Error{Op: "autodiff", Pos: callerPos(), Err: withoutGraph(n)}
	}
	if o, ok := n.Op().(*op); ok {
		if bad, ok := o.prim.(invalid); ok {
			return bad.err
		}
	}
	return nil
}

// withoutGraph reports a node that no operation can be applied to.
func withoutGraph(n *Node) error {
	return fmt.Errorf("%w: %v is in no graph, as gorgonia.NewConstant makes it; use Const", ErrGraph, n)
}

// as returns y, the result of fn(in...). When y is invalid by a mistake that was
// made in fn itself, and not in one of its arguments, the error names fn, and not
// the function that fn called.
func as(fn string, y *Node, in ...*Node) *Node {
	e := nodeErr(y)
	if e == nil {
		return y
	}
	for _, x := range in {
		if x != nil && nodeErr(x) == e {
			return y
		}
	}
	e.Op = "autodiff." + fn
	return y
}

// named returns err, from a function on gradients that fn called, with the name of
// fn. An error that a node carries keeps the name of the function that made it.
func named(fn string, err error) error {
	if e, ok := err.(*Error); ok {
		switch e.Op {
		case "autodiff", "autodiff.Grad", "autodiff.VJP":
			e.Op = "autodiff." + fn
		}
	}
	return err
}

// invalid is the operation of an invalid node.
type invalid struct{ err *Error }

func (p invalid) Name() string                               { return "Invalid" }
func (p invalid) Shape([]tensor.Shape) (tensor.Shape, error) { return nil, p.err }
func (p invalid) VJP([]*Node, *Node, *Node) []*Node          { return nil }

// module is the import path below which all code is ours.
const module = "github.com/downhill-go/downhill/"

// callerPos returns the file:line of the innermost caller that is not a
// building function: code outside this module, a test or an example.
func callerPos() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if isUsers(f) {
			return position(f)
		}
		if !more {
			return ""
		}
	}
}
