package autodiff_test

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// A machine runs graphs, and Grad goes with it.
type machine struct {
	of   func(g *Graph, opts ...gorgonia.VMOpt) gorgonia.VM
	grad func(y *Node, x ...*Node) ([]*Node, error)
}

var (
	tapeMachine = machine{
		func(g *Graph, opts ...gorgonia.VMOpt) gorgonia.VM { return gorgonia.NewTapeMachine(g, opts...) },
		func(y *Node, x ...*Node) ([]*Node, error) { return gorgonia.Grad(y, x...) },
	}
	newVM = machine{func(g *Graph, opts ...gorgonia.VMOpt) gorgonia.VM { return NewVM(g, opts...) }, Grad}
)

// difference is a graph that the two machines do not agree on, and what they say.
type difference struct {
	name  string
	run   func(t *testing.T, m machine) string
	stock string
	ours  string
}

// Each line of the first table of docs/from-gorgonia.md is what happens.
func TestDifferences(t *testing.T) {
	page := fromGorgonia(t)
	log.SetOutput(io.Discard) // some of gorgonia's operations write to it
	defer log.SetOutput(os.Stderr)
	for _, d := range differences() {
		t.Run(d.name, func(t *testing.T) {
			require.Equal(t, d.stock, d.run(t, tapeMachine), "gorgonia")
			require.Equal(t, d.ours, d.run(t, newVM), "NewVM")
			require.Contains(t, page, fmt.Sprintf("| %s | %s | %s |", d.name, d.stock, d.ours))
		})
	}
}

func differences() []difference {
	rows := []difference{
		{"`Reshape`, then `Add(r, r)`, in a graph that runs 3 times; w = [1 2 3 4]", runReshape, "w becomes [8 16 24 32]", "w stays"},
		{"`Add(x, y)`, then other operations: its value at [1 2], [1 2]", runIntermediate, "[1 2]", "[2 4]"},
		{"`Grad` of a gradient: x³ twice, at 2", runSecond, "6", "12"},
		{"`Grad` of Σx², then of Σsin x², at [1 2]: the second", runTwoCosts, "[2 4]", "[1.081 -2.615]"},
		{"`WithNaNWatch`, (-1)²", runWatch, "NaN, of a logarithm that nobody asked for", "no error"},
		{"a new machine while a `BatchNorm` is in use: its running mean", runBatchNormMachine, "is set back", "stays"},
		{"`Dropout(x, 0.25)`: elements that stay", runDropout, "1.333, slope 4", "1.333, slope 1.333"},
	}
	add := func(name string, shape []int, x []float64, f func(x *Node) (*Node, error), stock, ours string) {
		rows = append(rows, difference{name, func(t *testing.T, m machine) string { return runSlopes(t, m, shape, x, f) }, stock, ours})
	}
	pair := []int{2}
	add("`Log2(4)`", []int{}, []float64{4}, gorgonia.Log2, "2, slope 0.1733", "2, slope 0.3607")
	add("`InverseSqrt(4)`", []int{}, []float64{4}, gorgonia.InverseSqrt, "0.5, slope -4", "0.5, slope -0.0625")
	add("`Norm([-1 2], 0, 1)`", pair, []float64{-1, 2}, func(x *Node) (*Node, error) { return gorgonia.Norm(x, 0, 1) }, "1, slope [1 1]", "3, slope [-1 1]")
	add("`LogSumExp([1 2 3], 0)`", []int{3}, []float64{1, 2, 3}, func(x *Node) (*Node, error) { return gorgonia.LogSumExp(x, 0) },
		"1.505, slope [0.03005 0.08169 0.1103]", "3.408, slope [0.09003 0.2447 0.6652]")
	add("`OuterProd([1 2], [3 5])`", pair, []float64{1, 2}, func(x *Node) (*Node, error) {
		return gorgonia.OuterProd(x, Const(x.Graph(), tensor.Of(3.0, 5)))
	}, "[3 5 6 10], slope [3 3]", "[3 5 6 10], slope [8 8]")
	add("`BinaryXent([1 0.5], [1 1])`", pair, []float64{1, 0.5}, func(p *Node) (*Node, error) {
		return gorgonia.BinaryXent(p, Const(p.Graph(), tensor.Of(1.0, 1)))
	}, "[NaN 0.6931], slope [NaN -2]", "[0 0.6931], slope [-1 -2]")
	add("`Rectify([-Inf 0 2])`", []int{3}, []float64{math.Inf(-1), 0, 2}, gorgonia.Rectify, "[NaN 0 2], slope [0 1 1]", "[0 0 2], slope [0 0 1]")
	add("`Max([3 3 1])`", []int{3}, []float64{3, 3, 1}, func(x *Node) (*Node, error) { return gorgonia.Max(x) }, "3, slope [1 1 0]", "3, slope [0.5 0.5 0]")
	add("`At([1 2 3], 1)`", []int{3}, []float64{1, 2, 3}, func(x *Node) (*Node, error) { return gorgonia.At(x, 1) }, "no slope: Grad fails", "2, slope [0 1 0]")
	add("`GlobalAveragePool2D` of 1 to 4", []int{1, 1, 2, 2}, []float64{1, 2, 3, 4}, gorgonia.GlobalAveragePool2D, "no slope: Grad panics", "2.5, slope [0.25 0.25 0.25 0.25]")
	add("`AveragePool2D` of 2 rows, 1 to 6, by 2 × 2", []int{1, 1, 2, 3}, []float64{1, 2, 3, 4, 5, 6}, func(x *Node) (*Node, error) {
		return gorgonia.AveragePool2D(x, stock.Shape{2, 2}, []int{0, 0}, []int{1, 1})
	}, "[4 5.333], slope [0.3333 0.6667 0.3333 0.3333 0.6667 0.3333]", "[3 4], slope [0.25 0.5 0.25 0.25 0.5 0.25]")
	add("`MaxPool2D` of 1 to 4 by 2 × 2, a row of padding above", []int{1, 1, 2, 2}, []float64{1, 2, 3, 4}, func(x *Node) (*Node, error) {
		return gorgonia.MaxPool2D(x, stock.Shape{2, 2}, []int{1, 0, 0, 0}, []int{1, 1})
	}, "[4 4], slope [0 0 0 2]", "[2 4], slope [0 1 0 1]")
	add("`CTCLoss`, mean over 2 labels in 2 steps", []int{2, 1, 3}, []float64{0, 0, 0, 0, 0, 0}, ctcOfTwo,
		"1.099, slope [0.3333 -0.6667 0.3333 0.3333 0.3333 -0.6667]", "1.099, slope [0.1667 -0.3333 0.1667 0.1667 0.1667 -0.3333]")
	return rows
}

