package stocktest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// iris fits a linear function of four measurements and a bias to the number of a
// species. A second program classifies one flower after the other.
var iris = program{name: "iris", build: buildIris, large: func() arrays {
	a := arrays{}
	a.uniform("x", 0.1, 6, 150, 5)
	a.uniform("y", 1, 3, 150)
	a.uniform("theta", -1, 1, 5)
	return a
}}

func buildIris(t testing.TB, newMachine machine, a arrays) *run {
	g := gorgonia.NewGraph()
	x, y := a.param(g, "x"), a.param(g, "y")
	theta := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("theta"),
		gorgonia.WithShape(a.dims("theta")...), gorgonia.WithValue(a.of("theta")))

	pred := gorgonia.Must(gorgonia.Mul(x, theta))
	var predicted gorgonia.Value
	gorgonia.Read(pred, &predicted)
	cost := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(pred, y))))))
	_, err := gorgonia.Grad(cost, theta)
	require.NoError(t, err)

	vm := newMachine(g, gorgonia.BindDualValues(theta))
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.001))
	model := []gorgonia.ValueGrad{theta}
	return &run{
		step: func() float64 {
			require.NoError(t, vm.RunAll())
			require.NoError(t, solver.Step(model))
			loss := cost.Value().Data().(float64)
			accuracy := hits(predicted.Data().([]float64), y.Value().Data().([]float64))
			require.True(t, 0 <= accuracy && accuracy <= 1)
			vm.Reset()
			return loss
		},
		final: func() map[string][]float64 {
			out := values(theta)
			out["pred"] = floats(predicted)
			out["each"] = classify(t, newMachine, theta.Value(), a.of("x"))
			return out
		},
		close: vm.Close,
	}
}

// hits returns the part of the numbers that are the right ones after rounding.
func hits(got, want []float64) float64 {
	n := 0
	for i := range got {
		if math.Round(got[i]-want[i]) == 0 {
			n++
		}
	}
	return float64(n) / float64(len(got))
}

// classify returns theta·row for every row, from one machine whose input is written
// in place.
func classify(t testing.TB, newMachine machine, theta gorgonia.Value, rows *tensor.Dense) []float64 {
	n := theta.Shape()[0]
	row := make([]float64, n)
	g := gorgonia.NewGraph()
	x := gorgonia.NodeFromAny(g, tensor.New(tensor.WithBacking(row)), gorgonia.WithName("x"))
	y := gorgonia.Must(gorgonia.Mul(x, gorgonia.NodeFromAny(g, theta, gorgonia.WithName("theta"))))
	vm := newMachine(g)
	var out []float64
	for data := rows.Data().([]float64); len(data) > 0; data = data[n:] {
		copy(row, data)
		require.NoError(t, vm.RunAll())
		out = append(out, y.Value().Data().(float64))
		vm.Reset()
	}
	require.NoError(t, vm.Close())
	return out
}
