package autodiff

import (
	"fmt"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// chain is a network of tanh layers: they share their weights when shared, and are
// computed anew in parts of part layers, unless that is 0, with parts in parts of half
// their length when nested.
type chain struct {
	layers, part          int
	shared, skips, nested bool
	rows, width           int
	dt                    tensor.Dtype
}

// build returns the loss, the input and the parameters.
func (c chain) build() (loss, x *Node, params []*Node) {
	g := NewGraph()
	rng := tensor.NewRand(1)
	normal := func(shape ...int) *tensor.Dense {
		return tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(rng, 0, 0.1, shape...)), c.dt))
	}
	x = Input(g, "x", normal(c.rows, c.width))
	var w, b []*Node
	for i := range c.layers {
		if i == 0 || !c.shared {
			w = append(w, Param(g, fmt.Sprint("w", i), normal(c.width, c.width)))
			b = append(b, Param(g, fmt.Sprint("b", i), normal(c.width)))
			params = append(params, w[i], b[i])
			continue
		}
		w, b = append(w, w[0]), append(b, b[0])
	}
	var forward func(h *Node, from, to, part int) *Node
	forward = func(h *Node, from, to, part int) *Node {
		for i := from; i < to; i += max(part, 1) {
			if part > 0 {
				h = Checkpoint(func(x ...*Node) *Node {
					inner := 0
					if c.nested && part > 1 {
						inner = part / 2
					}
					return forward(x[0], i, min(i+part, to), inner)
				}, h)
				continue
			}
			y := Tanh(Add(MatMul(h, Transpose(w[i])), b[i]))
			if c.skips {
				y = Add(y, h)
			}
			h = y
		}
		return h
	}
	return Sum(Square(forward(x, 0, c.layers, c.part))), x, params
}

// activations is the planned memory without the gradients of the parameters, in
// results of a layer.
func (c chain) activations(p *Program) float64 {
	n := p.f64.buffers + p.f32.buffers
	for _, w := range p.params {
		n -= tensor.Size(w.Shape())
	}
	return float64(n) / float64(c.rows*c.width)
}

// compiled returns the program of the chain, after a run, and what it computed: the
// loss, and the gradients of the parameters and of the input.
func (c chain) compiled(t *testing.T) (*Program, []tensor.Value) {
	loss, x, params := c.build()
	prog, err := Compile(loss, WithGrad(append(params, x)...))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	out := []tensor.Value{loss.Value()}
	for _, p := range prog.params {
		d, err := p.Grad()
		require.NoError(t, err)
		out = append(out, d)
	}
	return prog, out
}

// A chain of 64 layers in parts of 8 keeps 8 results at the ends of parts and 8 of the
// part on its way back, instead of 64; with parts in the parts it is 12. Values and
// gradients are the same bits. The gradients of shared weights are sums of the same
// terms in another order.
func TestCheckpointMemory(t *testing.T) {
	for _, row := range []struct {
		chain
		plain, parts float64 // the most results of a layer that are in memory
	}{
		{chain{}, 66, 17},
		{chain{nested: true}, 66, 13},
		{chain{skips: true}, 130, 25},
		{chain{shared: true}, 70, 21},
		{chain{skips: true, shared: true}, 134, 29},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprintf("%+v %v", row.chain, dt), func(t *testing.T) {
				c := row.chain
				c.layers, c.rows, c.width, c.dt = 64, 256, 16, dt
				plain, want := c.compiled(t)
				c.part = 8
				parts, got := c.compiled(t)
				require.LessOrEqual(t, c.activations(plain), row.plain)
				require.LessOrEqual(t, c.activations(parts), row.parts)
				require.Greater(t, c.activations(plain), 3*c.activations(parts))
				if !c.shared {
					require.Equal(t, want, got)
					return
				}
				tol := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-4}[dt]
				for i := range want {
					require.NoError(t, tensor.AllClose(got[i], want[i], tol, tol))
				}
			})
		}
	}
}

// Without a gradient a part costs nothing, with one it costs the operations of the
// part once more and none besides, and a run allocates nothing.
func TestCheckpointCost(t *testing.T) {
	c := chain{layers: 6, rows: 4, width: 3, dt: tensor.Float64}
	explain := func(part int, grad bool) (*Program, string) {
		c.part = part
		loss, _, params := c.build()
		if !grad {
			params = nil
		}
		prog, err := Compile(loss, WithGrad(params...))
		require.NoError(t, err)
		return prog, prog.Explain()
	}
	_, want := explain(0, false)
	_, got := explain(2, false)
	require.Equal(t, want, got)

	plain, _ := explain(0, true)
	parts, text := explain(2, true)
	require.Equal(t, plain.operations()+6*3+1, parts.operations(), "MatMul, Add and Tanh of 6 layers, and the square of the last, which the loss has too\n%s", text)
	require.NotContains(t, text, "Barrier")
	require.NoError(t, parts.Run())
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = parts.Run() }))

	// Of x·w nothing has to be computed anew, and nothing is left of what waits for
	// the gradient, here a constant, to be there.
	g := NewGraph()
	x, w := Input(g, "x", tensor.Of(1.0, 2, 3)), Param(g, "w", tensor.Of(4.0, 5, 6))
	loss := Sum(Checkpoint(func(x ...*Node) *Node { return Mul(x[0], w) }, x))
	prog, err := Compile(loss, WithGrad(w))
	require.NoError(t, err)
	require.Equal(t, 3, prog.operations(), "Mul, Sum, and a copy of x\n%s", prog.Explain())
	require.NoError(t, prog.Run())
	d, err := w.Grad()
	require.NoError(t, err)
	require.Equal(t, []float64{1, 2, 3}, d.Data())
}

// A result takes no buffer that is more than twice as large, which a larger one may
// need, and one that is kept takes none that is larger at all, as it never gives it
// back: here the second 800 elements have the memory of the first.
func TestBuffersOfTheirSize(t *testing.T) {
	g := NewGraph()
	x := Input(g, "x", tensor.Must(tensor.Ones[float64](100, 8)))
	a := Sum(Exp(x), 0)
	kept := Slice(x, 0, 0, 75)
	small := MatMul(Unsqueeze(a, 1), Unsqueeze(a, 0))
	prog, err := Compile(Sum(MatMul(x, small)), Keep(kept))
	require.NoError(t, err)
	require.Equal(t, 800+8+600+64, prog.f64.buffers, prog.Explain())
}

// BenchmarkCheckpoint is a run of 64 layers with gradients, plainly and in parts of 8:
//
//	go test -run '^$' -bench Checkpoint ./autodiff
func BenchmarkCheckpoint(b *testing.B) {
	for name, part := range map[string]int{"plain": 0, "parts": 8} {
		b.Run(name, func(b *testing.B) {
			c := chain{layers: 64, part: part, rows: 256, width: 64, dt: tensor.Float64}
			loss, _, params := c.build()
			prog, err := Compile(loss, WithGrad(params...))
			require.NoError(b, err)
			for b.Loop() {
				_ = prog.Run()
			}
			b.ReportMetric(float64(8*prog.f64.buffers), "B-planned")
		})
	}
}