// runSlopes tells the value of f and the gradient of its sum.
func runSlopes(t *testing.T, m machine, shape []int, data []float64, f func(x *Node) (*Node, error)) string {
	g := NewGraph()
	v := tensor.Value(tensor.Must(tensor.FromSlice(slices.Clone(data), shape...)))
	x := Param(g, "x", v)
	y := gorgonia.Must(f(x))
	cost := y
	if !y.IsScalar() {
		cost = gorgonia.Must(gorgonia.Sum(y))
	}
	var value gorgonia.Value
	gorgonia.Read(y, &value)
	options := []gorgonia.VMOpt{gorgonia.BindDualValues(x)}
	if failure := stockGrad(cost, x); failure != "" {
		vm, isOurs := m.of(g, append(options, Cost(cost))...).(*VM)
		if !isOurs {
			return "no slope: Grad " + failure
		}
		require.NoError(t, vm.RunAll())
	} else {
		require.NoError(t, m.of(g, options...).RunAll())
	}
	return short(must(tensor.Float64s(value))) + ", slope " + short(gradValue(t, x))
}

// stockGrad calls gorgonia.Grad, and says how it fails.
func stockGrad(cost, x *Node) (failure string) {
	defer func() {
		if recover() != nil {
			failure = "panics"
		}
	}()
	if _, err := gorgonia.Grad(cost, x); err != nil {
		return "fails"
	}
	return ""
}

// short prints numbers in four digits, without the sign of zero.
func short(x []float64) string {
	words := make([]string, len(x))
	for i, e := range x {
		words[i] = fmt.Sprintf("%.4g", e+0)
	}
	if len(words) == 1 {
		return words[0]
	}
	return "[" + strings.Join(words, " ") + "]"
}

func ctcOfTwo(x *Node) (*Node, error) {
	ints := func(name string, shape []int, v ...int) *Node {
		return gorgonia.NewTensor(x.Graph(), gorgonia.Int, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(stock.New(stock.WithShape(shape...), stock.WithBacking(v))))
	}
	logP := gorgonia.Must(gorgonia.LogSoftMax(x, 2))
	return gorgonia.CTCLoss(logP, ints("labels", []int{1, 2}, 1, 2), ints("steps", []int{1}, 2), ints("lengths", []int{1}, 2), gorgonia.ReductionMean)
}

