package stocktest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// mlp is a network of one hidden layer for MNIST, trained on its probabilities and
// not on their logarithms; examples/286 of gorgonia.
var mlp = program{name: "mlp", build: buildMLP, large: func() arrays {
	a := arrays{}
	a.uniform("x", 0.1, 1, 40, 784)
	a.labels("y", 40, 10)
	a.uniform("w0", -0.07, 0.07, 784, 300)
	a.uniform("w1", -0.14, 0.14, 300, 10)
	return a
}}

func buildMLP(t testing.TB, newMachine machine, a arrays) *run {
	batch := a.dims("x")[0] / 4
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(batch, a.dims("x")[1]), gorgonia.WithName("x"))
	y := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithShape(batch, a.dims("y")[1]), gorgonia.WithName("y"))
	w := a.params(g, "w0", "w1")

	hidden := gorgonia.Must(gorgonia.Rectify(gorgonia.Must(gorgonia.Mul(x, w[0]))))
	out := gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Mul(hidden, w[1]))))
	var predicted, costValue gorgonia.Value
	gorgonia.Read(out, &predicted)
	cost := gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.HadamardProd(out, y))))))
	gorgonia.Read(cost, &costValue)
	_, err := gorgonia.Grad(cost, w...)
	require.NoError(t, err)

	vm := newMachine(g, gorgonia.BindDualValues(w...))
	solver := gorgonia.NewRMSPropSolver(gorgonia.WithBatchSize(float64(batch)))
	return &run{
		step: loop(t, vm, solver, gorgonia.NodesToValueGrads(w), &costValue, func(i int) {
			require.NoError(t, gorgonia.Let(x, a.rows(t, "x", i, batch)))
			require.NoError(t, gorgonia.Let(y, a.rows(t, "y", i, batch)))
		}),
		final: func() map[string][]float64 {
			all := values(w...)
			all["out"] = floats(predicted)
			return all
		},
		close: vm.Close,
	}
}
