package autodiff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// The gradients of slices are laid beside each other, in one walk over the whole, where
// they do not overlap, whatever their order, and added where they do. The loss is the sum
// of (k+1)/2·slice² at 1, so that each element of the gradient is the sum of the numbers of
// the slices that have it.
func TestGradientsOfSlices(t *testing.T) {
	type piece struct{ axis, start, end int }
	for _, c := range []struct {
		name   string
		pieces []piece
		whole  float64 // a factor of Σ x, 0 for none
		made   string  // operations that put the gradient together
	}{
		{"one", []piece{{1, 1, 3}}, 0, "Spread"},
		{"all, in order", []piece{{1, 0, 2}, {1, 2, 3}, {1, 3, 6}}, 0, "Concat"},
		{"all, in another order", []piece{{1, 3, 6}, {1, 0, 2}, {1, 2, 3}}, 0, "Concat"},
		{"along the first axis", []piece{{0, 2, 4}, {0, 0, 2}}, 0, "Concat"},
		{"some beside each other", []piece{{1, 2, 3}, {1, 3, 5}}, 0, "Concat Spread"},
		{"with a gap", []piece{{1, 0, 1}, {1, 4, 6}}, 0, "Concat"},
		{"with gaps all around", []piece{{1, 1, 2}, {1, 4, 5}}, 0, "Concat Spread"},
		{"overlapping", []piece{{1, 0, 3}, {1, 2, 6}}, 0, "Spread Spread"},
		{"the same", []piece{{1, 0, 3}, {1, 0, 3}}, 0, "Spread Spread"},
		{"two axes", []piece{{0, 0, 2}, {1, 0, 3}, {1, 3, 6}}, 0, "Spread Concat"},
		{"and the whole", []piece{{1, 0, 3}, {1, 3, 6}}, 10, "Concat"},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprint(c.name, " ", dt), func(t *testing.T) {
				const rows, cols = 4, 6
				g := NewGraph()
				x := Param(g, "x", tensor.Must(tensor.Convert(tensor.Must(tensor.Full(1.0, rows, cols)), dt)))
				y := Mul(x, x) // not a leaf
				loss := Mul(Sum(Square(y)), c.whole/2)
				want := make([]float64, rows*cols)
				for i := range want {
					want[i] = c.whole
				}
				for k, p := range c.pieces {
					loss = Add(loss, Mul(Sum(Square(Slice(y, p.axis, p.start, p.end))), float64(k+1)/2))
					for i := range want {
						if at := [2]int{i / cols, i % cols}[p.axis]; p.start <= at && at < p.end {
							want[i] += float64(k + 1)
						}
					}
				}
				dy, err := Grad(loss, y)
				require.NoError(t, err)
				prog, err := Compile(loss, Keep(dy[0]))
				require.NoError(t, err)
				require.NoError(t, prog.Run())
				have, err := tensor.Float64s(dy[0].Value())
				require.NoError(t, err)
				require.Equal(t, want, have)

				prog, err = Compile(loss, WithGrad(x))
				require.NoError(t, err)
				require.NoError(t, prog.Run())
				require.NoError(t, CheckGrad(loss, x))
				require.Equal(t, c.made, strings.Join(namesIn(prog, "Concat", "Spread"), " "))
			})
		}
	}
}

