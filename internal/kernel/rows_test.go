package kernel_test

import (
	"fmt"
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
