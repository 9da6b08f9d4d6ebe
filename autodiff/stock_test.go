package autodiff_test

import (
	"fmt"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Every function of gorgonia's computes what its name says: what the same function of
// ours does, with derivatives of first and second order that agree with differences.
func TestStockFunctions(t *testing.T) {
	for _, r := range stockRows() {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprintf("%s %v/%v", r.name, r.in, dt), func(t *testing.T) {
				inputs := opRow{in: r.in, from: r.from}.inputs(dt)
				gradtest.Check(t, r.f, inputs...)
				tol := 1e-12
				if dt == tensor.Float32 {
					tol = 1e-5
				}
				got, want := runFunction(t, r.f, inputs), runFunction(t, r.same, inputs)
				for i := range want {
					require.InDeltaSlice(t, want[i], got[i], tol, "number %d of the value and the gradients", i)
				}
			})
		}
	}
}

// runFunction returns the value of f, and the gradients of the sum of its sines.
func runFunction(t *testing.T, f gradtest.Func, inputs []tensor.Value) [][]float64 {
	g := NewGraph()
	var x []*Node
	for i, v := range inputs {
		x = append(x, Param(g, fmt.Sprint("x", i), v))
	}
	y := f(x...)
	prog := mustCompile(t, Sum(Sin(y)), Keep(y), WithGrad(x...))
	require.NoError(t, prog.Run())
	out := [][]float64{nodeValue(t, y)}
	for _, x := range x {
		out = append(out, gradValue(t, x))
	}
	return out
}

// Every operation that is recognised has a row.
func TestEveryStockOperationHasARow(t *testing.T) {
	have := map[string]bool{"gorgonia.randomOp": true, "*gorgonia.dtConvOp": true} // TestStockRandom, TestStockConvType
	for _, r := range stockRows() {
		g := NewGraph()
		var x []*Node
		for i, v := range (opRow{in: r.in, from: r.from}).inputs(tensor.Float64) {
			x = append(x, Param(g, fmt.Sprint("x", i), v))
		}
		r.f(x...)
		made := map[string]bool{}
		for _, n := range g.AllNodes() {
			made[fmt.Sprintf("%T", n.Op())] = true
			have[fmt.Sprintf("%T", n.Op())] = true
		}
		require.True(t, made[r.typ], "row %s makes no %s, but %v", r.name, r.typ, made)
	}
	for _, typ := range StockOperations() {
		require.True(t, have[typ], "%s has no row in stockRows", typ)
	}
}
