package autodiff

import (
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
	"gorgonia.org/gorgonia"
)

// TestRowStream looks for the large results that go past the caches: those that a row program shows
// and nothing else reads. They have the bits of a program without row programs.
func TestRowStream(t *testing.T) {
	const n = 1000
	large := kernel.StreamFrom/4/n + 1
	gradient := func(loss func(x *Node) *Node) func(x *Node) (*Node, Option, func() (gorgonia.Value, error)) {
		return func(x *Node) (*Node, Option, func() (gorgonia.Value, error)) { return loss(x), WithGrad(x), x.Grad }
	}
	softmax := func(x *Node) *Node { return Sum(Mul(LogSoftmax(x, 1), x)) }
	tests := []struct {
		name    string
		rows    int
		make    func(x *Node) (loss *Node, shown Option, result func() (gorgonia.Value, error))
		streams int
	}{
		{"large", large, gradient(softmax), 1},
		{"small", large - 2, gradient(softmax), 0},
		{"read", large, gradient(func(x *Node) *Node { return Sum(Mul(LogSoftmax(Flip(x, 1), 1), x)) }), 0},
		{"with sums of rows", large, func(x *Node) (*Node, Option, func() (gorgonia.Value, error)) {
			column := Slice(x, 1, 0, 1)
			y := Add(Mul(x, Exp(column)), Mul(Sigmoid(x), column))
			return Sum(Exp(Mul(Sum(y, 1), 0.01))), Keep(y), func() (gorgonia.Value, error) { return y.Value(), nil }
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph()
			values := tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(tensor.NewRand(7), 0, 1.0, tt.rows, n)), tensor.Float32))
			x := Param(g, "x", values)
			loss, shown, result := tt.make(x)
			p, err := Compile(loss, shown)
			require.NoError(t, err)
			streams := 0
			for _, r := range rowPrograms(p, p.f32) {
				for _, s := range r.steps[1:] {
					if a := r.slots[s.dst].array; a != nil && len(s.src) == 1 && r.slots[s.src[0]].array == nil && r.slots[s.src[0]].width == n {
						streams++
					}
				}
			}
			if kernel.VectorBytes() == 0 {
				tt.streams = 0
			}
			require.Equal(t, tt.streams, streams)
			require.NoError(t, p.Run())
			got, err := result()
			require.NoError(t, err)
			p, err = Compile(loss, shown, Unfused())
			require.NoError(t, err)
			require.NoError(t, p.Run())
			unfused, err := result()
			require.NoError(t, err)
			require.NotSame(t, unfused, got)
			want, err := tensor.Float64s(unfused)
			require.NoError(t, err)
			require.NoError(t, sameBits(got, want))
		})
	}
}