func runReshape(t *testing.T, m machine) string {
	g := NewGraph()
	w := Param(g, "w", tensor.Of(1.0, 2, 3, 4))
	r := gorgonia.Must(gorgonia.Reshape(w, stock.Shape{2, 2}))
	gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Add(r, r))))
	vm := m.of(g)
	for range 3 {
		require.NoError(t, vm.RunAll())
		vm.Reset()
	}
	if got := short(nodeValue(t, w)); got != "[1 2 3 4]" {
		return "w becomes " + got
	}
	return "w stays"
}

func runIntermediate(t *testing.T, m machine) string {
	g := NewGraph()
	x, y := Param(g, "x", tensor.Of(1.0, 2)), Param(g, "y", tensor.Of(1.0, 2))
	sum := gorgonia.Must(gorgonia.Add(x, y))
	cost := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Exp(gorgonia.Must(gorgonia.Sub(sum, y))))))
	_, err := gorgonia.Grad(cost, x)
	require.NoError(t, err)
	require.NoError(t, m.of(g, gorgonia.BindDualValues(x)).RunAll())
	return short(nodeValue(t, sum))
}

// runSecond differentiates twice: with gorgonia's Grad, or with ours.
func runSecond(t *testing.T, m machine) string {
	g := NewGraph()
	x := Param(g, "x", tensor.Scalar(2.0))
	y := gorgonia.Must(gorgonia.Cube(x))
	for range 2 {
		d, err := m.grad(y, x)
		require.NoError(t, err)
		y = d[0]
	}
	require.NoError(t, m.of(g).RunAll())
	return short(nodeValue(t, y))
}

func runTwoCosts(t *testing.T, m machine) string {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(1.0, 2))
	h := gorgonia.Must(gorgonia.Square(x))
	_, err := m.grad(gorgonia.Must(gorgonia.Sum(h)), x)
	require.NoError(t, err)
	second, err := m.grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Sin(h)))), x)
	require.NoError(t, err)
	require.NoError(t, m.of(g).RunAll())
	return short(nodeValue(t, second[0]))
}

func runWatch(t *testing.T, m machine) string {
	g := NewGraph()
	x := Param(g, "x", tensor.Of(-1.0, 2))
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Pow(x, gorgonia.NewConstant(2.0))))), x)
	require.NoError(t, err)
	if err := m.of(g, gorgonia.WithNaNWatch()).RunAll(); err != nil {
		require.ErrorContains(t, err, "NaN found in value. Node: ln(")
		return "NaN, of a logarithm that nobody asked for"
	}
	return "no error"
}

func runBatchNormMachine(t *testing.T, m machine) string {
	g := NewGraph()
	column := func(name string, v ...float64) *Node {
		return Param(g, name, tensor.Must(tensor.FromSlice(v, 3, 1)))
	}
	_, _, _, bn, err := gorgonia.BatchNorm(column("x", 1, 2, 6), column("scale", 1, 1, 1), column("bias", 0, 0, 0), 0.1, 1e-5)
	require.NoError(t, err)
	require.NoError(t, m.of(g).RunAll())
	mean, _ := bn.Stats()
	require.InDeltaSlice(t, []float64{0.3}, must(tensor.Float64s(mean)), 1e-12)
	m.of(g)
	if must(tensor.Float64s(mean))[0] == 0 {
		return "is set back"
	}
	return "stays"
}

func runDropout(t *testing.T, m machine) string {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Full(1.0, 64)))
	y := gorgonia.Must(gorgonia.Dropout(x, 0.25))
	var value gorgonia.Value
	gorgonia.Read(y, &value)
	_, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x)
	require.NoError(t, err)
	require.NoError(t, m.of(g, gorgonia.BindDualValues(x)).RunAll())
	return short([]float64{slices.Max(must(tensor.Float64s(value)))}) + ", slope " + short([]float64{slices.Max(gradValue(t, x))})
}

// Each line of the second table of docs/from-gorgonia.md is lost while gorgonia builds:
// no machine computes what was written, and NewVM says so where it can be seen.
func TestLostWhileBuilding(t *testing.T) {
	page := fromGorgonia(t)
	for _, d := range lost() {
		t.Run(d.name, func(t *testing.T) {
			require.Equal(t, d.stock, d.run(t, tapeMachine), "gorgonia")
			require.Equal(t, d.ours, d.run(t, newVM), "NewVM")
			require.Contains(t, page, fmt.Sprintf("| %s | %s | %s | %s |", d.name, d.want, d.stock, d.ours))
		})
	}
}

type loss struct {
	name, want, stock, ours string
	run                     func(t *testing.T, m machine) string
}

