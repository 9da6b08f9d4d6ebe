package autodiff_test

import (
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// Every node knows the line that made it: leaves, constants, functions that call
// others, nodes of gradients, and those of a rule that a user wrote.
func TestPosition(t *testing.T) {
	g := NewGraph()
	x, madeX := Param(g, "x", tensor.Of(1.0, 2)), here(0)
	y, madeY := Softmax(
		x, 0), here(-1)
	sum, madeSum := Sum(Mul(y, Apply(ruled{}, x))), here(0)
	grads, err := Grad(sum, x)
	madeGrads := here(-1)
	require.NoError(t, err)
	constant, madeConst := Const(g, tensor.Of(1.0)), here(0)
	bare, madeBare := InputOf(g, "bare", tensor.Float32, 3), here(0)
	for _, c := range []struct {
		node *Node
		want string
	}{{x, madeX}, {y, madeY}, {sum, madeSum}, {grads[0], madeGrads}, {constant, madeConst}, {bare, madeBare}, {Exp(Add(x, constant)), here(0)}} {
		require.Equal(t, c.want, Position(c.node))
	}
	require.Empty(t, Position(nil))
	require.Empty(t, Position(gorgonia.NewScalar(g, tensor.Float64, gorgonia.WithName("s"))))
	require.Empty(t, Position(gorgonia.Must(gorgonia.Add(x, x))))
	deep, made := nested(30, x)
	require.Equal(t, made, Position(deep), "the innermost line counts")
}

// nested makes a node below many calls, and returns where.
func nested(depth int, x *Node) (*Node, string) {
	if depth == 0 {
		return Tanh(x), here(0)
	}
	return nested(depth-1, x)
}

// ruled is x, with a gradient rule of more than one call.
type ruled struct{}

func (ruled) Name() string                                  { return "ruled" }
func (ruled) Shape(in []tensor.Shape) (tensor.Shape, error) { return in[0], nil }
func (ruled) Map64(dst []float64, x [][]float64)            { copy(dst, x[0]) }
func (ruled) Map32(dst []float32, x [][]float32)            { copy(dst, x[0]) }
func (ruled) VJP(x []*Node, y, dy *Node) []*Node            { return []*Node{Mul(1, dy)} }

// Run with
//
//	go test -run '^$' -bench NewNode ./autodiff

// BenchmarkNewNode makes a node and remembers its line.
func BenchmarkNewNode(b *testing.B) {
	b.ReportAllocs()
	x := Param(NewGraph(), "x", tensor.Scalar(1.0))
	y := x
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			x = Param(NewGraph(), "x", tensor.Scalar(1.0))
			y = x
		}
		y = Tanh(y)
	}
}
