package autodiff

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// WriteDot writes the graph that roots depend on in the language of Graphviz, which
// makes a picture of it with
//
//	dot -Tsvg graph.dot > graph.svg
//
// [WriteSVG] says what is in it, and draws it without Graphviz. It returns the error
// of w, and the error that the first root carries.
func WriteDot(w io.Writer, roots ...*Node) error {
	d, err := newDrawing(roots)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph {\n\tnewrank=true\n\tnode [shape=box style=\"rounded,filled\" fontname=\"Helvetica\" fontsize=11 height=0.4]\n\tedge [color=\"#64748b\" arrowsize=0.6]\n")
	for i, g := range d.groups {
		fmt.Fprintf(b, "\tsubgraph cluster_%d {\n\t\tlabel=%s labeljust=l fontname=\"Helvetica\" fontsize=10 style=\"rounded,filled\" color=%q\n", i, dotString(g.label()), g.color())
		for _, v := range d.nodes {
			if v.group == g {
				fmt.Fprintf(b, "\t\tn%d\n", v.id)
			}
		}
		fmt.Fprint(b, "\t}\n")
	}
	for _, v := range d.nodes {
		pen := ""
		if v.root {
			pen = " penwidth=2"
		}
		s := styles[v.kind]
		fmt.Fprintf(b, "\tn%d [label=%s tooltip=%s fillcolor=%q color=%q%s]\n", v.id, dotString(v.title+"\n"+v.detail), dotString(v.tip), s.fill, s.line, pen)
	}
	for _, v := range d.nodes {
		for _, x := range v.in {
			fmt.Fprintf(b, "\tn%d -> n%d\n", x.id, v.id)
		}
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// kind is what a node is in a drawing.
type kind int

const (
	paramNode kind = iota
	inputNode
	constantNode
	operationNode
	gradientNode
	gorgoniaNode
)

// styles has the name and the colours of each kind.
var styles = [...]struct{ name, fill, line string }{
	paramNode:     {"parameter", "#fde68a", "#b45309"},
	inputNode:     {"input", "#bbf7d0", "#15803d"},
	constantNode:  {"constant", "#f1f5f9", "#94a3b8"},
	operationNode: {"operation", "#ffffff", "#1e3a8a"},
	gradientNode:  {"gradient", "#fecdd3", "#be123c"},
	gorgoniaNode:  {"made by gorgonia", "#e9d5ff", "#7e22ce"},
}

// drawing is what is drawn of a graph.
type drawing struct {
	nodes  []*drawnNode // inputs first
	groups []*drawnGroup
}

type drawnNode struct {
	id     int
	kind   kind
	root   bool
	title  string // operation and attributes, or name
	detail string // shape and dtype
	tip    string // all of it, and the line
	in     []*drawnNode
	group  *drawnGroup // nil for a leaf
	made   uint32      // the place in the order of making
	site   site
}

// drawnGroup is what one call of a function made.
type drawnGroup struct {
	id       int
	function string
	file     string
	from, to int // lines
	grad     bool
	seen     map[uintptr]bool // the calls in it
	last     *drawnNode       // the one made last
	size     int
}

func (g *drawnGroup) label() string {
	lines := fmt.Sprint(g.from)
	if g.to != g.from {
		lines = fmt.Sprintf("%d-%d", g.from, g.to)
	}
	label := fmt.Sprintf("%s %s:%s", g.function, g.file, lines)
	if g.grad {
		return "gradient, " + label
	}
	return label
}

func (g *drawnGroup) color() string {
	if g.grad {
		return "#fff1f2"
	}
	return [...]string{"#eff6ff", "#ecfdf5", "#fefce8", "#f5f3ff", "#f0f9ff", "#f7fee7"}[g.id%6]
}

// newDrawing collects the nodes that roots depend on.
func newDrawing(roots []*Node) (*drawing, error) {
	d := &drawing{}
	known := make(map[*Node]*drawnNode)
	for _, root := range roots {
		if err := Err(root); err != nil {
			return nil, err
		}
		d.add(root, known).root = true
	}
	d.makeGroups()
	return d, nil
}

// add adds n after its inputs. Graphs can be deep, so it does not call itself.
func (d *drawing) add(root *Node, known map[*Node]*drawnNode) *drawnNode {
	for stack := []*Node{root}; len(stack) > 0; {
		n := stack[len(stack)-1]
		in, open := drawnInputs(n), false
		for _, x := range slices.Backward(in) {
			if known[x] == nil && known[n] == nil {
				stack, open = append(stack, x), true
			}
		}
		if open {
			continue
		}
		stack = stack[:len(stack)-1]
		if known[n] == nil {
			known[n] = d.describe(n)
			for _, x := range in {
				known[n].in = append(known[n].in, known[x])
			}
		}
	}
	return known[root]
}

// drawnInputs returns what n is computed from, without references.
func drawnInputs(n *Node) []*Node {
	switch o := n.Op().(type) {
	case nil:
		return nil
	case *op:
		in := make([]*Node, len(o.in))
		for i, x := range o.in {
			in[i] = behind(x)
		}
		return in
	}
	return childrenOf(n)
}

// describe adds a node to the drawing.
func (d *drawing) describe(n *Node) *drawnNode {
	v := &drawnNode{id: len(d.nodes), site: siteOf(n), kind: inputNode, title: n.Name()}
	switch o := n.Op().(type) {
	case *op:
		v.made, v.kind, v.title = o.id, operationNode, o.prim.Name()+attributesOf(o.prim)
		if v.site.grad {
			v.kind = gradientNode
		}
		if c, ok := o.prim.(constant); ok {
			if v.kind = constantNode; len(*c.data) == 1 {
				v.title = fmt.Sprintf("%.6g", (*c.data)[0])
			}
		}
	case nil:
		if v.site.param {
			v.kind = paramNode
		}
	default:
		v.kind, v.title = gorgoniaNode, fmt.Sprint(o)
	}
	v.detail = "no value"
	if n.Type() != nil {
		v.detail = fmt.Sprintf("%v %v", n.Shape(), n.Dtype())
	}
	v.tip = v.title + " " + v.detail
	if pos := Position(n); pos != "" {
		v.tip += " " + pos
	}
	if runes := []rune(v.title); len(runes) > 40 {
		v.title = string(runes[:39]) + "…"
	}
	d.nodes = append(d.nodes, v)
	return v
}

// attributesOf returns the fields of a primitive that are not zero, as " Axes [1]".
func attributesOf(p Primitive) string {
	var b strings.Builder
	v := reflect.Indirect(reflect.ValueOf(p))
	if v.Kind() != reflect.Struct {
		return ""
	}
	for _, f := range reflect.VisibleFields(v.Type()) {
		if !f.IsExported() || f.Anonymous || f.Type == reflect.TypeFor[tensor.Shape]() {
			continue // the shape is seen
		}
		switch x := v.FieldByIndex(f.Index); {
		case x.IsZero():
		case x.Kind() == reflect.Bool:
			b.WriteString(" " + f.Name)
		case x.Kind() != reflect.Func && x.Kind() != reflect.Pointer:
			fmt.Fprintf(&b, " %s %v", f.Name, x.Interface())
		}
	}
	return b.String()
}

// makeGroups puts nodes together that one call of a function made, as far as lines
// tell: in the order of making, the nodes of one function, until it goes back to a line
// that it was at. A node alone makes no group.
func (d *drawing) makeGroups() {
	type function struct {
		name string
		grad bool
	}
	current := make(map[function]*drawnGroup)
	var groups []*drawnGroup
	var before *drawnNode
	made := slices.Clone(d.nodes)
	slices.SortStableFunc(made, func(v, w *drawnNode) int { return int(int32(v.made - w.made)) })
	for _, v := range made {
		if v.made == 0 || v.site.pc == 0 {
			continue
		}
		f := v.site.frame()
		key := function{f.Function, v.site.grad}
		g := current[key]
		if g == nil || g.isOver(v, before, f.Line) {
			g = &drawnGroup{function: shortName(f.Function), file: filepath.Base(f.File), from: f.Line, to: f.Line, grad: key.grad, seen: make(map[uintptr]bool)}
			current[key], groups = g, append(groups, g)
		}
		g.seen[v.site.pc], g.last, before = true, v, v
		g.from, g.to = min(g.from, f.Line), max(g.to, f.Line)
		g.size++
		v.group = g
	}
	for _, g := range groups {
		if g.size > 1 {
			g.id, d.groups = len(d.groups), append(d.groups, g)
		}
	}
	for _, v := range d.nodes {
		if v.group != nil && v.group.size == 1 {
			v.group = nil
		}
	}
}

// isOver reports that v, made at a line after the node before, belongs to another call
// of the function of g, or to another round of a loop in it.
func (g *drawnGroup) isOver(v, before *drawnNode, line int) bool {
	last := g.last.site.frame().Line
	return !g.grad && (before != g.last && line <= last || g.seen[v.site.pc] && line < last)
}

// shortName returns the name of a function without its package.
func shortName(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	return name[strings.IndexByte(name, '.')+1:]
}
