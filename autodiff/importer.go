package autodiff

import (
	"cmp"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/downhill-go/downhill/tensor"
)

// An importer reads a graph: it knows of every node the operation that computes
// it, whoever made the node. What it learns of stock nodes it keeps, so that one
// importer sees one node as one operation.
type importer struct {
	// drafts says that gradients are built of drafts.
	drafts bool
	eval   bool // for inference
	seed   uint64
	watch  watch
	noRows bool // no row programs, to compare with
	// modes has gorgonia's operations that differ in training and inference.
	modes map[gorgonia.Op]mode
	// updates are what operations do besides computing: a batch norm of gorgonia's
	// keeps running statistics.
	updates []target
	// standIn has what stands for certain stock nodes: our gradients for those that
	// gorgonia.Grad left behind.
	standIn map[*Node]*Node
	ops     map[*Node]*op
	refs    map[*Node]*Node
	history map[*Graph]*history
	reached int // the most nodes that topological has found
	swept   []sweptOp
}

// sweptOp says that ops with this number and higher ones are the gradient of what was
// made there, up to the next sweptOp: drafts do not know where they are made.
type sweptOp struct {
	id   uint32
	site site
}

// siteOf returns where o was made, or what it is the gradient of.
func (im *importer) siteOf(o *op) site {
	if o.site.pc != 0 || !o.draft {
		return o.site
	}
	i, _ := slices.BinarySearchFunc(im.swept, o.id, func(s sweptOp, id uint32) int { return cmp.Compare(s.id, id+1) })
	if i == 0 {
		return site{}
	}
	return site{pc: im.swept[i-1].site.pc, grad: true}
}

func newImporter() *importer {
	return &importer{modes: make(map[gorgonia.Op]mode), ops: make(map[*Node]*op), refs: make(map[*Node]*Node)}
}

// newDraftImporter returns the importer for compiling.
func newDraftImporter() *importer {
	im := newImporter()
	im.drafts = true
	return im
}

// make returns the node p(in...) of g, a draft where there are to be drafts.
func (im *importer) make(g *Graph, p Primitive, in []*Node, shape tensor.Shape, dt tensor.Dtype) *Node {
	if im.drafts {
		return newDraft(g, p, in, shape, dt)
	}
	return newNode(g, p, in, shape, dt)
}

// op returns the operation of n, nil for a leaf.
func (im *importer) op(n *Node) (*op, error) {
	switch o := n.Op().(type) {
	case nil:
		return nil, im.checkLeaf(n)
	case *op:
		return o, nil
	}
	if o, ok := im.ops[n]; ok {
		return o, nil
	}
	o, err := im.translate(n)
	if err != nil {
		return nil, err
	}
	im.ops[n] = o
	return o, nil
}

// inputs returns the nodes that n is computed from.
func (im *importer) inputs(n *Node) ([]*Node, error) {
	o, err := im.op(n)
	if o == nil || err != nil {
		return nil, err
	}
	return o.in, nil
}

// ref returns n for building on it: expressions of a reference are drafts. It is n
// itself where there are to be none.
func (im *importer) ref(n *Node) *Node {
	if !im.drafts || isDraft(n) {
		return n
	}
	r := im.refs[n]
	if r == nil {
		r = newDraft(n.Graph(), ref{}, []*Node{n}, slices.Clone(shapeOf(n)), n.Dtype())
		im.refs[n] = r
	}
	return r
}

func (im *importer) refAll(nodes []*Node) []*Node {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		out[i] = im.ref(n)
	}
	return out
}

// ref is its input. Programs do not have it.
type ref struct{}

func (ref) Name() string                                  { return "Ref" }
func (ref) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (ref) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{dy} }

func (ref) Bind32(dst *tensor.Array[float32], in []*tensor.Array[float32]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}
func (ref) Bind64(dst *tensor.Array[float64], in []*tensor.Array[float64]) func() {
	return func() { copy(dst.Data, in[0].Data) }
}

// behind returns what n refers to, n itself if it is no reference.
func behind(n *Node) *Node {
	for {
		o, ok := n.Op().(*op)
		if !ok {
			return n
		}
		if _, ok := o.prim.(ref); !ok {
			return n
		}
		n = o.in[0]
	}
}
