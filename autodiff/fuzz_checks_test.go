package autodiff

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"github.com/downhill-go/downhill/tensor"
	"gorgonia.org/gorgonia"
)

func stackOf() []byte { return debug.Stack() }

// checkMachine runs a graph, with gradients of gradients in it, by NewVM and Cost.
func (m *maker) checkMachine(all *tally) error {
	all.machines++
	return m.runMachine("NewVM with Cost", m.params, m.g.AllNodes(), gorgonia.BindDualValues(m.params...), Cost(m.loss))
}

// checkStockGrad runs a graph that gorgonia.Grad was called on, where it does not
// refuse to.
func (m *maker) checkStockGrad(all *tally) error {
	params := m.reached(m.loss)
	err := caught(func() error { _, err := gorgonia.Grad(m.loss, params...); return err })
	if err != nil || len(params) == 0 {
		return nil
	}
	all.machines++
	all.stockGrads++
	// gorgonia.Grad forgets that a node was made twice, so that nothing tells whether the user has the
	// test inside of a rectifier, too.
	nodes := slices.DeleteFunc(slices.Clone(m.nodes), func(n *Node) bool { return rectified(n) != nil })
	return m.runMachine("NewVM after gorgonia.Grad", params, nodes, gorgonia.BindDualValues(params...))
}

// reached returns the leaves that loss has a gradient by.
func (m *maker) reached(loss *Node) []*Node {
	im := newImporter()
	all, onPath, err := im.pathsTo(loss, m.leaves)
	if err != nil {
		panic(err)
	}
	return slices.DeleteFunc(slices.Clone(m.leaves), func(x *Node) bool {
		at, ok := all.place[x]
		return !ok || !onPath[at] || x == loss
	})
}

