package autodiff

import (
	"testing"
	"unsafe"

	"github.com/downhill-go/downhill/tensor"
	"github.com/stretchr/testify/require"
)

// TestBuffersAreAligned: what a program computes starts at a line of the cache, whatever
// its size.
func TestBuffersAreAligned(t *testing.T) {
	for n := 2; n < 60; n++ {
		g := NewGraph()
		x := Param(g, "x", tensor.Must(tensor.Full(0.5, n, 3)))
		p, err := Compile(Mean(Square(Sum(Tanh(MatMul(x, Transpose(x))), 0))), WithGrad(x))
		require.NoError(t, err)
		require.NoError(t, p.Run())
		for _, v := range p.order {
			if a := p.f64.arrays[v.id]; v.prim != nil && !needsNoWork(v) && len(a.Data) > 1 {
				require.Zero(t, uintptr(unsafe.Pointer(&a.Data[0]))%64, "%s %v", v.prim.Name(), v.shape)
			}
		}
	}
}