func namesIn(prog *Program, of ...string) (names []string) {
	for _, u := range prog.units {
		for _, v := range u.values {
			for _, name := range of {
				if v.prim.Name() == name {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// Many slices take as much work as their elements: as many operations as slices, and one
// walk over the whole.
func TestGradientOfManySlices(t *testing.T) {
	const n = 64
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Full(0.5, n, 3)))
	h := Slice(x, 0, 0, 1)
	for i := 1; i < n; i++ {
		h = Tanh(Add(h, Slice(x, 0, i, i+1)))
	}
	loss := Sum(h)
	prog, err := Compile(loss, WithGrad(x))
	require.NoError(t, err)
	require.Equal(t, []string{"Concat"}, namesIn(prog, "Concat", "Spread"))
	require.Len(t, namesIn(prog, "Add"), n-1, "those of the value")
	require.NoError(t, prog.Run())
	require.NoError(t, CheckGrad(loss, x))
}

// A gradient goes around an Expand that a pointwise operation reads, with the numbers and the plan that broadcasting
// gives, unless the gradient of the Expand itself is asked for, which has all terms then.
func TestGradientsAroundExpand(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(x, s *Node) *Node
	}{
		{"x / s", func(x, s *Node) *Node { return Div(x, s) }},
		{"s / x", func(x, s *Node) *Node { return Div(s, x) }},
		{"x - s", func(x, s *Node) *Node { return Sub(x, s) }},
		{"x s s", func(x, s *Node) *Node { return Mul(Mul(x, s), s) }},
		{"max", func(x, s *Node) *Node { return Maximum(x, s) }},
		{"two readers", func(x, s *Node) *Node { return Div(Sub(x, s), s) }},
		{"one that is not pointwise", func(x, s *Node) *Node { return Add(Div(x, s), Cumsum(Add(s, x), 0)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewGraph()
			x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 5, 7, 9}, 2, 3)))
			s := Param(g, "s", tensor.Must(tensor.FromSlice([]float64{2, 4}, 2, 1)))
			w := Const(g, tensor.Must(tensor.FromSlice([]float64{1, -2, 3, 1, 4, -1}, 2, 3)))
			wide := Expand(Expand(s, 2, 3), 2, 3)
			narrow, around := Sum(Mul(c.f(x, s), w)), Sum(Mul(c.f(x, wide), w))
			require.NoError(t, CheckGrad(around, x, s, wide))

			want, err := Compile(narrow, WithGrad(x, s))
			require.NoError(t, err)
			prog, err := Compile(around, WithGrad(x, s))
			require.NoError(t, err)
			require.Equal(t, planOf(want), planOf(prog))

			grads, err := Grad(around, s, wide) // the second is the first before the sum
			require.NoError(t, err)
			alone, err := Grad(around, wide)
			require.NoError(t, err)
			prog, err = Compile(around, Keep(append(grads, alone...)...))
			require.NoError(t, err)
			require.NoError(t, prog.Run())
			var values [][]float64
			for _, n := range append(grads, alone...) {
				values = append(values, elementsOf(t, n))
			}
			ds, dwide := values[0], values[1]
			require.Equal(t, dwide, values[2])
			for i := range ds {
				require.InDelta(t, dwide[3*i]+dwide[3*i+1]+dwide[3*i+2], ds[i], 1e-12)
			}
		})
	}
}

// planOf is the operations of a program.
func planOf(p *Program) []string {
	var names []string
	for _, u := range p.units {
		for _, v := range u.values {
			names = append(names, fmt.Sprint(v.prim.Name(), v.shape))
		}
	}
	return names
}

// equalOnly is x·y of two nodes of one shape. Its rule makes nodes that broadcast nothing.
type equalOnly struct{}

func (equalOnly) Name() string { return "equalOnly" }
func (equalOnly) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if !slices.Equal(in[0], in[1]) {
		return nil, fmt.Errorf("%w: %v", tensor.ErrShape, in)
	}
	return in[0], nil
}
func (equalOnly) Map32(dst []float32, x [][]float32) { kernel.Mul(dst, x[0], x[1]) }
func (equalOnly) Map64(dst []float64, x [][]float64) { kernel.Mul(dst, x[0], x[1]) }
func (p equalOnly) VJP(x []*Node, y, dy *Node) []*Node {
	return []*Node{Apply(p, dy, x[1]), Apply(p, dy, x[0])}
}

// Rules of others get the shapes that their operations had.
func TestGradientsOfOthersAroundExpand(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 5, 7, 9}, 2, 3)))
	s := Param(g, "s", tensor.Must(tensor.FromSlice([]float64{2, 4}, 2, 1)))
	require.NoError(t, CheckGrad(Sum(Apply(equalOnly{}, Expand(s, 2, 3), x)), x, s))
}
