package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/downhill-go/downhill/internal/kernel"
	"github.com/stretchr/testify/require"
)

func TestRepeat(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 1, 2}, {5, 10, 1}, {2, 31, 1}, {2, 32, 1}, {4, 100, 1}, {3, 7, 5}, {0, 3, 2}} {
		outer, n, inner := s[0], s[1], s[2]
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			x, dst := make([]float32, outer*inner), make([]float32, outer*n*inner+1)
			for i := range x {
				x[i] = float32(i + 1)
			}
			dst[outer*n*inner] = -1
			kernel.Repeat(dst, x, outer, n, inner)
			for o := range outer {
				for j := range n {
					for i := range inner {
						require.Equal(t, x[o*inner+i], dst[(o*n+j)*inner+i])
					}
				}
			}
			require.Equal(t, float32(-1), dst[outer*n*inner], "nothing behind the end")
		})
	}
}

// The parts of a sum of columns, added as ColumnParts says, are SumAxis to the bit.
func TestColumnParts(t *testing.T) {
	const inner = 5
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, 127, 128, 129, 200, 257, 300, 1000, 4096, 5001} {
		x := make([]float32, n*inner)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		want := make([]float32, inner)
		kernel.SumAxis(want, x, 1, n, inner)
		starts, joins := kernel.ColumnParts(n)
		parts := make([][]float32, len(starts)-1)
		for i := range parts {
			parts[i] = make([]float32, inner)
			kernel.AddColumns(parts[i], x[starts[i]*inner:], starts[i+1]-starts[i])
		}
		for _, j := range joins {
			kernel.Add(parts[j[0]], parts[j[0]], parts[j[1]])
		}
		require.Equal(t, want, parts[0], "%d rows", n)
	}
}
