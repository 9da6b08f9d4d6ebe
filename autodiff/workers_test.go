package autodiff_test

import (
	"runtime"
	"testing"

	"github.com/downhill-go/downhill/autodiff"
	"github.com/stretchr/testify/require"
)

func TestSetWorkers(t *testing.T) {
	defer autodiff.SetWorkers(autodiff.Workers())
	for n, want := range map[int]int{
		1: 1, 3: 3, 0: runtime.GOMAXPROCS(0), -5: runtime.GOMAXPROCS(0), 1 << 40: 1024,
	} {
		autodiff.SetWorkers(n)
		require.Equal(t, want, autodiff.Workers())
	}
}
