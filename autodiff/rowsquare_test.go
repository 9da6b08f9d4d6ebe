package autodiff_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// squareCase is a loss of x, whose last axis has n elements, with vectors that are computed: scale and bias along
// the last axis, and m with one number for each row.
type squareCase struct {
	name string
	loss func(x, scale, bias, m, labels *Node) *Node
}

func squareCases() []squareCase {
	weighted := func(y, x *Node) *Node { return Sum(Mul(y, Sin(x))) } // a loss whose gradient differs from element to element
	return []squareCase{
		{"softmax, scaled", func(x, scale, _, _, _ *Node) *Node { return weighted(Mul(Softmax(x, -1), Mul(3, scale)), x) }},
		{"scale, softmax", func(x, scale, _, _, _ *Node) *Node { return weighted(Softmax(Mul(x, Exp(scale)), -1), x) }},
		{"log-softmax, scaled", func(x, scale, _, _, _ *Node) *Node { return Mean(Mul(LogSoftmax(x, -1), Mul(3, scale))) }},
		{"scale of shape (1, n)", func(x, scale, _, _, _ *Node) *Node {
			return Mean(Mul(LogSoftmax(x, -1), Mul(3, Unsqueeze(scale, 0))))
		}},
		{"layer norm", func(x, scale, bias, _, _ *Node) *Node {
			return weighted(LayerNorm(x, Add(1, scale), Tanh(bias), 1e-5), x)
		}},
		{"layer norm by hand", func(x, scale, bias, _, _ *Node) *Node {
			z := Sub(x, MeanKeep(x, -1))
			return weighted(Add(Mul(Div(z, Sqrt(Add(MeanKeep(Mul(z, z), -1), 1e-5))), Mul(scale, scale)), Mul(2, bias)), x)
		}},
		{"root mean square norm", func(x, scale, _, _, _ *Node) *Node { return weighted(RMSNorm(x, Add(1, scale), 1e-5), x) }},
		{"cross-entropy", func(x, scale, bias, _, labels *Node) *Node {
			z := Add(Mul(x, Add(1, scale)), Mul(2, bias))
			return Neg(Mean(Gather(LogSoftmax(z, -1), -1, labels)))
		}},
		{"cross-entropy, smoothed", func(x, scale, bias, _, labels *Node) *Node {
			z := Add(LogSoftmax(Add(x, Mul(2, bias)), -1), 0)
			return Sub(Mean(Mul(z, Neg(Exp(scale)))), Mean(Gather(z, -1, labels)))
		}},
		{"temperatures of columns and rows", func(x, scale, _, m, _ *Node) *Node {
			return weighted(Softmax(Div(Mul(x, Exp(scale)), Exp(m)), -1), x)
		}},
		{"numbers of rows that nothing else computes", func(x, _, bias, m, _ *Node) *Node {
			return weighted(Add(Mul(Softmax(x, -1), Sigmoid(m)), Tanh(bias)), x)
		}},
		{"numbers of rows with those of a sum", func(x, scale, _, m, _ *Node) *Node {
			return weighted(Mul(x, Div(Mul(3, m), Sqrt(Add(1, SumKeep(Mul(Square(x), Square(scale)), -1))))), x)
		}},
		{"a chain of computed scales", func(x, scale, bias, _, _ *Node) *Node {
			return weighted(Mul(Softmax(x, -1), Tanh(Add(Mul(scale, bias), Exp(Mul(2, scale))))), x)
		}},
		{"outer product", func(x, scale, _, m, _ *Node) *Node { return weighted(Softmax(Add(x, Mul(Exp(m), Exp(scale))), -1), x) }},
		{"errors, weighted", func(x, scale, bias, _, _ *Node) *Node { return Mean(Mul(Square(Sub(x, Exp(bias))), Softplus(scale))) }},
		{"rows and columns", func(x, scale, _, _, _ *Node) *Node {
			return Add(Mean(Mul(LogSoftmax(x, -1), Exp(scale))), Mean(Mul(LogSoftmax(x, 0), Mul(2, scale))))
		}},
		{"a sum of columns", func(x, scale, _, _, _ *Node) *Node {
			y := Softmax(x, -1)
			return weighted(Mul(y, Mul(2, Reshape(SumKeep(Reshape(y, -1, scale.Shape()[0]), 0), -1))), x)
		}},
	}
}

