package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestRowFetch looks for the arrays whose next rows are fetched between steps: large ones, that a
// program of many steps reads and no kernel fetches. The bits are those without row programs.
func TestRowFetch(t *testing.T) {
	const n = 512
	tests := []struct {
		name    string
		rows    int
		loss    func(x, dy, scale *Node) *Node
		fetched int
	}{
		{"layer norm", fetchFrom / n, func(x, dy, scale *Node) *Node { return Sum(Mul(LayerNorm(x, scale, scale, 1e-5), dy)) }, 2},
		{"small", fetchFrom/n - 1, func(x, dy, scale *Node) *Node { return Sum(Mul(LayerNorm(x, scale, scale, 1e-5), dy)) }, 0},
		{"few steps", fetchFrom / n, func(x, dy, scale *Node) *Node { return Mean(Square(Sub(x, dy))) }, 0},
		{"by the kernel of exp", fetchFrom / n, func(x, dy, scale *Node) *Node { return Sum(Mul(LogSoftmax(x, 1), scale)) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, rng := NewGraph(), tensor.NewRand(7)
			normal := func(shape ...int) *tensor.Dense { return tensor.Must(tensor.Normal(rng, 0, 1.0, shape...)) }
			x, dy, scale := Param(g, "x", normal(tt.rows, n)), Input(g, "dy", normal(tt.rows, n)), Param(g, "scale", normal(n))
			p, err := Compile(tt.loss(x, dy, scale), WithGrad(x))
			require.NoError(t, err)
			programs := rowPrograms(p, p.f64)
			require.Len(t, programs, 1)
			require.Len(t, programs[0].fetched, tt.fetched)

			require.NoError(t, p.Run())
			got, err := x.Grad()
			require.NoError(t, err)
			p, err = Compile(tt.loss(x, dy, scale), WithGrad(x), Unfused())
			require.NoError(t, err)
			require.NoError(t, p.Run())
			unfused, err := x.Grad()
			require.NoError(t, err)
			require.NotSame(t, unfused, got)
			want, err := tensor.Float64s(unfused)
			require.NoError(t, err)
			require.NoError(t, sameBits(got, want))
		})
	}
}
