package stocktest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// logistic is logistic regression with an L2 penalty. It has no solver: the steps
// of gradient descent are expressions, and their values become the parameters.
// Two functions are compiled from its graph: training, and prediction.
//
// The tape machine panics in the prediction, as gorgonia's example does at its end:
// the result of Gt goes to memory that held float64 numbers, and is taken to be
// eight times as long as it is.
var logistic = program{name: "logistic", build: buildLogistic, large: func() arrays {
	const n, feats = 26733, 10
	a := arrays{}
	a.uniform("x", 0, 1, n, feats)
	a.uniform("y", 0, 1, n)
	a.uniform("w", 0, 1, feats)
	a.uniform("b", 0, 1)
	return a
}}

// A letSetter is what both machines are besides a gorgonia.VM.
type letSetter interface {
	gorgonia.VM
	Let(n *gorgonia.Node, be any) error
	Set(a, b *gorgonia.Node) error
}

func buildLogistic(t testing.TB, newMachine machine, a arrays) *run {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, gorgonia.Float64, gorgonia.WithName("x"), gorgonia.WithShape(a.dims("x")...))
	y := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("y"), gorgonia.WithShape(a.dims("y")...))
	w := gorgonia.NewVector(g, gorgonia.Float64, gorgonia.WithName("w"), gorgonia.WithShape(a.dims("w")...))
	b := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("b"))

	prob := gorgonia.Must(gorgonia.Sigmoid(gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Mul(x, w)), b))))
	pred := gorgonia.Must(gorgonia.Gt(prob, gorgonia.NewConstant(0.5), false))
	var predicted, costValue gorgonia.Value
	readPred := gorgonia.Read(pred, &predicted)
	cost := logisticCost(prob, y, w)
	readCost := gorgonia.Read(cost, &costValue)

	grads, err := gorgonia.Grad(cost, w, b)
	require.NoError(t, err)
	rate := gorgonia.NewConstant(0.1)
	newW := gorgonia.Must(gorgonia.Sub(w, gorgonia.Must(gorgonia.Mul(rate, grads[0]))))
	newB := gorgonia.Must(gorgonia.Sub(b, gorgonia.Must(gorgonia.Mul(rate, grads[1]))))

	prog, locMap, err := gorgonia.CompileFunction(g, gorgonia.Nodes{x, y}, gorgonia.Nodes{newW, newB, readPred, readCost})
	require.NoError(t, err)
	vm := newMachine(g, gorgonia.WithPrecompiled(prog, locMap)).(letSetter)
	require.NoError(t, vm.Let(w, a.of("w")))
	require.NoError(t, vm.Let(b, a["b"].ScalarValue()))
	return &run{
		step: func() float64 {
			vm.Reset()
			require.NoError(t, vm.Let(x, a["x"]))
			require.NoError(t, vm.Let(y, a["y"]))
			require.NoError(t, vm.RunAll())
			require.NoError(t, vm.Set(w, newW))
			require.NoError(t, vm.Set(b, newB))
			require.IsType(t, []bool{}, predicted.Data())
			return costValue.Data().(float64)
		},
		final: func() map[string][]float64 {
			out := values(w, b)
			prog, locMap, err := gorgonia.CompileFunction(g, gorgonia.Nodes{x}, gorgonia.Nodes{pred})
			require.NoError(t, err)
			vm := newMachine(g, gorgonia.WithPrecompiled(prog, locMap))
			require.NoError(t, vm.RunAll())
			out["pred"] = floats(pred.Value())
			require.NoError(t, vm.Close())
			return out
		},
		close: vm.Close,
	}
}

// logisticCost returns mean(−y·log p − (1−y)·log(1−p)) + 0.01·Σ w².
func logisticCost(prob, y, w *gorgonia.Node) *gorgonia.Node {
	one := gorgonia.NewConstant(1.0)
	whenOne := gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Neg(y)), gorgonia.Must(gorgonia.Log(prob))))
	logNot := gorgonia.Must(gorgonia.Log(gorgonia.Must(gorgonia.Sub(one, prob))))
	whenZero := gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Sub(one, y)), logNot))
	loss := gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Sub(whenOne, whenZero))))

	squares := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(w))))
	penalty := gorgonia.Must(gorgonia.Mul(gorgonia.NewConstant(0.01, gorgonia.WithName("l2reg")), squares))
	return gorgonia.Must(gorgonia.Add(loss, penalty))
}