// run tells how the machine fails, "" if it does not.
func (m machine) run(t *testing.T, g *Graph) string {
	if err := m.of(g).RunAll(); err != nil {
		require.ErrorIs(t, err, ErrDamaged)
		return "an error"
	}
	return ""
}

func lost() []loss {
	value := func(f func(g *Graph) *Node) func(t *testing.T, m machine) string {
		return func(t *testing.T, m machine) string {
			g := NewGraph()
			y := f(g)
			var read gorgonia.Value
			gorgonia.Read(y, &read)
			if failure := m.run(t, g); failure != "" {
				return failure
			}
			return short(must(tensor.Float64s(read)))
		}
	}
	scalar := func(g *Graph, v float64, options ...gorgonia.NodeConsOpt) *Node {
		return gorgonia.NewScalar(g, gorgonia.Float64, append(options, gorgonia.WithValue(v))...)
	}
	same := func(f func(g *Graph) (a, b *Node)) func(t *testing.T, m machine) string {
		return func(t *testing.T, m machine) string {
			g := NewGraph()
			if a, b := f(g); a != b {
				return "two nodes"
			}
			return cmp.Or(m.run(t, g), "one node")
		}
	}
	vector := func(g *Graph, n int) *Node {
		return gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(n), gorgonia.WithName("x"), gorgonia.WithInit(gorgonia.RangedFrom(1)))
	}
	return []loss{
		{"two inputs without a name, 1 and 2: their sum", "3", "2", "an error", value(func(g *Graph) *Node {
			return gorgonia.Must(gorgonia.Add(scalar(g, 1), scalar(g, 2)))
		})},
		{"two inputs of one name and shape, 1 and 2: their sum", "3", "2", "2", value(func(g *Graph) *Node {
			return gorgonia.Must(gorgonia.Add(scalar(g, 1, gorgonia.WithName("x")), scalar(g, 2, gorgonia.WithName("x"))))
		})},
		{"two constants of one name, 1 and 2: their sum", "3", "2", "2", value(func(g *Graph) *Node {
			c := func(v float64) *Node { return gorgonia.NewConstant(v, gorgonia.WithName("c")) }
			x := scalar(g, 0, gorgonia.WithName("x"))
			return gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Add(x, c(1))), gorgonia.Must(gorgonia.Add(x, c(2)))))
		})},
		{"`SoftMax(x)` and `LogSoftMax(x)`", "two nodes", "one node", "one node", same(func(g *Graph) (a, b *Node) {
			x := vector(g, 2)
			return gorgonia.Must(gorgonia.SoftMax(x)), gorgonia.Must(gorgonia.LogSoftMax(x))
		})},
		{"`Dropout(x, 0.1)` and `Dropout(x, 0.9)`", "two nodes", "one node", "an error", same(func(g *Graph) (a, b *Node) {
			x := vector(g, 2)
			return gorgonia.Must(gorgonia.Dropout(x, 0.1)), gorgonia.Must(gorgonia.Dropout(x, 0.9))
		})},
		{"`Slice` of [0:4] and of [256:260]", "two nodes", "one node", "one node", same(func(g *Graph) (a, b *Node) {
			x := vector(g, 300)
			return gorgonia.Must(gorgonia.Slice(x, gorgonia.S(0, 4))), gorgonia.Must(gorgonia.Slice(x, gorgonia.S(256, 260)))
		})},
		{"a uniform and a normal random node of one shape", "two nodes", "one node", "an error", same(func(g *Graph) (a, b *Node) {
			return gorgonia.UniformRandomNode(g, gorgonia.Float64, 0, 1, 3), gorgonia.GaussianRandomNode(g, gorgonia.Float64, 0, 1, 3)
		})},
		{"p = `SoftMax([1 2])`, then `Log(p)` is taken: p", "[0.2689 0.7311]", "[-1.313 -0.3133]", "[-1.313 -0.3133]", value(func(g *Graph) *Node {
			p := gorgonia.Must(gorgonia.SoftMax(vector(g, 2)))
			gorgonia.Must(gorgonia.Log(p))
			return p
		})},
		{"`AveragePool1D([1 2 3 4], 2, 0, 2)`", "[1.5 3.5]", "[2 4]", "[2 4]", value(func(g *Graph) *Node {
			x := Param(g, "x", tensor.Must(tensor.FromSlice([]float64{1, 2, 3, 4}, 1, 1, 1, 4)))
			return gorgonia.Must(gorgonia.AveragePool1D(x, 2, 0, 2))
		})},
	}
}
