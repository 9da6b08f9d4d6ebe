package autodiff

import (
	"fmt"
	"strings"

	"github.com/downhill-go/downhill/tensor"
)

// Explain returns the plan of the program in readable form: its leaves, then one
// line per function that a run calls, with the operations that were fused into
// it, and what it publishes.
func (p *Program) Explain() string {
	var b strings.Builder
	bytes := 8*(p.f64.buffers+len(p.f64.r)) + 4*(p.f32.buffers+len(p.f32.r))
	fmt.Fprintf(&b, "program: %d operations in %d calls, %d bytes of buffers\n", p.operations(), len(p.code), bytes)
	for _, v := range p.order {
		if v.leaf != nil {
			fmt.Fprintf(&b, "  read  %-14s %v %v\n", v.leaf.Name(), v.dtype, v.shape)
		}
	}
	i := 0
	for n, span := range p.spans {
		fmt.Fprintf(&b, "  %4d  %s\n", n, describe(p.units[i:i+span]))
		i += span
	}
	p.explainOutputs(&b)
	return b.String()
}

func (p *Program) operations() int {
	n := 0
	for _, u := range p.units {
		n += len(u.values)
		switch p := u.values[0].prim.(type) {
		case linear:
			n++ // the bias
			if p.Relu {
				n++
			}
		case gated:
			n += 2 // a comparison and a choice
		case maxUnpool:
			if p.Relu {
				n += 2 // the same
			}
		case maxPlaces:
			if p.Relu {
				n += 2 // the same
			}
		}
	}
	return n
}

// describe names what one function computes.
func describe(units []*unit) string {
	v := units[0].result()
	switch {
	case units[0].rows != nil:
		return describeRows(units[0])
	case joinedRun(units) > 1:
		return describePass(units)
	case isRegisterOp(v):
		names := make([]string, len(units))
		for i, u := range units {
			names[i] = u.result().prim.Name()
		}
		return fmt.Sprintf("%-14s %s", "registers", strings.Join(names, " "))
	case isPointwise(v):
		names := make([]string, len(units[0].values))
		for i, w := range units[0].values {
			names[i] = w.prim.Name()
		}
		return fmt.Sprintf("%-14s %s -> %v", "chain", strings.Join(names, " "), v.shape)
	}
	shapes := make([]string, len(v.args))
	for i, a := range v.args {
		shapes[i] = fmt.Sprint(a.shape)
	}
	return fmt.Sprintf("%-14s %s -> %v", v.prim.Name()+attributes(v.prim), strings.Join(shapes, " "), v.shape)
}

func describePass(units []*unit) string {
	shapes := make([]string, len(units))
	for i, u := range units {
		shapes[i] = fmt.Sprint(u.result().shape)
	}
	return fmt.Sprintf("%-14s %s -> %s", "images", names(units), strings.Join(shapes, " "))
}

func describeRows(u *unit) string {
	names := make([]string, len(u.values))
	for i, v := range u.values {
		names[i] = v.prim.Name()
	}
	shapes := make([]string, len(u.stored))
	for i, v := range u.stored {
		shapes[i] = fmt.Sprint(v.shape)
	}
	return fmt.Sprintf("%-14s %s -> %s", "rows", strings.Join(names, " "), strings.Join(shapes, " "))
}

func attributes(p Primitive) string {
	switch p := p.(type) {
	case linear:
		s := attributes(p.product)
		if p.Name() != "Linear" {
			s += " bias"
		}
		return s + reluIf(p.Relu)
	case gated:
		return attributes(p.product)
	case matMul:
		return map[matMul]string{{false, false}: "", {true, false}: " aT b", {false, true}: " a bT", {true, true}: " aT bT"}[p]
	case maxUnpool:
		return reluIf(p.Relu)
	case maxPlaces:
		return reluIf(p.Relu)
	}
	return ""
}

func reluIf(yes bool) string {
	if yes {
		return " relu"
	}
	return ""
}

func (p *Program) explainOutputs(b *strings.Builder) {
	line := func(node *Node, grad bool, shape tensor.Shape) {
		var what string
		switch {
		case grad:
			what = "grad of " + node.Name()
		case node == p.root:
			what = "loss"
		default:
			what = "value of " + node.Op().String()
		}
		fmt.Fprintf(b, "  keep  %s %v\n", what, shape)
	}
	for _, o := range p.f64.outputs {
		line(o.node, o.grad, o.value.Shape())
	}
	for _, o := range p.f32.outputs {
		line(o.node, o.grad, o.value.Shape())
	}
}
