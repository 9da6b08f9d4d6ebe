package autodiff_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// The tests of the files hazards_*_test.go are a list of what gorgonia does wrongly, and
// of what is next to it, one test a line: the numbers are right here, or there is an
// error that says what to do.

// stockLeaf is a leaf as gorgonia's users make it.
func stockLeaf(g *Graph, name string, v any) *Node {
	return gorgonia.NodeFromAny(g, v, gorgonia.WithName(name))
}

// stockOf returns a tensor of float64 numbers.
func stockOf(shape []int, x ...float64) *tensor.Dense {
	return stock.New(stock.WithShape(shape...), stock.WithBacking(x))
}

// gradients says how the gradients of a graph that build makes are asked for.
type gradients func(t *testing.T, cost *Node, wrt []*Node) [][]float64

// waysToGradients are all of them.
var waysToGradients = map[string]gradients{
	"Compile": func(t *testing.T, cost *Node, wrt []*Node) [][]float64 {
		require.NoError(t, mustCompile(t, cost, WithGrad(wrt...)).Run())
		return valuesOf(t, wrt, gradValue)
	},
	"Grad": func(t *testing.T, cost *Node, wrt []*Node) [][]float64 {
		grads, err := Grad(cost, wrt...)
		require.NoError(t, err)
		require.NoError(t, mustCompile(t, cost, Keep(grads...)).Run())
		return valuesOf(t, grads, nodeValue)
	},
	"gorgonia.Grad": func(t *testing.T, cost *Node, wrt []*Node) [][]float64 {
		_, err := gorgonia.Grad(cost, wrt...)
		require.NoError(t, err)
		require.NoError(t, NewVM(cost.Graph(), gorgonia.BindDualValues(wrt...)).RunAll())
		return valuesOf(t, wrt, gradValue)
	},
	"Cost": func(t *testing.T, cost *Node, wrt []*Node) [][]float64 {
		require.NoError(t, NewVM(cost.Graph(), gorgonia.BindDualValues(wrt...), Cost(cost)).RunAll())
		return valuesOf(t, wrt, gradValue)
	},
}

func valuesOf(t *testing.T, nodes []*Node, of func(testing.TB, *Node) []float64) [][]float64 {
	var out [][]float64
	for _, n := range nodes {
		out = append(out, of(t, n))
	}
	return out
}

// hazardGradients checks the gradients of what build makes, asked for in every way.
func hazardGradients(t *testing.T, build func() (cost *Node, wrt []*Node), tol float64, want ...[]float64) {
	t.Helper()
	for way, gradientsBy := range waysToGradients {
		cost, wrt := build()
		got := gradientsBy(t, cost, wrt)
		require.Len(t, got, len(want))
		for i := range want {
			require.InDeltaSlice(t, want[i], got[i], tol, "%s, gradient %d", way, i)
		}
	}
}

// one builds a cost of one leaf of these elements.
func one(v any, f func(x *Node) *Node) func() (*Node, []*Node) {
	return func() (*Node, []*Node) {
		g := NewGraph()
		c := v
		if d, ok := v.(*tensor.Dense); ok {
			c = d.Clone()
		}
		x := stockLeaf(g, "x", c)
		return f(x), []*Node{x}
	}
}

func sumOf(x *Node, err error) *Node { return gorgonia.Must(gorgonia.Sum(gorgonia.Must(x, err))) }

