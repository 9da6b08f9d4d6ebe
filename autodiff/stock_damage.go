package autodiff

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

// Gorgonia takes nodes for one node when it thinks that they are the same: leaves
// without names, constants of one text, operations whose hash leaves out a parameter,
// and what has one 32-bit hash. This file finds what the graph still tells of it. What
// it does not tell, because the same graph is also a right one: whether SoftMax was
// merged with LogSoftMax of one node, or turned into it by Log; whether x[0:4] was
// merged with x[256:260], or Sparsemax, BatchNorm and Im2Col with those of other
// parameters; whether two leaves of one name, or two constants of one text, shape and
// dtype had different values.

// check reports damage that gorgonia did to the graph before it came here.
func (s *stockNode) check() error {
	if s.node.Type() == nil {
		return fmt.Errorf("%w: it is a statement, which has no value", ErrForeign)
	}
	if a := s.op.Arity(); a >= 0 && a != len(s.kids) && len(s.kids) > 0 {
		return fmt.Errorf("%w: the operation takes %d nodes and has %d", ErrDamaged, a, len(s.kids))
	}
	var first *Node
	for i, x := range s.kids {
		switch {
		case x == nil || x.Graph() != s.node.Graph():
			return fmt.Errorf("%w: gorgonia took input %d out of the graph when it rewrote an expression", ErrDamaged, i)
		case x.ID() > s.node.ID() && s.node.ID() >= 0 && !isStockConstant(x):
			return fmt.Errorf("%w: input %d, %v, is newer than the node: gorgonia gave the memory of a node that it removed to another", ErrDamaged, i, x)
		case x.Type() == nil:
			return fmt.Errorf("%w: input %d is a statement, which has no value", ErrForeign, i)
		case !isFloat(x.Dtype()):
		case first == nil:
			first = x
		case x.Dtype() != first.Dtype():
			return fmt.Errorf("%w: inputs of %v and %v: gorgonia takes two constants that print alike for one; give them names", ErrDamaged, first.Dtype(), x.Dtype())
		}
	}
	return s.checkMerged()
}

// checkMerged reports that several calls made s, which should have made several nodes.
func (s *stockNode) checkMerged() error {
	h := s.im.historyOf(s.node.Graph())
	n := h.calls[s.node]
	if n < 2 {
		return nil
	}
	switch stockName(s.op) {
	case "randomOp":
		return fmt.Errorf("%w: %d random nodes of one shape and dtype are one node, whatever their distributions; use autodiff.RandUniform, RandNormal and RandBernoulli", ErrDamaged, n)
	case "dropoutOp":
		if s.evaluates() {
			return nil
		}
		return fmt.Errorf("%w: %d dropouts of one node are one, with one mask and the probability of the first; use autodiff.Dropout", ErrDamaged, n)
	}
	if x, y := h.collision(s); y != nil {
		return fmt.Errorf("%w: %d calls made it, one of them for %v in place of %v: the two have one hash; give the leaves other names, or use the functions of autodiff", ErrDamaged, n, y, x)
	}
	return nil
}

// checkLeaf reports that several calls made the leaf n.
func (im *importer) checkLeaf(n *Node) error {
	if leafName(n) != "" || n.Graph() == nil {
		return nil
	}
	if calls := im.historyOf(n.Graph()).calls[n]; calls > 1 {
		kind := [...]string{"NewScalar", "NewVector", "NewMatrix", "NewTensor"}[min(len(n.Shape()), 3)]
		err := fmt.Errorf("%w: %d leaves without names, of %v and shape %v, are one node, number %d of the graph, and have one value; name them with gorgonia.WithName, or use autodiff.Param",
			ErrDamaged, calls, n.Dtype(), n.Shape(), n.ID())
		return &Error{Op: "gorgonia." + kind, Shapes: []tensor.Shape{n.Shape()}, Pos: callerPos(), Err: err}
	}
	return nil
}

