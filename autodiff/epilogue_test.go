package autodiff_test

import (
	"math"
	"testing"

	. "github.com/downhill-go/downhill/autodiff"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// TestEpilogues: biases and relu are in the products where nobody else wants what is in
// between, and the bits are those of the operations apart.
func TestEpilogues(t *testing.T) {
	rng := tensor.NewRand(5)
	normal := func(shape ...int) *tensor.Dense { return must(tensor.Normal[float64](rng, 0, 1, shape...)) }
	values := map[string]*tensor.Dense{"x": normal(9, 7), "w": normal(7, 5), "b": normal(5), "row": normal(1, 5), "column": normal(9, 1), "batch": normal(3, 9, 7), "all": normal(9, 5), "square": normal(3, 9, 9), "deep": normal(3, 9, 5)}
	for name, c := range map[string]struct {
		of   func(leaf func(string) *Node) (y, between *Node)
		want []string // in the plan
		not  []string
	}{
		"bias": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Add(between, leaf("b")), between
		}, []string{"Linear"}, []string{"chain          Add", "MatMul"}},
		"bias first, then relu": {func(leaf func(string) *Node) (y, between *Node) {
			between = Add(leaf("row"), MatMul(leaf("x"), leaf("w")))
			return Relu(between), between
		}, []string{"Linear relu"}, []string{"chain          Add", "MatMul"}},
		"batch": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("batch"), leaf("w"))
			return Relu(Add(between, leaf("b"))), between
		}, []string{"Linear"}, []string{"MatMul"}},
		"another activation": {func(leaf func(string) *Node) (y, between *Node) {
			between = Add(MatMul(leaf("x"), leaf("w")), leaf("b"))
			return Tanh(between), between
		}, []string{"Linear ", "chain          Tanh"}, []string{"MatMul"}},
		"stock": {func(leaf func(string) *Node) (y, between *Node) {
			between = gorgonia.Must(gorgonia.BroadcastAdd(gorgonia.Must(gorgonia.Mul(leaf("x"), leaf("w"))), leaf("row"), nil, []byte{0}))
			return gorgonia.Must(gorgonia.Rectify(between)), between
		}, []string{"Linear relu"}, []string{"MatMul"}},
		"not a bias": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Add(between, leaf("column")), between
		}, []string{"MatMul"}, []string{"Linear"}},
		"a number for each element": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Relu(Add(Tanh(leaf("all")), between)), between
		}, []string{"Linear relu", "chain          Tanh"}, []string{"MatMul", "Add"}},
		"of a batch": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("batch"), Transpose(leaf("batch")))
			return Add(between, leaf("square")), between
		}, []string{"Linear a bT"}, []string{"MatMul", "Add"}},
		"a sum of products": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Add(Add(between, MatMul(Sin(leaf("x")), leaf("w"))), MatMul(Cos(leaf("x")), leaf("w"))), between
		}, []string{"MatMul", "Linear"}, []string{"Add"}},
		"a gate": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Le(leaf("all"), 0.0), 0.0, between), between
		}, []string{"MatMul gate"}, []string{"Where", "Le "}},
		"a gate of a transpose": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(Transpose(leaf("w")), Transpose(leaf("x")))
			return Where(Le(Transpose(leaf("all")), 0.0), 0.0, between), between
		}, []string{"MatMul gate aT bT"}, []string{"Where", "Le "}},
		"a gate of a batch": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("batch"), Transpose(leaf("batch")))
			return Where(Le(leaf("square"), 0.0), 0.0, between), between
		}, []string{"MatMul gate"}, []string{"Where", "Le "}},
		"a gate of rows of a batch": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("batch"), leaf("w"))
			return Where(Le(leaf("deep"), 0.0), 0.0, between), between
		}, []string{"MatMul gate"}, []string{"Where", "Le "}},
		"a gate for all rows": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Le(leaf("b"), 0.0), 0.0, between), between
		}, []string{"MatMul", "Where"}, []string{"gate"}},
		"a gate of -0": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Le(leaf("all"), 0.0), math.Copysign(0, -1), between), between
		}, []string{"MatMul", "Where"}, []string{"gate"}},
		"a gate at 1": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Le(leaf("all"), 1.0), 0.0, between), between
		}, []string{"MatMul", "Where"}, []string{"gate"}},
		"another gate": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Lt(leaf("all"), 0.0), 0.0, between), between
		}, []string{"MatMul", "Where"}, []string{"gate"}},
		"the gate is a product": {func(leaf func(string) *Node) (y, between *Node) {
			between = MatMul(leaf("x"), leaf("w"))
			return Where(Le(between, 0.0), 0.0, between), between
		}, []string{"MatMul", "Where"}, []string{"gate"}},
		"the product is used twice": {func(leaf func(string) *Node) (y, between *Node) {
			p := MatMul(leaf("x"), leaf("w"))
			return Mul(Add(p, leaf("b")), p), p
		}, []string{"MatMul"}, []string{"Linear"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := func(keep bool) (string, any) {
				g := NewGraph()
				leaves := make(map[string]*Node)
				y, between := c.of(func(name string) *Node {
					if leaves[name] == nil {
						leaves[name] = Param(g, name, values[name])
					}
					return leaves[name]
				})
				var opts []Option
				if keep {
					opts = append(opts, Keep(between))
				}
				prog := mustCompile(t, y, opts...)
				require.NoError(t, prog.Run())
				return prog.Explain(), y.Value().Data()
			}
			explained, got := plan(false)
			for _, s := range c.want {
				require.Contains(t, explained, s)
			}
			for _, s := range c.not {
				require.NotContains(t, explained, s)
			}
			apart, want := plan(true)
			require.Equal(t, want, got)
			require.NotContains(t, apart, "Linear relu")
		})
	}
}

// TestEpilogueOfGradient: the gradient of relu between two layers is in the product before it, and
// its bits are those of the operations apart.
func TestEpilogueOfGradient(t *testing.T) {
	rng := tensor.NewRand(6)
	normal := func(shape ...int) *tensor.Dense { return must(tensor.Normal[float32](rng, 0, 1, shape...)) }
	g := NewGraph()
	x, v, w := Input(g, "x", normal(20, 7)), Param(g, "v", normal(7, 40)), Param(g, "w", normal(40, 3))
	h := Relu(MatMul(x, v))
	y := MatMul(h, w)
	prog := mustCompile(t, Sum(Square(y)), WithGrad(v))
	require.NoError(t, prog.Run())
	require.Contains(t, prog.Explain(), "MatMul gate a bT")
	got := must(prog.Params()[0].Grad()).Data()

	dh := MatMul(Mul(2, y), Transpose(w))
	dv := MatMul(Transpose(x), Where(Le(h, 0), 0, dh))
	apart := mustCompile(t, dv, Keep(dh))
	require.NoError(t, apart.Run())
	require.NotContains(t, apart.Explain(), "gate")
	require.Equal(t, dv.Value().Data(), got)
}
