package autodiff

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// A stockNode is a node made by gorgonia's own functions, as the rules of
// stockRules see it.
type stockNode struct {
	im   *importer
	node *Node
	op   gorgonia.Op
	in   []*Node // what to build on in place of the children
	kids []*Node // the children
}

// translate returns what the stock node n computes, as an operation of this package.
// The result has the shape that gorgonia gave the node, or there is none.
func (im *importer) translate(n *Node) (*op, error) {
	s := &stockNode{im: im, node: n, op: n.Op(), kids: childrenOf(n)}
	if y := im.standIn[n]; y != nil {
		return refOp(y), nil
	}
	if err := s.check(); err != nil {
		return nil, s.fail(err)
	}
	s.in = im.refAll(s.kids)
	rule, known := stockRules()[typeName(s.op)]
	if !known {
		rule = applyForeign
	}
	y, err := guarded(rule, s)
	if err == nil {
		err = Err(y)
	}
	if err == nil {
		y, err = s.fit(y)
	}
	if err != nil {
		return nil, s.fail(err)
	}
	if o, ok := y.Op().(*op); ok && !slices.Contains(s.in, y) && !slices.Contains(s.kids, y) {
		return o, nil
	}
	return refOp(y), nil
}

// refOp is the operation of a node that equals y.
func refOp(y *Node) *op {
	return &op{prim: ref{}, in: []*Node{y}, shape: y.Shape(), dtype: y.Dtype()}
}

// fit returns y in the shape that gorgonia gave the node, which it made for the inputs
// that it was called with.
func (s *stockNode) fit(y *Node) (*Node, error) {
	want, have := shapeOf(s.node), shapeOf(y)
	if y.Dtype() != s.node.Dtype() && isFloat(s.node.Dtype()) {
		return nil, fmt.Errorf("%w: it computes %v, and gorgonia gave the node %v: it takes two constants that print alike for one; give them names", ErrDamaged, y.Dtype(), s.node.Dtype())
	}
	if slices.Equal(have, want) {
		return y, nil
	}
	if tensor.Size(have) != tensor.Size(want) {
		return nil, fmt.Errorf("%w: it has shape %v, and gorgonia gave the node %v", ErrDamaged, have, want)
	}
	return Reshape(y, want...), nil
}

// fail says where err happened. Gorgonia's nodes do not know the line they are from.
func (s *stockNode) fail(err error) error {
	if _, ok := err.(*Error); ok {
		return err
	}
	e := &Error{Op: "gorgonia." + stockName(s.op), Pos: callerPos(), Err: fmt.Errorf("%w, node %v", err, s.node)}
	for _, x := range s.kids {
		if x != nil && x.Type() != nil {
			e.Shapes = append(e.Shapes, x.Shape())
		}
	}
	return e
}

// stockName returns the name of the type of an operation, without its package.
func stockName(o gorgonia.Op) string {
	t := typeName(o)
	return t[strings.LastIndexByte(t, '.')+1:]
}

// typeName is what %T prints, of nil too, without the time of fmt.
func typeName(o gorgonia.Op) string {
	if o == nil {
		return "<nil>"
	}
	return reflect.TypeOf(o).String()
}

func isFloat(dt tensor.Dtype) bool { return dt == tensor.Float32 || dt == tensor.Float64 }

// childrenField is where gorgonia keeps the inputs of a node. ExprGraph.From, the
// exported way to them, is wrong once gorgonia has removed a node.
var childrenField = fieldOf[gorgonia.Node, gorgonia.Nodes]("children")

// childrenOf returns the inputs of a node, in order, for looking at only.
func childrenOf(n *Node) []*Node { return *private[gorgonia.Nodes](n, childrenField) }

// field returns a private field of the operation, for reading.
func (s *stockNode) field(name string) reflect.Value {
	v := reflect.ValueOf(s.op)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	f := v.FieldByName(name)
	if !f.IsValid() {
		panic(missingField(fmt.Sprintf("%T has no field %s", s.op, name)))
	}
	return f
}

// missingField is the panic of field, which stockRule turns into an error.
type missingField string

func (s *stockNode) int(name string) int       { return int(s.field(name).Int()) }
func (s *stockNode) float(name string) float64 { return s.field(name).Float() }
func (s *stockNode) bool(name string) bool     { return s.field(name).Bool() }

func (s *stockNode) ints(name string) []int {
	f := s.field(name)
	out := make([]int, f.Len())
	for i := range out {
		out[i] = int(f.Index(i).Int())
	}
	return out
}

// number64 returns the number that a node always is, if it is a constant scalar.
func number64(n *Node) (float64, bool) {
	switch o := behind(n).Op().(type) {
	case *op:
		if c, ok := o.prim.(constant); ok && len(*c.data) == 1 {
			return (*c.data)[0], true
		}
	case gorgonia.Op:
		if isStockConstant(behind(n)) {
			if x, err := floats(behind(n).Value()); err == nil && len(x) == 1 {
				return x[0], true
			}
		}
	}
	return 0, false
}

func isStockConstant(n *Node) bool {
	name := stockName(n.Op())
	return name == "constantScalar" || name == "constantTensor"
}