// history is what a graph tells of how it was made.
type history struct {
	calls  map[*Node]int // how many calls made the node, if more than one
	unused []*Node       // nodes that no other uses
}

// historyOf returns the history of g, which it reads once.
func (im *importer) historyOf(g *Graph) *history {
	if im.history == nil {
		im.history = make(map[*Graph]*history)
	}
	h := im.history[g]
	if h == nil {
		h = newHistory(g)
		im.history[g] = h
	}
	return h
}

// newHistory reads two private lists of g. A call that makes a node adds it to the
// leaves, or to the users of each of its inputs, also where the node was there before.
func newHistory(g *Graph) *history {
	h := &history{calls: make(map[*Node]int)}
	for _, n := range *private[gorgonia.Nodes](g, leavesField) {
		h.calls[n]++
	}
	users := *private[map[*Node]gorgonia.Nodes](g, usersField)
	edges := make(map[*Node]int)
	for _, x := range g.AllNodes() {
		if len(users[x]) == 0 {
			h.unused = append(h.unused, x)
		}
		if len(users[x]) < 2 {
			continue
		}
		clear(edges)
		for _, n := range users[x] {
			edges[n]++
		}
		for n, have := range edges {
			if have < 2 {
				continue
			}
			want := 0
			for _, y := range childrenOf(n) {
				if y == x {
					want++
				}
			}
			if want > 0 && have > want {
				h.calls[n] = have / want
			}
		}
	}
	return h
}

// collision returns the input x of s, and an unused node y that has the hash of s in
// place of x, if there are such: the call for y got the node of x, as
// gorgonia does not compare inputs.
func (h *history) collision(s *stockNode) (x, y *Node) {
	if hashWith(s, s.kids) != s.node.Hashcode() {
		return nil, nil
	}
	for i, x := range s.kids {
		for _, y := range h.unused {
			if y == s.node || y.Type() == nil || !y.Type().Eq(x.Type()) || !slices.Equal(y.Shape(), x.Shape()) {
				continue
			}
			kids := slices.Clone(s.kids)
			kids[i] = y
			if hashWith(s, kids) == s.node.Hashcode() {
				return x, y
			}
		}
	}
	return nil, nil
}

// hashWith returns the hash that gorgonia gives to s with these inputs.
func hashWith(s *stockNode, kids []*Node) uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%v%v", s.node.Type(), s.node.Shape()) // a hash returns no errors
	s.op.WriteHash(h)
	buf := []byte{byte(len(kids))}
	for _, x := range kids {
		buf = binary.LittleEndian.AppendUint32(buf, x.Hashcode())
	}
	_, _ = h.Write(buf)
	return h.Sum32()
}

// leafName returns the name that the user gave to a leaf.
func leafName(n *Node) string { return *private[string](n, nameField) }

// Where gorgonia keeps the leaves of a graph, the users of its nodes, and the name of
// a node.
var (
	leavesField = fieldOf[gorgonia.ExprGraph, gorgonia.Nodes]("leaves")
	usersField  = fieldOf[gorgonia.ExprGraph, map[*gorgonia.Node]gorgonia.Nodes]("to")
	nameField   = fieldOf[gorgonia.Node, string]("name")
)

// private returns where gorgonia keeps the field of x with this number, for looking at only.
func private[Field, Struct any](x *Struct, number int) *Field {
	return (*Field)(reflect.ValueOf(x).Elem().Field(number).Addr().UnsafePointer())
}

// fieldOf returns the number of the field of Struct with that name, which has the type
// Field.
func fieldOf[Struct, Field any](name string) int {
	f, ok := reflect.TypeFor[Struct]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[Field]() || len(f.Index) != 1 {
		panic("autodiff: this version of Downhill reads graphs of gorgonia v0.9.18; the nodes of the gorgonia in this build are different")
	}
	return f.Index[0]
}
