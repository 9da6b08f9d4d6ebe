package stocktest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// charRNN is an LSTM that learns to predict the next letter of sentences. Every
// sentence has a graph of its own, unrolled over its letters; the graphs share the
// memory of the parameters.
//
// gorgonia's example runs on its LispMachine, which needs no Grad. This one calls
// Grad, as programs for the tape machine do.
var charRNN = program{name: "charrnn", build: buildCharRNN, round: 3, large: func() arrays {
	const letters, embedding, hidden, length = 40, 10, 100, 24
	a := arrays{}
	a.uniform("sentences", 2, letters-1, 3, length)
	a.uniform("embedding", -0.1, 0.1, letters, embedding)
	a.uniform("whd", -0.1, 0.1, letters, hidden)
	a.uniform("bias_d", -0.1, 0.1, letters)
	for _, gate := range gates {
		a.uniform("w"+gate+"x", -0.1, 0.1, hidden, embedding)
		a.uniform("w"+gate+"h", -0.1, 0.1, hidden, hidden)
		a.uniform("bias_"+gate, -0.1, 0.1, hidden)
	}
	return a
}}

var gates = []string{"i", "f", "o", "c"} // input, forget, output, cell

// The first two letters mark the start and the end of a sentence.
const startLetter, endLetter = 0, 1

func buildCharRNN(t testing.TB, newMachine machine, a arrays) *run {
	weights := map[string]gorgonia.Value{}
	names := []string{}
	for _, gate := range gates {
		names = append(names, "w"+gate+"x", "w"+gate+"h", "bias_"+gate)
	}
	for _, name := range append(names, "whd", "bias_d", "embedding") {
		weights[name] = a.of(name)
	}
	solver := gorgonia.NewRMSPropSolver(gorgonia.WithLearnRate(0.01), gorgonia.WithL2Reg(1e-6), gorgonia.WithClip(5))
	var sentences []*sentence
	for i := range a.dims("sentences")[0] {
		sentences = append(sentences, newSentence(t, newMachine, weights, floats(a.rows(t, "sentences", i, 1))))
	}
	i := 0
	return &run{
		step: func() float64 {
			s := sentences[i%len(sentences)]
			i++
			require.NoError(t, s.vm.RunAll())
			loss := s.cost.Data().(float64)
			require.NoError(t, solver.Step(s.net.learnables()))
			s.vm.Reset()
			return loss
		},
		final: func() map[string][]float64 {
			out := map[string][]float64{"said": predict(t, newMachine, weights, 6)}
			for name, v := range weights {
				out[name] = floats(v)
			}
			return out
		},
		close: func() error {
			for _, s := range sentences {
				require.NoError(t, s.vm.Close())
			}
			return nil
		},
	}
}

// An lstm is the network in one graph.
type lstm struct {
	p    map[string]*gorgonia.Node
	h, c *gorgonia.Node // the state before the first letter
}

func newLSTM(g *gorgonia.ExprGraph, weights map[string]gorgonia.Value) *lstm {
	n := &lstm{p: map[string]*gorgonia.Node{}}
	for name, v := range weights {
		n.p[name] = gorgonia.NodeFromAny(g, v, gorgonia.WithName(name))
	}
	state := func(name string) *gorgonia.Node {
		zero := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(weights["bias_i"].Shape()...))
		return gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName(name), gorgonia.WithShape(zero.Shape()...), gorgonia.WithValue(zero))
	}
	n.h, n.c = state("h"), state("c")
	return n
}

// params are the nodes of the parameters, in the order in which solvers see them.
func (n *lstm) params() gorgonia.Nodes {
	var out gorgonia.Nodes
	for _, gate := range gates {
		out = append(out, n.p["w"+gate+"x"], n.p["w"+gate+"h"], n.p["bias_"+gate])
	}
	return append(out, n.p["whd"], n.p["bias_d"], n.p["embedding"])
}

func (n *lstm) learnables() []gorgonia.ValueGrad { return gorgonia.NodesToValueGrads(n.params()) }

// step reads a letter in the state h, c, and returns the probabilities of the next
// letter and the new state.
func (n *lstm) step(letter int, h, c *gorgonia.Node) (probs, newH, newC *gorgonia.Node) {
	x := gorgonia.Must(gorgonia.Slice(n.p["embedding"], gorgonia.S(letter)))
	gate := func(name string) *gorgonia.Node {
		sum := gorgonia.Must(gorgonia.Add(
			gorgonia.Must(gorgonia.Mul(n.p["w"+name+"x"], x)),
			gorgonia.Must(gorgonia.Mul(n.p["w"+name+"h"], h))))
		return gorgonia.Must(gorgonia.Add(sum, n.p["bias_"+name]))
	}
	in := gorgonia.Must(gorgonia.Sigmoid(gate("i")))
	forget := gorgonia.Must(gorgonia.Sigmoid(gate("f")))
	out := gorgonia.Must(gorgonia.Sigmoid(gate("o")))
	write := gorgonia.Must(gorgonia.Tanh(gate("c")))
	newC = gorgonia.Must(gorgonia.Add(
		gorgonia.Must(gorgonia.HadamardProd(forget, c)),
		gorgonia.Must(gorgonia.HadamardProd(in, write))))
	newH = gorgonia.Must(gorgonia.HadamardProd(out, gorgonia.Must(gorgonia.Tanh(newC))))
	probs = gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(n.p["whd"], newH)), n.p["bias_d"]))))
	return probs, newH, newC
}

// A sentence is the machine that computes the cost of one sentence.
type sentence struct {
	net  *lstm
	cost gorgonia.Value
	vm   gorgonia.VM
}

// newSentence builds the cost: the sum over the letters of −log p of the next.
func newSentence(t testing.TB, newMachine machine, weights map[string]gorgonia.Value, letters []float64) *sentence {
	g := gorgonia.NewGraph()
	s := &sentence{net: newLSTM(g, weights)}
	h, c, source := s.net.h, s.net.c, startLetter
	var cost *gorgonia.Node
	for _, letter := range append(letters, endLetter) {
		var probs *gorgonia.Node
		probs, h, c = s.net.step(source, h, c)
		logProbs := gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Log(probs))))
		loss := gorgonia.Must(gorgonia.Slice(logProbs, gorgonia.S(int(letter))))
		if cost == nil {
			cost = loss
		} else {
			cost = gorgonia.Must(gorgonia.Add(cost, loss))
		}
		source = int(letter)
	}
	read := gorgonia.Read(cost, &s.cost)
	grads, err := gorgonia.Grad(cost, s.net.params()...)
	require.NoError(t, err)
	roots := append(grads, cost, read)
	s.vm = newMachine(g.SubgraphRoots(roots...), gorgonia.BindDualValues(s.net.params()...))
	return s
}

// predict returns the likeliest letters after each other, at most n. Every letter
// adds to the graph, and has a machine of its own that runs the part it needs.
func predict(t testing.TB, newMachine machine, weights map[string]gorgonia.Value, n int) []float64 {
	g := gorgonia.NewGraph()
	net := newLSTM(g, weights)
	h, c, letter := net.h, net.c, startLetter
	var said []float64
	for len(said) < n {
		var probs *gorgonia.Node
		probs, h, c = net.step(letter, h, c)
		vm := newMachine(g.SubgraphRoots(probs))
		require.NoError(t, vm.RunAll())
		likeliest, err := tensor.Argmax(probs.Value().(tensor.Tensor), -1)
		require.NoError(t, err)
		require.NoError(t, vm.Close())
		letter = likeliest.ScalarValue().(int)
		said = append(said, float64(letter))
	}
	return said
}