// makeSquare returns the loss of c for x of a shape, and the parameters.
func makeSquare(t *testing.T, c squareCase, dt tensor.Dtype, shape ...int) (*Node, []*Node) {
	g, rng := NewGraph(), tensor.NewRand(5)
	param := func(name string, shape ...int) *Node {
		return Param(g, name, as(t, tensor.Must(tensor.Normal(rng, 0, 1.0, shape...)), dt))
	}
	last := len(shape) - 1
	n, narrow := shape[last], append(append([]int(nil), shape[:last]...), 1)
	at := make([]float64, tensor.Size(narrow))
	for i := range at {
		at[i] = float64(i * 7 % n)
	}
	labels := Input(g, "labels", as(t, tensor.Must(tensor.FromSlice(at, narrow...)), dt))
	params := []*Node{param("x", shape...), param("scale", n), param("bias", n), param("m", narrow...)}
	loss := c.loss(params[0], params[1], params[2], params[3], labels)
	require.NoError(t, Err(loss))
	return loss, params
}

// squares are shapes whose number of rows is that of the elements of a row, of all rows or of those that a vector is
// read along, and shapes next to them.
var squares = []struct{ square, other []int }{
	{[]int{9, 9}, []int{9, 10}},
	{[]int{32, 32}, []int{33, 32}},
	{[]int{70, 70}, []int{70, 71}},
	{[]int{4, 8, 8}, []int{4, 8, 9}},
	{[]int{4, 8, 32}, []int{4, 8, 33}},
	{[]int{16, 1, 16}, []int{16, 1, 17}},
	{[]int{2, 4, 2, 16}, []int{2, 4, 2, 17}},
}

// A square matrix has the plan of other matrices, for the value alone and with gradients with respect to everything.
func TestRowsSquarePlan(t *testing.T) {
	for _, c := range squareCases() {
		for _, s := range squares {
			t.Run(fmt.Sprint(c.name, s.square), func(t *testing.T) {
				plan := func(shape []int, gradients int) []string {
					loss, params := makeSquare(t, c, tensor.Float64, shape...)
					if gradients == 0 {
						return rowLines(mustCompile(t, loss))
					}
					return rowLines(mustCompile(t, loss, WithGrad(params[:gradients]...)))
				}
				for _, gradients := range []int{0, 1, 4} {
					want := plan(s.other, gradients)
					require.Equal(t, want, plan(s.square, gradients), "gradients: %d", gradients)
				}
			})
		}
	}
}

// All of a loss and its gradients is one program, if nothing has to be whole before it is read.
func TestRowsSquareIsOneProgram(t *testing.T) {
	for _, c := range squareCases() {
		if c.name == "a sum of columns" || c.name == "rows and columns" {
			continue
		}
		loss, params := makeSquare(t, c, tensor.Float64, 70, 70)
		plan := strings.Join(rowLines(mustCompile(t, loss, WithGrad(params...))), " ")
		require.Equal(t, 1, strings.Count(plan, "rows"), "%s: %s", c.name, plan)
	}
}

// The bits are those of the operations one by one, also of vectors that are read along the rows and across them.
func TestRowsSquareSameBits(t *testing.T) {
	defer SetWorkers(Workers())
	matrices := []squareCase{ // whose vectors have as many numbers as there are rows
		{"scaled by rows and by columns", func(x, _, _, _, _ *Node) *Node {
			r := Div(1, Sqrt(Add(1, Sum(Square(x), -1))))
			return Sum(Square(Mul(Mul(x, Unsqueeze(r, -1)), r)))
		}},
		{"a vector both ways", func(x, scale, _, _, _ *Node) *Node {
			e := Exp(scale)
			return Sum(Mul(Softmax(x, -1), Mul(Unsqueeze(e, -1), e)))
		}},
		{"sums of rows and of columns", func(x, scale, _, _, _ *Node) *Node {
			return Sum(Mul(Add(Sum(Exp(x), -1), Sum(Sin(x), 0)), Mul(2, scale)))
		}},
	}
	for i, c := range append(matrices, squareCases()...) {
		for _, s := range [][]int{{5, 5}, {70, 70}, {300, 300}, {32, 1, 32}, {3, 7, 7}, {4, 8, 32}} {
			if i < len(matrices) && len(s) > 2 {
				continue
			}
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				t.Run(fmt.Sprint(c.name, s, dt), func(t *testing.T) {
					loss, params := makeSquare(t, c, dt, s...)
					results := func(opts ...Option) [][]float64 {
						prog := mustCompile(t, loss, append(opts, WithGrad(params...))...)
						require.NoError(t, prog.Run())
						out := [][]float64{nodeValue(t, loss)}
						for _, p := range params {
							out = append(out, gradValue(t, p))
						}
						return out
					}
					want := results(Unfused())
					for workers := 1; workers <= 3; workers++ {
						SetWorkers(workers)
						requireSameBits(t, want, results())
					}
				})
			}
		}
	}
}
