package stocktest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// autoencoder stacks two denoising autoencoders with tied weights. Each is trained
// by a machine of its own, which runs its part of the common graph and binds no
// dual values: the solver finds the gradients in the nodes that Grad made. Then
// the encoders are trained as the lower layers of a classifier, with a new graph
// and machine for every batch, because the cost is made of slices at its labels.
//
// gorgonia's example corrupts inputs with random nodes. The masks are inputs here,
// so that PyTorch can have the same.
var autoencoder = program{name: "autoencoder", build: buildAutoencoder, round: 3 * autoencoderSteps, large: func() arrays {
	const rows, batch, in, hidden, out = 8, 4, 784, 1000, 10
	a := arrays{}
	a.uniform("x", 0.1, 0.9, rows, in)
	a.uniform("y", 0, out-1, rows)
	for i, n := range []int{in, hidden} {
		a.uniform(fmt.Sprint("w_", i), -0.06, 0.06, n, hidden)
		a.uniform(fmt.Sprint("b_", i), 0, 0.01, batch, hidden)
		a.uniform(fmt.Sprint("hb_", i), 0, 0.01, batch, n)
		a.uniform(fmt.Sprint("mask_", i), 0.5, 1.5, rows, n)
	}
	a.uniform("w", -0.06, 0.06, hidden, out)
	a.uniform("b", 0, 0.01, batch, out)
	return a
}}

// autoencoderSteps is the number of steps for each layer, and for the classifier.
const autoencoderSteps = 10

func buildAutoencoder(t testing.TB, newMachine machine, a arrays) *run {
	batch := a.dims("b")[0]
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(batch, a.dims("x")[1]), gorgonia.WithName("x"))
	below := newDenoiser(g, a, 0, x)
	above := newDenoiser(g, a, 1, below.hidden)
	layers := []*denoiser{below, above}
	var costValue gorgonia.Value // of both: a machine does the reads of its own part only
	for _, d := range layers {
		d.compile(t, g, x, &costValue, newMachine)
	}

	slow := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(2), gorgonia.WithBatchSize(float64(batch)))
	fast := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.5))
	params := gorgonia.Nodes{below.w, below.b, above.w, above.b, a.param(g, "w"), a.param(g, "b")}
	i := 0
	return &run{
		step: func() float64 {
			phase, at := i/autoencoderSteps%3, i%autoencoderSteps
			i++
			images := a.rows(t, "x", at, batch)
			if phase == 2 {
				return finetune(t, newMachine, params, images, a.rows(t, "y", at, batch), fast)
			}
			d := layers[phase]
			require.NoError(t, gorgonia.Let(x, images))
			require.NoError(t, gorgonia.Let(d.mask, a.rows(t, d.mask.Name(), at, batch)))
			require.NoError(t, d.vm.RunAll())
			loss := costValue.Data().(float64)
			require.NoError(t, slow.Step([]gorgonia.ValueGrad{d.w, d.b, d.hb}))
			d.vm.Reset()
			return loss
		},
		final: func() map[string][]float64 { return values(append(params, below.hb, above.hb)...) },
		close: func() error {
			require.NoError(t, below.vm.Close())
			return above.vm.Close()
		},
	}
}

// A denoiser is one autoencoder: σ(σ((mask ⊙ x)·w + b)·wᵀ + hb) is to be x.
type denoiser struct {
	x, mask, w, b, hb *gorgonia.Node
	hidden            *gorgonia.Node // of the clean input: what the next layer gets
	vm                gorgonia.VM
}

func newDenoiser(g *gorgonia.ExprGraph, a arrays, i int, x *gorgonia.Node) *denoiser {
	name := func(s string) string { return fmt.Sprint(s, "_", i) }
	d := &denoiser{x: x, w: a.param(g, name("w")), b: a.param(g, name("b")), hb: a.param(g, name("hb"))}
	d.mask = gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(x.Shape()...), gorgonia.WithName(name("mask")))
	d.hidden = dense(x, d.w, d.b)
	return d
}

// dense returns σ(x·w + b).
func dense(x, w, b *gorgonia.Node) *gorgonia.Node {
	return gorgonia.Must(gorgonia.Sigmoid(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, w)), b))))
}

// compile makes the machine that computes the cost of the denoiser, and its gradients.
func (d *denoiser) compile(t testing.TB, g *gorgonia.ExprGraph, x *gorgonia.Node, costValue *gorgonia.Value, newMachine machine) {
	code := dense(gorgonia.Must(gorgonia.HadamardProd(d.mask, d.x)), d.w, d.b)
	again := dense(code, gorgonia.Must(gorgonia.Transpose(d.w)), d.hb)
	cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.BinaryXent(again, d.x))))
	read := gorgonia.Read(cost, costValue)
	grads, err := gorgonia.Grad(cost, d.w, d.b, d.hb)
	require.NoError(t, err)
	prog, locMap, err := gorgonia.CompileFunction(g, gorgonia.Nodes{x, d.mask}, append(grads, read))
	require.NoError(t, err)
	d.vm = newMachine(g, gorgonia.WithPrecompiled(prog, locMap))
}

// finetune takes a step of the classifier on one batch and returns its cost, the
// mean of −log p at the labels. params are w, b of the layers from below, whose
// values the new graph shares.
func finetune(t testing.TB, newMachine machine, params gorgonia.Nodes, images, labels *tensor.Dense, solver gorgonia.Solver) float64 {
	g := gorgonia.NewGraph()
	var p gorgonia.Nodes
	for _, n := range params {
		p = append(p, gorgonia.NodeFromAny(g, n.Value(), gorgonia.WithName(n.Name())))
	}
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(images.Shape()...), gorgonia.WithName("x"))
	h := dense(dense(x, p[0], p[1]), p[2], p[3])
	probs := gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(h, p[4])), p[5]))))
	logProbs := gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Log(probs))))
	var losses gorgonia.Nodes
	for i, label := range labels.Data().([]float64) {
		losses = append(losses, gorgonia.Must(gorgonia.Slice(logProbs, gorgonia.S(i), gorgonia.S(int(label)))))
	}
	sum := gorgonia.Must(gorgonia.ReduceAdd(losses))
	cost := gorgonia.Must(gorgonia.Div(sum, gorgonia.NewConstant(float64(len(losses)))))
	grads, err := gorgonia.Grad(cost, p...)
	require.NoError(t, err)

	vm := newMachine(g.SubgraphRoots(append(grads, cost)...), gorgonia.BindDualValues(p...))
	require.NoError(t, gorgonia.Let(x, images))
	require.NoError(t, vm.RunAll())
	require.NoError(t, solver.Step(gorgonia.NodesToValueGrads(p)))
	require.NoError(t, vm.Close())
	return cost.Value().Data().(float64)
}
