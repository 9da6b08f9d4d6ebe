package autodiff_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// rowLines are the lines of a plan, without reads and results: "rows", or the name of a
// kernel, or "chain" and "registers".
func rowLines(p *Program) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^ +\d+  (\S+)`).FindAllStringSubmatch(p.Explain(), -1) {
		out = append(out, m[1])
	}
	return out
}

// What works on rows is one row program, whoever wrote it, forward and backward, with the
// sums of columns that the gradients of scale and bias are, and the sums of rows that make that of all elements.
func TestRowsPlan(t *testing.T) {
	plan := func(loss *Node, params ...*Node) string {
		prog := mustCompile(t, loss, WithGrad(params...))
		return strings.Join(rowLines(prog), " ")
	}
	for _, c := range softmaxLosses() {
		loss, x := c.make(t, tensor.Float32, 5, 70)
		require.Equal(t, "rows Sum registers", plan(loss, x), c.name) // the sum of one number for each row
	}
	for _, c := range layerNorms() {
		loss, params := c.make(t, tensor.Float64, 5, 70)
		require.Equal(t, "rows Sum", plan(loss, params...), c.name)
	}
	g, rng := NewGraph(), tensor.NewRand(1)
	normal := func(name string, shape ...int) *Node {
		return Param(g, name, tensor.Must(tensor.Normal(rng, 0, 1.0, shape...)))
	}
	x, w := normal("x", 4, 6, 70), normal("w", 70, 70)
	for _, c := range []struct {
		name, want string
		y          *Node
	}{
		{"softmax", "rows Sum", Square(Softmax(x, -1))},
		{"softmax of an axis in the middle", "rows Sum Sum", Square(Softmax(x, 1))}, // other rows than those that are summed
		{"two axes", "rows Sum Sum", Mul(x, Sub(x, MaxKeep(x, 1, 2)))},
		{"root mean square", "rows Sum", Square(RMSNorm(x, nil, 1e-5))},
		{"logarithm of a sum", "rows Sum", Square(LogSumExp(x, -1))},
		{"groups", "rows Sum Sum", Square(GroupNorm(x, 3, nil, nil, 1e-5))},
		{"product between", "rows MatMul rows Sum MatMul rows", Square(MatMul(Softmax(x, -1), w))},
		{"elementwise only", "rows Sum", Abs(Tanh(Mul(x, x)))},
		{"short rows", "Sum chain", Square(Reshape(x, -1, 10))}, // of which all elements are summed at once
		{"short rows, long together", "rows Sum chain", Square(Reshape(x, 4, 6, 7, 10))},
		{"one row", "Sum chain", Square(Reshape(x, 1, -1))},
	} {
		got := plan(Sum(c.y), x)
		require.Equal(t, c.want, strings.ReplaceAll(got, "chain ", ""), "%s: %s", c.name, got)
	}
}

// There is no row program where there are no rows: not of a whole array, of an axis
// that goes first, of rows that are too long, nor in a program that is watched.
func TestNoRows(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](6, 5)))
	v := Param(g, "v", tensor.Must(tensor.Ones[float64](9)))
	long := Param(g, "long", tensor.Must(tensor.Ones[float64](2, 1<<15)))
	for name, y := range map[string]*Node{
		"sum of all": Mul(x, Sum(x)), "first axis": Softmax(x, 0), "vector": Softmax(v, 0), "long": Softmax(long, 1),
	} {
		require.NotContains(t, mustCompile(t, Sum(y)).Explain(), "rows", name)
	}
	require.NotContains(t, mustCompile(t, Sum(Softmax(x, 1)), Watch()).Explain(), "rows")
	require.Contains(t, mustCompile(t, Sum(Softmax(x, 1))).Explain(), "rows")
}

// A value in between that is kept, or that something else needs whole, is stored, and
// what needs it whole is computed after the row program.
func TestRowsStore(t *testing.T) {
	g, rng := NewGraph(), tensor.NewRand(1)
	x := Param(g, "x", tensor.Must(tensor.Normal(rng, 0, 1.0, 6, 5)))
	e := Exp(Sub(x, MaxKeep(x, 1)))
	s := SumKeep(e, 1)
	y := Div(e, s)
	columns := SumKeep(y, 0) // of all rows: what reads it is another program
	z := Sub(y, columns)
	loss := Sum(Mul(z, MeanKeep(z, 1)))
	prog := mustCompile(t, loss, WithGrad(x), Keep(e, s, y))
	plain := mustCompile(t, loss, WithGrad(x), Keep(e, s, y), Unfused())
	require.Contains(t, prog.Explain(), "rows           Max Sub Exp Sum Div Sum -> (6, 1) (6, 5) (6, 1) (6, 5) (1, 5)")
	require.Contains(t, prog.Explain(), "rows           Sub Sum", "after the sum of columns\n%s", prog.Explain())
	require.NoError(t, prog.Run())
	got := rowResults(t, loss, e, s, y, x)
	require.NoError(t, plain.Run())
	requireSameBits(t, rowResults(t, loss, e, s, y, x), got)
}

// rowResults returns the values of nodes, and the gradient of the last one.
func rowResults(t testing.TB, nodes ...*Node) [][]float64 {
	var out [][]float64
	for _, n := range nodes {
		out = append(out, nodeValue(t, n))
	}
	return append(out, gradValue(t, nodes[len(nodes)-1]))
}

func requireSameBits(t testing.TB, want, got [][]float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Len(t, got[i], len(want[i]))
		for k, x := range want[i] {
			y := got[i][k]
			if math.Float64bits(x) != math.Float64bits(y) && !(math.IsNaN(x) && math.IsNaN(y)) {
				require.Failf(t, "other bits", "result %d, element %d: %v, want %v", i, k, y, x)
			}
		}
	}
}

// Row programs give the bits of the operations one by one: for rows of any number and
// length, several blocks and processors, and numbers of any kind.
func TestRowsSameBits(t *testing.T) {
	defer SetWorkers(Workers())
	awkward := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e30, -1e30, 5e-324}
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, s := range [][2]int{{1, 7}, {7, 1}, {1, 1}, {2, 2}, {3, 10}, {300, 10}, {129, 130}, {3, 5000}, {513, 257}} {
			check := func(name string, loss *Node, params []*Node) {
				t.Run(fmt.Sprint(name, " ", dt, s), func(t *testing.T) {
					prog, plain := mustCompile(t, loss, WithGrad(params...)), mustCompile(t, loss, WithGrad(params...), Unfused())
					for round := range 2 {
						results := func(p *Program) [][]float64 {
							require.NoError(t, p.Run())
							out := [][]float64{nodeValue(t, loss)}
							for _, x := range params {
								out = append(out, gradValue(t, x))
							}
							return out
						}
						want := results(plain)
						for workers := 1; workers <= 3; workers++ {
							SetWorkers(workers)
							requireSameBits(t, want, results(prog))
						}
						if round == 0 { // now with numbers of any kind
							v := nodeValue(t, params[0])
							for i, a := range awkward {
								v[(i*i*31+i)%len(v)] = a
							}
							require.NoError(t, Let(params[0], as(t, tensor.Must(tensor.FromSlice(v, s[0], s[1])), dt)))
						}
					}
				})
			}
			for _, c := range softmaxLosses() {
				if c.name == "stock" && (s[0] == 1 || s[1] == 1) {
					continue // gorgonia's gradient of these shapes is an error
				}
				loss, x := c.make(t, dt, s[0], s[1])
				check(c.name, loss, []*Node{x})
			}
			for _, c := range append(layerNorms(), elementwiseLosses()...) {
				loss, params := c.make(t, dt, s[0], s[1])
				check(c.name, loss, params)
			}
		}
	}
}

// A row program allocates nothing, on one processor and on several.
func TestRowsAllocateNothing(t *testing.T) {
	for _, s := range [][2]int{{128, 10}, {513, 257}} {
		for _, c := range softmaxLosses() {
			loss, x := c.make(t, tensor.Float32, s[0], s[1])
			prog := mustCompile(t, loss, WithGrad(x))
			require.NoError(t, prog.Run())
			require.Zero(t, testing.AllocsPerRun(20, func() { _ = prog.Run() }), c.name)
		}
	}
}
