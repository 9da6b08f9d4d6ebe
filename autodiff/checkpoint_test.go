package autodiff_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// part is a piece of a network in two layers, which uses w besides its input.
func part(w *Node) func(x ...*Node) *Node {
	return func(x ...*Node) *Node { return Tanh(MatMul(Sin(MatMul(x[0], w)), Transpose(w))) }
}

// partLoss is a loss of three parts, each of which is done by the function do.
func partLoss(do func(f func(x ...*Node) *Node, x ...*Node) *Node) (g *Graph, loss *Node, p []*Node) {
	g = NewGraph()
	rng := tensor.NewRand(5)
	p = []*Node{
		Param(g, "x", tensor.Must(tensor.Normal(rng, 0, 0.7, 4, 3))),
		Param(g, "w", tensor.Must(tensor.Normal(rng, 0, 0.7, 3, 5))),
	}
	h := p[0]
	for range 3 {
		h = do(part(p[1]), h)
	}
	return g, Mean(Square(h)), p
}

func plainly(f func(x ...*Node) *Node, x ...*Node) *Node { return f(x...) }

// Second derivatives, Jacobians and products with a vector are those of the plain
// expression.
func TestCheckpointSecondOrder(t *testing.T) {
	second := func(do func(f func(x ...*Node) *Node, x ...*Node) *Node) []*Node {
		_, loss, p := partLoss(do)
		hv, err := HVP(loss, p, p)
		require.NoError(t, err)
		h, err := Hessian(loss, p...)
		require.NoError(t, err)
		jv, err := JVP(loss, p, p)
		require.NoError(t, err)
		grads := gradOf(t, loss, p...)
		penalty := gradOf(t, Add(Dot(grads[0], grads[0]), Dot(grads[1], grads[1])), p...)
		return append(append(hv, h, jv), penalty...)
	}
	want, got := second(plainly), second(Checkpoint)
	for i := range want {
		require.NoError(t, tensor.AllClose(valueOf(t, got[i]), valueOf(t, want[i]), 1e-12, 1e-14))
	}
}

// A program that differentiates a gradient through checkpoints has the gradients of
// the plain one, and making it adds nothing to the graph.
func TestCheckpointCompiled(t *testing.T) {
	compute := func(do func(f func(x ...*Node) *Node, x ...*Node) *Node) (out []tensor.Value) {
		g, loss, p := partLoss(do)
		grads := gradOf(t, loss, p...)
		penalty := Add(loss, Add(Dot(grads[0], grads[0]), Dot(grads[1], grads[1])))
		before := len(g.AllNodes())
		prog := mustCompile(t, penalty, WithGrad(p...))
		require.Len(t, g.AllNodes(), before)
		require.NoError(t, prog.Run())
		for _, n := range p {
			d, err := n.Grad()
			require.NoError(t, err)
			out = append(out, d)
		}
		return append(out, penalty.Value())
	}
	want, got := compute(plainly), compute(Checkpoint)
	for i := range want {
		require.NoError(t, tensor.AllClose(got[i], want[i], 1e-12, 1e-14))
	}
}

// f is called once, with a slice of its own; an x may be given twice, not be used, or
// be made of another; nodes that f makes are out of reach.
func TestCheckpointInputs(t *testing.T) {
	g := NewGraph()
	x, w := Param(g, "x", tensor.Of(0.5, -2, 3)), Param(g, "w", tensor.Of(2.0, 3, 4))
	e := Exp(x)
	calls := 0
	var inner *Node
	y := Checkpoint(func(in ...*Node) *Node {
		calls++
		inner = Mul(in[0], in[1])
		require.Equal(t, []*Node{x, x, w, e}, in)
		z := Add(inner, in[3])
		in[0] = nil
		return z
	}, x, x, w, e)
	// y = x² + eˣ
	require.Equal(t, run(t, Add(Square(x), e)), run(t, y))
	for range 2 {
		grads := gradOf(t, Sum(y), x, w, inner)
		require.Equal(t, run(t, Add(Add(x, x), e)), run(t, grads[0]))
		require.Equal(t, []float64{0, 0, 0}, run(t, grads[1]))
		require.Equal(t, []float64{0, 0, 0}, run(t, grads[2]))
	}
	require.Equal(t, 1, calls)
	// with respect to a node of the part itself
	require.Equal(t, []float64{1, 1, 1}, run(t, gradOf(t, Sum(y), y)[0]))

	// without x, of constants, and of nothing new
	three := Checkpoint(func(...*Node) *Node { return Mul(ConstLike(x, 3), ConstLike(x, 1)) }, x)
	require.Equal(t, []float64{3}, run(t, three))
	require.Equal(t, []float64{0, 0, 0}, run(t, gradOf(t, three, x)[0]))
	same := Checkpoint(func(...*Node) *Node { return w })
	require.Equal(t, []float64{4, 6, 8}, run(t, gradOf(t, Sum(Square(same)), w)[0]))
	constant := Const(g, tensor.Of(7.0))
	require.Equal(t, []float64{7}, run(t, Checkpoint(func(...*Node) *Node { return constant })))
}