func TestHazardGrad(t *testing.T) {
	mul, add, sub, div := gorgonia.HadamardProd, gorgonia.Add, gorgonia.Sub, gorgonia.HadamardDiv
	t.Run("one cost, of scalars, vectors and matrices", func(t *testing.T) {
		square := func(x *Node) *Node { return sumOf(gorgonia.Square(x)) }
		hazardGradients(t, one(3.0, func(x *Node) *Node { return gorgonia.Must(gorgonia.Square(x)) }), 0, []float64{6})
		hazardGradients(t, one(float32(3), func(x *Node) *Node { return gorgonia.Must(gorgonia.Square(x)) }), 0, []float64{6})
		hazardGradients(t, one(tensor.Of(1.0, -2, 3), square), 0, []float64{2, -4, 6})
		hazardGradients(t, one(tensor.Of[float32](1, -2, 3), square), 0, []float64{2, -4, 6})
		hazardGradients(t, one(stockOf([]int{2, 2}, 1, -2, 3, 4), square), 0, []float64{2, -4, 6, 8})
	})
	t.Run("one cost, scalar and tensor on both sides", func(t *testing.T) {
		for _, c := range []struct {
			f      func(a, b *Node) (*Node, error)
			ds, dx []float64 // of f(s, x) and f(x, s) at s = 2, x = (1, 4)
		}{
			{add, []float64{2, 2}, []float64{1, 1, 1, 1}},
			{sub, []float64{2, -2}, []float64{-1, -1, 1, 1}},
			{mul, []float64{5, 5}, []float64{2, 2, 2, 2}},
			{div, []float64{1.25, -1.25}, []float64{-2, -0.125, 0.5, 0.5}},
			{gorgonia.Pow, []float64{1 + 32, 16 * math.Log(4)}, []float64{2 * math.Ln2, 16 * math.Ln2, 2, 8}},
		} {
			for turned := range 2 {
				hazardGradients(t, func() (*Node, []*Node) {
					g := NewGraph()
					s, x := stockLeaf(g, "s", 2.0), stockLeaf(g, "x", tensor.Of(1.0, 4))
					if turned == 1 {
						return sumOf(c.f(x, s)), []*Node{s, x}
					}
					return sumOf(c.f(s, x)), []*Node{s, x}
				}, 1e-12, []float64{c.ds[turned]}, c.dx[2*turned:2*turned+2])
			}
		}
	})
	t.Run("a node used twice", func(t *testing.T) {
		twice := func(f func(a, b *Node) (*Node, error)) func(x *Node) *Node {
			return func(x *Node) *Node { return sumOf(f(x, x)) }
		}
		v := tensor.Of(1.0, -2, 3)
		hazardGradients(t, one(v, func(x *Node) *Node { return sumOf(add(gorgonia.Must(mul(x, x)), x)) }), 0, []float64{3, -3, 7})
		hazardGradients(t, one(v, twice(add)), 0, []float64{2, 2, 2})
		hazardGradients(t, one(v, twice(sub)), 0, []float64{0, 0, 0})
		hazardGradients(t, one(v, twice(div)), 1e-15, []float64{0, 0, 0})
	})
	t.Run("a constant gradient", func(t *testing.T) {
		hazardGradients(t, one(tensor.Of(1.0, 2), func(x *Node) *Node { return sumOf(x, nil) }), 0, []float64{1, 1})
		hazardGradients(t, func() (*Node, []*Node) {
			g := NewGraph()
			x, y := stockLeaf(g, "x", 2.0), stockLeaf(g, "y", 3.0)
			return gorgonia.Must(add(x, y)), []*Node{x, y}
		}, 0, []float64{1}, []float64{1})
	})
	t.Run("a gradient that a run without BindDualValues left", func(t *testing.T) {
		cost, wrt := one(tensor.Of(1.0, 2), func(x *Node) *Node { return sumOf(gorgonia.Square(x)) })()
		_, err := gorgonia.Grad(cost, wrt...)
		require.NoError(t, err)
		require.NoError(t, NewVM(cost.Graph()).RunAll())
		require.Equal(t, []float64{2, 4}, gradValue(t, wrt[0]))
		require.NoError(t, NewVM(cost.Graph(), gorgonia.BindDualValues(wrt...)).RunAll())
		require.Equal(t, []float64{2, 4}, gradValue(t, wrt[0]), "it is not added to")
	})
	t.Run("shapes of one element", func(t *testing.T) {
		for _, shape := range [][]int{{1}, {1, 1}} {
			hazardGradients(t, one(stockOf(shape, 3), func(x *Node) *Node { return sumOf(gorgonia.Square(x)) }), 0, []float64{6})
			for _, way := range []string{"Compile", "Grad", "Cost"} { // a cost of one element needs no sum
				cost, wrt := one(stockOf(shape, 3), func(x *Node) *Node { return gorgonia.Must(gorgonia.Square(x)) })()
				require.Equal(t, [][]float64{{6}}, waysToGradients[way](t, cost, wrt), way)
			}
		}
		cost, wrt := one(tensor.Of(1.0, 2), func(x *Node) *Node { return gorgonia.Must(gorgonia.Square(x)) })()
		_, err := Grad(cost, wrt...)
		require.ErrorIs(t, err, ErrNotScalar)
		require.ErrorContains(t, err, "sum or average it")
	})
	t.Run("broadcasts", testHazardBroadcasts)
}

