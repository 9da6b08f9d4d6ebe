package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// A chain writes over its input when it is the last to read it, and buffers that
// are free are used again: a long expression needs few of them.
func TestBuffersAreShared(t *testing.T) {
	const n, rows = 30, 600
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Ones[float64](rows)))
	y, scan := x, []*Node(nil)
	for range n {
		y = Add(Mul(Tanh(y), 0.5), Sum(y)) // the sum breaks the chain
		scan = append(scan, y)
	}
	loss := Sum(y)
	prog, err := Compile(loss)
	require.NoError(t, err)
	require.LessOrEqual(t, prog.f64.buffers, 2*rows, prog.Explain())
	require.NoError(t, prog.Run())
	in := newInterpreter(0)
	require.NoError(t, sameBits(loss.Value(), in.value(loss)))

	// Kept results have memory of their own.
	prog, err = Compile(loss, Keep(scan...))
	require.NoError(t, err)
	require.NoError(t, prog.Run())
	require.GreaterOrEqual(t, prog.f64.buffers, n*rows)
	for _, s := range scan {
		require.NoError(t, sameBits(s.Value(), in.value(s)))
	}
}
