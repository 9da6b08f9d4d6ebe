package autodiff

import (
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// The gradient of a parameter is computed as soon as what it needs is there, and not when
// all that lies before it on the way back is done.
func TestScheduleOfGradients(t *testing.T) {
	g := NewGraph()
	h := Input(g, "x", tensor.Must(tensor.Full(0.5, 3, 4)))
	var params []*Node
	for _, name := range []string{"a", "b", "c"} {
		w := Param(g, name, tensor.Must(tensor.Full(0.1, 4, 4)))
		h, params = Tanh(MatMul(h, w)), append(params, w)
	}
	prog, err := Compile(Sum(h), WithGrad(params...))
	require.NoError(t, err)
	var products []string
	for _, u := range prog.units {
		if p, ok := u.result().prim.(matMul); ok {
			products = append(products, attributes(p))
		}
	}
	// Three values, then for each layer, from the last, the gradients of its input, which
	// the first has none of, and of its weights.
	require.Equal(t, "|||a bT|aT b|a bT|aT b|aT b", strings.Join(trimmed(products), "|"), prog.Explain())
}

func trimmed(all []string) []string {
	for i, s := range all {
		all[i] = strings.TrimSpace(s)
	}
	return all
}

// What no result needs is not computed: gradients of what has none, expressions that
// nobody asked for, and gradients that end in a stop.
func TestScheduleHasNothingDead(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Full(0.5, 3, 4)))
	w := Param(g, "w", tensor.Must(tensor.Full(0.1, 4, 2)))
	Exp(MatMul(x, w)) // of no use
	loss := Sum(Square(MatMul(Sin(x), w)))
	count := func(name string, params ...*Node) int {
		prog, err := Compile(loss, WithGrad(params...))
		require.NoError(t, err)
		n := 0
		for _, u := range prog.units {
			for _, v := range u.values {
				if v.prim.Name() == name {
					n++
				}
			}
		}
		return n
	}
	require.Equal(t, 0, count("Exp", x, w))
	require.Equal(t, 1, count("MatMul"), "the value alone")
	require.Equal(t, 2, count("MatMul", w), "and the gradient of w")
	require.Equal(t, 0, count("Cos", w), "the sine has none")
	require.Equal(t, 3, count("MatMul", x, w))
	require.Equal(t, 1, count("Cos", x, w))

	loss = Sum(Square(MatMul(StopGradient(Sin(x)), w)))
	require.Equal(t, 0, count("Cos", x, w))
}
