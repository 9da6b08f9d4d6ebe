package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// Operations on the elements of arrays of one shape become one chain, up to a result that
// is asked for, has two readers outside, or another shape.
func TestFuseChains(t *testing.T) {
	g := NewGraph()
	x := Param(g, "x", tensor.Must(tensor.Full(0.5, 6, 5)))
	b := Param(g, "b", tensor.Must(tensor.Full(0.1, 5)))
	long := Exp(Tanh(Add(Mul(x, 2), b)))
	twice := Tanh(x)
	for _, c := range []struct {
		name string
		y    *Node
		keep []*Node
		want []int // operations of each unit
	}{
		{"a chain", long, nil, []int{4}},
		{"a part that is kept", long, []*Node{long.Op().(*op).in[0]}, []int{3, 1}},
		{"a diamond", Mul(twice, Exp(twice)), nil, []int{3}},
		{"the bias is computed for its own elements", Add(x, Exp(b)), nil, []int{1, 1}},
		{"a reader that is no chain", Add(twice, Expand(Unsqueeze(Cumsum(twice, 0), 0), 1, 6, 5)), nil, []int{1, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			prog, err := Compile(c.y, Keep(c.keep...))
			require.NoError(t, err)
			var have []int
			for _, u := range prog.units {
				have = append(have, len(u.values))
			}
			require.Equal(t, c.want, have, prog.Explain())
		})
	}
}
