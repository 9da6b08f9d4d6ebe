package stocktest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// linear fits y = m·x + c to points, with clipped gradients: the Example of linear
// regression in gorgonia's documentation.
var linear = program{name: "linear", build: buildLinear, large: func() arrays {
	const n = 10000
	a := arrays{}
	a.uniform("x", 0.1, 3, n)
	a.uniform("y", 0.2, 7, n)
	a.uniform("m", 0, 1)
	a.uniform("c", 0, 1)
	return a
}}

func buildLinear(t testing.TB, newMachine machine, a arrays) *run {
	g := gorgonia.NewGraph()
	n := a.dims("x")[0]
	x := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(n), gorgonia.WithName("x"), gorgonia.WithValue(a.of("x")))
	y := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithShape(n), gorgonia.WithName("y"), gorgonia.WithValue(a.of("y")))
	m := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("m"), gorgonia.WithValue(a["m"].ScalarValue()))
	c := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("c"), gorgonia.WithValue(a["c"].ScalarValue()))

	pred := gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, m)), c))
	cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(pred, y))))))
	_, err := gorgonia.Grad(cost, m, c)
	require.NoError(t, err)

	vm := newMachine(g, gorgonia.BindDualValues(m, c))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.05), gorgonia.WithClip(5))
	model := []gorgonia.ValueGrad{m, c}
	return &run{
		step: func() float64 {
			require.NoError(t, vm.RunAll())
			loss := cost.Value().Data().(float64)
			require.NoError(t, solver.Step(model))
			vm.Reset()
			return loss
		},
		final: func() map[string][]float64 { return values(m, c) },
		close: vm.Close,
	}
}
