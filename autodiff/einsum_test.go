package autodiff_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/autodiff/gradtest"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestEinsumTorch replays testdata/torch/einsum.json as TestTorch does ops.json.
func TestEinsumTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/torch/einsum.json")
	require.NoError(t, err)
	var file struct{ Cases []torchCase }
	require.NoError(t, json.Unmarshal(text, &file))
	require.Greater(t, len(file.Cases), 150)
	for i, c := range file.Cases {
		build := func(_ torchArgs, x []*Node) *Node { return Einsum(c.Case, x...) }
		if err := c.replay(build); err != nil {
			t.Errorf("number %d (%s): %v", i, c, err)
		}
	}
}

// Numeric gradients, to second order.
func TestEinsumGradients(t *testing.T) {
	for _, c := range []struct {
		equation string
		in       [][]int
	}{
		{"iij->ij", shapes([]int{2, 2, 3})},
		{"bij,bjk->ikb", shapes([]int{2, 3, 2}, []int{2, 2, 4})},
		{"...ij,...jk->...ik", shapes([]int{2, 1, 2, 3}, []int{2, 3, 2})},
		{"i,ij,j->", shapes([]int{2}, []int{2, 3}, []int{3})},
		{"ij,jk->ik", shapes([]int{2, 1}, []int{3, 2})},
	} {
		for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			gradtest.Check(t, func(x ...*Node) *Node { return Einsum(c.equation, x...) }, (opRow{in: c.in}).inputs(dt)...)
		}
	}
	// one node in two places
	gradtest.Check(t, func(x ...*Node) *Node { return Einsum("ij,kj->ik", x[0], x[0]) }, (opRow{in: shapes([]int{2, 3})}).inputs(tensor.Float64)...)
}

func TestEinsumMistakes(t *testing.T) {
	g := NewGraph()
	v, m := Param(g, "v", tensor.Of(1.0, 2, 3)), Param(g, "m", tensor.Must(tensor.Ones[float64](2, 3)))
	f, other := Param(g, "f", tensor.Of[float32](1, 2, 3)), Param(NewGraph(), "v", tensor.Of(1.0, 2, 3))
	for i, c := range []struct {
		node *Node
		want error
	}{
		{Einsum("i"), ErrShape}, {Einsum("i,i", v), ErrShape}, {Einsum("i", v, v), ErrShape}, {Einsum("ij", v), ErrShape}, {Einsum("i", m), ErrShape}, {Einsum("", v), ErrShape},
		{Einsum("i->j", v), ErrShape}, {Einsum("i->ii", v), ErrShape}, {Einsum("ii", m), ErrShape}, {Einsum("i,ij", v, m), ErrShape}, {Einsum("1", v), ErrShape}, {Einsum("..i", v), ErrShape},
		{Einsum("é", v), ErrShape}, {Einsum("i->->i", v), ErrShape}, {Einsum("......", v), ErrShape}, {Einsum("ij...", v), ErrShape}, {Einsum("i...j...", m), ErrShape}, {Einsum("i->i,i", v), ErrShape}, {Einsum("i-i", v), ErrShape},
		{Einsum("\x00", v), ErrShape}, {Einsum("\xff", v), ErrShape}, {Einsum("...,...", m, Transpose(m)), ErrShape},
		{Einsum("i,i", v, f), ErrDtype}, {Einsum("i,i", v, other), ErrGraph}, {Einsum("i,i", v, nil), ErrNil}, {Einsum("i", nil), ErrNil},
	} {
		err := Err(c.node)
		require.ErrorIs(t, err, c.want, "case %d", i)
		require.True(t, strings.HasPrefix(err.Error(), "einsum_test.go:"), err)
		require.ErrorContains(t, err, ": autodiff.Einsum: ")
	}
	bad := Reshape(v, 5)
	require.Same(t, bad, Einsum("i,i", v, bad))
	require.Same(t, bad, Einsum("?", bad))
}
