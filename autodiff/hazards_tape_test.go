package autodiff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	stock "gorgonia.org/tensor"
)

// What gorgonia's tape machine does to graphs that are right.
func TestHazardTape(t *testing.T) {
	t.Run("Reshape, then arithmetic", func(t *testing.T) {
		g := NewGraph()
		w := stockLeaf(g, "w", tensor.Of(1.0, 2, 3, 4))
		r := gorgonia.Must(gorgonia.Reshape(w, stock.Shape{2, 2}))
		c := sumOf(gorgonia.Add(r, r))
		_, err := gorgonia.Grad(c, w)
		require.NoError(t, err)
		vm := NewVM(g, gorgonia.BindDualValues(w))
		for run := 1.0; run <= 3; run++ {
			require.NoError(t, vm.RunAll())
			require.Equal(t, []float64{20}, nodeValue(t, c))
			require.Equal(t, []float64{1, 2, 3, 4}, nodeValue(t, w), "gorgonia doubles it in every run")
			require.Equal(t, []float64{1, 2, 3, 4}, nodeValue(t, r))
			require.Equal(t, scaledBy(2*run, []float64{1, 1, 1, 1}), gradValue(t, w))
		}
		require.Equal(t, []float64{20}, programValue(t, Sum(Add(Reshape(w, 2, 2), Reshape(w, 2, 2)))))
		require.Equal(t, []float64{1, 2, 3, 4}, nodeValue(t, w))
	})
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("random graph ", seed), func(t *testing.T) { testHazardRandomGraph(t, seed) })
	}
}

// randomGraph is a graph of reshapes and arithmetic, and what it computes in plain Go.
type randomGraph struct {
	rng   *rand.Rand
	nodes []*Node     // of (6), (2, 3), (3, 2) and (1, 6)
	plain [][]float64 // their elements
	slope [][]float64 // and derivatives by the element of w of the same place
}

var randomShapes = []stock.Shape{{6}, {2, 3}, {3, 2}, {1, 6}}

// grow adds a node. All operations are elementwise, so every element is a function of
// one element of w.
func (r *randomGraph) grow() {
	pick := func() int { return r.rng.IntN(len(r.nodes)) }
	i, j := pick(), pick()
	x, dx := r.plain[i], r.slope[i]
	var n *Node
	f, df := make([]float64, 6), make([]float64, 6)
	each := func(g, d func(k int) float64) {
		for k := range f {
			f[k], df[k] = g(k), d(k)
		}
	}
	switch r.rng.IntN(6) {
	case 0:
		n = gorgonia.Must(gorgonia.Tanh(r.nodes[i]))
		each(func(k int) float64 { return math.Tanh(x[k]) }, func(k int) float64 { return dx[k] * (1 - math.Tanh(x[k])*math.Tanh(x[k])) })
	case 1:
		n = gorgonia.Must(gorgonia.Sin(r.nodes[i]))
		each(func(k int) float64 { return math.Sin(x[k]) }, func(k int) float64 { return dx[k] * math.Cos(x[k]) })
	case 2, 3:
		b := gorgonia.Must(gorgonia.Reshape(r.nodes[j], r.nodes[i].Shape()))
		y, dy := r.plain[j], r.slope[j]
		if r.rng.IntN(2) == 0 {
			n = gorgonia.Must(gorgonia.Add(r.nodes[i], b))
			each(func(k int) float64 { return x[k] + y[k] }, func(k int) float64 { return dx[k] + dy[k] })
			break
		}
		n = gorgonia.Must(gorgonia.Tanh(gorgonia.Must(gorgonia.HadamardProd(r.nodes[i], b))))
		each(func(k int) float64 { return math.Tanh(x[k] * y[k]) }, func(k int) float64 {
			p := math.Tanh(x[k] * y[k])
			return (1 - p*p) * (dx[k]*y[k] + x[k]*dy[k])
		})
	default:
		n = gorgonia.Must(gorgonia.Reshape(r.nodes[i], randomShapes[r.rng.IntN(len(randomShapes))]))
		each(func(k int) float64 { return x[k] }, func(k int) float64 { return dx[k] })
	}
	r.nodes, r.plain, r.slope = append(r.nodes, n), append(r.plain, f), append(r.slope, df)
}

func testHazardRandomGraph(t *testing.T, seed uint64) {
	w := []float64{0.3, -0.2, 0.5, 0.1, -0.4, 0.6}
	g := NewGraph()
	leaf := stockLeaf(g, "w", tensor.Of(w...))
	r := &randomGraph{rng: rand.New(rand.NewPCG(seed, 1)), nodes: []*Node{leaf}, plain: [][]float64{w}, slope: [][]float64{{1, 1, 1, 1, 1, 1}}}
	for range 12 {
		r.grow()
	}
	cost := sumOf(r.nodes[len(r.nodes)-1], nil)
	_, err := gorgonia.Grad(cost, leaf)
	require.NoError(t, err)
	vm := NewVM(g, gorgonia.BindDualValues(leaf))
	for run := 1.0; run <= 2; run++ {
		require.NoError(t, vm.RunAll())
		for i, n := range r.nodes { // the intermediates, of which gorgonia's machine leaves wrong ones
			require.InDeltaSlice(t, r.plain[i], nodeValue(t, n), 1e-12, "node %d, %v", i, n)
		}
		require.InDeltaSlice(t, scaledBy(run, r.slope[len(r.slope)-1]), gradValue(t, leaf), 1e-11)
		require.Equal(t, w, nodeValue(t, leaf))
	}
}