// What is drawn at random is drawn once: the second computation has the same numbers.
func TestCheckpointDropout(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Full(2.0, 50)))
	y := Checkpoint(func(x ...*Node) *Node { return Square(Dropout(Mul(x[0], 3), 0.5, 1)) }, x)
	prog := mustCompile(t, Sum(y), Keep(y), WithGrad(x))
	for range 3 {
		require.NoError(t, prog.Run())
		dx := gradValue(t, x)
		for i, v := range nodeValue(t, y) {
			require.Equal(t, v, dx[i], "y = 9x²·m², x̄ = 18x·m², and x is 2")
		}
	}
}

// Rules of CustomGrad and stops hold in the second computation as in the first.
func TestCheckpointOfRules(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -2, 3))
	y := Checkpoint(func(x ...*Node) *Node {
		step := CustomGrad(Gt(x[0], 0), x, func(_ []*Node, _, dy *Node) []*Node { return []*Node{Mul(dy, 5)} })
		return Mul(softplusByHand(step), StopGradient(x[0]))
	}, x)
	want := Mul(Mul(5, x), Sigmoid(Gt(x, 0)))
	require.NoError(t, tensor.AllClose(valueOf(t, gradOf(t, Sum(y), x)[0]), valueOf(t, want), 1e-15, 0))
}

// Operations of gorgonia's own in f are kept, and what is between them and x too.
func TestCheckpointOfStockOperations(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(0.5, -2, 3))
	y := Checkpoint(func(x ...*Node) *Node {
		return Mul(Tanh(gorgonia.Must(gorgonia.Exp(Sin(x[0])))), x[0])
	}, x)
	want := Mul(Tanh(Exp(Sin(x))), x)
	require.Equal(t, run(t, want), run(t, y))
	require.NoError(t, tensor.AllClose(valueOf(t, gradOf(t, Sum(y), x)[0]), valueOf(t, gradOf(t, Sum(want), x)[0]), 1e-15, 1e-15))
	d := gradOf(t, Sum(Square(gradOf(t, Sum(y), x)[0])), x)[0]
	require.NoError(t, tensor.AllClose(valueOf(t, d), valueOf(t, gradOf(t, Sum(Square(gradOf(t, Sum(want), x)[0])), x)[0]), 1e-14, 1e-15))
}

// A stock machine computes and differentiates it as well.
func TestCheckpointOnStockMachine(t *testing.T) {
	g, loss, p := partLoss(Checkpoint)
	_, err := gorgonia.Grad(loss, p...)
	require.NoError(t, err)
	m := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(p...))
	defer m.Close()
	require.NoError(t, m.RunAll())
	_, plain, q := partLoss(plainly)
	prog := mustCompile(t, plain, WithGrad(q...))
	require.NoError(t, prog.Run())
	require.InDelta(t, prog.Loss(), loss.Value().Data(), 1e-14)
	for i := range p {
		d, err := p[i].Grad()
		require.NoError(t, err)
		require.NoError(t, tensor.AllClose(d, tensor.Must(tensor.FromSlice(gradValue(t, q[i]), Shape(q[i])...)), 1e-12, 1e-14))
	}
}

// Mistakes are found where they are made: in the call, in f, or in a rule within f.
func TestCheckpointErrors(t *testing.T) {
	g := NewGraph()
	x, other := Param(g, "x", tensor.Of(1.0, 2)), Param(NewGraph(), "x", tensor.Of(1.0, 2))
	single := Const(g, tensor.Of[float32](1, 2))
	first := func(x ...*Node) *Node { return Square(x[0]) }
	for i, c := range []struct {
		y    *Node
		op   string
		want error
	}{
		{Checkpoint(nil, x), "Checkpoint", ErrNil},
		{Checkpoint(nil), "Checkpoint", ErrNil},
		{Checkpoint(first, x, nil), "Checkpoint", ErrNil},
		{Checkpoint(first, gorgonia.NewConstant(1.0)), "Checkpoint", ErrGraph},
		{Checkpoint(func(...*Node) *Node { return nil }, x), "Checkpoint", ErrNil},
		{Checkpoint(first, x, other), "Checkpoint", ErrGraph},
		{Checkpoint(first, x, single), "Checkpoint", ErrDtype},
		{Checkpoint(func(x ...*Node) *Node { return Reshape(x[0], 5) }, x), "Reshape", ErrShape},
		{Checkpoint(first, Reshape(x, 5)), "Reshape", ErrShape},
	} {
		var e *Error
		require.ErrorAs(t, Err(c.y), &e, "case %d", i)
		require.ErrorIs(t, e, c.want, "case %d", i)
		require.Equal(t, "autodiff."+c.op, e.Op, "case %d", i)
		require.True(t, strings.HasPrefix(e.Pos, "checkpoint_test.go:"), e)
	}
	// no rule, in a part that is computed well: the error names the line in f
	var wrong *Node
	y := Checkpoint(func(x ...*Node) *Node {
		wrong = CustomGrad(Square(x[0]), x, func([]*Node, *Node, *Node) []*Node { return nil })
		return Exp(wrong)
	}, x)
	require.InDeltaSlice(t, []float64{math.E, math.Exp(4)}, run(t, y), 1e-13)
	_, err := Grad(Sum(y), x)
	require.ErrorIs(t, err, ErrNoRule)
	require.ErrorContains(t, err, "CustomGrad of "+Position(wrong))
	_, err = Compile(Sum(y), WithGrad(x))
	require.ErrorIs(t, err, ErrNoRule)
	require.ErrorContains(t, err, "CustomGrad of "+Position(wrong))
}