// runMachine compares the values of nodes, and the sums of the gradients, of several runs.
func (m *maker) runMachine(what string, params []*Node, nodes []*Node, opts ...gorgonia.VMOpt) error {
	in := newInterpreter(0)
	in.trusts = true
	grads, err := in.draftGrad(m.loss, params)
	if err != nil {
		return err
	}
	vm := NewVM(m.g, opts...)
	sums := make([][]float64, len(params))
	for i, x := range params {
		if d, err := x.Grad(); err == nil && d != nil { // of a program that ran before
			sums[i] = must1(floats(d))
		}
	}
	before := make(map[*Node]gorgonia.Value)
	for _, n := range nodes {
		if n.Type() != nil {
			before[n] = n.Value()
		}
	}
	for round := range 2 {
		if err := vm.RunAll(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		in := in.again(round)
		for _, n := range nodes {
			if n.Type() == nil || n.IsVar() || isConstant(n) {
				continue
			}
			if n.Value() == before[n] { // inside of another function
				if slices.Contains(m.pool, n) {
					return fmt.Errorf("%s: %v has no value", what, n)
				}
				continue
			}
			if err := sameBits(n.Value(), in.value(n)); err != nil {
				return fmt.Errorf("%s, run %d, %v %v: %w", what, round, n, n.Shape(), err)
			}
		}
		for i, x := range params {
			d, err := x.Grad()
			if err != nil {
				return err
			}
			sums[i] = m.added(sums[i], in.value(grads[i]))
			if err := sameBits(d, sums[i]); err != nil {
				return fmt.Errorf("%s, run %d, gradient of %s: %w", what, round, x.Name(), err)
			}
		}
		vm.Reset()
		m.changeLeaves()
	}
	return nil
}

// added returns sum + d in the precision of the graph.
func (m *maker) added(sum, d []float64) []float64 {
	out := make([]float64, len(d))
	for i, v := range d {
		if sum != nil {
			out[i] = sum[i]
		}
		if out[i] += v; m.dtype == tensor.Float32 {
			out[i] = float64(float32(out[i]))
		}
	}
	return out
}

// checkAlone computes each of gorgonia's operations by its own Do, from the values that
// the interpreter has of its inputs, and compares the results.
func (m *maker) checkAlone(all *tally) error {
	if m.dtype != tensor.Float64 || m.kind == ours {
		return nil
	}
	in := newInterpreter(0)
	in.trusts = true
	for _, n := range m.nodes {
		if _, isOurs := n.Op().(*op); isOurs || n.Op() == nil || isConstant(n) || n.Type() == nil || n.Dtype() != tensor.Float64 || isKnownToBeWrong(n) {
			continue
		}
		want := in.value(n)
		done, err := in.checkDo(n, want)
		if err != nil {
			return fmt.Errorf("%T of %v: %w", n.Op(), n, err)
		}
		if done {
			all.alone++
		}
	}
	return nil
}

// isKnownToBeWrong reports a node that gorgonia computes wrongly: a pool that divides by
// the width of the image, a sparsemax of another axis than the last, sums and choices
// along an axis inside of several, norms without absolute values, the logarithm of a
// sum that has the maximum in it; and the sizes of broadcasts, which are no numbers there.
func isKnownToBeWrong(n *Node) bool {
	s := &stockNode{im: newImporter(), node: n, op: n.Op(), kids: childrenOf(n)}
	switch stockName(n.Op()) {
	case "avgPoolOp", "sizeOp", "dtConvOp", "sparsemaxOp":
		return true
	case "sumOp", "maxOp":
		return Rank(s.kids[0]) > 3
	case "byIndicesOp":
		axis := s.int("axis")
		return axis > 0 && axis < Rank(s.kids[0])-1
	}
	s.in = s.kids
	switch firstWord(n.Op().(fmt.Stringer).String()) {
	case "^":
		return s.norm() != nil
	case "ln":
		return s.logSumExp() != nil
	}
	return false
}

// checkDo computes n by gorgonia's operation. It is not done where there are numbers
// that are not finite, on which gorgonia's vector loops do as they like.
func (in *interpreter) checkDo(n *Node, want []float64) (done bool, err error) {
	var args []gorgonia.Value
	largest := 1.0
	for _, x := range childrenOf(n) {
		if x.Op() != nil && stockName(x.Op()) == "sizeOp" {
			v, err := x.Op().Do(in.copyOf(childrenOf(x)[0]))
			if err != nil {
				return false, err
			}
			args = append(args, v)
			continue
		}
		if x.IsVar() && !isFloat(x.Dtype()) {
			args = append(args, x.Value())
			continue
		}
		if x.Dtype() != tensor.Float64 || !allFinite(in.value(x)) {
			return false, nil
		}
		most := 1.0
		for _, v := range in.value(x) {
			most = max(most, math.Abs(v))
		}
		largest *= most
		args = append(args, in.copyOf(x))
	}
	if !allFinite(want) {
		return false, nil
	}
	y, err := n.Op().Do(args...)
	if err != nil {
		return false, cannotDo(n, err)
	}
	got, err := floats(y)
	if err != nil {
		return false, err
	}
	if len(got) != len(want) {
		return false, fmt.Errorf("%w: %d elements, want %d", ErrShape, len(want), len(got))
	}
	tol := 1e-9
	if name := firstWord(n.Op().(fmt.Stringer).String()); name == "sigmoid" || name == "softplus" {
		tol = 1e-7 // gorgonia leaves out an exponential that is as small
	}
	for i := range got {
		if want[i] == 0 && firstWord(n.Op().(fmt.Stringer).String()) == "sign" {
			continue // gorgonia has 1 for the scalar 0
		}
		if !(math.Abs(got[i]-want[i]) <= tol*(1+math.Abs(got[i]))+1e-12*largest) {
			return false, fmt.Errorf("element %d is %v, gorgonia has %v", i, want[i], got[i])
		}
	}
	return true, nil
}

// cannotDo returns nil where gorgonia is known to fail when it runs: extremes of two
// scalars, contractions with axes of length 1, and operators on one element in shapes
// of several ranks.
func cannotDo(n *Node, err error) error {
	switch stockName(n.Op()) {
	case "minBetween", "maxBetween", "tensordotOp":
		return nil
	case "elemBinOp":
		if tensor.Size(n.Shape()) == 1 {
			return nil
		}
	}
	return err
}

// copyOf returns the value of a node as one of gorgonia's.
func (in *interpreter) copyOf(x *Node) gorgonia.Value {
	return wrap(&tensor.Array[float64]{Shape: x.Shape(), Data: slices.Clone(in.value(x))})
}

// checkSlopes compares gradients with central differences of the loss, along one random
// direction for each leaf.
func (m *maker) checkSlopes(all *tally) error {
	loss := m.loss
	prog, err := Compile(loss, WithGrad(m.leaves...))
	if err != nil {
		return err
	}
	if err := prog.Run(); err != nil {
		return err
	}
	slopes := make([]float64, len(m.leaves))
	directions := make([][]float64, len(m.leaves))
	for i, x := range m.leaves {
		d, err := x.Grad()
		if err != nil {
			return err
		}
		g, err := tensor.Float64s(d)
		if err != nil {
			return err
		}
		directions[i] = make([]float64, len(g))
		for e := range g {
			directions[i][e] = m.rng.NormFloat64() / math.Sqrt(float64(len(g)))
			slopes[i] += g[e] * directions[i][e]
		}
	}
	for i, x := range m.leaves {
		done, err := m.checkSlope(prog, loss, x, directions[i], slopes[i])
		if err != nil {
			return fmt.Errorf("by %s: %w", x.Name(), err)
		}
		if done {
			all.slopes++
		}
	}
	return nil
}

// checkSlope compares a slope with two differences. Where these differ, or the slopes on
// both sides of the point, there is a kink, or the loss bends too much.
func (m *maker) checkSlope(prog *Program, loss, x *Node, direction []float64, slope float64) (done bool, err error) {
	const h = 1e-4
	at := func(step float64) float64 {
		from := must1(tensor.Float64s(x.Value()))
		old, moved := slices.Clone(from), slices.Clone(from)
		for i, d := range direction {
			moved[i] += step * d
		}
		set := func(v []float64) {
			if e := Let(x, tensor.Must(tensor.FromSlice(slices.Clone(v), x.Shape()...))); e != nil {
				err = e
			}
		}
		set(moved)
		if e := prog.Run(); e != nil {
			err = e
		}
		y := must1(tensor.Float64s(loss.Value()))[0]
		set(old)
		return y
	}
	f, far, near := at(0), [2]float64{at(-h), at(h)}, [2]float64{at(-h / 2), at(h / 2)}
	first, second := (far[1]-far[0])/(2*h), (near[1]-near[0])/h
	noise := 1e-15 * (1 + math.Abs(f)) / h * 100
	bend, halfBend := (far[1]-2*f+far[0])/h, (near[1]-2*f+near[0])/(h/2)
	size := 1e-9 + math.Abs(slope) + math.Abs(second)
	switch {
	case err != nil || !allFinite([]float64{f, far[0], far[1], near[0], near[1], slope}):
		return false, err
	case math.Abs(halfBend) > 0.6*math.Abs(bend)+4*noise: // the slopes of both sides stay apart
		return false, nil
	case math.Abs(first-second) > 1e-3*size || noise > 1e-3*size && math.Abs(slope) > noise:
		return false, nil
	case math.Abs(slope-second) > 2e-3*size+10*noise+4*math.Abs(first-second):
		return false, fmt.Errorf("the gradient has slope %v, differences %v and %v", slope, first, second)
	}
	return true, nil
}

func must1[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}