// testHazardBroadcasts checks all pairs of shapes that broadcast to (2, 3).
func testHazardBroadcasts(t *testing.T) {
	type broadcast = func(a, b *Node, left, right []byte) (*Node, error)
	ops := []struct {
		f          broadcast
		dfda, dfdb func(a, b float64) float64
	}{
		{gorgonia.BroadcastAdd, func(a, b float64) float64 { return 1 }, func(a, b float64) float64 { return 1 }},
		{gorgonia.BroadcastSub, func(a, b float64) float64 { return 1 }, func(a, b float64) float64 { return -1 }},
		{gorgonia.BroadcastHadamardProd, func(a, b float64) float64 { return b }, func(a, b float64) float64 { return a }},
		{gorgonia.BroadcastHadamardDiv, func(a, b float64) float64 { return 1 / b }, func(a, b float64) float64 { return -a / b / b }},
		{gorgonia.BroadcastPow, func(a, b float64) float64 { return b * math.Pow(a, b-1) }, func(a, b float64) float64 { return math.Pow(a, b) * math.Log(a) }},
	}
	shapes := [][]int{{2, 3}, {1, 3}, {2, 1}, {1, 1}}
	at := func(shape []int, i, j int) int { return i%shape[0]*shape[1] + j%shape[1] }
	ones := func(shape, other []int) (axes []byte) {
		for k := range shape {
			if shape[k] == 1 && other[k] != 1 {
				axes = append(axes, byte(k))
			}
		}
		return axes
	}
	for k, op := range ops {
		for _, sa := range shapes {
			for _, sb := range shapes {
				if max(sa[0], sb[0]) != 2 || max(sa[1], sb[1]) != 3 {
					continue
				}
				va, vb := numbers(0.7, sa), numbers(1.3, sb)
				da, db := make([]float64, len(va)), make([]float64, len(vb))
				for i := range 2 {
					for j := range 3 {
						p, q := at(sa, i, j), at(sb, i, j)
						da[p] += op.dfda(va[p], vb[q])
						db[q] += op.dfdb(va[p], vb[q])
					}
				}
				t.Run(fmt.Sprint(k, sa, sb), func(t *testing.T) {
					hazardGradients(t, func() (*Node, []*Node) {
						g := NewGraph()
						a, b := stockLeaf(g, "a", stockOf(sa, numbers(0.7, sa)...)), stockLeaf(g, "b", stockOf(sb, numbers(1.3, sb)...))
						return sumOf(op.f(a, b, ones(sa, sb), ones(sb, sa))), []*Node{a, b}
					}, 1e-12, da, db)
				})
			}
		}
	}
}

// numbers returns positive numbers from x on, for a shape.
func numbers(x float64, shape []int) []float64 {
	out := make([]float64, tensor.Size(shape))
	for i := range out {
		out[i] = x + 0.3*float64(i)
	}
	return out
}
