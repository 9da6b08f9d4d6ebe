package autodiff

import (
	"math"
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestRowStream looks for the large results that go past the caches: those that a row program shows
// and nothing else reads. They have the bits of a program without row programs.
func TestRowStream(t *testing.T) {
	const n = 1000
	large := kernel.StreamFrom/4/n + 1
	tests := []struct {
		name    string
		rows    int
		loss    func(x *Node) *Node
		streams int
	}{
		{"large", large, func(x *Node) *Node { return Sum(Mul(LogSoftmax(x, 1), x)) }, 1},
		{"small", large - 2, func(x *Node) *Node { return Sum(Mul(LogSoftmax(x, 1), x)) }, 0},
		{"read", large, func(x *Node) *Node { return Sum(Mul(LogSoftmax(Flip(x, 1), 1), x)) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGraph()
			values := tensor.Must(tensor.Convert(tensor.Must(tensor.Normal(tensor.NewRand(7), 0, 1.0, tt.rows, n)), tensor.Float32))
			x := Param(g, "x", values)
			p, err := Compile(tt.loss(x), WithGrad(x))
			require.NoError(t, err)
			streams := 0
			for _, u := range p.units {
				if u.rows == nil {
					continue
				}
				r := newRowProgram(u, p.f32.arrays)
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
			got := gradientBits(t, x)
			p, err = Compile(tt.loss(x), WithGrad(x), Unfused())
			require.NoError(t, err)
			require.NoError(t, p.Run())
			require.Equal(t, gradientBits(t, x), got)
		})
	}
}

// gradientBits returns a hash of the bits of the gradient of x.
func gradientBits(t *testing.T, x *Node) uint64 {
	grad, err := x.Grad()
	require.NoError(t, err)
	h := uint64(14695981039346656037)
	for _, v := range grad.Data().([]float32) {
		h = (h ^ uint64(math.Float32bits(v))) * 1099511628211
	}
	return h
}
