package autodiff

import (
	"strings"
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Explain shows what was fused, what is computed once, and what writes over an
// input that nobody reads any more.
func TestExplain(t *testing.T) {
	g := NewGraph()
	x := Param(g, "weights", tensor.Must(tensor.Ones[float64](6, 5)))
	b := Param(g, "bias", tensor.Must(tensor.Ones[float64](5)))
	h := Tanh(Add(MatMul(x, Transpose(x)), Mul(2, Sum(b))))
	loss := Mean(Mul(h, Exp(h)))
	prog, err := Compile(loss, WithGrad(x, b))
	require.NoError(t, err)
	text := prog.Explain()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Regexp(t, `^program: \d+ operations in \d+ calls, \d+ bytes`, lines[0])
	has := func(pattern string, want int) {
		t.Helper()
		count := 0
		for _, line := range lines {
			if strings.Contains(strings.Join(strings.Fields(line), " "), pattern) {
				count++
			}
		}
		require.Equal(t, want, count, "lines with %q in\n%s", pattern, text)
	}
	has("read weights float64 (6, 5)", 1)
	has("read bias float64 (5)", 1)
	has("MatMul a bT (6, 5) (6, 5) -> (6, 6)", 1)
	has("Add Tanh", 1) // in one chain
	require.Equal(t, 1, strings.Count(strings.ReplaceAll(text, "Expand", ""), "Exp"), "e^h is needed for the loss and the gradient, and computed once")
	has("grad of weights (6, 5)", 1)
	has("grad of bias (5)", 1)
	has("keep loss", 1)

	// What is broadcast is computed once, not for each row.
	prog, err = Compile(Sum(Mul(x, Exp(b))))
	require.NoError(t, err)
	require.Regexp(t, `chain +Exp -> \(5\)\n`, prog.Explain())

	// The register program of a scalar graph is one call.
	s := Param(g, "s", tensor.Scalar(2.0))
	prog, err = Compile(Mul(Sin(s), Exp(s)), WithGrad(s))
	require.NoError(t, err)
	require.Len(t, prog.code, 1, prog.Explain())
	require.Contains(t, prog.Explain(), "registers")
}
